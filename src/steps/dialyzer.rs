//! Dialyzer's warnings as findings. All of them fail a check.

use crate::finding::{Finding, Place, Severity};

/// A warning as a finding; the first line is the message, the rest is help.
#[must_use]
pub fn finding(name: &str, place: Place, message: &str) -> Finding {
    let (first, rest) = message.trim().split_once('\n').unwrap_or((message.trim(), ""));
    Finding {
        rule: name.to_owned(),
        severity: Severity::Error,
        place,
        message: first.trim().trim_end_matches('.').to_owned(),
        help: Some(rest.trim_matches('\n').to_owned()).filter(|rest| !rest.trim().is_empty()),
        credo: None,
    }
}
