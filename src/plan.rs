//! What a check is going to do, decided before anything runs.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::exercise::Supply;

/// The steps of a check, in the order in which a report shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The Elixir compiler.
    Compile,
    /// `mix format`.
    Format,
    /// ExUnit.
    Test,
    /// The idiom rules.
    Idioms,
    /// Credo.
    Credo,
    /// OTP's Dialyzer.
    Dialyzer,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 6] =
        [Self::Compile, Self::Format, Self::Test, Self::Idioms, Self::Credo, Self::Dialyzer];

    /// Every step, in the order in which a learner should look at what failed: what keeps the rest
    /// from running, then behaviour, then what the task asks for in words, then types, then style.
    pub const BY_WEIGHT: [Self; 6] =
        [Self::Compile, Self::Test, Self::Idioms, Self::Dialyzer, Self::Credo, Self::Format];

    /// The name on the command line, in manifests and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Compile => "compile",
            Self::Format => "format",
            Self::Test => "test",
            Self::Idioms => "idioms",
            Self::Credo => "credo",
            Self::Dialyzer => "dialyzer",
        }
    }

    /// The step of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// Whether the learner's code runs in it, so that hanging or halting there is the learner's fault.
    #[must_use]
    pub fn runs_solution(self) -> bool {
        matches!(self, Self::Compile | Self::Test)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A test's identity: its module, and its name as ExUnit has it without the leading `test `.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TestId {
    /// `RateLimiterTest`.
    pub module: String,
    /// `accepts up to the limit`.
    pub name: String,
}

/// A solution's source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// In the project: `lib/rate_limiter.ex`.
    pub path: String,
    /// The path as the user gave it, for everything that is shown.
    pub shown: String,
    /// Its bytes as text.
    pub text: String,
}

/// How the steps are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Tests compiled beforehand, control tests, code held against its hash.
    #[default]
    Fast,
    /// The literal `mix test`, `mix credo` and `mix dialyzer` in the throwaway project: slower, easier to
    /// interfere with, and what the fast engine is held against.
    Mix,
}

/// Tests that lack something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// Which.
    pub tests: Vec<TestId>,
    /// What they lack, and how to get it.
    pub reason: String,
}

/// What a check is going to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The exercise's id.
    pub exercise: String,
    /// Hash of the exercise's files.
    pub revision: String,
    /// The learner's files.
    pub solution: Vec<SourceFile>,
    /// Steps that were asked for.
    pub steps: Vec<Step>,
    /// What stands behind the packages that the exercise needs.
    pub supply: Supply,
    /// Their versions, where they are installed.
    pub packages: BTreeMap<String, String>,
    /// Every test that must be reported as passed, in the order in which they run.
    pub expected: Vec<TestId>,
    /// Tests of the exercise that cannot be run here, and why not.
    pub unavailable: Option<Unavailable>,
    /// Modules that the solution must define: those of the stub.
    pub modules: Vec<String>,
    /// Names of the tests that must fail.
    pub controls: Vec<String>,
    /// How the steps are run.
    pub engine: Engine,
    /// Every finding fails, and every step must have run.
    pub strict: bool,
    /// Time limit of the test VM.
    pub timeout: Duration,
}

impl Plan {
    /// Whether the step was asked for.
    #[must_use]
    pub fn wants(&self, step: Step) -> bool {
        self.steps.contains(&step)
    }

    /// The SHA-256 of the solution: of the file's bytes, or, for several files, of their paths and bytes.
    #[must_use]
    pub fn solution_sha256(&self) -> String {
        match self.solution.as_slice() {
            [only] => crate::hash::sha256_hex([only.text.as_bytes()]),
            files => crate::hash::sha256_hex(
                files.iter().flat_map(|file| [file.path.as_bytes(), b"\0", file.text.as_bytes(), b"\0"]),
            ),
        }
    }

    /// Project path to the path as the user gave it.
    #[must_use]
    pub fn shown_paths(&self) -> BTreeMap<&str, &str> {
        self.solution.iter().map(|file| (file.path.as_str(), file.shown.as_str())).collect()
    }
}
