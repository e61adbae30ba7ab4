//! `practice solution`: the reference, and why it is written so.

use super::{Context, find};
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
    let catalogue = context.catalogue()?;
    let exercise = find(&catalogue, &args.id)?;
    let solved =
        args.yes || context.state().read()?.exercises.get(&exercise.id).is_some_and(|found| found.solved);
    if !solved {
        if !ask::can_ask() {
            return Err(Error::NotSolved { exercise: exercise.id.clone() });
        }
        if !ask::yes(&format!("`{}` is not solved yet. Show the solution anyway?", exercise.id))? {
            return Ok(Exit::Passed);
        }
    }
    out::data(&human::solution(exercise))?;
    Ok(Exit::Passed)
}
