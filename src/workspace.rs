//! The folder in which a learner works: made by `start`, found and read by `check`.
//!
//! A check reads the solution's files from it and never writes to it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use crate::{
    error::{Error, SolutionProblem},
    exercise::{Exercise, lock},
    files::copy_tree,
    packages::PackageSet,
    plan::SourceFile,
    project::{FORMATTER_EXS, TEST_HELPER, mix_exs},
    store::packages::Installed,
};

/// Marks a folder as a workspace, and says of which exercise.
const MARKER: &str = ".practice.toml";

/// No solution is longer.
const LARGEST_SOLUTION: u64 = 1024 * 1024;

const GITIGNORE: &str = "/_build/\n/deps/\n/.elixir_ls/\n";

#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    exercise: String,
    /// The set that it is from, if that is not the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exercises: Option<PathBuf>,
}

/// A workspace that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its folder, as the user would name it.
    pub folder: PathBuf,
    /// The exercise's id.
    pub exercise: String,
    /// The set that it is from, if that is not the built-in one.
    pub exercises: Option<PathBuf>,
}

impl Workspace {
    /// The workspace whose folder this is.
    ///
    /// # Errors
    /// A marker that cannot be read.
    pub fn at(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(MARKER);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(Error::file("read", path)(error));
            }
            Err(_) => return Ok(None),
        };
        let marker: Marker =
            toml::from_str(&text).map_err(|source| Error::Marker { path, source: Box::new(source) })?;
        Ok(Some(Self { folder: folder.to_owned(), exercise: marker.exercise, exercises: marker.exercises }))
    }

    /// The workspace in which one stands: in this folder or in one above it. The folder's path is
    /// relative to where one stands.
    ///
    /// # Errors
    /// A marker that cannot be read.
    pub fn around(here: &Path) -> Result<Option<Self>, Error> {
        for (levels, folder) in here.ancestors().enumerate() {
            if let Some(found) = Self::at(folder)? {
                let shown = std::iter::repeat_n("..", levels).collect::<PathBuf>();
                return Ok(Some(Self { folder: shown, ..found }));
            }
        }
        Ok(None)
    }

    /// The learner's files: everything under `lib/` that is Elixir.
    ///
    /// # Errors
    /// A file that cannot be judged, or none at all.
    pub fn solution(&self, exercise: &Exercise) -> Result<Vec<SourceFile>, Error> {
        let lib = self.folder.join("lib");
        let mut files = Vec::new();
        for entry in
            WalkDir::new(&lib).follow_links(true).sort_by_file_name().into_iter().filter_entry(is_visible)
        {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if files.is_empty() && error.depth() == 0 => break,
                // A dangling link: Emacs marks a file that is being edited by one.
                Err(error) if error.path().and_then(Path::file_name).is_some_and(is_hidden) => continue,
                Err(error) => {
                    let path = error.path().unwrap_or(&lib).to_owned();
                    return Err(Error::file("read", path)(error.into()));
                }
            };
            let is_elixir = entry.path().extension().is_some_and(|extension| extension == "ex");
            if is_elixir && !entry.file_type().is_dir() {
                files.push(self.source(entry.path())?);
            }
        }
        if files.is_empty() {
            let path = self.folder.join(&exercise.manifest.files[0]);
            return Err(Error::Solution { path, problem: SolutionProblem::Missing });
        }
        Ok(files)
    }

    fn source(&self, path: &Path) -> Result<SourceFile, Error> {
        let inside = path.strip_prefix(&self.folder).unwrap_or(path);
        let parts = inside.components().map(|part| part.as_os_str().to_string_lossy());
        Ok(SourceFile {
            path: parts.collect::<Vec<_>>().join("/"),
            shown: path.display().to_string(),
            text: read_source(path)?,
        })
    }
}

/// Editors and systems leave files and links beside ours whose names begin with a dot.
fn is_visible(entry: &walkdir::DirEntry) -> bool {
    entry.depth() == 0 || !is_hidden(entry.file_name())
}

fn is_hidden(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// A single file as the solution of an exercise.
///
/// # Errors
/// A file that cannot be judged, an exercise of several files.
pub fn single_file(exercise: &Exercise, path: &Path) -> Result<Vec<SourceFile>, Error> {
    match exercise.manifest.files.as_slice() {
        [only] => Ok(vec![SourceFile {
            path: only.clone(),
            shown: path.display().to_string(),
            text: read_source(path)?,
        }]),
        several => Err(Error::SeveralFiles { id: exercise.id.clone(), count: several.len() }),
    }
}

/// Reads a solution's file, having made sure that it is one: opening a FIFO would wait for ever.
fn read_source(path: &Path) -> Result<String, Error> {
    let problem = |problem| Error::Solution { path: path.to_owned(), problem };
    let unreadable = |error: std::io::Error| {
        problem(match error.kind() {
            std::io::ErrorKind::NotFound => SolutionProblem::Missing,
            _ => SolutionProblem::Unreadable { reason: reason_of(&error) },
        })
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(problem(SolutionProblem::Folder));
    }
    if !metadata.is_file() {
        return Err(problem(SolutionProblem::NotAFile));
    }
    if metadata.len() > LARGEST_SOLUTION {
        return Err(problem(SolutionProblem::TooLarge { bytes: metadata.len(), limit: LARGEST_SOLUTION }));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        problem(SolutionProblem::NotText { line: valid.split(|byte| *byte == b'\n').count() })
    })?;
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(problem(SolutionProblem::Empty));
    }
    Ok(text)
}

/// `Permission denied (os error 13)` without the number.
fn reason_of(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// The files of a new workspace, by their path in it. `exercise` is as it is supplied, `packages` are
/// those that it then needs, and `set` is where the exercise is from, if it is not a built-in one.
#[must_use]
pub fn files_of(
    exercise: &Exercise,
    packages: Option<&PackageSet>,
    set: Option<&Path>,
) -> Vec<(String, Vec<u8>)> {
    let exercises = set.map(|set| std::path::absolute(set).unwrap_or_else(|_| set.to_owned()));
    let marker = Marker { exercise: exercise.id.clone(), exercises };
    let marker = format!(
        "# `practice check` finds the exercise by this file.\n{}",
        toml::to_string(&marker).unwrap_or_default()
    );
    let deps = packages.map(PackageSet::mix_deps).unwrap_or_default();
    let mut files = vec![
        (MARKER.to_owned(), marker.into_bytes()),
        ("mix.exs".to_owned(), mix_exs(exercise, &deps, false, None).into_bytes()),
        (".formatter.exs".to_owned(), FORMATTER_EXS.as_bytes().to_vec()),
        (".gitignore".to_owned(), GITIGNORE.as_bytes().to_vec()),
    ];
    if let Some(task) = exercise.files.get("README.md") {
        files.push(("README.md".to_owned(), task.to_vec()));
    }
    files.extend(exercise.under("stub").map(|(path, bytes)| (path.to_owned(), bytes.to_vec())));
    files.extend(packages.map(|packages| ("mix.lock".to_owned(), packages.mix_lock().into_bytes())));
    for folder in ["support", "test", "packages/test"] {
        let given = exercise.under(folder).map(|(path, bytes)| (format!("{folder}/{path}"), bytes.to_vec()));
        files.extend(given.filter(|(path, _)| path != lock::PATH));
    }
    if exercise.under("packages/test").next().is_some() {
        files.push(("packages/test/test_helper.exs".to_owned(), TEST_HELPER.to_vec()));
    }
    files
}

/// Puts installed packages where Mix looks for them in a workspace, compiled as they are, unless
/// something is there.
///
/// # Errors
/// A folder that cannot be written, a full disk.
pub fn bring_packages(folder: &Path, installed: &Installed) -> Result<(), Error> {
    // Mix compiles again what is older than its sources: these come first.
    for part in ["deps", "_build"] {
        let place = folder.join(part);
        if !place.exists() {
            copy_tree(&installed.folder.join(part), &place)?;
        }
    }
    let lock = folder.join("mix.lock");
    fs::write(&lock, installed.mix_lock()?).map_err(Error::file("write", lock))
}

/// Moves the learner's `lib` aside, so that nothing of it is overwritten; says where it is now.
///
/// # Errors
/// A folder that cannot be written.
pub fn keep_aside(folder: &Path) -> Result<Option<PathBuf>, Error> {
    let lib = folder.join("lib");
    if !lib.exists() {
        return Ok(None);
    }
    let names = (1..).map(|number| folder.join(format!("lib-{number}")));
    let free = names.into_iter().find(|name| name.symlink_metadata().is_err());
    if let Some(kept) = &free {
        fs::rename(&lib, kept).map_err(Error::file("move", &lib))?;
    }
    Ok(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(path: &Path) -> SolutionProblem {
        match read_source(path) {
            Err(Error::Solution { problem, .. }) => problem,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_cannot_be_judged_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        assert_eq!(problem_of(&folder.path().join("none.ex")), SolutionProblem::Missing);
        assert_eq!(problem_of(folder.path()), SolutionProblem::Folder);
        assert_eq!(problem_of(&file("empty.ex", b" \n\t\n")), SolutionProblem::Empty);
        assert_eq!(problem_of(&file("bom.ex", "\u{feff}\n".as_bytes())), SolutionProblem::Empty);
        assert_eq!(problem_of(&file("latin1.ex", b"a\nb \xe9\n")), SolutionProblem::NotText { line: 2 });
        let large = problem_of(&file("large.ex", &vec![b' '; 5 * 1024 * 1024]));
        assert!(matches!(large, SolutionProblem::TooLarge { .. }));
    }
}
