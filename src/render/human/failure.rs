//! What matters most of a failing check: one failure in full, and how many more there are.

use annotate_snippets::{Group, Level};

use super::{
    SHOWN_FINDINGS,
    excerpt::{self, Marked, marked, render, snippet},
};
use crate::{
    finding::Finding,
    plan::Step,
    render::sources::{OwnPlace, Sources},
    report::{Report, StepReport, TestFailure, TestOutcome, TestResult},
    ui::{
        style::{BAD, FAINT, Styled},
        text::{WIDTH, clean, count, indent, wrap},
    },
};

/// Lines of a message, a value or an output that are shown.
const MOST_LINES: usize = 12;

/// The step to look at first.
#[must_use]
pub fn most_important_step(report: &Report) -> Option<&StepReport> {
    let failed = || {
        Step::BY_WEIGHT.into_iter().filter_map(|step| report.step(step)).filter(|step| step.judged_failure())
    };
    // With `--strict`, what would fail without it comes first.
    failed().find(|step| fails_anyway(step)).or_else(|| failed().next())
}

/// The most important failure, and what else failed.
#[must_use]
pub fn most_important(report: &Report, sources: &Sources<'_>) -> Vec<String> {
    let Some(step) = most_important_step(report) else { return Vec::new() };
    let failed: Vec<&TestResult> = step.tests.iter().filter(|test| test.has_failed()).collect();
    match failed.split_first() {
        Some((first, rest)) => {
            vec![Some(test(first, sources)), more_tests(rest)].into_iter().flatten().collect()
        }
        None => findings(report, step, sources),
    }
}

fn fails_anyway(step: &StepReport) -> bool {
    step.findings.is_empty()
        || step.failing(false).next().is_some()
        || step.tests.iter().any(TestResult::has_failed)
}

fn more_tests(rest: &[&TestResult]) -> Option<String> {
    let names =
        rest.iter().take(SHOWN_FINDINGS * 2).map(|test| wrap(&clean(&test.name), WIDTH, "  ", "    "));
    let mut lines: Vec<String> = names.collect();
    if rest.len() > lines.len() {
        lines.push(format!("  … and {}", count(rest.len() - lines.len(), "other")));
    }
    let (number, verb) = (count(rest.len(), "more test"), if rest.len() == 1 { "fails" } else { "fail" });
    (!rest.is_empty()).then(|| format!("{}\n{}", Styled(FAINT, format!("{number} {verb}")), lines.join("\n")))
}

fn findings(report: &Report, step: &StepReport, sources: &Sources<'_>) -> Vec<String> {
    let mut failing: Vec<&Finding> = step.failing(report.strict).collect();
    failing.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let shown = failing.iter().take(SHOWN_FINDINGS);
    let mut parts: Vec<String> =
        shown.map(|finding| excerpt::finding(step.step, finding, report.strict, sources)).collect();
    if parts.is_empty() {
        let reason = step.outcome.reason().unwrap_or_else(|| "failed".to_owned());
        let text = format!("{}: {}", step.step, clean(&reason));
        parts.push(format!("{}: {}", Styled(BAD, "error"), wrap(&text, WIDTH, "       ", "  ").trim_start()));
    }
    if failing.len() > SHOWN_FINDINGS {
        parts.push(format!("  … and {} like it", count(failing.len() - SHOWN_FINDINGS, "more")));
    }
    parts
}

/// One failing test: its name, what was compared, and the learner's own line.
fn test(test: &TestResult, sources: &Sources<'_>) -> String {
    let failure = test.failure.clone().unwrap_or_default();
    let asserted = failure.asserted_at.clone().or_else(|| test.place.clone());
    let headline = headline(test, &failure);
    let mut in_test = asserted.as_ref().and_then(|place| marked(place, Some(headline.clone()), sources));
    let beside_line = in_test.as_mut().is_some_and(Marked::keep_label_if_it_fits);
    let own = own_line(test, sources);
    let title = match test.outcome {
        TestOutcome::TimedOut => format!("test timed out: {}", clean(&test.name)),
        _ => format!("test failed: {}", clean(&test.name)),
    };
    let title = wrap(&title, WIDTH - "error: ".len(), "", "");
    let mut group = Group::with_title(Level::ERROR.primary_title(title));
    for marked in [&in_test, &own].into_iter().flatten() {
        group = group.element(snippet(marked));
    }
    let mut parts = vec![render(&[group])];
    if !beside_line && !headline.is_empty() {
        parts.push(wrap(&headline, WIDTH, "  ", "  "));
    }
    parts.extend(details(&failure));
    parts.extend(test.output.as_deref().map(|output| labelled("printed", output)));
    parts.join("\n")
}

/// The first line of the message, to stand beside the line of the test.
fn headline(test: &TestResult, failure: &TestFailure) -> String {
    let first = failure.message.lines().next().unwrap_or_default().trim();
    match test.outcome {
        TestOutcome::TimedOut if first.is_empty() => "this test did not end".to_owned(),
        _ => clean(first),
    }
}

/// Left and right, or the rest of the message.
fn details(failure: &TestFailure) -> Vec<String> {
    let mut parts = Vec::new();
    let rest: Vec<&str> = failure.message.lines().skip(1).collect();
    let rest = rest.join("\n");
    if !rest.trim().is_empty() && failure.left.is_none() {
        parts.push(indent(&clean(rest.trim_matches('\n')), "  ", MOST_LINES));
    }
    parts.extend(failure.left.as_deref().map(|left| labelled("left", left)));
    parts.extend(failure.right.as_deref().map(|right| labelled("right", right)));
    parts
}

/// `left   value`, with the further lines of the value under its first.
fn labelled(label: &str, value: &str) -> String {
    let value = indent(&clean(value.trim_end()), "           ", MOST_LINES);
    format!("  {}  {}", Styled(FAINT, format!("{label:>7}")), value.trim_start())
}

/// The learner's own line.
fn own_line(test: &TestResult, sources: &Sources<'_>) -> Option<Marked> {
    match sources.own_place(test)? {
        OwnPlace::Raised(place) => marked(&place, Some("raised here".to_owned()), sources),
        OwnPlace::Called { place, function } => {
            let mut own = marked(&place, Some(format!("the test calls `{function}`")), sources)?;
            own.keep_label_if_it_fits();
            Some(own)
        }
    }
}
