//! The fast engine next to the literal commands of Mix: what one finds, the other must find.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use practice::{
    check::open_workshop,
    dirs::Dirs,
    event::{HowEnded, MixCommand, Ran, VmEvent},
    exercise_set,
    finding::{Finding, Place},
    plan::SourceFile,
    project::Project,
    runner::Workshop,
    steps::credo::{self, Issue},
};
use serde_json::Value;

use crate::support::{Practice, announce};

/// What of our own Elixir counts as a larger file, in lines.
const LARGER: usize = 150;

/// What there is in this home, if Credo, Dialyxir, and the packages of the exercises are.
pub fn workshop(home: &Path) -> Result<Workshop, String> {
    let dirs = Dirs { cache: home.join("cache"), data: home.join("data") };
    let workshop = open_workshop(&dirs).map_err(|error| error.to_string())?;
    let exercises = exercise_set::load(None).map_err(|error| error.to_string())?.exercises;
    match exercises.iter().find_map(|exercise| workshop.ground(exercise).lacks) {
        Some(lacks) => Err(lacks),
        None if workshop.tools.is_none() => Err("Credo is not installed".to_owned()),
        None => Ok(workshop),
    }
}

/// Whether Dialyxir's PLT is there, which takes minutes to make.
pub fn has_plt(workshop: &Workshop) -> bool {
    let tools: Vec<_> = workshop.tools.iter().collect();
    workshop.store.dialyxir_plt(&tools).is_dir()
}

fn repo() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

// --- Credo over a corpus ------------------------------------------------------------------------

/// Every Elixir file of the exercises (stubs, references, alternatives, bad solutions, given modules),
/// and our own, each as it is and once more made worse: ours are clean, and a corpus in which there is
/// nothing to find shows nothing.
fn corpus() -> Vec<SourceFile> {
    let mut files = Vec::new();
    for path in elixir_files(&repo().join("exercises")) {
        files.push(file("exercises", &path, fs::read_to_string(&path).unwrap()));
    }
    for path in elixir_files(&repo().join("src/elixir")) {
        let text = fs::read_to_string(&path).unwrap();
        files.push(file("worse", &path, worse(&text)));
        files.push(file("own", &path, text));
    }
    files
}

/// The names of folders make the paths different, so that all of them are files of one project.
fn file(kind: &str, path: &Path, text: String) -> SourceFile {
    let inside = path.strip_prefix(repo()).unwrap().display();
    let path = format!("lib/{kind}/{inside}");
    SourceFile { shown: path.clone(), path, text }
}

fn elixir_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "ex") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Replaced words that leave Elixir to be Elixir.
fn worse(text: &str) -> String {
    let replaced = [
        ("@moduledoc", "@moduletext"),
        ("|> Enum.", "|> IO.inspect() |> Enum."),
        ("{:ok, ", "{:ok,"),
        ("\n  defp ", "\n  # TODO: look at this\n  defp theName_"),
        ("\n  alias ", "\n  alias Zebra\n  alias Apple\n  alias "),
        (" do\n    case ", " do\n\n\n    case "),
        (" do\n    with ", " do\n    Enum.map([1], & &1)\n    with "),
        ("    end\n", "    end \n"),
        (" if ", " unless !"),
        (", 0)", ", 1000000)"),
        (" <> ", "<>"),
        (" == ", " == length(list) == 0 and "),
    ];
    replaced.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// What is compared of a finding: all but the explanation, which `mix credo` does not print.
type Found = (String, String, Place, String, Option<String>);

fn found(findings: impl IntoIterator<Item = Finding>) -> Vec<Found> {
    let found = findings.into_iter().map(|finding| {
        let Finding { rule, severity, place, message, trigger, .. } = finding;
        (rule, severity.to_string(), place, message, trigger)
    });
    let mut found: Vec<Found> = found.collect();
    found.sort();
    found
}

/// Two comparisons, since some checks look across files:
///
/// - The analysis VM gets all files at once, as one solution: every issue must be the same.
/// - It gets each file alone, as solutions mostly are, and Mix still has them in one project: what the
///   checks of consistency say depends on what else there is, so these are left out; all else must be
///   the same. That all files at once and each alone are told apart shows that nothing of one file leaks
///   into the next in a VM that is kept.
pub fn credo_finds_what_mix_credo_finds(home: &Path) {
    let workshop = workshop(home).unwrap();
    let corpus = corpus();
    let larger = corpus.iter().filter(|file| file.text.lines().count() >= LARGER).count();
    assert!(larger >= 10, "{larger} larger files");
    let catalogue = exercise_set::load(None).unwrap();
    let exercise = catalogue.find("with_chain").unwrap();
    let tools: Vec<_> = workshop.tools.iter().collect();
    let project = Project::create(exercise, &corpus, &tools, None).unwrap();

    let by_mix = found(mix_credo(&project.root(), &corpus));
    let fast = fast_credo(&workshop, &project.root(), &corpus);
    let checks: BTreeSet<&str> = by_mix.iter().map(|(rule, ..)| rule.as_str()).collect();
    announce(&format!(
        "Credo and `mix credo`: {} files, {larger} of {LARGER} lines and more; {} issues of {} checks",
        corpus.len(),
        by_mix.len(),
        checks.len()
    ));
    assert!(by_mix.len() > 500 && checks.len() > 15, "hardly anything is compared: {checks:?}");
    assert_same("all files at once", &fast.together, &by_mix);
    assert_same("each file alone", &without_consistency(fast.alone), &without_consistency(by_mix));
}

fn without_consistency(found: Vec<Found>) -> Vec<Found> {
    found.into_iter().filter(|(rule, ..)| !rule.starts_with("Credo.Check.Consistency.")).collect()
}

fn assert_same(what: &str, fast: &[Found], by_mix: &[Found]) {
    let only = |of: &[Found], other: &[Found]| {
        let lines = of.iter().filter(|found| !other.contains(found)).map(|found| format!("  {found:?}"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert!(
        fast == by_mix,
        "{what}: {} and {} issues\nonly in the analysis VM:\n{}\nonly with Mix:\n{}",
        fast.len(),
        by_mix.len(),
        only(fast, by_mix),
        only(by_mix, fast)
    );
}

fn mix_credo(root: &Path, corpus: &[SourceFile]) -> Vec<Finding> {
    let begin = Instant::now();
    let output = Command::new("mix")
        .args(MixCommand::Credo.args())
        .current_dir(root)
        .envs([("MIX_ENV", "test"), ("HEX_OFFLINE", "1"), ("LANG", "C.UTF-8")])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let status = output.status.code().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    let ran = Ran { how: HowEnded::Exited(status), stdout, stderr, duration: begin.elapsed() };
    credo::read(status, &ran, corpus).unwrap_or_else(|unjudged| panic!("{unjudged:?}: {}", ran.stderr))
}

struct Fast {
    together: Vec<Found>,
    alone: Vec<Found>,
}

/// What the analysis VM's Credo finds.
fn fast_credo(workshop: &Workshop, root: &Path, corpus: &[SourceFile]) -> Fast {
    let mut vm = Command::new("elixir")
        .arg("-pa")
        .arg(&workshop.runner)
        .arg(repo().join("tests/elixir/credo_events.exs"))
        .arg(root)
        .args(workshop.tools.as_ref().unwrap().ebins())
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let names: Vec<&str> = corpus.iter().map(|file| file.path.as_str()).collect();
    vm.stdin.take().unwrap().write_all(names.join("\n").as_bytes()).unwrap();
    let output = vm.wait_with_output().unwrap();
    assert!(output.status.success());
    let (mut together, mut alone, mut done) = (Vec::new(), Vec::new(), 0);
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let findings = if value["together"] == true { &mut together } else { &mut alone };
        match serde_json::from_value(value).unwrap() {
            VmEvent::CredoIssue { check, category, file, line, column, message, trigger, explanation } => {
                assert!(explanation.as_ref().is_some_and(|text| text.len() > 10), "{check} is not explained");
                let place = Place { file, line, column };
                findings.push(credo::finding(Issue {
                    check,
                    category,
                    place,
                    message,
                    trigger,
                    explanation,
                }));
            }
            VmEvent::StepDone { .. } => done += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(done, corpus.len() + 1, "not every file was read");
    Fast { together: found(together), alone: found(alone) }
}

// --- Whole checks -------------------------------------------------------------------------------

/// A solution, and what it is there for.
struct Case {
    about: &'static str,
    exercise: &'static str,
    text: String,
}

fn reference(exercise: &str, file: &str) -> String {
    fs::read_to_string(repo().join(format!("exercises/{exercise}/solution/lib/{file}.ex"))).unwrap()
}

fn cases() -> Vec<Case> {
    let checkout = reference("with_chain", "checkout");
    let case = |about, text| Case { about, exercise: "with_chain", text };
    let hidden = "\n  # credo:disable-for-next-line\n  def same(number), do: number == number\nend\n";
    let unused = "\n  def unused(list) do\n    Enum.map(list, & &1)\n    :ok\n  end\nend\n";
    let end = |with: &str| format!("{}{with}", checkout.trim_end().trim_end_matches("end").trim_end());
    vec![
        case("a warning of Credo's", end(unused)),
        case("a comment that hides one", end(hidden)),
        case("advice only", checkout.replace("@moduledoc", "@moduletext")),
        case("no Elixir", "defmodule Checkout do\n".to_owned()),
        case("the reference", checkout),
        Case {
            about: "a reference on packages",
            exercise: "live_counter",
            text: reference("live_counter", "counter_live"),
        },
    ]
}

fn report(practice: &Practice, case: &Case, steps: &str, engine: &str) -> Value {
    let practice = practice.again().file("solution.ex", &case.text);
    let args = format!("check {} --format json --timeout 60 --file solution.ex", case.exercise);
    let ran = practice.args(&args).args("--only").args(steps).args("--engine").args(engine).run();
    assert_ne!(ran.code, 2, "{}, {engine}: {}", case.about, ran.all());
    ran.json()
}

/// How a step ended, and its findings without the words that only one of the two has.
fn judged(report: &Value, name: &str, keys: &[&str]) -> (Value, Vec<Vec<Value>>) {
    let step = report["steps"].as_array().unwrap().iter().find(|step| step["name"] == name).unwrap();
    let findings = step["findings"].as_array().unwrap().iter();
    let picked = findings.map(|finding| keys.iter().map(|key| finding[key].clone()).collect());
    (step["outcome"].clone(), picked.collect())
}

/// Compiled and tested by `mix test`, looked at by `mix credo`: the same outcomes, the same issues.
pub fn mix_judges_as_the_fast_engine(practice: &Practice) {
    let keys = ["rule", "severity", "file", "line", "column", "message"];
    for case in cases() {
        let [fast, by_mix] =
            ["fast", "mix"].map(|engine| report(practice, &case, "compile,test,credo", engine));
        for step in ["compile", "test"] {
            assert_eq!(judged(&fast, step, &[]).0, judged(&by_mix, step, &[]).0, "{}: {step}", case.about);
        }
        assert_eq!(judged(&fast, "credo", &keys), judged(&by_mix, "credo", &keys), "{}", case.about);
        assert_eq!(fast["verdict"], by_mix["verdict"], "{}", case.about);
    }
}

/// Dialyxir words its warnings in its own way, and does not leave out what follows from another one:
/// so every warning of the analysis VM's must be among Dialyxir's, and none of these without any.
pub fn dialyxir_judges_as_the_fast_engine(practice: &Practice) {
    let checkout = reference("with_chain", "checkout");
    let end =
        |with: &str| format!("{}\n{with}\nend\n", checkout.trim_end().trim_end_matches("end").trim_end());
    let case = |about, text| Case { about, exercise: "with_chain", text };
    let cases = [
        case("the reference", checkout.clone()),
        case("a call that fails", end("  def wrong, do: String.upcase(1)")),
        case(
            "a wrong spec",
            end("  @spec size(String.t()) :: atom()\n  def size(text), do: byte_size(text)"),
        ),
        case(
            "warnings switched off",
            end("  @dialyzer {:nowarn_function, wrong: 0}\n  def wrong, do: String.upcase(1)"),
        ),
        case("no debug information", end("  @compile debug_info: false")),
    ];
    for case in &cases {
        let begin = Instant::now();
        let [fast, by_mix] = ["fast", "mix"].map(|engine| report(practice, case, "compile,dialyzer", engine));
        let [(outcome, fast), (by_mix_outcome, by_mix)] =
            [&fast, &by_mix].map(|report| judged(report, "dialyzer", &["rule", "line"]));
        announce(&format!("{}: {outcome}, {fast:?}, {by_mix:?}, in {:?}", case.about, begin.elapsed()));
        assert_eq!(outcome, by_mix_outcome, "{}: {fast:?} {by_mix:?}", case.about);
        assert!(fast.iter().all(|warning| by_mix.contains(warning)), "{}: {fast:?} {by_mix:?}", case.about);
    }
}
