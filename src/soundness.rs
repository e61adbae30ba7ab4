//! Whether an exercise is sound: what `practice verify` proves. Pure: it reads reports.

use std::{collections::BTreeSet, path::Path};

use regex::Regex;

use crate::{
    exercise::{Declared, Exercise, Variant, VariantKind, lock},
    hint::Trigger,
    plan::{Step, TestId},
    report::{Outcome, Report, StepReport, Verdict, Why},
};

/// Levels of a hint for a test or an own rule.
const LEVELS: usize = 3;

/// What may lie in an exercise's folder.
const FILES: [&str; 3] = ["exercise.toml", "README.md", "notes.md"];
const FOLDERS: [&str; 10] =
    ["stub", "support", "stand_ins", "packages", "test", "hidden", "race", "solution", "alternatives", "bad"];

/// A variant, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: VariantKind,
    /// What it had to come to.
    pub declared: String,
    /// What it came to.
    pub got: String,
    /// Whether these agree.
    pub sound: bool,
    /// Whether it was judged at all.
    pub judged: bool,
}

/// An exercise, and what became of its variants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExerciseSoundness {
    /// Its id.
    pub id: String,
    /// What is wrong with its files, each in a sentence.
    pub problems: Vec<String>,
    /// Its variants, in order.
    pub variants: Vec<Checked>,
}

/// The result of `practice verify`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Soundness {
    /// In the order of their ids.
    pub exercises: Vec<ExerciseSoundness>,
    /// Steps that could not run here, with the reason.
    pub steps_not_run: Vec<(Step, String)>,
    /// Whether these are a failure.
    pub all_steps_needed: bool,
}

impl Soundness {
    /// What it comes to: as for a check, what was judged comes before what could not be.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let variants = || self.exercises.iter().flat_map(|exercise| &exercise.variants);
        let has_problems = self.exercises.iter().any(|exercise| !exercise.problems.is_empty());
        if has_problems || variants().any(|variant| variant.judged && !variant.sound) {
            Verdict::Failed
        } else if variants().next().is_none()
            || variants().any(|variant| !variant.judged)
            || (self.all_steps_needed && !self.steps_not_run.is_empty())
        {
            Verdict::CouldNotCheck
        } else {
            Verdict::Passed
        }
    }
}

/// Holds a variant's report against what is declared.
#[must_use]
pub fn judge(variant: &Variant, report: &Report) -> Checked {
    let problem = match report.verdict() {
        Verdict::CouldNotCheck => Some(could_not_check(report)),
        _ => problem(&variant.declared, report),
    };
    Checked {
        name: variant.name.clone(),
        kind: variant.kind,
        declared: variant.declared.to_string(),
        sound: problem.is_none(),
        got: problem.unwrap_or_else(|| variant.declared.to_string()),
        judged: report.verdict() != Verdict::CouldNotCheck,
    }
}

/// A variant that could not be run at all.
#[must_use]
pub fn unjudged(variant: &Variant, reason: String) -> Checked {
    Checked {
        name: variant.name.clone(),
        kind: variant.kind,
        declared: variant.declared.to_string(),
        got: reason,
        sound: false,
        judged: false,
    }
}

fn could_not_check(report: &Report) -> String {
    let broken =
        report.steps.iter().find(|step| !matches!(step.outcome, Outcome::Passed | Outcome::NotRun(_)));
    broken.map_or_else(
        || "no step could run".to_owned(),
        |step| format!("{}: {}", step.step, step.outcome.reason().unwrap_or_default()),
    )
}

/// What a report has against what is declared.
fn problem(declared: &Declared, report: &Report) -> Option<String> {
    match declared {
        Declared::Passes => not_spotless(report),
        Declared::Fails => {
            let compiled = report.step(Step::Compile).is_some_and(|step| step.outcome == Outcome::Passed);
            match (compiled, report.verdict()) {
                (false, _) => Some("does not compile".to_owned()),
                (true, Verdict::Passed) => Some("passes".to_owned()),
                (true, _) => None,
            }
        }
        Declared::FailsIn { step, name, message, hint } => fails_elsewhere(report, *step)
            .or_else(|| other_cause(report, *step, name.as_deref(), message.as_deref()))
            .or_else(|| other_hint(report, hint)),
    }
}

/// The first finding or failure of a solution that must have none.
fn not_spotless(report: &Report) -> Option<String> {
    report.steps.iter().find_map(|step| {
        let fine = matches!(step.outcome, Outcome::Passed | Outcome::NotRun(Why::Missing(_) | Why::LeftOut));
        let finding = step.findings.first();
        (!fine || finding.is_some()).then(|| format!("{}: {}", step.step, first_cause(step)))
    })
}

fn fails_elsewhere(report: &Report, declared: Step) -> Option<String> {
    let failed: Vec<&StepReport> = report.steps.iter().filter(|step| step.judged_failure()).collect();
    match failed.as_slice() {
        [] => Some("passes".to_owned()),
        [only] if only.step == declared => None,
        several => {
            let each = several.iter().map(|step| format!("{}: {}", step.step, first_cause(step)));
            Some(each.collect::<Vec<_>>().join("; "))
        }
    }
}

fn other_cause(report: &Report, step: Step, name: Option<&str>, message: Option<&str>) -> Option<String> {
    let step = report.step(step)?;
    let (got_name, got_message) = first_name_and_message(step);
    let name_holds = name.is_none_or(|name| got_name.as_deref() == Some(name));
    let message_holds =
        message.is_none_or(|message| Regex::new(message).is_ok_and(|regex| regex.is_match(&got_message)));
    (!name_holds || !message_holds).then(|| format!("{}: {}", step.step, first_cause(step)))
}

fn other_hint(report: &Report, declared: &str) -> Option<String> {
    let first = report.hints.first().map(|hint| hint.id.as_str());
    (first != Some(declared)).then(|| format!("shows hint {} first", first.unwrap_or("none")))
}

fn first_cause(step: &StepReport) -> String {
    let (name, message) = first_name_and_message(step);
    let first_line = message.lines().next().unwrap_or_default();
    match name {
        Some(name) if first_line.is_empty() => name,
        Some(name) if step.step == Step::Test => name,
        Some(name) => format!("{name}: {first_line}"),
        None => first_line.to_owned(),
    }
}

fn first_name_and_message(step: &StepReport) -> (Option<String>, String) {
    if let Some(test) = step.tests.iter().find(|test| test.has_failed()) {
        let message = test.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
        return (Some(test.name.clone()), message);
    }
    if let Some(finding) = step.failing(false).next().or(step.findings.first()) {
        return (Some(finding.rule.clone()), finding.message.clone());
    }
    (None, step.outcome.reason().unwrap_or_else(|| "failed".to_owned()))
}

/// What is wrong with an exercise's files, before anything is run.
#[must_use]
pub fn problems(exercise: &Exercise) -> Vec<String> {
    let expected = match exercise.expected_tests() {
        Ok(expected) => expected,
        Err(error) => return vec![format!("{} cannot be read: {error}", lock::PATH)],
    };
    let mut problems = Vec::new();
    problems.extend(missing_files(exercise));
    problems.extend(unexpected_files(exercise));
    if expected.is_empty() {
        // What else names a test cannot be held against anything.
        problems.push(format!("{} is missing: write it with `practice verify --update`", lock::PATH));
        return problems;
    }
    problems.extend(missing_hints(exercise, &expected));
    problems.extend(idle_triggers(exercise, &expected));
    problems.extend(wrong_declarations(exercise, &expected));
    problems
}

fn missing_files(exercise: &Exercise) -> Vec<String> {
    let mut missing: Vec<String> = FILES.iter().map(|file| (*file).to_owned()).collect();
    missing.push("test/test_helper.exs".to_owned());
    for variant in exercise.variants() {
        missing.extend(exercise.manifest.files.iter().map(|file| format!("{}/{file}", variant.folder)));
    }
    missing.extend(exercise.manifest.late_tests.iter().cloned());
    missing.retain(|path| !exercise.files.contains_key(path));
    missing.into_iter().map(|path| format!("{path} is missing")).collect()
}

fn unexpected_files(exercise: &Exercise) -> Vec<String> {
    let declared: BTreeSet<String> = exercise.variants().into_iter().map(|variant| variant.folder).collect();
    let of_variant = |path: &str| {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            [kind @ ("alternatives" | "bad"), name, "lib", ..] => {
                declared.contains(&format!("{kind}/{name}"))
            }
            ["stub" | "solution", "lib", ..]
            | ["support" | "stand_ins" | "test" | "hidden" | "race", ..]
            | ["packages", "support" | "test", _, ..] => true,
            ["packages", file] => Path::new(file).extension().is_some_and(|extension| extension == "lock"),
            [file] => FILES.contains(file),
            _ => false,
        }
    };
    let unexpected = exercise.files.keys().filter(|path| !of_variant(path));
    unexpected
        .map(|path| {
            let folder = path.split('/').next().unwrap_or_default();
            match folder {
                "alternatives" | "bad" => format!("{path} belongs to no variant in exercise.toml"),
                "packages" => {
                    format!("{path} is no lock file, and not under packages/support/ or packages/test/")
                }
                folder if FOLDERS.contains(&folder) => {
                    format!("{path} is not where a variant's files are: under lib/")
                }
                _ => format!("{path} is not part of an exercise"),
            }
        })
        .collect()
}

fn missing_hints(exercise: &Exercise, expected: &[TestId]) -> Vec<String> {
    let hints = exercise.manifest.hints().unwrap_or_default();
    let has_hint = |wanted: &dyn Fn(&Trigger) -> bool| {
        hints.iter().any(|hint| hint.levels.len() == LEVELS && hint.when.iter().any(wanted))
    };
    let tests = expected
        .iter()
        .filter(|id| !has_hint(&|trigger| matches!(trigger, Trigger::Test(name) if *name == id.name)))
        .map(|id| format!("test \"{}\" has no hint of {LEVELS} levels", id.name));
    let rules = exercise.manifest.idioms.rules.iter().map(|rule| &rule.id);
    let rules = rules
        .filter(|id| !has_hint(&|trigger| matches!(trigger, Trigger::Rule(name) if name == *id)))
        .map(|id| format!("rule `{id}` has no hint of {LEVELS} levels"));
    tests.chain(rules).collect()
}

/// Triggers that name a test which does not exist: a typo, or a test that was renamed.
fn idle_triggers(exercise: &Exercise, expected: &[TestId]) -> Vec<String> {
    let hints = exercise.manifest.hints().unwrap_or_default();
    let idle = hints.iter().flat_map(|hint| {
        hint.when.iter().filter_map(move |trigger| match trigger {
            Trigger::Test(name) if !expected.iter().any(|id| id.name == *name) => {
                Some(format!("hint `{}` is for test \"{name}\", which does not exist", hint.id))
            }
            _ => None,
        })
    });
    idle.collect()
}

fn wrong_declarations(exercise: &Exercise, expected: &[TestId]) -> Vec<String> {
    let hints = exercise.manifest.hints().unwrap_or_default();
    let mut wrong = Vec::new();
    for (name, bad) in &exercise.manifest.variants.bad {
        if let Some(test) = &bad.test
            && !expected.iter().any(|id| id.name == *test)
        {
            wrong.push(format!("bad/{name} declares test \"{test}\", which does not exist"));
        }
        let of_shared_rule = bad.rule.as_deref() == Some(bad.hint.as_str());
        if !of_shared_rule && !hints.iter().any(|hint| hint.id == bad.hint) {
            wrong.push(format!("bad/{name} declares hint `{}`, which does not exist", bad.hint));
        }
        if bad.test.is_none() && bad.rule.is_none() && bad.message.is_none() {
            wrong.push(format!("bad/{name} declares neither test, rule nor message"));
        }
    }
    wrong
}
