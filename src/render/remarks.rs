//! What a report has to say about single places of the solution, for the formats of machines that
//! show it beside the code.

use super::sources::{OwnPlace, Sources};
use crate::{
    finding::{Finding, Place, Severity},
    report::{Outcome, Report, StepReport, TestResult, Why},
};

/// Something about a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The rule, check or warning name; the step's name where it has none.
    pub rule: String,
    /// `Error` where it fails the check.
    pub severity: Severity,
    /// Where, in a file of the solution.
    pub place: Option<Place>,
    /// What it is about, in a few words.
    pub title: String,
    /// What is wrong, and what to do about it.
    pub message: String,
}

/// Every remark of a report; those of a step stand together, in the report's order.
#[must_use]
pub fn remarks(report: &Report, sources: &Sources<'_>) -> Vec<Remark> {
    report.steps.iter().flat_map(|step| of_step(step, report.strict, sources)).collect()
}

fn of_step(step: &StepReport, strict: bool, sources: &Sources<'_>) -> Vec<Remark> {
    let tests = step.tests.iter().filter(|test| test.has_failed()).map(|test| of_test(test, sources));
    let findings = step.findings.iter().map(|finding| of_finding(step, finding, strict));
    let mut remarks: Vec<Remark> = tests.chain(findings).collect();
    let explained = remarks.iter().any(|remark| remark.severity == Severity::Error);
    if !explained && let Some(severity) = severity_of_outcome(step, strict) {
        remarks.push(Remark {
            rule: step.step.name().to_owned(),
            severity,
            place: None,
            title: format!("{}: {}", step.step, super::json::outcome(&step.outcome).replace('_', " ")),
            message: step.outcome.reason().unwrap_or_else(|| "failed".to_owned()),
        });
    }
    remarks
}

/// How much it weighs that a step ended as it did, where nothing else says it.
pub(super) fn severity_of_outcome(step: &StepReport, strict: bool) -> Option<Severity> {
    match step.outcome {
        Outcome::NotRun(Why::Missing(_)) if strict => Some(Severity::Error),
        Outcome::NotRun(Why::Missing(_)) => Some(Severity::Advice),
        Outcome::Failed(_) | Outcome::TimedOut { .. } | Outcome::Died { .. } | Outcome::Broken(_) => {
            Some(Severity::Error)
        }
        Outcome::Passed | Outcome::NotRun(_) => None,
    }
}

pub(super) fn of_test(test: &TestResult, sources: &Sources<'_>) -> Remark {
    let failure = test.failure.clone().unwrap_or_default();
    let mut lines: Vec<String> = vec![failure.message.trim_end().to_owned()];
    lines.extend(failure.expr.map(|code| format!("code:  {code}")));
    lines.extend(failure.left.map(|left| format!("left:  {left}")));
    lines.extend(failure.right.map(|right| format!("right: {right}")));
    lines.retain(|line| !line.is_empty());
    if lines.is_empty() {
        lines.push("this test did not end".to_owned());
    }
    Remark {
        rule: "test".to_owned(),
        severity: Severity::Error,
        place: sources.own_place(test).map(OwnPlace::place),
        title: format!("test failed: {}", test.name),
        message: lines.join("\n"),
    }
}

pub(super) fn of_finding(step: &StepReport, finding: &Finding, strict: bool) -> Remark {
    let help = finding.help.as_deref().map(|help| format!("\n{help}")).unwrap_or_default();
    Remark {
        rule: finding.rule.clone(),
        severity: if finding.fails(strict) { Severity::Error } else { finding.severity },
        place: Some(finding.place.clone()),
        title: format!("{}: {}", step.step, finding.rule),
        message: format!("{}{help}", finding.message),
    }
}
