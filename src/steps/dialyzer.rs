//! Dialyzer's warnings as findings: those of the analysis VM, and those that Dialyxir prints. All of
//! them fail a check.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Unjudged, idioms};
use crate::{
    event::{HowEnded, Ran},
    finding::{Finding, Place, Severity},
    plan::SourceFile,
};

/// A warning as a finding; the first line is the message, the rest is help.
#[must_use]
pub fn finding(name: &str, place: Place, message: &str) -> Finding {
    let (first, rest) = message.trim().split_once('\n').unwrap_or((message.trim(), ""));
    Finding {
        rule: name.to_owned(),
        severity: Severity::Error,
        place,
        message: first.trim().trim_end_matches('.').to_owned(),
        help: Some(rest.trim_matches('\n').to_owned()).filter(|rest| !rest.trim().is_empty()),
        credo: None,
        trigger: None,
    }
}

/// A warning as Erlang has it, on a line of its own: its file, its place, its name.
static RAW: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^\{:warn_[a-z_]+, \{(?:'|~c"|")(.+?)["'], (?:(\d+)|\{(\d+), (\d+)\})\}, \{:([a-z_]+)\b"#)
        .ok()
});

/// How many warnings there are, and how many more than are printed; fewer, if each is printed twice.
static TOTAL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^Total errors: (\d+), Skipped: (-?\d+),").ok());

/// A module that Dialyzer cannot read.
static NO_CORE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"Could not get Core Erlang code for: .*/(?:Elixir\.)?(.+?)\.beam").ok());

/// How Dialyxir's last line begins, by its exit status.
const ENDS: [(i32, &str); 2] = [(0, "done (passed successfully)"), (2, "done (warnings were emitted)")];

/// With this Dialyxir says that Dialyzer has failed.
const FAILED: &str = ":dialyzer.run error";

/// With this it begins a warning that it cannot format, and gives Dialyzer's own text after all.
const UNFORMATTED: (&str, &str) = ("Please file a bug", "Legacy warning:\n");

/// The findings of a `mix dialyzer --format raw --format dialyxir` that has exited with this status.
///
/// It is evidence only if it ends as Dialyxir does when Dialyzer has run to its end, and if as much can
/// be read as it says to have printed.
///
/// Warnings about other files than the solution's, such as the given modules, are left out. Unlike the
/// analysis VM's, those that follow from one another are all there.
///
/// # Errors
/// It is not.
pub fn read(status: i32, ran: &Ran, solution: &[SourceFile]) -> Result<Vec<Finding>, Unjudged> {
    let broken = |what: &str| Err(Unjudged::Broken(format!("`mix dialyzer` {what}")));
    let said = |text: &str| [&ran.stdout, &ran.stderr].iter().any(|out| out.lines().any(|line| line == text));
    if !ENDS.iter().any(|(exit, end)| *exit == status && said(end)) {
        let unreadable = no_debug_info(&ran.stdout, solution);
        return if unreadable.is_empty() {
            broken(&format!("did not run to its end: {}", failure(ran)))
        } else {
            Ok(unreadable)
        };
    }
    let printed = Printed::read(&ran.stderr);
    let Some(expected) = how_many(&ran.stdout) else { return broken("did not say how much it has printed") };
    if printed.pieces != expected {
        return broken(&format!("printed {expected} texts, of which {} can be read", printed.pieces));
    }
    let of_solution = |finding: &Finding| solution.iter().any(|file| file.path == finding.place.file);
    Ok(printed.warnings.into_iter().filter(of_solution).collect())
}

/// What it says of a failure, which is not at the end.
fn failure(ran: &Ran) -> String {
    let told = ran.stdout.find(FAILED).map(|begin| ran.stdout[begin..].trim());
    told.map_or_else(|| ran.end().to_string(), |text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Modules that are compiled without what Dialyzer reads.
fn no_debug_info(stdout: &str, solution: &[SourceFile]) -> Vec<Finding> {
    let modules = NO_CORE.iter().flat_map(|regex| regex.captures_iter(stdout));
    let file = solution.first().map(|file| file.path.clone()).unwrap_or_default();
    let finding = |module: Captures<'_>| {
        let text = format!(
            "`{}` is compiled without debug information\nDialyzer reads nothing else: take out what switches it off",
            &module[1]
        );
        finding("no_debug_info", Place { file: file.clone(), line: None, column: None }, &text)
    };
    modules.map(finding).collect()
}

/// Whether a `mix dialyzer --plt` has made the PLT. Its exit status alone does not tell: Dialyxir goes
/// on where Dialyzer could not add modules.
#[must_use]
pub fn has_made_plt(ran: &Ran) -> bool {
    let failed = |text: &str| text.contains(FAILED);
    ran.how == HowEnded::Exited(0) && !failed(&ran.stdout) && !failed(&ran.stderr)
}

/// The number of texts that are printed: of each warning two, and none twice.
fn how_many(stdout: &str) -> Option<i64> {
    let last = TOTAL.as_ref()?.captures_iter(stdout).last()?;
    let number = |group: usize| last[group].parse::<i64>().ok();
    number(1)?.checked_sub(number(2)?)
}

/// What it has printed about the warnings.
#[derive(Default)]
struct Printed {
    warnings: Vec<Finding>,
    pieces: i64,
}

impl Printed {
    /// A warning is a line of Erlang's, then lines of Dialyxir's up to a rule. The latter are missing
    /// where they would repeat those of an earlier warning at the same place.
    fn read(stderr: &str) -> Self {
        let mut printed = Self::default();
        let mut open: Option<(Place, String)> = None;
        let mut text = String::new();
        for line in stderr.lines() {
            if let Some(found) = raw(line) {
                printed.pieces += 1;
                open = Some(found);
                text.clear();
            } else if is_rule(line) {
                printed.pieces += 1;
                printed.warnings.extend(open.take().map(|(place, name)| formatted(&name, place, &text)));
            } else {
                text.push_str(line);
                text.push('\n');
            }
        }
        printed
    }
}

fn is_rule(line: &str) -> bool {
    line.len() >= 40 && line.bytes().all(|byte| byte == b'_')
}

fn raw(line: &str) -> Option<(Place, String)> {
    let captures = RAW.as_ref()?.captures(line)?;
    let number = |group: usize| captures.get(group)?.as_str().parse().ok().filter(|number| *number > 0);
    let place = Place { file: captures[1].to_owned(), line: number(2).or(number(3)), column: number(4) };
    Some((place, captures[5].to_owned()))
}

/// The warning without its place, which is in the first line.
fn formatted(name: &str, place: Place, text: &str) -> Finding {
    let (begin, legacy) = UNFORMATTED;
    let text = if text.starts_with(begin) {
        let text = text.split_once(legacy).map_or(text, |(_, text)| text);
        text.split_once(": ").map_or(text, |(_, text)| text)
    } else {
        text.split_once('\n').map_or(text, |(_, text)| text)
    };
    finding(name, place, text)
}

/// The `@dialyzer` attributes of a solution. The analysis VM finds them in what is compiled; Dialyxir
/// says nothing of them.
#[must_use]
pub fn suppressions(solution: &[SourceFile]) -> Vec<Finding> {
    let places = solution.iter().flat_map(|file| idioms::attributes(&file.path, &file.text, "dialyzer"));
    let text = "`@dialyzer` switches warnings off\n\
                A solution is judged as it is: take the attribute out and change what Dialyzer points at";
    places.map(|place| finding("suppression", Place { column: None, ..place }, text)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Dialyxir 1.4.6 on Elixir 1.14.0 and OTP 25: `mix dialyzer --no-check --format raw --format
    /// dialyxir`, with one of the warnings that it cannot format there.
    const STDERR: &str = r"{:warn_contract_types, {'lib/double.ex', 4}, {:invalid_contract, [Double, :name, 1, '(number()) -> number()']}}
Please file a bug in https://github.com/jeremyjh/dialyxir/issues with this message.

Unknown error occurred: %FunctionClauseError{module: Dialyxir.Warnings.InvalidContract, function: :format_long, arity: 1, kind: nil, args: nil, clauses: nil}


Legacy warning:
lib/double.ex:4: Invalid type specification for function 'Elixir.Double':name/1. The success typing is (number()) -> number()
________________________________________________________________________________
{:warn_return_no_exit, {'lib/double.ex', 7}, {:no_return, [:only_normal, :broken, 0]}}
lib/double.ex:7:no_return
Function broken/0 has no local return.
________________________________________________________________________________
{:warn_failing_call, {'lib/double.ex', 7}, {:call, [Double, :name, '(<<116,119,111,10,39,195,169,39>>)', [1], :only_sig, '(number())', 'number()', {false, :none}]}}
lib/double.ex:7:call
The function call will not succeed.

Double.name(<<116, 119, 111, 10, 39, 195, 169, 39>>)

will never return since the 1st arguments differ
from the success typing arguments:

(number())

________________________________________________________________________________
done (warnings were emitted)
Halting VM with exit status 2
";

    const PASSED: &str = "Starting Dialyzer\nTotal errors: 0, Skipped: 0, Unnecessary Skips: 0\ndone in \
                          0m1.92s\ndone (passed successfully)\n";

    const UNREADABLE: &str = ":dialyzer.run error: Analysis failed with error:\nCould not scan the following \
                              file(s):\n  Could not get Core Erlang code for: /p/ebin/Elixir.Double.Impl.beam\n\n";

    fn ran(stdout: &str, stderr: &str) -> Ran {
        let (stdout, stderr) = (stdout.to_owned(), stderr.to_owned());
        Ran { how: HowEnded::Exited(0), stdout, stderr, duration: Duration::ZERO }
    }

    fn solution(path: &str) -> Vec<SourceFile> {
        vec![SourceFile { path: path.into(), shown: path.into(), text: String::new() }]
    }

    fn total(total: i64, skipped: i64) -> String {
        format!("Total errors: {total}, Skipped: {skipped}, Unnecessary Skips: 0\ndone in 0m6.02s\n")
    }

    fn reason(status: i32, ran: &Ran) -> String {
        match read(status, ran, &solution("lib/double.ex")) {
            Err(Unjudged::Broken(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn warnings_are_read_with_name_place_and_text() {
        let findings = read(2, &ran(&total(3, -3), STDERR), &solution("lib/double.ex")).unwrap();
        let said: Vec<_> = findings
            .iter()
            .map(|finding| (finding.rule.as_str(), finding.place.line.unwrap(), finding.message.as_str()))
            .collect();
        let contract = "Invalid type specification for function 'Elixir.Double':name/1. The success typing is \
                        (number()) -> number()";
        assert_eq!(
            said,
            [
                ("invalid_contract", 4, contract),
                ("no_return", 7, "Function broken/0 has no local return"),
                ("call", 7, "The function call will not succeed"),
            ]
        );
        assert!(findings.iter().all(|finding| finding.severity == Severity::Error));
        assert!(findings[2].help.as_deref().unwrap().ends_with("(number())"));
    }

    #[test]
    fn newer_versions_write_charlists_and_columns_differently() {
        let line = r#"{:warn_matching, {~c"lib/a b.ex", {3, 12}}, {:pattern_match, [~c"pattern 1", ~c"2"]}}"#;
        let place = Place { file: "lib/a b.ex".into(), line: Some(3), column: Some(12) };
        assert_eq!(raw(line), Some((place, "pattern_match".into())));
        let generated = "{:warn_matching, {'lib/a.ex', 0}, {:pattern_match, []}}";
        assert_eq!(raw(generated).unwrap().0.line, None);
    }

    #[test]
    fn other_files_are_not_the_solution_s() {
        assert_eq!(read(2, &ran(&total(3, -3), STDERR), &solution("lib/other.ex")), Ok(Vec::new()));
    }

    #[test]
    fn a_text_that_repeats_another_is_printed_once() {
        let mut lines: Vec<&str> = STDERR.lines().collect();
        let again = lines[9].replace(":only_normal", ":only_explicit");
        lines.insert(lines.len() - 2, &again);
        let findings = read(2, &ran(&total(4, -3), &lines.join("\n")), &solution("lib/double.ex"));
        assert_eq!(findings.map(|findings| findings.len()), Ok(3));
    }

    #[test]
    fn a_pass_needs_dialyxir_s_own_word() {
        assert_eq!(read(0, &ran(PASSED, ""), &solution("lib/double.ex")), Ok(Vec::new()));
        let cases = [
            (0, ran("", ""), "did not run to its end: the VM ended"),
            (2, ran(PASSED, ""), "did not run to its end"),
            (
                1,
                ran(":dialyzer.run error: No such\nfile", "Halting VM with exit status 1"),
                "error: No such file",
            ),
            (0, ran("done (passed successfully)\n", ""), "did not say how much"),
            (
                0,
                ran(&PASSED.replace("errors: 0", "errors: 1"), ""),
                "printed 1 texts, of which 0 can be read",
            ),
            (2, ran(&total(4, -4), STDERR), "printed 8 texts, of which 6 can be read"),
        ];
        for (status, ran, expected) in cases {
            assert!(reason(status, &ran).contains(expected), "{} lacks {expected}", reason(status, &ran));
        }
    }

    #[test]
    fn a_module_without_debug_information_is_the_solution_s_fault() {
        let findings = read(1, &ran(UNREADABLE, ""), &solution("lib/double.ex")).unwrap();
        assert_eq!((findings[0].rule.as_str(), findings.len()), ("no_debug_info", 1));
        assert_eq!(findings[0].message, "`Double.Impl` is compiled without debug information");
    }

    #[test]
    fn a_plt_that_lacks_modules_is_none() {
        assert!(has_made_plt(&ran("Adding 9 modules to dialyxir.plt\n", "")));
        assert!(!has_made_plt(&ran("", ":dialyzer.run error: no")));
        assert!(!has_made_plt(&Ran { how: HowEnded::Exited(1), ..ran("", "") }));
    }

    #[test]
    fn attributes_that_switch_warnings_off_are_found() {
        let text = "defmodule A do\n  @dialyzer {:no_match, a: 1}\n  # @dialyzer :no_match\n  def a, do: \"@dialyzer 1\"\nend\n";
        let mut file = solution("lib/a.ex");
        file[0].text = text.to_owned();
        let found: Vec<_> = suppressions(&file).into_iter().map(|finding| finding.place.line).collect();
        assert_eq!(found, [Some(2)]);
    }
}
