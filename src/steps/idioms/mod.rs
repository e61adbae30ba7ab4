//! Idioms: the solution's syntax trees against rules that are kept as data. Pure, and needs no Elixir:
//! the files need not even compile.
//!
//! - [`def`]: a rule as its author writes it.
//! - `compile`: from there to a matcher, and what can be wrong with a rule.
//! - `dispatch`: which rules are worth trying on a node.
//! - `tree`: a file's syntax tree, and places in it.
//! - `native`: the matchers that a pattern cannot express.
//! - `self_test`: every rule against its own snippets.
//!
//! [`RuleSet`] is where to start. Precision comes first: a rule that cannot be sure says nothing.
//! Nothing in a checked file switches a rule off; comments are only comments.

mod compile;
pub mod def;
mod dispatch;
mod native;
mod self_test;
mod tree;

use std::{collections::HashSet, ops::Range, sync::Arc};

use ast_grep_config::{GlobalRules, RuleCore};
use ast_grep_core::matcher::MatcherExt as _;

pub use compile::{RuleError, RuleFault};
pub use def::{Expect, RuleDef, RuleFile, UtilDef};
pub use self_test::{SelfTestFailure, SnippetFault};

use compile::{Matcher, Rule};
use dispatch::{Dispatch, Memory};
use tree::{DEPTH_LIMIT, Node, Positions, Tree};

use crate::finding::{Finding, Place, Severity};

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
    #[must_use]
    pub fn check(&self, files: &[(&str, &str)]) -> Vec<Match> {
        let mut present = vec![Presence::default(); self.rules.len()];
        let mut hits = Vec::new();
        for (file, (path, source)) in files.iter().enumerate() {
            self.check_file(file, path, &Tree::parse(source), &mut hits, &mut present);
        }
        if !files.is_empty() {
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

impl RuleSet {
    fn check_file(
        &self,
        file: usize,
        path: &str,
        tree: &Tree,
        hits: &mut Vec<Hit>,
        present: &mut [Presence],
    ) {
        if let Some(range) = tree.too_deep() {
            hits.push(Hit { file, rule: None, range });
            return;
        }
        let mut memory = Memory::default();
        tree.visit(|node| {
            for &index in &*self.dispatch.candidates(&self.rules, &node, &mut memory) {
                self.try_rule(index, file, path, &node, hits, &mut present[index]);
            }
        });
    }

    fn try_rule(
        &self,
        index: usize,
        file: usize,
        path: &str,
        node: &Node<'_>,
        hits: &mut Vec<Hit>,
        presence: &mut Presence,
    ) {
        let rule = &self.rules[index];
        let mut hit = |range| hits.push(Hit { file, rule: Some(index), range });
        match (&rule.matcher, rule.def.expect) {
            (Matcher::Native(native), _) => native.find(path, node).into_iter().for_each(hit),
            (Matcher::Pattern { rule, .. }, Expect::Absent) => {
                if matches(rule, node) {
                    hit(node.range());
                }
            }
            (Matcher::Pattern { rule, within }, Expect::Present) => {
                presence.found = presence.found || matches(rule, node);
                if let (Some(within), None) = (within, &presence.place)
                    && matches(within, node)
                {
                    presence.place = Some((file, node.range()));
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

fn matches(rule: &RuleCore, node: &Node<'_>) -> bool {
    rule.match_node(node.clone()).is_some() && !tree::has_error(node)
}
