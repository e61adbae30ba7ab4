//! The shared idiom rules next to the checks of the real Credo that they name: on every case of such
//! a rule both must report the same lines, or the rule says why not.
//!
//! Credo is not in the repository. `PRACTICE_PACKAGES` names a folder with a compiled one; without it
//! nothing is compared, and the test says so.

#![allow(clippy::disallowed_methods, reason = "tests start programs")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use practice::{
    exercise_set::shared_rules,
    rule::{RuleDef, RuleFile},
    steps::idioms::RuleSet,
};
use support::announce;

type Lines = BTreeSet<u32>;

/// A snippet of a rule that names a check of Credo.
struct Case<'r> {
    rule: &'r RuleDef,
    check: &'r str,
    snippet: &'r str,
    /// Its file's name.
    file: String,
}

fn cases(file: &RuleFile) -> Vec<Case<'_>> {
    let rules = file.rules.iter().filter_map(|rule| Some((rule, rule.credo.as_deref()?)));
    let snippets = rules.flat_map(|(rule, check)| {
        rule.valid.iter().chain(&rule.invalid).map(move |snippet| (rule, check, snippet))
    });
    snippets
        .enumerate()
        .map(|(index, (rule, check, snippet))| Case {
            rule,
            check,
            snippet,
            file: format!("case_{index}.ex"),
        })
        .collect()
}

/// The lines that each check reports in each file.
fn credo_lines(folder: &Path, packages: &Path, cases: &[Case<'_>]) -> BTreeMap<(String, String), Lines> {
    for case in cases {
        fs::write(folder.join(&case.file), case.snippet).unwrap();
    }
    let checks: BTreeSet<&str> = cases.iter().map(|case| case.check).collect();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/elixir/credo_issues.exs");
    let output = Command::new("elixir")
        .arg(script)
        .arg(folder)
        .args(checks)
        .env("PRACTICE_PACKAGES", packages)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("credo read {} files", cases.len())), "{said}");
    let mut lines: BTreeMap<_, Lines> = BTreeMap::new();
    for issue in String::from_utf8_lossy(&output.stdout).lines() {
        let [file, line, check] = issue.split('\t').collect::<Vec<_>>()[..] else { panic!("{issue}") };
        lines.entry((file.to_owned(), check.to_owned())).or_default().insert(line.parse().unwrap());
    }
    lines
}

/// The lines that its own rule reports.
fn rule_lines(rules: &RuleSet, case: &Case<'_>) -> Lines {
    let matches = rules.check(&[("lib/snippet.ex", case.snippet)]);
    matches.iter().filter(|found| found.rule == case.rule.id).map(|found| found.line).collect()
}

fn is_recorded(case: &Case<'_>) -> bool {
    case.rule.differs.iter().any(|difference| difference.on.iter().any(|snippet| snippet == case.snippet))
}

#[test]
fn rules_and_the_checks_they_name_report_the_same_or_say_why_not() {
    let Some(packages) = std::env::var_os("PRACTICE_PACKAGES").filter(|value| !value.is_empty()) else {
        announce("idioms and Credo: not compared, since `PRACTICE_PACKAGES` names no compiled Credo");
        return;
    };
    let file = RuleFile::parse(shared_rules()).unwrap();
    let rules = RuleSet::new(&file).unwrap();
    let cases = cases(&file);
    let folder = tempfile::tempdir().unwrap();
    let by_credo = credo_lines(folder.path(), Path::new(&packages), &cases);

    let mut wrong = Vec::new();
    let mut recorded = 0;
    for case in &cases {
        let ours = rule_lines(&rules, case);
        let theirs = by_credo.get(&(case.file.clone(), case.check.to_owned())).cloned().unwrap_or_default();
        let (id, snippet) = (&case.rule.id, case.snippet);
        match (ours == theirs, is_recorded(case)) {
            (false, false) => {
                wrong.push(format!("`{id}` reports lines {ours:?}, Credo {theirs:?}, in:\n{snippet}"));
            }
            (true, true) => {
                wrong.push(format!("`{id}` and Credo do not differ, as recorded, in:\n{snippet}"));
            }
            (agree, _) => recorded += usize::from(!agree),
        }
    }
    announce(&format!("idioms and Credo: {} cases compared, {recorded} recorded differences", cases.len()));
    assert!(wrong.is_empty(), "{} differences:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// Needs no Credo: what is recorded is about cases that there are.
#[test]
fn recorded_differences_name_cases_and_give_a_reason() {
    for rule in RuleFile::parse(shared_rules()).unwrap().rules {
        for difference in &rule.differs {
            assert!(rule.credo.is_some(), "`{}` differs from nothing", rule.id);
            assert!(!difference.because.trim().is_empty(), "`{}` gives no reason", rule.id);
            for snippet in &difference.on {
                let is_case = rule.valid.contains(snippet) || rule.invalid.contains(snippet);
                assert!(is_case, "`{}` has no case {snippet:?}", rule.id);
            }
        }
    }
}
