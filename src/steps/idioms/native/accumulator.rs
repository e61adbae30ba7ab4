//! Folds: lists that grow at the wrong end, and folds that have a name of their own.

use std::ops::Range;

use super::super::{
    syntax::{arguments, clause, do_body, head, is_kind, is_local_call, is_section, named_children, sides},
    tree::Node,
};

/// Functions that take a list, a start value and a function of an element and what has accumulated.
const FOLDS: [&str; 3] = ["Enum.reduce", "List.foldl", "Enum.reduce_while"];

/// `acc ++ [x]` where `acc` is what a fold, or a function that calls itself, has accumulated.
pub(super) fn append(operator: &Node<'_>) -> Vec<Range<usize>> {
    let Some((list, element)) = sides(operator, "++") else { return Vec::new() };
    if !is_kind(&element, "list") || named_children(&element).len() != 1 {
        return Vec::new();
    }
    if is_folded(operator, &list) || is_passed_on(operator, &list) {
        vec![operator.range()]
    } else {
        Vec::new()
    }
}

/// Whether the operator is a result of the function that a fold calls, and the list its accumulator.
fn is_folded(operator: &Node<'_>, list: &Node<'_>) -> bool {
    let function = operator.ancestors().find(|node| {
        is_kind(node, "anonymous_function")
            || (is_kind(node, "unary_operator") && node.field("operator").is_some_and(|op| op.text() == "&"))
    });
    function.is_some_and(|function| is_fold_argument(&function) && accumulates(&function, operator, list))
}

fn is_fold_argument(function: &Node<'_>) -> bool {
    let call = function.parent().and_then(|arguments| arguments.parent());
    call.and_then(|call| call.field("target")).is_some_and(|target| FOLDS.contains(&&*target.text()))
}

fn accumulates(function: &Node<'_>, operator: &Node<'_>, list: &Node<'_>) -> bool {
    if is_kind(function, "unary_operator") {
        return list.text() == "&2";
    }
    // Where the others are put in front, the end is meant.
    let puts_in_front =
        |node: Node<'_>| sides(&node, "|").is_some_and(|(_, rest)| rest.text() == list.text());
    if function.dfs().any(puts_in_front) {
        return false;
    }
    named_children(function).iter().filter(|child| contains(child, operator)).filter_map(clause).any(
        |clause| {
            let accumulator = clause.patterns.get(1);
            accumulator.is_some_and(|name| is_kind(name, "identifier") && name.text() == list.text())
                && clause
                    .body
                    .last()
                    .is_some_and(|result| contains(result, operator) && is_result(operator, result))
        },
    )
}

/// Whether the node's value is a value of `result`: itself, or a branch of it.
fn is_result(node: &Node<'_>, result: &Node<'_>) -> bool {
    let mut node = node.clone();
    while node.node_id() != result.node_id() {
        let Some(parent) = node.parent() else { return false };
        let passes = match &*parent.kind() {
            "do_block" | "else_block" | "body" | "block" => {
                is_section(&node) || is_kind(&node, "stab_clause") || is_last(&node, &parent)
            }
            // What the function of a `reduce_while` returns.
            "tuple" => {
                named_children(&parent).first().is_some_and(|tag| [":cont", ":halt"].contains(&&*tag.text()))
            }
            "call" => ["if", "unless", "case", "cond"].iter().any(|name| is_local_call(&parent, name)),
            "stab_clause" | "pair" | "keywords" | "arguments" => true,
            _ => false,
        };
        if !passes {
            return false;
        }
        node = parent;
    }
    true
}

/// Whether a block's value is that of the node.
fn is_last(node: &Node<'_>, block: &Node<'_>) -> bool {
    let last = named_children(block).into_iter().rfind(|child| !is_section(child));
    last.is_some_and(|last| last.node_id() == node.node_id())
}

/// Whether the operator is an argument of a function's last call, of itself, in the place of the
/// parameter that the list is.
fn is_passed_on(operator: &Node<'_>, list: &Node<'_>) -> bool {
    let Some(call) =
        operator.parent().filter(|node| is_kind(node, "arguments")).and_then(|node| node.parent())
    else {
        return false;
    };
    let Some(place) = arguments(&call).iter().position(|node| node.node_id() == operator.node_id()) else {
        return false;
    };
    let Some(function) =
        operator.ancestors().find(|node| is_local_call(node, "def") || is_local_call(node, "defp"))
    else {
        return false;
    };
    let head = arguments(&function).first().and_then(head);
    head.is_some_and(|(name, parameters)| {
        is_local_call(&call, &name)
            && arguments(&call).len() == parameters.len()
            && parameters
                .get(place)
                .is_some_and(|parameter| is_kind(parameter, "identifier") && parameter.text() == list.text())
            && do_body(&function)
                .last()
                .is_some_and(|result| contains(result, &call) && is_result(&call, result))
    })
}

/// `Enum.reduce(list, %{}, fn x, acc -> Map.put(acc, key, value) end)`.
pub(super) fn reduce_into_map(call: &Node<'_>) -> Vec<Range<usize>> {
    let steps = step(call, &["%{}", "Map.new()"]).and_then(|(accumulator, result)| {
        let (map, entry) = put(&result)?;
        Some(map.text() == accumulator && !entry.iter().any(|part| mentions(part, &accumulator)))
    });
    steps.filter(|is_plain| *is_plain).map(|_| call.range()).into_iter().collect()
}

/// `Enum.reverse(Enum.reduce(list, [], fn x, acc -> [y | acc] end))`: the call of `Enum.reverse`.
pub(super) fn reduce_reverse(call: &Node<'_>) -> Vec<Range<usize>> {
    let Some(reduce) = only_argument(call) else { return Vec::new() };
    let is_map = step(&reduce, &["[]"]).and_then(|(accumulator, result)| {
        let items = Some(&result).filter(|result| is_kind(result, "list")).map(named_children)?;
        let (element, rest) = items.first().filter(|_| items.len() == 1).and_then(|item| sides(item, "|"))?;
        Some(rest.text() == accumulator && !mentions(&element, &accumulator))
    });
    is_map.filter(|is_map| *is_map).map(|_| call.range()).into_iter().collect()
}

/// What a fold with that start makes of an element: the accumulator's name, and the one expression of
/// the function that it calls.
fn step<'t>(call: &Node<'t>, starts: &[&str]) -> Option<(String, Node<'t>)> {
    let call = sides(call, "|>").map_or_else(|| call.clone(), |(_, right)| right);
    if call.field("target")?.text() != "Enum.reduce" {
        return None;
    }
    let arguments = arguments(&call);
    let [.., start, function] = &arguments[..] else { return None };
    if !starts.contains(&&*start.text()) {
        return None;
    }
    if is_kind(function, "unary_operator") && function.field("operator")?.text() == "&" {
        let body = function.field("operand")?;
        return Some((
            "&2".to_owned(),
            named_children(&body).into_iter().next().filter(|_| is_kind(&body, "block")).unwrap_or(body),
        ));
    }
    let clauses: Vec<_> = named_children(function).iter().filter_map(clause).collect();
    let ([only], true) = (&clauses[..], is_kind(function, "anonymous_function")) else { return None };
    let ([_, accumulator], [result], false) = (&only.patterns[..], &only.body[..], only.guarded) else {
        return None;
    };
    is_kind(accumulator, "identifier").then(|| (accumulator.text().into_owned(), result.clone()))
}

/// The map of a `Map.put`, and the key and value that it puts.
fn put<'t>(node: &Node<'t>) -> Option<(Node<'t>, Vec<Node<'t>>)> {
    let piped = sides(node, "|>");
    let call = piped.as_ref().map_or(node, |(_, right)| right);
    if !is_kind(call, "call") || call.field("target")?.text() != "Map.put" {
        return None;
    }
    let mut arguments = arguments(call).into_iter();
    let map = match piped {
        Some((map, _)) => map,
        None => arguments.next()?,
    };
    Some((map, arguments.collect()))
}

/// The argument of a call that has one, be it piped in.
fn only_argument<'t>(call: &Node<'t>) -> Option<Node<'t>> {
    let piped = call
        .parent()
        .and_then(|parent| sides(&parent, "|>"))
        .filter(|(_, right)| right.node_id() == call.node_id());
    let mut arguments = arguments(call).into_iter().chain(piped.map(|(left, _)| left));
    let only = arguments.next();
    only.filter(|_| arguments.next().is_none())
}

fn mentions(node: &Node<'_>, name: &str) -> bool {
    node.dfs().any(|part| part.text() == name)
}

fn contains(outer: &Node<'_>, inner: &Node<'_>) -> bool {
    let (outer, inner) = (outer.range(), inner.range());
    outer.start <= inner.start && inner.end <= outer.end
}
