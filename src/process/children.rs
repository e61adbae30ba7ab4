//! A supervisor's children: its program's main process, and orphans that it adopted.

use std::time::Instant;

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus, wait};

use super::Status;

/// The children of a supervisor. It alone waits for them, so that the process id of one that was
/// not waited for yet cannot mean another process.
#[derive(Debug)]
pub(super) struct Children {
    /// The program's main process, and its process group.
    pub(super) main: Pid,
    /// How and when the main process ended.
    pub(super) ended: Option<(Status, Instant)>,
    /// Whether there are none left, neither running nor waiting to be waited for.
    pub(super) none_left: bool,
}

/// What all processes below one use together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) processes: u32,
    pub(super) rss_bytes: u64,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Swept {
    /// Processes that had to be killed.
    pub(super) killed: u32,
    /// Processes that are there even so.
    pub(super) survivors: u32,
}

impl Children {
    pub(super) fn new(main: Pid) -> Self {
        Self { main, ended: None, none_left: false }
    }

    /// Waits for all children that have ended, and for none that has not.
    pub(super) fn reap(&mut self) {
        self.none_left = loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.main => self.main_ended(status.into()),
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        if self.none_left && self.ended.is_none() {
            // The system was told not to keep ended children; this one is gone all the same.
            self.main_ended(Status::Unknown);
        }
    }

    fn main_ended(&mut self, status: Status) {
        self.ended = Some((status, Instant::now()));
    }
}

impl From<WaitStatus> for Status {
    fn from(status: WaitStatus) -> Self {
        if let Some(code) = status.exit_status() {
            Self::Exited(code)
        } else if let Some(signal) = status.terminating_signal() {
            Self::Signaled(signal)
        } else {
            Self::Unknown
        }
    }
}
