//! Why a program could not be supervised. None of this is the learner's fault, save perhaps the
//! last.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A supervised program could not be started, or its supervisor was lost.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// The supervisor, this program itself, could not be started.
    #[error("cannot start the supervisor `{}`", program.display())]
    Supervisor {
        /// What was to be executed.
        program: PathBuf,
        /// Why it failed.
        source: io::Error,
    },

    /// The supervisor could not prepare itself.
    #[error("the supervisor cannot {step}")]
    Setup {
        /// What failed, as a verb: "set the limit on open files".
        step: String,
        /// Why it failed.
        source: io::Error,
    },

    /// The folder to run in cannot be used.
    #[error("cannot run in the folder `{}`", path.display())]
    Folder {
        /// That folder.
        path: PathBuf,
        /// Why it cannot.
        source: io::Error,
    },

    /// There is no such program.
    #[error("command not found: `{}`", program.display())]
    NotFound {
        /// As it was named.
        program: PathBuf,
    },

    /// The program is there and could not be started.
    #[error("cannot start `{}`", program.display())]
    Start {
        /// As it was named.
        program: PathBuf,
        /// Why it failed.
        source: io::Error,
    },

    /// The supervisor was killed, suspended, or broke: how the program ended is not known. What it
    /// left was killed.
    #[error("the supervisor of `{}` was lost", program.display())]
    SupervisorLost {
        /// The supervised program.
        program: PathBuf,
        /// How many processes were left without it and had to be killed.
        swept: u32,
        /// How many of them could not be killed within five seconds; see
        /// [`Exit::survivors`](super::Exit::survivors).
        survivors: u32,
    },
}
