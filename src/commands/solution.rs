//! `practice solution`: the reference, why it is written so, and how one's own differs.

use super::{Context, find, which};
use crate::{
    cli::SolutionArgs,
    error::Error,
    exit::Exit,
    render::human,
    ui::{ask, out},
};

/// Shows the reference; asks first while the exercise is unsolved.
///
/// # Errors
/// No such exercise, or nobody to ask.
pub fn run(context: &Context, args: &SolutionArgs) -> Result<Exit, Error> {
    let catalogue = context.catalogue(None)?;
    let progress = if args.yes { context.progress() } else { context.state().read()? };
    let exercise = find(&catalogue, &which(args.id.as_deref(), &progress, "solution")?)?;
    let own = progress.exercises.get(&exercise.id);
    if !args.yes && !own.is_some_and(|found| found.solved) {
        if !ask::can_ask() {
            return Err(Error::NotSolved { exercise: exercise.id.clone() });
        }
        if !ask::yes(&format!("`{}` is not solved yet. Show the solution anyway?", exercise.id))? {
            return Ok(Exit::Passed);
        }
    }
    let own = own.map(|found| &found.solution).filter(|files| !files.is_empty());
    out::data(&human::solution(exercise, own.and_then(|files| exercise.nearest(files)).as_ref()))?;
    Ok(Exit::Passed)
}
