//! `practice start`: a workspace in which `mix test`, an editor and ElixirLS work.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Context, find, workspace_at};
use crate::{
    cli::StartArgs, error::Error, exercise::Supply, exit::Exit, project::write_file, render::human, ui::out,
    workspace,
};

/// Makes the workspace.
///
/// # Errors
/// No such exercise, a file that exists already, a folder that cannot be written.
pub fn run(context: &Context, args: &StartArgs) -> Result<Exit, Error> {
    let catalogue = context.catalogue(None)?;
    let exercise = find(&catalogue, &args.id)?;
    if let (None, Some(around)) = (&args.dir, workspace_at(None)?) {
        return Err(Error::InAWorkspace { exercise: around.exercise });
    }
    let folder = args.dir.clone().unwrap_or_else(|| PathBuf::from(&exercise.id));
    let ground = context.ground(exercise)?;
    let supplied = exercise.supplied(ground.supply);
    let packages = ground.packages.as_ref().filter(|_| ground.supply == Supply::Packages);
    let files = workspace::files_of(&supplied, packages, context.exercises.as_deref());
    let in_the_way = in_the_way(&folder, files.iter().map(|(path, _)| path.as_str()));
    if let (Some(path), false) = (in_the_way, args.force) {
        return Err(Error::Exists { path });
    }
    let kept = if args.force { workspace::keep_aside(&folder)? } else { None };
    let mut begun = Begun::default();
    for (path, bytes) in &files {
        begun.write(&folder.join(path), bytes)?;
    }
    begun.done();
    if let Some(installed) = &ground.installed {
        workspace::bring_packages(&folder, installed)?;
    }
    context.remember(|progress| {
        progress.exercises.entry(exercise.id.clone()).or_default();
        progress.last = Some(exercise.id.clone());
    });
    let fetch = packages.is_some() && ground.installed.is_none();
    out::data(&human::started(exercise, &folder, kept.as_deref(), fetch))?;
    Ok(Exit::Passed)
}

/// The first file that would be overwritten.
pub(super) fn in_the_way<'a>(folder: &Path, paths: impl Iterator<Item = &'a str>) -> Option<PathBuf> {
    let all = std::iter::once(folder.to_owned()).chain(paths.map(|path| folder.join(path)));
    let is_the_folder = |path: &PathBuf| path == folder && path.is_dir();
    all.into_iter().find(|path| path.symlink_metadata().is_ok() && !is_the_folder(path))
}

/// Files and folders of a workspace (or a skeleton) that is not whole yet: half of one is none.
#[derive(Default)]
pub(super) struct Begun {
    made: Vec<PathBuf>,
}

impl Begun {
    pub(super) fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let above: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| !folder.exists()).collect();
        self.made.extend(
            above.into_iter().rev().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned),
        );
        if !path.exists() {
            self.made.push(path.to_owned());
        }
        write_file(path, bytes)
    }

    pub(super) fn done(mut self) {
        self.made.clear();
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        for path in self.made.iter().rev() {
            // What was not made after all is not there, and a folder that is not empty is not ours.
            let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
        }
    }
}
