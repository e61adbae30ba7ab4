//! `practice check`: judges a solution.

use std::path::Path;

use super::{Context, find, here, output::Outputs};
use crate::{
    check::{self, Done, Options},
    cli::{self, CheckArgs, Format},
    error::Error,
    exercise::{Exercise, catalogue::Catalogue},
    exit::Exit,
    plan::{Engine, SourceFile, Step},
    render::{github, human, json, junit, sources::Sources},
    report::{Report, Verdict},
    state::Progress,
    ui::{out, progress, text::shell_word},
    workspace::{self, Workspace},
};

/// Checks, prints the report, and remembers what failed.
///
/// # Errors
/// Nothing to check, or it could not be checked.
pub fn run(context: &Context, args: &CheckArgs) -> Result<Exit, Error> {
    let outputs = Outputs::open(&args.output)?;
    let judged = match judge(context, args, &outputs) {
        Ok(judged) => judged,
        Err(error) => return Err(outputs.write_error(error)),
    };
    let Judged { exercise, solution, done } = judged;
    context.remember(|progress| note(progress, &done.report, &solution));
    let again = again(args);
    let sources = Sources::new(&exercise, &solution);
    let render = |format| rendered(format, &done.report, &sources, &again);
    let stdout = match context.format {
        Format::Human if context.quiet => human::verdict_line(&done.report),
        format => render(format),
    };
    outputs.write(&stdout, render)?;
    if let Some(kept) = &done.kept {
        out::note(&format!("The project is kept in {}", kept.display()));
    }
    Ok(done.report.verdict().into())
}

/// A check, with what it was of.
struct Judged {
    exercise: Exercise,
    solution: Vec<SourceFile>,
    done: Done,
}

fn judge(context: &Context, args: &CheckArgs, outputs: &Outputs) -> Result<Judged, Error> {
    let options = options(args)?;
    let catalogue = context.catalogue(args.target.as_deref())?;
    let (exercise, solution) = resolve(&catalogue, args)?;
    outputs.spare(solution.iter().map(|file| Path::new(&file.shown)))?;
    if exercise.expected_tests().is_ok_and(|expected| expected.is_empty()) {
        return Err(Error::NoTests { id: exercise.id.clone() });
    }
    let done = if options.steps == [Step::Idioms] && !options.keep {
        check::check_idioms(exercise, solution.clone(), &options)?
    } else {
        let progress = progress::Progress::spinner(context.quiet);
        progress.say("starting Elixir");
        let workshop = check::open_workshop(&context.dirs)?;
        check::check(&workshop, exercise, solution.clone(), &options, &mut |event| progress.follow(event))?
    };
    Ok(Judged { exercise: exercise.clone(), solution, done })
}

fn rendered(format: Format, report: &Report, sources: &Sources<'_>, again: &str) -> String {
    match format {
        Format::Human => human::check(report, sources, again),
        Format::Json => json::check(report),
        Format::Junit => junit::check(report, sources),
        Format::Github => github::check(report, sources),
    }
}

/// The command that checks the same again, to be typed where one stands.
fn again(args: &CheckArgs) -> String {
    let mut words = vec!["practice check".to_owned()];
    words.extend(args.target.as_deref().map(shell_word));
    if let Some(file) = &args.file {
        words.extend(["--file".to_owned(), shell_word(file)]);
    }
    words.join(" ")
}

fn options(args: &CheckArgs) -> Result<Options, Error> {
    let named = |names: &[String]| -> Result<Vec<Step>, Error> {
        let step = |name: &String| {
            Step::from_name(name.trim()).ok_or_else(|| Error::NoSuchStep { name: name.clone() })
        };
        names.iter().map(step).collect()
    };
    let (only, skip) = (named(&args.only)?, named(&args.skip)?);
    let wanted = |step: &Step| (only.is_empty() || only.contains(step)) && !skip.contains(step);
    let mut steps: Vec<Step> = Step::ALL.into_iter().filter(wanted).collect();
    if steps.is_empty() {
        return Err(Error::NoSteps);
    }
    // What builds on the compiled solution must not pass over one that does not compile.
    let builds_on_compile = steps.iter().any(|step| matches!(step, Step::Test | Step::Dialyzer));
    if builds_on_compile && !steps.contains(&Step::Compile) {
        steps.insert(0, Step::Compile);
    }
    let engine = match args.engine {
        cli::Engine::Fast => Engine::Fast,
        cli::Engine::Mix => Engine::Mix,
    };
    Ok(Options {
        steps,
        strict: args.strict,
        keep: args.keep,
        engine,
        timeout: args.timeout,
        stand_ins: false,
    })
}

/// What is to be checked: a workspace's folder, an exercise's id, or where one stands.
fn resolve<'a>(catalogue: &'a Catalogue, args: &CheckArgs) -> Result<(&'a Exercise, Vec<SourceFile>), Error> {
    let target = args.target.as_deref();
    if let Some(file) = &args.file {
        let id = match target {
            Some(id) => id.to_string_lossy().into_owned(),
            None => around()?.ok_or(Error::FileWithoutExercise)?.exercise,
        };
        let exercise = find(catalogue, &id)?;
        return Ok((exercise, workspace::single_file(exercise, file)?));
    }
    let workspace = match target {
        None => around()?.ok_or_else(|| Error::NoWorkspace { folder: here() })?,
        Some(target) => match Workspace::at(target)? {
            Some(workspace) => workspace,
            None => of_exercise(catalogue, target)?,
        },
    };
    let exercise = find(catalogue, &workspace.exercise)?;
    let solution = workspace.solution(exercise)?;
    Ok((exercise, solution))
}

/// The workspace of an exercise that is named by its id: the one in which one stands.
fn of_exercise(catalogue: &Catalogue, target: &Path) -> Result<Workspace, Error> {
    if target.components().count() > 1 || target.is_dir() {
        return Err(Error::NotAWorkspace { path: target.to_owned() });
    }
    let exercise = find(catalogue, &target.to_string_lossy())?;
    around()?
        .filter(|workspace| workspace.exercise == exercise.id)
        .ok_or_else(|| Error::NothingToCheck { id: exercise.id.clone() })
}

fn around() -> Result<Option<Workspace>, Error> {
    Workspace::around(&here())
}

/// What `practice hint`, `list` and `solution` need to know of a check.
fn note(progress: &mut Progress, report: &Report, solution: &[SourceFile]) {
    progress.last = Some(report.exercise.clone());
    let exercise = progress.exercises.entry(report.exercise.clone()).or_default();
    match report.verdict() {
        // A part of a check that passed says nothing of the rest.
        Verdict::Passed if !report.solves() => {}
        Verdict::Passed => {
            exercise.solved = true;
            exercise.solution = solution.iter().map(|file| (file.path.clone(), file.text.clone())).collect();
            exercise.hints.clear();
            exercise.shown.clear();
        }
        Verdict::Failed => {
            exercise.hints.clone_from(&report.hints);
            // The report itself has shown the first level of the first hint.
            if let Some(first) = report.hints.first() {
                exercise.shown.entry(first.id.clone()).or_insert(1);
            }
        }
        Verdict::CouldNotCheck => {}
    }
}
