//! Results for people, in 80 columns; what colour says is also in words.

mod doctor;
mod excerpt;
mod failure;
mod list;
mod markdown;
mod setup;
mod verify;

use std::path::Path;

pub use self::{
    doctor::doctor,
    list::list,
    setup::{InstalledRow, about_to_install, exported, packages_removed, set_up},
    verify::verify,
};

use super::sources::Sources;
use crate::{
    exercise::{Exercise, nearest::Nearest},
    finding::Finding,
    hint::ShownHint,
    plan::Step,
    report::{Outcome, Report, StepReport, TestOutcome, TestResult, Verdict, Why},
    ui::{
        style::{BAD, FAINT, GOOD, HINT, MILD, STRONG, Styled},
        text::{WIDTH, clean, count, indent, seconds, shell_word, wrap},
    },
};

/// Findings that are shown in full; the rest are counted.
const SHOWN_FINDINGS: usize = 3;

/// The report of a check; `again` is the command that checks the same again.
#[must_use]
pub fn check(report: &Report, sources: &Sources<'_>, again: &str) -> String {
    let mut parts = Vec::new();
    match report.verdict() {
        Verdict::Failed => {
            parts.extend(failure::most_important(report, sources));
            parts.extend(report.hints.first().map(first_hint));
        }
        Verdict::Passed | Verdict::CouldNotCheck => {}
    }
    parts.extend(advice(report, sources));
    parts.push(step_lines(report));
    parts.push(verdict_line(report));
    parts.extend(what_next(report, again));
    parts.join("\n\n")
}

/// The last word, in one line.
#[must_use]
pub fn verdict_line(report: &Report) -> String {
    let time = seconds(report.duration);
    let id = Styled(STRONG, &report.exercise);
    match report.verdict() {
        Verdict::Passed if report.complete() => format!("{} {id} in {time}", Styled(GOOD, "passed")),
        Verdict::Passed => format!(
            "{} {id} in {time}, without {}, which could not run",
            Styled(GOOD, "passed"),
            report.lacking().join(" and ")
        ),
        Verdict::Failed => format!("{} {id} in {time}", Styled(BAD, "failed")),
        Verdict::CouldNotCheck => format!("{} {id}: {}", Styled(MILD, "could not check"), unjudged(report)),
    }
}

/// Whose turn it is, where the solution was not judged.
fn unjudged(report: &Report) -> String {
    let broken = report
        .steps
        .iter()
        .find(|step| !step.judged_failure() && !matches!(step.outcome, Outcome::Passed | Outcome::NotRun(_)));
    match broken {
        Some(step) => format!("{} broke off, not your code's fault", step.step),
        None if report.complete() => "no step could run".to_owned(),
        None => "not every step could run".to_owned(),
    }
}

fn what_next(report: &Report, again: &str) -> Option<String> {
    let id = &report.exercise;
    let check_again = (again.to_owned(), "when you have changed something");
    let lines = match report.verdict() {
        Verdict::Passed if report.solves() => vec![
            (
                format!("practice solution {id}"),
                "compare with the reference, and read what a reviewer looks for",
            ),
            ("practice list".to_owned(), "find the next exercise"),
        ],
        Verdict::Passed => vec![(again.to_owned(), "with every step, to solve it")],
        Verdict::Failed => {
            let hint = (!report.hints.is_empty()).then(|| ("practice hint".to_owned(), "the next hint"));
            let rest = what_is_not_shown(report)
                .map(|step| (format!("{again} --only {step}"), "what else there is to see"));
            hint.into_iter().chain(rest).chain([check_again]).collect()
        }
        Verdict::CouldNotCheck if !report.complete() => {
            vec![(format!("practice setup {id}"), "installs what is missing, then check again")]
        }
        Verdict::CouldNotCheck => return None,
    };
    let longest = lines.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    // A long path leaves no room beside it: what it is for goes below.
    let beside = longest + 4 + 20 <= WIDTH;
    let line = |(command, what): &(String, &str)| {
        let margin = " ".repeat(if beside { longest + 4 } else { 4 });
        let text = wrap(what, WIDTH, &margin, &margin);
        if beside {
            format!("  {}  {}", Styled(STRONG, format!("{command:longest$}")), text.trim_start())
        } else {
            format!("  {}\n{text}", Styled(STRONG, command))
        }
    };
    Some(format!("{}\n{}", Styled(FAINT, "next"), lines.iter().map(line).collect::<Vec<_>>().join("\n")))
}

/// The next step of a failing check that has something to say which the report only counts.
fn what_is_not_shown(report: &Report) -> Option<Step> {
    let shown = failure::most_important_step(report)?.step;
    let others = Step::BY_WEIGHT.into_iter().filter(|step| *step != shown);
    others.filter_map(|step| report.step(step)).find(|step| !step.findings.is_empty()).map(|step| step.step)
}

/// A line a step.
fn step_lines(report: &Report) -> String {
    let asked = report.steps.iter().filter(|step| step.outcome != Outcome::NotRun(Why::LeftOut));
    asked.map(|step| step_line(step, report.strict)).collect::<Vec<_>>().join("\n")
}

fn step_line(step: &StepReport, strict: bool) -> String {
    let (style, word) = match &step.outcome {
        Outcome::Passed => (GOOD, "passed"),
        Outcome::Failed(_) => (BAD, "failed"),
        Outcome::TimedOut { .. } => (BAD, "timed out"),
        Outcome::Died { .. } => (BAD, "died"),
        Outcome::NotRun(_) => (MILD, "not run"),
        Outcome::Broken(_) => (MILD, "broken"),
    };
    let time = if step.duration.is_zero() { String::new() } else { seconds(step.duration) };
    let start = format!("  {:<9} {} {time:>7}", step.step.name(), Styled(style, format!("{word:<9}")));
    let detail = detail(step, strict);
    if detail.is_empty() {
        return start.trim_end().to_owned();
    }
    let margin = " ".repeat(31);
    format!("{start}  {}", wrap(&detail, WIDTH, &margin, &margin).trim_start())
}

fn detail(step: &StepReport, strict: bool) -> String {
    let mut parts = Vec::new();
    if !step.tests.is_empty() {
        let number = |outcome| step.tests.iter().filter(|test| test.outcome == outcome).count();
        let (passed, missing) = (number(TestOutcome::Passed), number(TestOutcome::Missing));
        parts.push(format!("{passed} of {} passed", count(step.tests.len() - missing, "test")));
        if let Some(reason) = step.tests.iter().find_map(missing_reason) {
            parts.push(format!("{missing} not run: {reason}"));
        }
    }
    let errors = step.failing(strict).count();
    if errors > 0 {
        parts.push(count(errors, "error"));
    }
    let advice = step.findings.len() - errors;
    if advice > 0 {
        parts.push(if step.step == Step::Format {
            "not formatted".to_owned()
        } else {
            format!("{advice} to look at")
        });
    }
    // The rest of a long reason is shown where the failure is.
    parts.extend(step.outcome.reason().and_then(|reason| Some(clean(reason.lines().next()?))));
    parts.join(", ")
}

/// What a test lacks that cannot be run here.
fn missing_reason(test: &TestResult) -> Option<&str> {
    let failure = test.failure.as_ref().filter(|_| test.outcome == TestOutcome::Missing)?;
    Some(&failure.message)
}

/// What is worth a look without failing the check.
fn advice(report: &Report, sources: &Sources<'_>) -> Vec<String> {
    let mut advice: Vec<(&StepReport, &Finding)> = report
        .steps
        .iter()
        .flat_map(|step| step.findings.iter().map(move |finding| (step, finding)))
        .filter(|(_, finding)| !finding.fails(report.strict))
        .collect();
    advice.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    // While something fails, advice would draw the eye from it: it is counted in the step's line.
    if report.verdict() == Verdict::Failed {
        return Vec::new();
    }
    let mut parts: Vec<String> = advice
        .iter()
        .take(SHOWN_FINDINGS)
        .map(|(step, finding)| excerpt::finding(step.step, finding, report.strict, sources))
        .collect();
    if advice.len() > SHOWN_FINDINGS {
        let more = advice[SHOWN_FINDINGS..].iter().map(|(_, finding)| {
            let line = finding.place.line.map(|line| format!(":{line}")).unwrap_or_default();
            format!("  {}{line}  {}", finding.place.file, clean(&finding.message))
        });
        parts.push(format!("also worth a look\n{}", more.collect::<Vec<_>>().join("\n")));
    }
    parts
}

fn first_hint(hint: &ShownHint) -> String {
    hint_text(hint, 1)
}

fn hint_text(hint: &ShownHint, level: usize) -> String {
    let title = match hint.levels.len() {
        1 => "hint".to_owned(),
        of => format!("hint {level} of {of}"),
    };
    let text = hint.levels.get(level - 1).map(String::as_str).unwrap_or_default();
    let line = wrap(&format!("{title} ({})", clean(&hint.because)), WIDTH, "", "  ");
    let because = line.strip_prefix(title.as_str()).unwrap_or_default();
    format!("{}{}\n{}", Styled(HINT, &title), Styled(FAINT, because), markdown::wrapped(text, "  "))
}

/// One level of a hint; `more` says whether there is any other after it.
#[must_use]
pub fn hint(hint: &ShownHint, level: usize, more: bool, exercise: &str) -> String {
    let again = Styled(STRONG, "practice hint");
    let next = if level < hint.levels.len() {
        format!("{again} shows more")
    } else if more {
        format!("That was all of this hint. {again} goes on with what failed beside it.")
    } else {
        let solution = Styled(STRONG, format!("practice solution {exercise}"));
        format!("That was all of this hint.\n{solution} shows the reference.")
    };
    format!("{}\n\n{next}", hint_text(hint, level))
}

/// A new workspace, and where the learner's files of an older one are now.
#[must_use]
pub fn started(exercise: &Exercise, folder: &Path, kept: Option<&Path>, fetch: bool) -> String {
    let kept = kept.map(|kept| format!("\n  what you wrote is in {}", kept.display())).unwrap_or_default();
    let fetch = if fetch {
        format!(
            "\n\n{} installs the packages, once, for every check;\n{} in the workspace fetches them for your \
             editor and a plain mix test",
            Styled(STRONG, format!("practice setup {}", exercise.id)),
            Styled(STRONG, "mix deps.get")
        )
    } else {
        String::new()
    };
    let quoted = shell_word(folder);
    let folder = folder.display();
    let solution = exercise.manifest.files.join(", ");
    format!(
        "{}, {}, {}\n\n  {}  the task\n  {}  your solution{kept}{fetch}\n\n{}",
        Styled(STRONG, &exercise.manifest.title),
        count(exercise.manifest.minutes as usize, "minute"),
        Styled(FAINT, format!("in ./{folder}").replace("././", "./").replace(".//", "/")),
        Styled(STRONG, format!("{:<width$}", "README.md", width = solution.len())),
        Styled(STRONG, &solution),
        Styled(STRONG, format!("cd {quoted} && practice check")),
    )
}

/// A new skeleton, and what an author does with it.
#[must_use]
pub fn skeleton(id: &str, folder: &Path, set: &Path) -> String {
    let verify = format!("practice verify {id} --exercises {}", shell_word(set));
    let line = |command: &str, what: &str| format!("  {}\n    {what}", Styled(STRONG, command));
    [
        format!("A small exercise, to be changed into yours: {}\n", folder.display()),
        line(&format!("{verify} --update"), "writes the list of tests from the reference's run"),
        line(&verify, "says what is wrong or missing"),
    ]
    .join("\n")
}

/// An exercise that was begun anew.
#[must_use]
pub fn reset(exercise: &Exercise, workspace: Option<&Path>, kept: Option<&Path>) -> String {
    let mut lines = vec![format!("Progress in {} is forgotten.", Styled(STRONG, &exercise.id))];
    lines.extend(workspace.map(|folder| {
        let files: Vec<String> =
            exercise.manifest.files.iter().map(|file| folder.join(file).display().to_string()).collect();
        format!("The stub is back: {}", files.join(", "))
    }));
    lines.extend(kept.map(|kept| format!("What you wrote is in {}", kept.display())));
    lines.join("\n")
}

/// The reference, the reviewer's notes, and what is nearest to the learner's own solution.
#[must_use]
pub fn solution(exercise: &Exercise, nearest: Option<&Nearest>) -> String {
    let mut parts = Vec::new();
    for file in &exercise.manifest.files {
        let text = exercise.text(&format!("solution/{file}")).unwrap_or_default();
        parts.push(format!("{}\n\n{}", Styled(STRONG, file), text.trim_end()));
    }
    if let Some(notes) = exercise.text("notes.md") {
        parts.push(markdown::wrapped(&notes, ""));
    }
    parts.extend(nearest.map(beside_own));
    parts.join("\n\n")
}

/// How the accepted solution that is nearest differs from the learner's.
fn beside_own(nearest: &Nearest) -> String {
    let which = match &nearest.about {
        Some(about) => {
            format!("of the accepted solutions the nearest is `{}`: {about}", nearest.variant.name)
        }
        None => "of the accepted solutions the nearest is the reference".to_owned(),
    };
    let title = wrap(&format!("Beside yours: {which}"), WIDTH, "", "");
    if nearest.diff.is_empty() {
        return format!("{title}\n\n  They are the same, to the letter.");
    }
    format!("{}\n\n{}", Styled(STRONG, title), diff(&nearest.diff, usize::MAX))
}

/// What to type next, for somebody who typed nothing.
#[must_use]
pub fn welcome() -> String {
    let line = |command: &str, what: &str| format!("  {}  {what}", Styled(STRONG, format!("{command:<18}")));
    [
        "Practise Elixir live-coding interviews.".to_owned(),
        line("practice list", "see the exercises"),
        line("practice start ID", "begin one: a folder with the task, a stub and tests"),
        line("practice check", "judge your solution, in that folder"),
        line("practice hint", "when you are stuck (`practice --help` shows the rest)"),
    ]
    .join("\n")
}

/// Lines of a diff, coloured.
fn diff(text: &str, most: usize) -> String {
    let colored = |line: &str| match line.as_bytes().first() {
        Some(b'+') => Styled(GOOD, line).to_string(),
        Some(b'-') => Styled(BAD, line).to_string(),
        Some(b'@') => Styled(FAINT, line).to_string(),
        _ => line.to_owned(),
    };
    let cut = indent(&clean(text), "", most);
    cut.lines().map(|line| format!("  {}", colored(line))).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    /// Without colour, as it is where standard output is no terminal.
    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn shown(report: &Report) -> String {
        let solution = samples::solution();
        let text = plain(&check(report, &Sources::of_solution(&solution), "practice check"));
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "wider than {WIDTH} columns: {line}");
        }
        text
    }

    #[test]
    fn a_passing_run() {
        assert_snapshot!(shown(&samples::passed()), @"
        advice: `mix format` would change this file [format]
          ws/lib/limiter.ex:2:1
          @@ -2 +2 @@
          -  def check( user) do
          +  def check(user) do

          compile   passed     0.12 s
          format    passed     0.12 s  not formatted
          test      passed     0.12 s  1 of 1 test passed
          idioms    passed     0.12 s
          credo     not run            Credo is not installed

        passed limiter in 0.83 s, without credo, which could not run

        next
          practice solution limiter  compare with the reference, and read what a
                                     reviewer looks for
          practice list              find the next exercise
        ");
    }

    #[test]
    fn a_failing_run() {
        assert_snapshot!(shown(&samples::failed()), @r#"
        error: test failed: counts every call of a user, however many there are, in the
               window before it
          ╭▸ ws/lib/limiter.ex:3:5
          │
        3 │     raise "soon"
          ╰╴    ━━━━━━━━━━━━ raised here
          soon
          printed  checking

        1 more test fails
          counts per user

        hint 1 of 2 (test: counts every call of a user, however many there are, in the
          window before it)
          What does `check/1` return?

          compile   passed     0.12 s
          test      failed     0.12 s  1 of 3 tests passed
          credo     not run            Credo is not installed

        failed limiter in 0.83 s

        next
          practice hint   the next hint
          practice check  when you have changed something
        "#);
    }

    #[test]
    fn a_run_that_does_not_compile() {
        assert_snapshot!(shown(&samples::uncompiled()), @"
        error: missing terminator: end [compile-error]
          ╭▸ ws/lib/limiter.ex:5:1
          │
        5 │ end
          ╰╴━━━

          compile   failed     0.12 s  1 error
          test      not run            it does not compile
          dialyzer  not run            it does not compile

        failed limiter in 0.83 s

        next
          practice check  when you have changed something
        ");
    }

    #[test]
    fn a_run_that_reached_the_time_limit() {
        assert_snapshot!(shown(&samples::timed_out()), @r#"
        error: test timed out: counts
          this test did not end

          compile   passed     0.12 s
          test      timed out  0.12 s  0 of 2 tests passed, the time limit of 20 s was
                                       reached in test "counts"

        failed limiter in 0.83 s

        next
          practice check  when you have changed something
        "#);
    }

    #[test]
    fn a_run_that_could_not_be_judged() {
        assert_snapshot!(shown(&samples::broken()), @"
          compile   passed     0.12 s
          test      passed     0.12 s
          dialyzer  broken     0.12 s  no type information could be read

        could not check limiter: dialyzer broke off, not your code's fault
        ");
    }

    #[test]
    fn a_strict_run_counts_advice_as_failure() {
        let mut report = samples::passed();
        report.strict = true;
        report.steps[1].outcome = Outcome::Failed(None);
        assert_snapshot!(shown(&report), @"
        error: `mix format` would change this file [format]
          ws/lib/limiter.ex:2:1
          @@ -2 +2 @@
          -  def check( user) do
          +  def check(user) do

          compile   passed     0.12 s
          format    failed     0.12 s  1 error
          test      passed     0.12 s  1 of 1 test passed
          idioms    passed     0.12 s
          credo     not run            Credo is not installed

        failed limiter in 0.83 s

        next
          practice check  when you have changed something
        ");
    }

    #[test]
    fn code_in_a_hint_stays_as_it_is() {
        let text = "A long first line that has to be wrapped because it does not fit into eighty columns.\n\n    a = 1\n\nlast";
        assert_snapshot!(markdown::wrapped(text, "  "), @"
        A long first line that has to be wrapped because it does not fit into eighty
        columns.

            a = 1

        last
        ");
    }
}
