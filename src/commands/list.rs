//! `practice list`: the exercises, and how far one is with each.

use super::Context;
use crate::{
    cli::Format,
    error::Error,
    exit::Exit,
    render::{
        human,
        json::{self, ListRow, Standing},
    },
    ui::out,
};

/// Prints the exercises.
///
/// # Errors
/// A folder or a manifest that cannot be read.
pub fn run(context: &Context) -> Result<Exit, Error> {
    let catalogue = context.catalogue(None)?;
    let progress = context.progress();
    let standing = |id: &str| match progress.exercises.get(id) {
        Some(exercise) if exercise.solved => Standing::Solved,
        Some(_) => Standing::Begun,
        None => Standing::New,
    };
    let rows: Vec<ListRow<'_>> = catalogue
        .exercises
        .iter()
        .map(|exercise| ListRow {
            exercise,
            ready: context.ground(exercise).is_ok_and(|ground| ground.can_run()),
            standing: standing(&exercise.id),
        })
        .collect();
    out::data(&match context.format {
        Format::Json => json::list(&rows),
        _ => human::list(&rows),
    })?;
    Ok(Exit::Passed)
}
