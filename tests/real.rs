//! With the real Elixir: verdicts, unfair solutions, workspaces. Where Elixir is missing, these
//! tests fail; `sh tests/all.sh` installs it.
//!
//! They run one after another, each check with the machine to itself, but for the test that runs
//! several at once on purpose.

#![allow(clippy::disallowed_methods, reason = "tests start programs")]

mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use support::{Practice, Ran, announce, processes_with};

/// The argument by which the port programs of unfair solutions are known.
const SURVIVOR: &str = "sleep 7654321";

/// Nothing hangs for longer. The time limit of the exercises in `fixtures/exercises` is six seconds;
/// what comes on top of it depends on how busy the machine is.
const LONGEST: Duration = Duration::from_secs(60);

static MACHINE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    let found = Command::new("elixir").arg("--version").output();
    assert!(
        found.is_ok_and(|output| output.status.success()),
        "Elixir is not installed: `sh tests/all.sh` does it"
    );
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn repo() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn check(exercise: &str, file: &Path) -> Practice {
    Practice::with_shared_cache().args("check --format json").args(exercise).arg("--file").arg(file)
}

fn check_fixture(exercise: &str, file: &Path) -> Practice {
    check(exercise, file).arg("--exercises").arg(repo().join("fixtures/exercises"))
}

fn steps(json: &Value) -> BTreeMap<&str, &Value> {
    json["steps"].as_array().unwrap().iter().map(|step| (step["name"].as_str().unwrap(), step)).collect()
}

fn outcome<'a>(json: &'a Value, step: &str) -> &'a str {
    steps(json)[step]["outcome"].as_str().unwrap()
}

#[test]
fn references_pass_and_stubs_fail() {
    let _alone = alone();
    for (id, file) in [
        ("ets_rate_limiter", "lib/rate_limiter.ex"),
        ("oban_pipeline", "lib/cv_pipeline.ex"),
        ("with_chain", "lib/checkout.ex"),
    ] {
        let exercise = repo().join("exercises").join(id);
        let ran = check(id, &exercise.join("solution").join(file)).run();
        assert_eq!(ran.code, 0, "{}", ran.all());
        let json = ran.json();
        assert_eq!(json["verdict"], "passed");
        for step in ["compile", "format", "test", "idioms", "dialyzer"] {
            assert_eq!(outcome(&json, step), "passed", "{step}: {}", ran.all());
        }
        let stub = check(id, &exercise.join("stub").join(file)).run();
        assert_eq!((stub.code, &stub.json()["verdict"]), (1, &Value::from("failed")), "{}", stub.all());
    }
}

#[test]
fn a_failed_assertion_comes_as_data() {
    let _alone = alone();
    let file = repo().join("fixtures/exercises/double/stub/lib/double.ex");
    let json = check_fixture("double", &file).run().json();
    let test = &steps(&json)["test"]["tests"][0];
    assert_eq!(test["name"], "doubles one");
    assert_eq!(test["outcome"], "failed");
    assert_eq!((&test["left"], &test["right"]), (&Value::from("1"), &Value::from("2")));
    assert_eq!((&test["file"], &test["line"]), (&Value::from("test/double_test.exs"), &Value::from(4)));
    assert_eq!(json["hints"][0]["id"], "double");
    assert_eq!(json["hints"][0]["of"], 3);
}

#[test]
fn the_line_that_raised_and_what_was_printed_are_reported() {
    let _alone = alone();
    let practice = Practice::with_shared_cache().file(
        "double.ex",
        "defmodule Double do\n  def double(number) do\n    IO.puts(\"doubling #{number}\")\n    raise \"no\"\n  end\nend\n",
    );
    let ran = practice
        .args("check double --format json --file double.ex --exercises")
        .arg(repo().join("fixtures/exercises"))
        .run();
    let json = ran.json();
    let tests = &steps(&json)["test"]["tests"];
    assert_eq!(tests[0]["raised_at"]["file"], "double.ex", "{}", ran.all());
    assert_eq!(tests[0]["raised_at"]["line"], 4);
    assert_eq!(tests[0]["output"], "doubling 1\n");
    assert_eq!(tests[1]["output"], "doubling -10\n");
}

/// Exercise, solution, and the words that the outcome's reason must hold.
fn unfair() -> Vec<(&'static str, PathBuf)> {
    let mut files: Vec<PathBuf> = fs::read_dir(repo().join("fixtures/unfair"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ex"))
        .collect();
    files.sort();
    assert!(files.len() >= 24, "the unfair solutions were not found");
    let exercise = |path: &Path| if name_of(path).starts_with("raises_") { "around" } else { "double" };
    files.into_iter().map(|path| (exercise(&path), path)).collect()
}

fn name_of(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

fn run_unfair(exercise: &str, file: &Path) -> Ran {
    run_unfair_with("", exercise, file)
}

fn run_unfair_with(args: &str, exercise: &str, file: &Path) -> Ran {
    let practice = check_fixture(exercise, file).args("--only compile,test").args(args);
    let ran = practice.run();
    practice.assert_nothing_left();
    ran
}

fn assert_judged_fairly(file: &Path, ran: &Ran) {
    let expected = i32::from(!name_of(file).starts_with("passes_"));
    assert_eq!(ran.code, expected, "{}: {}", name_of(file), ran.all());
    assert!(ran.took < LONGEST, "{} took {:?}", name_of(file), ran.took);
}

#[test]
fn unfair_solutions_do_not_pass_and_leave_nothing() {
    let _alone = alone();
    for (exercise, file) in unfair() {
        let ran = run_unfair(exercise, &file);
        assert_judged_fairly(&file, &ran);
        assert_eq!(processes_with(SURVIVOR), [""; 0], "after {}", name_of(&file));
    }
}

#[test]
fn unfair_solutions_do_not_pass_side_by_side() {
    let _alone = alone();
    for four in unfair().chunks(4) {
        std::thread::scope(|scope| {
            for (exercise, file) in four {
                scope.spawn(|| {
                    let ran = run_unfair(exercise, file);
                    assert_judged_fairly(file, &ran);
                });
            }
        });
        assert_eq!(processes_with(SURVIVOR), [""; 0]);
    }
}

fn test_reason(file: &str, args: &str) -> String {
    let file = repo().join("fixtures/unfair").join(file).with_extension("ex");
    let json = run_unfair_with(args, "double", &file).json();
    let judged = if outcome(&json, "compile") == "passed" { "test" } else { "compile" };
    let step = steps(&json)[judged].clone();
    format!("{} {}", step["outcome"].as_str().unwrap(), step["reason"].as_str().unwrap_or_default())
}

#[test]
fn reasons_name_the_test_and_the_limit() {
    let _alone = alone();
    // A test that ends the VM may be quicker than the news of its beginning.
    assert!(test_reason("prints_success_and_halts", "").starts_with("died the VM ended "));
    assert_eq!(test_reason("quits_while_hanging", ""), "died the VM ended in test \"doubles one\"");
    assert_eq!(
        test_reason("loops_while_compiled", ""),
        "timed_out the time limit was reached while the solution was compiled"
    );
    // However slow the machine is, memory runs out before time does.
    let reason = test_reason("takes_all_memory", "--timeout 60");
    assert!(reason.starts_with("died the memory limit was reached "), "{reason}");
}

#[test]
fn odd_but_right_sources_pass() {
    let _alone = alone();
    let solution =
        fs::read_to_string(repo().join("fixtures/exercises/double/solution/lib/double.ex")).unwrap();
    let odd = [
        ("CRLF", solution.replace('\n', "\r\n")),
        ("no final newline", solution.trim_end().to_owned()),
        ("another module first", format!("defmodule Helper do\n  @moduledoc false\nend\n\n{solution}")),
        ("a protocol of its own", format!("{solution}\ndefimpl String.Chars, for: Double do\n  def to_string(_), do: \"\"\nend\n")),
        ("a delegate", "defmodule Double do\n  defdelegate double(number), to: Double.Impl\nend\n\ndefmodule Double.Impl do\n  def double(number), do: Bitwise.bsl(number, 1)\nend\n".to_owned()),
        ("a macro", "defmodule Double do\n  for name <- [:double] do\n    def unquote(name)(number), do: number + number\n  end\nend\n".to_owned()),
    ];
    for (what, source) in odd {
        let practice = Practice::with_shared_cache().file("double.ex", source);
        let ran = practice
            .args("check double --file double.ex --exercises")
            .arg(repo().join("fixtures/exercises"))
            .run();
        assert_eq!(ran.code, 0, "{what}: {}", ran.all());
    }
}

#[test]
fn the_fast_engine_and_mix_agree() {
    let _alone = alone();
    let exercises = repo().join("fixtures/exercises/double");
    let broken = "defmodule Double do\n  def double(number), do: number *\nend\n";
    let cases = [
        (fs::read_to_string(exercises.join("solution/lib/double.ex")).unwrap(), 0, ["passed", "passed"]),
        (fs::read_to_string(exercises.join("stub/lib/double.ex")).unwrap(), 1, ["passed", "failed"]),
        (broken.to_owned(), 1, ["failed", "not_run"]),
    ];
    for (source, code, outcomes) in cases {
        for engine in ["fast", "mix"] {
            let practice = Practice::with_shared_cache().file("double.ex", &source);
            // `mix` takes its time to start.
            let ran = practice
                .args("check double --format json --only compile,test --timeout 60 --file double.ex --engine")
                .args(engine)
                .arg("--exercises")
                .arg(repo().join("fixtures/exercises"))
                .run();
            let json = ran.json();
            assert_eq!(ran.code, code, "{engine}: {}", ran.all());
            assert_eq!(
                [outcome(&json, "compile"), outcome(&json, "test")],
                outcomes,
                "{engine}: {}",
                ran.all()
            );
        }
    }
}

/// In a home where nothing is installed.
#[test]
fn the_commands_of_mix_say_what_they_lack() {
    let _alone = alone();
    let exercises = repo().join("fixtures/exercises");
    let practice = Practice::new()
        .args("check double --format json --only compile,credo,dialyzer --timeout 60 --engine mix --file")
        .arg(exercises.join("double/solution/lib/double.ex"))
        .arg("--exercises")
        .arg(&exercises);
    let ran = practice.run();
    let json = ran.json();
    assert_eq!((ran.code, &json["complete"]), (0, &Value::from(false)), "{}", ran.all());
    assert_eq!(outcome(&json, "compile"), "passed");
    for (step, tool) in [("credo", "Credo"), ("dialyzer", "Dialyxir")] {
        assert_eq!(outcome(&json, step), "not_run");
        let reason = format!("{tool} is not installed; `practice setup` does that");
        assert_eq!(steps(&json)[step]["reason"], reason);
    }
}

#[test]
fn leaving_out_the_compiler_does_not_pass_over_its_errors() {
    let _alone = alone();
    let exercises = repo().join("fixtures/exercises");
    for (source, only) in [("defmodule Double do\n", "test"), ("defmodule Dubble do\nend\n", "test,idioms")] {
        let practice = Practice::with_shared_cache().file("double.ex", source);
        let ran = practice
            .args("check double --file double.ex --only")
            .args(only)
            .arg("--exercises")
            .arg(&exercises)
            .run();
        assert_eq!(ran.code, 1, "{}", ran.all());
    }
}

#[test]
fn a_part_of_a_check_does_not_solve_an_exercise() {
    let _alone = alone();
    let practice = Practice::new();
    let exercises = repo().join("fixtures/exercises");
    let run = |args: &str| {
        let again = Practice::new().env("PRACTICE_HOME", practice.home()).args(args);
        again.arg("--exercises").arg(&exercises).run()
    };
    let file = |kind: &str| exercises.join(format!("double/{kind}/lib/double.ex")).display().to_string();
    assert_eq!(run(&format!("check double --only format --file {}", file("stub"))).code, 0);
    assert!(!run("list").stdout.contains("solved"));
    assert_eq!(run(&format!("check double --skip idioms --file {}", file("solution"))).code, 0);
    assert!(!run("list").stdout.contains("solved"));
    assert_eq!(run(&format!("check double --file {}", file("solution"))).code, 0);
    assert!(run("list").stdout.contains("solved"));
}

#[test]
fn a_kept_project_works_by_hand() {
    let _alone = alone();
    let practice = Practice::with_shared_cache();
    let exercises = repo().join("fixtures/exercises");
    let solution = exercises.join("double/solution/lib/double.ex");
    let practice = practice.args("check double --keep --only test --file").arg(solution);
    let ran = practice.arg("--exercises").arg(&exercises).run();
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stderr.contains("The project is kept in"), "{}", ran.all());
}

#[test]
fn wrong_sources_fail_with_a_place() {
    let _alone = alone();
    let solution =
        fs::read_to_string(repo().join("fixtures/exercises/double/solution/lib/double.ex")).unwrap();
    let cases = [
        ("a syntax error at the end", solution.trim_end().trim_end_matches("end").to_owned(), "compile"),
        ("an undefined variable", solution.replace("number * 2", "nmber * 2"), "compile"),
        ("another module's name", solution.replace("defmodule Double", "defmodule Duble"), "compile"),
        ("a missing function", "defmodule Double do\n  @moduledoc false\nend\n".to_owned(), "test"),
        ("a byte order mark", format!("\u{feff}{solution}"), "compile"),
    ];
    for (what, source, step) in cases {
        let practice = Practice::with_shared_cache().file("double.ex", source);
        let ran = practice
            .args("check double --format json --file double.ex --exercises")
            .arg(repo().join("fixtures/exercises"))
            .run();
        let json = ran.json();
        assert_eq!(ran.code, 1, "{what}: {}", ran.all());
        assert_eq!(outcome(&json, step), "failed", "{what}: {}", ran.all());
        if step == "compile" {
            let finding = &steps(&json)["compile"]["findings"][0];
            assert_eq!(finding["file"], "double.ex", "{what}");
            assert!(finding["line"].is_u64(), "{what}: {finding}");
        }
    }
}

#[test]
fn a_workspace_works_by_hand_and_is_not_touched() {
    let _alone = alone();
    let practice = Practice::with_shared_cache().args("start with_chain");
    assert_eq!(practice.run().code, 0);
    let workspace = practice.work().join("with_chain");
    let reference = repo().join("exercises/with_chain/solution/lib/checkout.ex");
    fs::copy(&reference, workspace.join("lib/checkout.ex")).unwrap();

    let mix = Command::new("mix").arg("test").current_dir(&workspace).output().unwrap();
    assert!(mix.status.success(), "{}", String::from_utf8_lossy(&mix.stdout));
    fs::remove_dir_all(workspace.join("_build")).unwrap();

    let before = practice.tree();
    // The learner's own notes and tests are not part of the solution.
    fs::write(workspace.join("test/checkout_test.exs"), "raise \"not read\"").unwrap();
    fs::write(workspace.join("mix.exs"), "raise \"not read\"").unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_practice"))
        .args(["check", "--format", "json"])
        .current_dir(workspace.join("lib"))
        .env("PRACTICE_HOME", practice.home())
        .env("TMPDIR", practice.tmp())
        .output()
        .unwrap();
    let json: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(json["verdict"], "passed", "{json:#}");
    assert_eq!(practice.tree(), before);
    assert_eq!(fs::read(&reference).unwrap(), fs::read(workspace.join("lib/checkout.ex")).unwrap());
    practice.assert_nothing_left();
}

#[test]
fn more_files_than_the_stub_has_are_taken() {
    let _alone = alone();
    let exercises = repo().join("fixtures/exercises");
    let practice = Practice::with_shared_cache()
        .file("ws/.practice.toml", "exercise = \"double\"\n")
        .file("ws/lib/double.ex", "defmodule Double do\n  defdelegate double(number), to: Double.Impl\nend\n")
        .file(
            "ws/lib/double/impl.ex",
            "defmodule Double.Impl do\n  def double(number), do: number * 2\nend\n",
        );
    let ran = practice.args("check ws --exercises").arg(exercises).run();
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[test]
fn hints_go_on_where_the_check_ended() {
    let _alone = alone();
    let practice = Practice::new();
    let exercises = repo().join("fixtures/exercises");
    let stub = exercises.join("double/stub/lib/double.ex");
    let run = |args: &str| {
        let again = Practice::new().env("PRACTICE_HOME", practice.home()).args(args);
        again.arg("--exercises").arg(&exercises).run()
    };
    let ran = run(&format!("check double --only compile,test --file {}", stub.display()));
    assert!(ran.stdout.contains("What is twice as much?"), "{}", ran.all());
    assert!(run("hint").stdout.contains("Multiply."));
    assert!(run("hint double").stdout.contains("number * 2"));
}

#[test]
fn verify_names_a_wrong_declaration() {
    let _alone = alone();
    let practice = Practice::with_shared_cache();
    let set = practice.work().join("set");
    copy(&repo().join("fixtures/exercises/double"), &set.join("double"));
    let manifest = set.join("double/exercise.toml");
    let bad = set.join("double/bad/adds_one/lib");
    fs::create_dir_all(&bad).unwrap();
    let stub = fs::read_to_string(set.join("double/stub/lib/double.ex")).unwrap();
    fs::write(bad.join("double.ex"), stub.replace("    number\n", "    number + 1\n")).unwrap();
    let declare = |test: &str| {
        let text = fs::read_to_string(repo().join("fixtures/exercises/double/exercise.toml")).unwrap();
        let bad = "[variants.bad.adds_one]\nabout = \"adds\"\nstep = \"test\"\nhint = \"double\"\n";
        fs::write(&manifest, format!("{text}\n{bad}test = \"{test}\"\n")).unwrap();
    };
    let practice = practice.args("verify double --format json --exercises").arg(&set);

    declare("doubles many");
    let sound = practice.run();
    assert_eq!(sound.code, 0, "{}", sound.all());
    assert_eq!(sound.json()["kind"], "verify");

    declare("doubles one");
    let unsound = practice.run();
    assert_eq!(unsound.code, 1, "{}", unsound.all());
    let json = unsound.json();
    let variant = json["exercises"][0]["variants"]
        .as_array()
        .unwrap()
        .iter()
        .find(|v| v["name"] == "adds_one")
        .unwrap();
    assert_eq!(variant["sound"], false);
    assert_eq!(variant["got"], "test: doubles many");
}

/// What an author begins with is sound as soon as its tests are listed; and what is wrong with it
/// later is said in sentences.
#[test]
fn a_new_exercise_is_sound_from_the_start() {
    let _alone = alone();
    let practice = Practice::with_shared_cache();
    let run = |args: &str| practice.again().args(args).args("--exercises set").run();
    assert_eq!(run("new my_first").code, 0);
    let unlisted = run("verify my_first");
    assert_eq!(unlisted.code, 1, "{}", unlisted.all());
    assert!(unlisted.stdout.contains("test/tests.lock is missing"), "{}", unlisted.all());
    assert_eq!(run("verify my_first --update").code, 0);
    let sound = run("verify my_first");
    assert_eq!(sound.code, 0, "{}", sound.all());
    assert!(sound.stdout.contains("sound: 4 solutions of 1 exercise"), "{}", sound.all());
    fs::remove_file(practice.work().join("set/my_first/notes.md")).unwrap();
    let unsound = run("verify my_first --format github");
    assert_eq!(unsound.code, 1, "{}", unsound.all());
    let annotation = "::error file=set/my_first/exercise.toml,title=my_first%3A problem::notes.md is missing";
    assert!(unsound.stdout.contains(annotation), "{}", unsound.all());
}

#[test]
fn tests_may_need_a_struct_of_the_solution() {
    let _alone = alone();
    let exercises = repo().join("fixtures/exercises");
    let ran = Practice::with_shared_cache().args("verify point --exercises").arg(&exercises).run();
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains("sound: 3 solutions of 1 exercise"), "{}", ran.all());
}

#[test]
fn a_result_is_written_in_several_formats_at_once() {
    let _alone = alone();
    let exercises = repo().join("fixtures/exercises");
    let practice = Practice::with_shared_cache()
        .file("double.ex", fs::read_to_string(exercises.join("double/stub/lib/double.ex")).unwrap())
        .args("check double --only compile,test --file double.ex --format github")
        .args("--output out.json --output out.xml --output human=out.md --exercises")
        .arg(&exercises);
    let ran = practice.run();
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains("::error file=double.ex,line="), "{}", ran.all());
    let text = |name: &str| fs::read_to_string(practice.work().join(name)).unwrap();
    let json: Value = serde_json::from_str(&text("out.json")).unwrap();
    assert_eq!(json["verdict"], "failed");
    assert!(text("out.xml").contains("<failure"), "{}", text("out.xml"));
    assert!(text("out.md").contains("error: test failed"), "{}", text("out.md"));
}

/// After a pass, one's own solution stands beside the nearest accepted one.
#[test]
fn solution_compares_with_what_passed() {
    let _alone = alone();
    let practice = Practice::new();
    let exercises = repo().join("fixtures/exercises");
    let reference = fs::read_to_string(exercises.join("double/solution/lib/double.ex")).unwrap();
    let own = reference.replace("number * 2", "number + number");
    assert_ne!(own, reference);
    let practice = practice.file("double.ex", own);
    let run = |args: &str| practice.again().args(args).arg("--exercises").arg(&exercises).run();
    assert_eq!(run("check double --file double.ex").code, 0);
    assert!(run("list").stdout.contains("double            solved"), "{}", run("list").all());
    let shown = run("solution double").stdout;
    assert!(
        shown.contains("Beside yours: of the accepted solutions the nearest is the reference"),
        "{shown}"
    );
    assert!(shown.contains("number + number") && shown.contains("number * 2"), "{shown}");
    assert_eq!(run("reset double --yes").code, 0);
    assert_eq!(run("solution double").code, 2);
}

#[test]
fn doctor_finds_everything() {
    let _alone = alone();
    let ran = Practice::with_shared_cache().args("doctor").run();
    assert_eq!(ran.code, 0, "{}", ran.all());
    for found in ["Elixir", "Erlang/OTP", "Dialyzer", "test runner"] {
        assert!(ran.stdout.contains(&format!("found    {found}")), "{}", ran.all());
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The Elixir side has tests of its own.
#[test]
fn the_elixir_side_passes_its_tests() {
    let _alone = alone();
    let output = Command::new("sh").arg(repo().join("tests/elixir/run.sh")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    // Since Elixir 1.20 ExUnit says `Result: 3 passed`.
    let is_summary = |line: &&str| line.contains(" tests, ") || line.starts_with("Result: ");
    let summary = text.lines().find(is_summary).unwrap_or_default();
    announce(&format!("ExUnit: {summary} (what needs Credo is skipped without `PRACTICE_PACKAGES`)"));
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(summary.contains(" tests, 0 failures") || summary.contains(" passed"), "{text}");
}
