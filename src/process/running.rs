//! The main process's side: starting a supervisor, stopping it, and hearing how it went.

use std::io::{self, BufRead, BufReader, PipeReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::wire::{EXPIRE, Reply, STOP};
use super::{Exit, ProcessError, VmSpec, later, registry, system};

/// How long after its program's last possible moment a supervisor may take to reply. Only one that
/// was suspended, or is badly starved, takes longer. It is resumed, given as much time again, and
/// then counts as lost.
const REPLY_PATIENCE: Duration = Duration::from_secs(10);

/// How long a supervisor may take to reply once it was told to stop, before it is resumed.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// Starts `spec` under a supervisor of its own, and returns at once.
///
/// Several may run at the same time. Whether the program could be started is told by
/// [`Running::wait`].
///
/// # Errors
///
/// [`ProcessError::Supervisor`] when the supervisor itself cannot be started.
pub fn start(spec: &VmSpec) -> Result<Running, ProcessError> {
    let program = match &spec.supervisor {
        Some(program) => program.clone(),
        None => system::own_program(),
    };
    launch(&program, spec).map_err(|source| ProcessError::Supervisor { program, source })
}

fn launch(program: &Path, spec: &VmSpec) -> io::Result<Running> {
    let request = serde_json::to_string(spec)?;
    let (sender, messages) = mpsc::channel();
    let (reader, writer) = io::pipe()?;
    let heard = sender.clone();
    thread::Builder::new().name("listen".into()).spawn(move || listen(reader, &heard))?;

    let mut command = Command::new(program);
    command.arg0("practice").arg("supervise").stdin(Stdio::piped()).stdout(writer);
    let mut supervisor = registry::spawn(&mut command)?;
    let mut lifeline = supervisor.stdin.take();
    if let Some(stdin) = &mut lifeline {
        // This fails only if the supervisor is gone already, and then there will be no reply.
        let _ = writeln!(stdin, "{request}");
    }
    Ok(Running {
        supervisor,
        stopper: Stopper { lifeline: Arc::new(Mutex::new(lifeline)), wake: sender },
        messages,
        overdue: later(later(Instant::now(), spec.deadline), spec.grace.saturating_add(REPLY_PATIENCE)),
        spec: spec.clone(),
        finished: false,
    })
}

/// A supervised program. It is stopped when this is dropped.
#[derive(Debug)]
pub struct Running {
    supervisor: Child,
    stopper: Stopper,
    messages: Receiver<Message>,
    /// When the supervisor should have replied, come what may.
    overdue: Instant,
    spec: VmSpec,
    /// Whether the supervisor has been waited for.
    finished: bool,
}

/// Stops a [`Running`] program from anywhere. Stopping twice, or too late, does nothing.
#[derive(Clone, Debug)]
pub struct Stopper {
    /// The supervisor's stdin; it stops when this is closed.
    lifeline: Arc<Mutex<Option<ChildStdin>>>,
    wake: Sender<Message>,
}

/// What [`Running::wait`] waits for.
#[derive(Debug)]
enum Message {
    /// A line from the supervisor.
    Line(String),
    /// The supervisor's stdout is closed, so it is gone.
    Closed,
    /// Somebody told it to stop.
    Stop,
}

impl Running {
    /// Kills the program and everything it started, at once. Does not wait for that to be done.
    pub fn stop(&self) {
        self.stopper.stop();
    }

    /// What another thread needs to stop this.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// The process id of the supervisor.
    #[must_use]
    pub fn supervisor_id(&self) -> u32 {
        self.supervisor.id()
    }

    /// Waits until the program has ended and nothing of it is left.
    ///
    /// # Errors
    ///
    /// When the program could not be started, or its supervisor was lost. Nothing is left then
    /// either.
    pub fn wait(mut self) -> Result<Exit, ProcessError> {
        self.finish()
    }

    fn finish(&mut self) -> Result<Exit, ProcessError> {
        let reply = self.reply();
        // Whoever wrote that reply: from here on, nothing may run.
        self.stop();
        match reply {
            Some(reply) if self.closed() => {
                self.reap();
                match reply {
                    Reply::Ended(exit) => Ok(*exit),
                    Reply::Failed(failure) => Err(failure.into_error(&self.spec)),
                }
            }
            _ => Err(self.lost()),
        }
    }

    /// The supervisor's reply, if it comes in time and can be read.
    fn reply(&mut self) -> Option<Reply> {
        let mut resumed = false;
        loop {
            let patience = self.overdue.saturating_duration_since(Instant::now());
            match self.messages.recv_timeout(patience) {
                Ok(Message::Line(line)) => return serde_json::from_str(&line).ok(),
                Ok(Message::Stop) => {
                    self.overdue = self.overdue.min(Instant::now() + STOP_PATIENCE);
                }
                Err(_) if !resumed => {
                    resumed = true;
                    self.resume();
                    self.overdue = Instant::now() + REPLY_PATIENCE;
                }
                Ok(Message::Closed) | Err(_) => return None,
            }
        }
    }

    /// Lets the supervisor go on if it was suspended; it can then do its work belatedly.
    fn resume(&self) {
        // Fails only if it is gone. It was not waited for, so this is no other process.
        let _ = kill_process(Pid::from_child(&self.supervisor), Signal::CONT);
    }

    /// Waits for the supervisor to end after its reply; false if it does not.
    fn closed(&self) -> bool {
        let end = Instant::now() + REPLY_PATIENCE;
        loop {
            let patience = end.saturating_duration_since(Instant::now());
            match self.messages.recv_timeout(patience) {
                Ok(Message::Closed) => return true,
                Ok(Message::Line(_) | Message::Stop) => {}
                Err(_) => return false,
            }
        }
    }

    /// Makes sure that the supervisor is dead, and kills what it left.
    fn lost(&mut self) -> ProcessError {
        // Fails only if it is dead already.
        let _ = self.supervisor.kill();
        // Before it is waited for, so that its process id still means it and nobody else.
        let swept = system::sweep_orphans(self.supervisor.id());
        self.reap();
        ProcessError::SupervisorLost {
            program: self.spec.program.clone(),
            swept: swept.killed,
            survivors: swept.survivors,
        }
    }

    fn reap(&mut self) {
        // It cannot fail for a child that nobody else waits for, and there is nothing to be done.
        let _ = self.supervisor.wait();
        registry::forget(self.supervisor.id());
        self.finished = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.finished {
            self.stop();
            // Nobody is left who could be told.
            let _ = self.finish();
        }
    }
}

impl Stopper {
    /// Says that the time is over before the deadline: the program ends as it does then.
    pub fn expire(&self) {
        let mut lifeline = self.lifeline.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stdin) = lifeline.as_mut() {
            // Fails only if the supervisor is gone, and with it the program.
            let _ = stdin.write_all(EXPIRE.as_bytes());
        }
    }

    /// Kills the program and everything it started, at once. Does not wait for that to be done.
    pub fn stop(&self) {
        let lifeline = self.lifeline.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut stdin) = lifeline {
            // It may have ended in the meantime. Closing the pipe says the same as the word.
            let _ = writeln!(stdin, "{STOP}");
            let _ = self.wake.send(Message::Stop);
        }
    }
}

/// Passes on what a supervisor writes.
fn listen(stdout: PipeReader, heard: &Sender<Message>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        // Nobody listens once the reply was heard.
        let _ = heard.send(Message::Line(line));
    }
    let _ = heard.send(Message::Closed);
}
