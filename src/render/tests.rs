//! What every format owes its readers, held against the same reports.

use std::path::Path;

use super::{github, human, json, junit, samples, sources::Sources};
use crate::{
    exercise::VariantKind,
    plan::Step,
    report::{Outcome, Report, Verdict, Why},
    soundness::{Checked, ExerciseSoundness, Soundness},
};

/// A format, how it writes a check, and how it says the verdict.
struct Format {
    name: &'static str,
    check: fn(&Report, &Sources<'_>) -> String,
    verify: fn(&Soundness) -> String,
    /// Whether it is meant to hold advice while something fails.
    whole: bool,
}

const FORMATS: [Format; 4] = [
    Format {
        name: "human",
        check: |report, sources| human::check(report, sources, "practice check"),
        verify: human::verify,
        whole: false,
    },
    Format { name: "json", check: |report, _| json::check(report), verify: json::verify, whole: true },
    Format { name: "junit", check: junit::check, verify: junit::verify, whole: true },
    Format {
        name: "github",
        check: github::check,
        verify: |soundness| github::verify(soundness, Some(Path::new("exercises"))),
        whole: true,
    },
];

fn reports() -> [(&'static str, Report); 6] {
    [
        ("passed", samples::passed()),
        ("failed", samples::failed()),
        ("uncompiled", samples::uncompiled()),
        ("timed out", samples::timed_out()),
        ("broken", samples::broken()),
        ("strict and incomplete", Report { strict: true, ..samples::incomplete() }),
    ]
}

/// Without what lays a text out: line breaks, indents, escapes.
fn flat(text: &str) -> String {
    let text = anstream::adapter::strip_str(text).to_string();
    let text = text.replace("%0A", " ").replace("%3A", ":").replace("%2C", ",").replace("\\n", " ");
    let text =
        text.replace("&quot;", "\"").replace("\\\"", "\"").replace("&#10;", " ").replace("&apos;", "'");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn written(format: &Format, report: &Report) -> String {
    let solution = samples::solution();
    (format.check)(report, &Sources::of_solution(&solution))
}

#[track_caller]
fn says(format: &Format, what: &str, text: &str, wanted: &str) {
    assert!(flat(text).contains(&flat(wanted)), "{} of {what} lacks {wanted:?}:\n{text}", format.name);
}

#[test]
fn every_failing_test_is_named() {
    for format in &FORMATS {
        for (what, report) in reports() {
            let text = written(format, &report);
            let tests = report.steps.iter().flat_map(|step| &step.tests).filter(|test| test.has_failed());
            tests.for_each(|test| says(format, what, &text, &test.name));
        }
    }
}

#[test]
fn everything_that_fails_is_said_with_its_place_and_reason() {
    for format in &FORMATS {
        for (what, report) in reports() {
            let text = written(format, &report);
            for step in &report.steps {
                for finding in step.failing(report.strict) {
                    says(format, what, &text, &finding.message);
                    says(format, what, &text, &finding.place.file);
                }
                // What kept a blocked step from running is said by the step that failed.
                let blocked = matches!(step.outcome, Outcome::NotRun(Why::Blocked(_)));
                if step.tests.is_empty() && step.findings.is_empty() && !blocked {
                    step.outcome.reason().iter().for_each(|reason| says(format, what, &text, reason));
                }
            }
        }
    }
}

#[test]
fn a_failing_test_points_into_the_users_file() {
    for format in &FORMATS {
        says(format, "failed", &written(format, &samples::failed()), "ws/lib/limiter.ex");
    }
}

#[test]
fn advice_is_not_lost() {
    let report = samples::passed();
    for format in FORMATS.iter().filter(|format| format.whole) {
        says(format, "passed", &written(format, &report), "`mix format` would change this file");
    }
}

#[test]
fn nothing_of_the_checked_code_reaches_a_terminal_as_a_command() {
    for format in FORMATS.iter().filter(|format| format.name != "human") {
        for (what, report) in reports() {
            let text = written(format, &report);
            assert!(!text.contains('\u{1b}'), "{} of {what}: {text}", format.name);
        }
    }
}

#[test]
fn junit_counts_as_the_verdict_says() {
    for (what, report) in reports() {
        let solution = samples::solution();
        let text = junit::check(&report, &Sources::of_solution(&solution));
        let junit = quick_junit::Report::deserialize_from_str(&text).unwrap();
        let (failures, errors) = (
            junit.test_suites.iter().map(|suite| suite.failures).sum::<usize>(),
            junit.test_suites.iter().map(|suite| suite.errors).sum::<usize>(),
        );
        let counted = match (failures, errors) {
            (0, 0) => Verdict::Passed,
            (0, _) => Verdict::CouldNotCheck,
            (_, _) => Verdict::Failed,
        };
        assert_eq!(counted, report.verdict(), "{what}:\n{text}");
    }
}

fn unsound() -> Soundness {
    let checked = |name: &str, sound: bool, judged: bool| Checked {
        name: name.into(),
        kind: VariantKind::Bad,
        declared: "fails in test".into(),
        got: if sound { "fails in test".into() } else { "passes & <more>".into() },
        sound,
        judged,
    };
    Soundness {
        exercises: vec![ExerciseSoundness {
            id: "limiter".into(),
            problems: vec!["notes.md is missing".into()],
            variants: vec![checked("fine", true, true), checked("off_by_one", false, true)],
        }],
        steps_not_run: vec![(Step::Credo, "Credo is not installed".into())],
        all_steps_needed: false,
    }
}

#[test]
fn what_is_unsound_is_named_in_every_format() {
    for format in &FORMATS {
        let text = (format.verify)(&unsound());
        for wanted in ["limiter", "notes.md is missing", "off_by_one", "Credo is not installed"] {
            says(format, "unsound", &text, wanted);
        }
    }
    assert_eq!(unsound().verdict(), Verdict::Failed);
}
