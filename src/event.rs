//! What happens during a check, in the order in which it happens.
//!
//! Events are the only thing that flows from the effects (VMs, files) to the
//! [`Report`](crate::report::Report). [`VmEvent`] is what a VM says over its channel, one JSON
//! object a line; `src/elixir/channel.ex` is the other side of it.

use std::{fmt, time::Duration};

use serde::Deserialize;

use crate::{
    finding::{Finding, Place},
    plan::Step,
};

/// Which of the two VMs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vm {
    /// Compiles the solution and runs the tests: runs the learner's code, used once.
    Test,
    /// Formatter, Credo, Dialyzer: reads the learner's code and never runs it.
    Analysis,
}

/// One thing that happened.
#[derive(Debug)]
pub enum Event {
    /// The exercise's tests are compiled, once.
    Preparing,
    /// A VM was started.
    Started(Vm),
    /// A VM said something.
    Said(Vm, VmEvent),
    /// The test VM was told to run the tests: from here on only evidence counts.
    TestsReleased,
    /// A VM is gone, and so is every process it had started.
    Ended(Vm, VmEnd),
    /// The idiom rules were matched; this needs no VM.
    Idioms {
        /// What they found, in the order of the source.
        findings: Vec<Finding>,
        /// How long it took.
        duration: Duration,
        /// The first place that the rules' grammar cannot read.
        unread: Option<Place>,
    },
    /// A Mix command was started.
    Running(MixCommand),
    /// A Mix command has ended.
    Ran(MixCommand, Ran),
    /// A fault of ours keeps a step from being run.
    Unable {
        /// Which.
        step: Step,
        /// Why.
        reason: String,
    },
    /// A step was asked for and cannot be run here.
    Missing {
        /// Which.
        step: Step,
        /// Why, and what to do about it.
        reason: String,
    },
}

/// A command of Mix that `--engine mix` runs beside `mix test`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MixCommand {
    /// `mix credo --strict --format json`
    Credo,
    /// `mix dialyzer --plt`, once for a set of packages.
    Plt,
    /// `mix dialyzer`, in two formats.
    Dialyzer,
}

impl MixCommand {
    /// The step that it is part of.
    #[must_use]
    pub fn step(self) -> Step {
        match self {
            Self::Credo => Step::Credo,
            Self::Plt | Self::Dialyzer => Step::Dialyzer,
        }
    }

    /// What is typed after `mix`.
    #[must_use]
    pub fn args(self) -> &'static [&'static str] {
        match self {
            Self::Credo => &["credo", "--strict", "--format", "json"],
            Self::Plt => &["dialyzer", "--plt"],
            // The PLT is complete, and other checks read it as well: it is not to be looked through,
            // let alone changed. Dialyxir's own format lacks the name where it fails to format.
            Self::Dialyzer => &["dialyzer", "--no-check", "--format", "raw", "--format", "dialyxir"],
        }
    }
}

impl fmt::Display for MixCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`mix {}`", self.args()[0])
    }
}

/// A command's end, and what it has printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub how: HowEnded,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// From its start to its end.
    pub duration: Duration,
}

impl Ran {
    /// Its end without what it has printed, but for the last words.
    #[must_use]
    pub fn end(&self) -> VmEnd {
        let last_words = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        VmEnd { how: self.how.clone(), last_words: last_words.clone() }
    }
}

/// How a VM ended, as its supervisor saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VmEnd {
    /// What ended it.
    pub how: HowEnded,
    /// The last lines it wrote to standard error, for a person to read.
    pub last_words: String,
}

/// What ended a VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HowEnded {
    /// It exited by itself with this status.
    Exited(i32),
    /// A signal that we did not send.
    Signaled(i32),
    /// The time limit.
    Deadline,
    /// The memory limit of the process tree.
    Memory,
    /// The limit on the number of processes.
    Processes,
    /// We stopped it: nothing more was wanted of it, or the user interrupted.
    Stopped,
    /// Our supervisor was killed, or could not start it.
    Lost(String),
}

impl fmt::Display for HowEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(0) => f.write_str("the VM ended"),
            Self::Exited(status) => write!(f, "the VM ended with status {status}"),
            Self::Signaled(signal) => write!(f, "the VM was ended by signal {signal}"),
            Self::Deadline => f.write_str("the time limit was reached"),
            Self::Memory => f.write_str("the memory limit was reached"),
            Self::Processes => f.write_str("the limit on processes was reached"),
            Self::Stopped => f.write_str("the VM was stopped"),
            Self::Lost(message) => f.write_str(message),
        }
    }
}

impl fmt::Display for VmEnd {
    /// How it ended, with its last words where it ended badly.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.how)?;
        match (&self.how, self.last_words.trim().lines().last()) {
            (HowEnded::Exited(status), Some(words)) if *status != 0 => write!(f, " ({words})"),
            _ => Ok(()),
        }
    }
}

/// A line of a VM's channel.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum VmEvent {
    /// The VM has its first command.
    Hello {
        /// Elixir's version (`1.14.0`).
        elixir: String,
        /// OTP's release (`25`).
        otp: String,
    },
    /// The compiler says something about the solution.
    Diagnostic {
        /// `error` or `warning`.
        severity: DiagnosticSeverity,
        /// Relative to the project.
        file: String,
        /// From 1, where known.
        line: Option<u32>,
        /// From 1, where known.
        column: Option<u32>,
        /// The compiler's text.
        message: String,
    },
    /// The solution was compiled, or not.
    Compiled {
        /// Whether it was.
        ok: bool,
        /// The modules it defines.
        modules: Vec<String>,
        /// Modules that existed before and that it defines anew.
        redefined: Vec<String>,
        /// Microseconds.
        duration_us: u64,
    },
    /// The code that is loaded, by module and the MD5 of its code.
    Hashes {
        /// Before the solution was compiled, or after the tests.
        stage: HashStage,
        /// Module name to hexadecimal MD5.
        modules: std::collections::BTreeMap<String, String>,
    },
    /// ExUnit has begun.
    SuiteStarted {},
    /// A test module has begun.
    ModuleStarted {
        /// Its name.
        module: String,
    },
    /// A test has begun.
    TestStarted {
        /// Test module.
        module: String,
        /// Name without the leading `test `.
        name: String,
        /// One of the tests that must fail.
        #[serde(default)]
        control: bool,
    },
    /// A test has ended.
    TestFinished(VmTest),
    /// A test module has ended; failures are those of `setup_all` and its `on_exit`.
    ModuleFinished {
        /// Its name.
        module: String,
        /// What failed outside its tests.
        failures: Vec<Failure>,
    },
    /// ExUnit has run everything.
    SuiteFinished {
        /// Microseconds.
        duration_us: u64,
    },
    /// ExUnit was told to stop while tests were running.
    Aborted {
        /// The tests that were running.
        running: Vec<String>,
    },
    /// The VM has said all it had to say.
    Done {},
    /// A file as the formatter would write it.
    Formatted {
        /// Relative to the project.
        file: String,
        /// The whole text.
        text: String,
    },
    /// The formatter cannot read a file: the compiler says why.
    FormatFailed {},
    /// Credo's word on a place.
    CredoIssue {
        /// `Credo.Check.Refactor.Nesting`.
        check: String,
        /// `warning`, `refactor`, `readability`, `design`, `consistency`.
        category: String,
        /// Relative to the project.
        file: String,
        /// From 1.
        line: Option<u32>,
        /// From 1.
        column: Option<u32>,
        /// One line.
        message: String,
        /// The words that the issue is about.
        #[serde(default)]
        trigger: Option<String>,
        /// Credo's explanation of the check.
        explanation: Option<String>,
    },
    /// Dialyzer's word on a place.
    DialyzerWarning {
        /// Dialyxir's name of the warning (`no_return`).
        name: String,
        /// Relative to the project.
        file: String,
        /// From 1.
        line: Option<u32>,
        /// From 1.
        column: Option<u32>,
        /// In Elixir's notation.
        message: String,
    },
    /// Type information is being opened or built.
    Plt {
        /// How many modules it holds.
        modules: u32,
        /// Whether it was there already.
        cached: bool,
    },
    /// A step of the analysis has ended.
    StepDone {
        /// Which.
        step: String,
        /// Microseconds.
        duration_us: u64,
    },
    /// A step of the analysis could not be done.
    StepFailed {
        /// An earlier step says why (the source does not parse); otherwise it is a fault of ours.
        #[serde(default)]
        blocked: bool,
        /// Its tool is not installed.
        #[serde(default)]
        missing: bool,
        /// Which.
        step: String,
        /// Why.
        reason: String,
    },
    /// Our own code in the VM raised.
    Broken {
        /// What.
        message: String,
    },
    /// Something that a newer runner says and this program does not know.
    #[serde(other)]
    Unknown,
}

/// The compiler's two severities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiagnosticSeverity {
    /// The solution does not compile.
    Error,
    /// It compiles.
    Warning,
}

/// When the loaded code was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashStage {
    /// Before any line of the solution ran.
    Before,
    /// After the last test.
    After,
}

/// A test as ExUnit reported it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct VmTest {
    /// Test module.
    pub module: String,
    /// Name without the leading `test `.
    pub name: String,
    /// One of the tests that must fail.
    #[serde(default)]
    pub control: bool,
    /// How it ended.
    pub state: TestState,
    /// Relative to the project.
    #[serde(default)]
    pub file: Option<String>,
    /// Where the test begins.
    #[serde(default)]
    pub line: Option<u32>,
    /// Microseconds.
    pub duration_us: u64,
    /// Why it failed; more than one where ExUnit collected several.
    #[serde(default)]
    pub failures: Vec<Failure>,
    /// What it printed.
    #[serde(default)]
    pub output: Option<Output>,
}

/// ExUnit's states of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestState {
    /// It passed.
    Passed,
    /// An assertion or an exception.
    Failed,
    /// ExUnit's time limit for one test.
    TimedOut,
    /// Its module's `setup_all` failed.
    Invalid,
    /// Marked to be skipped.
    Skipped,
    /// Left out by a filter.
    Excluded,
}

/// One reason for which a test failed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Failure {
    /// `error`, `exit`, `throw` or `EXIT`.
    pub kind: String,
    /// The exception's module.
    pub exception: Option<String>,
    /// Its message.
    pub message: String,
    /// Left side of a failed assertion, inspected.
    pub left: Option<String>,
    /// Right side of a failed assertion, inspected.
    pub right: Option<String>,
    /// The assertion's code.
    pub expr: Option<String>,
    /// Innermost frame first.
    #[serde(default)]
    pub stack: Vec<Frame>,
}

/// A stack frame.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Frame {
    /// `check/2`.
    pub function: Option<String>,
    /// Relative to the project where it lies under it.
    pub file: Option<String>,
    /// From 1.
    pub line: Option<u32>,
}

/// What a test printed, cut where it printed too much.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Output {
    /// Head and tail.
    pub text: String,
    /// Bytes left out between them.
    pub dropped: u64,
}
