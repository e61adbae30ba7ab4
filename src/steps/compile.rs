//! The compiler's diagnostics as findings.

use crate::{
    event::DiagnosticSeverity,
    finding::{Finding, Place, Severity},
    plan::Plan,
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
        credo: None,
        trigger: None,
    }
}

/// Whether a solution that compiles defines what the task asks for, and nothing that exists already.
#[must_use]
pub fn is_fit(plan: &Plan, modules: &[String], redefined: &[String]) -> bool {
    redefined.is_empty() && missing_modules(plan, modules).next().is_none()
}

/// The modules that the task asks for and the solution lacks.
pub fn missing_modules<'a>(plan: &'a Plan, modules: &'a [String]) -> impl Iterator<Item = &'a String> {
    plan.modules.iter().filter(|module| !modules.contains(module))
}

/// Whether a file begins with U+FEFF, as some editors write it.
#[must_use]
pub fn has_byte_order_mark(text: &str) -> bool {
    text.starts_with('\u{feff}')
}

/// The reason for which a file with a byte order mark does not compile: the compiler's own message
/// names a token that nobody sees.
#[must_use]
pub fn byte_order_mark(file: &str) -> Finding {
    Finding {
        rule: "byte-order-mark".to_owned(),
        severity: Severity::Error,
        place: Place { file: file.to_owned(), line: Some(1), column: None },
        message: "the file begins with a byte order mark, which Elixir does not read".to_owned(),
        help: Some("save it as UTF-8 without a byte order mark".to_owned()),
        credo: None,
        trigger: None,
    }
}

/// The rule that names a module which the task asks for and the solution lacks.
pub const MISSING: &str = "missing-module";

/// A module that the solution must define and does not.
#[must_use]
pub fn missing(module: &str, defined: &[String], place: Place) -> Finding {
    let instead = match defined {
        [] => "it defines no module".to_owned(),
        several => format!(
            "it defines {}",
            several.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    };
    Finding {
        rule: MISSING.to_owned(),
        severity: Severity::Error,
        place,
        message: format!("`{module}` is not defined"),
        help: Some(format!("{instead}; the task asks for `{module}`")),
        credo: None,
        trigger: None,
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
        credo: None,
        trigger: None,
    }
}
