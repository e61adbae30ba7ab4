//! What rules find in files: the search, and the places it comes to.

use std::{collections::HashSet, ops::Range};

use ast_grep_config::RuleCore;
use ast_grep_core::matcher::MatcherExt as _;

use super::{
    Match, NESTING_RULE, RuleSet,
    compile::Matcher,
    dispatch::Memory,
    names::Spelled,
    tree::{self, DEPTH_LIMIT, Node, Positions, Tree},
};
use crate::{finding::Severity, rule::Expect};

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
    /// What the rules have to say about the files (path and source), by file and position.
    ///
    /// Where a file is not Elixir, no rule looks; [`unread`](super::unread) tells where that is.
    #[must_use]
    pub fn check(&self, files: &[(&str, &str)]) -> Vec<Match> {
        let mut present = vec![Presence::default(); self.rules.len()];
        let mut hits = Vec::new();
        let mut whole = true;
        for (index, (path, source)) in files.iter().enumerate() {
            let tree = Tree::parse(source);
            let file = Searched { index, path, whole: tree.first_error.is_none() };
            whole &= file.whole && tree.too_deep.is_none();
            self.check_file(&file, source, &tree, &mut hits, &mut present);
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

    fn check_file(
        &self,
        file: &Searched<'_>,
        source: &str,
        tree: &Tree,
        hits: &mut Vec<Hit>,
        present: &mut [Presence],
    ) {
        if let Some(range) = &tree.too_deep {
            hits.push(Hit { file: file.index, rule: None, range: range.clone() });
            return;
        }
        let Some(spelled) = Spelled::of(source, tree) else {
            hits.extend(self.hits(file, tree, present));
            return;
        };
        let found = self.hits(file, &Tree::parse(&spelled.text), present);
        hits.extend(found.into_iter().map(|hit| Hit { range: spelled.original(&hit.range), ..hit }));
        let places = present.iter_mut().filter_map(|presence| presence.place.as_mut());
        for (_, range) in places.filter(|(index, _)| *index == file.index) {
            *range = spelled.original(range);
        }
    }

    /// What applies in a file as it is read.
    fn hits(&self, file: &Searched<'_>, tree: &Tree, present: &mut [Presence]) -> Vec<Hit> {
        let (mut memory, mut hits) = (Memory::default(), Vec::new());
        tree.visit(|node| {
            for &index in &*self.dispatch.candidates(&self.rules, &node, &mut memory) {
                self.try_rule(index, file, &node, &mut hits, &mut present[index]);
            }
        });
        let mut off: HashSet<_> = hits.iter().map(|hit| hit.rule).collect();
        off.retain(|rule| self.is_off(*rule, tree));
        hits.retain(|hit| !off.contains(&hit.rule));
        hits
    }

    /// Whether the file has what a rule is off with.
    fn is_off(&self, rule: Option<usize>, tree: &Tree) -> bool {
        let unless = rule.and_then(|index| self.rules[index].matcher.unless());
        unless.is_some_and(|unless| tree.root().find(unless).is_some())
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
            (Matcher::Native { native, .. }, _) => {
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
    use super::{
        super::tests::{bad_calls, found, rule, rules, shared},
        *,
    };
    use crate::finding::{Finding, Place};

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
    fn a_large_file_is_searched_to_its_end() {
        let line = "  def f(x), do: x |> Enum.map(&g/1) |> Enum.join(\"äöü\")\n";
        let source = format!("defmodule A do\n  @moduledoc false\n{}end\n", line.repeat(500));
        assert_eq!(shared().check(&[("lib/a.ex", &source)]).len(), 500);
    }
}
