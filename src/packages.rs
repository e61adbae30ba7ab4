//! Sets of Hex packages: what an exercise or our own tools need, for a version of Elixir. Pure.
//!
//! Hex takes the newest release of a package without regard to the Elixir it needs, so a set says for
//! each range of Elixir versions what is required, and keeps beside it a lock file: the exact
//! versions, of all packages that these need in turn, with which the set was verified. The lock is a
//! `mix.lock` with names and versions only. The checksums are Hex's business: its registry is signed,
//! and a release that was published is never changed.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;

use crate::hash::sha256_hex;

/// Requirements by package: `oban` → `~> 2.18.3`.
pub type Requirements = BTreeMap<String, String>;

/// Requirements by the Elixir version from which on they hold: `1.14`, `1.18`.
pub type ByElixir = BTreeMap<String, Requirements>;

/// Changes whenever what a set's folder holds changes.
const LAYOUT: &str = "1";

/// The packages that one project uses, with one version of Elixir.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageSet {
    /// The exercise's id, or `tools`.
    pub name: String,
    /// What is asked for.
    pub requirements: Requirements,
    /// What is installed: the version of every package, those that others need included.
    pub versions: BTreeMap<String, String>,
}

/// Why there is no set for an Elixir.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// No range holds it.
    #[error("nothing is required for Elixir {0}")]
    NoRange(String),
    /// A range has no lock.
    #[error("there is no lock file for the packages of Elixir {0}")]
    NoLock(String),
    /// A lock does not have what is required.
    #[error("the lock file for the packages of Elixir {from} lacks `{package}`")]
    NotLocked {
        /// The range.
        from: String,
        /// The package.
        package: String,
    },
}

impl PackageSet {
    /// The set that holds for this Elixir. `lock` gives the text of a range's lock file.
    ///
    /// # Errors
    /// There is none, or it is not locked.
    pub fn choose(
        name: &str,
        ranges: &ByElixir,
        elixir: &str,
        lock: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SetError> {
        let (from, requirements) =
            range(ranges, elixir).ok_or_else(|| SetError::NoRange(elixir.to_owned()))?;
        let versions = parse_lock(&lock(from).ok_or_else(|| SetError::NoLock(from.clone()))?);
        if let Some(package) = requirements.keys().find(|package| !versions.contains_key(*package)) {
            return Err(SetError::NotLocked { from: from.clone(), package: package.clone() });
        }
        Ok(Self { name: name.to_owned(), requirements: requirements.clone(), versions })
    }

    /// Names the set, with its content, in a path.
    #[must_use]
    pub fn slug(&self) -> String {
        let pairs = |map: &BTreeMap<String, String>| {
            map.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join("\n")
        };
        let content = format!("{LAYOUT}\n{}\n{}", pairs(&self.requirements), pairs(&self.versions));
        format!("{}-{}", self.name, &sha256_hex([content.as_bytes()])[..12])
    }

    /// The `deps` of a `mix.exs`, an entry a line.
    #[must_use]
    pub fn mix_deps(&self) -> Vec<String> {
        self.requirements
            .iter()
            .map(|(name, requirement)| {
                let options = if is_tool(name) { ", only: [:dev, :test], runtime: false" } else { "" };
                format!("{{:{name}, \"{requirement}\"{options}}}")
            })
            .collect()
    }

    /// A `mix.lock` with the versions.
    #[must_use]
    pub fn mix_lock(&self) -> String {
        write_lock(&self.versions)
    }

    /// The packages whose applications run with the project: those that are asked for, but for tools.
    #[must_use]
    pub fn applications(&self) -> Vec<&str> {
        self.requirements.keys().map(String::as_str).filter(|name| !is_tool(name)).collect()
    }
}

/// What Mix was doing when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Getting Hex and Rebar themselves.
    Tools,
    /// Getting packages.
    Fetch,
    /// Compiling them.
    Compile,
    /// Loading what was compiled.
    Try,
}

impl Task {
    /// As the end of "… could not be".
    #[must_use]
    pub fn participle(self) -> &'static str {
        match self {
            Self::Tools => "fetched, since Hex or Rebar could not be installed",
            Self::Fetch => "fetched",
            Self::Compile => "compiled",
            Self::Try => "loaded after they were compiled",
        }
    }
}

/// Packages that look at code and are no part of it.
fn is_tool(name: &str) -> bool {
    matches!(name, "credo" | "dialyxir")
}

/// The last range that begins at or before this Elixir.
fn range<'a>(ranges: &'a ByElixir, elixir: &str) -> Option<(&'a String, &'a Requirements)> {
    ranges.iter().filter(|(from, _)| minor(from) <= minor(elixir)).max_by_key(|(from, _)| minor(from))
}

/// `1.14.0` and `1.14` → 1, 14.
fn minor(version: &str) -> (u32, u32) {
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Whether a text can begin a range: a minor version.
#[must_use]
pub fn is_minor(version: &str) -> bool {
    let parts: Vec<&str> = version.split('.').collect();
    parts.len() == 2 && parts.iter().all(|part| part.parse::<u32>().is_ok())
}

/// A lock's entry: the package, and the version of the release of that or another name.
static ENTRY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?m)^\s*"([a-z][a-z0-9_]*)":\s*\{:hex,\s*:[a-z0-9_]+,\s*"([^"]+)""#).ok());

/// Package and version of each entry of a `mix.lock`, whatever else the entries hold.
#[must_use]
pub fn parse_lock(text: &str) -> BTreeMap<String, String> {
    let entries = ENTRY.iter().flat_map(|regex| regex.captures_iter(text));
    entries.map(|entry| (entry[1].to_owned(), entry[2].to_owned())).collect()
}

/// A `mix.lock` with names and versions only, as Hex reads it too.
#[must_use]
pub fn write_lock(versions: &BTreeMap<String, String>) -> String {
    let entry = |(name, version)| format!("  \"{name}\": {{:hex, :{name}, \"{version}\"}},");
    format!("%{{\n{}\n}}\n", versions.iter().map(entry).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirements(pairs: &[(&str, &str)]) -> Requirements {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn ranges() -> ByElixir {
        [("1.14", "2.18.3"), ("1.9", "2.0.0"), ("1.18", "~> 2.20")]
            .map(|(from, oban)| (from.to_owned(), requirements(&[("oban", oban)])))
            .into()
    }

    fn chosen(elixir: &str) -> Result<String, SetError> {
        let lock = |_: &str| Some(write_lock(&requirements(&[("oban", "2.18.3"), ("jason", "1.4.4")])));
        PackageSet::choose("set", &ranges(), elixir, lock).map(|set| set.requirements["oban"].clone())
    }

    #[test]
    fn the_last_range_that_has_begun_holds() {
        assert_eq!(chosen("1.14.0").unwrap(), "2.18.3");
        assert_eq!(chosen("1.17.3").unwrap(), "2.18.3");
        assert_eq!(chosen("1.18.0-rc.0").unwrap(), "~> 2.20");
        assert_eq!(chosen("1.20.4").unwrap(), "~> 2.20");
        assert_eq!(chosen("1.8.2"), Err(SetError::NoRange("1.8.2".to_owned())));
    }

    #[test]
    fn what_is_required_must_be_locked() {
        let without = |_: &str| Some("%{}".to_owned());
        let error = PackageSet::choose("set", &ranges(), "1.14.0", without).unwrap_err();
        assert_eq!(error.to_string(), "the lock file for the packages of Elixir 1.14 lacks `oban`");
        let error = PackageSet::choose("set", &ranges(), "1.14.0", |_| None).unwrap_err();
        assert_eq!(error, SetError::NoLock("1.14".to_owned()));
    }

    #[test]
    fn a_lock_is_read_with_and_without_checksums() {
        let full = r#"%{
  "bunt": {:hex, :bunt, "1.0.0", "081c2c665f086849e6d57900292b3a161727ab40431219529f13c4ddcf3e7a44", [:mix], [], "hexpm", "dc5f86aa08a5f6fa6b8096f0735c4e76d54ae5c9fa2c143e5a1fc7c1cd9bb6b5"},
  "nif": {:hex, :nif_source, "0.1.0-dev"},
}
"#;
        let versions = parse_lock(full);
        assert_eq!(versions, requirements(&[("bunt", "1.0.0"), ("nif", "0.1.0-dev")]));
        assert_eq!(parse_lock(&write_lock(&versions)), versions);
    }

    #[test]
    fn another_version_is_another_set() {
        let set = |oban: &str| PackageSet {
            name: "set".to_owned(),
            requirements: requirements(&[("oban", "~> 2.18")]),
            versions: requirements(&[("oban", oban)]),
        };
        assert_eq!(set("2.18.3").slug(), set("2.18.3").slug());
        assert_ne!(set("2.18.3").slug(), set("2.18.2").slug());
    }
}
