//! Control flow: what a clause does with the value it was given.

use std::ops::Range;

use super::{
    super::tree::Node,
    syntax::{
        Clause, child_of_kind, clause, do_body, is_kind, is_local_call, keyword, named_children, sides,
    },
};

/// An `else` of a `with` in which every clause returns what it matched.
pub(super) fn with_idle_else(with: &Node<'_>) -> Vec<Range<usize>> {
    let block = child_of_kind(with, "do_block").and_then(|block| child_of_kind(&block, "else_block"));
    let Some(block) = block.or_else(|| keyword(with, "else")) else { return Vec::new() };
    let clauses: Vec<_> = named_children(&block).iter().filter_map(clause).collect();
    if !clauses.is_empty() && clauses.iter().all(hands_on) { vec![block.range()] } else { Vec::new() }
}

/// A `case` that is the result of a clause of another one, where all other clauses of both only
/// return what they matched: a `with` in two steps.
pub(super) fn nested_case(case: &Node<'_>) -> Vec<Range<usize>> {
    let inner = if is_step(case) { results(case).into_iter().find(is_step) } else { None };
    // Of several levels only the outermost pair is reported.
    let inner = inner.filter(|_| !enclosing_case(case).is_some_and(|outer| is_step(&outer)));
    inner.map(|inner| inner.range()).into_iter().collect()
}

/// Whether at most one clause does more than return what it matched, and at least one does not.
fn is_step(case: &Node<'_>) -> bool {
    let clauses = clauses(case);
    let idle = clauses.iter().filter(|clause| hands_on(clause)).count();
    idle > 0 && clauses.len() - idle <= 1
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
    clauses(case).into_iter().filter_map(|clause| as_case(clause.body.last()?)).collect()
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
