//! JSON, version 1. Its own structs: a change of the domain must not change what programs read.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::human::InstalledRow;
use crate::{
    error::Error,
    exercise::{Exercise, Supply},
    finding::Finding,
    health::{self, Item},
    hint::ShownHint,
    report::{Outcome, Report, StepReport, TestOutcome, TestResult, Verdict},
    soundness::Soundness,
};

/// The version of every JSON object that this program writes.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Check<'a> {
    version: u32,
    kind: &'static str,
    practice: &'static str,
    exercise: &'a str,
    exercise_revision: &'a str,
    solution_sha256: &'a str,
    verdict: &'static str,
    complete: bool,
    duration_ms: u64,
    toolchain: Option<Toolchain<'a>>,
    packages: Packages<'a>,
    sandbox: &'a str,
    steps: Vec<Step<'a>>,
    hints: Vec<Hint<'a>>,
}

#[derive(Serialize)]
struct Toolchain<'a> {
    elixir: &'a str,
    otp: &'a str,
}

/// What stood behind the packages that the exercise needs.
#[derive(Serialize)]
struct Packages<'a> {
    source: &'static str,
    versions: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Step<'a> {
    name: &'static str,
    outcome: &'static str,
    reason: Option<String>,
    duration_ms: u64,
    tests: Vec<Test<'a>>,
    findings: Vec<FindingJson<'a>>,
}

#[derive(Serialize)]
struct Test<'a> {
    name: &'a str,
    module: &'a str,
    outcome: &'static str,
    file: Option<&'a str>,
    line: Option<u32>,
    duration_ms: u64,
    message: Option<&'a str>,
    left: Option<&'a str>,
    right: Option<&'a str>,
    raised_at: Option<RaisedAt<'a>>,
    output: Option<&'a str>,
}

#[derive(Serialize)]
struct RaisedAt<'a> {
    file: &'a str,
    line: Option<u32>,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    rule: &'a str,
    severity: String,
    file: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    message: &'a str,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Hint<'a> {
    id: &'a str,
    level: usize,
    of: usize,
    text: &'a str,
    because: &'a str,
}

/// The result of a check.
#[must_use]
pub fn check(report: &Report) -> String {
    write(&Check {
        version: VERSION,
        kind: "check",
        practice: env!("CARGO_PKG_VERSION"),
        exercise: &report.exercise,
        exercise_revision: &report.revision,
        solution_sha256: &report.solution_sha256,
        verdict: verdict(report.verdict()),
        complete: report.complete(),
        duration_ms: millis(report.duration),
        toolchain: report.versions.as_ref().map(|found| Toolchain { elixir: &found.elixir, otp: &found.otp }),
        packages: Packages {
            source: match report.supply {
                Supply::Nothing => "none",
                Supply::Packages => "hex",
                Supply::StandIns => "stand_ins",
            },
            versions: &report.packages,
        },
        sandbox: &report.sandbox,
        steps: report.steps.iter().map(step).collect(),
        hints: report.hints.iter().filter_map(hint).collect(),
    })
}

fn step(report: &StepReport) -> Step<'_> {
    Step {
        name: report.step.name(),
        outcome: outcome(&report.outcome),
        reason: report.outcome.reason(),
        duration_ms: millis(report.duration),
        tests: report.tests.iter().map(test).collect(),
        findings: report.findings.iter().map(finding).collect(),
    }
}

fn test(result: &TestResult) -> Test<'_> {
    let failure = result.failure.as_ref();
    Test {
        name: &result.name,
        module: &result.module,
        outcome: match result.outcome {
            TestOutcome::Passed => "passed",
            TestOutcome::Failed => "failed",
            TestOutcome::TimedOut => "timed_out",
            TestOutcome::NotRun | TestOutcome::Missing => "not_run",
        },
        file: result.place.as_ref().map(|place| place.file.as_str()),
        line: result.place.as_ref().and_then(|place| place.line),
        duration_ms: millis(result.duration),
        message: failure.map(|failure| failure.message.as_str()),
        left: failure.and_then(|failure| failure.left.as_deref()),
        right: failure.and_then(|failure| failure.right.as_deref()),
        raised_at: failure
            .and_then(|failure| failure.raised_at.as_ref())
            .map(|place| RaisedAt { file: &place.file, line: place.line }),
        output: result.output.as_deref(),
    }
}

fn finding(finding: &Finding) -> FindingJson<'_> {
    FindingJson {
        rule: &finding.rule,
        severity: finding.severity.to_string(),
        file: &finding.place.file,
        line: finding.place.line,
        column: finding.place.column,
        message: &finding.message,
        help: finding.help.as_deref(),
    }
}

fn hint(hint: &ShownHint) -> Option<Hint<'_>> {
    let text = hint.levels.first()?;
    Some(Hint { id: &hint.id, level: 1, of: hint.levels.len(), text, because: &hint.because })
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::CouldNotCheck => "could_not_check",
    }
}

/// The word for an outcome.
pub(super) fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed(_) => "failed",
        Outcome::TimedOut { .. } => "timed_out",
        Outcome::Died { .. } => "died",
        Outcome::NotRun(_) => "not_run",
        Outcome::Broken(_) => "broken",
    }
}

#[derive(Serialize)]
struct List<'a> {
    version: u32,
    kind: &'static str,
    exercises: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    title: &'a str,
    difficulty: &'static str,
    minutes: u32,
    topics: &'a [String],
    needs: &'a [String],
    ready: bool,
    solved: bool,
    state: &'static str,
}

/// An exercise in a list, with what this machine and this learner have to do with it.
#[derive(Clone, Copy, Debug)]
pub struct ListRow<'a> {
    /// The exercise.
    pub exercise: &'a Exercise,
    /// What it runs on here.
    pub footing: Footing,
    /// How far the learner is.
    pub standing: Standing,
}

/// What an exercise runs on, as a list tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Footing {
    /// It needs nothing, or what it needs is installed.
    Complete,
    /// Stand-ins take the place of what it needs.
    StandIns,
    /// It cannot be checked yet.
    Absent,
}

/// How far a learner is with an exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was never started.
    New,
    /// It was started or checked.
    Begun,
    /// A check has passed.
    Solved,
}

impl Standing {
    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Begun => "begun",
            Self::Solved => "solved",
        }
    }
}

/// The list of exercises.
#[must_use]
pub fn list(rows: &[ListRow<'_>]) -> String {
    let exercises = rows.iter().map(|&ListRow { exercise, footing, standing }| Listed {
        id: &exercise.id,
        title: &exercise.manifest.title,
        difficulty: exercise.manifest.difficulty.name(),
        minutes: exercise.manifest.minutes,
        topics: &exercise.manifest.topics,
        needs: &exercise.manifest.needs,
        ready: footing != Footing::Absent,
        solved: standing == Standing::Solved,
        state: standing.name(),
    });
    write(&List { version: VERSION, kind: "list", exercises: exercises.collect() })
}

#[derive(Serialize)]
struct Verify<'a> {
    version: u32,
    kind: &'static str,
    verdict: &'static str,
    exercises: Vec<VerifiedExercise<'a>>,
    steps_not_run: Vec<NotRun<'a>>,
}

#[derive(Serialize)]
struct VerifiedExercise<'a> {
    id: &'a str,
    problems: &'a [String],
    variants: Vec<VerifiedVariant<'a>>,
}

#[derive(Serialize)]
struct VerifiedVariant<'a> {
    name: &'a str,
    kind: &'static str,
    declared: &'a str,
    got: &'a str,
    sound: bool,
}

#[derive(Serialize)]
struct NotRun<'a> {
    step: &'static str,
    reason: &'a str,
}

/// Whether exercises are sound.
#[must_use]
pub fn verify(soundness: &Soundness) -> String {
    write(&Verify {
        version: VERSION,
        kind: "verify",
        verdict: verdict(soundness.verdict()),
        exercises: soundness
            .exercises
            .iter()
            .map(|exercise| VerifiedExercise {
                id: &exercise.id,
                problems: &exercise.problems,
                variants: exercise
                    .variants
                    .iter()
                    .map(|variant| VerifiedVariant {
                        name: &variant.name,
                        kind: variant.kind.name(),
                        declared: &variant.declared,
                        got: &variant.got,
                        sound: variant.sound,
                    })
                    .collect(),
            })
            .collect(),
        steps_not_run: soundness
            .steps_not_run
            .iter()
            .map(|(step, reason)| NotRun { step: step.name(), reason })
            .collect(),
    })
}

#[derive(Serialize)]
struct Doctor<'a> {
    version: u32,
    kind: &'static str,
    practice: &'static str,
    complete: bool,
    items: Vec<DoctorItem<'a>>,
}

#[derive(Serialize)]
struct DoctorItem<'a> {
    name: &'a str,
    state: &'static str,
    detail: &'a str,
    todo: Option<&'a str>,
}

/// What was found on this machine.
#[must_use]
pub fn doctor(items: &[Item]) -> String {
    write(&Doctor {
        version: VERSION,
        kind: "doctor",
        practice: env!("CARGO_PKG_VERSION"),
        complete: health::nothing_is_missing(items),
        items: items
            .iter()
            .map(|item| DoctorItem {
                name: item.name,
                state: item.state.name(),
                detail: &item.detail,
                todo: item.todo.as_deref(),
            })
            .collect(),
    })
}

#[derive(Serialize)]
struct Setup<'a> {
    version: u32,
    kind: &'static str,
    toolchain: Toolchain<'a>,
    sets: Vec<InstalledSet<'a>>,
    type_information: &'a [String],
}

#[derive(Serialize)]
struct InstalledSet<'a> {
    name: &'a str,
    folder: String,
    bytes: u64,
    packages: &'a BTreeMap<String, String>,
}

/// What was set up, and for which versions.
#[must_use]
pub fn setup(elixir: &str, otp: &str, rows: &[InstalledRow<'_>], typed: &[String]) -> String {
    write(&Setup {
        version: VERSION,
        kind: "setup",
        toolchain: Toolchain { elixir, otp },
        sets: rows
            .iter()
            .map(|row| InstalledSet {
                name: &row.set.name,
                folder: row.folder.display().to_string(),
                bytes: row.bytes,
                packages: &row.set.versions,
            })
            .collect(),
        type_information: typed,
    })
}

#[derive(Serialize)]
struct ErrorJson<'a> {
    version: u32,
    kind: &'static str,
    message: String,
    causes: Vec<String>,
    hints: &'a [String],
}

/// What kept a command from its work, for whoever reads standard output.
#[must_use]
pub fn error(error: &Error) -> String {
    let causes = error.causes().map(ToString::to_string).collect();
    let hints = error.hints();
    write(&ErrorJson { version: VERSION, kind: "error", message: error.to_string(), causes, hints: &hints })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn write(value: &impl Serialize) -> String {
    // Every key is a string and every value is plain: there is nothing that could fail.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::render::samples;

    fn parsed(report: &Report) -> Value {
        serde_json::from_str(&check(report)).unwrap()
    }

    #[test]
    fn every_field_of_version_1_is_there() {
        let report = parsed(&samples::failed());
        let keys: Vec<&String> = report.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "version",
                "kind",
                "practice",
                "exercise",
                "exercise_revision",
                "solution_sha256",
                "verdict",
                "complete",
                "duration_ms",
                "toolchain",
                "packages",
                "sandbox",
                "steps",
                "hints"
            ]
        );
        assert_eq!(report["version"], 1);
        assert_eq!(report["toolchain"], json!({"elixir": "1.14.0", "otp": "25"}));
        assert_eq!(report["steps"][1]["outcome"], "failed");
        let test = &report["steps"][1]["tests"][1];
        let fields = ["name", "outcome", "file", "line", "duration_ms", "message", "left", "right", "output"];
        assert!(fields.iter().all(|field| test.get(field).is_some()), "{test}");
        assert_eq!(test["right"], ":ok");
        assert_eq!(
            report["steps"][1]["tests"][0]["raised_at"],
            json!({"file": "ws/lib/limiter.ex", "line": 3})
        );
        assert_eq!(
            report["hints"],
            json!([{"id": "count", "level": 1, "of": 2, "text": "What does `check/1` return?", "because": report["hints"][0]["because"]}])
        );
    }

    #[test]
    fn verdicts_and_outcomes_are_the_words_of_version_1() {
        let word = |report: &Report| parsed(report)["verdict"].as_str().unwrap().to_owned();
        assert_eq!(word(&samples::passed()), "passed");
        assert_eq!(word(&samples::failed()), "failed");
        assert_eq!(word(&samples::broken()), "could_not_check");
        let passed = parsed(&samples::passed());
        assert_eq!(passed["complete"], false);
        assert_eq!(passed["steps"][4]["outcome"], "not_run");
        assert_eq!(passed["steps"][4]["reason"], "Credo is not installed");
        let finding = &passed["steps"][1]["findings"][0];
        assert_eq!(finding["severity"], "advice");
        assert_eq!((&finding["line"], &finding["column"]), (&json!(2), &json!(1)));
        assert_eq!(parsed(&samples::timed_out())["steps"][1]["outcome"], "timed_out");
        assert_eq!(parsed(&samples::timed_out())["steps"][1]["tests"][1]["outcome"], "not_run");
        assert_eq!(parsed(&samples::broken())["steps"][2]["outcome"], "broken");
    }
}
