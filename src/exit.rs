//! The exit codes of the program, in one place.

use std::process::ExitCode;

use crate::report::Verdict;

/// What a run of the program came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The checked code passed, or the command did what was asked.
    Passed,
    /// The checked code failed, or an exercise is unsound.
    Failed,
    /// It could not be checked: usage, a missing tool, a fault of ours.
    CouldNotCheck,
    /// Ctrl-C, or a request to end.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Passed => 0,
            Exit::Failed => 1,
            Exit::CouldNotCheck => 2,
            Exit::Interrupted => 130,
        })
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self::Passed,
            Verdict::Failed => Self::Failed,
            Verdict::CouldNotCheck => Self::CouldNotCheck,
        }
    }
}
