//! The command line without Elixir: every message, every exit code. Fast.

#![allow(clippy::disallowed_methods, reason = "tests start programs")]

mod support;

use std::{fs, time::Duration};

use insta::assert_snapshot;
use support::{Practice, eventually, processes_with};

const SOLUTION: &str = "defmodule RateLimiter do\nend\n";

#[test]
fn without_a_command_it_says_what_to_type_next() {
    assert_snapshot!(Practice::new().run().all(), @"
    exit 0
    -- stdout
    Practise Elixir live-coding interviews.
      practice list       see the exercises
      practice start ID   begin one: a folder with the task, a stub and tests
      practice check      judge your solution, in that folder
      practice hint       when you are stuck (`practice --help` shows the rest)
    ");
}

#[test]
fn list_shows_the_exercises() {
    assert_snapshot!(Practice::new().args("list").run().all(), @"
    exit 0
    -- stdout
    ets_rate_limiter          medium   25 min  Rate limiter on ETS: ETS, GenServer,
                                               concurrency, supervision
    live_counter              medium   30 min  A counter that all viewers share:
                                               LiveView, PubSub, Presence, processes
                                               needs phoenix, phoenix_live_view,
                                               phoenix_pubsub, floki, jason:
                                               `practice setup live_counter`
    oban_pipeline             hard     40 min  A pipeline of Oban jobs: Oban,
                                               idempotency, error handling, with,
                                               PubSub
                                               on stand-ins for oban, ecto_sqlite3,
                                               phoenix_pubsub; `practice setup
                                               oban_pipeline` installs these
    with_chain                easy     20 min  Checkout as a with chain: with,
                                               pattern matching, error handling

    practice start ID begins one
    ");
}

#[test]
fn list_shows_how_far_one_is() {
    let practice = Practice::new();
    practice.again().args("start with_chain").run();
    assert!(practice.again().args("list").run().stdout.contains("with_chain        begun"));
    let json = practice.again().args("list --format json").run().json();
    let state = |id: &str| {
        let exercises = json["exercises"].as_array().unwrap();
        exercises.iter().find(|exercise| exercise["id"] == id).unwrap()["state"].clone()
    };
    assert_eq!((state("ets_rate_limiter"), state("with_chain")), ("new".into(), "begun".into()));
}

#[test]
fn list_for_programs() {
    let json = Practice::new().args("list --format json").run().json();
    assert_eq!(json["version"], 1);
    assert_eq!(json["kind"], "list");
    let ids: Vec<&str> =
        json["exercises"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["ets_rate_limiter", "live_counter", "oban_pipeline", "with_chain"]);
    for exercise in json["exercises"].as_array().unwrap() {
        for key in ["title", "difficulty", "minutes", "topics", "needs", "ready", "solved"] {
            assert!(!exercise[key].is_null(), "{key} is missing");
        }
    }
}

#[test]
fn a_mistyped_id_gets_did_you_mean() {
    assert_snapshot!(Practice::new().args("start ets_rate_limter").run().all(), @"
    exit 2
    -- stderr
    error: there is no exercise `ets_rate_limter`

    hint: did you mean `ets_rate_limiter`?
    ");
    assert_snapshot!(Practice::new().args("solution with-chain --yes").run().stderr, @"
    error: there is no exercise `with-chain`

    hint: did you mean `with_chain`?
    ");
    assert_snapshot!(Practice::new().args("check nonsense").run().all(), @"
    exit 2
    -- stderr
    error: there is no exercise `nonsense`

    hint: `practice list` shows the exercises
    ");
}

#[test]
fn start_makes_a_workspace() {
    let practice = Practice::new().args("start with_chain");
    assert_snapshot!(practice.run().all(), @"
    exit 0
    -- stdout
    Checkout as a with chain, 20 minutes, in ./with_chain

      README.md        the task
      lib/checkout.ex  your solution

    cd with_chain && practice check
    ");
    assert_snapshot!(practice.tree().join("\n"), @"
    with_chain/.formatter.exs
    with_chain/.gitignore
    with_chain/.practice.toml
    with_chain/README.md
    with_chain/lib/checkout.ex
    with_chain/mix.exs
    with_chain/support/orders.ex
    with_chain/support/payment.ex
    with_chain/support/scenario.ex
    with_chain/support/users.ex
    with_chain/test/checkout_test.exs
    with_chain/test/test_helper.exs
    ");
}

#[test]
fn start_never_overwrites_without_force() {
    let practice = Practice::new().file("with_chain/lib/checkout.ex", "my work").args("start with_chain");
    assert_snapshot!(practice.run().all(), @"
    exit 2
    -- stderr
    error: `with_chain/lib/checkout.ex` exists already

    hint: `--dir DIR` writes elsewhere; `--force` writes anew, and keeps your `lib`
          as `lib-1`
    hint: in a workspace, `practice reset` puts the stub back
    ");
    assert_eq!(practice.tree(), ["with_chain/lib/checkout.ex"]);
    let practice = practice.args("--force");
    let forced = practice.run();
    assert_eq!(forced.code, 0);
    assert!(forced.stdout.contains("what you wrote is in with_chain/lib-1"), "{}", forced.all());
    assert_eq!(fs::read_to_string(practice.work().join("with_chain/lib-1/checkout.ex")).unwrap(), "my work");
    assert!(
        fs::read_to_string(practice.work().join("with_chain/lib/checkout.ex")).unwrap().contains("defmodule")
    );
}

#[test]
fn a_workspace_in_a_workspace_is_hardly_meant() {
    let practice = Practice::new().file(".practice.toml", "exercise = \"with_chain\"\n");
    assert_snapshot!(practice.again().args("start with_chain").run().all(), @"
    exit 2
    -- stderr
    error: this is the workspace of `with_chain`, and one inside of another is
           hardly meant

    hint: go to another folder, or name one: `--dir DIR`
    ");
    assert_eq!(practice.again().args("start with_chain --dir below").run().code, 0);
}

#[test]
fn a_workspace_knows_the_set_that_it_is_from() {
    let practice = Practice::new().path("/nowhere");
    let run = |args: &str| practice.again().args(args).run();
    run("new my_first --exercises set");
    assert_eq!(run("start my_first --exercises set --dir ws").code, 0);
    fs::write(
        practice.work().join("set/my_first/test/tests.lock"),
        "tests = [\"MyFirstTest: greets by name\"]\n",
    )
    .unwrap();
    // It finds the exercise, and gets as far as looking for Elixir.
    assert!(run("check ws").stderr.contains("cannot find `elixir`"), "{}", run("check ws").all());
    assert_eq!(run("reset ws --yes").code, 0);
}

#[test]
fn start_where_it_cannot_write_leaves_nothing() {
    let practice = Practice::new().file("file", "").args("start with_chain --dir file/below");
    assert_snapshot!(practice.run().all(), @"
    exit 2
    -- stderr
    error: cannot create `file/below`
      Caused by: Not a directory (os error 20)
    ");
    assert_eq!(practice.tree(), ["file"]);
}

#[test]
fn check_needs_something_to_check() {
    assert_snapshot!(Practice::new().args("check").run().all(), @"
    exit 2
    -- stderr
    error: `[FOLDER]/work` is not in a workspace

    hint: go to a folder that `practice start ID` made, or name one: `practice check
          DIR`
    hint: `practice check ID --file FILE` checks a file without a workspace
    ");
    assert_snapshot!(Practice::new().args("check with_chain").run().all(), @"
    exit 2
    -- stderr
    error: there is no workspace of `with_chain` here

    hint: `practice start with_chain` makes a workspace in `./with_chain`
    hint: `practice check with_chain --file FILE` checks a file without one
    ");
    assert_snapshot!(Practice::new().file("a.ex", SOLUTION).args("check --file a.ex").run().all(), @"
    exit 2
    -- stderr
    error: `--file` needs the id of the exercise that the file solves

    hint: `practice check ID --file FILE`
    ");
}

#[test]
fn files_that_cannot_be_judged() {
    let check = |file: &str| Practice::new().args("check ets_rate_limiter --file").arg(file);
    assert_snapshot!(check("none.ex").run().all(), @"
    exit 2
    -- stderr
    error: cannot check `none.ex`: there is no such file
    ");
    assert_snapshot!(check(".").run().stderr, @"error: cannot check `.`: it is a folder");
    assert_snapshot!(check("a.ex").file("a.ex", " \n").run().all(), @"
    exit 2
    -- stderr
    error: cannot check `a.ex`: it is empty

    hint: write the module that the task asks for, then check again
    ");
    assert_snapshot!(check("a.ex").file("a.ex", b"ok\n\xff\n").run().stderr, @"
    error: cannot check `a.ex`: it is not valid UTF-8 (line 2)

    hint: save it as UTF-8
    ");
    assert_snapshot!(check("a.ex").file("a.ex", vec![b' '; 5 << 20]).run().stderr, @"error: cannot check `a.ex`: it has 5242880 bytes; a solution has at most 1048576");
    assert_snapshot!(check("a.ex/b.ex").file("a.ex", "").run().stderr, @"error: cannot check `a.ex/b.ex`: it cannot be read: not a directory");
}

#[test]
fn a_fifo_is_not_waited_for() {
    let practice = Practice::new();
    let fifo = practice.work().join("a.ex");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    assert_snapshot!(practice.args("check ets_rate_limiter --file a.ex").run().all(), @"
    exit 2
    -- stderr
    error: cannot check `a.ex`: it is not a regular file
    ");
}

#[test]
fn usage_errors() {
    let check =
        |args: &str| Practice::new().file("a.ex", SOLUTION).args("check with_chain --file a.ex").args(args);
    assert_snapshot!(check("--only tests").run().all(), @"
    exit 2
    -- stderr
    error: there is no step `tests`

    hint: the steps are compile, format, test, idioms, credo, dialyzer
    ");
    assert_snapshot!(check("--skip compile,format,test,idioms,credo,dialyzer").run().stderr, @"
    error: `--only` and `--skip` leave no step to run

    hint: the steps are compile, format, test, idioms, credo, dialyzer
    ");
    assert_snapshot!(check("--timeout -1").run().all(), @"
    exit 2
    -- stderr
    error: invalid value '-1' for '--timeout <SECONDS>': must be more than 0

    For more information, try '--help'.
    ");
    assert_snapshot!(Practice::new().args("verify --partition 5/4").path("/nowhere").run().stderr, @"
    error: `5/4` is not a partition

    hint: `--partition 1/4` is the first of four parts
    ");
    assert_eq!(Practice::new().args("chek").run().code, 2);
}

#[test]
fn a_manifest_with_a_typo_is_named_with_its_line() {
    let practice = Practice::new()
        .file("set/mine/exercise.toml", "format = 1\ntitle = \"Mine\"\ndificulty = \"easy\"\n")
        .args("list --exercises set");
    assert_snapshot!(practice.run().all(), @r#"
    exit 2
    -- stderr
    error: the exercise `mine` cannot be loaded from `set/mine/exercise.toml`
      Caused by: TOML parse error at line 3, column 1
          |
        3 | dificulty = "easy"
          | ^^^^^^^^^
        unknown field `dificulty`, expected one of `format`, `title`, `difficulty`, `minutes`, `topics`, `needs`, `packages`, `prepare`, `files`, `late_tests`, `limits`, `idioms`, `hints`, `variants`
    "#);
}

#[test]
fn a_folder_without_exercises_is_an_error() {
    assert_snapshot!(Practice::new().args("list --exercises .").run().all(), @"
    exit 2
    -- stderr
    error: `.` holds no exercise

    hint: an exercise is a folder in it with an `exercise.toml`
    ");
}

#[test]
fn without_elixir() {
    let practice = Practice::new().path("/nowhere:/neither").file("a.ex", SOLUTION);
    assert_snapshot!(practice.args("check ets_rate_limiter --file a.ex").run().all(), @"
    exit 2
    -- stderr
    error: cannot find `elixir` (folders of PATH searched: 2)

    hint: install Elixir 1.14 or newer: on Debian and Ubuntu `apt-get install elixir
          erlang-dialyzer erlang-dev`, on macOS `brew install elixir`, elsewhere see
          https://elixir-lang.org/install.html
    ");
}

fn with_elixir(version: &str, erl: &str) -> Practice {
    Practice::new()
        .fake_elixir(version, erl)
        .file("a.ex", SOLUTION)
        .args("check ets_rate_limiter --file a.ex")
}

#[test]
fn with_an_elixir_that_is_too_old() {
    assert_snapshot!(with_elixir("1.12.3", "exit 0").run().all(), @"
    exit 2
    -- stderr
    error: Elixir 1.12.3 is too old: 1.14 or newer is needed

    hint: see https://elixir-lang.org/install.html
    ");
}

#[test]
fn with_an_elixir_that_fails() {
    let practice = Practice::new().program("elixir", "echo 'no erl' >&2; exit 7").file("a.ex", SOLUTION);
    assert_snapshot!(practice.args("check ets_rate_limiter --file a.ex").run().all(), @"
    exit 2
    -- stderr
    error: `[FOLDER]/bin/elixir` does not answer as Elixir does
      Caused by: `[FOLDER]/bin/elixir` failed: exit status: 7
        no erl

    hint: `elixir --version` by hand shows what is wrong
    ");
}

#[test]
fn with_an_elixir_that_says_something_else() {
    let practice = Practice::new().program("elixir", "echo hello").file("a.ex", SOLUTION);
    assert_snapshot!(practice.args("check ets_rate_limiter --file a.ex").run().stderr, @"
    error: `[FOLDER]/bin/elixir` does not answer as Elixir does: hello

    hint: `elixir --version` by hand shows what is wrong
    ");
}

#[test]
fn a_vm_that_ends_at_once_is_no_fault_of_the_solution() {
    let practice = with_elixir("1.14.0", "echo 'cannot load' >&2; exit 3");
    assert_snapshot!(practice.run().all(), @"
    exit 2
    -- stderr
    error: the tests of `ets_rate_limiter` could not be compiled; your code was not
           judged
      Caused by: the VM ended with status 3 (cannot load)
    ");
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
fn a_result_that_cannot_be_written_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_practice"))
        .arg("list")
        .env("PRACTICE_HOME", Practice::new().home())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write the result"));
}

#[test]
fn what_editors_leave_in_lib_is_not_read() {
    let practice = Practice::new().path("/nowhere").file("ws/.practice.toml", "exercise = \"with_chain\"\n");
    let practice = practice.file("ws/lib/._checkout.ex", b"\xff").file("ws/lib/checkout.ex", SOLUTION);
    std::os::unix::fs::symlink("nowhere", practice.work().join("ws/lib/.#checkout.ex")).unwrap();
    // It gets as far as looking for Elixir.
    let ran = practice.args("check ws").run();
    assert!(ran.stderr.contains("cannot find `elixir`"), "{}", ran.all());
}

#[test]
fn a_format_that_a_command_lacks_is_refused() {
    assert_snapshot!(Practice::new().args("hint --format junit").run().all(), @r#"
    exit 2
    -- stdout
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="practice" tests="1" skipped="0" failures="0" errors="1">
        <testsuite name="practice" tests="1" skipped="0" errors="1" failures="0">
            <testcase name="could not check">
                <error message="`practice hint` cannot write the format `junit`" type="error">`practice hint` cannot write the format `junit`</error>
            </testcase>
        </testsuite>
    </testsuites>
    -- stderr
    error: `practice hint` cannot write the format `junit`

    hint: what it prints is for people alone
    "#);
    assert_snapshot!(Practice::new().args("list --format github").run().stderr, @"
    error: `practice list` cannot write the format `github`

    hint: it has human and json
    ");
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let ran = Practice::new().args("check with_chain --format json").run();
    let json = ran.json();
    assert_eq!((ran.code, &json["version"], &json["kind"]), (2, &1.into(), &"error".into()));
    assert_eq!(json["message"], "there is no workspace of `with_chain` here");
    assert!(json["hints"][0].as_str().unwrap().contains("practice start with_chain"));
    assert!(ran.stderr.contains("there is no workspace"));
}

#[test]
fn outputs_are_opened_before_anything_is_run() {
    let check = |args: &str| {
        let practice = Practice::new().path("/nowhere").file("a.ex", SOLUTION);
        practice.args("check ets_rate_limiter --file a.ex").args(args)
    };
    assert_snapshot!(check("--output none/a.json").run().all(), @"
    exit 2
    -- stderr
    error: cannot write `none/a.json`
      Caused by: No such file or directory (os error 2)
    ");
    assert_snapshot!(check("--output a.json --output junit=a.json").run().all(), @"
    exit 2
    -- stderr
    error: `a.json` is given twice as `--output`
    ");
    assert_snapshot!(check("--output result").run().all(), @"
    exit 2
    -- stderr
    error: invalid value 'result' for '--output <[FORMAT=]FILE>': its name tells no format: write `FORMAT=FILE` (human, json, junit, github)

    For more information, try '--help'.
    ");
}

#[test]
fn an_output_never_takes_the_place_of_what_is_checked() {
    let practice = Practice::new().path("/nowhere").file("a.ex", SOLUTION).file("old.json", "old");
    let run = |args: &str| practice.again().args("check ets_rate_limiter --file a.ex").args(args).run();
    assert_snapshot!(run("--output github=./a.ex").all(), @"
    exit 2
    -- stderr
    error: `./a.ex` is to be checked; the result would overwrite it
    ");
    assert_eq!(fs::read_to_string(practice.work().join("a.ex")).unwrap(), SOLUTION);
    // A file that was there is replaced by what was found, be it that nothing could be checked.
    assert_eq!(run("--output old.json --output new.xml").code, 2);
    let text = |name: &str| fs::read_to_string(practice.work().join(name)).unwrap();
    assert!(text("old.json").contains("cannot find `elixir`"), "{}", text("old.json"));
    assert!(text("new.xml").contains("<error"), "{}", text("new.xml"));
}

#[test]
fn idioms_need_no_elixir() {
    let practice = Practice::new().path("/nowhere").file("a.ex", "defmodule A do\n  IO.inspect(1)\nend\n");
    let ran = practice.args("check ets_rate_limiter --file a.ex --only idioms --format github").run();
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains("::error file=a.ex,line=2"), "{}", ran.all());
}

#[test]
fn new_makes_a_skeleton() {
    let practice = Practice::new().args("new my_first --exercises set");
    assert_snapshot!(practice.run().all(), @"
    exit 0
    -- stdout
    A small exercise, to be changed into yours: set/my_first

      practice verify my_first --exercises set --update
        writes the list of tests from the reference's run
      practice verify my_first --exercises set
        says what is wrong or missing
    ");
    assert_snapshot!(practice.tree().join("\n"), @"
    set/my_first/README.md
    set/my_first/alternatives/with_trim/lib/my_first.ex
    set/my_first/bad/blank_is_a_name/lib/my_first.ex
    set/my_first/exercise.toml
    set/my_first/notes.md
    set/my_first/solution/lib/my_first.ex
    set/my_first/stub/lib/my_first.ex
    set/my_first/test/my_first_test.exs
    set/my_first/test/test_helper.exs
    ");
    assert_snapshot!(practice.run().stderr, @"
    error: `set/my_first/test/test_helper.exs` exists already

    hint: choose another id, or another set: `--exercises DIR`
    ");
    assert_snapshot!(Practice::new().args("new My-First").run().all(), @"
    exit 2
    -- stderr
    error: `My-First` cannot be the id of an exercise

    hint: it begins with a lower-case letter; then letters, digits and `_` may
          follow
    ");
    let here = Practice::new().args("new other");
    assert_snapshot!(here.run().stdout, @"
    A small exercise, to be changed into yours: other

      practice verify other --exercises . --update
        writes the list of tests from the reference's run
      practice verify other --exercises .
        says what is wrong or missing
    ");
}

#[test]
fn reset_keeps_what_the_learner_wrote() {
    let practice = Practice::new();
    let run = |args: &str| practice.again().args(args).run();
    run("start with_chain --dir ws");
    fs::write(practice.work().join("ws/lib/checkout.ex"), "my work").unwrap();
    assert_snapshot!(run("reset ws").all(), @"
    exit 2
    -- stderr
    error: there is no terminal to ask on

    hint: `--yes` goes on without asking
    ");
    assert_snapshot!(run("reset ws --yes").all(), @"
    exit 0
    -- stdout
    Progress in with_chain is forgotten.
    The stub is back: ws/lib/checkout.ex
    What you wrote is in ws/lib-1
    ");
    let text = |path: &str| fs::read_to_string(practice.work().join(path)).unwrap();
    assert_eq!(text("ws/lib-1/checkout.ex"), "my work");
    assert!(text("ws/lib/checkout.ex").contains("defmodule Checkout"));
    // There is nothing to be kept of an untouched stub.
    assert_snapshot!(run("reset ws --yes").stdout, @"
    Progress in with_chain is forgotten.
    The stub is back: ws/lib/checkout.ex
    ");
    fs::write(practice.work().join("ws/lib/more.ex"), "").unwrap();
    assert!(run("reset ws --yes").stdout.contains("What you wrote is in ws/lib-2"));
    assert_snapshot!(run("reset with_chain --yes").stdout, @"Progress in with_chain is forgotten.");
    assert_snapshot!(run("reset").stderr, @"
    error: `[FOLDER]/work` is not in a workspace

    hint: go to a folder that `practice start ID` made, or name one: `practice check
          DIR`
    hint: `practice check ID --file FILE` checks a file without a workspace
    ");
}

#[test]
fn doctor_says_what_is_missing_and_what_to_type() {
    let practice = Practice::new().path("/nowhere").args("doctor");
    assert_snapshot!(practice.run().all(), @"
    exit 2
    -- stdout
    missing  Elixir           cannot find `elixir` (folders of PATH searched: 1)
                              install Elixir 1.14 or newer: on Debian and Ubuntu
                              `apt-get install elixir erlang-dialyzer erlang-dev`,
                              on macOS `brew install elixir`, elsewhere see
                              https://elixir-lang.org/install.html
    found    exercises        4, of which 0 solved
    found    cache            0 bytes in [FOLDER]/home/cache
    found    progress         0 bytes in [FOLDER]/home/data
    found    temporary files  [FOLDER]/tmp
    found    clean-up         whatever a solution starts is ended with its check

    not ready: 1 thing is missing
    ");
    let json = practice.args("--format json").run().json();
    assert_eq!((&json["kind"], &json["complete"]), (&"doctor".into(), &false.into()));
    let elixir = json["items"].as_array().unwrap().iter().find(|item| item["name"] == "Elixir").unwrap();
    assert_eq!(elixir["state"], "missing");
    assert!(elixir["todo"].as_str().unwrap().contains("apt-get install elixir"));
}

#[test]
fn doctor_names_a_folder_that_cannot_be_written() {
    let practice = Practice::new().path("/nowhere").file("file", "").env("PRACTICE_HOME", "file/below");
    let ran = practice.args("doctor").run();
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("`PRACTICE_HOME=DIR` names another folder"), "{}", ran.all());
}

/// The hidden command is this program's own matter.
#[test]
fn completions_and_manual_pages_are_of_what_a_user_sees() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = Practice::new().args("completions").args(shell).run();
        assert_eq!(ran.code, 0, "{}", ran.all());
        assert!(ran.stdout.contains("verify") && !ran.stdout.contains("supervise"), "{shell}");
    }
    let page = Practice::new().args("man").run().stdout;
    assert!(page.starts_with(".ie") && page.contains(".TH practice"), "{page}");
    assert!(page.contains("practice\\-check(1)") && !page.contains("supervise"), "{page}");
    let page = Practice::new().args("man check").run().stdout;
    assert!(page.contains(".TH practice-check") && page.contains("\\-\\-strict"), "{page}");
    assert_eq!(Practice::new().args("man chek").run().code, 2);
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
    assert_snapshot!(Practice::new().args("hint").run().all(), @"
    exit 2
    -- stderr
    error: it is not clear which exercise is meant

    hint: name it: `practice hint ID`
    ");
    assert_snapshot!(Practice::new().args("hint with_chain").run().all(), @"
    exit 2
    -- stderr
    error: nothing has failed yet in `with_chain`

    hint: `practice check` in the workspace of `with_chain`
    ");
}

#[test]
fn solution_asks_first() {
    assert_snapshot!(Practice::new().args("solution with_chain").run().all(), @"
    exit 2
    -- stderr
    error: `with_chain` is not solved yet, and there is no terminal to ask on

    hint: `practice solution with_chain --yes` shows it anyway
    ");
    let shown = Practice::new().args("solution with_chain --yes").run();
    assert_eq!(shown.code, 0);
    assert!(shown.stdout.contains("defmodule Checkout"));
}
