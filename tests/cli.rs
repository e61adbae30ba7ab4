//! The command line without Elixir: every message, every exit code. Fast.

mod support;

use std::{fs, time::Duration};

use insta::assert_snapshot;
use support::{Practice, eventually, processes_with};

const SOLUTION: &str = "defmodule RateLimiter do\nend\n";

#[test]
fn without_a_command_it_says_what_to_type_next() {
    assert_snapshot!(Practice::new().run().all(), @"");
}

#[test]
fn list_shows_the_exercises() {
    assert_snapshot!(Practice::new().args("list").run().all(), @"");
}

#[test]
fn list_for_programs() {
    let json = Practice::new().args("list --format json").run().json();
    assert_eq!(json["version"], 1);
    assert_eq!(json["kind"], "list");
    let ids: Vec<&str> =
        json["exercises"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["ets_rate_limiter", "with_chain"]);
    for exercise in json["exercises"].as_array().unwrap() {
        for key in ["title", "difficulty", "minutes", "topics", "needs", "ready", "solved"] {
            assert!(!exercise[key].is_null(), "{key} is missing");
        }
    }
}

#[test]
fn a_mistyped_id_gets_did_you_mean() {
    assert_snapshot!(Practice::new().args("start ets_rate_limter").run().all(), @"");
    assert_snapshot!(Practice::new().args("solution with-chain --yes").run().stderr, @"");
    assert_snapshot!(Practice::new().args("check nonsense").run().all(), @"");
}

#[test]
fn start_makes_a_workspace() {
    let practice = Practice::new().args("start with_chain");
    assert_snapshot!(practice.run().all(), @"");
    assert_snapshot!(practice.tree().join("\n"), @"");
}

#[test]
fn start_never_overwrites_without_force() {
    let practice = Practice::new().file("with_chain/lib/checkout.ex", "my work").args("start with_chain");
    assert_snapshot!(practice.run().all(), @"");
    assert_eq!(practice.tree(), ["with_chain/lib/checkout.ex"]);
    let practice = practice.args("--force");
    assert_eq!(practice.run().code, 0);
    assert!(
        fs::read_to_string(practice.work().join("with_chain/lib/checkout.ex")).unwrap().contains("defmodule")
    );
}

#[test]
fn start_where_it_cannot_write_leaves_nothing() {
    let practice = Practice::new().file("file", "").args("start with_chain --dir file/below");
    assert_snapshot!(practice.run().all(), @"");
    assert_eq!(practice.tree(), ["file"]);
}

#[test]
fn check_needs_something_to_check() {
    assert_snapshot!(Practice::new().args("check").run().all(), @"");
    assert_snapshot!(Practice::new().args("check with_chain").run().all(), @"");
    assert_snapshot!(Practice::new().file("a.ex", SOLUTION).args("check --file a.ex").run().all(), @"");
}

#[test]
fn files_that_cannot_be_judged() {
    let check = |file: &str| Practice::new().args("check ets_rate_limiter --file").arg(file);
    assert_snapshot!(check("none.ex").run().all(), @"");
    assert_snapshot!(check(".").run().stderr, @"");
    assert_snapshot!(check("a.ex").file("a.ex", " \n").run().all(), @"");
    assert_snapshot!(check("a.ex").file("a.ex", b"ok\n\xff\n").run().stderr, @"");
    assert_snapshot!(check("a.ex").file("a.ex", vec![b' '; 5 << 20]).run().stderr, @"");
    assert_snapshot!(check("a.ex/b.ex").file("a.ex", "").run().stderr, @"");
}

#[test]
fn a_fifo_is_not_waited_for() {
    let practice = Practice::new();
    let fifo = practice.work().join("a.ex");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    assert_snapshot!(practice.args("check ets_rate_limiter --file a.ex").run().all(), @"");
}

#[test]
fn usage_errors() {
    let check =
        |args: &str| Practice::new().file("a.ex", SOLUTION).args("check with_chain --file a.ex").args(args);
    assert_snapshot!(check("--only tests").run().all(), @"");
    assert_snapshot!(check("--skip compile,format,test,idioms,credo,dialyzer").run().stderr, @"");
    assert_snapshot!(check("--timeout -1").run().all(), @"");
    assert_snapshot!(Practice::new().args("verify --partition 5/4").path("/nowhere").run().stderr, @"");
    assert_eq!(Practice::new().args("chek").run().code, 2);
}

#[test]
fn a_manifest_with_a_typo_is_named_with_its_line() {
    let practice = Practice::new()
        .file("set/mine/exercise.toml", "format = 1\ntitle = \"Mine\"\ndificulty = \"easy\"\n")
        .args("list --exercises set");
    assert_snapshot!(practice.run().all(), @"");
}

#[test]
fn a_folder_without_exercises_is_an_error() {
    assert_snapshot!(Practice::new().args("list --exercises .").run().all(), @"");
}

#[test]
fn without_elixir() {
    let practice = Practice::new().path("/nowhere:/neither").file("a.ex", SOLUTION);
    assert_snapshot!(practice.args("check ets_rate_limiter --file a.ex").run().all(), @"");
}

fn with_elixir(version: &str, erl: &str) -> Practice {
    Practice::new()
        .fake_elixir(version, erl)
        .file("a.ex", SOLUTION)
        .args("check ets_rate_limiter --file a.ex")
}

#[test]
fn with_an_elixir_that_is_too_old() {
    assert_snapshot!(with_elixir("1.12.3", "exit 0").run().all(), @"");
}

#[test]
fn with_an_elixir_that_fails() {
    let practice = Practice::new().program("elixir", "echo 'no erl' >&2; exit 7").file("a.ex", SOLUTION);
    assert_snapshot!(practice.args("check ets_rate_limiter --file a.ex").run().all(), @"");
}

#[test]
fn with_an_elixir_that_says_something_else() {
    let practice = Practice::new().program("elixir", "echo hello").file("a.ex", SOLUTION);
    assert_snapshot!(practice.args("check ets_rate_limiter --file a.ex").run().stderr, @"");
}

#[test]
fn a_vm_that_ends_at_once_is_no_fault_of_the_solution() {
    let practice = with_elixir("1.14.0", "echo 'cannot load' >&2; exit 3");
    assert_snapshot!(practice.run().all(), @"");
    practice.assert_nothing_left();
}

/// A VM that never answers, with a process that would outlive it.
const HANGS: &str =
    "trap '' TERM INT HUP QUIT\n/usr/bin/setsid /bin/sleep MARK &\nwhile :; do /bin/sleep 0.1; done";

fn hanging(mark: &str) -> Practice {
    with_elixir("1.14.0", &HANGS.replace("MARK", mark))
}

#[test]
fn an_interruption_ends_everything() {
    for (index, signal) in ["INT", "TERM", "HUP"].into_iter().enumerate() {
        let mark = format!("86753{index}.25");
        let practice = hanging(&mark);
        let child = practice.spawn();
        eventually("the fake VM does not start", || !processes_with(&mark).is_empty());
        let status =
            std::process::Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
        assert!(status.unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{signal}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted"));
        assert_eq!(processes_with(&mark), [""; 0], "after {signal}");
        practice.assert_nothing_left();
    }
}

#[test]
fn an_interruption_at_any_moment_leaves_nothing() {
    for step in 0..20 {
        let mark = format!("9753{step}.5");
        let practice = hanging(&mark);
        let ran = practice.run_and_signal("INT", Duration::from_millis(step * 12));
        assert!(ran.code == 130 || ran.code == -2, "exit {} after {step}: {}", ran.code, ran.stderr);
        eventually("a process is left", || processes_with(&mark).is_empty());
        if ran.code == 130 {
            practice.assert_nothing_left();
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let practice = Practice::new().args("list");
    let mut child = practice.spawn();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn colour_only_where_it_is_wanted() {
    let run = |args: &str| Practice::new().args(args).run().stdout;
    assert!(!run("list").contains('\u{1b}'));
    assert!(run("list --color always").contains('\u{1b}'));
    assert!(!run("list --color never").contains('\u{1b}'));
}

#[test]
fn hint_before_anything_failed() {
    assert_snapshot!(Practice::new().args("hint").run().all(), @"");
    assert_snapshot!(Practice::new().args("hint with_chain").run().all(), @"");
}

#[test]
fn solution_asks_first() {
    assert_snapshot!(Practice::new().args("solution with_chain").run().all(), @"");
    let shown = Practice::new().args("solution with_chain --yes").run();
    assert_eq!(shown.code, 0);
    assert!(shown.stdout.contains("defmodule Checkout"));
}
