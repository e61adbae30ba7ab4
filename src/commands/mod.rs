//! What each command does: one file a command, and [`output`], which some share.

pub mod check;
pub mod completions;
pub mod doctor;
pub mod hint;
pub mod list;
pub mod man;
pub mod new;
pub mod output;
pub mod reset;
pub mod setup;
pub mod solution;
pub mod start;
pub mod verify;

use std::path::{Path, PathBuf};

use crate::{
    cli::Format,
    dirs::Dirs,
    error::Error,
    exercise::{Exercise, catalogue::Catalogue},
    exercise_set,
    ground::Ground,
    state::{Progress, StateFile},
    store::Store,
    toolchain::Toolchain,
    ui::out,
    workspace::Workspace,
};

/// What every command may need, resolved.
#[derive(Debug)]
pub struct Context {
    /// Exercises that add to the built-in ones.
    pub exercises: Option<PathBuf>,
    /// How the result is written.
    pub format: Format,
    /// No progress, only the essence.
    pub quiet: bool,
    /// Cache and progress.
    pub dirs: Dirs,
}

impl Context {
    /// The exercises at hand: the built-in ones, and those of the set that was named or that the
    /// workspace is from.
    ///
    /// # Errors
    /// A folder that cannot be read, a manifest that cannot be read.
    pub fn catalogue(&self, target: Option<&Path>) -> Result<Catalogue, Error> {
        let set = match &self.exercises {
            Some(named) => Some(named.clone()),
            None => workspace_at(target)?.and_then(|workspace| workspace.exercises),
        };
        exercise_set::load(set.as_deref())
    }

    /// What there is on this machine for an exercise to run on.
    ///
    /// # Errors
    /// It depends on the version of Elixir, and there is none.
    pub fn ground(&self, exercise: &Exercise) -> Result<Ground, Error> {
        if !exercise.needs_packages() {
            return Ok(Ground::nothing());
        }
        let toolchain = Toolchain::find(&self.dirs.cache)?;
        Ok(Ground::of(exercise, &Store::new(&self.dirs.cache, &toolchain), &toolchain.elixir))
    }

    /// The learner's progress.
    #[must_use]
    pub fn state(&self) -> StateFile {
        StateFile::in_folder(&self.dirs.data)
    }

    /// What is remembered; nothing, with a warning, where it cannot be read.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.state().read().unwrap_or_else(|error| {
            out::warn(&error.to_string());
            Progress::default()
        })
    }

    /// Notes progress. No command fails because that cannot be written down.
    fn remember(&self, change: impl FnOnce(&mut Progress)) {
        if let Err(error) = self.state().update(change) {
            out::warn(&format!("{error}; progress is not remembered"));
        }
    }
}

/// The exercise of that id, or what was probably meant.
fn find<'a>(catalogue: &'a Catalogue, id: &str) -> Result<&'a Exercise, Error> {
    catalogue.find(id).map_err(|alike| Error::NoSuchExercise { id: id.to_owned(), alike })
}

/// The exercise that was named, that of the workspace, or the one that was checked last.
fn which(named: Option<&str>, progress: &Progress, command: &'static str) -> Result<String, Error> {
    if let Some(id) = named {
        return Ok(id.to_owned());
    }
    let around = workspace_at(None)?.map(|workspace| workspace.exercise);
    around.or_else(|| progress.last.clone()).ok_or(Error::WhichExercise { command })
}

/// The workspace whose folder was named, or else the one in which one stands.
fn workspace_at(target: Option<&Path>) -> Result<Option<Workspace>, Error> {
    match target.map(Workspace::at).transpose()?.flatten() {
        Some(named) => Ok(Some(named)),
        None => Workspace::around(&here()),
    }
}

/// Where one stands.
fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
}
