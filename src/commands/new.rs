//! `practice new`: the skeleton of an exercise, sound from the start, for an author to change.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::{
    Context,
    start::{Begun, in_the_way},
};
use crate::{cli::NewArgs, error::Error, exercise_set, exit::Exit, render::human, ui::out};

static SKELETON: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/skeleton");

/// Makes the folder of an exercise in the author's set, or where one stands.
///
/// # Errors
/// An id that none can have, a file that exists already, a folder that cannot be written.
pub fn run(context: &Context, args: &NewArgs) -> Result<Exit, Error> {
    if !exercise_set::is_id(&args.id) {
        return Err(Error::NotAnId { id: args.id.clone() });
    }
    let set = context.exercises.clone().unwrap_or_else(|| PathBuf::from("."));
    let folder = if set == Path::new(".") { PathBuf::from(&args.id) } else { set.join(&args.id) };
    let files = files(&args.id);
    if let Some(path) = in_the_way(&folder, files.iter().map(|(path, _)| path.as_str())) {
        return Err(Error::ExerciseExists { path });
    }
    let mut begun = Begun::default();
    for (path, text) in &files {
        begun.write(&folder.join(path), text.as_bytes())?;
    }
    begun.done();
    out::data(&human::skeleton(&args.id, &folder, &set))?;
    Ok(Exit::Passed)
}

/// The skeleton's files with the exercise's name in them.
fn files(id: &str) -> Vec<(String, String)> {
    let module = module_name(id);
    let files = SKELETON.find("**/*").into_iter().flatten().filter_map(|entry| entry.as_file());
    let named = files.map(|file| {
        let path = file.path().to_string_lossy().replace("__id__", id);
        let text = file.contents_utf8().unwrap_or_default();
        (path, text.replace("{{id}}", id).replace("{{Module}}", &module))
    });
    named.collect()
}

/// `rate_limiter` → `RateLimiter`
fn module_name(id: &str) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
    };
    id.split('_').map(capitalized).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_skeleton_is_named_after_the_exercise() {
        let files = files("two_words");
        let text = |path: &str| &files.iter().find(|(found, _)| found == path).unwrap().1;
        assert!(text("solution/lib/two_words.ex").starts_with("defmodule TwoWords do\n"));
        assert!(text("exercise.toml").contains("files = [\"lib/two_words.ex\"]"));
        assert!(!files.iter().any(|(path, text)| path.contains("__") || text.contains("{{")));
    }
}
