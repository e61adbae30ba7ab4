//! How a supervised program ended.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Captured;

/// Everything that is known once a VM has ended and nothing of it is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Why it ended.
    pub end: End,
    /// What the kernel says about its main process.
    pub status: Status,
    /// What it and its descendants wrote to stdout.
    pub stdout: Captured,
    /// What it and its descendants wrote to stderr.
    pub stderr: Captured,
    /// Processes other than the main one that were still there and had to be killed.
    pub swept: u32,
    /// Processes that could not be killed within five seconds. Zero, unless the kernel itself
    /// holds one (a hanging network file system).
    pub survivors: u32,
    /// The most resident memory of all its processes together that was seen. It is looked at some
    /// twenty times a second, so a short peak may be missed; zero where it cannot be read.
    pub peak_rss_bytes: u64,
    /// From the start of the main process to its end.
    pub duration: Duration,
}

/// Why a VM ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// The main process ended on its own, for good or ill: see [`Exit::status`].
    ByItself,
    /// It was still running at [`VmSpec::deadline`](super::VmSpec::deadline).
    Deadline,
    /// It used more than [`Limits::tree_rss_bytes`](super::Limits::tree_rss_bytes).
    Memory,
    /// It had more than [`Limits::processes`](super::Limits::processes).
    Processes,
    /// It was told to stop, or the main process was gone.
    Stopped,
}

/// What the kernel says about an ended process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It exited with this code.
    Exited(i32),
    /// This signal killed it.
    Signaled(i32),
    /// Nobody could tell: it could not be killed, or its parent was told to ignore children.
    Unknown,
}

impl Status {
    /// Whether it exited with code 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Exited(0)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exit status {code}"),
            Self::Signaled(signal) => write!(f, "killed by signal {signal}"),
            Self::Unknown => f.write_str("unknown exit status"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exit_code_zero_is_success() {
        assert!(Status::Exited(0).is_success());
        assert!(!Status::Exited(1).is_success());
        assert!(!Status::Signaled(0).is_success());
        assert!(!Status::Unknown.is_success());
    }

    #[test]
    fn statuses_read_as_part_of_a_sentence() {
        assert_eq!(Status::Exited(3).to_string(), "exit status 3");
        assert_eq!(Status::Signaled(9).to_string(), "killed by signal 9");
    }
}
