//! Where exercises come from: those inside the program, and a folder of the user's.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use include_dir::{Dir, include_dir};
use walkdir::WalkDir;

use crate::{
    error::Error,
    exercise::{Exercise, Files, ManifestError, catalogue::Catalogue},
    packages::{ByElixir, PackageSet, SetError},
};

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/exercises");

/// The shared idiom rules.
const SHARED_RULES: &str = include_str!("../exercises/idioms.toml");

/// Names that editors and tools leave in folders.
const IGNORED: [&str; 5] = ["_build", "deps", ".elixir_ls", ".DS_Store", ".git"];

/// The text of the shared idiom rules.
#[must_use]
pub fn shared_rules() -> &'static str {
    SHARED_RULES
}

/// Credo and Dialyxir, for this Elixir.
///
/// # Errors
/// This program knows no versions for it.
pub fn tools(elixir: &str) -> Result<PackageSet, SetError> {
    let text = |path: &str| BUILT_IN.get_file(path).and_then(|file| file.contents_utf8());
    let ranges: ByElixir =
        text("tools/packages.toml").and_then(|text| toml::from_str(text).ok()).unwrap_or_default();
    PackageSet::choose("tools", &ranges, elixir, |from| {
        text(&format!("tools/{from}.lock")).map(str::to_owned)
    })
}

/// The built-in exercises, with those of a folder added or in their place.
///
/// # Errors
/// A folder that cannot be read or holds none, a manifest that cannot be read.
pub fn load(folder: Option<&Path>) -> Result<Catalogue, Error> {
    let mut exercises = BTreeMap::new();
    for (id, files) in built_in() {
        let exercise = build(&id, files, &PathBuf::from("built-in").join(&id))?;
        exercises.insert(id, exercise);
    }
    if let Some(folder) = folder {
        let found = in_folder(folder)?;
        if found.is_empty() {
            return Err(Error::NoExercises { folder: folder.to_owned() });
        }
        for exercise in found {
            exercises.insert(exercise.id.clone(), exercise);
        }
    }
    Ok(Catalogue { exercises: exercises.into_values().collect() })
}

fn build(id: &str, files: Files, folder: &Path) -> Result<Exercise, Error> {
    let at = |source| Error::Exercise { id: id.to_owned(), path: folder.join("exercise.toml"), source };
    Exercise::from_files(id, files).map_err(at)
}

fn built_in() -> impl Iterator<Item = (String, Files)> {
    BUILT_IN.dirs().filter(|dir| dir.get_file(dir.path().join("exercise.toml")).is_some()).map(|dir| {
        let mut files = Files::new();
        collect_embedded(dir, dir.path(), &mut files);
        (dir.path().to_string_lossy().into_owned(), files)
    })
}

fn collect_embedded(dir: &Dir<'static>, root: &Path, files: &mut Files) {
    for file in dir.files() {
        if let Some(path) = slashed(file.path(), root) {
            files.insert(path, Cow::Borrowed(file.contents()));
        }
    }
    dir.dirs().for_each(|dir| collect_embedded(dir, root, files));
}

fn in_folder(folder: &Path) -> Result<Vec<Exercise>, Error> {
    let mut exercises = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::file("read", folder))? {
        let path = entry.map_err(Error::file("read", folder))?.path();
        if path.join("exercise.toml").is_file() {
            let id = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !is_id(&id) {
                return Err(wrong(&id, &path, "its folder's name is not lower-case letters, digits and `_`"));
            }
            exercises.push(build(&id, read_files(&path)?, &path)?);
        }
    }
    Ok(exercises)
}

fn read_files(root: &Path) -> Result<Files, Error> {
    let mut files = Files::new();
    let wanted = |entry: &walkdir::DirEntry| !IGNORED.iter().any(|name| entry.file_name() == *name);
    for entry in WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(wanted) {
        let entry = entry.map_err(|error| Error::file("read", root)(error.into()))?;
        if entry.file_type().is_dir() {
            continue;
        }
        if !entry.file_type().is_file() {
            let id = root.file_name().unwrap_or_default().to_string_lossy();
            return Err(wrong(&id, entry.path(), "it is not a regular file"));
        }
        if let Some(path) = slashed(entry.path(), root) {
            let bytes = fs::read(entry.path()).map_err(Error::file("read", entry.path()))?;
            files.insert(path, Cow::Owned(bytes));
        }
    }
    Ok(files)
}

/// Whether an exercise can have this id: it becomes the name of a Mix project.
#[must_use]
pub fn is_id(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn wrong(id: &str, path: &Path, what: &str) -> Error {
    let source = ManifestError::Value { what: what.to_owned() };
    Error::Exercise { id: id.to_owned(), path: path.to_owned(), source }
}

/// A path relative to the root, with `/` between its parts.
fn slashed(path: &Path, root: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components();
    Some(parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
}
