//! Which of the accepted solutions is most like a learner's.

use std::collections::BTreeMap;

use similar::TextDiff;

use super::{Exercise, Variant, VariantKind};

/// Files by their path in the project.
pub type Sources = BTreeMap<String, String>;

/// An accepted solution beside a learner's.
#[derive(Clone, Debug)]
pub struct Nearest {
    /// The accepted one.
    pub variant: Variant,
    /// How it differs from the reference, where it is not the reference.
    pub about: Option<String>,
    /// From the learner's to it, in unified format; empty where they are the same.
    pub diff: String,
}

impl Exercise {
    /// The accepted solution that is most like this one.
    #[must_use]
    pub fn nearest(&self, own: &Sources) -> Option<Nearest> {
        let accepted =
            |variant: &Variant| matches!(variant.kind, VariantKind::Solution | VariantKind::Alternative);
        let likeness = |variant: &Variant| {
            let theirs = joined(&self.sources(&variant.folder));
            TextDiff::from_lines(joined(own), &theirs).ratio()
        };
        let variants = self.variants().into_iter().filter(accepted);
        // The reference comes first, and wins among equals.
        let variant = variants
            .map(|variant| (likeness(&variant), variant))
            .reduce(|best, next| if next.0 > best.0 { next } else { best })?
            .1;
        let about = self.manifest.variants.alternatives.get(&variant.name).map(|found| found.about.clone());
        let diff = diff(own, &self.sources(&variant.folder));
        Some(Nearest { variant, about, diff })
    }

    /// The solution's files in a folder.
    fn sources(&self, folder: &str) -> Sources {
        let files = self.under(folder);
        files.map(|(path, bytes)| (path.to_owned(), String::from_utf8_lossy(bytes).into_owned())).collect()
    }
}

fn joined(sources: &Sources) -> String {
    sources.values().map(String::as_str).collect::<Vec<_>>().join("\n")
}

fn diff(own: &Sources, theirs: &Sources) -> String {
    let mut paths: Vec<&String> = own.keys().chain(theirs.keys()).collect();
    paths.sort();
    paths.dedup();
    let text = |sources: &Sources, path: &str| sources.get(path).cloned().unwrap_or_default();
    let each = paths.into_iter().map(|path| {
        let (own, theirs) = (text(own, path), text(theirs, path));
        let diff = TextDiff::from_lines(&own, &theirs);
        diff.unified_diff().context_radius(2).header(path, path).to_string()
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::exercise::Files;

    const MANIFEST: &str = r#"
format = 1
title = "A"
difficulty = "easy"
minutes = 5
topics = []
files = ["lib/a.ex"]
variants.alternatives.other = { about = "another way" }
"#;

    fn exercise() -> Exercise {
        let files = [
            ("exercise.toml", MANIFEST),
            ("solution/lib/a.ex", "one\ntwo\nthree\n"),
            ("alternatives/other/lib/a.ex", "four\nfive\nsix\n"),
            ("bad/wrong/lib/a.ex", "seven\n"),
        ];
        let files: Files =
            files.into_iter().map(|(path, text)| (path.to_owned(), Cow::Borrowed(text.as_bytes()))).collect();
        Exercise::from_files("a", files).unwrap()
    }

    fn nearest(text: &str) -> Nearest {
        exercise().nearest(&Sources::from([("lib/a.ex".to_owned(), text.to_owned())])).unwrap()
    }

    #[test]
    fn the_most_alike_is_found_and_only_among_the_accepted() {
        let found = nearest("four\nfive\n");
        assert_eq!(found.about.as_deref(), Some("another way"));
        assert!(found.diff.contains("+six"), "{}", found.diff);
        assert_eq!(nearest("seven\n").variant.kind, VariantKind::Solution);
    }

    #[test]
    fn the_reference_itself_has_no_diff() {
        assert_eq!(nearest("one\ntwo\nthree\n").diff, "");
    }
}
