//! What is to be run, and within which limits.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A program to run under a supervisor: an Erlang VM, though nothing here depends on that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VmSpec {
    /// The program. A name without a slash is looked up in the `PATH` of [`VmSpec::env`].
    #[serde(with = "super::wire::os_path")]
    pub program: PathBuf,
    /// Its arguments, without the program's own name.
    pub args: Vec<String>,
    /// Its whole environment; nothing is inherited.
    pub env: Vec<(String, String)>,
    /// The folder it starts in.
    #[serde(with = "super::wire::os_path")]
    pub cwd: PathBuf,
    /// How long it may run, counted from its start.
    pub deadline: Duration,
    /// How long its main process is given between SIGQUIT, sent at the deadline, and SIGTERM.
    pub grace: Duration,
    /// What it may use.
    pub limits: Limits,
    /// How many bytes to keep of each of stdout and stderr: one half from the start, one from the
    /// end.
    pub output_cap: usize,
    /// The program to run as supervisor, with `supervise` as its only argument. `None` stands for
    /// this program; tests name another.
    #[serde(skip)]
    pub supervisor: Option<PathBuf>,
}

impl VmSpec {
    /// [`VmSpec::grace`], unless there is a reason for another.
    pub const GRACE: Duration = Duration::from_millis(500);
    /// [`VmSpec::output_cap`], unless there is a reason for another: 256 KiB.
    pub const OUTPUT_CAP: usize = 256 * 1024;

    /// `program` in the folder `cwd`: no arguments, an empty environment, no limit but `deadline`.
    pub fn new(program: impl Into<PathBuf>, cwd: impl Into<PathBuf>, deadline: Duration) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            cwd: cwd.into(),
            deadline,
            grace: Self::GRACE,
            limits: Limits::default(),
            output_cap: Self::OUTPUT_CAP,
            supervisor: None,
        }
    }
}

/// What a VM and everything it starts may use. `None` is no limit beyond those already in force.
///
/// The first three are kernel limits of each single process (`setrlimit`), and an operation beyond
/// them fails inside the VM. The last two are of all processes together, looked at some twenty
/// times a second, and going beyond them ends the run with [`End::Memory`](super::End::Memory) or
/// [`End::Processes`](super::End::Processes).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of private writable memory (`RLIMIT_DATA`). Not address space: the VM reserves far
    /// more of that than it uses.
    pub data_bytes: Option<u64>,
    /// Bytes of the largest file that can be written (`RLIMIT_FSIZE`).
    pub file_bytes: Option<u64>,
    /// Open files (`RLIMIT_NOFILE`).
    pub open_files: Option<u64>,
    /// Resident bytes of all processes together; a page that two of them share counts twice.
    pub tree_rss_bytes: Option<u64>,
    /// Processes that may exist at once. Deliberately not `RLIMIT_NPROC`: the kernel counts all
    /// processes of the user there, so that an unrelated program could fail a check, and none of
    /// root's.
    pub processes: Option<u32>,
}
