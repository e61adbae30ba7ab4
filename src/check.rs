//! A check from start to end: plan, run, fold.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use crate::{
    checkup::Checkup,
    dirs::Dirs,
    error::Error,
    event::Event,
    exercise::Exercise,
    exercise_set,
    hint::Hint,
    plan::{Engine, Plan, SourceFile, Step},
    report::Report,
    runner::{self, Job, Workshop},
    steps::idioms::RuleSet,
    store::Store,
    toolchain::Toolchain,
};

/// What keeps the solution from the rest of the machine. Honest: nothing but limits, so far.
const SANDBOX: &str = "none: time, memory and processes are limited, files and network are not";

/// What was asked for beside exercise and solution.
#[derive(Clone, Debug)]
pub struct Options {
    /// The steps to run.
    pub steps: Vec<Step>,
    /// Every finding fails, and every step must have run.
    pub strict: bool,
    /// Leave the throwaway project where it is.
    pub keep: bool,
    /// How the tests are run.
    pub engine: Engine,
    /// Instead of the exercise's time limit.
    pub timeout: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self { steps: Step::ALL.to_vec(), strict: false, keep: false, engine: Engine::Fast, timeout: None }
    }
}

/// A finished check.
#[derive(Debug)]
pub struct Done {
    /// The result.
    pub report: Report,
    /// Where the project is, if it was to be kept.
    pub kept: Option<PathBuf>,
}

/// Finds what is needed beside exercise and solution; makes what is not there yet.
///
/// # Errors
/// No Elixir, one that is too old, a cache that cannot be written.
pub fn open_workshop(dirs: &Dirs) -> Result<Workshop, Error> {
    let toolchain = Toolchain::find(&dirs.cache)?;
    let store = Store::new(&dirs.cache, &toolchain);
    let runner = store.runner(&toolchain)?;
    let credo = runner::find_credo(packages().as_deref());
    Ok(Workshop { toolchain, store, runner, credo })
}

/// The folder of compiled packages that the user names.
#[must_use]
pub fn packages() -> Option<PathBuf> {
    std::env::var_os("PRACTICE_PACKAGES").filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The shared rules that apply to an exercise, and its own.
///
/// # Errors
/// A rule that does not compile.
pub fn rules_for(exercise: &Exercise) -> Result<RuleSet, Error> {
    let shared = RuleSet::parse(exercise_set::shared_rules())
        .map_err(|source| Error::Rules { set: "the shared set".to_owned(), source: Box::new(source) })?;
    let idioms = &exercise.manifest.idioms;
    shared
        .for_exercise(&idioms.skip, &idioms.rules)
        .map_err(|source| Error::Rules { set: exercise.id.clone(), source: Box::new(source) })
}

/// Checks a solution, and hands over each event as it happens.
///
/// # Errors
/// It could not be run; a solution that fails is a report.
pub fn check(
    workshop: &Workshop,
    exercise: &Exercise,
    solution: Vec<SourceFile>,
    options: &Options,
    sink: &mut dyn FnMut(&Event),
) -> Result<Done, Error> {
    let begin = Instant::now();
    let hints = hints(exercise)?;
    let rules = rules_for(exercise)?;
    let prepared = workshop.store.prepared(exercise, |out| {
        sink(&Event::Preparing);
        runner::prepare(workshop, exercise, out)
    })?;
    let plan = plan(exercise, solution, options)?;
    let mut checkup = Checkup::new(&plan);
    let job = Job { plan: &plan, exercise, prepared: &prepared, rules: &rules, keep: options.keep };
    let kept = runner::run(workshop, &job, &mut |event| {
        sink(&event);
        checkup.apply(event);
    })?;
    let report = checkup.finish(&hints, SANDBOX, begin.elapsed());
    Ok(Done { report, kept })
}

/// Checks the idioms alone, which needs no Elixir.
///
/// # Errors
/// A rule that does not compile.
pub fn check_idioms(
    exercise: &Exercise,
    solution: Vec<SourceFile>,
    options: &Options,
) -> Result<Done, Error> {
    let begin = Instant::now();
    let rules = rules_for(exercise)?;
    let plan = plan(exercise, solution, options)?;
    let mut checkup = Checkup::new(&plan);
    checkup.apply(runner::idioms(&plan, &rules));
    let report = checkup.finish(&hints(exercise)?, SANDBOX, begin.elapsed());
    Ok(Done { report, kept: None })
}

fn hints(exercise: &Exercise) -> Result<Vec<Hint>, Error> {
    let path = PathBuf::from("exercise.toml");
    exercise.manifest.hints().map_err(|source| Error::Exercise { id: exercise.id.clone(), path, source })
}

fn plan(exercise: &Exercise, solution: Vec<SourceFile>, options: &Options) -> Result<Plan, Error> {
    let at =
        |source| Error::Exercise { id: exercise.id.clone(), path: PathBuf::from("test/tests.lock"), source };
    Ok(Plan {
        exercise: exercise.id.clone(),
        revision: exercise.revision(),
        solution,
        steps: options.steps.clone(),
        expected: exercise.expected_tests().map_err(at)?,
        modules: exercise.modules(),
        controls: runner::control_names()?,
        engine: options.engine,
        strict: options.strict,
        timeout: options.timeout.unwrap_or_else(|| exercise.manifest.limits.timeout()),
    })
}
