//! `practice list`: the exercises, and how far one is with each.

use super::Context;
use crate::{
    cli::Format,
    error::Error,
    exercise::Exercise,
    exit::Exit,
    render::{
        human,
        json::{self, Footing, ListRow, Standing},
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
            footing: footing(context, exercise),
            standing: standing(&exercise.id),
        })
        .collect();
    out::data(&match context.format {
        Format::Json => json::list(&rows),
        _ => human::list(&rows),
    })?;
    Ok(Exit::Passed)
}

/// What an exercise runs on. Without Elixir, nothing that needs packages runs.
fn footing(context: &Context, exercise: &Exercise) -> Footing {
    match context.ground(exercise) {
        Ok(ground) if ground.lacks.is_none() => Footing::Complete,
        Ok(ground) if ground.can_run() => Footing::StandIns,
        _ if exercise.has_stand_ins() => Footing::StandIns,
        _ => Footing::Absent,
    }
}
