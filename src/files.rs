//! Writing files so that a reader never sees half of one.

use std::{fs, io, io::Write, os::unix::fs::symlink, path::Path};

use tempfile::NamedTempFile;
use walkdir::WalkDir;

use crate::error::Error;

/// Writes a file next to its place, then moves it there.
///
/// # Errors
/// The folder cannot be written, or the disk is full.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// Copies a folder's files and folders; links stay links.
///
/// # Errors
/// One that cannot be read or written, a full disk.
pub fn copy_tree(from: &Path, to: &Path) -> Result<(), Error> {
    for entry in WalkDir::new(from) {
        let entry = entry.map_err(|error| Error::file("read", from)(error.into()))?;
        let inside = entry.path().strip_prefix(from).unwrap_or(Path::new(""));
        // Joined with nothing, the path of a file would end with a slash.
        let place = if inside.as_os_str().is_empty() { to.to_owned() } else { to.join(inside) };
        if entry.file_type().is_dir() {
            fs::create_dir_all(&place).map_err(Error::file("create", &place))?;
        } else if entry.file_type().is_symlink() {
            let target = fs::read_link(entry.path()).map_err(Error::file("read", entry.path()))?;
            symlink(&target, &place).map_err(Error::file("create", &place))?;
        } else {
            fs::copy(entry.path(), &place).map_err(Error::file("write", &place))?;
        }
    }
    Ok(())
}

/// The bytes of all files in a folder.
#[must_use]
pub fn size_of(path: &Path) -> u64 {
    let files = WalkDir::new(path).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    files.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum()
}

/// Fills a folder under another name and then moves it into place, unless another process was
/// quicker: its folder is as good as ours.
///
/// # Errors
/// Whatever `fill` returns, or that the folder cannot be made.
pub fn complete_or_absent(folder: &Path, fill: impl FnOnce(&Path) -> Result<(), Error>) -> Result<(), Error> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
    let unfinished = tempfile::Builder::new()
        .prefix(".unfinished-")
        .tempdir_in(parent)
        .map_err(Error::file("write in", parent))?;
    let content = unfinished.path().join("content");
    fs::create_dir(&content).map_err(Error::file("create", &content))?;
    fill(&content)?;
    match fs::rename(&content, folder) {
        Err(error) if !folder.is_dir() => Err(Error::file("write", folder)(error)),
        _ => Ok(()),
    }
}
