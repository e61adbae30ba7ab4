//! The README's commands do what it says: those of its walks are run, the others are parsed.

#![allow(clippy::disallowed_methods, reason = "tests start programs")]

use std::{env, fs, path::Path, process::Command};

use clap::Parser as _;
use practice::cli::Cli;
use regex::Regex;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The lines of the fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let fence = format!("\n```{language}\n");
    let blocks = text.split(fence.as_str()).skip(1).map(|rest| rest.split("\n```").next().unwrap());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

#[test]
fn the_walks_can_be_followed_to_the_letter() {
    let commands: Vec<String> =
        blocks("console").iter().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect();
    assert!(commands.len() >= 10, "{commands:?}");
    let program = Path::new(env!("CARGO_BIN_EXE_practice")).parent().unwrap();
    let path = format!("{}:{}", program.display(), env::var("PATH").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let script = format!("set -ex\n{}", commands.join("\n"));
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("PRACTICE_HOME", folder.path().join("home"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}{text}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn every_command_that_is_named_exists() {
    let text = readme();
    let inline = Regex::new(r"`(practice [^`]+)`").unwrap();
    let mut commands: Vec<String> =
        inline.captures_iter(&text).map(|found| found.extract::<1>().1[0].to_owned()).collect();
    commands.extend(blocks("yaml").iter().filter_map(|line| {
        let command = line.trim().strip_prefix("- run: ")?;
        command.starts_with("practice ").then(|| command.to_owned())
    }));
    assert!(commands.len() >= 15, "{commands:?}");
    let left_out = Regex::new(r"\[[^\]]*\]").unwrap();
    for command in commands {
        let command = left_out.replace_all(&command, "").into_owned();
        let command = command.replace("SHELL", "bash").replace("COMMAND", "check").replace("SECONDS", "9");
        let parsed = Cli::try_parse_from(command.split_whitespace());
        let shown = parsed.as_ref().is_err_and(|error| !error.use_stderr());
        assert!(shown || parsed.is_ok(), "`{command}`: {}", parsed.unwrap_err());
    }
}
