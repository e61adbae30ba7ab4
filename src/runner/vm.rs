//! Starting a VM and turning what it says into messages.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::Sender,
    },
    thread,
    time::Duration,
};

use super::channel::{Commands, Connection, Listener};
use crate::{
    error::Error,
    event::{HowEnded, Vm, VmEnd, VmEvent},
    process::{self, End, Limits, Status, Stopper, VmSpec},
    project::Project,
    store::packages::MIX_ENV,
    toolchain::Toolchain,
};

/// No solution writes larger files than this.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;

/// A VM has three processes of its own; a solution may start port programs.
const MOST_PROCESSES: u32 = 64;

const MIB: u64 = 1024 * 1024;

/// What a VM is started with.
pub struct VmOptions<'a> {
    /// Which one.
    pub vm: Vm,
    /// What it is started as.
    pub launch: Launch,
    /// Its Elixir.
    pub toolchain: &'a Toolchain,
    /// Our compiled modules.
    pub runner: &'a Path,
    /// Time limit.
    pub deadline: Duration,
    /// Memory limit of the process tree, in bytes.
    pub memory: u64,
    /// Where Mix finds Hex, if it needs it.
    pub archives: Option<&'a Path>,
}

/// What a VM is started as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Launch {
    /// Our own modules, without the shell scripts in between.
    Boot,
    /// `mix test` in the project, with a formatter of ours that reports over the channel.
    MixTest,
}

/// What the threads of a VM report.
#[derive(Debug)]
pub enum Message {
    /// It has connected and takes commands.
    Connected(Vm, Commands),
    /// It said something.
    Said(Vm, VmEvent),
    /// It is gone.
    Ended(Vm, VmEnd),
    /// The user wants to stop.
    Interrupted,
}

/// A running VM, from the side of its user.
pub struct RunningVm {
    nonce: String,
    commands: Option<Commands>,
    waiting: Vec<String>,
    stopper: Stopper,
    waiter: Option<thread::JoinHandle<()>>,
    /// Whether its end was reported.
    pub ended: bool,
}

impl RunningVm {
    /// Starts a VM under a supervisor.
    ///
    /// # Errors
    /// No socket, or no process could be made.
    pub fn start(
        options: &VmOptions<'_>,
        project: &Project,
        messages: Sender<Message>,
    ) -> Result<Self, Error> {
        let vm = options.vm;
        let socket = project.socket(vm);
        let listener = Listener::bind(&socket).map_err(Error::file("listen on", &socket))?;
        let nonce = listener.nonce().to_owned();
        let running = process::start(&spec(options, project, &socket))?;
        let stopper = running.stopper();
        let gone = Arc::new(AtomicBool::new(false));
        let reader = {
            let (gone, messages) = (Arc::clone(&gone), messages.clone());
            thread::spawn(move || read(listener, vm, &gone, &messages))
        };
        let waiter = thread::spawn(move || {
            let end = running.wait();
            gone.store(true, Ordering::Release);
            // All that the VM said comes before the news of its end.
            let _ = reader.join();
            let _ = messages.send(Message::Ended(vm, vm_end(end)));
        });
        Ok(Self { nonce, commands: None, waiting: Vec::new(), stopper, waiter: Some(waiter), ended: false })
    }

    /// What marks its lines; part of its first command.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Sends a command, now or once the VM has connected.
    pub fn send(&mut self, command: String) {
        match &mut self.commands {
            Some(commands) => commands.send(&command),
            None => self.waiting.push(command),
        }
    }

    /// The VM has connected.
    pub fn connected(&mut self, mut commands: Commands) {
        self.waiting.drain(..).for_each(|command| commands.send(&command));
        self.commands = Some(commands);
    }

    /// Its time is over: it ends as at its deadline.
    pub fn expire(&self) {
        self.stopper.expire();
    }

    /// Ends it and all that it started, at once.
    pub fn stop(&self) {
        self.stopper.stop();
    }
}

impl Drop for RunningVm {
    fn drop(&mut self) {
        if let Some(commands) = &self.commands {
            commands.close();
        }
        self.stopper.stop();
        // Nothing of it may be left when its project's folder goes.
        if let Some(waiter) = self.waiter.take() {
            let _ = waiter.join();
        }
    }
}

fn read(listener: Listener, vm: Vm, gone: &AtomicBool, messages: &Sender<Message>) {
    let Some(connection): Option<Connection> = listener.accept(gone) else { return };
    if let Ok(commands) = connection.commands() {
        let _ = messages.send(Message::Connected(vm, commands));
        connection.read(|event| drop(messages.send(Message::Said(vm, event))));
    }
}

fn spec(options: &VmOptions<'_>, project: &Project, socket: &Path) -> VmSpec {
    let mut spec = match options.launch {
        Launch::Boot => VmSpec {
            program: options.toolchain.erl.clone(),
            args: erl_args(options),
            ..confined(project, options.vm, options.deadline, options.memory)
        },
        Launch::MixTest => VmSpec {
            args: mix_test_args(options),
            ..mix_spec(project, options.archives, options.deadline, options.memory)
        },
    };
    spec.env.push(("PRACTICE_SOCKET".to_owned(), text(socket)));
    spec
}

/// A Mix command in the project, its arguments excepted.
pub fn mix_spec(project: &Project, archives: Option<&Path>, deadline: Duration, memory: u64) -> VmSpec {
    let mut spec = confined(project, Vm::Test, deadline, memory);
    spec.program = "elixir".into();
    spec.cwd = project.root();
    spec.env.push(("HEX_OFFLINE".to_owned(), "1".to_owned()));
    spec.env.extend(archives.map(|archives| ("MIX_ARCHIVES".to_owned(), text(archives))));
    spec
}

/// What every process of a check runs in: an empty home, limits, and nothing of the user's environment
/// but `PATH`.
fn confined(project: &Project, vm: Vm, deadline: Duration, memory: u64) -> VmSpec {
    let home = project.home(vm);
    VmSpec {
        program: PathBuf::new(),
        args: Vec::new(),
        env: vec![
            ("PATH".to_owned(), std::env::var("PATH").unwrap_or_default()),
            ("HOME".to_owned(), text(&home)),
            ("TMPDIR".to_owned(), text(&home)),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            ("MIX_ENV".to_owned(), MIX_ENV.to_owned()),
            ("ERL_CRASH_DUMP_SECONDS".to_owned(), "0".to_owned()),
        ],
        cwd: home,
        deadline,
        grace: VmSpec::GRACE,
        limits: Limits {
            data_bytes: Some(memory * 2),
            tree_rss_bytes: Some(memory),
            file_bytes: Some(LARGEST_FILE),
            open_files: Some(1024),
            processes: Some(MOST_PROCESSES),
        },
        output_cap: VmSpec::OUTPUT_CAP,
        supervisor: None,
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn erl_args(options: &VmOptions<'_>) -> Vec<String> {
    // No busy waiting: both VMs share the cores with each other and with whatever else runs.
    let flags = ["-noinput", "+fnu", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"];
    let mut args: Vec<String> = flags.map(Into::into).to_vec();
    if options.vm == Vm::Test {
        // A single process that grows beyond half of the limit is ended alone, so that ExUnit
        // can still say in which test. The value is in words of eight bytes.
        args.extend(["+hmax".to_owned(), (options.memory / 2 / 8).to_string()]);
    }
    args.push("-pa".into());
    args.extend(options.toolchain.code_paths().iter().map(|path| path.to_string_lossy().into_owned()));
    args.push(options.runner.to_string_lossy().into_owned());
    args.extend(["-s", "Elixir.Practice.Boot", "start"].map(Into::into));
    args
}

/// `mix test`, with our modules on its code path.
fn mix_test_args(options: &VmOptions<'_>) -> Vec<String> {
    let runner = options.runner.to_string_lossy();
    ["-pa", &runner, "-S", "mix", "test", "--seed", "0", "--formatter", "Practice.MixFormatter"]
        .map(str::to_owned)
        .to_vec()
}

fn vm_end(end: Result<process::Exit, process::ProcessError>) -> VmEnd {
    let how = how_ended(&end);
    let last_words = end.map_or_else(
        |_| String::new(),
        |exit| {
            Some(exit.stderr.text())
                .filter(|text| !text.trim().is_empty())
                .unwrap_or_else(|| exit.stdout.text())
        },
    );
    VmEnd { how, last_words }
}

/// What ended a process.
pub fn how_ended(end: &Result<process::Exit, process::ProcessError>) -> HowEnded {
    match end {
        Err(error) => HowEnded::Lost(error.to_string()),
        Ok(exit) => match (exit.end, exit.status) {
            (End::Deadline, _) => HowEnded::Deadline,
            (End::Memory, _) => HowEnded::Memory,
            (End::Processes, _) => HowEnded::Processes,
            (End::Stopped, _) => HowEnded::Stopped,
            (End::ByItself, Status::Exited(status)) => HowEnded::Exited(status),
            (End::ByItself, Status::Signaled(signal)) => HowEnded::Signaled(signal),
            (End::ByItself, Status::Unknown) => HowEnded::Lost("its exit status is not known".to_owned()),
        },
    }
}

/// The analysis VM's memory: Dialyzer needs more than a solution may.
pub const ANALYSIS_MEMORY: u64 = 2048 * MIB;
