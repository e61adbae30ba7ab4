//! Idioms: the solution's syntax trees against rules that are kept as data. Pure, and needs no Elixir:
//! the files need not even compile.
//!
//! - [`crate::rule`]: a rule as its author writes it.
//! - `compile`: from there to a matcher, and what can be wrong with a rule.
//! - `keys`: what may stand in a rule object.
//! - `dispatch`: which rules are worth trying on a node.
//! - `tree`: a file's syntax tree, and places in it; `syntax`: its nodes by what they are.
//! - `names`: a file with the names of the standard library's modules spelled out.
//! - `search`: what rules find in files.
//! - `native`: the matchers that a pattern cannot express.
//! - `self_test`: every rule against its own snippets.
//!
//! [`RuleSet`] is where to start. Precision comes first: a rule that cannot be sure says nothing.
//! Nothing in a checked file switches a rule off; comments are only comments.

mod compile;
mod dispatch;
mod keys;
mod names;
mod native;
mod search;
mod self_test;
mod syntax;
mod tree;

use std::{collections::HashSet, sync::Arc};

use ast_grep_config::GlobalRules;

pub use compile::{RuleError, RuleFault};
pub use self_test::{SelfTestFailure, SnippetFault};

use compile::Rule;
use dispatch::Dispatch;
use tree::{Position, Positions, Tree};

use crate::{
    finding::{Finding, Place, Severity},
    rule::{RuleDef, RuleFile},
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
            credo: found.credo,
            trigger: None,
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
        Some(place(path, Positions::new(source, vec![offset]).of(offset)))
    };
    files.iter().filter_map(error).collect()
}

/// The comments of a file, each with its text from the `#` on.
///
/// Where the grammar cannot read all of the file, whatever follows a `#` on a line counts as one.
#[must_use]
pub fn comments(path: &str, source: &str) -> Vec<(Place, String)> {
    let tree = Tree::parse(source);
    let mut found = Vec::new();
    if tree.first_error.is_some() || tree.too_deep.is_some() {
        let lines = source.split_inclusive('\n').scan(0, |offset, line| {
            *offset += line.len();
            Some((*offset - line.len(), line))
        });
        found.extend(lines.filter_map(|(offset, line)| {
            let begin = line.find('#')?;
            Some((offset + begin, line[begin..].trim_end().to_owned()))
        }));
    } else {
        tree.visit(|node| {
            if node.kind() == "comment" {
                found.push((node.range().start, node.text().into_owned()));
            }
        });
    }
    let positions = Positions::new(source, found.iter().map(|(offset, _)| *offset).collect());
    found.into_iter().map(|(offset, text)| (place(path, positions.of(offset)), text)).collect()
}

/// Where a file sets the module attribute of that name, as far as the grammar can read it.
#[must_use]
pub fn attributes(path: &str, source: &str, name: &str) -> Vec<Place> {
    let tree = Tree::parse(source);
    let mut offsets = Vec::new();
    tree.visit(|node| {
        if syntax::attribute(&node).is_some_and(|(found, _)| found == name) {
            offsets.push(node.range().start);
        }
    });
    let positions = Positions::new(source, offsets.clone());
    offsets.into_iter().map(|offset| place(path, positions.of(offset))).collect()
}

fn place(path: &str, position: Position) -> Place {
    Place { file: path.to_owned(), line: Some(position.line), column: Some(position.column) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARED: &str = include_str!("../../../exercises/idioms.toml");

    pub(super) fn shared() -> RuleSet {
        RuleSet::parse(SHARED).expect("the shared rules are sound")
    }

    pub(super) fn rules(text: &str) -> RuleSet {
        RuleSet::parse(text).expect("the rules are sound")
    }

    /// A rule of that id which reports calls of `bad`, with further keys.
    pub(super) fn rule(id: &str, keys: &str) -> String {
        format!(
            "[[rules]]\nid = \"{id}\"\nseverity = \"error\"\nmessage = \"m\"\nhelp = \"h\"\nvalid = [\"good()\"]\n\
             invalid = [\"bad()\"]\n{keys}\n"
        )
    }

    pub(super) fn bad_calls() -> RuleSet {
        rules(&rule("bad-call", "rule.pattern = \"bad($$$)\""))
    }

    /// The rules and places reported in one file.
    pub(super) fn found(rules: &RuleSet, source: &str) -> Vec<(String, u32, u32)> {
        let matches = rules.check(&[("lib/a.ex", source)]);
        matches.into_iter().map(|found| (found.rule, found.line, found.column)).collect()
    }

    #[test]
    fn shared_rules_hold_for_their_snippets() {
        let failures = shared().self_test();
        assert!(failures.is_empty(), "{failures:#?}");
    }

    #[test]
    fn shared_rules_come_with_three_snippets_of_each_kind() {
        let different = |snippets: &[String]| snippets.iter().collect::<HashSet<_>>().len();
        let shared = shared();
        let thin = shared.defs().filter(|def| different(&def.valid) < 3 || different(&def.invalid) < 3);
        let thin: Vec<_> = thin.map(|def| def.id.as_str()).collect();
        assert_eq!(thin, [""; 0]);
    }

    #[test]
    fn only_left_over_debugging_fails_a_check() {
        let shared = shared();
        let errors = shared.defs().filter(|def| def.severity == Severity::Error);
        let errors: Vec<_> = errors.map(|def| def.id.as_str()).collect();
        assert_eq!(errors, ["io-inspect", "dbg", "iex-pry"]);
    }

    #[test]
    fn the_first_place_that_is_not_elixir_is_known() {
        let files = [("lib/a.ex", "x = 1"), ("lib/b.ex", "x = 1\ny = )\n")];
        assert_eq!(unread(&files), [Place { file: "lib/b.ex".into(), line: Some(2), column: Some(3) }]);
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
    fn rule_sets_may_be_shared_between_threads() {
        fn shareable<T: Send + Sync>() {}
        shareable::<RuleSet>();
    }
}
