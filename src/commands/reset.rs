//! `practice reset`: an exercise as if it had not been begun. What the learner wrote is kept aside.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Context, find, here};
use crate::{
    cli::ResetArgs,
    error::Error,
    exercise::Exercise,
    exit::Exit,
    project::write_file,
    render::human,
    ui::{ask, out},
    workspace::Workspace,
};

/// Puts the stub back and forgets progress; asks first.
///
/// # Errors
/// No such exercise, nobody to ask, a folder that cannot be written.
pub fn run(context: &Context, args: &ResetArgs) -> Result<Exit, Error> {
    let catalogue = context.catalogue()?;
    let (id, workspace) = which(args.target.as_deref())?;
    let exercise = find(&catalogue, &id)?;
    if !args.yes {
        if !ask::can_ask() {
            return Err(Error::NobodyToAsk);
        }
        let what = if workspace.is_some() { "The stub is put back (your `lib` is kept), and p" } else { "P" };
        if !ask::yes(&format!("{what}rogress in `{id}` is forgotten. Go on?"))? {
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
    let around = Workspace::around(&here())?;
    let named = target.map(Workspace::at).transpose()?.flatten();
    match (named, target, around) {
        (Some(workspace), ..) | (None, None, Some(workspace)) => {
            Ok((workspace.exercise, Some(workspace.folder)))
        }
        (None, None, None) => Err(Error::NoWorkspace { folder: here() }),
        (None, Some(id), around) => {
            let id = id.to_string_lossy().into_owned();
            let folder = around.filter(|workspace| workspace.exercise == id).map(|found| found.folder);
            Ok((id, folder))
        }
    }
}

/// Moves `lib` aside and writes the stub; says where the learner's files are now.
fn put_stub_back(exercise: &Exercise, folder: &Path) -> Result<Option<PathBuf>, Error> {
    let lib = folder.join("lib");
    let kept = lib.exists().then(|| free_name(folder));
    if let Some(kept) = &kept {
        fs::rename(&lib, kept).map_err(Error::file("move", &lib))?;
    }
    for (path, bytes) in exercise.under("stub") {
        write_file(&folder.join(path), bytes)?;
    }
    Ok(kept)
}

/// `lib-1`, or the next that is not taken.
fn free_name(folder: &Path) -> PathBuf {
    let mut number = 1;
    loop {
        let name = folder.join(format!("lib-{number}"));
        if name.symlink_metadata().is_err() {
            return name;
        }
        number += 1;
    }
}
