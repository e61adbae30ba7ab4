//! `practice list`: the exercises, and which are solved.

use super::Context;
use crate::{
    cli::Format,
    error::Error,
    exit::Exit,
    render::{
        human,
        json::{self, ListRow},
    },
    state::Progress,
    ui::out,
};

/// Prints the exercises.
///
/// # Errors
/// A folder or a manifest that cannot be read.
pub fn run(context: &Context) -> Result<Exit, Error> {
    let catalogue = context.catalogue()?;
    let progress = context.state().read().unwrap_or_else(|error| {
        out::warn(&error.to_string());
        Progress::default()
    });
    let solved = |id: &str| progress.exercises.get(id).is_some_and(|exercise| exercise.solved);
    let rows: Vec<ListRow<'_>> = catalogue
        .exercises
        .iter()
        .map(|exercise| ListRow {
            exercise,
            ready: exercise.manifest.needs.is_empty(),
            solved: solved(&exercise.id),
        })
        .collect();
    out::data(&match context.format {
        Format::Human => human::list(&rows),
        Format::Json => json::list(&rows),
    })?;
    Ok(Exit::Passed)
}
