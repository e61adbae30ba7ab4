//! `practice setup`: installs what checks need, ahead of time, so that a check never downloads.

use std::path::Path;

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
    store::{Store, archive, packages::Installed},
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
    let catalogue = context.catalogue(None)?;
    let here = Here { context, toolchain: &toolchain, store: &store, catalogue: &catalogue };
    if args.clean {
        store.remove_packages()?;
        out::data(&human::packages_removed(&store.packages_dir()))?;
    } else if let Some(path) = &args.export {
        here.export(path)?;
    } else {
        let chosen = here.chosen(args)?;
        let installed = match &args.import {
            Some(path) => here.import(path)?,
            None => here.install(&here.sets(&chosen, args)?)?,
        };
        let typed = type_information(context, &chosen)?;
        here.print(&installed, &typed)?;
    }
    Ok(Exit::Passed)
}

/// Where packages are installed, and for what.
struct Here<'a> {
    context: &'a Context,
    toolchain: &'a Toolchain,
    store: &'a Store,
    catalogue: &'a Catalogue,
}

impl Here<'_> {
    /// The exercises that are to be made ready.
    fn chosen(&self, args: &SetupArgs) -> Result<Vec<&Exercise>, Error> {
        if args.ids.is_empty() {
            return Ok(self.catalogue.exercises.iter().collect());
        }
        args.ids.iter().map(|id| find(self.catalogue, id)).collect()
    }

    /// Our tools, and the packages of the exercises that were named.
    fn sets(&self, chosen: &[&Exercise], args: &SetupArgs) -> Result<Vec<PackageSet>, Error> {
        let unknown = |set: &str| {
            let set = set.to_owned();
            move |source| Error::PackageSet { set, source }
        };
        let elixir = &self.toolchain.elixir;
        let mut sets = vec![exercise_set::tools(elixir).map_err(unknown("tools"))?];
        if args.all || !args.ids.is_empty() {
            for exercise in chosen {
                sets.extend(exercise.packages(elixir).map_err(unknown(&exercise.id))?);
            }
        }
        Ok(sets)
    }

    /// Every set that this Elixir could use.
    fn known(&self) -> Vec<PackageSet> {
        let elixir = &self.toolchain.elixir;
        let of_exercises =
            self.catalogue.exercises.iter().filter_map(|exercise| exercise.packages(elixir).ok()?);
        exercise_set::tools(elixir).into_iter().chain(of_exercises).collect()
    }

    fn install(&self, sets: &[PackageSet]) -> Result<Vec<Installed>, Error> {
        let absent: Vec<&PackageSet> =
            sets.iter().filter(|set| self.store.installed(set).is_none()).collect();
        if !absent.is_empty() && !self.context.quiet {
            out::note(&human::about_to_install(&absent));
        }
        let install = |set: &PackageSet| {
            let progress = self.progress(set);
            setup::install(self.store, set, &mut |stage| show(&progress, set, stage))
        };
        sets.iter().map(install).collect()
    }

    fn export(&self, path: &Path) -> Result<(), Error> {
        let installed: Vec<Installed> =
            self.known().iter().filter_map(|set| self.store.installed(set)).collect();
        if installed.is_empty() {
            return Err(Error::NothingToExport);
        }
        let progress = Progress::spinner(self.context.quiet);
        progress.say(format!("writing {}", path.display()));
        archive::export(path, self.toolchain, &self.toolchain.mix()?, &installed)?;
        drop(progress);
        out::data(&human::exported(&rows(&installed), path))
    }

    /// Takes the sets as they are where they were compiled for the same, and compiles them otherwise.
    fn import(&self, path: &Path) -> Result<Vec<Installed>, Error> {
        let progress = Progress::spinner(self.context.quiet);
        progress.say(format!("reading {}", path.display()));
        let unpacked = archive::unpack(path, self.store)?;
        let as_they_are = unpacked.is_for(self.toolchain, &self.toolchain.mix()?.system);
        drop(progress);
        let mut installed = Vec::new();
        for set in self.known() {
            let Some(folder) = unpacked.set(&set.slug()) else { continue };
            if as_they_are {
                unpacked.place(&set.slug(), self.store)?;
                installed.extend(self.store.installed(&set));
            } else {
                let progress = self.progress(&set);
                let mut watch = |stage: &Stage| show(&progress, &set, stage);
                let env = unpacked.mix_env();
                installed.push(setup::install_from(&folder, &env, self.store, &set, &mut watch)?);
            }
        }
        if installed.is_empty() {
            let (elixir, made_with) = (self.toolchain.elixir.clone(), unpacked.contents.elixir.clone());
            return Err(Error::OtherElixir { path: path.to_owned(), elixir, made_with });
        }
        Ok(installed)
    }

    /// Each package is fetched, then compiled.
    fn progress(&self, set: &PackageSet) -> Progress {
        Progress::bar(2 * set.versions.len() as u64, self.context.quiet)
    }

    fn print(&self, installed: &[Installed], typed: &[String]) -> Result<(), Error> {
        let (rows, toolchain) = (rows(installed), self.toolchain);
        out::data(&match self.context.format {
            Format::Json => json::setup(&toolchain.elixir, &toolchain.otp, &rows, typed),
            _ => human::set_up(&rows, typed),
        })
    }
}

fn rows(installed: &[Installed]) -> Vec<InstalledRow<'_>> {
    installed
        .iter()
        .map(|installed| InstalledRow {
            set: &installed.set,
            folder: &installed.folder,
            bytes: size_of(&installed.folder),
        })
        .collect()
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
    let done =
        check::check(workshop, exercise, exercise.solution_in(&reference.folder), &options, &mut |_| ())?;
    Ok(done.report.step(Step::Dialyzer).is_some_and(|step| step.outcome.reason().is_none()))
}
