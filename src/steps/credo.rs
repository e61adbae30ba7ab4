//! Credo's issues as findings: those of the analysis VM, and those that `mix credo` prints.

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::{Unjudged, idioms};
use crate::{
    event::Ran,
    finding::{Finding, Place, Severity},
    plan::SourceFile,
};

/// From this exit status on, Credo has failed; below it is the sum of what was found.
const FAILED: i32 = 128;

/// An issue.
#[derive(Debug)]
pub struct Issue {
    /// `Credo.Check.Refactor.Nesting`
    pub check: String,
    /// `warning`, `refactor`, `readability`, `design`, `consistency`
    pub category: String,
    /// Where.
    pub place: Place,
    /// One line.
    pub message: String,
    /// The words that it is about.
    pub trigger: Option<String>,
    /// What Credo has to say about the check.
    pub explanation: Option<String>,
}

/// An issue as a finding. Only Credo's category *warning* fails a check.
#[must_use]
pub fn finding(issue: Issue) -> Finding {
    Finding {
        rule: issue.check,
        severity: if issue.category == "warning" { Severity::Error } else { Severity::Advice },
        place: issue.place,
        message: issue.message.trim().trim_end_matches('.').to_owned(),
        help: issue.explanation.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
        credo: None,
        trigger: issue.trigger.as_deref().map(in_source).filter(|trigger| !trigger.is_empty()),
    }
}

/// Modules have a prefix that the source does not spell out.
fn in_source(trigger: &str) -> String {
    trigger.strip_prefix("Elixir.").unwrap_or(trigger).to_owned()
}

/// What `mix credo --format json` prints. It holds no explanations.
#[derive(Deserialize)]
struct Printed {
    issues: Vec<PrintedIssue>,
}

#[derive(Deserialize)]
struct PrintedIssue {
    check: String,
    category: String,
    filename: String,
    line_no: Option<u32>,
    column: Option<u32>,
    message: String,
    /// A text, or what a check has put there instead.
    #[serde(default)]
    trigger: Value,
}

impl From<PrintedIssue> for Issue {
    fn from(printed: PrintedIssue) -> Self {
        let PrintedIssue { check, category, filename, line_no, column, message, trigger } = printed;
        Self {
            check,
            category,
            place: Place { file: filename, line: line_no, column },
            message,
            trigger: trigger.as_str().map(str::to_owned),
            explanation: None,
        }
    }
}

/// The findings of a `mix credo --format json` that has exited with this status.
///
/// It is evidence for all files only if none of them was left out, if the whole list can be read, and
/// if the status says the same as the list: 0 if and only if there is no issue.
///
/// # Errors
/// It is not.
pub fn read(status: i32, ran: &Ran, solution: &[SourceFile]) -> Result<Vec<Finding>, Unjudged> {
    let broken = |what: &str| Err(Unjudged::Broken(format!("`mix credo` {what}: {}", ran.end())));
    if status >= FAILED {
        return broken("failed");
    }
    if let Some(unread) = left_out(&ran.stderr, solution) {
        return Err(unread);
    }
    let Some(printed) = printed(&ran.stdout) else { return broken("printed no list of issues") };
    if printed.issues.is_empty() != (status == 0) {
        return broken(&format!("listed {} issues", printed.issues.len()));
    }
    Ok(printed.issues.into_iter().map(|issue| finding(issue.into())).collect())
}

/// The list, with nothing behind it. Mix may have said something before it.
fn printed(stdout: &str) -> Option<Printed> {
    let begin = if stdout.starts_with('{') { 0 } else { stdout.find("\n{")? };
    serde_json::from_str(&stdout[begin..]).ok()
}

/// Credo goes on without a file that it cannot read, and says so on standard error, on a line that
/// ends with its name.
fn left_out(stderr: &str, solution: &[SourceFile]) -> Option<Unjudged> {
    let named = |file: &&SourceFile| stderr.lines().any(|line| line.trim_end().ends_with(&file.path));
    let file = &solution.iter().find(named)?.path;
    Some(if stderr.contains("in the time allotted") {
        Unjudged::Broken(format!("`mix credo` had not the time to read {file}"))
    } else {
        Unjudged::Blocked(format!("{file} does not parse"))
    })
}

/// A comment as Credo itself looks for it.
static SWITCHES_OFF: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)#\s*(credo:disable)").ok());

/// The comments of a solution that switch Credo off, which Credo itself does not report.
#[must_use]
pub fn suppressions(solution: &[SourceFile]) -> Vec<Finding> {
    solution.iter().flat_map(suppressions_in).collect()
}

fn suppressions_in(file: &SourceFile) -> Vec<Finding> {
    let comments = idioms::comments(&file.path, &file.text);
    let suppression = |(place, text): (Place, String)| {
        let words = SWITCHES_OFF.as_ref()?.captures(&text)?.get(1)?;
        let before = u32::try_from(text[..words.start()].chars().count()).unwrap_or(0);
        Some(Finding {
            rule: "practice.suppression".to_owned(),
            severity: Severity::Error,
            place: Place { column: place.column.map(|column| column + before), ..place },
            message: "a comment switches Credo off here".to_owned(),
            help: Some(
                "A solution is judged as it is; take the comment out and change what Credo points at."
                    .to_owned(),
            ),
            credo: None,
            trigger: Some(words.as_str().to_owned()),
        })
    };
    comments.into_iter().filter_map(suppression).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::HowEnded;

    /// Two issues of `mix credo --strict --format json`, Credo 1.7.
    const ISSUES: &str = r#"{
  "issues": [
    {
      "category": "readability",
      "check": "Credo.Check.Readability.ModuleDoc",
      "column": 11,
      "column_end": 17,
      "filename": "lib/double.ex",
      "line_no": 1,
      "message": "Modules should have a @moduledoc tag.",
      "priority": 1,
      "scope": "Double",
      "trigger": "Double"
    },
    {
      "category": "warning",
      "check": "Credo.Check.Warning.IoInspect",
      "column": 5,
      "column_end": 15,
      "filename": "lib/double.ex",
      "line_no": 5,
      "message": "There should be no calls to `IO.inspect/1`.",
      "priority": 12,
      "scope": "Double.double",
      "trigger": "IO.inspect"
    }
  ]
}
"#;

    const NONE: &str = "{\n  \"issues\": []\n}\n";

    const LEFT_OUT: &str =
        "info: Some source files could not be parsed correctly and are excluded:\n\n   1) lib/double.ex\n\n";

    fn ran(stdout: &str, stderr: &str) -> Ran {
        let (stdout, stderr) = (stdout.to_owned(), stderr.to_owned());
        Ran { how: HowEnded::Exited(0), stdout, stderr, duration: Duration::ZERO }
    }

    fn solution(text: &str) -> Vec<SourceFile> {
        let path = "lib/double.ex".to_owned();
        vec![SourceFile { shown: path.clone(), path, text: text.to_owned() }]
    }

    fn read_of(status: i32, stdout: &str, stderr: &str) -> Result<Vec<Finding>, Unjudged> {
        read(status, &ran(stdout, stderr), &solution(""))
    }

    #[test]
    fn issues_become_findings() {
        let findings = read_of(20, ISSUES, "").unwrap();
        let [advice, error] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!(advice.severity, Severity::Advice);
        assert_eq!(advice.trigger.as_deref(), Some("Double"));
        assert_eq!((error.rule.as_str(), error.severity), ("Credo.Check.Warning.IoInspect", Severity::Error));
        let place = Place { file: "lib/double.ex".into(), line: Some(5), column: Some(5) };
        assert_eq!(error.place, place);
        assert_eq!(error.message, "There should be no calls to `IO.inspect/1`");
    }

    #[test]
    fn what_mix_says_before_the_list_is_passed_over() {
        assert_eq!(read_of(0, &format!("Compiling 1 file (.ex)\n{NONE}"), ""), Ok(Vec::new()));
    }

    #[test]
    fn a_pass_needs_a_whole_list_and_a_status_that_agrees() {
        let cases = [
            (0, "", "printed no list of issues"),
            (0, &NONE[..NONE.len() - 3], "printed no list of issues"),
            (0, &format!("{NONE}rest"), "printed no list of issues"),
            (0, ISSUES, "listed 2 issues"),
            (16, NONE, "listed 0 issues"),
            (129, NONE, "failed"),
        ];
        for (status, stdout, expected) in cases {
            match read_of(status, stdout, "") {
                Err(Unjudged::Broken(reason)) => assert!(reason.contains(expected), "{reason}"),
                other => panic!("{status} {stdout}: {other:?}"),
            }
        }
    }

    /// Credo then lists no issue, and exits with 0.
    #[test]
    fn a_file_that_was_left_out_has_not_passed() {
        let blocked = Unjudged::Blocked("lib/double.ex does not parse".into());
        assert_eq!(read_of(0, NONE, LEFT_OUT), Err(blocked));
        let late = LEFT_OUT.replace(
            "could not be parsed correctly and are excluded",
            "were not parsed in the time allotted",
        );
        assert!(matches!(read_of(0, NONE, &late), Err(Unjudged::Broken(_))));
    }

    #[test]
    fn comments_that_switch_credo_off_are_found_and_no_strings() {
        let text = "defmodule Double do\n  # credo:disable-for-next-line\n  def run, do: \"# credo:disable-for-this-file\" \
                    # é CREDO, # credo:disable-for-previous-line\n  # about credo\nend\n";
        let found = suppressions(&solution(text));
        let places: Vec<_> = found.iter().map(|finding| (finding.place.line, finding.place.column)).collect();
        assert_eq!(places, [(Some(2), Some(5)), (Some(3), Some(61))]);
        assert!(found.iter().all(|finding| finding.severity == Severity::Error));
    }

    /// What the grammar does not know cannot hide a comment.
    #[test]
    fn a_file_that_cannot_be_read_as_a_whole_is_read_by_lines() {
        let text = "x = )\nf(1) # credo:disable-for-this-file\n";
        let found = suppressions(&solution(text));
        assert_eq!(found[0].place, Place { file: "lib/double.ex".into(), line: Some(2), column: Some(8) });
    }

    #[test]
    fn a_module_is_named_as_the_source_names_it() {
        assert_eq!(in_source("Elixir.Enum"), "Enum");
        assert_eq!(in_source("Enum.map"), "Enum.map");
    }
}
