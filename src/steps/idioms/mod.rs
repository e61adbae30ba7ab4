//! Idioms: the solution's syntax trees against rules that are kept as data. Pure, and needs no Elixir:
//! the files need not even compile.
//!
//! - [`crate::rule`]: a rule as its author writes it.
//! - `compile`: from there to a matcher, and what can be wrong with a rule.
//! - `keys`: what may stand in a rule object.
//! - `dispatch`: which rules are worth trying on a node.
//! - `tree`: a file's syntax tree, and places in it.
//! - `native`: the matchers that a pattern cannot express.
//! - `self_test`: every rule against its own snippets.
//!
//! [`RuleSet`] is where to start. Precision comes first: a rule that cannot be sure says nothing.
//! Nothing in a checked file switches a rule off; comments are only comments.

mod compile;
mod dispatch;
mod keys;
mod native;
mod self_test;
mod tree;

use std::{collections::HashSet, ops::Range, sync::Arc};

use ast_grep_config::{GlobalRules, RuleCore};
use ast_grep_core::matcher::MatcherExt as _;

pub use compile::{RuleError, RuleFault};
pub use self_test::{SelfTestFailure, SnippetFault};

use compile::{Matcher, Rule};
use dispatch::{Dispatch, Memory};
use tree::{DEPTH_LIMIT, Node, Position, Positions, Tree};

use crate::{
    finding::{Finding, Place, Severity},
    rule::{Expect, RuleDef, RuleFile},
};

/// The rule named in a match where a file is too deeply nested to be looked at.
pub const NESTING_RULE: &str = "nesting-limit";

/// Rules that are ready to match.
#[derive(Clone)]
pub struct RuleSet {
    globals: GlobalRules,
    rules: Vec<Arc<Rule>>,
    dispatch: Dispatch,
}

/// A place that a rule reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The rule's id.
    pub rule: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong: one line, no final period.
    pub message: String,
    /// What to do instead.
    pub help: String,
    /// Credo's check of the same thing, where there is one.
    pub credo: Option<String>,
    /// The path as it was given.
    pub file: String,
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    /// The line of the end.
    pub end_line: u32,
    /// The column after the last character.
    pub end_column: u32,
}

impl From<Match> for Finding {
    fn from(found: Match) -> Self {
        Self {
            rule: found.rule,
            severity: found.severity,
            place: Place { file: found.file, line: Some(found.line), column: Some(found.column) },
            message: found.message,
            help: Some(found.help),
        }
    }
}

impl RuleSet {
    /// Makes the rules of a file ready to match.
    ///
    /// # Errors
    /// A rule is wrong, or two have the same id.
    pub fn new(file: &RuleFile) -> Result<Self, RuleError> {
        let globals = compile::utils(&file.utils)?;
        Self { globals, rules: Vec::new(), dispatch: Dispatch::default() }.with(&file.rules)
    }

    /// [`Self::new`] for the text of a rule file.
    ///
    /// # Errors
    /// The text is not a rule file, or as for [`Self::new`].
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        Self::new(&RuleFile::parse(text).map_err(RuleError::Toml)?)
    }

    /// The rules of an exercise: these without those that it skips, and its own.
    ///
    /// # Errors
    /// As for [`Self::new`], or `skip` names a rule that is not in the set.
    pub fn for_exercise(&self, skip: &[String], own: &[RuleDef]) -> Result<Self, RuleError> {
        if let Some(id) = skip.iter().find(|id| self.rule(id).is_none()) {
            return Err(RuleError::UnknownSkip { id: id.clone() });
        }
        // An own rule may not take the name of one that is skipped either: a hint or a report that
        // names it would mean two different things.
        if let Some(def) = own.iter().find(|def| self.rule(&def.id).is_some()) {
            return Err(RuleError::Duplicate { id: def.id.clone() });
        }
        let rules = self.rules.iter().filter(|rule| !skip.contains(&rule.def.id)).cloned().collect();
        Self { globals: self.globals.clone(), rules, dispatch: Dispatch::default() }.with(own)
    }

    /// The rules as their authors wrote them.
    pub fn defs(&self) -> impl Iterator<Item = &RuleDef> {
        self.rules.iter().map(|rule| &rule.def)
    }

    /// What the rules have to say about the files (path and source), by file and position.
    ///
    /// Where a file is not Elixir, no rule looks; [`unread`] tells where that is.
    #[must_use]
    pub fn check(&self, files: &[(&str, &str)]) -> Vec<Match> {
        let mut present = vec![Presence::default(); self.rules.len()];
        let mut hits = Vec::new();
        let mut whole = true;
        for (index, (path, source)) in files.iter().enumerate() {
            let tree = Tree::parse(source);
            let file = Searched { index, path, whole: tree.first_error.is_none() };
            whole &= file.whole && tree.too_deep.is_none();
            self.check_file(&file, &tree, &mut hits, &mut present);
        }
        // What seems to be missing may stand in a part that was not looked at.
        if whole && !files.is_empty() {
            hits.extend(self.missing(&present));
        }
        hits.sort_by_key(|hit| (hit.file, hit.range.start, hit.range.end, hit.rule));
        hits.dedup();
        hits.chunk_by(|a, b| a.file == b.file)
            .flat_map(|hits| {
                let (path, source) = files[hits[0].file];
                self.matches(path, source, hits)
            })
            .collect()
    }

    fn rule(&self, id: &str) -> Option<&Arc<Rule>> {
        self.rules.iter().find(|rule| rule.def.id == id)
    }

    /// The set of that rule alone.
    fn only(&self, id: &str) -> Self {
        let rules: Vec<_> = self.rules.iter().filter(|rule| rule.def.id == id).cloned().collect();
        Self { globals: self.globals.clone(), dispatch: Dispatch::new(&rules), rules }
    }

    /// The same rules, each tried on every node of its kinds.
    #[cfg(test)]
    fn without_guards(&self) -> Self {
        let rules = self.rules.iter().map(|rule| compile::rule(&rule.def, &self.globals));
        let rules = rules.map(|rule| Arc::new(Rule { guard: None, ..rule.expect("it was sound before") }));
        let rules: Vec<_> = rules.collect();
        Self { globals: self.globals.clone(), dispatch: Dispatch::new(&rules), rules }
    }

    fn with(mut self, defs: &[RuleDef]) -> Result<Self, RuleError> {
        let mut ids: HashSet<_> = self.rules.iter().map(|rule| rule.def.id.clone()).collect();
        for def in defs {
            if !ids.insert(def.id.clone()) {
                return Err(RuleError::Duplicate { id: def.id.clone() });
            }
            self.rules.push(Arc::new(compile::rule(def, &self.globals)?));
        }
        self.dispatch = Dispatch::new(&self.rules);
        Ok(self)
    }
}

/// The first place in each file that is not Elixir, as far as the grammar knows.
///
/// Such a file does not compile, so the compiler will say the same and more. Where it does compile
/// all the same, a part of it was not looked at, and a pass of this step would mean nothing.
#[must_use]
pub fn unread(files: &[(&str, &str)]) -> Vec<Place> {
    let error = |(path, source): &(&str, &str)| {
        let offset = Tree::parse(source).first_error?;
        let Position { line, column } = Positions::new(source, vec![offset]).of(offset);
        Some(Place { file: (*path).to_owned(), line: Some(line), column: Some(column) })
    };
    files.iter().filter_map(error).collect()
}

/// Where a rule applies.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hit {
    /// Index of the file.
    file: usize,
    /// Index of the rule; none for [`NESTING_RULE`].
    rule: Option<usize>,
    /// Bytes.
    range: Range<usize>,
}

/// What was seen for a rule with `expect = "present"`.
#[derive(Clone, Debug, Default)]
struct Presence {
    found: bool,
    /// File and bytes of the first match of `within`.
    place: Option<(usize, Range<usize>)>,
}

/// A file while it is searched.
struct Searched<'f> {
    index: usize,
    path: &'f str,
    /// Whether all of it could be read.
    whole: bool,
}

impl RuleSet {
    fn check_file(&self, file: &Searched<'_>, tree: &Tree, hits: &mut Vec<Hit>, present: &mut [Presence]) {
        if let Some(range) = &tree.too_deep {
            hits.push(Hit { file: file.index, rule: None, range: range.clone() });
            return;
        }
        let mut memory = Memory::default();
        let first = hits.len();
        tree.visit(|node| {
            for &index in &*self.dispatch.candidates(&self.rules, &node, &mut memory) {
                self.try_rule(index, file, &node, hits, &mut present[index]);
            }
        });
        let found = hits.split_off(first);
        let mut off: HashSet<_> = found.iter().map(|hit| hit.rule).collect();
        off.retain(|rule| self.is_off(*rule, tree));
        hits.extend(found.into_iter().filter(|hit| !off.contains(&hit.rule)));
    }

    /// Whether the file has what a rule is off with.
    fn is_off(&self, rule: Option<usize>, tree: &Tree) -> bool {
        match rule.map(|index| &self.rules[index].matcher) {
            Some(Matcher::Pattern { unless: Some(unless), .. }) => tree.root().find(&**unless).is_some(),
            _ => false,
        }
    }

    fn try_rule(
        &self,
        index: usize,
        file: &Searched<'_>,
        node: &Node<'_>,
        hits: &mut Vec<Hit>,
        presence: &mut Presence,
    ) {
        let rule = &self.rules[index];
        let mut hit = |range| hits.push(Hit { file: file.index, rule: Some(index), range });
        let matches = |rule: &RuleCore| {
            rule.match_node(node.clone()).is_some() && (file.whole || !tree::is_broken(node))
        };
        match (&rule.matcher, rule.def.expect) {
            (Matcher::Native(native), _) => {
                native.find(file.path, file.whole, node).into_iter().for_each(hit);
            }
            (Matcher::Pattern { rule, .. }, Expect::Absent) => {
                if matches(rule) {
                    hit(node.range());
                }
            }
            (Matcher::Pattern { rule, within, .. }, Expect::Present) => {
                presence.found = presence.found || matches(rule);
                if let (Some(within), None) = (within, &presence.place)
                    && matches(within)
                {
                    presence.place = Some((file.index, node.range()));
                }
            }
        }
    }

    /// The rules whose match had to be there and was not.
    fn missing(&self, present: &[Presence]) -> impl Iterator<Item = Hit> {
        self.rules.iter().zip(present).enumerate().filter_map(|(index, (rule, presence))| {
            if rule.def.expect == Expect::Absent || presence.found {
                return None;
            }
            let (file, range) = presence.place.clone().unwrap_or((0, 0..0));
            Some(Hit { file, rule: Some(index), range })
        })
    }

    fn matches(&self, path: &str, source: &str, hits: &[Hit]) -> Vec<Match> {
        let offsets = hits.iter().flat_map(|hit| [hit.range.start, hit.range.end]).collect();
        let positions = Positions::new(source, offsets);
        hits.iter().map(|hit| self.found(path, hit, &positions)).collect()
    }

    fn found(&self, path: &str, hit: &Hit, positions: &Positions) -> Match {
        let (start, end) = (positions.of(hit.range.start), positions.of(hit.range.end));
        let place = Match {
            rule: NESTING_RULE.to_owned(),
            severity: Severity::Error,
            message: format!(
                "syntax nested more than {DEPTH_LIMIT} levels deep, so this file was not looked at"
            ),
            help: "split the expression up".to_owned(),
            credo: None,
            file: path.to_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        };
        let Some(def) = hit.rule.map(|index| &self.rules[index].def) else { return place };
        Match {
            rule: def.id.clone(),
            severity: def.severity,
            message: def.message.clone(),
            help: def.help.clone(),
            credo: def.credo.clone(),
            ..place
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARED: &str = include_str!("../../../exercises/idioms.toml");

    fn shared() -> RuleSet {
        RuleSet::parse(SHARED).expect("the shared rules are sound")
    }

    fn rules(text: &str) -> RuleSet {
        RuleSet::parse(text).expect("the rules are sound")
    }

    /// A rule of that id which reports calls of `bad`, with further keys.
    fn rule(id: &str, keys: &str) -> String {
        format!(
            "[[rules]]\nid = \"{id}\"\nseverity = \"error\"\nmessage = \"m\"\nhelp = \"h\"\nvalid = [\"good()\"]\n\
             invalid = [\"bad()\"]\n{keys}\n"
        )
    }

    fn bad_calls() -> RuleSet {
        rules(&rule("bad-call", "rule.pattern = \"bad($$$)\""))
    }

    /// The rules and places reported in one file.
    fn found(rules: &RuleSet, source: &str) -> Vec<(String, u32, u32)> {
        let matches = rules.check(&[("lib/a.ex", source)]);
        matches.into_iter().map(|found| (found.rule, found.line, found.column)).collect()
    }

    #[test]
    fn shared_rules_hold_for_their_snippets() {
        let failures = shared().self_test();
        assert!(failures.is_empty(), "{failures:#?}");
    }

    #[test]
    fn only_left_over_debugging_fails_a_check() {
        let shared = shared();
        let errors = shared.defs().filter(|def| def.severity == Severity::Error);
        let errors: Vec<_> = errors.map(|def| def.id.as_str()).collect();
        assert_eq!(errors, ["io-inspect", "dbg", "iex-pry"]);
    }

    #[test]
    fn a_match_has_the_words_of_its_rule_and_both_ends() {
        let matches = shared().check(&[("lib/a.ex", "x = 1\nIO.inspect(\n  x\n)\n")]);
        let [found] = &matches[..] else { panic!("{matches:?}") };
        assert_eq!(found.rule, "io-inspect");
        assert_eq!(found.severity, Severity::Error);
        assert_eq!(found.message, "`IO.inspect` was left in the code");
        assert_eq!(found.credo.as_deref(), Some("Credo.Check.Warning.IoInspect"));
        assert_eq!(found.file, "lib/a.ex");
        assert_eq!((found.line, found.column), (2, 1));
        assert_eq!((found.end_line, found.end_column), (2, 11));

        let finding = Finding::from(found.clone());
        assert_eq!(finding.place, Place { file: "lib/a.ex".into(), line: Some(2), column: Some(1) });
        assert_eq!(finding.help.as_deref(), Some(found.help.as_str()));
    }

    #[test]
    fn columns_count_characters() {
        let at = |source| found(&bad_calls(), source);
        assert_eq!(at("äöü = \"→\" <> bad()"), [("bad-call".into(), 1, 14)]);
        assert_eq!(at("x = 1\r\n  bad()\r\n"), [("bad-call".into(), 2, 3)]);
        assert_eq!(at("\u{feff}bad()"), [("bad-call".into(), 1, 1)]);
        assert_eq!(at("\"😀\" <> bad()"), [("bad-call".into(), 1, 8)]);
    }

    #[test]
    fn matches_come_by_file_and_position() {
        let files = [("lib/b.ex", "bad()\nbad(bad())"), ("lib/a.ex", "bad()")];
        let places: Vec<_> = bad_calls()
            .check(&files)
            .into_iter()
            .map(|found| (found.file, found.line, found.column))
            .collect();
        let expected = [("lib/b.ex", 1, 1), ("lib/b.ex", 2, 1), ("lib/b.ex", 2, 5), ("lib/a.ex", 1, 1)];
        assert_eq!(places, expected.map(|(file, line, column)| (file.to_owned(), line, column)));
    }

    #[test]
    fn nothing_in_a_file_switches_a_rule_off() {
        let source = "# ast-grep-ignore\n# practice: disable bad-call\n# credo:disable-for-next-line\nbad()";
        assert_eq!(found(&bad_calls(), source), [("bad-call".into(), 4, 1)]);
        assert_eq!(found(&bad_calls(), "# ast-grep-ignore: bad-call\n\n\nbad()").len(), 1);
    }

    #[test]
    fn files_that_do_not_compile_are_searched_where_they_can_be_read() {
        let rules = bad_calls();
        assert_eq!(found(&rules, "").len(), 0);
        assert_eq!(found(&rules, "\u{feff}").len(), 0);
        assert_eq!(found(&rules, "\0\u{1}%{{{").len(), 0);
        assert_eq!(found(&rules, "def f do\n  bad()\nend\n\ndef g( do\n"), [("bad-call".into(), 2, 3)]);
        assert_eq!(found(&rules, "bad(1, )))").len(), 0);
        for source in [
            "defmodule A do\n  def f(x), do: (x\nend",
            "defmodule A do\n  def f(x) do\n    x\n\n  @spec g(1) :: 1\n  def g(y), do: y\nend",
            "defmodule A do\n  def f(x) do\n    x\n  end\n end\n  def g(y), do: y\nend",
        ] {
            assert_eq!(found(&shared(), source), [], "{source}");
        }
    }

    #[test]
    fn the_first_place_that_is_not_elixir_is_known() {
        let files = [("lib/a.ex", "x = 1"), ("lib/b.ex", "x = 1\ny = )\n")];
        assert_eq!(unread(&files), [Place { file: "lib/b.ex".into(), line: Some(2), column: Some(3) }]);
    }

    #[test]
    fn what_must_be_present_may_be_in_any_file() {
        let rules = rules(&rule("call", "expect = \"present\"\nrule.pattern = \"needed()\""));
        assert!(rules.check(&[("lib/a.ex", "1"), ("lib/b.ex", "needed()")]).is_empty());
        assert_eq!(rules.check(&[]), []);

        let missing = rules.check(&[("lib/a.ex", "1\n2"), ("lib/b.ex", "3")]);
        let [found] = &missing[..] else { panic!("{missing:?}") };
        assert_eq!((found.file.as_str(), found.line, found.column), ("lib/a.ex", 1, 1));
    }

    #[test]
    fn what_is_missing_is_reported_at_the_place_given() {
        let keys = "expect = \"present\"\nrule.pattern = \"needed()\"\nwithin.pattern = \"def process() do $$$ end\"";
        let rules = rules(&rule("call", keys));
        let missing = rules.check(&[("lib/a.ex", "1"), ("lib/b.ex", "2\ndef process() do\n  3\nend")]);
        let [found] = &missing[..] else { panic!("{missing:?}") };
        assert_eq!((found.file.as_str(), found.line, found.end_line), ("lib/b.ex", 2, 4));
    }

    #[test]
    fn a_rule_is_off_in_files_with_what_it_names() {
        let keys = "rule.pattern = \"bad()\"\nunless.pattern = \"alias Other.Bad\"";
        let rules = rules(&rule("bad-call", keys));
        let files = [("lib/a.ex", "bad()\nalias Other.Bad"), ("lib/b.ex", "bad()")];
        let found: Vec<_> = rules.check(&files).into_iter().map(|found| found.file).collect();
        assert_eq!(found, ["lib/b.ex"]);
    }

    #[test]
    fn nothing_is_missing_from_a_file_that_could_not_be_read() {
        let rules = rules(&rule("call", "expect = \"present\"\nrule.pattern = \"needed()\""));
        assert!(rules.check(&[("lib/a.ex", "def f( do needed(")]).is_empty());
    }

    #[test]
    fn an_exercise_skips_rules_and_adds_its_own() {
        let shared = shared();
        let own = RuleFile::parse(&rule("own", "rule.pattern = \"bad()\"")).expect("a rule").rules;
        let rules = shared.for_exercise(&["dbg".to_owned()], &own).expect("a sound set");
        assert_eq!(found(&rules, "dbg(1)\nbad()"), [("own".into(), 2, 1)]);
        assert_eq!(rules.defs().count(), shared.defs().count());

        let unknown = shared.for_exercise(&["dgb".to_owned()], &[]).err().map(|error| error.to_string());
        assert_eq!(unknown.as_deref(), Some("there is no shared rule `dgb` to skip"));

        let taken = RuleFile::parse(&rule("dbg", "rule.pattern = \"bad()\"")).expect("a rule").rules;
        let error = shared.for_exercise(&["dbg".to_owned()], &taken).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("rule `dbg` is defined twice"));
    }

    #[test]
    fn rules_of_an_exercise_may_use_the_shared_parts() {
        let keys = "rule.all = [{ kind = \"call\" }, { matches = { fed-by = { call = { pattern = \"a($$$)\" } } } }]";
        let own = RuleFile::parse(&rule("own", keys)).expect("a rule").rules;
        let rules = shared().for_exercise(&[], &own).expect("a sound set");
        assert_eq!(found(&rules, "a(1) |> b()\nb(a(1))\na(b(1))\nx |> a() |> b()").len(), 3);
    }

    #[test]
    fn deep_nesting_ends_before_the_stack_does() {
        for (open, close) in
            [("(", ")"), ("[", "]"), ("%{a: ", "}"), ("f(", ")"), ("fn -> ", " end"), ("{", "}")]
        {
            let source = format!("bad()\nx = {}1{}", open.repeat(10_000), close.repeat(10_000));
            let rules: Vec<_> =
                shared().check(&[("lib/a.ex", &source)]).into_iter().map(|m| m.rule).collect();
            assert_eq!(rules, [NESTING_RULE], "{open}");
        }
        let unclosed = "[".repeat(100_000);
        assert!(shared().check(&[("lib/a.ex", &unclosed)]).len() <= 1);
    }

    #[test]
    fn nesting_below_the_limit_is_matched_on_a_small_stack() {
        let keys = "rule.kind = \"call\"\nrule.has = { pattern = \"bad()\", stopBy = { kind = \"string\" } }";
        let rules = rules(&rule("deep", keys));
        let source = format!("f({}bad(){})", "[".repeat(400), "]".repeat(400));
        let check = move || found(&rules, &source).len();
        let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(check).expect("a thread");
        assert_eq!(thread.join().expect("no overflow"), 1);
    }

    #[test]
    fn a_large_file_takes_no_longer_than_its_size() {
        let line = "  def f(x), do: x |> Enum.map(&g/1) |> Enum.join(\"äöü\")\n";
        let source = format!("defmodule A do\n  @moduledoc false\n{}end\n", line.repeat(5_000));
        let started = std::time::Instant::now();
        assert_eq!(shared().check(&[("lib/a.ex", &source)]).len(), 5_000);
        assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    }

    #[test]
    fn rule_sets_may_be_shared_between_threads() {
        fn shareable<T: Send + Sync>() {}
        shareable::<RuleSet>();
    }
}
