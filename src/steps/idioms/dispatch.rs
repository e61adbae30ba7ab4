//! Which rules are worth trying on a node. Only speed depends on this module, never a result.
//!
//! Most nodes of a file are calls, and most rules are about calls of one function. So a rule that says
//! what a call's target or an operator must be (`has = { field = "target", regex = "…" }` at its top, or
//! in its `all`) is tried on no other.

use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
    sync::Arc,
};

use ast_grep_core::Matcher as _;
use ast_grep_language::{Elixir, Language};
use regex::Regex;
use toml::{Table, Value};

use super::{
    compile::{Matcher, Rule},
    tree::Node,
};

/// Fields whose text decides, by the kind of node that has them.
const FIELDS: [(&str, &str); 3] =
    [("call", "target"), ("binary_operator", "operator"), ("unary_operator", "operator")];

/// Longer texts (a call of what a long chain of calls returns) are not worth remembering.
const LONGEST_KEY: usize = 40;

/// What a field's text must be for a rule to match.
pub(super) struct Guard {
    field: &'static str,
    text: Regex,
}

impl Guard {
    /// What an ast-grep rule object demands.
    pub(super) fn of(rule: &Table) -> Option<Self> {
        let all = rule.get("all").and_then(Value::as_array).into_iter().flatten();
        let mut objects = [rule].into_iter().chain(all.filter_map(Value::as_table));
        objects.find_map(|object| {
            let has = object.get("has")?.as_table()?;
            let field = has.get("field")?.as_str()?;
            let (_, field) = FIELDS.into_iter().find(|(_, known)| *known == field)?;
            Self::new(field, has.get("regex")?.as_str()?)
        })
    }

    /// What a regular expression demands of a field.
    pub(super) fn new(field: &'static str, text: &str) -> Option<Self> {
        Some(Self { field, text: Regex::new(text).ok()? })
    }
}

/// Rules by kind of node.
#[derive(Clone, Default)]
pub(super) struct Dispatch {
    by_kind: Vec<Kind>,
}

/// What concerns one kind of node.
#[derive(Clone, Default)]
struct Kind {
    /// Indexes of rules.
    rules: Vec<usize>,
    field: Option<&'static str>,
}

/// What was found for texts seen before.
#[derive(Default)]
pub(super) struct Memory(HashMap<(u16, String), Rc<[usize]>>);

impl Dispatch {
    /// Sorts rules by the kinds that they can match.
    pub(super) fn new(rules: &[Arc<Rule>]) -> Self {
        let mut by_kind: Vec<Kind> = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            for kind in kinds(&rule.matcher) {
                if by_kind.len() <= kind {
                    by_kind.resize_with(kind + 1, Kind::default);
                }
                by_kind[kind].rules.push(index);
            }
        }
        for (kind, field) in FIELDS {
            if let Some(kind) = by_kind.get_mut(usize::from(Elixir.kind_to_id(kind))) {
                kind.field = Some(field);
            }
        }
        Self { by_kind }
    }

    /// Indexes of the rules that may match a node.
    pub(super) fn candidates(
        &self,
        rules: &[Arc<Rule>],
        node: &Node<'_>,
        memory: &mut Memory,
    ) -> Rc<[usize]> {
        let id = node.kind_id();
        let Some(kind) = self.by_kind.get(usize::from(id)).filter(|kind| !kind.rules.is_empty()) else {
            return Rc::default();
        };
        let Some((field, text)) = kind.field.and_then(|field| Some((field, node.field(field)?.text())))
        else {
            return kind.rules.as_slice().into();
        };
        if text.len() > LONGEST_KEY {
            return kind.rules.as_slice().into();
        }
        let key = (id, text.into_owned());
        if let Some(known) = memory.0.get(&key) {
            return Rc::clone(known);
        }
        let admits = |index: &&usize| {
            let guard = rules[**index].guard.as_ref();
            guard.is_none_or(|guard| guard.field != field || guard.text.is_match(&key.1))
        };
        let found: Rc<[usize]> = kind.rules.iter().filter(admits).copied().collect();
        memory.0.insert(key, Rc::clone(&found));
        found
    }
}

fn kinds(matcher: &Matcher) -> BTreeSet<usize> {
    match matcher {
        Matcher::Native { native, .. } => BTreeSet::from([native.kind()]),
        Matcher::Pattern { rule, within, .. } => [Some(rule), within.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|rule| rule.potential_kinds())
            .flat_map(|kinds| kinds.iter().collect::<Vec<_>>())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::RuleSet, *};

    #[test]
    fn guards_change_no_result() {
        let guarded = RuleSet::parse(include_str!("../../../exercises/idioms.toml")).expect("sound rules");
        let unguarded = guarded.without_guards();
        for snippet in guarded.defs().flat_map(|def| def.valid.iter().chain(&def.invalid)) {
            let files = [("lib/a.ex", snippet.as_str())];
            assert_eq!(guarded.check(&files), unguarded.check(&files), "{snippet}");
        }
    }

    #[test]
    fn a_guard_is_what_all_matches_have_in_common() {
        let guard = |text: &str| {
            Guard::of(&toml::from_str(text).expect("a table")).map(|guard| guard.text.to_string())
        };
        assert_eq!(
            guard("kind = \"call\"\nhas = { field = \"target\", regex = \"^if$\" }").as_deref(),
            Some("^if$")
        );
        let all = "all = [{ kind = \"call\" }, { has = { field = \"operator\", regex = \"^=$\" } }]";
        assert_eq!(guard(all).as_deref(), Some("^=$"));
        assert_eq!(guard("any = [{ has = { field = \"target\", regex = \"^if$\" } }]"), None);
        assert_eq!(guard("not = { has = { field = \"target\", regex = \"^if$\" } }"), None);
        assert_eq!(guard("has = { field = \"left\", regex = \"^if$\" }"), None);
        assert_eq!(guard("has = { field = \"target\", kind = \"identifier\" }"), None);
    }
}
