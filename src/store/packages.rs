//! Installed sets of Hex packages: a Mix project each, fetched and compiled once, complete or absent.
//!
//! What is not complete yet lies beside its place under another name, so that it can be taken up
//! again, and is worked on by one process at a time.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Store;
use crate::{error::Error, packages::PackageSet};

/// What a complete set says of itself.
const SEAL: &str = "practice.json";

/// The Mix environment in which packages are compiled, and checks run.
pub const MIX_ENV: &str = "test";

/// A set that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its Mix project.
    pub folder: PathBuf,
    /// What is in it.
    pub set: PackageSet,
}

/// What is kept in [`SEAL`].
#[derive(Serialize, Deserialize)]
struct Seal {
    name: String,
    versions: BTreeMap<String, String>,
}

impl Installed {
    /// The code path of every package.
    #[must_use]
    pub fn ebins(&self) -> Vec<PathBuf> {
        self.set.versions.keys().map(|package| self.build(package).join("ebin")).collect()
    }

    /// Where a package's compiled files are.
    #[must_use]
    pub fn build(&self, package: &str) -> PathBuf {
        build(&self.folder, package)
    }

    /// Where a package's sources are.
    #[must_use]
    pub fn source(&self, package: &str) -> PathBuf {
        source(&self.folder, package)
    }

    /// The lock file, with Hex's checksums.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn mix_lock(&self) -> Result<String, Error> {
        let path = self.folder.join("mix.lock");
        fs::read_to_string(&path).map_err(Error::file("read", path))
    }
}

/// Where Mix puts a package's compiled files.
#[must_use]
pub fn build(project: &Path, package: &str) -> PathBuf {
    build_for(MIX_ENV, project, package)
}

/// The same in another Mix environment. A package does not know in which one it is compiled.
#[must_use]
pub fn build_for(environment: &str, project: &Path, package: &str) -> PathBuf {
    project.join("_build").join(environment).join("lib").join(package)
}

/// Where Mix puts a package's sources.
#[must_use]
pub fn source(project: &Path, package: &str) -> PathBuf {
    project.join("deps").join(package)
}

/// A set that is being installed, by this process alone.
#[derive(Debug)]
pub struct Unfinished {
    /// Its Mix project, with whatever an earlier attempt has left.
    pub folder: PathBuf,
    place: PathBuf,
    /// Held until this is dropped.
    _lock: File,
}

/// Whose turn it is.
#[derive(Debug)]
pub enum Begun {
    /// It is there: another process may have been quicker.
    Complete(Installed),
    /// It is to be installed.
    Unfinished(Unfinished),
}

impl Store {
    /// The set, if it is installed.
    #[must_use]
    pub fn installed(&self, set: &PackageSet) -> Option<Installed> {
        let folder = self.place_of(set);
        let seal: Seal = serde_json::from_slice(&fs::read(folder.join(SEAL)).ok()?).ok()?;
        (seal.versions == set.versions).then(|| Installed { folder, set: set.clone() })
    }

    /// Begins to install a set, or takes that up again. Waits while another process does so;
    /// `waiting` is called before that.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn begin(&self, set: &PackageSet, waiting: impl FnOnce()) -> Result<Begun, Error> {
        let place = self.place_of(set);
        let parent = place.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
        let lock = lock(&place.with_extension("lock"), waiting)?;
        if let Some(installed) = self.installed(set) {
            return Ok(Begun::Complete(installed));
        }
        // A folder without a seal is none of ours.
        remove(&place)?;
        let folder = place.with_extension("unfinished");
        fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        Ok(Begun::Unfinished(Unfinished { folder, place, _lock: lock }))
    }

    /// Removes every set of this Elixir and OTP, and what is left of unfinished ones.
    ///
    /// # Errors
    /// A folder that cannot be removed.
    pub fn remove_packages(&self) -> Result<(), Error> {
        remove(&self.packages_dir())
    }

    /// Where the sets are.
    #[must_use]
    pub fn packages_dir(&self) -> PathBuf {
        self.root.join("packages")
    }

    fn place_of(&self, set: &PackageSet) -> PathBuf {
        self.packages_dir().join(set.slug())
    }
}

impl Unfinished {
    /// Removes what cannot be trusted of an earlier attempt: the compiled files of a package whose
    /// `.app` file, which comes last, is not there.
    ///
    /// # Errors
    /// A folder that cannot be removed.
    pub fn tidy<'a>(&self, packages: impl Iterator<Item = &'a String>) -> Result<(), Error> {
        for package in packages {
            if !is_compiled(&self.folder, package) {
                remove(&build(&self.folder, package))?;
            }
        }
        Ok(())
    }

    /// Seals the set, and moves it to its place.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn complete(self, set: &PackageSet) -> Result<Installed, Error> {
        let seal = Seal { name: set.name.clone(), versions: set.versions.clone() };
        let path = self.folder.join(SEAL);
        let text =
            serde_json::to_vec_pretty(&seal).map_err(|error| Error::file("write", &path)(error.into()))?;
        fs::write(&path, text).map_err(Error::file("write", &path))?;
        fs::rename(&self.folder, &self.place).map_err(Error::file("write", &self.place))?;
        Ok(Installed { folder: self.place.clone(), set: set.clone() })
    }
}

/// Whether a package's sources are there: Hex writes its note of them last.
#[must_use]
pub fn is_fetched(project: &Path, package: &str) -> bool {
    source(project, package).join(".hex").is_file()
}

/// Whether a package is compiled: its `.app` file is written last.
#[must_use]
pub fn is_compiled(project: &Path, package: &str) -> bool {
    build(project, package).join("ebin").join(format!("{package}.app")).is_file()
}

fn lock(path: &Path, waiting: impl FnOnce()) -> Result<File, Error> {
    let file = File::create(path).map_err(Error::file("create", path))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            waiting();
            file.lock().map_err(Error::file("lock", path))?;
        }
        // A file system without locks: two processes may then get in each other's way, and the next
        // attempt repairs that.
        Err(TryLockError::Error(_)) | Ok(()) => {}
    }
    Ok(file)
}

fn remove(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::file("remove", folder)(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::Toolchain;

    fn store(cache: &Path) -> Store {
        let toolchain =
            Toolchain { elixir: "1.14.0".into(), otp: "25".into(), lib: "lib".into(), erl: "erl".into() };
        Store::new(cache, &toolchain)
    }

    fn set() -> PackageSet {
        let pairs = |version: &str| BTreeMap::from([("jason".to_owned(), version.to_owned())]);
        PackageSet { name: "set".to_owned(), requirements: pairs("~> 1.4"), versions: pairs("1.4.4") }
    }

    fn unfinished(store: &Store) -> Unfinished {
        match store.begin(&set(), || ()).unwrap() {
            Begun::Unfinished(unfinished) => unfinished,
            Begun::Complete(_) => panic!("it is complete"),
        }
    }

    #[test]
    fn a_set_is_absent_until_it_is_complete() {
        let cache = tempfile::tempdir().unwrap();
        let store = store(cache.path());
        let begun = unfinished(&store);
        fs::write(begun.folder.join("mix.exs"), "…").unwrap();
        assert_eq!(store.installed(&set()), None);
        drop(begun);
        let again = unfinished(&store);
        assert!(again.folder.join("mix.exs").is_file(), "what was begun is gone");
        let installed = again.complete(&set()).unwrap();
        assert_eq!(store.installed(&set()), Some(installed.clone()));
        assert!(matches!(store.begin(&set(), || ()).unwrap(), Begun::Complete(there) if there == installed));
    }

    #[test]
    fn a_folder_without_a_seal_is_no_set() {
        let cache = tempfile::tempdir().unwrap();
        let store = store(cache.path());
        fs::create_dir_all(store.place_of(&set())).unwrap();
        assert_eq!(store.installed(&set()), None);
        unfinished(&store).complete(&set()).unwrap();
        assert!(store.installed(&set()).is_some());
    }

    #[test]
    fn one_process_works_on_a_set_at_a_time() {
        let cache = tempfile::tempdir().unwrap();
        let store = store(cache.path());
        let first = unfinished(&store);
        let (told, waits) = std::sync::mpsc::channel();
        let second = std::thread::spawn({
            let store = store.clone();
            move || store.begin(&set(), || told.send(()).unwrap()).unwrap()
        });
        waits.recv().unwrap();
        first.complete(&set()).unwrap();
        assert!(matches!(second.join().unwrap(), Begun::Complete(_)));
    }

    #[test]
    fn a_package_that_was_half_compiled_is_compiled_anew() {
        let cache = tempfile::tempdir().unwrap();
        let begun = unfinished(&store(cache.path()));
        let ebin = build(&begun.folder, "jason").join("ebin");
        fs::create_dir_all(&ebin).unwrap();
        fs::write(ebin.join("Elixir.Jason.beam"), "…").unwrap();
        begun.tidy(set().versions.keys()).unwrap();
        assert!(!ebin.exists());
        fs::create_dir_all(&ebin).unwrap();
        fs::write(ebin.join("jason.app"), "…").unwrap();
        begun.tidy(set().versions.keys()).unwrap();
        assert!(ebin.exists());
    }
}
