//! Fetches and compiles a set of Hex packages: `mix deps.get` and `mix deps.compile` in a project of
//! its own in the cache, with the user's own Hex, mirror and proxies.
//!
//! How far it is can be seen in the project's folder, so nothing is read off what Mix prints, but for
//! the end of it where it fails.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use crate::{
    error::{Error, VmSaid},
    files::copy_tree,
    packages::{PackageSet, Task, parse_lock},
    process::{self, End, Exit, Limits, Status, VmSpec, interrupt, probe},
    steps::packages::{excerpt, for_another_elixir},
    store::{
        Store,
        packages::{self as places, Begun, Installed, MIX_ENV, Unfinished},
    },
    toolchain,
};

/// How long Mix may take for one set.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// How long the packages may take to be loaded.
const TRY_TIMEOUT: Duration = Duration::from_secs(120);

/// How often to look how far it is.
const POLL: Duration = Duration::from_millis(200);

/// Variables by which Mix would look for the project elsewhere.
const ELSEWHERE: [&str; 5] = ["MIX_EXS", "MIX_TARGET", "MIX_BUILD_PATH", "MIX_BUILD_ROOT", "MIX_DEPS_PATH"];

/// How far the installation of a set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Another process installs it; this one waits.
    Waiting,
    /// So many packages of so many are fetched.
    Fetching {
        /// How many are there.
        done: usize,
        /// How many there will be.
        of: usize,
    },
    /// So many packages are compiled.
    Compiling {
        /// How many are compiled.
        done: usize,
        /// How many there will be.
        of: usize,
        /// One that is being compiled.
        package: Option<String>,
    },
    /// Everything is loaded once.
    Trying,
}

/// Installs a set, unless it is there. `watch` is told how far it is.
///
/// # Errors
/// No network, a package that does not compile, a full disk, an interruption.
pub fn install(store: &Store, set: &PackageSet, watch: &mut dyn FnMut(&Stage)) -> Result<Installed, Error> {
    if let Some(installed) = store.installed(set) {
        return Ok(installed);
    }
    match store.begin(set, || watch(&Stage::Waiting))? {
        Begun::Complete(installed) => Ok(installed),
        Begun::Unfinished(unfinished) => {
            let work = Work { set, project: &unfinished.folder, env: &[] };
            work.prepare(&unfinished)?;
            work.fetch(watch)?;
            work.finish(watch)?;
            unfinished.complete(set)
        }
    }
}

/// Installs a set from sources that were fetched elsewhere: the folder of the same set, compiled for
/// other versions. `env` is what Mix needs to do without Hex.
///
/// # Errors
/// A package that does not compile, a full disk, an interruption.
pub fn install_from(
    sources: &Path,
    env: &[(String, String)],
    store: &Store,
    set: &PackageSet,
    watch: &mut dyn FnMut(&Stage),
) -> Result<Installed, Error> {
    match store.begin(set, || watch(&Stage::Waiting))? {
        Begun::Complete(installed) => Ok(installed),
        Begun::Unfinished(unfinished) => {
            let work = Work { set, project: &unfinished.folder, env };
            for part in ["mix.exs", "mix.lock", "deps"] {
                copy_tree(&sources.join(part), &unfinished.folder.join(part))?;
            }
            work.finish(watch)?;
            unfinished.complete(set)
        }
    }
}

/// A set under way.
struct Work<'a> {
    set: &'a PackageSet,
    project: &'a Path,
    /// Beside the user's own environment.
    env: &'a [(String, String)],
}

impl Work<'_> {
    fn prepare(&self, unfinished: &Unfinished) -> Result<(), Error> {
        unfinished.tidy(self.set.versions.keys())?;
        for (name, text) in [("mix.exs", mix_exs(self.set)), ("mix.lock", self.set.mix_lock())] {
            let path = self.project.join(name);
            fs::write(&path, text).map_err(Error::file("write", &path))?;
        }
        Ok(())
    }

    fn fetch(&self, watch: &mut dyn FnMut(&Stage)) -> Result<(), Error> {
        for tool in ["local.hex", "local.rebar"] {
            self.mix(Task::Tools, &[tool, "--force", "--if-missing"], &mut || ())?;
        }
        let of = self.set.versions.len();
        self.mix(Task::Fetch, &["deps.get"], &mut || {
            let done = self.count(places::is_fetched);
            watch(&Stage::Fetching { done, of });
        })?;
        self.as_locked()
    }

    /// Mix changes the lock where it does not hold what is required.
    fn as_locked(&self) -> Result<(), Error> {
        let path = self.project.join("mix.lock");
        let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        let got = parse_lock(&text);
        if got == self.set.versions {
            return Ok(());
        }
        let other = got.iter().find(|(name, version)| self.set.versions.get(*name) != Some(version));
        let what = other.map_or_else(
            || "some packages of the lock file are not needed".to_owned(),
            |(name, version)| {
                let locked = self.set.versions.get(name).map_or("is not locked", String::as_str);
                format!("Hex has chosen {name} {version}; the lock file says: {locked}")
            },
        );
        Err(self.failed(Task::Fetch, &what))
    }

    /// What is fetched, compiled and tried out.
    fn finish(&self, watch: &mut dyn FnMut(&Stage)) -> Result<(), Error> {
        self.compile(watch)?;
        watch(&Stage::Trying);
        self.try_out()
    }

    fn compile(&self, watch: &mut dyn FnMut(&Stage)) -> Result<(), Error> {
        let of = self.set.versions.len();
        self.mix(Task::Compile, &["deps.compile"], &mut || {
            let begun = |package: &&String| {
                places::build(self.project, package).is_dir() && !places::is_compiled(self.project, package)
            };
            let package = self.set.versions.keys().find(begun).cloned();
            watch(&Stage::Compiling { done: self.count(places::is_compiled), of, package });
        })
    }

    /// Loads every module and starts the applications, so that a set that cannot be used is none.
    fn try_out(&self) -> Result<(), Error> {
        let quoted =
            |names: Vec<&str>| names.iter().map(|name| format!(":{name}")).collect::<Vec<_>>().join(", ");
        let script = format!(
            "for app <- [{}] do\n  with {{:error, reason}} <- Application.load(app), true <- reason != \
             {{:already_loaded, app}}, do: raise(\"#{{app}}: #{{inspect(reason)}}\")\n  for module <- \
             Application.spec(app, :modules), do: {{:module, _}} = {{Code.ensure_loaded(module), module}} |> \
             elem(0)\nend\nfor app <- [{}], do: {{:ok, _}} = Application.ensure_all_started(app)\n",
            quoted(self.set.versions.keys().map(String::as_str).collect()),
            quoted(self.set.applications()),
        );
        let ebins = self.set.versions.keys().map(|package| places::build(self.project, package).join("ebin"));
        let mut args: Vec<String> =
            ebins.flat_map(|ebin| ["-pa".to_owned(), ebin.display().to_string()]).collect();
        args.extend(["-e".to_owned(), script]);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        probe(toolchain::search("elixir")?, &args, TRY_TIMEOUT)
            .map(drop)
            .map_err(|error| self.failed(Task::Try, &error.to_string()))
    }

    fn count(&self, is_done: fn(&Path, &str) -> bool) -> usize {
        self.set.versions.keys().filter(|package| is_done(self.project, package)).count()
    }

    /// Runs a Mix task in the project, calls `look` now and then, and before it returns.
    fn mix(&self, task: Task, args: &[&str], look: &mut dyn FnMut()) -> Result<(), Error> {
        let exit = run_mix(self.project, self.env, args, look)?;
        look();
        let said = [exit.stdout.text(), exit.stderr.text()].join("\n");
        if exit.end == End::ByItself && exit.status == Status::Exited(0) {
            return match for_another_elixir(&said) {
                Some(warning) => Err(self.failed(task, warning)),
                None => Ok(()),
            };
        }
        if interrupt::interrupted() {
            return Err(Error::Interrupted);
        }
        Err(self.failed(task, &said))
    }

    fn failed(&self, task: Task, said: &str) -> Error {
        Error::Packages { set: self.set.name.clone(), task, source: VmSaid(excerpt(said)) }
    }
}

fn run_mix(
    project: &Path,
    env: &[(String, String)],
    args: &[&str],
    look: &mut dyn FnMut(),
) -> Result<Exit, Error> {
    let mut spec = VmSpec::new(toolchain::search("mix")?, project, DEADLINE);
    spec.args = args.iter().map(|arg| (*arg).to_owned()).collect();
    // All that is the user's: what says where Hex is, how to reach it, and how to compile C.
    let own = [("MIX_ENV".to_owned(), MIX_ENV.to_owned())];
    let other = |(name, _): &(String, String)| {
        !ELSEWHERE.contains(&name.as_str()) && !env.iter().chain(&own).any(|(set, _)| set == name)
    };
    spec.env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(other)
        .chain(env.iter().cloned())
        .chain(own.clone())
        .collect();
    spec.limits = Limits::default();
    let running = process::start(&spec)?;
    let stopper = running.stopper();
    let _interrupts = interrupt::subscribe(move || stopper.stop());
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || drop(sender.send(running.wait())));
    loop {
        match ended.recv_timeout(POLL) {
            Ok(exit) => return Ok(exit?),
            Err(RecvTimeoutError::Timeout) => look(),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::file("run", PathBuf::from("mix"))(io::Error::other("it was lost")));
            }
        }
    }
}

/// The project of a set: nothing but its packages.
fn mix_exs(set: &PackageSet) -> String {
    let deps = set.mix_deps().join(",\n      ");
    format!(
        r#"defmodule Packages.MixProject do
  use Mix.Project

  def project do
    [app: :packages, version: "0.1.0", deps: deps()]
  end

  def application, do: []

  defp deps do
    [
      {deps}
    ]
  end
end
"#
    )
}
