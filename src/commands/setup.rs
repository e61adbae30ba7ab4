//! `practice setup`: installs what checks need, ahead of time, so that a check never downloads.

use super::{Context, find};
use crate::{
    check::{self, Options},
    cli::{Format, SetupArgs},
    error::Error,
    exercise::{Exercise, VariantKind, catalogue::Catalogue},
    exercise_set,
    exit::Exit,
    files::size_of,
    packages::PackageSet,
    plan::Step,
    render::{
        human::{self, InstalledRow},
        json,
    },
    runner::Workshop,
    setup::{self, Stage},
    store::{Store, packages::Installed},
    toolchain::Toolchain,
    ui::{out, progress::Progress},
};

/// Installs packages and type information, or removes the packages.
///
/// # Errors
/// No such exercise, no network, a package that does not compile, a full disk.
pub fn run(context: &Context, args: &SetupArgs) -> Result<Exit, Error> {
    let toolchain = Toolchain::find(&context.dirs.cache)?;
    let store = Store::new(&context.dirs.cache, &toolchain);
    if args.clean {
        store.remove_packages()?;
        out::data(&human::packages_removed(&store.packages_dir()))?;
        return Ok(Exit::Passed);
    }
    let catalogue = context.catalogue(None)?;
    let chosen = chosen(&catalogue, args)?;
    let sets = sets(&chosen, args, &toolchain)?;
    let installed = install_all(context, &store, &sets)?;
    let typed = type_information(context, &chosen)?;
    let rows: Vec<InstalledRow<'_>> = installed
        .iter()
        .map(|Installed { folder, set }| InstalledRow { set, folder, bytes: size_of(folder) })
        .collect();
    out::data(&match context.format {
        Format::Json => json::setup(&toolchain.elixir, &toolchain.otp, &rows, &typed),
        _ => human::set_up(&rows, &typed),
    })?;
    Ok(Exit::Passed)
}

/// The exercises that are to be made ready.
fn chosen<'a>(catalogue: &'a Catalogue, args: &SetupArgs) -> Result<Vec<&'a Exercise>, Error> {
    if args.ids.is_empty() {
        return Ok(catalogue.exercises.iter().collect());
    }
    args.ids.iter().map(|id| find(catalogue, id)).collect()
}

/// Our tools, and the packages of the exercises that were named.
fn sets(chosen: &[&Exercise], args: &SetupArgs, toolchain: &Toolchain) -> Result<Vec<PackageSet>, Error> {
    let unknown = |set: &str| {
        let set = set.to_owned();
        move |source| Error::PackageSet { set, source }
    };
    let elixir = &toolchain.elixir;
    let mut sets = vec![exercise_set::tools(elixir).map_err(unknown("tools"))?];
    if args.all || !args.ids.is_empty() {
        for exercise in chosen {
            sets.extend(exercise.packages(elixir).map_err(unknown(&exercise.id))?);
        }
    }
    Ok(sets)
}

fn install_all(context: &Context, store: &Store, sets: &[PackageSet]) -> Result<Vec<Installed>, Error> {
    let absent: Vec<&PackageSet> = sets.iter().filter(|set| store.installed(set).is_none()).collect();
    if !absent.is_empty() && !context.quiet {
        out::note(&human::about_to_install(&absent));
    }
    let install = |set: &PackageSet| {
        // Each package is fetched, then compiled.
        let progress = Progress::bar(2 * set.versions.len() as u64, context.quiet);
        setup::install(store, set, &mut |stage| show(&progress, set, stage))
    };
    sets.iter().map(install).collect()
}

fn show(progress: &Progress, set: &PackageSet, stage: &Stage) {
    let name = &set.name;
    match stage {
        Stage::Waiting => progress.say(format!("{name}: another practice installs it")),
        Stage::Fetching { done, .. } => {
            progress.reach(*done as u64);
            progress.say(format!("{name}: fetching"));
        }
        Stage::Compiling { done, of, package } => {
            progress.reach((of + done) as u64);
            let package = package.as_deref().unwrap_or_default();
            progress.say(format!("{name}: compiling {package}"));
        }
        Stage::Trying => progress.say(format!("{name}: loading everything once")),
    }
}

/// Compiles the tests of the exercises, and makes Dialyzer's type information for their references.
/// Returns the exercises for which it is there.
fn type_information(context: &Context, exercises: &[&Exercise]) -> Result<Vec<String>, Error> {
    let workshop = check::open_workshop(&context.dirs)?;
    let progress = Progress::bar(exercises.len() as u64, context.quiet);
    let mut typed = Vec::new();
    for exercise in exercises {
        progress.say(format!("types for {}", exercise.id));
        if workshop.ground(exercise).can_run() && has_types(&workshop, exercise)? {
            typed.push(exercise.id.clone());
        }
        progress.advance(&exercise.id);
    }
    Ok(typed)
}

fn has_types(workshop: &Workshop, exercise: &Exercise) -> Result<bool, Error> {
    let reference = exercise.variants().into_iter().find(|variant| variant.kind == VariantKind::Solution);
    let Some(reference) = reference else { return Ok(false) };
    let options = Options { steps: vec![Step::Compile, Step::Dialyzer], ..Options::default() };
    let done = check::check(workshop, exercise, exercise.solution_in(&reference.folder), &options, &mut |_| ())?;
    Ok(done.report.step(Step::Dialyzer).is_some_and(|step| step.outcome.reason().is_none()))
}
