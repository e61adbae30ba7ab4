//! What is remembered between runs: which exercises are solved, what failed last, and which hints
//! were shown.
//!
//! One JSON file, read and replaced under a lock. Every value is optional, so that a file of an
//! older or newer version is read as far as it is understood.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{error::Error, files::write_atomically, hint::ShownHint};

/// Written into the file.
const VERSION: u32 = 1;

/// The learner's progress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The exercise that was checked last.
    pub last: Option<String>,
    /// By exercise.
    pub exercises: BTreeMap<String, ExerciseProgress>,
}

/// Progress in one exercise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExerciseProgress {
    /// Whether a check has passed.
    pub solved: bool,
    /// The hints for what failed in the last check, the first one first.
    pub hints: Vec<ShownHint>,
    /// How many levels of each hint were shown.
    pub shown: BTreeMap<String, usize>,
    /// The files of the last solution that passed, by their path in the project.
    pub solution: BTreeMap<String, String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    version: u32,
    last: Option<String>,
    exercises: BTreeMap<String, StoredExercise>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct StoredExercise {
    solved: bool,
    hints: Vec<StoredHint>,
    shown: BTreeMap<String, usize>,
    solution: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct StoredHint {
    id: String,
    levels: Vec<String>,
    because: String,
}

/// The file that progress is kept in.
#[derive(Clone, Debug)]
pub struct StateFile {
    path: PathBuf,
}

impl StateFile {
    /// The file in this folder; it need not exist.
    #[must_use]
    pub fn in_folder(data: &Path) -> Self {
        Self { path: data.join("progress.json") }
    }

    /// Reads the progress.
    ///
    /// # Errors
    /// A file that cannot be read, or that is none of ours.
    pub fn read(&self) -> Result<Progress, Error> {
        match fs::read(&self.path) {
            Ok(bytes) => {
                let stored: Stored =
                    serde_json::from_slice(&bytes).map_err(|error| self.error(error.into()))?;
                Ok(stored.into())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Progress::default()),
            Err(error) => Err(self.error(error)),
        }
    }

    /// Reads, changes and replaces the progress, alone.
    ///
    /// # Errors
    /// A folder that cannot be written, a full disk.
    pub fn update<T>(&self, change: impl FnOnce(&mut Progress) -> T) -> Result<T, Error> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| self.error(error))?;
        let lock = File::create(folder.join("progress.lock")).map_err(|error| self.error(error))?;
        // A file system without locks: two checks that end in the same millisecond may then lose one note.
        let _ = lock.lock();
        let mut progress = self.read()?;
        let result = change(&mut progress);
        let text =
            serde_json::to_vec_pretty(&Stored::from(progress)).map_err(|error| self.error(error.into()))?;
        write_atomically(&self.path, &text).map_err(|error| self.error(error))?;
        Ok(result)
    }

    fn error(&self, source: io::Error) -> Error {
        Error::State { path: self.path.clone(), source }
    }
}

impl From<Stored> for Progress {
    fn from(stored: Stored) -> Self {
        let exercise = |stored: StoredExercise| ExerciseProgress {
            solved: stored.solved,
            shown: stored.shown,
            solution: stored.solution,
            hints: stored
                .hints
                .into_iter()
                .map(|StoredHint { id, levels, because }| ShownHint { id, levels, because })
                .collect(),
        };
        Self {
            last: stored.last,
            exercises: stored.exercises.into_iter().map(|(id, stored)| (id, exercise(stored))).collect(),
        }
    }
}

impl From<Progress> for Stored {
    fn from(progress: Progress) -> Self {
        let exercise = |progress: ExerciseProgress| StoredExercise {
            solved: progress.solved,
            shown: progress.shown,
            solution: progress.solution,
            hints: progress
                .hints
                .into_iter()
                .map(|ShownHint { id, levels, because }| StoredHint { id, levels, because })
                .collect(),
        };
        Self {
            version: VERSION,
            last: progress.last,
            exercises: progress
                .exercises
                .into_iter()
                .map(|(id, progress)| (id, exercise(progress)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::in_folder(&folder.path().join("data"));
        assert_eq!(file.read().unwrap(), Progress::default());
        let hint = ShownHint { id: "h".into(), levels: vec!["look".into()], because: "test: one".into() };
        file.update(|progress| {
            let exercise = progress.exercises.entry("e".into()).or_default();
            exercise.solved = true;
            exercise.hints.push(hint.clone());
            exercise.shown.insert("h".into(), 1);
        })
        .unwrap();
        let exercise = &file.read().unwrap().exercises["e"];
        assert!(exercise.solved);
        assert_eq!(exercise.hints, [hint]);
        assert_eq!(exercise.shown["h"], 1);
    }

    #[test]
    fn a_file_that_is_not_ours_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::in_folder(folder.path());
        fs::write(&file.path, "not json").unwrap();
        assert!(file.update(|_| ()).is_err());
        assert_eq!(fs::read_to_string(&file.path).unwrap(), "not json");
    }
}
