//! `practice doctor`: what was found, what is missing, and what to type.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use super::Context;
use crate::{
    check,
    cli::Format,
    error::Error,
    exercise::Exercise,
    exit::Exit,
    files::size_of,
    ground::Ground,
    health::{Item, nothing_is_missing},
    process,
    render::{human, json},
    store::{Store, packages::Installed},
    toolchain::Toolchain,
    ui::{out, progress::Progress, text::bytes},
};

/// Less room than this on a disk is worth a word: type information takes a good part of it.
const LITTLE_ROOM: u64 = 200 * 1024 * 1024;

/// Looks for everything, and prints what was found.
///
/// # Errors
/// Standard output that cannot be written.
pub fn run(context: &Context) -> Result<Exit, Error> {
    let progress = Progress::spinner(context.quiet);
    progress.say("looking around");
    let mut items = toolchain(context);
    items.push(exercises(context));
    items.push(folder("cache", &context.dirs.cache));
    items.push(folder("progress", &context.dirs.data));
    items.push(folder("temporary files", &env::temp_dir()));
    items.push(containment());
    drop(progress);
    out::data(&match context.format {
        Format::Json => json::doctor(&items),
        _ => human::doctor(&items),
    })?;
    Ok(if nothing_is_missing(&items) { Exit::Passed } else { Exit::CouldNotCheck })
}

fn toolchain(context: &Context) -> Vec<Item> {
    let toolchain = match Toolchain::find(&context.dirs.cache) {
        Ok(toolchain) => toolchain,
        Err(error) => return vec![missing("Elixir", &error)],
    };
    let mut items = vec![
        Item::found("Elixir", format!("{} in {}", toolchain.elixir, tidy(&toolchain.lib).display())),
        Item::found("Erlang/OTP", format!("{} ({})", toolchain.otp, toolchain.erl.display())),
    ];
    items.push(match toolchain.has_applications(&["dialyzer", "compiler", "syntax_tools"]) {
        Ok(true) => Item::found("Dialyzer", "comes with this OTP"),
        Ok(false) => Item::missing(
            "Dialyzer",
            "this OTP came without it, so the step `dialyzer` cannot run",
            Some(
                "on Debian and Ubuntu `apt-get install erlang-dialyzer`; other systems bring it with Erlang"
                    .to_owned(),
            ),
        ),
        Err(error) => missing("Dialyzer", &error),
    });
    let store = Store::new(&context.dirs.cache, &toolchain);
    items.push(match store.runner(&toolchain) {
        Ok(_) => Item::found("test runner", "compiled for these versions"),
        Err(error) => missing("test runner", &error),
    });
    items.push(credo(&store, &toolchain));
    items.extend(packages(context, &store, &toolchain));
    items
}

/// A path without the detours that scripts make.
fn tidy(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn missing(name: &'static str, error: &Error) -> Item {
    Item::missing(name, error.in_a_line(), error.hints().into_iter().next())
}

fn credo(store: &Store, toolchain: &Toolchain) -> Item {
    let tools = check::tools(store, toolchain);
    match check::find_credo(&tools) {
        Ok(_) if check::packages().is_none() => {
            let found = tools.map(|tools| versions(&tools, &["credo", "dialyxir"])).unwrap_or_default();
            Item::found("Credo", found)
        }
        Ok(ebins) => Item::found("Credo", format!("among {} compiled packages", ebins.len())),
        Err(reason) => Item::absent("Credo", reason, None),
    }
}

/// `credo 1.7.12, dialyxir 1.4.5`
fn versions(installed: &Installed, packages: &[&str]) -> String {
    let version = |package: &&str| Some(format!("{package} {}", installed.set.versions.get(*package)?));
    packages.iter().filter_map(version).collect::<Vec<_>>().join(", ")
}

/// What is installed of the packages that exercises need.
fn packages(context: &Context, store: &Store, toolchain: &Toolchain) -> Vec<Item> {
    let Ok(catalogue) = context.catalogue(None) else { return Vec::new() };
    let needing = catalogue.exercises.iter().filter(|exercise| exercise.needs_packages());
    let item = |exercise: &Exercise| {
        let ground = Ground::of(exercise, store, &toolchain.elixir);
        let needs: Vec<&str> = exercise.manifest.needs.iter().map(String::as_str).collect();
        match (&ground.installed, &ground.lacks) {
            (Some(installed), _) => {
                let size = bytes(size_of(&installed.folder));
                Item::found("packages", format!("{}: {}, {size}", exercise.id, versions(installed, &needs)))
            }
            (None, lacks) => {
                let instead = if ground.can_run() { "; stand-ins take their place" } else { "" };
                let lacks = lacks.as_deref().unwrap_or_default();
                Item::absent("packages", format!("{}: {lacks}{instead}", exercise.id), None)
            }
        }
    };
    needing.map(item).collect()
}

fn exercises(context: &Context) -> Item {
    match context.catalogue(None) {
        Ok(catalogue) => {
            let progress = context.progress();
            let solved = |exercise: &&Exercise| {
                progress.exercises.get(&exercise.id).is_some_and(|progress| progress.solved)
            };
            let (all, solved) =
                (catalogue.exercises.len(), catalogue.exercises.iter().filter(solved).count());
            Item::found("exercises", format!("{all}, of which {solved} solved"))
        }
        Err(error) => missing("exercises", &error),
    }
}

/// A folder of ours: whether it can be written, what it holds, and what room there is.
fn folder(name: &'static str, path: &Path) -> Item {
    let written = fs::create_dir_all(path).and_then(|()| tempfile::tempfile_in(path));
    if let Err(error) = written {
        let todo = if name == "temporary files" { "`TMPDIR=DIR`" } else { "`PRACTICE_HOME=DIR`" };
        let detail = format!("`{}` cannot be written: {error}", path.display());
        return Item::missing(name, detail, Some(format!("{todo} names another folder")));
    }
    let own = name != "temporary files";
    let used = if own { format!("{} in ", bytes(size_of(path))) } else { String::new() };
    let item = Item::found(name, format!("{used}{}", path.display()));
    match room_on_disk(path) {
        Some(room) if room < LITTLE_ROOM => {
            Item::absent(name, format!("{}, and only {} are free there", item.detail, bytes(room)), None)
        }
        _ => item,
    }
}

fn room_on_disk(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn containment() -> Item {
    if process::CONTAINS {
        Item::found("clean-up", "whatever a solution starts is ended with its check")
    } else {
        Item::absent(
            "clean-up",
            "a process that a solution starts may outlive its check on this system",
            None,
        )
    }
}
