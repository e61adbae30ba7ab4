//! `JUnit` XML, which most CI services read: a suite a step, with a case a test.
//!
//! A case fails where the solution failed, is an error where it could not be judged, and is skipped
//! where a step could not run; so a service's totals agree with the verdict.

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::{
    remarks::{Remark, of_finding, of_test, severity_of_outcome},
    sources::Sources,
};
use crate::{
    error::Error,
    finding::Severity,
    report::{Outcome, Report, StepReport, TestOutcome, TestResult, Why},
    soundness::{Checked, ExerciseSoundness, Soundness},
    ui::text::clean,
};

/// The result of a check.
#[must_use]
pub fn check(report: &Report, sources: &Sources<'_>) -> String {
    let mut junit = Junit::new(format!("practice check {}", report.exercise));
    junit.set_time(report.duration);
    let asked = report.steps.iter().filter(|step| step.outcome != Outcome::NotRun(Why::LeftOut));
    junit.add_test_suites(asked.map(|step| suite(step, report.strict, sources)));
    write(&junit)
}

fn suite(step: &StepReport, strict: bool, sources: &Sources<'_>) -> TestSuite {
    let mut suite = TestSuite::new(step.step.name());
    suite.set_time(step.duration);
    suite.add_test_cases(step.tests.iter().map(|test| test_case(test, sources)));
    let failing = step.failing(strict).map(|finding| {
        let remark = of_finding(step, finding, strict);
        let mut case = TestCase::new(remark.rule.as_str(), failure(&remark, NonSuccessKind::Failure));
        case.set_classname(step.step.name());
        case
    });
    suite.add_test_cases(failing);
    let says_it = if step.outcome == Outcome::Passed { |_: &TestCase| true } else { is_failure };
    if !suite.test_cases.iter().any(says_it) {
        suite.add_test_case(whole_step(step, strict));
    }
    let advice = step.findings.iter().filter(|finding| !finding.fails(strict));
    let advice: Vec<String> =
        advice.map(|finding| place_and_message(&of_finding(step, finding, strict))).collect();
    if !advice.is_empty() {
        suite.set_system_out(clean(&advice.join("\n")));
    }
    suite
}

fn is_failure(case: &TestCase) -> bool {
    matches!(case.status, TestCaseStatus::NonSuccess { .. })
}

/// A case for the step as a whole, where no test and no finding stands for it.
fn whole_step(step: &StepReport, strict: bool) -> TestCase {
    let reason = step.outcome.reason().unwrap_or_default();
    let status = match (&step.outcome, severity_of_outcome(step, strict)) {
        (Outcome::Passed, _) => TestCaseStatus::success(),
        (_, Some(Severity::Error)) => {
            let kind = if step.judged_failure() { NonSuccessKind::Failure } else { NonSuccessKind::Error };
            non_success(kind, step.step.name(), &reason, "")
        }
        _ => skipped(&reason),
    };
    let mut case = TestCase::new(step.step.name(), status);
    case.set_classname(step.step.name()).set_time(step.duration);
    case
}

fn test_case(test: &TestResult, sources: &Sources<'_>) -> TestCase {
    let status = match test.outcome {
        TestOutcome::Passed => TestCaseStatus::success(),
        TestOutcome::Failed | TestOutcome::TimedOut => {
            failure(&of_test(test, sources), NonSuccessKind::Failure)
        }
        TestOutcome::NotRun => skipped("nothing was heard of it"),
        TestOutcome::Missing => skipped(test.failure.as_ref().map_or("", |failure| &failure.message)),
    };
    let mut case = TestCase::new(clean(&test.name), status);
    case.set_classname(clean(&test.module)).set_time(test.duration);
    if let Some(output) = &test.output {
        case.set_system_out(clean(output));
    }
    case
}

fn skipped(reason: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(clean(reason));
    status
}

fn failure(remark: &Remark, kind: NonSuccessKind) -> TestCaseStatus {
    let first_line = remark.message.lines().next().unwrap_or_default();
    non_success(kind, &remark.rule, first_line, &place_and_message(remark))
}

fn non_success(kind: NonSuccessKind, rule: &str, message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(clean(rule)).set_message(clean(message));
    if !description.is_empty() {
        status.set_description(clean(description));
    }
    status
}

fn place_and_message(remark: &Remark) -> String {
    let place = remark.place.as_ref().map(|place| {
        let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("{}{line}: ", place.file)
    });
    format!("{}{}", place.unwrap_or_default(), remark.message)
}

/// Whether exercises are sound: a suite an exercise, with a case a solution.
#[must_use]
pub fn verify(soundness: &Soundness) -> String {
    let mut junit = Junit::new("practice verify");
    junit.add_test_suites(soundness.exercises.iter().map(exercise));
    if !soundness.steps_not_run.is_empty() {
        let mut suite = TestSuite::new("steps");
        suite.add_test_cases(soundness.steps_not_run.iter().map(|(step, reason)| {
            let status = if soundness.all_steps_needed {
                non_success(NonSuccessKind::Error, step.name(), reason, "")
            } else {
                let mut status = TestCaseStatus::skipped();
                status.set_message(clean(reason));
                status
            };
            TestCase::new(step.name(), status)
        }));
        junit.add_test_suite(suite);
    }
    write(&junit)
}

/// What kept a command from its work: a case that could not be judged.
#[must_use]
pub fn error(error: &Error) -> String {
    let mut junit = Junit::new("practice");
    let mut suite = TestSuite::new("practice");
    let status = non_success(NonSuccessKind::Error, "error", &error.to_string(), &error.in_a_line());
    suite.add_test_case(TestCase::new("could not check", status));
    junit.add_test_suite(suite);
    write(&junit)
}

fn exercise(exercise: &ExerciseSoundness) -> TestSuite {
    let mut suite = TestSuite::new(exercise.id.as_str());
    let problems = exercise.problems.iter().map(|problem| {
        TestCase::new(clean(problem), non_success(NonSuccessKind::Failure, "problem", problem, ""))
    });
    suite.add_test_cases(problems);
    suite.add_test_cases(exercise.variants.iter().map(variant));
    for case in &mut suite.test_cases {
        case.set_classname(exercise.id.as_str());
    }
    suite
}

fn variant(variant: &Checked) -> TestCase {
    let kind = if variant.judged { NonSuccessKind::Failure } else { NonSuccessKind::Error };
    let status = if variant.sound {
        TestCaseStatus::success()
    } else {
        let description = format!("declared: {}\ngot: {}", variant.declared, variant.got);
        non_success(kind, variant.kind.name(), &variant.got, &description)
    };
    TestCase::new(format!("{} {}", variant.kind.name(), variant.name), status)
}

fn write(junit: &Junit) -> String {
    // Writing to a string fails for nothing: what XML cannot hold was taken out.
    junit.to_string().unwrap_or_default()
}
