//! Starting, watching, stopping and cleaning up after other programs.
//!
//! This is the only part of the crate that starts processes. It knows nothing about Elixir, about
//! exercises or about reports: it runs a program within limits, says how it ended, and promises
//! that nothing of it is left afterwards.
//!
//! Two kinds of program are run:
//!
//! - **Untrusted ones**, the virtual machines that run a learner's code, through [`start`]. They
//!   are the child of a *supervisor*, which is this program executed again (see [`supervise`]).
//! - **Trusted short ones** (`elixir --version`), through [`probe()`].
//!
//! ```text
//! practice                          registers what it starts, adopts what a lost supervisor left
//!  ├─ practice supervise            own session, child subreaper, limits set, watches and sweeps
//!  │   └─ the VM                    own process group, inherits the limits
//!  │       └─ whatever it starts    new sessions, daemons, port programs: all found and killed
//!  └─ practice supervise …          several at once do not disturb each other
//! ```
//!
//! Who notices what:
//!
//! | event | noticed by | what follows |
//! |---|---|---|
//! | the VM ends, or exceeds time, memory or number of processes | supervisor | sweep, reply |
//! | [`Stopper::stop`], the main process ends or is killed | supervisor (its stdin closes) | sweep |
//! | the supervisor is killed | main process (the reply is missing) | [`ProcessError::SupervisorLost`], sweep of its orphans |
//! | the supervisor is suspended | main process (the reply is overdue) | the same |
//!
//! On Linux a sweep finds every descendant, because orphans are handed to the nearest child
//! subreaper. Elsewhere only the VM's process group is killed and memory is not watched: code that
//! starts a session of its own escapes there (`portable.rs`).
//!
//! Start reading at [`VmSpec`] and [`start`]; then [`supervise`], which is the other side.

#![expect(clippy::disallowed_methods, reason = "processes are started here, and nowhere else")]

use std::time::{Duration, Instant};

mod capture;
mod children;
mod error;
mod exit;
pub mod interrupt;
mod lifeline;
mod limits;
pub mod probe;
mod registry;
mod running;
mod spec;
pub mod supervise;
mod wire;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(not(target_os = "linux"))]
use portable as system;

pub use capture::Captured;
pub use error::ProcessError;
pub use exit::{End, Exit, Status};
pub use probe::{ProbeError, probe};
pub use running::{Running, Stopper, start};
pub use spec::{Limits, VmSpec};

/// Whether every process that a program starts is found and ended with it, on this system.
pub const CONTAINS: bool = system::CONTAINS;

/// Makes this process the one that orphans are handed to, so that what a killed supervisor leaves
/// behind can be found and killed. To be called once, at the start of the program.
///
/// Does nothing where the system has no child subreapers (anything but Linux).
///
/// # Errors
///
/// When the kernel refuses, which kernels since Linux 3.4 do not.
pub fn adopt_orphans() -> std::io::Result<()> {
    system::become_reaper()
}

/// The moment that comes `time` after another; a year after it, if `time` is too long to be
/// counted.
fn later(moment: Instant, time: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    moment + time.min(YEAR)
}
