//! What every Unix offers, for systems other than Linux. It is weaker:
//!
//! - Only the program's process group is killed. A descendant that starts a group or a session of
//!   its own survives. Erlang's port programs do, but end when their stdin is closed, unless they
//!   mean not to.
//! - Memory and the number of processes are not watched.
//! - What a killed supervisor leaves is not found.

use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, kill_process_group};

use super::children::{Children, Swept, Usage};

/// Rounds of killing, and the pause between them: together five seconds.
const ROUNDS: u32 = 1000;
const PAUSE: Duration = Duration::from_millis(5);

/// Only the process group is found.
pub(super) const CONTAINS: bool = false;

/// The executable that is running.
pub(super) fn own_program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("practice"))
}

/// Does nothing: orphans go to the first process of the system.
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Linux")]
pub(super) fn become_reaper() -> io::Result<()> {
    Ok(())
}

/// Does nothing.
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Linux")]
pub(super) fn shield() -> io::Result<()> {
    Ok(())
}

/// Cannot be told without calling `sigaction`.
pub(super) fn is_ignored(_signal: i32) -> bool {
    false
}

/// Nothing is known.
pub(super) fn usage() -> Usage {
    Usage::default()
}

/// Sends SIGTERM to the program's process group.
pub(super) fn terminate_all(children: &Children) {
    // Fails only if it is gone.
    let _ = kill_process_group(children.main, Signal::TERM);
}

/// Kills the program's process group. How many others were in it is not known, so a group that
/// outlived the main process counts as one.
pub(super) fn sweep(children: &mut Children) -> Swept {
    children.reap();
    let main_ended = children.ended.is_some();
    let mut killed = 0;
    for _ in 0..ROUNDS {
        let group_left = kill_process_group(children.main, Signal::KILL).is_ok();
        killed |= u32::from(group_left && main_ended);
        children.reap();
        if !group_left && children.none_left {
            return Swept { killed, survivors: 0 };
        }
        thread::sleep(PAUSE);
    }
    Swept { killed, survivors: 1 }
}

/// Does nothing: they cannot be found.
pub(super) fn sweep_orphans(_supervisor: u32) -> Swept {
    Swept::default()
}
