//! What `practice setup` is going to do, and what it has done.

use std::path::Path;

use crate::{
    packages::PackageSet,
    ui::{
        style::{FAINT, GOOD, STRONG, Styled},
        text::{WIDTH, bytes, count, shell_word, wrap},
    },
};

/// A set that is installed, as it is shown.
#[derive(Clone, Debug)]
pub struct InstalledRow<'a> {
    /// What is in it.
    pub set: &'a PackageSet,
    /// Where.
    pub folder: &'a Path,
    /// What it takes on the disk.
    pub bytes: u64,
}

/// What is going to be downloaded, and how long it takes.
#[must_use]
pub fn about_to_install(sets: &[&PackageSet]) -> String {
    let packages: usize = sets.iter().map(|set| set.versions.len()).sum();
    let lines: Vec<String> = sets.iter().map(|set| line(set)).collect();
    format!(
        "Fetching {} from Hex, and compiling them, once: roughly {}.\n{}",
        count(packages, "package"),
        minutes(packages),
        lines.join("\n")
    )
}

/// Four seconds a package on a machine of two cores, as a person would say it.
fn minutes(packages: usize) -> String {
    match packages * 4 / 60 {
        0 => "half a minute".to_owned(),
        1 => "a minute or two".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

/// What is ready now.
#[must_use]
pub fn set_up(rows: &[InstalledRow<'_>], typed: &[String]) -> String {
    let mut parts: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{}\n    {}",
                line(row.set),
                Styled(FAINT, format!("{} in {}", bytes(row.bytes), row.folder.display()))
            )
        })
        .collect();
    if !typed.is_empty() {
        let made = format!("type information for {}", typed.join(", "));
        parts.push(wrap(&made, WIDTH, "  ", "    "));
    }
    parts.push(format!("\n{}: checks need no network from here on", Styled(GOOD, "ready")));
    parts.join("\n")
}

/// The sets that were written to a file.
#[must_use]
pub fn exported(rows: &[InstalledRow<'_>], path: &Path) -> String {
    let lines: Vec<String> = rows.iter().map(|row| line(row.set)).collect();
    format!(
        "{}\n\nOn the other machine: {}",
        lines.join("\n"),
        Styled(STRONG, format!("practice setup --import {}", shell_word(path)))
    )
}

/// The packages that are gone.
#[must_use]
pub fn packages_removed(folder: &Path) -> String {
    format!(
        "Removed what was installed in {}\n{} brings it back",
        folder.display(),
        Styled(STRONG, "practice setup")
    )
}

/// `tools: credo 1.7.12, dialyxir 1.4.5, and 4 packages that they need`
fn line(set: &PackageSet) -> String {
    let named: Vec<String> = set
        .requirements
        .keys()
        .map(|name| format!("{name} {}", set.versions.get(name).map_or("?", String::as_str)))
        .collect();
    let more = match set.versions.len() - named.len() {
        0 => String::new(),
        more => format!(", and {} that they need", count(more, "package")),
    };
    wrap(&format!("{}: {}{more}", set.name, named.join(", ")), WIDTH, "  ", "    ")
}
