//! Which children of this process are supervisors.
//!
//! Orphans of a lost supervisor also become children of this process. They are told apart by not
//! being registered, so a supervisor must be registered before anyone can see it: the lock is held
//! while one is started, and while orphans are looked for.

use std::collections::HashSet;
use std::io;
use std::process::{Child, Command};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

static SUPERVISORS: LazyLock<Mutex<HashSet<u32>>> = LazyLock::new(Mutex::default);

/// Starts a supervisor and registers it.
pub(super) fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut supervisors = lock();
    let child = command.spawn()?;
    supervisors.insert(child.id());
    Ok(child)
}

/// Forgets a supervisor; to be called once it has been waited for.
pub(super) fn forget(pid: u32) {
    lock().remove(&pid);
}

/// The supervisors there are. None is started while this is held.
pub(super) fn lock() -> MutexGuard<'static, HashSet<u32>> {
    SUPERVISORS.lock().unwrap_or_else(PoisonError::into_inner)
}
