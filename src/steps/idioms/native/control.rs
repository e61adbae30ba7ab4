//! Control flow: what a clause does with the value it was given.

use std::{borrow::Cow, ops::Range};

use super::super::{
    syntax::{
        Clause, child_of_kind, clause, do_body, is_kind, is_local_call, keyword, named_children, sides,
    },
    tree::Node,
};

/// An `else` of a `with` in which every clause returns what it matched.
pub(super) fn with_idle_else(with: &Node<'_>) -> Vec<Range<usize>> {
    let block = child_of_kind(with, "do_block").and_then(|block| child_of_kind(&block, "else_block"));
    let Some(block) = block.or_else(|| keyword(with, "else")) else { return Vec::new() };
    let clauses: Vec<_> = named_children(&block).iter().filter_map(clause).collect();
    if !clauses.is_empty() && clauses.iter().all(hands_on) { vec![block.range()] } else { Vec::new() }
}

/// A `case` that is the result of a clause of another one, where both go on in one clause, and in the
/// others only return what they matched: a `with` in two steps.
pub(super) fn nested_case(case: &Node<'_>) -> Vec<Range<usize>> {
    let inner = step_into(case);
    // Of several levels only the outermost pair is reported.
    let inner = inner.filter(|_| enclosing_case(case).is_none_or(|outer| step_into(&outer).is_none()));
    inner.map(|inner| inner.range()).into_iter().collect()
}

/// The `case` that the clause which goes on ends in, if both are steps.
fn step_into<'t>(case: &Node<'t>) -> Option<Node<'t>> {
    let inner = as_case(step(case)?.body.last()?)?;
    step(&inner).map(|_| inner)
}

/// The one clause that goes on, where every other hands on a failure.
fn step<'t>(case: &Node<'t>) -> Option<Clause<'t>> {
    let (failed, mut rest): (Vec<_>, Vec<_>) =
        clauses(case).into_iter().partition(|clause| hands_on(clause) && !is_success(clause));
    let clause = rest.pop().filter(|_| rest.is_empty() && !failed.is_empty())?;
    let pattern = clause.patterns.first()?;
    let is_failure = is_kind(pattern, "identifier") || tag(pattern).is_some_and(|tag| tag == ":error");
    (!is_failure).then_some(clause)
}

fn is_success(clause: &Clause<'_>) -> bool {
    clause.patterns.first().and_then(tag).is_some_and(|tag| tag == ":ok")
}

/// The atom that tells what a value is: `:ok` of `{:ok, 1}` and of `:ok`.
fn tag<'t>(pattern: &Node<'t>) -> Option<Cow<'t, str>> {
    let value = sides(pattern, "=").map_or_else(|| pattern.clone(), |(value, _)| value);
    if is_kind(&value, "tuple") { named_children(&value).first().map(Node::text) } else { Some(value.text()) }
}

/// Whether a clause returns what it matched: `error -> error`, `{:error, _} = error -> error`.
fn hands_on(clause: &Clause<'_>) -> bool {
    let ([pattern], [body], false) = (&clause.patterns[..], &clause.body[..], clause.guarded) else {
        return false;
    };
    let names = sides(pattern, "=").map(|(left, right)| [left, right]);
    let mut whole = names.iter().flatten().chain([pattern]).filter(|name| !is_kind(name, "map"));
    whole.any(|name| name.text() == body.text()) && !body.text().contains('%')
}

fn clauses<'t>(case: &Node<'t>) -> Vec<Clause<'t>> {
    do_body(case).iter().filter_map(clause).collect()
}

/// The `case`s that are the last expression of a clause.
fn results<'t>(case: &Node<'t>) -> Vec<Node<'t>> {
    clauses(case).iter().filter_map(|clause| as_case(clause.body.last()?)).collect()
}

/// `case x do … end` or `x |> case do … end`.
fn as_case<'t>(node: &Node<'t>) -> Option<Node<'t>> {
    let call = sides(node, "|>").map_or_else(|| node.clone(), |(_, right)| right);
    is_local_call(&call, "case").then_some(call)
}

/// The `case` that this one is a result of.
fn enclosing_case<'t>(case: &Node<'t>) -> Option<Node<'t>> {
    let outer =
        case.ancestors().find(|node| is_local_call(node, "case") || is_kind(node, "anonymous_function"))?;
    results(&outer).iter().any(|inner| inner.node_id() == case.node_id()).then_some(outer)
}
