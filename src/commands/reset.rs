//! `practice reset`: an exercise as if it had not been begun. What the learner wrote is kept aside.

use std::{
    fs,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use super::{Context, find, here, workspace_at};
use crate::{
    cli::ResetArgs,
    error::Error,
    exercise::Exercise,
    exit::Exit,
    project::write_file,
    render::human,
    ui::{ask, out},
    workspace,
};

/// Puts the stub back and forgets progress; asks first.
///
/// # Errors
/// No such exercise, nobody to ask, a folder that cannot be written.
pub fn run(context: &Context, args: &ResetArgs) -> Result<Exit, Error> {
    let catalogue = context.catalogue(args.target.as_deref())?;
    let (id, workspace) = which(args.target.as_deref())?;
    let exercise = find(&catalogue, &id)?;
    if !args.yes {
        if !ask::can_ask() {
            return Err(Error::NobodyToAsk);
        }
        let what = if workspace.is_some() {
            "Put the stub back, keep your `lib` aside, and forget"
        } else {
            "Forget"
        };
        if !ask::yes(&format!("{what} the progress in `{id}`?"))? {
            return Ok(Exit::Passed);
        }
    }
    let kept = workspace.as_deref().map(|folder| put_stub_back(exercise, folder)).transpose()?.flatten();
    context.state().update(|progress| progress.exercises.remove(&exercise.id))?;
    out::data(&human::reset(exercise, workspace.as_deref(), kept.as_deref()))?;
    Ok(Exit::Passed)
}

/// The exercise, and the folder of its workspace if there is one.
fn which(target: Option<&Path>) -> Result<(String, Option<PathBuf>), Error> {
    let workspace = workspace_at(target)?;
    let named = target.is_some_and(|target| workspace.as_ref().is_some_and(|found| found.folder == target));
    match (workspace, target) {
        (None, None) => Err(Error::NoWorkspace { folder: here() }),
        (Some(workspace), None) => Ok((workspace.exercise, Some(workspace.folder))),
        (Some(workspace), _) if named => Ok((workspace.exercise, Some(workspace.folder))),
        (around, Some(id)) => {
            let id = id.to_string_lossy().into_owned();
            let folder = around.filter(|workspace| workspace.exercise == id).map(|found| found.folder);
            Ok((id, folder))
        }
    }
}

/// Writes the stub; says where the learner's files are now.
fn put_stub_back(exercise: &Exercise, folder: &Path) -> Result<Option<PathBuf>, Error> {
    let is_untouched =
        |(path, bytes): (&str, &[u8])| fs::read(folder.join(path)).is_ok_and(|found| found == bytes);
    let elixir_files =
        WalkDir::new(folder.join("lib")).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    if exercise.under("stub").all(is_untouched) && elixir_files.count() == exercise.under("stub").count() {
        return Ok(None);
    }
    let kept = workspace::keep_aside(folder)?;
    for (path, bytes) in exercise.under("stub") {
        write_file(&folder.join(path), bytes)?;
    }
    Ok(kept)
}
