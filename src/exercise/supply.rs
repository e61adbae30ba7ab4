//! What stands behind the Hex packages that an exercise needs: the packages, or its stand-ins.
//!
//! An exercise's folder holds files for both cases. Which of them count is decided once, before
//! anything runs, by [`Exercise::supplied`]; everything after that sees an exercise with given modules
//! in `support/` and need not know why these.

use std::borrow::Cow;

use super::{Exercise, Files, ManifestError, lock};
use crate::{
    packages::{PackageSet, SetError},
    plan::TestId,
};

/// Given modules that stand in for packages.
const STAND_INS: &str = "stand_ins/";

/// What is there only with the packages: given modules, tests, lock files.
const PACKAGES: &str = "packages/";
const PACKAGES_SUPPORT: &str = "packages/support/";

/// The tests that only the packages can run.
pub const PACKAGE_TESTS: &str = "packages/test/";

/// The list of these tests, as `test/tests.lock` is of the others.
pub const PACKAGE_TESTS_LOCK: &str = "packages/tests.lock";

/// What an exercise runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// It needs no package.
    Nothing,
    /// The packages themselves.
    Packages,
    /// What it brings along in their place.
    StandIns,
}

impl Exercise {
    /// Whether it needs packages.
    #[must_use]
    pub fn needs_packages(&self) -> bool {
        !self.manifest.needs.is_empty()
    }

    /// Whether it can run without the packages that it needs.
    #[must_use]
    pub fn has_stand_ins(&self) -> bool {
        self.files.keys().any(|path| path.starts_with(STAND_INS))
    }

    /// The packages that it needs with this Elixir; none if it needs none.
    ///
    /// # Errors
    /// It says nothing of this Elixir, or its lock file is missing or incomplete.
    pub fn packages(&self, elixir: &str) -> Result<Option<PackageSet>, SetError> {
        if !self.needs_packages() {
            return Ok(None);
        }
        let lock = |from: &str| self.text(&format!("{PACKAGES}{from}.lock")).map(Cow::into_owned);
        PackageSet::choose(&self.id, &self.manifest.packages, elixir, lock).map(Some)
    }

    /// The exercise as it runs on this: only the files that count.
    #[must_use]
    pub fn supplied(&self, supply: Supply) -> Self {
        let files = self.files.iter().filter_map(|(path, bytes)| {
            Some((place(path, supply)?, bytes.clone())) //
        });
        Self { files: files.collect::<Files>(), ..self.clone() }
    }

    /// The tests that only the packages can run.
    ///
    /// # Errors
    /// A lock file that cannot be read.
    pub fn package_tests(&self) -> Result<Vec<TestId>, ManifestError> {
        self.files.get(PACKAGE_TESTS_LOCK).map_or(Ok(Vec::new()), |bytes| lock::parse(bytes))
    }
}

/// Where a file is while the exercise runs; nowhere if it does not count.
fn place(path: &str, supply: Supply) -> Option<String> {
    let support = |rest: &str| Some(format!("support/{rest}"));
    if let Some(rest) = path.strip_prefix(STAND_INS) {
        return if supply == Supply::StandIns { support(rest) } else { None };
    }
    match (path.strip_prefix(PACKAGES_SUPPORT), supply) {
        (Some(rest), Supply::Packages) => support(rest),
        (None, Supply::Packages) => Some(path.to_owned()),
        _ if path.starts_with(PACKAGES) => None,
        _ => Some(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exercise() -> Exercise {
        let manifest = "format = 1\ntitle = \"A\"\ndifficulty = \"easy\"\nminutes = 5\ntopics = []\n\
                        files = [\"lib/a.ex\"]\nneeds = [\"oban\"]\n[packages.\"1.14\"]\noban = \"2.18.3\"\n";
        let files = [
            ("exercise.toml", manifest),
            ("packages/1.14.lock", "%{\n  \"oban\": {:hex, :oban, \"2.18.3\"},\n}\n"),
            ("packages/support/repo.ex", "real"),
            ("packages/test/real_test.exs", "real"),
            ("packages/tests.lock", "tests = [\"RealTest: runs\"]"),
            ("stand_ins/oban.ex", "stand-in"),
            ("support/given.ex", "both"),
            ("test/a_test.exs", "both"),
            ("test/tests.lock", "tests = [\"ATest: runs\"]"),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().into()));
        Exercise::from_files("a", files.into()).unwrap()
    }

    fn names(tests: &[TestId]) -> Vec<&str> {
        tests.iter().map(|test| test.module.as_str()).collect()
    }

    #[test]
    fn with_packages_the_stand_ins_are_gone() {
        let supplied = exercise().supplied(Supply::Packages);
        assert_eq!(supplied.support_files(), ["support/given.ex", "support/repo.ex"]);
        assert_eq!(supplied.test_files(), ["test/a_test.exs", "packages/test/real_test.exs"]);
        assert_eq!(names(&supplied.expected_tests().unwrap()), ["ATest", "RealTest"]);
    }

    #[test]
    fn with_stand_ins_what_is_for_packages_is_gone() {
        let supplied = exercise().supplied(Supply::StandIns);
        assert_eq!(supplied.support_files(), ["support/given.ex", "support/oban.ex"]);
        assert_eq!(supplied.test_files(), ["test/a_test.exs"]);
        assert_eq!(names(&supplied.expected_tests().unwrap()), ["ATest"]);
        assert_eq!(names(&exercise().package_tests().unwrap()), ["RealTest"]);
    }

    #[test]
    fn it_stays_the_same_exercise() {
        for supply in [Supply::Packages, Supply::StandIns] {
            assert_eq!(exercise().supplied(supply).revision, exercise().revision);
        }
    }

    #[test]
    fn the_set_is_locked_with_the_exercise() {
        let set = exercise().packages("1.16.2").unwrap().unwrap();
        assert_eq!(set.versions["oban"], "2.18.3");
    }
}
