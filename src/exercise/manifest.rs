//! `exercise.toml`, format 1: what an author writes, and what is wrong with it.
//!
//! Unknown keys are errors, so that a typo is found by the first `practice verify` and not by a
//! learner. What spans several files (does the named test exist?) is [`super::soundness`]'s.

use std::{collections::BTreeMap, time::Duration};

use regex::Regex;
use serde::Deserialize;

use crate::{
    hint::{Hint, Trigger},
    packages::{self, ByElixir},
    plan::Step,
    rule::RuleDef,
};

/// The format that this program reads.
pub const FORMAT: u32 = 1;

/// An exercise's manifest.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always 1.
    pub format: u32,
    /// A few words.
    pub title: String,
    /// How hard it is.
    pub difficulty: Difficulty,
    /// How long an interview gives for it.
    pub minutes: u32,
    /// What it is about.
    pub topics: Vec<String>,
    /// Hex packages, by name.
    #[serde(default)]
    pub needs: Vec<String>,
    /// What is required of Hex packages, by the version of Elixir from which on it holds.
    #[serde(default)]
    pub packages: ByElixir,
    /// A given module whose `prepare/1` fills a folder, once; every run gets a copy of it.
    #[serde(default)]
    pub prepare: Option<String>,
    /// The solution's files, relative to the project.
    pub files: Vec<String>,
    /// Test files that need a struct or a macro of the solution, and so are compiled after it.
    #[serde(default)]
    pub late_tests: Vec<String>,
    /// Limits of a run.
    #[serde(default)]
    pub limits: Limits,
    /// Idiom rules.
    #[serde(default)]
    pub idioms: Idioms,
    /// Hints.
    #[serde(default)]
    hints: Vec<HintDef>,
    /// Solutions that must pass and solutions that must fail.
    #[serde(default)]
    pub variants: Variants,
}

/// How hard an exercise is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Difficulty {
    /// A warm-up.
    Easy,
    /// A usual interview.
    Medium,
    /// A senior interview.
    Hard,
}

impl Difficulty {
    /// As written in a manifest.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
        }
    }
}

/// Limits of a run.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    timeout_s: f64,
    test_timeout_ms: u32,
    memory_mb: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { timeout_s: 20.0, test_timeout_ms: 5000, memory_mb: 512 }
    }
}

impl Limits {
    /// The test VM's time, from its start to its end.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::try_from_secs_f64(self.timeout_s).unwrap_or(Duration::from_secs(20))
    }

    /// One test's time, in milliseconds.
    #[must_use]
    pub fn test_timeout_ms(&self) -> u32 {
        self.test_timeout_ms
    }

    /// The resident memory of the test VM and all that it starts, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        u64::from(self.memory_mb) * 1024 * 1024
    }
}

/// Idiom rules of an exercise.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Idioms {
    /// Ids of shared rules that do not apply.
    pub skip: Vec<String>,
    /// Rules of this exercise only.
    pub rules: Vec<RuleDef>,
}

/// Other solutions that come with the exercise.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Variants {
    /// Must pass; by folder under `alternatives/`.
    pub alternatives: BTreeMap<String, Alternative>,
    /// Must fail; by folder under `bad/`.
    pub bad: BTreeMap<String, Bad>,
}

/// Another solution that must pass.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// How it differs from the reference.
    pub about: String,
}

/// A solution that must fail, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bad {
    /// The mistake.
    pub about: String,
    /// The one step that fails.
    pub step: String,
    /// The first test that fails, in the order in which they run.
    pub test: Option<String>,
    /// The first idiom rule, Credo check or Dialyzer warning name.
    pub rule: Option<String>,
    /// What the first message matches.
    pub message: Option<String>,
    /// The hint shown first.
    pub hint: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HintDef {
    id: String,
    when: When,
    levels: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct When {
    test: OneOrMore,
    rule: OneOrMore,
    credo: OneOrMore,
    compile: OneOrMore,
    dialyzer: OneOrMore,
    format: OneOrMore,
    step: OneOrMore,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Default for OneOrMore {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

impl OneOrMore {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}

/// What is wrong with a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not TOML, an unknown key, a wrong type: the message names line and column.
    #[error(transparent)]
    Toml(Box<toml::de::Error>),
    /// Not UTF-8.
    #[error("not valid UTF-8")]
    NotText(#[from] std::str::Utf8Error),
    /// A format that this program does not read.
    #[error("format {found} is not supported (this program reads format {FORMAT})")]
    Format {
        /// What it says.
        found: u32,
    },
    /// A value that TOML allows and we do not.
    #[error("{what}")]
    Value {
        /// What, and what is allowed.
        what: String,
    },
    /// A regular expression that does not compile.
    #[error("hint `{hint}` has a regular expression that does not compile")]
    Regex {
        /// The hint's id.
        hint: String,
        /// Why it does not.
        #[source]
        source: regex::Error,
    },
}

impl From<toml::de::Error> for ManifestError {
    fn from(error: toml::de::Error) -> Self {
        Self::Toml(Box::new(error))
    }
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// What is wrong with it, with the line where there is one.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let text = std::str::from_utf8(bytes)?;
        let manifest: Self = toml::from_str(text)?;
        manifest.check_values()?;
        manifest.hints()?;
        Ok(manifest)
    }

    fn check_values(&self) -> Result<(), ManifestError> {
        let value = |what: String| Err(ManifestError::Value { what });
        if self.format != FORMAT {
            return Err(ManifestError::Format { found: self.format });
        }
        if self.files.is_empty() {
            return value("`files` names no file".to_owned());
        }
        if let Some(file) = self.files.iter().find(|file| !is_solution_path(file)) {
            return value(format!("`files` has `{file}`; a solution's file is `lib/….ex`"));
        }
        if !self.limits.timeout_s.is_finite() || self.limits.timeout_s <= 0.0 {
            return value("`limits.timeout_s` is not a positive number".to_owned());
        }
        if let Some(what) = self.wrong_packages() {
            return value(what);
        }
        for (name, bad) in &self.variants.bad {
            if Step::from_name(&bad.step).is_none() {
                return value(format!("`variants.bad.{name}.step` is `{}`, which is no step", bad.step));
            }
        }
        Ok(())
    }

    fn wrong_packages(&self) -> Option<String> {
        if let Some(range) = self.packages.keys().find(|range| !packages::is_minor(range)) {
            return Some(format!("`packages.\"{range}\"` is no minor version of Elixir, such as \"1.14\""));
        }
        let lacks = |need: &String| {
            let mut ranges = self.packages.iter();
            ranges.find(|(_, required)| !required.contains_key(need)).map(|(range, _)| (range, need.clone()))
        };
        if let Some((range, need)) = self.needs.iter().find_map(lacks) {
            return Some(format!("`packages.\"{range}\"` does not say which `{need}`"));
        }
        (self.needs.is_empty() != self.packages.is_empty())
            .then(|| "`needs` names packages, `packages` what is required of them: it takes both".to_owned())
    }

    /// The exercise's hints.
    ///
    /// # Errors
    /// A regular expression that does not compile, a step that does not exist.
    pub fn hints(&self) -> Result<Vec<Hint>, ManifestError> {
        self.hints.iter().map(HintDef::build).collect()
    }
}

impl HintDef {
    fn build(&self) -> Result<Hint, ManifestError> {
        if self.levels.is_empty() || self.levels.len() > 3 {
            let what =
                format!("hint `{}` has {} levels; one to three are allowed", self.id, self.levels.len());
            return Err(ManifestError::Value { what });
        }
        let when = self.triggers()?;
        if when.is_empty() {
            return Err(ManifestError::Value { what: format!("hint `{}` has an empty `when`", self.id) });
        }
        let levels = self.levels.iter().map(|level| level.trim().to_owned()).collect();
        Ok(Hint { id: self.id.clone(), when, levels })
    }

    fn triggers(&self) -> Result<Vec<Trigger>, ManifestError> {
        let named = |values: &OneOrMore, trigger: fn(String) -> Trigger| {
            values.as_slice().iter().cloned().map(trigger).collect::<Vec<_>>()
        };
        let mut triggers = named(&self.when.test, Trigger::Test);
        triggers.extend(named(&self.when.rule, Trigger::Rule));
        triggers.extend(named(&self.when.credo, Trigger::Credo));
        let by_message = [
            (Step::Compile, &self.when.compile),
            (Step::Dialyzer, &self.when.dialyzer),
            (Step::Format, &self.when.format),
        ];
        for (step, patterns) in by_message {
            for pattern in patterns.as_slice() {
                let regex = Regex::new(pattern)
                    .map_err(|source| ManifestError::Regex { hint: self.id.clone(), source })?;
                triggers.push(Trigger::Message(step, regex));
            }
        }
        for name in self.when.step.as_slice() {
            let step = Step::from_name(name).ok_or_else(|| ManifestError::Value {
                what: format!("hint `{}` names `{name}`, which is no step", self.id),
            })?;
            triggers.push(Trigger::Step(step));
        }
        Ok(triggers)
    }
}

/// Whether a path is that of a compiled Elixir source file.
#[must_use]
pub fn is_elixir(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension == "ex")
}

/// Whether a path may be a solution's file: under `lib/`, Elixir, and nowhere else by way of `..`.
#[must_use]
pub fn is_solution_path(path: &str) -> bool {
    path.starts_with("lib/")
        && is_elixir(path)
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = r#"
format = 1
title = "A"
difficulty = "easy"
minutes = 5
topics = []
files = ["lib/a.ex"]
"#;

    fn error_of(text: &str) -> String {
        Manifest::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn the_least_manifest_is_read() {
        let manifest = Manifest::parse(SOUND.as_bytes()).unwrap();
        assert_eq!(manifest.limits.timeout(), Duration::from_secs(20));
        assert_eq!(manifest.limits.memory_bytes(), 512 * 1024 * 1024);
    }

    #[test]
    fn a_typo_is_named_with_its_line() {
        insta::assert_snapshot!(error_of(&SOUND.replace("minutes", "minuts")), @r#"
        TOML parse error at line 5, column 1
          |
        5 | minuts = 5
          | ^^^^^^
        unknown field `minuts`, expected one of `format`, `title`, `difficulty`, `minutes`, `topics`, `needs`, `packages`, `prepare`, `files`, `late_tests`, `limits`, `idioms`, `hints`, `variants`
        "#);
    }

    #[test]
    fn values_are_checked() {
        let cases = [
            (SOUND.replace("format = 1", "format = 9"), "format 9 is not supported"),
            (SOUND.replace("lib/a.ex", "lib/../../a.ex"), "a solution's file is"),
            (SOUND.replace("[\"lib/a.ex\"]", "[]"), "names no file"),
            (format!("{SOUND}needs = [\"oban\"]\n"), "it takes both"),
            (format!("{SOUND}[packages.\"1.14.0\"]\noban = \"1.0\"\n"), "no minor version"),
            (format!("{SOUND}needs = [\"oban\"]\n[packages.\"1.14\"]\njason = \"1.0\"\n"), "which `oban`"),
            (format!("{SOUND}[limits]\ntimeout_s = -1.0\n"), "positive"),
            (format!("{SOUND}[[hints]]\nid = \"h\"\nwhen = {{}}\nlevels = [\"a\"]\n"), "empty `when`"),
            (format!("{SOUND}[[hints]]\nid = \"h\"\nwhen = {{ test = \"t\" }}\nlevels = []\n"), "0 levels"),
            (
                format!("{SOUND}[[hints]]\nid = \"h\"\nwhen = {{ compile = \"(\" }}\nlevels = [\"a\"]\n"),
                "regular",
            ),
            (
                format!("{SOUND}[[hints]]\nid = \"h\"\nwhen = {{ step = \"tests\" }}\nlevels = [\"a\"]\n"),
                "no step",
            ),
        ];
        for (text, expected) in cases {
            assert!(error_of(&text).contains(expected), "{} lacks {expected}", error_of(&text));
        }
    }
}
