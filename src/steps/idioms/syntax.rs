//! Elixir's syntax nodes as code that is no pattern wants to see them.

use std::borrow::Cow;

use super::tree::Node;

/// The name of a local call (`case` in `case x do … end`), or of a variable or a call without arguments.
pub(super) fn local_name<'t>(node: &Node<'t>) -> Option<Cow<'t, str>> {
    let name = if is_kind(node, "call") { node.field("target")? } else { node.clone() };
    is_kind(&name, "identifier").then(|| name.text())
}

/// Whether the node is a local call of that name.
pub(super) fn is_local_call(node: &Node<'_>, name: &str) -> bool {
    is_kind(node, "call") && local_name(node).is_some_and(|found| found == name)
}

/// Whether the node is a call of that function of a module, as in `Enum.map(x, f)`.
pub(super) fn is_remote_call(node: &Node<'_>, name: &str) -> bool {
    is_kind(node, "call") && node.field("target").is_some_and(|target| target.text() == name)
}

pub(super) fn is_kind(node: &Node<'_>, kind: &str) -> bool {
    node.kind() == kind
}

/// The children that are syntax, without punctuation and comments.
pub(super) fn named_children<'t>(node: &Node<'t>) -> Vec<Node<'t>> {
    node.children().filter(|child| child.is_named() && !is_kind(child, "comment")).collect()
}

/// The first child of that kind.
pub(super) fn child_of_kind<'t>(node: &Node<'t>, kind: &str) -> Option<Node<'t>> {
    node.children().find(|child| is_kind(child, kind))
}

/// The arguments of a call, a trailing keyword list included as one node.
pub(super) fn arguments<'t>(call: &Node<'t>) -> Vec<Node<'t>> {
    child_of_kind(call, "arguments").map(|arguments| named_children(&arguments)).unwrap_or_default()
}

/// Left side, operator and right side of a binary operator.
pub(super) fn binary<'t>(node: &Node<'t>) -> Option<(Node<'t>, Cow<'t, str>, Node<'t>)> {
    if !is_kind(node, "binary_operator") {
        return None;
    }
    Some((node.field("left")?, node.field("operator")?.text(), node.field("right")?))
}

/// Both sides of a given binary operator.
pub(super) fn sides<'t>(node: &Node<'t>, operator: &str) -> Option<(Node<'t>, Node<'t>)> {
    binary(node).filter(|(_, found, _)| found == operator).map(|(left, _, right)| (left, right))
}

/// Name and value of a module attribute that is set: `@spec …`, `@doc false`.
pub(super) fn attribute<'t>(node: &Node<'t>) -> Option<(Cow<'t, str>, Node<'t>)> {
    if !is_kind(node, "unary_operator") || node.field("operator")?.text() != "@" {
        return None;
    }
    let call = node.field("operand").filter(|operand| is_kind(operand, "call"))?;
    let value = arguments(&call).into_iter().next()?;
    Some((local_name(&call)?, value))
}

/// The value of a key (`do`, `else`) in the keywords at the end of a call's arguments.
pub(super) fn keyword<'t>(call: &Node<'t>, key: &str) -> Option<Node<'t>> {
    let keywords = arguments(call).into_iter().next_back().filter(|last| is_kind(last, "keywords"))?;
    named_children(&keywords).into_iter().find_map(|pair| {
        let found = pair.field("key")?.text();
        if found.trim_end().strip_suffix(':') == Some(key) { pair.field("value") } else { None }
    })
}

/// The expressions of a call's `do`, in either spelling, without the other sections.
pub(super) fn do_body<'t>(call: &Node<'t>) -> Vec<Node<'t>> {
    if let Some(block) = child_of_kind(call, "do_block") {
        return named_children(&block).into_iter().filter(|child| !is_section(child)).collect();
    }
    match keyword(call, "do") {
        Some(value) => unwrap_block(&value),
        None => Vec::new(),
    }
}

/// The expressions in parentheses, or the expression itself.
pub(super) fn unwrap_block<'t>(node: &Node<'t>) -> Vec<Node<'t>> {
    if is_kind(node, "block") { named_children(node) } else { vec![node.clone()] }
}

/// An `else`, `rescue`, `catch` or `after` section of a `do` block.
pub(super) fn is_section(node: &Node<'_>) -> bool {
    node.kind().ends_with("_block") && !is_kind(node, "do_block")
}

/// A clause `left -> right`.
pub(super) struct Clause<'t> {
    /// The patterns, without the guard.
    pub(super) patterns: Vec<Node<'t>>,
    /// Whether it has a guard.
    pub(super) guarded: bool,
    /// The expressions on the right.
    pub(super) body: Vec<Node<'t>>,
}

/// A clause, if the node is one.
pub(super) fn clause<'t>(node: &Node<'t>) -> Option<Clause<'t>> {
    if !is_kind(node, "stab_clause") {
        return None;
    }
    let left = node.field("left");
    let guard = left.as_ref().and_then(|left| sides(left, "when"));
    let guarded = guard.is_some();
    let patterns = guard.map(|(patterns, _)| patterns).or(left).map(|left| named_children(&left));
    let body = node.field("right").map(|right| named_children(&right)).unwrap_or_default();
    Some(Clause { patterns: patterns.unwrap_or_default(), guarded, body })
}

/// The name and the arguments of a function's head: `f(a, b) when a > b`, `f`, `a + b`.
/// `None` for a head that is only known after macros have run.
pub(super) fn head<'t>(node: &Node<'t>) -> Option<(String, Vec<Node<'t>>)> {
    if let Some((head, _guard)) = sides(node, "when") {
        return head_without_guard(&head);
    }
    head_without_guard(node)
}

fn head_without_guard<'t>(node: &Node<'t>) -> Option<(String, Vec<Node<'t>>)> {
    if let Some((left, operator, right)) = binary(node) {
        return Some((operator.into_owned(), vec![left, right]));
    }
    if is_kind(node, "unary_operator") {
        return Some((node.field("operator")?.text().into_owned(), vec![node.field("operand")?]));
    }
    let name = local_name(node).filter(|name| name != "unquote")?;
    Some((name.into_owned(), if is_kind(node, "call") { arguments(node) } else { Vec::new() }))
}
