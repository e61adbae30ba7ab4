//! The throwaway Mix project of a check: the exercise's own files and the learner's solution.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    error::Error,
    event::Vm,
    exercise::Exercise,
    files::copy_tree,
    plan::SourceFile,
    store::packages::{self, Installed},
};

/// Longest path of a Unix-domain socket that every system takes, less the names inside the folder.
const LONGEST_ROOT: usize = 80;

/// A throwaway project and the folders around it.
#[derive(Debug)]
pub struct Project {
    folder: TempDir,
}

impl Project {
    /// Writes the project into a new temporary folder. `plt` is the folder of Dialyxir's type
    /// information.
    ///
    /// # Errors
    /// No temporary folder, a full disk.
    pub fn create(
        exercise: &Exercise,
        solution: &[SourceFile],
        packages: &[&Installed],
        plt: Option<&Path>,
    ) -> Result<Self, Error> {
        let project = Self { folder: temporary_folder()? };
        let homes = [Vm::Test, Vm::Analysis].map(|vm| project.home(vm));
        for folder in [project.root(), project.ebin(), project.beams()].iter().chain(&homes) {
            fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
        }
        project.write_exercise(exercise, packages, plt)?;
        for installed in packages {
            project.link(installed)?;
        }
        for file in solution {
            write_file(&project.root().join(&file.path), file.text.as_bytes())?;
        }
        Ok(project)
    }

    fn write_exercise(
        &self,
        exercise: &Exercise,
        packages: &[&Installed],
        plt: Option<&Path>,
    ) -> Result<(), Error> {
        for folder in ["support", "test", "hidden", "packages/test"] {
            for (path, bytes) in exercise.under(folder) {
                write_file(&self.root().join(folder).join(path), bytes)?;
            }
        }
        let has_hidden = exercise.under("hidden").next().is_some();
        for folder in ["hidden", "packages/test"] {
            if exercise.under(folder).next().is_some() {
                write_file(&self.root().join(folder).join("test_helper.exs"), TEST_HELPER)?;
            }
        }
        let deps: Vec<String> = packages.iter().flat_map(|installed| installed.set.mix_deps()).collect();
        let mix_exs = mix_exs(exercise, &deps, has_hidden, plt);
        write_file(&self.root().join("mix.exs"), mix_exs.as_bytes())?;
        if !packages.is_empty() {
            let locks =
                packages.iter().map(|installed| installed.mix_lock()).collect::<Result<Vec<_>, _>>()?;
            write_file(&self.root().join("mix.lock"), merge_locks(&locks).as_bytes())?;
        }
        write_file(&self.root().join(".formatter.exs"), FORMATTER_EXS.as_bytes())?;
        write_file(&self.root().join(".credo.exs"), CREDO_EXS.as_bytes())
    }

    /// Lets Mix find installed packages where it looks for them.
    fn link(&self, installed: &Installed) -> Result<(), Error> {
        for package in installed.set.versions.keys() {
            let root = self.root();
            for (target, place) in [
                (installed.source(package), packages::source(&root, package)),
                (installed.build(package), packages::build(&root, package)),
                // `mix credo` and `mix dialyzer`, typed by hand, run there.
                (installed.build(package), packages::build_for("dev", &root, package)),
            ] {
                let above = place.parent().unwrap_or(&root);
                fs::create_dir_all(above).map_err(Error::file("create", above))?;
                // Two sets may share a package, in the same version.
                if !place.exists() {
                    symlink(&target, &place).map_err(Error::file("create", &place))?;
                }
            }
        }
        Ok(())
    }

    /// The Mix project.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// Where the test VM writes the solution's modules.
    #[must_use]
    pub fn ebin(&self) -> PathBuf {
        self.folder.path().join("ebin")
    }

    /// The solution's modules as they were before any test ran, for the analysis.
    #[must_use]
    pub fn beams(&self) -> PathBuf {
        self.folder.path().join("beams")
    }

    /// An empty folder of a VM's own: its working directory, home, and place for temporary files.
    #[must_use]
    pub fn home(&self, vm: Vm) -> PathBuf {
        self.folder.path().join(match vm {
            Vm::Test => "test-home",
            Vm::Analysis => "analysis-home",
        })
    }

    /// The path of a VM's socket.
    #[must_use]
    pub fn socket(&self, vm: Vm) -> PathBuf {
        self.folder.path().join(match vm {
            Vm::Test => "test.sock",
            Vm::Analysis => "analysis.sock",
        })
    }

    /// Makes this run's own copy of what the exercise has prepared.
    ///
    /// # Errors
    /// A full disk.
    pub fn fill(&self, filled: &Path) -> Result<PathBuf, Error> {
        let folder = self.folder.path().join("filled");
        copy_tree(filled, &folder)?;
        Ok(folder)
    }

    /// Copies the solution's modules to where the running solution does not reach them.
    ///
    /// # Errors
    /// A full disk.
    pub fn keep_beams(&self) -> Result<(), Error> {
        let ebin = self.ebin();
        for entry in fs::read_dir(&ebin).map_err(Error::file("read", &ebin))? {
            let entry = entry.map_err(Error::file("read", &ebin))?;
            if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                let copy = self.beams().join(entry.file_name());
                fs::copy(entry.path(), &copy).map_err(Error::file("write", &copy))?;
            }
        }
        Ok(())
    }

    /// Leaves the project where it is, and says where.
    #[must_use]
    pub fn keep(self) -> PathBuf {
        self.folder.keep().join("project")
    }
}

/// A folder under `TMPDIR`, or under `/tmp` where that path is too long for a socket.
fn temporary_folder() -> Result<TempDir, Error> {
    let root = std::env::temp_dir();
    let root = if root.as_os_str().len() > LONGEST_ROOT { PathBuf::from("/tmp") } else { root };
    let failed = |source| Error::Temporary { path: root.clone(), source };
    let real = fs::canonicalize(&root).map_err(failed)?;
    tempfile::Builder::new().prefix("practice-").tempdir_in(real).map_err(failed)
}

/// One lock file of several: a line an entry, each package once.
fn merge_locks(locks: &[String]) -> String {
    let mut entries: Vec<&str> = locks
        .iter()
        .flat_map(|lock| lock.lines().filter(|line| line.trim_start().starts_with('"')))
        .collect();
    entries.sort_unstable();
    entries.dedup_by_key(|entry| entry.split(':').next());
    format!("%{{\n{}\n}}\n", entries.join("\n"))
}

/// Writes a file and the folders above it.
///
/// # Errors
/// A folder that cannot be written, a full disk.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    fs::write(path, bytes).map_err(Error::file("write", path))
}

/// The `.formatter.exs` of a project.
pub const FORMATTER_EXS: &str = "[\n  inputs: [\"{mix,.formatter}.exs\", \"{lib,test}/**/*.{ex,exs}\"]\n]\n";

/// Mix wants one in every folder of tests.
pub const TEST_HELPER: &[u8] = b"ExUnit.start()\n";

/// The `.credo.exs` of a throwaway project: the solution alone, by Credo's own checks, and with time to
/// read it on a busy machine.
const CREDO_EXS: &str = r#"%{
  configs: [
    %{
      name: "default",
      strict: true,
      parse_timeout: 60_000,
      files: %{included: ["lib/"], excluded: []}
    }
  ]
}
"#;

/// A text as it is written in Elixir.
fn elixir_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '#') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted + "\""
}

/// The `mix.exs` of an exercise's project, in a workspace and in a throwaway folder.
#[must_use]
pub fn mix_exs(exercise: &Exercise, deps: &[String], with_hidden_tests: bool, plt: Option<&Path>) -> String {
    let module: String = exercise
        .id
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
                .unwrap_or_default()
        })
        .collect();
    let compiled = if exercise.support_files().is_empty() { r#"["lib"]"# } else { r#"["lib", "support"]"# };
    let mut tests = vec!["\"test\""];
    tests.extend(with_hidden_tests.then_some("\"hidden\""));
    tests.extend(exercise.under("packages/test").next().map(|_| "\"packages/test\""));
    let tests = match tests.as_slice() {
        [_] => String::new(),
        several => format!("\n      test_paths: [{}],", several.join(", ")),
    };
    let deps = match deps {
        [] => "[]".to_owned(),
        deps => format!("[\n        {}\n      ]", deps.join(",\n        ")),
    };
    let dialyzer = plt.map_or_else(String::new, |folder| {
        let folder = elixir_string(&folder.to_string_lossy());
        format!(",\n      dialyzer: [\n        plt_core_path: {folder},\n        plt_local_path: {folder}\n      ]")
    });
    format!(
        r#"defmodule {module}.MixProject do
  use Mix.Project

  def project do
    [
      app: :{id},
      version: "0.1.0",
      elixir: "~> 1.14",
      elixirc_paths: {compiled},{tests}
      deps: {deps}{dialyzer}
    ]
  end

  def application do
    [extra_applications: [:logger]]
  end
end
"#,
        id = exercise.id,
    )
}
