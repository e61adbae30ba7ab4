//! `practice verify`: proves that exercises are sound.

use std::{
    collections::BTreeMap,
    num::NonZero,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{Context, find, output::Outputs};
use crate::{
    check::{self, Options, rules_for},
    cli::{Format, VerifyArgs},
    error::Error,
    exercise::{
        Exercise, Supply, Variant, VariantKind, lock,
        supply::{PACKAGE_TESTS, PACKAGE_TESTS_LOCK},
    },
    exit::Exit,
    files::write_atomically,
    plan::{Step, TestId},
    render::{github, human, json, junit},
    report::{Outcome, Report, StepReport, TestOutcome, Why},
    runner::Workshop,
    soundness::{self, Checked, ExerciseSoundness, Soundness},
    ui::{out, progress::Progress, text},
};

/// Proves soundness, or writes the lock files.
///
/// # Errors
/// No such exercise, or it could not be checked.
pub fn run(context: &Context, args: &VerifyArgs) -> Result<Exit, Error> {
    let outputs = Outputs::open(&args.output)?;
    match prove(context, args) {
        Ok(Proved::Updated(exit)) => Ok(exit),
        Ok(Proved::Judged(soundness)) => {
            let render = |format| match format {
                Format::Human => human::verify(&soundness),
                Format::Json => json::verify(&soundness),
                Format::Junit => junit::verify(&soundness),
                Format::Github => github::verify(&soundness, context.exercises.as_deref()),
            };
            outputs.write(&render(context.format), render)?;
            Ok(soundness.verdict().into())
        }
        Err(error) => Err(outputs.write_error(error)),
    }
}

/// What came of it.
enum Proved {
    /// Lock files were written.
    Updated(Exit),
    /// Every variant was checked.
    Judged(Soundness),
}

fn prove(context: &Context, args: &VerifyArgs) -> Result<Proved, Error> {
    let part = args.partition.as_deref().map(partition).transpose()?;
    let catalogue = context.catalogue(None)?;
    let chosen: Vec<&Exercise> = if args.ids.is_empty() {
        catalogue.exercises.iter().collect()
    } else {
        args.ids.iter().map(|id| find(&catalogue, id)).collect::<Result<_, _>>()?
    };
    let workshop = check::open_workshop(&context.dirs)?;
    if args.update {
        let folder = context.exercises.as_deref().ok_or(Error::UpdateBuiltIn)?;
        return update(&workshop, &chosen, folder).map(Proved::Updated);
    }
    verify(context, args, &workshop, &chosen, part).map(Proved::Judged)
}

/// `2/4` → the second of four parts.
fn partition(given: &str) -> Result<(usize, usize), Error> {
    let parsed = given.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
    match parsed {
        Some((part, of)) if part >= 1 && part <= of => Ok((part, of)),
        _ => Err(Error::Partition { given: given.to_owned() }),
    }
}

fn verify(
    context: &Context,
    args: &VerifyArgs,
    workshop: &Workshop,
    exercises: &[&Exercise],
    part: Option<(usize, usize)>,
) -> Result<Soundness, Error> {
    let mut work: Vec<Piece<'_>> = Vec::new();
    for exercise in exercises {
        let ground = workshop.ground(exercise);
        if ground.supply == Supply::StandIns {
            work.extend(on_stand_ins(exercise, &Options::default()));
        } else if ground.can_run() {
            work.extend(exercise.variants().into_iter().map(|variant| Piece::new(exercise, variant)));
        }
        // Both must come to the same.
        if args.with_packages && ground.installed.is_some() && exercise.has_stand_ins() {
            let chosen = Options { stand_ins: true, ..Options::default() };
            work.extend(on_stand_ins(exercise, &chosen).map(Piece::told_apart));
        }
    }
    if let Some((part, of)) = part {
        let mut index = 0;
        work.retain(|_| {
            index += 1;
            index % of == part % of
        });
    }
    let progress = Progress::bar(work.len() as u64, context.quiet);
    let jobs = args.jobs.map_or_else(|| thread::available_parallelism().map_or(1, NonZero::get), usize::from);
    let results = in_parallel(&work, jobs, |piece| {
        let name = format!("{} {}", piece.exercise.id, piece.variant.name);
        progress.say(&name);
        let result = piece.check(workshop);
        progress.advance(name);
        result
    });
    let mut soundness = collect(args, exercises, &work, results)?;
    soundness.steps_not_run.extend(exercises.iter().filter_map(|exercise| cannot_run(workshop, exercise)));
    Ok(soundness)
}

/// The reason, for an exercise that cannot be run at all here.
fn cannot_run(workshop: &Workshop, exercise: &Exercise) -> Option<(Step, String)> {
    let ground = workshop.ground(exercise);
    let lacks = ground.lacks.as_ref().filter(|_| !ground.can_run())?;
    Some((Step::Test, format!("{}: {lacks}", exercise.id)))
}

/// Does each piece of work once, `jobs` at a time, and gives the results in the order of the work.
/// After an error no new piece is begun.
fn in_parallel<W: Sync, R: Send>(
    work: &[W],
    jobs: usize,
    each: impl Fn(&W) -> Result<R, Error> + Sync,
) -> Vec<Option<Result<R, Error>>> {
    let next = AtomicUsize::new(0);
    let results: Mutex<BTreeMap<usize, Result<R, Error>>> = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..jobs.min(work.len()) {
            scope.spawn(|| {
                while let Some((index, piece)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    work.get(index).map(|piece| (index, piece))
                } {
                    let result = each(piece);
                    if result.is_err() {
                        next.store(work.len(), Ordering::Relaxed);
                    }
                    results.lock().unwrap_or_else(PoisonError::into_inner).insert(index, result);
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    (0..work.len()).map(|index| results.remove(&index)).collect()
}

/// The variants that stand-ins can judge: all but those that only a test with packages tells apart.
fn on_stand_ins<'a>(exercise: &'a Exercise, options: &Options) -> impl Iterator<Item = Piece<'a>> {
    let tests = exercise.package_tests().unwrap_or_default();
    let judged =
        exercise.variants().into_iter().filter(move |variant| !variant.declared.fails_one_of(&tests));
    judged.map(move |variant| Piece { options: options.clone(), ..Piece::new(exercise, variant) })
}

/// One variant, to be checked.
struct Piece<'a> {
    exercise: &'a Exercise,
    variant: Variant,
    options: Options,
}

impl<'a> Piece<'a> {
    fn new(exercise: &'a Exercise, variant: Variant) -> Self {
        Self { exercise, variant, options: Options::default() }
    }

    /// The same variant is checked on the packages, too.
    fn told_apart(mut self) -> Self {
        self.variant.name.push_str(" (on stand-ins)");
        self
    }

    fn check(&self, workshop: &Workshop) -> Result<Report, Error> {
        let solution = self.exercise.solution_in(&self.variant.folder);
        Ok(check::check(workshop, self.exercise, solution, &self.options, &mut |_| ())?.report)
    }
}

fn collect(
    args: &VerifyArgs,
    exercises: &[&Exercise],
    work: &[Piece<'_>],
    results: Vec<Option<Result<Report, Error>>>,
) -> Result<Soundness, Error> {
    let mut soundness = Soundness { all_steps_needed: args.with_packages, ..Soundness::default() };
    let mut checked: BTreeMap<&str, Vec<Checked>> = BTreeMap::new();
    for (Piece { exercise, variant, .. }, result) in work.iter().zip(results) {
        let entry = checked.entry(&exercise.id).or_default();
        match result {
            Some(Ok(report)) => {
                note_steps_not_run(&mut soundness, &report);
                entry.push(soundness::judge(variant, &report));
            }
            Some(Err(Error::Interrupted)) => return Err(Error::Interrupted),
            Some(Err(error)) => entry.push(soundness::unjudged(variant, error.in_a_line())),
            None => entry.push(soundness::unjudged(variant, "not begun".to_owned())),
        }
    }
    for exercise in exercises {
        soundness.exercises.push(ExerciseSoundness {
            id: exercise.id.clone(),
            problems: problems(exercise),
            variants: checked.remove(exercise.id.as_str()).unwrap_or_default(),
        });
    }
    Ok(soundness)
}

fn note_steps_not_run(soundness: &mut Soundness, report: &Report) {
    let of_step = |step: &StepReport| {
        if let Outcome::NotRun(Why::Missing(reason)) = &step.outcome {
            return Some((step.step, reason.clone()));
        }
        let missing = step.tests.iter().find(|test| test.outcome == TestOutcome::Missing)?;
        let reason = &missing.failure.as_ref()?.message;
        Some((step.step, format!("some tests of {}: {reason}", report.exercise)))
    };
    for missing in report.steps.iter().filter_map(of_step) {
        if !soundness.steps_not_run.contains(&missing) {
            soundness.steps_not_run.push(missing);
        }
    }
}

/// What is wrong with the exercise's files and rules.
fn problems(exercise: &Exercise) -> Vec<String> {
    let mut problems = soundness::problems(exercise);
    match rules_for(exercise) {
        Ok(rules) => problems.extend(rules.self_test().iter().map(ToString::to_string)),
        Err(error) => problems.push(error.in_a_line()),
    }
    problems
}

/// Writes the lock files from the runs of the references.
fn update(workshop: &Workshop, exercises: &[&Exercise], folder: &Path) -> Result<Exit, Error> {
    let mut exit = Exit::Passed;
    for exercise in exercises {
        let at = |path: &str| folder.join(&exercise.id).join(path);
        match tests_of_reference(workshop, exercise)? {
            Ok(tests) => {
                write_lock(exercise, &at(lock::PATH), &tests.anywhere)?;
                if !tests.with_packages.is_empty() {
                    write_lock(exercise, &at(PACKAGE_TESTS_LOCK), &tests.with_packages)?;
                }
            }
            Err(reason) => {
                let path = at(lock::PATH);
                out::data(&format!("{}: {reason}; {} is unchanged", exercise.id, path.display()))?;
                exit = Exit::Failed;
            }
        }
    }
    Ok(exit)
}

fn write_lock(exercise: &Exercise, path: &Path, tests: &[TestId]) -> Result<(), Error> {
    write_atomically(path, lock::write(tests).as_bytes()).map_err(Error::file("write", path))?;
    out::data(&format!("{}: {} in {}", exercise.id, text::count(tests.len(), "test"), path.display()))
}

/// The tests of an exercise, in the order in which they ran.
#[derive(Default)]
struct Ran {
    anywhere: Vec<TestId>,
    /// Those that only the packages can run.
    with_packages: Vec<TestId>,
}

/// The tests that the reference passes, all of them, in the order in which they ran.
fn tests_of_reference(workshop: &Workshop, exercise: &Exercise) -> Result<Result<Ran, String>, Error> {
    let reference = exercise.variants().into_iter().find(|variant| variant.kind == VariantKind::Solution);
    let folder = reference.map(|variant| variant.folder).unwrap_or_default();
    let options = Options { steps: vec![Step::Compile, Step::Test], ..Options::default() };
    let mut ran = Ran::default();
    let mut failed = None;
    check::check(workshop, exercise, exercise.solution_in(&folder), &options, &mut |event| {
        if let crate::event::Event::Said(_, crate::event::VmEvent::TestFinished(test)) = event
            && !test.control
        {
            let id = TestId { module: test.module.clone(), name: test.name.clone() };
            if test.state != crate::event::TestState::Passed {
                failed.get_or_insert(test.name.clone());
            }
            let needs_packages = test.file.as_ref().is_some_and(|file| file.starts_with(PACKAGE_TESTS));
            if needs_packages { ran.with_packages.push(id) } else { ran.anywhere.push(id) }
        }
    })?;
    Ok(match failed {
        Some(name) => Err(format!("the reference fails \"{name}\"")),
        None if ran.anywhere.is_empty() => Err("the reference ran no test".to_owned()),
        None => Ok(ran),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_parsed() {
        assert_eq!(partition("2/4").unwrap(), (2, 4));
        for wrong in ["0/4", "5/4", "1", "a/b", ""] {
            assert!(partition(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn work_is_done_once_and_in_order() {
        let work: Vec<usize> = (0..50).collect();
        let results = in_parallel(&work, 4, |piece| Ok::<usize, Error>(piece * 2));
        let doubled: Vec<usize> = results.into_iter().map(|result| result.unwrap().unwrap()).collect();
        assert_eq!(doubled, (0..50).map(|piece| piece * 2).collect::<Vec<_>>());
    }
}
