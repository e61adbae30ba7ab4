//! The kernel's limits on single processes, set on this process for its children to inherit.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Limits;
use super::wire::Failure;

/// Sets what `limits` asks for, and forbids core dumps.
pub(super) fn apply(limits: &Limits) -> Result<(), Failure> {
    let wanted = [
        (Resource::Core, "core dumps", Some(0)),
        (Resource::Data, "memory", limits.data_bytes),
        (Resource::Fsize, "the size of files", limits.file_bytes),
        (Resource::Nofile, "open files", limits.open_files),
    ];
    for (resource, what, value) in wanted {
        if let Some(value) = value {
            set(resource, value)
                .map_err(|error| Failure::setup(format!("set the limit on {what}"), error))?;
        }
    }
    Ok(())
}

/// Lowers a limit for good. A limit that is already lower stays, because only root can raise it.
fn set(resource: Resource, value: u64) -> io::Result<()> {
    let value = getrlimit(resource).maximum.map_or(value, |maximum| value.min(maximum));
    setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })?;
    Ok(())
}
