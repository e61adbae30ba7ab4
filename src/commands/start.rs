//! `practice start`: a workspace in which `mix test`, an editor and ElixirLS work.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Context, find};
use crate::{
    cli::StartArgs, error::Error, exit::Exit, project::write_file, render::human, ui::out, workspace,
};

/// Makes the workspace.
///
/// # Errors
/// No such exercise, a file that exists already, a folder that cannot be written.
pub fn run(context: &Context, args: &StartArgs) -> Result<Exit, Error> {
    let catalogue = context.catalogue()?;
    let exercise = find(&catalogue, &args.id)?;
    let folder = args.dir.clone().unwrap_or_else(|| PathBuf::from(&exercise.id));
    let files = workspace::files_of(exercise);
    if !args.force {
        nothing_is_there(&folder, files.iter().map(|(path, _)| path.as_str()))?;
    }
    let begun = Begun::new(&folder);
    for (path, bytes) in &files {
        write_file(&folder.join(path), bytes)?;
    }
    begun.done();
    out::data(&human::started(exercise, &folder));
    Ok(Exit::Passed)
}

fn nothing_is_there<'a>(folder: &Path, paths: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    for path in std::iter::once(folder.to_owned()).chain(paths.map(|path| folder.join(path))) {
        let exists = path.symlink_metadata().is_ok();
        let is_the_folder = path == folder && path.is_dir();
        if exists && !is_the_folder {
            return Err(Error::Exists { path });
        }
    }
    Ok(())
}

/// A folder that we made and have not filled yet: half a workspace is none.
struct Begun<'a>(Option<&'a Path>);

impl<'a> Begun<'a> {
    fn new(folder: &'a Path) -> Self {
        Self((!folder.exists()).then_some(folder))
    }

    fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if let Some(folder) = self.0 {
            let _ = fs::remove_dir_all(folder);
        }
    }
}
