//! Every rule against the snippets that come with it.

use thiserror::Error;

use super::{RuleSet, tree::Tree};
use crate::rule::RuleDef;

/// The path that a snippet is given.
const PATH: &str = "lib/snippet.ex";

/// A rule that does not do what its own snippets say.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("rule `{rule}`: {fault}")]
pub struct SelfTestFailure {
    /// The rule's id.
    pub rule: String,
    /// What does not hold.
    pub fault: SnippetFault,
}

/// What does not hold of a rule's snippets.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SnippetFault {
    /// There is no snippet under `valid`.
    #[error("no `valid` snippet")]
    NoValid,
    /// There is no snippet under `invalid`.
    #[error("no `invalid` snippet")]
    NoInvalid,
    /// A snippet that is not Elixir, which would be accepted for that reason alone.
    #[error("not valid Elixir: {snippet}")]
    Syntax {
        /// The snippet.
        snippet: String,
    },
    /// The rule reports a snippet that it must accept.
    #[error("reports, in line {line}, what it must accept: {snippet}")]
    Reported {
        /// The snippet.
        snippet: String,
        /// The first line reported.
        line: u32,
    },
    /// The rule accepts a snippet that it must report.
    #[error("accepts what it must report: {snippet}")]
    Accepted {
        /// The snippet.
        snippet: String,
    },
}

impl RuleSet {
    /// Holds every rule against its own snippets. Empty if all is well.
    #[must_use]
    pub fn self_test(&self) -> Vec<SelfTestFailure> {
        self.defs().flat_map(|def| self.only(&def.id).test(def)).collect()
    }

    /// Tests the one rule that the set consists of.
    fn test(&self, def: &RuleDef) -> Vec<SelfTestFailure> {
        let mut faults = Vec::new();
        if def.valid.is_empty() {
            faults.push(SnippetFault::NoValid);
        }
        if def.invalid.is_empty() {
            faults.push(SnippetFault::NoInvalid);
        }
        faults.extend(def.valid.iter().filter_map(|snippet| self.test_valid(snippet)));
        faults.extend(def.invalid.iter().filter_map(|snippet| self.test_invalid(snippet)));
        faults.into_iter().map(|fault| SelfTestFailure { rule: def.id.clone(), fault }).collect()
    }

    fn test_valid(&self, snippet: &str) -> Option<SnippetFault> {
        syntax_fault(snippet).or_else(|| {
            let line = self.check(&[(PATH, snippet)]).first()?.line;
            Some(SnippetFault::Reported { snippet: snippet.to_owned(), line })
        })
    }

    fn test_invalid(&self, snippet: &str) -> Option<SnippetFault> {
        syntax_fault(snippet).or_else(|| {
            let accepted = self.check(&[(PATH, snippet)]).is_empty();
            accepted.then(|| SnippetFault::Accepted { snippet: snippet.to_owned() })
        })
    }
}

fn syntax_fault(snippet: &str) -> Option<SnippetFault> {
    Tree::parse(snippet).first_error.map(|_| SnippetFault::Syntax { snippet: snippet.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(valid: &str, invalid: &str) -> Vec<String> {
        let text = format!(
            "[[rules]]\nid = \"bad-call\"\nseverity = \"error\"\nmessage = \"m\"\nhelp = \"h\"\n\
             rule.pattern = \"bad()\"\nvalid = {valid}\ninvalid = {invalid}"
        );
        let rules = RuleSet::parse(&text).expect("a sound rule");
        rules.self_test().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_holds_gives_no_failure() {
        assert_eq!(failures("[\"good()\"]", "[\"bad()\"]"), [""; 0]);
    }

    #[test]
    fn what_does_not_hold_is_named() {
        assert_eq!(
            failures("[\"1\\nbad()\"]", "[\"good()\"]"),
            [
                "rule `bad-call`: reports, in line 2, what it must accept: 1\nbad()",
                "rule `bad-call`: accepts what it must report: good()",
            ]
        );
    }

    #[test]
    fn both_kinds_of_snippets_are_needed() {
        assert_eq!(
            failures("[]", "[]"),
            ["rule `bad-call`: no `valid` snippet", "rule `bad-call`: no `invalid` snippet"]
        );
    }

    #[test]
    fn a_snippet_that_is_not_elixir_proves_nothing() {
        assert_eq!(failures("[\"bad(\"]", "[\"bad()\"]"), ["rule `bad-call`: not valid Elixir: bad("]);
    }
}
