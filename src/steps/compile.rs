//! The compiler's diagnostics as findings.

use crate::{
    event::DiagnosticSeverity,
    finding::{Finding, Place, Severity},
};

/// The rule that names a solution which defines a module that exists already.
pub const REDEFINED: &str = "redefined-module";

/// A diagnostic as a finding; the first line is the message, the rest is help.
#[must_use]
pub fn finding(severity: DiagnosticSeverity, place: Place, message: &str) -> Finding {
    let (first, rest) = message.trim().split_once('\n').unwrap_or((message.trim(), ""));
    Finding {
        rule: match severity {
            DiagnosticSeverity::Error => "compile-error",
            DiagnosticSeverity::Warning => "compiler-warning",
        }
        .to_owned(),
        severity: match severity {
            DiagnosticSeverity::Error => Severity::Error,
            DiagnosticSeverity::Warning => Severity::Advice,
        },
        place,
        message: first.trim().to_owned(),
        help: Some(rest.trim_matches('\n').to_owned()).filter(|rest| !rest.trim().is_empty()),
    }
}

/// A module that the solution defines although it exists already.
#[must_use]
pub fn redefined(module: &str, place: Place) -> Finding {
    Finding {
        rule: REDEFINED.to_owned(),
        severity: Severity::Error,
        place,
        message: format!("defines `{module}`, a module that exists already"),
        help: Some("give the module another name, or take it out of the solution".to_owned()),
    }
}
