//! What an exercise runs on, on this machine: the packages that it needs, its stand-ins, or neither.

use std::collections::BTreeMap;

use crate::{
    exercise::{Exercise, Supply},
    packages::PackageSet,
    store::{Store, packages::Installed},
};

/// What there is for an exercise.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Which of its files count.
    pub supply: Supply,
    /// The packages that it needs.
    pub packages: Option<PackageSet>,
    /// The same, where they are installed.
    pub installed: Option<Installed>,
    /// What keeps its tests, or those that need packages, from being run.
    pub lacks: Option<String>,
}

impl Ground {
    /// Looks what there is. Nothing is installed here.
    #[must_use]
    pub fn of(exercise: &Exercise, store: &Store, elixir: &str) -> Self {
        let supply = if exercise.has_stand_ins() { Supply::StandIns } else { Supply::Packages };
        let packages = match exercise.packages(elixir) {
            Ok(None) => return Self::nothing(),
            Ok(Some(packages)) => packages,
            Err(error) => {
                return Self { supply, packages: None, installed: None, lacks: Some(error.to_string()) };
            }
        };
        let installed = store.installed(&packages);
        let lacks = installed.is_none().then(|| to_be_set_up(&packages));
        let supply = if installed.is_some() { Supply::Packages } else { supply };
        Self { supply, packages: Some(packages), installed, lacks }
    }

    /// For an exercise that needs no packages.
    #[must_use]
    pub fn nothing() -> Self {
        Self { supply: Supply::Nothing, packages: None, installed: None, lacks: None }
    }

    /// The stand-ins, by choice.
    #[must_use]
    pub fn stand_ins() -> Self {
        Self { supply: Supply::StandIns, ..Self::nothing() }
    }

    /// The versions of the packages that the exercise names.
    #[must_use]
    pub fn versions(&self, exercise: &Exercise) -> BTreeMap<String, String> {
        let named = |(name, _): &(&String, &String)| exercise.manifest.needs.contains(name);
        let all = self.installed.iter().flat_map(|installed| &installed.set.versions);
        all.filter(named).map(|(name, version)| (name.clone(), version.clone())).collect()
    }

    /// Whether the tests can be run: on packages or on stand-ins.
    #[must_use]
    pub fn can_run(&self) -> bool {
        self.lacks.is_none() || self.supply == Supply::StandIns
    }
}

fn to_be_set_up(set: &PackageSet) -> String {
    format!("its packages are not installed: `practice setup {}`", set.name)
}
