//! Reports that every output format is tested on.

use std::time::Duration;

use crate::{
    finding::{Finding, Place, Severity},
    hint::ShownHint,
    plan::{SourceFile, Step},
    report::{Outcome, Report, StepReport, TestFailure, TestOutcome, TestResult, Versions, Why},
};

pub const SOURCE: &str = "defmodule Limiter do\n  def check(user) do\n    raise \"soon\"\n  end\nend\n";

pub fn solution() -> Vec<SourceFile> {
    vec![SourceFile { path: "lib/limiter.ex".into(), shown: "ws/lib/limiter.ex".into(), text: SOURCE.into() }]
}

fn place(file: &str, line: u32, column: Option<u32>) -> Place {
    Place { file: file.into(), line: Some(line), column }
}

fn step(step: Step, outcome: Outcome) -> StepReport {
    StepReport { duration: Duration::from_millis(120), ..StepReport::bare(step, outcome) }
}

fn test(name: &str, outcome: TestOutcome, failure: Option<TestFailure>) -> TestResult {
    TestResult {
        module: "LimiterTest".into(),
        name: name.into(),
        outcome,
        place: Some(place("test/limiter_test.exs", 3, None)),
        duration: Duration::from_millis(7),
        failure,
        output: None,
    }
}

fn report(steps: Vec<StepReport>, hints: Vec<ShownHint>) -> Report {
    Report {
        exercise: "limiter".into(),
        revision: "0123456789ab".into(),
        solution_sha256: "cafe".into(),
        versions: Some(Versions { elixir: "1.14.0".into(), otp: "25".into() }),
        supply: crate::exercise::Supply::Nothing,
        packages: std::collections::BTreeMap::new(),
        sandbox: "none".into(),
        steps,
        hints,
        duration: Duration::from_millis(830),
        strict: false,
    }
}

fn without_credo() -> StepReport {
    StepReport::bare(Step::Credo, Outcome::NotRun(Why::Missing("Credo is not installed".into())))
}

/// Everything passed, Credo is missing, and there is some advice.
pub fn passed() -> Report {
    let unformatted = Finding {
        rule: "format".into(),
        severity: Severity::Advice,
        place: place("ws/lib/limiter.ex", 2, Some(1)),
        message: "`mix format` would change this file".into(),
        help: Some("@@ -2 +2 @@\n-  def check( user) do\n+  def check(user) do".into()),
        credo: None,
        trigger: None,
    };
    let mut format = step(Step::Format, Outcome::Passed);
    format.findings.push(unformatted);
    let mut tests = step(Step::Test, Outcome::Passed);
    tests.tests.push(test("counts", TestOutcome::Passed, None));
    let idioms = step(Step::Idioms, Outcome::Passed);
    report(vec![step(Step::Compile, Outcome::Passed), format, tests, idioms, without_credo()], Vec::new())
}

/// A test fails by an exception in the solution, another by an assertion, with terminal codes in a value.
pub fn failed() -> Report {
    let raised = TestFailure {
        message: "soon".into(),
        raised_at: Some(place("ws/lib/limiter.ex", 3, None)),
        ..TestFailure::default()
    };
    let asserted = TestFailure {
        message: "Assertion with == failed".into(),
        expr: Some("assert Limiter.check(1) == :ok".into()),
        left: Some("\"\u{1b}[31mred\"".into()),
        right: Some(":ok".into()),
        ..TestFailure::default()
    };
    let mut tests = step(Step::Test, Outcome::Failed(None));
    tests.tests = vec![
        test(
            "counts every call of a user, however many there are, in the window before it",
            TestOutcome::Failed,
            Some(raised),
        ),
        test("counts per user", TestOutcome::Failed, Some(asserted)),
        test("forgets", TestOutcome::Passed, None),
    ];
    tests.tests[0].output = Some("checking\n".into());
    let hint = ShownHint {
        id: "count".into(),
        levels: vec!["What does `check/1` return?".into(), "`:ok`, always.".into()],
        because: "test: counts every call of a user, however many there are, in the window before it".into(),
    };
    report(vec![step(Step::Compile, Outcome::Passed), tests, without_credo()], vec![hint])
}

/// It does not compile, so nothing else could be said.
pub fn uncompiled() -> Report {
    let mut compile = step(Step::Compile, Outcome::Failed(None));
    compile.findings.push(Finding {
        rule: "compile-error".into(),
        severity: Severity::Error,
        place: place("ws/lib/limiter.ex", 9, Some(1)),
        message: "missing terminator: end".into(),
        help: None,
        credo: None,
        trigger: None,
    });
    let blocked = |step| StepReport::bare(step, Outcome::NotRun(Why::Blocked("it does not compile".into())));
    report(vec![compile, blocked(Step::Test), blocked(Step::Dialyzer)], Vec::new())
}

/// The time limit ended a test.
pub fn timed_out() -> Report {
    let during = "the time limit of 20 s was reached in test \"counts\"".to_owned();
    let mut tests = step(Step::Test, Outcome::TimedOut { during });
    tests.tests =
        vec![test("counts", TestOutcome::TimedOut, None), test("forgets", TestOutcome::NotRun, None)];
    report(vec![step(Step::Compile, Outcome::Passed), tests], Vec::new())
}

/// A fault of ours.
pub fn broken() -> Report {
    let dialyzer = step(Step::Dialyzer, Outcome::Broken("no type information could be read".into()));
    report(
        vec![step(Step::Compile, Outcome::Passed), step(Step::Test, Outcome::Passed), dialyzer],
        Vec::new(),
    )
}

/// Everything passed that could run.
pub fn incomplete() -> Report {
    report(
        vec![step(Step::Compile, Outcome::Passed), step(Step::Test, Outcome::Passed), without_credo()],
        Vec::new(),
    )
}
