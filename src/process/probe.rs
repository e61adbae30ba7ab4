//! Short trusted commands, such as `elixir --version`.
//!
//! They run without a supervisor: what is asked here is the user's own toolchain.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use thiserror::Error;

use super::interrupt;

/// How long a killed command may take to be gone.
const KILL_PATIENCE: Duration = Duration::from_secs(1);

/// Why a command gave no answer.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// There is no such command.
    #[error("command not found: `{}`", program.display())]
    NotFound {
        /// As it was named.
        program: PathBuf,
    },

    /// It is there and could not be started, or not be waited for.
    #[error("cannot run `{}`", program.display())]
    Run {
        /// As it was named.
        program: PathBuf,
        /// Why it failed.
        source: io::Error,
    },

    /// It ended with something other than exit code 0.
    #[error("`{}` failed: {status}{}", program.display(), last_lines(output))]
    Failed {
        /// As it was named.
        program: PathBuf,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it said, stdout and stderr together.
        output: String,
    },

    /// It took too long, and was killed.
    #[error("`{}` gave no answer within {} s", program.display(), after.as_secs_f32())]
    TimedOut {
        /// As it was named.
        program: PathBuf,
        /// How long it was given.
        after: Duration,
    },
}

/// What a person needs to see of a failed command's output: its end.
fn last_lines(output: &str) -> String {
    const MOST: usize = 8;
    let lines: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(MOST)..].iter().flat_map(|line| ["\n", line]).collect()
}

/// Runs a trusted command without input, and returns what it prints to stdout and stderr.
///
/// If the program is [interrupted](interrupt) meanwhile, the command is killed, so that it fails.
///
/// # Errors
///
/// When it is not found, cannot be run, fails, or takes longer than `timeout`.
pub fn probe(program: impl AsRef<OsStr>, args: &[&str], timeout: Duration) -> Result<String, ProbeError> {
    let program = program.as_ref();
    let name = || PathBuf::from(program);
    match run(program, args, timeout) {
        Ok(Some(output)) if output.status.success() => Ok(text(&output)),
        Ok(Some(output)) => {
            Err(ProbeError::Failed { program: name(), status: output.status, output: text(&output) })
        }
        Ok(None) => Err(ProbeError::TimedOut { program: name(), after: timeout }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(ProbeError::NotFound { program: name() })
        }
        Err(source) => Err(ProbeError::Run { program: name(), source }),
    }
}

/// What the command did, or `None` if the time is over. An interrupt kills it.
fn run(program: &OsStr, args: &[&str], timeout: Duration) -> io::Result<Option<Output>> {
    let command = duct::cmd(OsString::from(program), args)
        .stdin_null()
        .stderr_to_stdout()
        .stdout_capture()
        .unchecked()
        .before_spawn(|command| {
            // A shim of a version manager starts the real program: both end together.
            command.process_group(0);
            Ok(())
        })
        .start()?;
    let command = Arc::new(command);
    let interrupted = Arc::clone(&command);
    // Killing fails only if it is gone.
    let _subscription = interrupt::subscribe(move || kill(&interrupted));
    if let Some(output) = command.wait_timeout(timeout)? {
        return Ok(Some(output.clone()));
    }
    kill(&command);
    // Not `wait`: a grandchild that holds the pipe would keep it waiting.
    command.wait_timeout(KILL_PATIENCE)?;
    Ok(None)
}

/// Kills a command and what it started. It fails only for what is gone.
fn kill(command: &duct::Handle) {
    for pid in command.pids() {
        if let Some(group) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
    let _ = command.kill();
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn sh(script: &str, timeout: Duration) -> Result<String, ProbeError> {
        probe("sh", &["-c", script], timeout)
    }

    #[test]
    fn both_streams_are_the_answer() {
        assert_eq!(sh("echo one; echo two >&2; echo three", LONG).unwrap(), "one\ntwo\nthree\n");
    }

    #[test]
    fn a_missing_command_is_told_apart() {
        let error = probe("no-such-command-anywhere", &[], LONG).unwrap_err();
        assert!(matches!(error, ProbeError::NotFound { .. }), "{error:?}");
        assert_eq!(error.to_string(), "command not found: `no-such-command-anywhere`");
    }

    #[test]
    fn a_file_that_cannot_be_executed_is_not_missing() {
        let error = probe("/dev/null", &[], LONG).unwrap_err();
        assert!(matches!(error, ProbeError::Run { .. }), "{error:?}");
    }

    #[test]
    fn a_failure_keeps_what_was_said() {
        let error = sh("echo broken; exit 3", LONG).unwrap_err();
        let ProbeError::Failed { status, output, .. } = error else { panic!("{error:?}") };
        assert_eq!((status.code(), output.as_str()), (Some(3), "broken\n"));
    }

    #[test]
    fn a_slow_command_is_given_up() {
        let begin = Instant::now();
        let error = sh("exec sleep 30", Duration::from_millis(100)).unwrap_err();
        assert_eq!(error.to_string(), "`sh` gave no answer within 0.1 s");
        assert!(begin.elapsed() < KILL_PATIENCE, "{:?}", begin.elapsed());
    }

    #[test]
    fn a_grandchild_that_holds_the_pipe_does_not_hold_up_the_end() {
        let begin = Instant::now();
        let error = sh("sleep 5 & exit 0", Duration::from_millis(100)).unwrap_err();
        assert!(matches!(error, ProbeError::TimedOut { .. }), "{error:?}");
        assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    }
}
