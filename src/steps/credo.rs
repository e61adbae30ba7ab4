//! Credo's issues as findings.

use crate::finding::{Finding, Place, Severity};

/// An issue as a finding. Only Credo's category *warning* fails a check.
#[must_use]
pub fn finding(
    check: &str,
    category: &str,
    place: Place,
    message: &str,
    explanation: Option<&str>,
) -> Finding {
    Finding {
        rule: check.to_owned(),
        severity: if category == "warning" { Severity::Error } else { Severity::Advice },
        place,
        message: message.trim().trim_end_matches('.').to_owned(),
        help: explanation.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
        credo: None,
    }
}
