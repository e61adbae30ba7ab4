//! What may stand in a rule object.
//!
//! ast-grep ignores a misspelt key in a relational rule (`stopby` for `stopBy`) and takes a pattern
//! that is no Elixir for one that matches nothing. Both are looked for here first: a rule that
//! silently never matches lets every solution pass.

use ast_grep_language::{Elixir, Language, LanguageExt};
use toml::{Table, Value};

use super::compile::RuleFault;

/// Keys of an ast-grep rule object.
const RULE_KEYS: [&str; 13] = [
    "pattern", "kind", "regex", "nthChild", "range", "inside", "has", "precedes", "follows", "all", "any",
    "not", "matches",
];
/// Further keys of the objects under `inside`, `has`, `precedes` and `follows`.
const RELATION_KEYS: [&str; 2] = ["stopBy", "field"];
/// Keys of a pattern that is an object.
const PATTERN_KEYS: [&str; 3] = ["context", "selector", "strictness"];
/// Keys of an `nthChild` that is an object.
const NTH_CHILD_KEYS: [&str; 3] = ["position", "ofRule", "reverse"];

/// Checks a rule object, all the way down; `part` is where it stands.
pub(super) fn check(part: &str, rule: &Table) -> Result<(), RuleFault> {
    check_rule(part, rule, false)
}

/// `relation` says whether the object stands under `inside`, `has`, `precedes` or `follows`.
fn check_rule(path: &str, table: &Table, relation: bool) -> Result<(), RuleFault> {
    for (key, value) in table {
        let path = &format!("{path}.{key}");
        match (key.as_str(), relation) {
            ("pattern", _) => check_pattern(path, value)?,
            ("not", _) => check_rule(path, as_table(path, value)?, false)?,
            ("inside" | "has" | "precedes" | "follows", _) => check_rule(path, as_table(path, value)?, true)?,
            ("all" | "any", _) => check_list(path, value)?,
            ("nthChild", _) => check_nth_child(path, value)?,
            ("matches", _) => check_matches(path, value)?,
            ("kind" | "regex" | "range", _) => {}
            ("field", true) => check_field(path, value)?,
            ("stopBy", true) => {
                if let Value::Table(table) = value {
                    check_rule(path, table, false)?;
                }
            }
            _ => return Err(unknown_key(path, &RULE_KEYS, if relation { &RELATION_KEYS } else { &[] })),
        }
    }
    Ok(())
}

fn unknown_key(path: &str, keys: &[&'static str], more: &[&'static str]) -> RuleFault {
    RuleFault::UnknownKey { path: path.to_owned(), expected: [keys, more].concat() }
}

fn as_table<'v>(path: &str, value: &'v Value) -> Result<&'v Table, RuleFault> {
    value.as_table().ok_or_else(|| RuleFault::Type { path: path.to_owned(), expected: "a rule object" })
}

fn as_str<'v>(path: &str, value: &'v Value) -> Result<&'v str, RuleFault> {
    value.as_str().ok_or_else(|| RuleFault::Type { path: path.to_owned(), expected: "a string" })
}

fn check_list(path: &str, value: &Value) -> Result<(), RuleFault> {
    let rules = value
        .as_array()
        .ok_or_else(|| RuleFault::Type { path: path.to_owned(), expected: "a list of rule objects" })?;
    for (index, rule) in rules.iter().enumerate() {
        let path = &format!("{path}[{index}]");
        check_rule(path, as_table(path, rule)?, false)?;
    }
    Ok(())
}

fn check_nth_child(path: &str, value: &Value) -> Result<(), RuleFault> {
    let Value::Table(table) = value else { return Ok(()) };
    for (key, value) in table {
        let path = &format!("{path}.{key}");
        match key.as_str() {
            "ofRule" => check_rule(path, as_table(path, value)?, false)?,
            "position" | "reverse" => {}
            _ => return Err(unknown_key(path, &NTH_CHILD_KEYS, &[])),
        }
    }
    Ok(())
}

/// `matches = "name"`, or `matches = { name = { argument = { … } } }`.
fn check_matches(path: &str, value: &Value) -> Result<(), RuleFault> {
    let Value::Table(calls) = value else { return Ok(()) };
    for (name, arguments) in calls {
        let path = &format!("{path}.{name}");
        for (argument, rule) in as_table(path, arguments)? {
            let path = &format!("{path}.{argument}");
            check_rule(path, as_table(path, rule)?, false)?;
        }
    }
    Ok(())
}

fn check_field(path: &str, value: &Value) -> Result<(), RuleFault> {
    match Elixir.field_to_id(as_str(path, value)?) {
        Some(_) => Ok(()),
        None => Err(RuleFault::Field { path: path.to_owned() }),
    }
}

fn check_pattern(path: &str, value: &Value) -> Result<(), RuleFault> {
    let text = match value {
        Value::Table(table) => {
            if let Some(key) = table.keys().find(|key| !PATTERN_KEYS.contains(&key.as_str())) {
                return Err(unknown_key(&format!("{path}.{key}"), &PATTERN_KEYS, &[]));
            }
            as_str(path, table.get("context").unwrap_or(value))?
        }
        _ => as_str(path, value)?,
    };
    if Elixir.ast_grep(Elixir.pre_process_pattern(text)).root().get_inner_node().has_error() {
        return Err(RuleFault::Pattern { path: path.to_owned(), pattern: text.to_owned() });
    }
    Ok(())
}
