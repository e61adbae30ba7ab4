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
    exercise::{Exercise, Supply},
    exercise_set,
    ground::Ground,
    hint::Hint,
    plan::{Engine, Plan, SourceFile, Step, Unavailable},
    report::Report,
    runner::{self, Job, Workshop},
    steps::idioms::RuleSet,
    store::{Prepared, Store, packages::Installed},
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
    /// Run on stand-ins even where the packages are installed.
    pub stand_ins: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            steps: Step::ALL.to_vec(),
            strict: false,
            keep: false,
            engine: Engine::Fast,
            timeout: None,
            stand_ins: false,
        }
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
    let tools = tools(&store, &toolchain);
    let credo = find_credo(&tools);
    Ok(Workshop { toolchain, store, runner, tools: tools.ok(), credo })
}

/// The code paths of Credo: in the folder of compiled packages that the user names, or else among the
/// packages that `practice setup` has installed.
///
/// # Errors
/// Why Credo cannot be run, in a sentence.
pub fn find_credo(tools: &Result<Installed, String>) -> Result<Vec<PathBuf>, String> {
    match packages() {
        Some(folder) => runner::find_credo(&folder),
        None => tools.as_ref().map(Installed::ebins).map_err(Clone::clone),
    }
}

/// Credo and Dialyxir.
///
/// # Errors
/// Why they are not there, in a sentence.
pub fn tools(store: &Store, toolchain: &Toolchain) -> Result<Installed, String> {
    let set = exercise_set::tools(&toolchain.elixir).map_err(|error| error.to_string())?;
    store.installed(&set).ok_or_else(|| "Credo is not installed; `practice setup` does that".to_owned())
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
    let ground = if options.stand_ins { Ground::stand_ins() } else { workshop.ground(exercise) };
    let supplied = exercise.supplied(ground.supply);
    let prepared = prepared(workshop, &supplied, &ground, &mut || sink(&Event::Preparing))?;
    let plan = plan(exercise, &ground, solution, options)?;
    let mut checkup = Checkup::new(&plan);
    let job = Job {
        plan: &plan,
        exercise: &supplied,
        ground: &ground,
        prepared: prepared.as_ref(),
        rules: &rules,
        keep: options.keep,
    };
    let kept = runner::run(workshop, &job, &mut |event| {
        sink(&event);
        checkup.apply(event);
    })?;
    let report = checkup.finish(&hints, SANDBOX, begin.elapsed());
    Ok(Done { report, kept })
}

/// The exercise's modules, compiled for what it runs on; nothing where it cannot run.
fn prepared(
    workshop: &Workshop,
    supplied: &Exercise,
    ground: &Ground,
    begin: &mut dyn FnMut(),
) -> Result<Option<Prepared>, Error> {
    if !ground.can_run() {
        return Ok(None);
    }
    let packages = ground.installed.as_ref();
    let compile = |out: &Prepared| {
        begin();
        runner::prepare(workshop, supplied, packages, out)
    };
    workshop.store.prepared(supplied, packages, compile).map(Some)
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
    let ground = Ground::nothing();
    let plan = plan(exercise, &ground, solution, options)?;
    let mut checkup = Checkup::new(&plan);
    checkup.apply(runner::idioms(&plan, &rules));
    let report = checkup.finish(&hints(exercise)?, SANDBOX, begin.elapsed());
    Ok(Done { report, kept: None })
}

fn hints(exercise: &Exercise) -> Result<Vec<Hint>, Error> {
    let path = PathBuf::from("exercise.toml");
    exercise.manifest.hints().map_err(|source| Error::Exercise { id: exercise.id.clone(), path, source })
}

fn plan(
    exercise: &Exercise,
    ground: &Ground,
    solution: Vec<SourceFile>,
    options: &Options,
) -> Result<Plan, Error> {
    let at =
        |source| Error::Exercise { id: exercise.id.clone(), path: PathBuf::from("test/tests.lock"), source };
    let unavailable = match (ground.supply, &ground.lacks) {
        (Supply::StandIns, Some(reason)) => {
            Some(Unavailable { tests: exercise.package_tests().map_err(at)?, reason: reason.clone() })
        }
        _ => None,
    };
    Ok(Plan {
        exercise: exercise.id.clone(),
        revision: exercise.revision.clone(),
        solution,
        steps: options.steps.clone(),
        supply: ground.supply,
        packages: ground.versions(exercise),
        expected: exercise.supplied(ground.supply).expected_tests().map_err(at)?,
        unavailable,
        modules: exercise.modules(),
        controls: runner::control_names()?,
        engine: options.engine,
        strict: options.strict,
        timeout: options.timeout.unwrap_or_else(|| exercise.manifest.limits.timeout()),
    })
}
