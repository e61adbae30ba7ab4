//! From a rule's TOML to a matcher, and everything that can be wrong on the way.

use std::collections::HashMap;

use ast_grep_config::{
    DeserializeEnv, GlobalRules, RuleCore, RuleCoreError, SerializableGlobalRule, SerializableRule,
    SerializableRuleCore,
};
use ast_grep_language::Elixir;
use thiserror::Error;
use toml::Table;

use super::{dispatch::Guard, keys, native::Native};
use crate::rule::{Expect, RuleDef, UtilDef};

/// What is wrong with a set of rules.
#[derive(Debug, Error)]
pub enum RuleError {
    /// The file of rules cannot be read.
    #[error("the rules are not valid TOML")]
    Toml(#[source] toml::de::Error),
    /// An id that names two rules.
    #[error("rule `{id}` is defined twice")]
    Duplicate {
        /// The id.
        id: String,
    },
    /// An exercise skips a rule that does not exist.
    #[error("there is no shared rule `{id}` to skip")]
    UnknownSkip {
        /// What the exercise names.
        id: String,
    },
    /// One rule is wrong.
    #[error("rule `{id}`")]
    Rule {
        /// Its id.
        id: String,
        /// What is wrong with it.
        source: RuleFault,
    },
    /// The shared building blocks are wrong, or one of them is.
    #[error("shared rule parts{}", id.as_deref().map(|id| format!(", `{id}`")).unwrap_or_default())]
    Utils {
        /// Its id, where it is one.
        id: Option<String>,
        /// What is wrong.
        source: RuleFault,
    },
}

/// What is wrong with one rule.
#[derive(Debug, Error)]
pub enum RuleFault {
    /// An id that is not words in lower case, joined by hyphens.
    #[error("the id is not in lower case with hyphens, like `io-inspect`")]
    Id,
    /// A message that would not fit the report.
    #[error("the message {0}")]
    Message(&'static str),
    /// Neither `rule` nor `native`, or both.
    #[error("it needs either `rule` or `native`")]
    OneOfRuleAndNative,
    /// `native` names nothing.
    #[error("there is no native matcher `{name}`, only {}", Native::names().join(", "))]
    UnknownNative {
        /// The name given.
        name: String,
    },
    /// A key that has no effect here.
    #[error("`{key}` has no effect {reason}")]
    NoEffect {
        /// The key.
        key: &'static str,
        /// Where it would have one.
        reason: &'static str,
    },
    /// A key that rule objects do not have.
    #[error("`{path}` is not a key of a rule object (expected one of {})", expected.join(", "))]
    UnknownKey {
        /// Where, as in `rule.has.stopby`.
        path: String,
        /// What may stand there.
        expected: Vec<&'static str>,
    },
    /// A value of the wrong type.
    #[error("`{path}` is not {expected}")]
    Type {
        /// Where.
        path: String,
        /// What is needed.
        expected: &'static str,
    },
    /// A pattern that is not Elixir.
    #[error("the pattern at `{path}` is not valid Elixir: {pattern}")]
    Pattern {
        /// Where.
        path: String,
        /// The pattern.
        pattern: String,
    },
    /// A field name that no syntax node has.
    #[error("`{path}` is no field of Elixir's syntax nodes")]
    Field {
        /// Where.
        path: String,
    },
    /// A rule object that TOML and ast-grep disagree about.
    #[error("`{part}` cannot be read as a rule object")]
    Object {
        /// `rule`, `constraints`, `utils`, `within` or `unless`.
        part: &'static str,
        /// What does not fit.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// ast-grep refuses the rule.
    #[error("ast-grep does not accept `{part}`")]
    Refused {
        /// `rule` (with `constraints` and `utils`), `within` or `unless`.
        part: &'static str,
        /// Why.
        #[source]
        source: Box<RuleCoreError>,
    },
    /// A rule that would be tried on every node.
    #[error("the rule does not say what kind of syntax node it is about; add a `kind` or a `pattern`")]
    AnyKind,
}

/// A rule that is ready to match.
pub(super) struct Rule {
    pub(super) def: RuleDef,
    pub(super) matcher: Matcher,
    /// What must hold of a node for the matcher to be worth trying.
    pub(super) guard: Option<Guard>,
}

/// What finds the matches of a rule.
pub(super) enum Matcher {
    /// An ast-grep rule, the place to report where it must be present, and what it is off with.
    Pattern { rule: Box<RuleCore>, within: Option<Box<RuleCore>>, unless: Option<Box<RuleCore>> },
    /// Rust, and what it is off with.
    Native { native: Native, unless: Option<Box<RuleCore>> },
}

impl Matcher {
    /// What a file must not have for the rule to say something about it.
    pub(super) fn unless(&self) -> Option<&RuleCore> {
        match self {
            Self::Pattern { unless, .. } | Self::Native { unless, .. } => unless.as_deref(),
        }
    }
}

/// Makes the shared building blocks.
pub(super) fn utils(defs: &[UtilDef]) -> Result<GlobalRules, RuleError> {
    let rules = defs
        .iter()
        .map(|def| util(def).map_err(|source| RuleError::Utils { id: Some(def.id.clone()), source }))
        .collect::<Result<Vec<_>, _>>()?;
    DeserializeEnv::parse_global_utils(rules).map_err(|source| RuleError::Utils {
        id: None,
        source: RuleFault::Refused { part: "utils", source: Box::new(source) },
    })
}

fn util(def: &UtilDef) -> Result<SerializableGlobalRule<Elixir>, RuleFault> {
    Ok(SerializableGlobalRule {
        core: SerializableRuleCore {
            rule: object("utils", &def.rule)?,
            constraints: None,
            utils: None,
            transform: None,
        },
        id: def.id.clone(),
        arguments: (!def.arguments.is_empty()).then(|| def.arguments.clone()),
        language: Elixir,
    })
}

/// Makes a rule.
pub(super) fn rule(def: &RuleDef, globals: &GlobalRules) -> Result<Rule, RuleError> {
    check_texts(def)
        .and_then(|()| matcher(def, globals))
        .map(|matcher| Rule { def: def.clone(), guard: guard(def, &matcher), matcher })
        .map_err(|source| RuleError::Rule { id: def.id.clone(), source })
}

fn guard(def: &RuleDef, matcher: &Matcher) -> Option<Guard> {
    match matcher {
        Matcher::Native { native, .. } => native.guard(),
        // `within` has demands of its own.
        Matcher::Pattern { within: Some(_), .. } => None,
        Matcher::Pattern { within: None, .. } => def.rule.as_ref().and_then(Guard::of),
    }
}

fn check_texts(def: &RuleDef) -> Result<(), RuleFault> {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if !def.id.split('-').all(word) {
        return Err(RuleFault::Id);
    }
    if def.message.trim().is_empty() {
        return Err(RuleFault::Message("is empty"));
    }
    if def.message.contains('\n') {
        return Err(RuleFault::Message("has more than one line"));
    }
    if def.message.ends_with('.') {
        return Err(RuleFault::Message("ends with a period"));
    }
    Ok(())
}

fn matcher(def: &RuleDef, globals: &GlobalRules) -> Result<Matcher, RuleFault> {
    match (&def.rule, &def.native) {
        (Some(rule), None) => pattern_matcher(def, rule, globals),
        (None, Some(name)) => native_matcher(def, name, globals),
        _ => Err(RuleFault::OneOfRuleAndNative),
    }
}

fn native_matcher(def: &RuleDef, name: &str, globals: &GlobalRules) -> Result<Matcher, RuleFault> {
    let reason = "with `native`";
    for (key, used) in [
        ("constraints", !def.constraints.is_empty()),
        ("utils", !def.utils.is_empty()),
        ("expect", def.expect != Expect::default()),
        ("within", def.within.is_some()),
    ] {
        if used {
            return Err(RuleFault::NoEffect { key, reason });
        }
    }
    let native = Native::named(name).ok_or_else(|| RuleFault::UnknownNative { name: name.to_owned() })?;
    Ok(Matcher::Native { native, unless: other_matcher("unless", def.unless.as_ref(), None, globals)? })
}

fn pattern_matcher(def: &RuleDef, table: &Table, globals: &GlobalRules) -> Result<Matcher, RuleFault> {
    let utils = objects("utils", &def.utils)?;
    let core = SerializableRuleCore {
        rule: object("rule", table)?,
        constraints: objects("constraints", &def.constraints)?,
        utils: utils.clone(),
        transform: None,
    };
    if def.within.is_some() && def.expect == Expect::Absent {
        return Err(RuleFault::NoEffect { key: "within", reason: "without `expect = \"present\"`" });
    }
    if def.unless.is_some() && def.expect == Expect::Present {
        return Err(RuleFault::NoEffect { key: "unless", reason: "with `expect = \"present\"`" });
    }
    Ok(Matcher::Pattern {
        rule: core_matcher("rule", &core, globals)?,
        within: other_matcher("within", def.within.as_ref(), utils.as_ref(), globals)?,
        unless: other_matcher("unless", def.unless.as_ref(), utils.as_ref(), globals)?,
    })
}

/// The matcher of `within` or `unless`, where the rule has it.
fn other_matcher(
    part: &'static str,
    table: Option<&Table>,
    utils: Option<&Objects>,
    globals: &GlobalRules,
) -> Result<Option<Box<RuleCore>>, RuleFault> {
    let Some(table) = table else { return Ok(None) };
    let rule = object(part, table)?;
    let core = SerializableRuleCore { rule, constraints: None, utils: utils.cloned(), transform: None };
    core_matcher(part, &core, globals).map(Some)
}

fn core_matcher(
    part: &'static str,
    core: &SerializableRuleCore,
    globals: &GlobalRules,
) -> Result<Box<RuleCore>, RuleFault> {
    use ast_grep_core::Matcher as _;

    let env = DeserializeEnv::new(Elixir).with_globals(globals);
    let matcher =
        core.get_matcher(env).map_err(|source| RuleFault::Refused { part, source: Box::new(source) })?;
    if matcher.potential_kinds().is_none() {
        return Err(RuleFault::AnyKind);
    }
    Ok(Box::new(matcher))
}

type Objects = HashMap<String, SerializableRule>;

fn objects<'t>(
    part: &'static str,
    tables: impl IntoIterator<Item = (&'t String, &'t Table)>,
) -> Result<Option<Objects>, RuleFault> {
    let objects = tables
        .into_iter()
        .map(|(name, table)| Ok((name.clone(), object(part, table)?)))
        .collect::<Result<Objects, RuleFault>>()?;
    Ok(Some(objects).filter(|objects| !objects.is_empty()))
}

fn object(part: &'static str, table: &Table) -> Result<SerializableRule, RuleFault> {
    keys::check(part, table)?;
    table.clone().try_into().map_err(|source| RuleFault::Object { part, source: Box::new(source) })
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::super::RuleSet;

    /// The error and its causes for a rule with these keys.
    fn error(keys: &str) -> String {
        let text = format!(
            "[[rules]]\nid = \"a-rule\"\nseverity = \"error\"\nmessage = \"m\"\nhelp = \"h\"\nvalid = []\ninvalid = []\n{keys}"
        );
        match RuleSet::parse(&text) {
            Ok(_) => "no error".to_owned(),
            Err(error) => causes(&error),
        }
    }

    fn causes(error: &(dyn Error + 'static)) -> String {
        let chain = std::iter::successors(Some(error), |error| (*error).source());
        chain.map(|error| error.to_string().trim().to_owned()).collect::<Vec<_>>().join(": ")
    }

    #[test]
    fn rules_that_are_accepted() {
        for keys in [
            "rule.pattern = \"f($$$)\"",
            "rule.pattern = { context = \"case x do $A -> $B end\", selector = \"stab_clause\" }",
            "rule.kind = \"call\"\nrule.nthChild = { position = 1, ofRule = { kind = \"call\" } }",
            "rule.kind = \"call\"\nrule.has = { kind = \"alias\", stopBy = \"end\", field = \"target\" }",
            "rule.matches = \"one\"\nutils.one = { kind = \"call\" }",
            "rule.pattern = \"f($A)\"\nconstraints.A = { regex = \"^x\" }",
            "native = \"missing-spec\"",
        ] {
            assert_eq!(error(keys), "no error", "{keys}");
        }
    }

    #[test]
    fn misspelt_keys_are_found_at_any_depth() {
        let keys = "rule.kind = \"call\"\nrule.has = { kind = \"alias\", stopby = \"end\" }";
        assert!(error(keys).starts_with("rule `a-rule`: `rule.has.stopby` is not a key of a rule object"));
        let keys = "rule.any = [{ kind = \"call\" }, { not = { kid = \"call\" } }]";
        assert!(error(keys).starts_with("rule `a-rule`: `rule.any[1].not.kid` is not a key"));
        let keys = "rule.kind = \"call\"\nrule.nthChild = { position = 1, of = { kind = \"call\" } }";
        assert!(error(keys).starts_with("rule `a-rule`: `rule.nthChild.of` is not a key"));
        let keys = "rule.kind = \"call\"\nrule.stopBy = \"end\"";
        assert!(error(keys).starts_with("rule `a-rule`: `rule.stopBy` is not a key"));
        let keys = "rule.pattern = \"f($A)\"\nconstraints.A = { rgex = \"^x\" }";
        assert!(error(keys).starts_with("rule `a-rule`: `constraints.rgex` is not a key"));
        assert!(error("severty = \"error\"").contains("unknown field `severty`"));
    }

    #[test]
    fn rules_that_could_never_match_are_refused() {
        assert_eq!(
            error("rule.pattern = \"f($$$\""),
            "rule `a-rule`: the pattern at `rule.pattern` is not valid Elixir: f($$$"
        );
        assert!(
            error("rule.kind = \"function_call\"")
                .starts_with("rule `a-rule`: ast-grep does not accept `rule`")
        );
        let keys = "rule.kind = \"call\"\nrule.has = { kind = \"alias\", field = \"function\" }";
        assert_eq!(error(keys), "rule `a-rule`: `rule.has.field` is no field of Elixir's syntax nodes");
        let keys = "rule.kind = \"call\"\nrule.has = { matches = \"nothing\" }";
        assert!(error(keys).starts_with("rule `a-rule`: ast-grep does not accept `rule`"));
    }

    #[test]
    fn rules_say_what_kind_of_node_they_are_about() {
        assert!(error("rule.regex = \"x\"").contains("does not say what kind of syntax node"));
    }

    #[test]
    fn keys_without_effect_are_refused() {
        assert_eq!(error(""), "rule `a-rule`: it needs either `rule` or `native`");
        assert_eq!(
            error("rule.kind = \"call\"\nwithin.kind = \"call\""),
            "rule `a-rule`: `within` has no effect without `expect = \"present\"`"
        );
        assert_eq!(
            error("rule.kind = \"call\"\nexpect = \"present\"\nunless.kind = \"call\""),
            "rule `a-rule`: `unless` has no effect with `expect = \"present\"`"
        );
        assert_eq!(
            error("native = \"missing-spec\"\nexpect = \"present\""),
            "rule `a-rule`: `expect` has no effect with `native`"
        );
        assert!(
            error("native = \"missing\"")
                .starts_with("rule `a-rule`: there is no native matcher `missing`, only ")
        );
    }

    #[test]
    fn texts_fit_the_report() {
        let with = |id: &str, message: &str| {
            let text = format!(
                "[[rules]]\nid = \"{id}\"\nseverity = \"advice\"\nmessage = \"{message}\"\nhelp = \"h\"\nvalid = []\n\
                 invalid = []\nrule.kind = \"call\""
            );
            RuleSet::parse(&text).err().map(|error| causes(&error)).unwrap_or_default()
        };
        assert_eq!(with("a-rule", "no `with`"), "");
        assert_eq!(with("a-rule", "No."), "rule `a-rule`: the message ends with a period");
        assert_eq!(with("a-rule", "a\\nb"), "rule `a-rule`: the message has more than one line");
        assert_eq!(with("a-rule", ""), "rule `a-rule`: the message is empty");
        assert!(with("A_rule", "m").starts_with("rule `A_rule`: the id is not in lower case"));
    }

    #[test]
    fn ids_are_unique() {
        let rule = "[[rules]]\nid = \"twice\"\nseverity = \"error\"\nmessage = \"m\"\nhelp = \"h\"\nvalid = []\n\
                    invalid = []\nrule.kind = \"call\"\n";
        let error = RuleSet::parse(&rule.repeat(2)).err().map(|error| causes(&error));
        assert_eq!(error.as_deref(), Some("rule `twice` is defined twice"));
    }

    #[test]
    fn shared_parts_are_checked_too() {
        let parts = |text: &str| RuleSet::parse(text).err().map(|error| causes(&error)).unwrap_or_default();
        assert!(
            parts("[[utils]]\nid = \"a\"\nrule.knd = \"call\"")
                .starts_with("shared rule parts, `a`: `utils.knd` is not")
        );
        let cycle =
            "[[utils]]\nid = \"a\"\nrule.matches = \"b\"\n[[utils]]\nid = \"b\"\nrule.matches = \"a\"";
        assert!(parts(cycle).starts_with("shared rule parts: ast-grep does not accept `utils`"));
    }
}
