//! Exercises as data: a manifest and files by path. Pure: where the files come from is
//! [`crate::exercise_set`]'s.

pub mod catalogue;
pub mod lock;
pub mod manifest;
pub mod nearest;
pub mod supply;
pub mod variant;

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    hash::sha256_hex,
    plan::{SourceFile, TestId},
};

pub use manifest::{Manifest, ManifestError};
pub use supply::Supply;
pub use variant::{Declared, Variant, VariantKind};

/// Files by their path in the exercise's folder, with `/` between the parts.
pub type Files = BTreeMap<String, Cow<'static, [u8]>>;

/// An exercise.
#[derive(Clone, Debug)]
pub struct Exercise {
    /// The folder's name.
    pub id: String,
    /// `exercise.toml`.
    pub manifest: Manifest,
    /// All of its files, the manifest included.
    pub files: Files,
    /// A hash over every file that it came with: two checks with the same revision asked for the same.
    pub revision: String,
}

impl Exercise {
    /// Reads an exercise from its files.
    ///
    /// # Errors
    /// What is wrong with its manifest.
    pub fn from_files(id: &str, files: Files) -> Result<Self, ManifestError> {
        let missing = || ManifestError::Value { what: "there is no exercise.toml".to_owned() };
        let manifest = Manifest::parse(files.get("exercise.toml").ok_or_else(missing)?)?;
        let revision = revision(&files);
        Ok(Self { id: id.to_owned(), manifest, files, revision })
    }

    /// The files under a folder, by their path in that folder.
    pub fn under<'a>(&'a self, folder: &str) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let prefix = format!("{folder}/");
        self.files.iter().filter_map(move |(path, bytes)| Some((path.strip_prefix(&prefix)?, bytes.as_ref())))
    }

    /// The files of a folder, a variant's say, as a solution.
    #[must_use]
    pub fn solution_in(&self, folder: &str) -> Vec<SourceFile> {
        let source = |(path, bytes): (&str, &[u8])| SourceFile {
            path: path.to_owned(),
            shown: path.to_owned(),
            text: String::from_utf8_lossy(bytes).into_owned(),
        };
        self.under(folder).map(source).collect()
    }

    /// A file as text, with what is not UTF-8 replaced.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        self.files.get(path).map(|bytes| String::from_utf8_lossy(bytes))
    }

    /// The test files, in the order in which they run: those the learner gets, then the hidden ones,
    /// then those that need packages.
    #[must_use]
    pub fn test_files(&self) -> Vec<&str> {
        let in_folder = |folder: &'static str| {
            self.files
                .keys()
                .map(String::as_str)
                .filter(move |path| path.starts_with(folder) && path.ends_with("_test.exs"))
        };
        in_folder("test/").chain(in_folder("hidden/")).chain(in_folder(supply::PACKAGE_TESTS)).collect()
    }

    /// The test files that are compiled without any solution, and those that need it.
    #[must_use]
    pub fn early_and_late_tests(&self) -> (Vec<&str>, Vec<&str>) {
        let is_late = |path: &&str| self.manifest.late_tests.iter().any(|late| late == path);
        let (late, early) = self.test_files().into_iter().partition(is_late);
        (early, late)
    }

    /// The given modules.
    #[must_use]
    pub fn support_files(&self) -> Vec<&str> {
        let is_support = |path: &&str| path.starts_with("support/") && manifest::is_elixir(path);
        self.files.keys().map(String::as_str).filter(is_support).collect()
    }

    /// The modules that a solution must define: those that stand at the left margin of the stub.
    #[must_use]
    pub fn modules(&self) -> Vec<String> {
        let sources = self.under("stub").map(|(_, bytes)| String::from_utf8_lossy(bytes));
        let mut modules = Vec::new();
        for source in sources {
            let heads = source.lines().filter_map(|line| line.strip_prefix("defmodule "));
            modules.extend(heads.filter_map(|rest| rest.split_whitespace().next()).map(str::to_owned));
        }
        modules
    }

    /// Every test that a solution must pass, in order; empty where the lock file is missing.
    ///
    /// # Errors
    /// A lock file that cannot be read.
    pub fn expected_tests(&self) -> Result<Vec<TestId>, ManifestError> {
        let mut tests = self.files.get(lock::PATH).map_or(Ok(Vec::new()), |bytes| lock::parse(bytes))?;
        if !tests.is_empty() {
            tests.extend(self.package_tests()?);
        }
        Ok(tests)
    }
}

fn revision(files: &Files) -> String {
    let parts = files.iter().flat_map(|(path, bytes)| [path.as_bytes(), b"\0", bytes, b"\0"]);
    sha256_hex(parts)[..12].to_owned()
}
