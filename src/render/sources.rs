//! The texts that a report points into, and the places in the solution that failing tests are about.

use std::{borrow::Cow, collections::BTreeMap};

use regex::Regex;

use crate::{exercise::Exercise, finding::Place, plan::SourceFile, report::TestResult};

/// The texts that places point into, by the path that is shown.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    texts: BTreeMap<&'a str, Cow<'a, str>>,
    solution: Vec<&'a str>,
}

impl<'a> Sources<'a> {
    /// The solution's files and the exercise's tests.
    #[must_use]
    pub fn new(exercise: &'a Exercise, solution: &'a [SourceFile]) -> Self {
        let tests = exercise.test_files().into_iter().filter_map(|path| Some((path, exercise.text(path)?)));
        let files = solution.iter().map(|file| (file.shown.as_str(), Cow::Borrowed(file.text.as_str())));
        Self {
            texts: tests.chain(files).collect(),
            solution: solution.iter().map(|file| file.shown.as_str()).collect(),
        }
    }

    /// The solution's files alone.
    #[cfg(test)]
    #[must_use]
    pub fn of_solution(solution: &'a [SourceFile]) -> Self {
        let file = |file: &'a SourceFile| (file.shown.as_str(), Cow::Borrowed(file.text.as_str()));
        Self {
            texts: solution.iter().map(file).collect(),
            solution: solution.iter().map(|file| file.shown.as_str()).collect(),
        }
    }

    /// The text of a file, if it is one of them.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(AsRef::as_ref)
    }

    /// The solution's files: path and text.
    pub fn solution(&self) -> impl Iterator<Item = (&'a str, &str)> {
        self.solution.iter().filter_map(|path| Some((*path, self.text(path)?)))
    }

    /// The place in the solution that a failing test is about.
    #[must_use]
    pub fn own_place(&self, test: &TestResult) -> Option<OwnPlace> {
        let failure = test.failure.as_ref();
        if let Some(place) = failure.and_then(|failure| failure.raised_at.clone()) {
            return Some(OwnPlace::Raised(place));
        }
        let asserted = failure.and_then(|failure| failure.asserted_at.as_ref());
        called_function(asserted.or(test.place.as_ref())?, self)
    }
}

/// Where to look in the solution when a test fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnPlace {
    /// The line that raised.
    Raised(Place),
    /// The function of the solution that the test had called last.
    Called {
        /// Where it is defined.
        place: Place,
        /// `RateLimiter.check`
        function: String,
    },
}

impl OwnPlace {
    /// The place alone.
    #[must_use]
    pub fn place(self) -> Place {
        match self {
            Self::Raised(place) | Self::Called { place, .. } => place,
        }
    }
}

/// Where the solution defines the function of its own that the test called last before it failed.
fn called_function(asserted: &Place, sources: &Sources<'_>) -> Option<OwnPlace> {
    let call = Regex::new(r"\b([A-Z][A-Za-z0-9_.]*)\.([a-z_][A-Za-z0-9_]*[?!]?)\(").ok()?;
    let test = sources.text(&asserted.file)?;
    let last = usize::try_from(asserted.line?).ok()?;
    let lines: Vec<&str> = test.lines().take(last).collect();
    lines.iter().rev().take_while(|line| !line.trim_start().starts_with("test ")).find_map(|line| {
        let (_, [module, function]) = call.captures_iter(line).last()?.extract();
        let place = definition(module, function, sources)?;
        Some(OwnPlace::Called { place, function: format!("{module}.{function}") })
    })
}

fn definition(module: &str, function: &str, sources: &Sources<'_>) -> Option<Place> {
    let head = Regex::new(&format!(r"^\s*def {}(?:[ (,]|$)", regex::escape(function))).ok()?;
    let defines = format!("defmodule {module} ");
    sources.solution().filter(|(_, text)| text.contains(&defines)).find_map(|(path, text)| {
        let line = text.lines().position(|line| head.is_match(line))?;
        Some(Place { file: path.to_owned(), line: u32::try_from(line + 1).ok(), column: None })
    })
}
