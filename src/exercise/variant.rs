//! The solutions that come with an exercise, each with what it must come to.

use std::fmt;

use super::Exercise;
use crate::plan::{Step, TestId};

/// What a variant is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VariantKind {
    /// What the learner starts from: compiles and fails.
    Stub,
    /// The reference.
    Solution,
    /// Another solution that must pass.
    Alternative,
    /// A solution that must fail.
    Bad,
}

impl VariantKind {
    /// As in a JSON report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stub => "stub",
            Self::Solution => "solution",
            Self::Alternative => "alternative",
            Self::Bad => "bad",
        }
    }
}

/// What a variant must come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declared {
    /// Compiles and fails.
    Fails,
    /// Passes with no finding at all.
    Passes,
    /// Fails in this step only, for this reason, with this hint first.
    FailsIn {
        /// The step.
        step: Step,
        /// Test, rule or check, where one is declared.
        name: Option<String>,
        /// What the first message must match.
        message: Option<String>,
        /// The hint's id.
        hint: String,
    },
}

impl Declared {
    /// Whether one of these tests is declared to fail first.
    #[must_use]
    pub fn fails_one_of(&self, tests: &[TestId]) -> bool {
        match self {
            Self::FailsIn { step: Step::Test, name: Some(name), .. } => {
                tests.iter().any(|test| test.name == *name)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fails => f.write_str("compiles and fails"),
            Self::Passes => f.write_str("passes"),
            Self::FailsIn { step, name, message, hint } => {
                write!(f, "{step}")?;
                if let Some(what) = name.as_ref().or(message.as_ref()) {
                    write!(f, ": {what}")?;
                }
                write!(f, " (hint {hint})")
            }
        }
    }
}

/// A solution that comes with an exercise.
#[derive(Clone, Debug)]
pub struct Variant {
    /// `stub`, `solution`, or the folder under `alternatives/` or `bad/`.
    pub name: String,
    /// What it is for.
    pub kind: VariantKind,
    /// What it must come to.
    pub declared: Declared,
    /// Its folder in the exercise.
    pub folder: String,
}

impl Exercise {
    /// Every variant: stub, reference, alternatives, bad ones.
    #[must_use]
    pub fn variants(&self) -> Vec<Variant> {
        let fixed = [
            ("stub", VariantKind::Stub, Declared::Fails),
            ("solution", VariantKind::Solution, Declared::Passes),
        ]
        .map(|(name, kind, declared)| Variant {
            name: name.to_owned(),
            kind,
            declared,
            folder: name.to_owned(),
        });
        let alternatives = self.manifest.variants.alternatives.keys().map(|name| Variant {
            name: name.clone(),
            kind: VariantKind::Alternative,
            declared: Declared::Passes,
            folder: format!("alternatives/{name}"),
        });
        let bad = self.manifest.variants.bad.iter().filter_map(|(name, bad)| {
            Some(Variant {
                name: name.clone(),
                kind: VariantKind::Bad,
                declared: Declared::FailsIn {
                    step: Step::from_name(&bad.step)?,
                    name: bad.test.clone().or_else(|| bad.rule.clone()),
                    message: bad.message.clone(),
                    hint: bad.hint.clone(),
                },
                folder: format!("bad/{name}"),
            })
        });
        fixed.into_iter().chain(alternatives).chain(bad).collect()
    }
}
