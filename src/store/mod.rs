//! The cache: everything that is made once per Elixir and OTP version and used by every check.
//!
//! Each entry is a folder named by a hash of what it was made from, complete or absent, so that
//! processes side by side need no lock, and nothing in it is ever changed.

pub mod archive;
pub mod packages;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use include_dir::{Dir, include_dir};

use self::packages::Installed;

use crate::{
    error::Error,
    exercise::Exercise,
    files::complete_or_absent,
    hash::sha256_hex,
    process::probe::probe,
    toolchain::{self, Toolchain},
};

/// The Elixir side of a check.
static RUNNER: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/elixir");

/// How long our own modules may take to compile.
const COMPILE_TIMEOUT: Duration = Duration::from_secs(120);

/// The cache for one pair of versions.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

/// An exercise's modules, compiled without any solution.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The given modules.
    pub support_ebin: PathBuf,
    /// The test modules.
    pub tests_ebin: PathBuf,
    /// What the exercise's own `prepare/1` has written, to be copied for each run.
    pub filled: PathBuf,
}

impl Prepared {
    fn in_folder(folder: &Path) -> Self {
        Self {
            support_ebin: folder.join("support"),
            tests_ebin: folder.join("tests"),
            filled: folder.join("filled"),
        }
    }
}

impl Store {
    /// The part of the cache for this toolchain.
    #[must_use]
    pub fn new(cache: &Path, toolchain: &Toolchain) -> Self {
        Self { root: cache.join(toolchain.slug()) }
    }

    /// Dialyzer's type information, which the analysis VM keeps there itself. With other packages, the
    /// same module may have other types.
    #[must_use]
    pub fn plt_dir(&self, packages: Option<&Installed>) -> PathBuf {
        let all = self.root.join("plt");
        packages.and_then(|packages| packages.folder.file_name()).map_or(all.clone(), |set| all.join(set))
    }

    /// Dialyxir's type information, for a project with these packages.
    #[must_use]
    pub fn dialyxir_plt(&self, packages: &[&Installed]) -> PathBuf {
        let sets = packages.iter().filter_map(|packages| packages.folder.file_name());
        let sets: Vec<_> = sets.map(|set| set.to_string_lossy()).collect();
        self.root.join("plt").join(format!("dialyxir-{}", sets.join("-")))
    }

    /// Our own modules, compiled on first use.
    ///
    /// # Errors
    /// They do not compile with this Elixir, or the cache cannot be written.
    pub fn runner(&self, toolchain: &Toolchain) -> Result<PathBuf, Error> {
        let folder = self.root.join(format!("runner-{}", runner_hash()));
        complete_or_absent(&folder, |out| compile_runner(toolchain, out))?;
        Ok(folder)
    }

    /// The exercise's given modules and tests; `compile` is called where they are not there yet.
    ///
    /// # Errors
    /// What `compile` returns, or that the cache cannot be written.
    pub fn prepared(
        &self,
        exercise: &Exercise,
        packages: Option<&Installed>,
        compile: impl FnOnce(&Prepared) -> Result<(), Error>,
    ) -> Result<Prepared, Error> {
        let folder = self.root.join(format!("exercise-{}-{}", exercise.id, tests_hash(exercise, packages)));
        let fill = |out: &Path| {
            let prepared = Prepared::in_folder(out);
            for ebin in [&prepared.support_ebin, &prepared.tests_ebin, &prepared.filled] {
                fs::create_dir_all(ebin).map_err(Error::file("create", ebin))?;
            }
            compile(&prepared)
        };
        complete_or_absent(&folder, fill)?;
        Ok(Prepared::in_folder(&folder))
    }
}

fn compile_runner(toolchain: &Toolchain, out: &Path) -> Result<(), Error> {
    let sources = tempfile::tempdir().map_err(Error::file("create", std::env::temp_dir()))?;
    RUNNER.extract(sources.path()).map_err(Error::file("write", sources.path()))?;
    let files = RUNNER.find("**/*.ex").into_iter().flatten().filter_map(|entry| entry.as_file());
    let files: Vec<String> =
        files.map(|file| sources.path().join(file.path()).display().to_string()).collect();
    let out = out.display().to_string();
    let mut args = vec!["-o", out.as_str()];
    args.extend(files.iter().map(String::as_str));
    probe(toolchain::search("elixirc")?, &args, COMPILE_TIMEOUT)
        .map(drop)
        .map_err(|source| Error::Runner { elixir: toolchain.elixir.clone(), source })
}

fn runner_hash() -> String {
    let mut parts: Vec<&[u8]> = Vec::new();
    for file in RUNNER.find("**/*.ex").into_iter().flatten().filter_map(|entry| entry.as_file()) {
        parts.extend([file.path().as_os_str().as_encoded_bytes(), file.contents()]);
    }
    sha256_hex(parts)[..16].to_owned()
}

/// A hash over what goes into [`Prepared`].
fn tests_hash(exercise: &Exercise, packages: Option<&Installed>) -> String {
    let set = packages.and_then(|packages| packages.folder.file_name()).unwrap_or_default();
    let prepare = exercise.manifest.prepare.as_deref().unwrap_or_default();
    let runner = [&runner_hash(), prepare, &set.to_string_lossy()].join("\0");
    let files = exercise.support_files().into_iter().chain(exercise.early_and_late_tests().0);
    let parts = files.flat_map(|path| [path.as_bytes(), b"\0", exercise.files[path].as_ref(), b"\0"]);
    sha256_hex(std::iter::once(runner.as_bytes()).chain(parts))[..16].to_owned()
}
