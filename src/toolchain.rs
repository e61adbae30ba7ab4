//! Which Elixir and OTP there are, and how to start a VM without the shell scripts in between.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{error::Error, hash::sha256_hex, process::probe};

/// The oldest Elixir that is supported.
pub const OLDEST: &str = "1.14";

/// How long `elixir` may take to say what it is.
const PROBE_TIMEOUT: Duration = Duration::from_secs(30);

/// Marks the lines of the probe's answer among whatever else is printed.
const MARK: &str = "practice-probe";

/// Prints version, release, and the folders that are needed to start a VM.
const PROBE: &str = r#"
for {key, value} <- [
      elixir: System.version(),
      otp: System.otp_release(),
      lib: Path.dirname(:code.lib_dir(:elixir)),
      erl: Path.join([:code.root_dir(), "bin", "erl"])
    ] do
  IO.puts("practice-probe #{key}=#{value}")
end
"#;

/// Prints the system, and where Hex and Rebar are.
const MIX_PROBE: &str = r#"
{:ok, _} = Application.ensure_all_started(:mix)

for {key, value} <- [
      system: :erlang.system_info(:system_architecture),
      hex: Mix.path_for(:archives) |> Path.join("hex-*") |> Path.wildcard() |> List.last(),
      rebar3: Mix.Rebar.rebar_cmd(:rebar3)
    ] do
  IO.puts("practice-probe #{key}=#{value}")
end
"#;

/// What Mix needs beside itself, and the system that compiled code is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MixPlaces {
    /// `x86_64-pc-linux-gnu`
    pub system: String,
    /// The folder of Hex's archive.
    pub hex: Option<PathBuf>,
    /// The escript.
    pub rebar3: Option<PathBuf>,
}

/// An Elixir installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// `1.14.0`
    pub elixir: String,
    /// `25`
    pub otp: String,
    /// The folder that holds `elixir/ebin`, `ex_unit/ebin`, …
    pub lib: PathBuf,
    /// The program that starts a VM.
    pub erl: PathBuf,
}

impl Toolchain {
    /// Finds Elixir on PATH. Its answer is kept in `cache`, where the installation is one whose
    /// change would be seen.
    ///
    /// # Errors
    /// No Elixir, one that does not answer, one that is too old.
    pub fn find(cache: &Path) -> Result<Self, Error> {
        let elixir = search("elixir")?;
        let kept = cache_key(&elixir).map(|key| cache.join(format!("toolchain-{key}.json")));
        if let Some(toolchain) = kept.as_deref().and_then(read_kept) {
            return toolchain.supported();
        }
        let toolchain = Self::probe(&elixir)?;
        if let (Some(path), Ok(text)) = (kept, serde_json::to_string(&toolchain)) {
            // Only a cache: where it cannot be written, the next run asks again.
            let _ = fs::create_dir_all(cache);
            let _ = crate::files::write_atomically(&path, text.as_bytes());
        }
        toolchain.supported()
    }

    fn probe(elixir: &Path) -> Result<Self, Error> {
        let answer = probe::probe(elixir, &["-e", PROBE], PROBE_TIMEOUT)
            .map_err(|source| Error::Probe { program: elixir.to_owned(), source })?;
        let value = |key: &str| {
            let prefix = format!("{MARK} {key}=");
            answer.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).ok_or_else(|| {
                let answer = answer.lines().next().unwrap_or("nothing").to_owned();
                Error::ProbeAnswer { program: elixir.to_owned(), answer }
            })
        };
        Ok(Self {
            elixir: value("elixir")?,
            otp: value("otp")?,
            lib: value("lib")?.into(),
            erl: value("erl")?.into(),
        })
    }

    fn supported(self) -> Result<Self, Error> {
        if version_numbers(&self.elixir) < version_numbers(OLDEST) {
            return Err(Error::TooOld { found: self.elixir, needed: OLDEST });
        }
        Ok(self)
    }

    /// Whether OTP was installed with all of these applications.
    ///
    /// # Errors
    /// Elixir does not answer.
    pub fn has_applications(&self, names: &[&str]) -> Result<bool, Error> {
        let program = search("elixir")?;
        let names = names.iter().map(|name| format!(":{name}")).collect::<Vec<_>>().join(", ");
        let question =
            format!("IO.puts(\"{MARK} all=#{{Enum.all?([{names}], &is_list(:code.lib_dir(&1)))}}\")");
        let answer = probe::probe(&program, &["-e", &question], PROBE_TIMEOUT)
            .map_err(|source| Error::Probe { program, source })?;
        Ok(answer.lines().any(|line| line == format!("{MARK} all=true")))
    }

    /// What Erlang calls the system that it was compiled for, and where Mix keeps Hex and Rebar.
    ///
    /// # Errors
    /// Elixir does not answer.
    pub fn mix(&self) -> Result<MixPlaces, Error> {
        let program = search("elixir")?;
        let answer = probe::probe(&program, &["-e", MIX_PROBE], PROBE_TIMEOUT)
            .map_err(|source| Error::Probe { program, source })?;
        let value = |key: &str| {
            let prefix = format!("{MARK} {key}=");
            answer.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_default().to_owned()
        };
        let existing = |path: String| Some(PathBuf::from(path)).filter(|path| path.exists());
        Ok(MixPlaces {
            system: value("system"),
            hex: existing(value("hex")),
            rebar3: existing(value("rebar3")),
        })
    }

    /// Names this pair of versions in a path.
    #[must_use]
    pub fn slug(&self) -> String {
        format!("elixir-{}-otp-{}", self.elixir, self.otp)
    }

    /// The code paths of Elixir's own applications.
    #[must_use]
    pub fn code_paths(&self) -> Vec<PathBuf> {
        // IEx and Mix are there for left-over `IEx.pry` and the formatter's plugins, not to be started.
        ["elixir", "eex", "ex_unit", "logger", "iex", "mix"]
            .map(|application| self.lib.join(application).join("ebin"))
            .to_vec()
    }
}

/// Finds a program on PATH.
///
/// # Errors
/// It is not there.
pub fn search(program: &'static str) -> Result<PathBuf, Error> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    folders
        .iter()
        .map(|folder| folder.join(program))
        .find(|candidate| is_executable(candidate))
        .ok_or(Error::NoProgram { program, searched: folders.len() })
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

/// Names an installation by what would change with it. `None` where the program is a shim of a
/// version manager: which version it starts depends on the folder and the environment.
fn cache_key(elixir: &Path) -> Option<String> {
    let real = fs::canonicalize(elixir).ok()?;
    let app = real.parent()?.join("../lib/elixir/ebin/elixir.app");
    let erl = fs::canonicalize(search("erl").ok()?).ok()?;
    let releases = erl.parent()?.join("../releases");
    let mut parts = Vec::new();
    for path in [&real, &app, &erl, &releases] {
        let modified = fs::metadata(path).ok()?.modified().ok()?;
        parts.push(format!("{} {modified:?}", path.display()));
    }
    Some(sha256_hex(parts.iter().map(String::as_bytes))[..16].to_owned())
}

fn read_kept(path: &Path) -> Option<Toolchain> {
    let toolchain: Toolchain = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    (toolchain.erl.is_file() && toolchain.lib.is_dir()).then_some(toolchain)
}

/// The leading numbers of a version: `1.15.0-rc.1` gives 1, 15, 0.
fn version_numbers(version: &str) -> Vec<u32> {
    let number = |part: &str| {
        part.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default().parse().unwrap_or(0)
    };
    version.split('-').next().unwrap_or_default().split('.').map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(version_numbers("1.9.4") < version_numbers(OLDEST));
        assert!(version_numbers("1.14.0") >= version_numbers(OLDEST));
        assert!(version_numbers("1.20.0-rc.1") >= version_numbers(OLDEST));
        assert!(version_numbers("2.0") >= version_numbers(OLDEST));
    }
}
