//! Plan → events: starts the VMs, tells them what to do, and hands over what they say.
//!
//! Start reading at [`run`]. It knows the order of things (the analysis needs the compiled solution,
//! the tests wait until a copy of it is safe) and nothing of what they mean: that is
//! [`crate::checkup`]'s.

mod channel;
mod mix;
mod prepare;
mod term;
mod vm;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    time::{Duration, Instant},
};

use self::{
    mix::Mix,
    prepare::{applications, ebins, in_project},
    term::{Term, command},
    vm::{ANALYSIS_MEMORY, Launch, Message, RunningVm, VmOptions},
};
use crate::{
    error::Error,
    event::{Event, HashStage, MixCommand, Vm, VmEvent},
    exercise::Exercise,
    ground::Ground,
    hash::sha256_hex,
    plan::{Engine, Plan, Step},
    process::interrupt,
    project::Project,
    steps::{
        compile::is_fit,
        idioms::{RuleSet, unread},
    },
    store::{Prepared, Store, packages::Installed},
    toolchain::Toolchain,
};

/// Time for what does not run the learner's code: Dialyzer's type information is made on first use.
const ANALYSIS_DEADLINE: Duration = Duration::from_secs(120);

/// Time for a test VM to begin, on a slow machine: the solution's own time is counted from then on.
const BOOT_ALLOWANCE: Duration = Duration::from_secs(30);

/// How many control tests a run has.
const CONTROLS: u8 = 3;

pub use self::prepare::prepare;

/// What is on this machine: everything a check needs beside the exercise and the solution.
#[derive(Debug)]
pub struct Workshop {
    /// Elixir and OTP.
    pub toolchain: Toolchain,
    /// The cache.
    pub store: Store,
    /// Our compiled modules.
    pub runner: PathBuf,
    /// Credo and Dialyxir, where they are installed.
    pub tools: Option<Installed>,
    /// The code paths of Credo, or why there is none.
    pub credo: Result<Vec<PathBuf>, String>,
}

/// One check.
pub struct Job<'a> {
    /// What to do.
    pub plan: &'a Plan,
    /// The exercise.
    pub exercise: &'a Exercise,
    /// What it runs on.
    pub ground: &'a Ground,
    /// Its modules, compiled; nothing where the packages that it needs are not there.
    pub prepared: Option<&'a Prepared>,
    /// Its idiom rules.
    pub rules: &'a RuleSet,
    /// Leave the project where it is.
    pub keep: bool,
}

/// Names for the control tests of a run.
///
/// # Errors
/// The system has no random numbers.
pub fn control_names() -> Result<Vec<String>, Error> {
    let mut seed = [0; 16];
    getrandom::fill(&mut seed).map_err(|_| Error::NoRandomness)?;
    let name = |index: u8| format!("must fail {}", &sha256_hex([&seed[..], &[index]])[..16]);
    Ok((0..CONTROLS).map(name).collect())
}

fn subscribe(sender: Sender<Message>) -> interrupt::Subscription {
    interrupt::subscribe(move || drop(sender.send(Message::Interrupted)))
}

/// Runs a check, and hands over each event as it happens. Where the project is to be kept, its
/// place is returned.
///
/// # Errors
/// No project could be written, no VM could be started, or the user interrupted.
pub fn run(
    workshop: &Workshop,
    job: &Job<'_>,
    sink: &mut dyn FnMut(Event),
) -> Result<Option<PathBuf>, Error> {
    let mix = match job.plan.engine {
        Engine::Fast => None,
        Engine::Mix => Some(Mix::new(workshop, job.ground)?),
    };
    // The fast engine needs no packages in the project: Mix does, and whoever looks at it afterwards.
    let with_packages = job.keep || mix.is_some();
    let packages = if with_packages { mix::packages(workshop, job.ground) } else { Vec::new() };
    let missing = missing(workshop, job, mix.as_ref());
    let can_run = |step| job.plan.wants(step) && !missing.contains_key(&step);
    if let Some(mix) = &mix
        && can_run(Step::Dialyzer)
    {
        make_plt(mix, job.exercise, sink)?;
    }
    let plt = Some(workshop.store.dialyxir_plt(&packages)).filter(|folder| folder.is_dir());
    let project = Project::create(job.exercise, &job.plan.solution, &packages, plt.as_deref())?;
    let mut check = Check {
        workshop,
        job,
        mix,
        missing,
        project: &project,
        has_plt: plt.is_some(),
        test: None,
        analysis: None,
        deadline: None,
        compiled: false,
        sink,
    };
    let result = check.run();
    drop(check);
    result?;
    Ok(job.keep.then(|| project.keep()))
}

/// Makes Dialyxir's PLT. Without one, its step cannot be judged, and the rest can.
fn make_plt(mix: &Mix<'_>, exercise: &Exercise, sink: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let made = mix.make_plt(exercise, || sink(Event::Running(MixCommand::Plt)));
    match made {
        Ok(()) => {}
        Err(Error::Interrupted) => return Err(Error::Interrupted),
        Err(error) => {
            let reason = match std::error::Error::source(&error) {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            };
            sink(Event::Unable { step: Step::Dialyzer, reason });
        }
    }
    Ok(())
}

/// Steps that were asked for and cannot be run here, and why not.
fn missing(workshop: &Workshop, job: &Job<'_>, mix: Option<&Mix<'_>>) -> BTreeMap<Step, String> {
    let lacking = job.ground.lacks.as_ref().filter(|_| job.prepared.is_none());
    let reason = |step: Step| match (step, mix) {
        (Step::Compile | Step::Test | Step::Dialyzer, _) if lacking.is_some() => lacking.cloned(),
        (_, Some(mix)) => mix.lacks(step),
        (Step::Credo, None) => workshop.credo.as_ref().err().cloned(),
        _ => None,
    };
    job.plan.steps.iter().filter_map(|step| Some((*step, reason(*step)?))).collect()
}

/// Matches the idiom rules.
#[must_use]
pub fn idioms(plan: &Plan, rules: &RuleSet) -> Event {
    let begin = Instant::now();
    let sources: Vec<(&str, &str)> =
        plan.solution.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let findings = rules.check(&sources).into_iter().map(Into::into).collect();
    let unread = unread(&sources).into_iter().next();
    Event::Idioms { findings, duration: begin.elapsed(), unread }
}

/// A check under way.
struct Check<'a> {
    workshop: &'a Workshop,
    job: &'a Job<'a>,
    /// For the literal commands, where these are asked for.
    mix: Option<Mix<'a>>,
    /// Steps that were asked for and cannot be run here, and why not.
    missing: BTreeMap<Step, String>,
    project: &'a Project,
    /// Whether Dialyxir finds its type information.
    has_plt: bool,
    test: Option<RunningVm>,
    analysis: Option<RunningVm>,
    /// When the solution's time is over, once it has begun.
    deadline: Option<Instant>,
    /// Whether the solution compiles, and defines what the task asks for.
    compiled: bool,
    sink: &'a mut dyn FnMut(Event),
}

impl Workshop {
    /// What there is for an exercise.
    #[must_use]
    pub fn ground(&self, exercise: &Exercise) -> Ground {
        Ground::of(exercise, &self.store, &self.toolchain.elixir)
    }
}

impl Check<'_> {
    fn wants(&self, step: Step) -> bool {
        self.job.plan.wants(step)
    }

    fn can_run(&self, step: Step) -> bool {
        self.wants(step) && !self.missing.contains_key(&step)
    }

    /// Whether the analysis VM does this step.
    fn analyses(&self, step: Step) -> bool {
        self.can_run(step) && (self.mix.is_none() || step == Step::Format)
    }

    /// Everything, in its order.
    fn run(&mut self) -> Result<(), Error> {
        for (step, reason) in self.missing.clone() {
            (self.sink)(Event::Missing { step, reason });
        }
        // `mix credo` reads its configuration in the project: before any code of the solution runs there.
        if self.can_run(Step::Credo) {
            self.command(MixCommand::Credo)?;
        }
        let (sender, messages) = mpsc::channel();
        let _interrupts = subscribe(sender.clone());
        self.start(&sender)?;
        drop(sender);
        // The rules need no VM: they are matched while the VMs start.
        if self.wants(Step::Idioms) {
            (self.sink)(idioms(self.job.plan, self.job.rules));
        }
        self.follow(&messages)?;
        if self.can_run(Step::Dialyzer) && self.compiled && self.has_plt {
            self.command(MixCommand::Dialyzer)?;
        }
        Ok(())
    }

    /// Runs a literal command of Mix, where these are asked for.
    fn command(&mut self, command: MixCommand) -> Result<(), Error> {
        if let Some(mix) = &self.mix {
            (self.sink)(Event::Running(command));
            (self.sink)(Event::Ran(command, mix.run(command, self.project)?));
        }
        Ok(())
    }

    /// Starts the VMs that the plan needs, both at once.
    fn start(&mut self, messages: &Sender<Message>) -> Result<(), Error> {
        if [Step::Compile, Step::Test, Step::Dialyzer].into_iter().any(|step| self.can_run(step))
            && let Some(prepared) = self.job.prepared
        {
            let limits = &self.job.exercise.manifest.limits;
            let mut vm = self.start_vm(
                Vm::Test,
                self.job.plan.timeout + BOOT_ALLOWANCE,
                limits.memory_bytes(),
                messages,
            )?;
            vm.send(self.check_command(vm.nonce(), prepared)?);
            self.test = Some(vm);
            if self.job.plan.engine == Engine::Mix {
                // `mix test` does not say when it begins to compile.
                self.deadline = Some(Instant::now() + self.job.plan.timeout);
            }
        }
        if [Step::Format, Step::Credo, Step::Dialyzer].into_iter().any(|step| self.analyses(step)) {
            let mut vm = self.start_vm(Vm::Analysis, ANALYSIS_DEADLINE, ANALYSIS_MEMORY, messages)?;
            self.source_commands(vm.nonce()).into_iter().for_each(|command| vm.send(command));
            if self.test.is_none() {
                vm.send(command("stop", &[]));
            }
            self.analysis = Some(vm);
        }
        Ok(())
    }

    fn start_vm(
        &mut self,
        vm: Vm,
        deadline: Duration,
        memory: u64,
        messages: &Sender<Message>,
    ) -> Result<RunningVm, Error> {
        let (toolchain, runner) = (&self.workshop.toolchain, self.workshop.runner.as_path());
        let launch = match (vm, self.job.plan.engine) {
            (Vm::Test, Engine::Mix) => Launch::MixTest,
            _ => Launch::Boot,
        };
        let archives = self.mix.as_ref().and_then(Mix::archives);
        let options = VmOptions { vm, launch, toolchain, runner, deadline, memory, archives };
        let running = RunningVm::start(&options, self.project, messages.clone())?;
        (self.sink)(Event::Started(vm));
        Ok(running)
    }

    fn check_command(&self, nonce: &str, prepared: &Prepared) -> Result<String, Error> {
        let Job { plan, exercise, ground, .. } = self.job;
        let packages = ground.installed.as_ref();
        let filled = self.project.fill(&prepared.filled)?;
        Ok(command(
            "check",
            &[
                ("nonce", nonce.into()),
                ("root", self.project.root().as_path().into()),
                ("solution", self.solution_files()),
                ("ebin", self.project.ebin().as_path().into()),
                ("support_ebin", prepared.support_ebin.as_path().into()),
                ("tests_ebin", prepared.tests_ebin.as_path().into()),
                ("controls", Term::texts(plan.controls.iter().map(String::as_str))),
                ("late_tests", in_project(self.project, &exercise.early_and_late_tests().1)),
                ("test_timeout_ms", Term::Number(exercise.manifest.limits.test_timeout_ms().into())),
                ("packages", ebins(packages)),
                ("applications", applications(exercise, packages)),
                ("filled", filled.as_path().into()),
            ],
        ))
    }

    /// What the analysis VM can do with the source alone.
    fn source_commands(&self, nonce: &str) -> Vec<String> {
        let root = self.project.root();
        let common = || {
            vec![("nonce", nonce.into()), ("root", root.as_path().into()), ("files", self.solution_files())]
        };
        let mut commands = Vec::new();
        if self.wants(Step::Format) {
            commands.push(command("format", &common()));
        }
        if self.analyses(Step::Credo)
            && let Ok(paths) = &self.workshop.credo
        {
            let mut values = common();
            values.push(("paths", Term::texts(paths.iter().map(PathBuf::as_path))));
            commands.push(command("credo", &values));
        }
        commands
    }

    fn solution_files(&self) -> Term {
        Term::texts(self.job.plan.solution.iter().map(|file| file.path.as_str()))
    }

    /// Follows the VMs until both are gone.
    fn follow(&mut self, messages: &Receiver<Message>) -> Result<(), Error> {
        let mut interrupted = false;
        while [&self.test, &self.analysis].into_iter().flatten().any(|vm| !vm.ended) {
            match self.next(messages) {
                Some(Message::Connected(vm, commands)) => {
                    if let Some(vm) = self.vm(vm) {
                        vm.connected(commands);
                    }
                }
                Some(Message::Said(vm, event)) => self.said(vm, event)?,
                Some(Message::Ended(vm, end)) => self.ended(vm, end),
                Some(Message::Interrupted) => {
                    interrupted = true;
                    [&self.test, &self.analysis].into_iter().flatten().for_each(RunningVm::stop);
                }
                None => break,
            }
        }
        if interrupted { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// The next message; ends the test VM when the solution's time is over.
    fn next(&mut self, messages: &Receiver<Message>) -> Option<Message> {
        if let Some(deadline) = self.deadline {
            match messages.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Err(RecvTimeoutError::Timeout) => {
                    self.deadline = None;
                    self.test.iter().for_each(RunningVm::expire);
                }
                message => return message.ok(),
            }
        }
        messages.recv().ok()
    }

    fn vm(&mut self, vm: Vm) -> Option<&mut RunningVm> {
        match vm {
            Vm::Test => self.test.as_mut(),
            Vm::Analysis => self.analysis.as_mut(),
        }
    }

    fn said(&mut self, vm: Vm, event: VmEvent) -> Result<(), Error> {
        if let (Vm::Test, VmEvent::Hashes { stage: HashStage::Before, .. }, None) =
            (&vm, &event, self.deadline)
        {
            self.deadline = Some(Instant::now() + self.job.plan.timeout);
        }
        let compiled = match (&vm, &event) {
            (Vm::Test, VmEvent::Compiled { ok, modules, redefined, .. }) => {
                Some(*ok && is_fit(self.job.plan, modules, redefined))
            }
            _ => None,
        };
        (self.sink)(Event::Said(vm, event));
        match compiled {
            Some(true) => self.compiled(),
            Some(false) => {
                self.analysis_has_all();
                self.stop_test_vm();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The solution is compiled: first a copy out of its reach, then the tests and Dialyzer.
    fn compiled(&mut self) -> Result<(), Error> {
        self.compiled = true;
        self.project.keep_beams()?;
        if self.wants(Step::Test) {
            if let Some(vm) = &mut self.test {
                vm.send(command("go", &[]));
            }
            (self.sink)(Event::TestsReleased);
        } else {
            self.stop_test_vm();
        }
        let dialyzer = self.analysis.as_ref().filter(|_| self.analyses(Step::Dialyzer));
        let command = dialyzer.map(|vm| self.dialyzer_command(vm.nonce()));
        if let (Some(vm), Some(command)) = (&mut self.analysis, command) {
            vm.send(command);
        }
        self.analysis_has_all();
        Ok(())
    }

    fn dialyzer_command(&self, nonce: &str) -> String {
        let packages = self.job.ground.installed.as_ref();
        let given = self.job.prepared.map(|prepared| prepared.support_ebin.as_path());
        command(
            "dialyzer",
            &[
                ("nonce", nonce.into()),
                ("root", self.project.root().as_path().into()),
                ("ebin", self.project.beams().as_path().into()),
                ("code_paths", Term::texts(given)),
                ("packages", ebins(packages)),
                ("plt_dir", self.workshop.store.plt_dir(packages).as_path().into()),
            ],
        )
    }

    fn analysis_has_all(&mut self) {
        if let Some(vm) = &mut self.analysis {
            vm.send(command("stop", &[]));
        }
    }

    fn stop_test_vm(&self) {
        if let Some(vm) = &self.test {
            vm.stop();
        }
    }

    fn ended(&mut self, vm: Vm, end: crate::event::VmEnd) {
        if let Some(running) = self.vm(vm) {
            running.ended = true;
        }
        if vm == Vm::Test {
            // Whatever was not said until now will not come; a second `stop` does no harm.
            self.analysis_has_all();
        }
        (self.sink)(Event::Ended(vm, end));
    }
}

/// Where compiled packages are, by `PRACTICE_PACKAGES`: the `ebin` folders under it.
///
/// # Errors
/// Why Credo cannot be run, in a sentence.
pub fn find_credo(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error: std::io::Error| format!("`PRACTICE_PACKAGES` cannot be read: {error}");
    let mut ebins = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let ebin = entry.map_err(unreadable)?.path().join("ebin");
        if ebin.is_dir() {
            ebins.push(ebin);
        }
    }
    ebins.sort();
    if ebins.iter().any(|ebin| ebin.join("credo.app").is_file()) {
        Ok(ebins)
    } else {
        Err(format!("there is no compiled Credo under `{}` (`PRACTICE_PACKAGES`)", folder.display()))
    }
}
