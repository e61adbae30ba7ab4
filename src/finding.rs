//! Findings: what a step says about a place in the solution.

use std::fmt;

/// How much a finding weighs. Only `Error` fails a check by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Taste, formatting: worth a look.
    Advice,
    /// A reviewer would ask for a change.
    Warning,
    /// Fails the check.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Advice => "advice",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A place in a file. Lines and columns count from 1; columns count characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Path relative to the project (`lib/rate_limiter.ex`) until the report is built, then as the user gave it.
    pub file: String,
    /// `None` where the tool names only the file.
    pub line: Option<u32>,
    /// `None` where the tool names only the line.
    pub column: Option<u32>,
}

impl Finding {
    /// Whether it fails a check.
    #[must_use]
    pub fn fails(&self, strict: bool) -> bool {
        strict || self.severity == Severity::Error
    }
}

/// One thing that a step has to say about the solution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule, check or warning name, in the words of the tool that found it.
    pub rule: String,
    /// Whether it fails the check.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What is wrong: one line, no final period, where the tool's text allows.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Of an idiom rule: Credo's check of the same thing, where there is one.
    pub credo: Option<String>,
    /// Of an issue of Credo's: the words in the line that it is about, where Credo names them.
    pub trigger: Option<String>,
}
