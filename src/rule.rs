//! An idiom rule as its author writes it in TOML. Only data: what matches it is [`crate::steps::idioms::RuleSet`].
//!
//! The rule objects (`rule`, `constraints`, `utils`, `within`, `unless`) stay TOML tables here. They are
//! ast-grep's language, and are checked key by key when a [`crate::steps::idioms::RuleSet`] is built, so that every
//! mistake in them is reported with the id of its rule.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use toml::Table;

use crate::finding::Severity;

/// A file of rules, such as the set that all exercises share.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleFile {
    /// Building blocks that every rule, those of an exercise included, may name in `matches`.
    pub utils: Vec<UtilDef>,
    /// The rules.
    pub rules: Vec<RuleDef>,
}

impl RuleFile {
    /// Reads a rule file.
    ///
    /// # Errors
    /// The text is not TOML, or has a key that a rule file does not have.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

/// A building block of rules.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UtilDef {
    /// The name to use in `matches`.
    pub id: String,
    /// Names of the rules it takes: `matches.ID = { ARGUMENT = { … } }`.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// An ast-grep rule object, in which `matches = "ARGUMENT"` stands for the argument.
    pub rule: Table,
}

/// One idiom rule.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDef {
    /// Unique among the shared rules and those of the exercise.
    pub id: String,
    /// How much a match weighs.
    #[serde(deserialize_with = "severity")]
    pub severity: Severity,
    /// What is wrong: one line, no final period.
    pub message: String,
    /// What to do instead.
    pub help: String,
    /// What to look for, as an ast-grep rule object.
    pub rule: Option<Table>,
    /// What to look for, by the name of a matcher that is written in Rust; in place of `rule`.
    pub native: Option<String>,
    /// ast-grep rule objects by metavariable.
    #[serde(default)]
    pub constraints: BTreeMap<String, Table>,
    /// ast-grep rule objects by the name under which `matches` finds them.
    #[serde(default)]
    pub utils: BTreeMap<String, Table>,
    /// Whether a match is what is wrong, or what is missing.
    #[serde(default)]
    pub expect: Expect,
    /// With `expect = "present"`: a rule object for the place to report.
    pub within: Option<Table>,
    /// A rule object for what makes a file one that the rule says nothing about.
    pub unless: Option<Table>,
    /// Credo's check of the same thing, where there is one.
    pub credo: Option<String>,
    /// Where the rule and that check do not report the same on purpose.
    #[serde(default)]
    pub differs: Vec<Difference>,
    /// Snippets that the rule accepts.
    pub valid: Vec<String>,
    /// Snippets that the rule reports.
    pub invalid: Vec<String>,
}

/// A difference between a rule and Credo's check of the same thing.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The rule's own snippets that show it.
    pub on: Vec<String>,
    /// Why the rule does not do as Credo does.
    pub because: String,
}

/// Whether a rule looks for what must not be there, or for what must.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// Every match is reported.
    #[default]
    Absent,
    /// It is reported if no file has a match.
    Present,
}

/// Reads a severity, whose domain type knows nothing of TOML.
fn severity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Severity, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Name {
        Advice,
        Warning,
        Error,
    }

    Ok(match Name::deserialize(deserializer)? {
        Name::Advice => Severity::Advice,
        Name::Warning => Severity::Warning,
        Name::Error => Severity::Error,
    })
}
