//! The result of a check, as data, and the only place that decides what it comes to.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    exercise::Supply,
    finding::{Finding, Place},
    hint::ShownHint,
    plan::Step,
};

/// How a step ended. No variant means "probably fine".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ran to its end and found nothing that fails.
    Passed,
    /// It ran and found something that fails. A sentence, where the findings and tests do not say it.
    Failed(Option<String>),
    /// The time limit ended it.
    TimedOut {
        /// A sentence that says in the midst of what.
        during: String,
    },
    /// Its VM ended before it had said everything.
    Died {
        /// A sentence that says how, and in the midst of what.
        during: String,
    },
    /// It was not run.
    NotRun(Why),
    /// A fault of ours: the solution was not judged.
    Broken(String),
}

/// Why a step was not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Left out by `--only` or `--skip`.
    LeftOut,
    /// An earlier step failed, and this one builds on it.
    Blocked(String),
    /// Something is not installed: the check is not complete.
    Missing(String),
}

impl Outcome {
    /// The reason in words, where there is one.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Passed => None,
            Self::Failed(reason) => reason.clone(),
            Self::TimedOut { during } | Self::Died { during } => Some(during.clone()),
            Self::NotRun(Why::LeftOut) => Some("left out on the command line".to_owned()),
            Self::NotRun(Why::Blocked(reason) | Why::Missing(reason)) | Self::Broken(reason) => {
                Some(reason.clone())
            }
        }
    }
}

/// What the whole check comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is positive evidence for every step that ran.
    Passed,
    /// The solution was judged and failed.
    Failed,
    /// It was not judged, or not enough of it.
    CouldNotCheck,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestOutcome {
    /// ExUnit reported it as passed.
    Passed,
    /// It failed, or its module did.
    Failed,
    /// It ran into the time limit.
    TimedOut,
    /// It was expected, and nothing was heard of it.
    NotRun,
    /// It needs something that is not installed. Its failure's message says what.
    Missing,
}

/// Why a test failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestFailure {
    /// ExUnit's or the exception's text.
    pub message: String,
    /// The assertion's code.
    pub expr: Option<String>,
    /// Left side, inspected.
    pub left: Option<String>,
    /// Right side, inspected.
    pub right: Option<String>,
    /// The innermost line of the learner's own files on the stack.
    pub raised_at: Option<Place>,
    /// The innermost line of the exercise's tests on the stack.
    pub asserted_at: Option<Place>,
}

/// One test's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// Test module.
    pub module: String,
    /// ExUnit's name without the leading `test `.
    pub name: String,
    /// How it ended.
    pub outcome: TestOutcome,
    /// Where the test stands.
    pub place: Option<Place>,
    /// How long it took.
    pub duration: Duration,
    /// Why it failed.
    pub failure: Option<TestFailure>,
    /// What it printed; the end of a long output, with a note of what was left out.
    pub output: Option<String>,
}

impl TestResult {
    /// Whether it ran and did not pass.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self.outcome, TestOutcome::Failed | TestOutcome::TimedOut)
    }
}

/// One step's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReport {
    /// Which step.
    pub step: Step,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took; zero where it did not run.
    pub duration: Duration,
    /// Its tests, in the exercise's order; only the test step has some.
    pub tests: Vec<TestResult>,
    /// What it found, in the order of the source.
    pub findings: Vec<Finding>,
}

/// The versions that judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// `1.14.0`
    pub elixir: String,
    /// `25`
    pub otp: String,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The exercise's id.
    pub exercise: String,
    /// Hash of the exercise's files.
    pub revision: String,
    /// Hash of the solution's files.
    pub solution_sha256: String,
    /// What judged it, where a VM came up.
    pub versions: Option<Versions>,
    /// What stood behind the packages that the exercise needs.
    pub supply: Supply,
    /// Their versions, where they are installed.
    pub packages: BTreeMap<String, String>,
    /// What kept the solution from the rest of the machine, in a sentence.
    pub sandbox: String,
    /// Every step, in order.
    pub steps: Vec<StepReport>,
    /// The first hint first.
    pub hints: Vec<ShownHint>,
    /// From the start of the check to this report.
    pub duration: Duration,
    /// Every finding fails, and every step must have run.
    pub strict: bool,
}

impl Report {
    /// What the check comes to. Nothing else decides.
    ///
    /// A judged failure comes before anything that could not run; a pass needs a step that passed.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.steps.iter().any(StepReport::judged_failure) {
            Verdict::Failed
        } else if self.steps.iter().any(StepReport::unjudged)
            || (self.strict && !self.complete())
            || self.steps.iter().any(StepReport::blocked_unjudged)
            || self.steps.iter().any(StepReport::untested)
            || !self.steps.iter().any(|step| step.outcome == Outcome::Passed)
        {
            Verdict::CouldNotCheck
        } else {
            Verdict::Passed
        }
    }

    /// Whether every step that was asked for could be run on this machine.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.lacking().is_empty()
    }

    /// What could not be run on this machine, in words.
    #[must_use]
    pub fn lacking(&self) -> Vec<String> {
        let lacking = |step: &StepReport| {
            let tests = step.tests.iter().filter(|test| test.outcome == TestOutcome::Missing).count();
            match (&step.outcome, tests) {
                (Outcome::NotRun(Why::Missing(_)), _) => Some(step.step.name().to_owned()),
                (_, 0) => None,
                (_, 1) => Some("1 test".to_owned()),
                (_, tests) => Some(format!("{tests} tests")),
            }
        };
        self.steps.iter().filter_map(lacking).collect()
    }

    /// Whether the exercise counts as solved: it passed, and nothing was left out that could have
    /// failed it.
    #[must_use]
    pub fn solves(&self) -> bool {
        let passed = |step| self.step(step).is_some_and(|report| report.outcome == Outcome::Passed);
        let left_out = |report: &StepReport| report.outcome == Outcome::NotRun(Why::LeftOut);
        self.verdict() == Verdict::Passed
            && !self.steps.iter().any(left_out)
            && [Step::Compile, Step::Test, Step::Idioms].into_iter().all(passed)
    }

    /// The step of that name.
    #[must_use]
    pub fn step(&self, step: Step) -> Option<&StepReport> {
        self.steps.iter().find(|report| report.step == step)
    }
}

impl StepReport {
    /// A step with nothing but an outcome.
    #[must_use]
    pub fn bare(step: Step, outcome: Outcome) -> Self {
        Self { step, outcome, duration: Duration::ZERO, tests: Vec::new(), findings: Vec::new() }
    }

    /// Whether the solution failed here. Hanging or dying counts where the learner's code runs;
    /// in the analysis it is a slow machine or a fault of ours.
    #[must_use]
    pub fn judged_failure(&self) -> bool {
        match self.outcome {
            Outcome::Failed(_) => true,
            Outcome::TimedOut { .. } | Outcome::Died { .. } => self.step.runs_solution(),
            Outcome::Passed | Outcome::NotRun(_) | Outcome::Broken(_) => false,
        }
    }

    /// It was asked for, and what it builds on is missing: without a failure that explains it, this
    /// is no pass.
    fn blocked_unjudged(&self) -> bool {
        matches!(self.outcome, Outcome::NotRun(Why::Blocked(_)))
    }

    /// The tests were asked for, and what they need is not installed: format and idioms alone are no
    /// evidence.
    fn untested(&self) -> bool {
        self.step == Step::Test && matches!(self.outcome, Outcome::NotRun(Why::Missing(_)))
    }

    fn unjudged(&self) -> bool {
        match self.outcome {
            Outcome::Broken(_) => true,
            Outcome::TimedOut { .. } | Outcome::Died { .. } => !self.step.runs_solution(),
            Outcome::Passed | Outcome::Failed(_) | Outcome::NotRun(_) => false,
        }
    }

    /// Findings that fail the check.
    pub fn failing(&self, strict: bool) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.fails(strict))
    }
}

/// What a finished step comes to, given what it found.
#[must_use]
pub fn outcome_of(findings: &[Finding], strict: bool) -> Outcome {
    if findings.iter().any(|finding| finding.fails(strict)) { Outcome::Failed(None) } else { Outcome::Passed }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(strict: bool, outcomes: &[(Step, Outcome)]) -> Report {
        Report {
            exercise: "e".into(),
            revision: "r".into(),
            solution_sha256: "s".into(),
            versions: None,
            supply: Supply::Nothing,
            packages: BTreeMap::new(),
            sandbox: "none".into(),
            steps: outcomes.iter().map(|(step, outcome)| StepReport::bare(*step, outcome.clone())).collect(),
            hints: Vec::new(),
            duration: Duration::ZERO,
            strict,
        }
    }

    fn missing() -> Outcome {
        Outcome::NotRun(Why::Missing("no Credo".into()))
    }

    fn died() -> Outcome {
        Outcome::Died { during: "…".into() }
    }

    #[test]
    fn a_pass_needs_a_step_that_passed() {
        assert_eq!(report(false, &[]).verdict(), Verdict::CouldNotCheck);
        assert_eq!(report(false, &[(Step::Credo, missing())]).verdict(), Verdict::CouldNotCheck);
        assert_eq!(report(false, &[(Step::Test, Outcome::Passed)]).verdict(), Verdict::Passed);
    }

    #[test]
    fn a_judged_failure_comes_before_what_could_not_run() {
        let steps = [(Step::Test, Outcome::Failed(None)), (Step::Dialyzer, Outcome::Broken("…".into()))];
        assert_eq!(report(false, &steps).verdict(), Verdict::Failed);
    }

    #[test]
    fn dying_fails_where_the_solution_runs_and_only_there() {
        assert_eq!(report(false, &[(Step::Test, died())]).verdict(), Verdict::Failed);
        let analysis = [(Step::Test, Outcome::Passed), (Step::Dialyzer, died())];
        assert_eq!(report(false, &analysis).verdict(), Verdict::CouldNotCheck);
    }

    #[test]
    fn a_step_that_lacks_what_it_builds_on_is_no_pass() {
        let blocked = Outcome::NotRun(Why::Blocked("…".into()));
        let steps = [(Step::Test, blocked), (Step::Idioms, Outcome::Passed)];
        assert_eq!(report(false, &steps).verdict(), Verdict::CouldNotCheck);
    }

    #[test]
    fn what_could_not_be_tested_has_not_passed() {
        let steps = [(Step::Format, Outcome::Passed), (Step::Test, missing())];
        assert_eq!(report(false, &steps).verdict(), Verdict::CouldNotCheck);
    }

    #[test]
    fn strict_wants_every_step() {
        let steps = [(Step::Test, Outcome::Passed), (Step::Credo, missing())];
        assert_eq!(report(false, &steps).verdict(), Verdict::Passed);
        assert!(!report(false, &steps).complete());
        assert_eq!(report(true, &steps).verdict(), Verdict::CouldNotCheck);
        let left_out = [(Step::Test, Outcome::Passed), (Step::Credo, Outcome::NotRun(Why::LeftOut))];
        assert_eq!(report(true, &left_out).verdict(), Verdict::Passed);
    }
}
