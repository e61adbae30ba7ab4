//! Atoms that are made from data: whether what becomes one was handed in.
//!
//! The text is followed back to where it comes from: a parameter, a map with string keys, a file, the
//! terminal. Where it comes from anywhere else (another function's answer, a struct's field), there may
//! be a set of known words behind it, and nothing is said.

use std::ops::Range;

use super::super::{
    syntax::{arguments, binary, clause, head, is_kind, is_local_call, named_children, sides},
    tree::Node,
};

/// Modules whose functions return their first argument in another form.
const FORMS: [&str; 5] = ["String.", "Enum.", "List.", "Stream.", "Map."];

/// Functions that read what the program was not written with.
const READERS: [&str; 4] = ["File.read!", "File.stream!", "IO.gets", "IO.read"];

/// Names of what there may be any number of.
const UNBOUNDED: [&str; 7] = ["id", "name", "key", "email", "token", "text", "param"];

/// From how many variables back a value is followed; each may have its own from another one.
const STEPS: usize = 16;

/// `String.to_atom` of what was handed in.
pub(super) fn from_input(call: &Node<'_>) -> Vec<Range<usize>> {
    if !runs_in_a_function(call) || is_one_of_few(call) {
        return Vec::new();
    }
    let is_input = match first_argument(call) {
        Some(text) => is_input(&text, STEPS),
        None => captured(call).is_some_and(|function| is_input_of(&function, STEPS)),
    };
    let name = call.field("target").filter(|_| is_input);
    name.map(|name| name.range()).into_iter().collect()
}

/// Whether the code runs when a function is called, and neither in a macro nor in a Mix task.
fn runs_in_a_function(node: &Node<'_>) -> bool {
    let around: Vec<_> = node.ancestors().filter(|node| is_kind(node, "call")).collect();
    let is_any =
        |names: &[&str]| around.iter().any(|call| names.iter().any(|name| is_local_call(call, name)));
    let is_task = |call: &Node<'_>| {
        is_local_call(call, "defmodule")
            && arguments(call).first().is_some_and(|name| name.text().starts_with("Mix."))
    };
    is_any(&["def", "defp"])
        && !is_any(&["unquote", "quote", "defmacro", "defmacrop"])
        && !around.iter().any(is_task)
}

/// Whether a condition around it admits only some values: `if x in @known`, `x when x in @known -> …`.
fn is_one_of_few(node: &Node<'_>) -> bool {
    node.ancestors().any(|around| {
        let condition = match &*around.kind() {
            "stab_clause" => around.field("left"),
            "call" if is_local_call(&around, "def") || is_local_call(&around, "defp") => {
                arguments(&around).into_iter().next()
            }
            "call" if is_local_call(&around, "if") => {
                return arguments(&around).first().is_some_and(|asked| sides(asked, "in").is_some());
            }
            _ => None,
        };
        condition
            .and_then(|condition| sides(&condition, "when"))
            .is_some_and(|(_, guard)| guard.dfs().any(|part| sides(&part, "in").is_some()))
    })
}

/// The first argument of a call, be it piped in.
fn first_argument<'t>(call: &Node<'t>) -> Option<Node<'t>> {
    let piped = call
        .parent()
        .and_then(|parent| sides(&parent, "|>"))
        .filter(|(_, right)| right.node_id() == call.node_id());
    piped.map(|(left, _)| left).or_else(|| arguments(call).into_iter().next())
}

/// The `&String.to_atom/1` that a name of a function is part of.
fn captured<'t>(name: &Node<'t>) -> Option<Node<'t>> {
    let with_arity = name.parent().filter(|node| sides(node, "/").is_some())?;
    with_arity.parent().filter(is_capture)
}

fn is_capture(node: &Node<'_>) -> bool {
    is_kind(node, "unary_operator") && node.field("operator").is_some_and(|operator| operator.text() == "&")
}

/// Whether a value was handed in, as it is or in another form.
fn is_input(value: &Node<'_>, steps: usize) -> bool {
    match &*value.kind() {
        "identifier" => is_input_variable(value, steps),
        "access_call" => value.field("key").is_some_and(|key| is_kind(&key, "string")),
        "block" => named_children(value).first().is_some_and(|only| is_input(only, steps)),
        "string" => {
            value.children().filter(|part| is_kind(part, "interpolation")).any(|part| names_one(&part, steps))
        }
        "unary_operator" => {
            value.ancestors().find(is_capture).is_some_and(|function| is_input_of(&function, steps))
        }
        "call" => is_input_call(value, steps),
        "binary_operator" => binary(value).is_some_and(|(left, operator, right)| match &*operator {
            "|>" => is_input_call(&right, steps),
            "||" => is_input(&left, steps),
            "<>" => [left, right]
                .iter()
                .any(|side| is_named(side, steps) || (is_kind(side, "string") && is_input(side, steps))),
            _ => false,
        }),
        _ => false,
    }
}

fn is_input_call(call: &Node<'_>, steps: usize) -> bool {
    let Some(name) = call.field("target").map(|target| target.text()) else { return false };
    let takes_key = name.starts_with("Map.") && arguments(call).iter().any(|key| is_kind(key, "string"));
    takes_key
        || READERS.contains(&&*name)
        || (FORMS.iter().any(|module| name.starts_with(module))
            && first_argument(call).is_some_and(|first| is_input(&first, steps)))
}

/// Whether an interpolation is of something that there may be any number of.
fn names_one(interpolation: &Node<'_>, steps: usize) -> bool {
    named_children(interpolation).first().is_some_and(|value| is_named(value, steps))
}

/// `text`, where it was handed in, or `user.id`.
fn is_named(value: &Node<'_>, steps: usize) -> bool {
    let text = value.text();
    let is_unbounded = UNBOUNDED
        .iter()
        .any(|name| text.ends_with(name) || text.strip_suffix('s').is_some_and(|one| one.ends_with(name)));
    let is_field = is_kind(value, "call") && value.children().count() == 1;
    is_unbounded && (is_field || (is_kind(value, "identifier") && is_input_variable(value, steps)))
}

/// Whether a function is called with what was handed in: it stands next to it in a call.
fn is_input_of(function: &Node<'_>, steps: usize) -> bool {
    let call = function.parent().filter(|node| is_kind(node, "arguments")).and_then(|node| node.parent());
    call.and_then(|call| first_argument(&call))
        .is_some_and(|source| source.node_id() != function.node_id() && is_input(&source, steps))
}

/// Whether a variable has its value from a parameter, or from a map with string keys.
fn is_input_variable(variable: &Node<'_>, steps: usize) -> bool {
    let Some(steps) = steps.checked_sub(1) else { return false };
    let name = variable.text();
    variable
        .ancestors()
        .collect::<Vec<_>>()
        .iter()
        .find_map(|scope| origin(scope, variable, &name, steps))
        .unwrap_or(false)
}

/// Whether the value is handed in, if the variable gets it in this scope.
fn origin(scope: &Node<'_>, variable: &Node<'_>, name: &str, steps: usize) -> Option<bool> {
    let is_before = |node: &Node<'_>| node.range().end <= variable.range().start;
    match &*scope.kind() {
        "stab_clause" => {
            let patterns = clause(scope)?.patterns;
            let bound = patterns
                .iter()
                .filter(|pattern| is_before(pattern))
                .find_map(|node| Bound::of(name, node))?;
            Some(bound.is_input(|| is_clause_of_input(scope, steps)))
        }
        "do_block" | "body" | "block" | "else_block" => named_children(scope)
            .iter()
            .filter(|node| is_before(node))
            .filter_map(|node| sides(node, "="))
            .filter_map(|(pattern, value)| {
                Some(Bound::of(name, &pattern)?.is_input(|| is_input(&value, steps)))
            })
            .next_back(),
        "call" if is_local_call(scope, "for") || is_local_call(scope, "with") => arguments(scope)
            .iter()
            .filter(|node| is_before(node))
            .filter_map(|node| sides(node, "<-").or_else(|| sides(node, "=")))
            .filter_map(|(pattern, value)| {
                Some(Bound::of(name, &pattern)?.is_input(|| is_input(&value, steps)))
            })
            .next_back(),
        "call" if is_local_call(scope, "def") || is_local_call(scope, "defp") => {
            let (_, parameters) = arguments(scope).first().and_then(head)?;
            let bound = parameters.iter().find_map(|parameter| Bound::of(name, parameter));
            Some(bound.is_some_and(|bound| bound.is_input(|| true)))
        }
        _ => None,
    }
}

/// Whether the clause of a `case` or a `fn` takes apart what was handed in.
fn is_clause_of_input(clause: &Node<'_>, steps: usize) -> bool {
    let Some(around) = clause.parent() else { return false };
    if is_kind(&around, "anonymous_function") {
        return is_input_of(&around, steps);
    }
    let case = around.parent().filter(|call| is_local_call(call, "case"));
    case.and_then(|case| first_argument(&case)).is_some_and(|subject| is_input(&subject, steps))
}

/// What a variable is of the value that is matched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// All of it, or a part.
    Value,
    /// What a map has under a string.
    UnderString,
    /// A field that the code knows by name.
    Field,
}

impl Bound {
    /// What `name` is in a pattern, if it stands in it.
    fn of(name: &str, pattern: &Node<'_>) -> Option<Self> {
        let variable = pattern.dfs().find(|part| is_kind(part, "identifier") && part.text() == name)?;
        let mut way = variable.ancestors().take_while(|node| node.range().len() <= pattern.range().len());
        let through = way.find_map(|node| match &*node.kind() {
            "pair" => Some(Self::Field),
            _ => sides(&node, "=>")
                .map(|(key, _)| if is_kind(&key, "string") { Self::UnderString } else { Self::Field }),
        });
        Some(through.unwrap_or(Self::Value))
    }

    fn is_input(self, whole: impl FnOnce() -> bool) -> bool {
        match self {
            Self::Value => whole(),
            Self::UnderString => true,
            Self::Field => false,
        }
    }
}
