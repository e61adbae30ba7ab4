//! What the main process and a supervisor tell each other: one line of JSON each way.
//!
//! Both are the same executable, so the format needs no version.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Exit, ProcessError, VmSpec};

/// The line by which the parent says that the time is over before the deadline.
pub(super) const EXPIRE: &str = "expire\n";

/// The word that ends all at once. The end of its stdin means the same to a supervisor.
pub(super) const STOP: &str = "stop";

/// A supervisor's last words.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// The program ran.
    Ended(Box<Exit>),
    /// The program never started.
    Failed(Failure),
}

/// Why a supervisor could not start its program.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    stage: Stage,
    code: Option<i32>,
    text: String,
}

/// How far a supervisor came.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Stage {
    /// Preparing itself; the text says what, as a verb.
    Setup(String),
    /// Looking at the folder to run in.
    Folder,
    /// Starting the program.
    Program,
}

impl Failure {
    pub(super) fn new(stage: Stage, error: &io::Error) -> Self {
        Self { stage, code: error.raw_os_error(), text: error.to_string() }
    }

    pub(super) fn setup(step: impl Into<String>, error: impl Into<io::Error>) -> Self {
        Self::new(Stage::Setup(step.into()), &error.into())
    }

    /// The same, as the caller of [`start`](super::start) sees it.
    pub(super) fn into_error(self, spec: &VmSpec) -> ProcessError {
        let source = match self.code {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::other(self.text),
        };
        match self.stage {
            Stage::Setup(step) => ProcessError::Setup { step, source },
            Stage::Folder => ProcessError::Folder { path: spec.cwd.clone(), source },
            Stage::Program if source.kind() == io::ErrorKind::NotFound => {
                ProcessError::NotFound { program: spec.program.clone() }
            }
            Stage::Program => ProcessError::Start { program: spec.program.clone(), source },
        }
    }
}

/// Paths as the system has them; serde's own form of a path refuses what is not Unicode.
pub(super) mod os_path {
    use std::ffi::OsString;
    use std::path::Path;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::PathBuf;

    pub(in crate::process) fn serialize<S: Serializer>(
        path: &Path,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        path.as_os_str().serialize(serializer)
    }

    pub(in crate::process) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<PathBuf, D::Error> {
        OsString::deserialize(deserializer).map(PathBuf::from)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_spec_survives_the_way_even_where_a_path_is_not_unicode() {
        let mut spec =
            VmSpec::new(OsStr::from_bytes(b"/opt/\xff/erl"), "/tmp/ünï code", Duration::from_millis(1500));
        spec.args = vec!["-eval".into(), "line 1\nline 2".into()];
        spec.env = vec![("HOME".into(), "/tmp".into())];
        let line = serde_json::to_string(&spec).unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<VmSpec>(&line).unwrap(), spec);
    }

    #[test]
    fn failures_become_errors_that_name_what_failed() {
        let spec = VmSpec::new("erl", "/nowhere", Duration::from_secs(1));
        let not_found = io::Error::from_raw_os_error(2);
        let error = |stage| Failure::new(stage, &not_found).into_error(&spec).to_string();
        assert_eq!(error(Stage::Program), "command not found: `erl`");
        assert_eq!(error(Stage::Folder), "cannot run in the folder `/nowhere`");
        assert_eq!(error(Stage::Setup("fly".into())), "the supervisor cannot fly");
    }
}
