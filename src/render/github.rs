//! Workflow commands, with which GitHub Actions shows remarks beside the lines of a change.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::path::Path;

use super::{
    remarks::{Remark, remarks},
    sources::Sources,
};
use crate::{
    error::Error,
    finding::{Place, Severity},
    report::{Report, Verdict},
    soundness::Soundness,
    ui::text::clean,
};

/// The remarks of a check, those that fail it first: GitHub shows only ten of a kind. Ends with the
/// verdict in words.
#[must_use]
pub fn check(report: &Report, sources: &Sources<'_>) -> String {
    let mut remarks = remarks(report, sources);
    remarks.sort_by_key(|remark| std::cmp::Reverse(remark.severity));
    let mut lines: Vec<String> = remarks.iter().map(command).collect();
    lines.push(format!("{}: {}", report.exercise, words(report.verdict())));
    lines.join("\n")
}

/// What is unsound; `folder` is the one that the exercises were read from, if they are not built in.
#[must_use]
pub fn verify(soundness: &Soundness, folder: Option<&Path>) -> String {
    let mut lines = Vec::new();
    for exercise in &soundness.exercises {
        let manifest = folder.map(|folder| Place {
            file: folder.join(&exercise.id).join("exercise.toml").display().to_string(),
            line: None,
            column: None,
        });
        let wrong = exercise.variants.iter().filter(|variant| !variant.sound).map(|variant| {
            let name = format!("{} {}", variant.kind.name(), variant.name);
            (name, format!("declared: {}\ngot: {}", variant.declared, variant.got))
        });
        let problems = exercise.problems.iter().map(|problem| ("problem".to_owned(), problem.clone()));
        lines.extend(problems.chain(wrong).map(|(what, message)| {
            command(&Remark {
                rule: "verify".to_owned(),
                severity: Severity::Error,
                place: manifest.clone(),
                title: format!("{}: {what}", exercise.id),
                message,
            })
        }));
    }
    let severity = if soundness.all_steps_needed { Severity::Error } else { Severity::Advice };
    lines.extend(soundness.steps_not_run.iter().map(|(step, reason)| {
        command(&Remark {
            rule: step.name().to_owned(),
            severity,
            place: None,
            title: format!("{step} could not run"),
            message: reason.clone(),
        })
    }));
    lines.push(match soundness.verdict() {
        Verdict::Passed => "sound".to_owned(),
        Verdict::Failed => "unsound".to_owned(),
        Verdict::CouldNotCheck => words(Verdict::CouldNotCheck).to_owned(),
    });
    lines.join("\n")
}

/// What kept a command from its work.
#[must_use]
pub fn error(error: &Error) -> String {
    command(&Remark {
        rule: "error".to_owned(),
        severity: Severity::Error,
        place: None,
        title: "practice could not check".to_owned(),
        message: error.in_a_line(),
    })
}

fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::CouldNotCheck => "could not check",
    }
}

fn command(remark: &Remark) -> String {
    let name = match remark.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "notice",
    };
    let mut properties: Vec<String> = Vec::new();
    if let Some(place) = &remark.place {
        properties.push(format!("file={}", property(&place.file)));
        properties.extend(place.line.map(|line| format!("line={line}")));
        properties.extend(place.line.and(place.column).map(|column| format!("col={column}")));
    }
    properties.push(format!("title={}", property(&remark.title)));
    format!("::{name} {}::{}", properties.join(","), data(&remark.message))
}

/// A command is one line, and a line that begins like one is obeyed: nothing of the checked code
/// may begin a line.
fn data(text: &str) -> String {
    clean(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn what_fails_comes_first_and_names_the_users_path() {
        let solution = samples::solution();
        let text = check(&samples::failed(), &Sources::of_solution(&solution));
        insta::assert_snapshot!(text, @r#"
        ::error file=ws/lib/limiter.ex,line=3,title=test failed%3A counts every call of a user%2C however many there are%2C in the window before it::soon
        ::error title=test failed%3A counts per user::Assertion with == failed%0Acode:  assert Limiter.check(1) == :ok%0Aleft:  "[31mred"%0Aright: :ok
        ::notice title=credo%3A not run::Credo is not installed
        limiter: failed
        "#);
    }

    #[test]
    fn nothing_that_is_checked_can_give_a_command() {
        let remark = Remark {
            rule: "r".into(),
            severity: Severity::Error,
            place: Some(Place { file: "a,b:c%.ex".into(), line: Some(1), column: Some(2) }),
            title: "t::error::x\n::stop-commands::x".into(),
            message: "m\n::add-mask::x\r\n100%".into(),
        };
        assert_eq!(
            command(&remark),
            "::error file=a%2Cb%3Ac%25.ex,line=1,col=2,title=t%3A%3Aerror%3A%3Ax%0A%3A%3Astop-commands%3A%3Ax\
             ::m%0A::add-mask::x%0A100%25"
        );
    }
}
