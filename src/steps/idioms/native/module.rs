//! What a module says about itself: documentation, types, callbacks.
//!
//! Only what stands directly in the module's body counts as its functions. What a macro or a
//! comprehension makes is left alone, and so is every module inside a `quote`.

use std::{collections::BTreeSet, ops::Range, path::Path};

use super::{
    super::{
        syntax::{child_of_kind, is_kind, is_local_call, local_name, named_children},
        tree::Node,
    },
    facts::{DEFINITIONS, Doc, Facts, Function, STARTERS, is_false},
};

/// A module without `@moduledoc`: its `defmodule NAME`.
pub(super) fn missing_moduledoc(path: &str, module: &Node<'_>) -> Vec<Range<usize>> {
    let facts = Facts::of(module);
    let documented = facts.attributes.iter().any(|(name, _)| name == "moduledoc");
    let no_one_asks = documented || facts.is_exception || facts.has_no_api() || facts.may_be_documented();
    if is_script(path) || no_one_asks || facts.is_plain() || is_quoted(module) || is_explained(module) {
        return Vec::new();
    }
    vec![heading(module)]
}

/// Public functions without `@spec`: the heads of their first clauses.
pub(super) fn missing_spec(path: &str, module: &Node<'_>) -> Vec<Range<usize>> {
    let facts = Facts::of(module);
    let private = facts.attributes.iter().any(|(name, value)| name == "moduledoc" && is_false(value));
    if is_script(path) || private || facts.has_no_api() || is_quoted(module) || is_copied(module) {
        return Vec::new();
    }
    let Some(specs) = facts.specs() else { return Vec::new() };
    let mut callbacks = facts.callbacks();
    facts.add_unnamed_callbacks(&mut callbacks);
    if facts.may_hide_callbacks() {
        return Vec::new();
    }
    let untyped = facts
        .functions()
        .filter(|(name, function)| {
            function.doc == Doc::Said || (function.doc == Doc::Missing && !STARTERS.contains(name))
        })
        .filter(|(_, function)| !function.is_plain)
        .filter(|(name, function)| {
            !function.is_one_of(name, &specs) && !function.is_callback(name, &callbacks)
        })
        .map(|(_, function)| function);
    let untyped: Vec<_> = untyped.collect();
    if untyped.len() <= specs.values().map(BTreeSet::len).sum() {
        return untyped.into_iter().map(Function::place).collect();
    }
    // Where most have none, saying it once is enough, and documentation comes first.
    if facts.is_part_of_something() || facts.is_used() {
        return Vec::new();
    }
    let is_documented = |function: &Function| function.doc == Doc::Said || facts.is_about_one_function();
    let documented = untyped.into_iter().filter(|function| is_documented(function)).map(Function::place);
    documented.min_by_key(|place| place.start).into_iter().collect()
}

/// Callbacks of a known behaviour without `@impl`: the heads of their first clauses.
pub(super) fn missing_impl(path: &str, module: &Node<'_>) -> Vec<Range<usize>> {
    let facts = Facts::of(module);
    let mut callbacks = facts.callbacks();
    // Plugs are written without, Plug's own documentation included.
    if facts.attributes.iter().any(|(name, value)| name == "behaviour" && value.text() == "Plug") {
        callbacks.retain(|name, _| !["init", "call"].contains(&name.as_str()));
    }
    if is_script(path) || callbacks.is_empty() || is_quoted(module) {
        return Vec::new();
    }
    facts
        .functions()
        .filter(|(name, function)| !function.implements && function.is_one_of(name, &callbacks))
        .map(|(_, function)| function.place())
        .collect()
}

/// Public functions with a guard's name: the heads of all clauses, since Credo reports each.
pub(super) fn predicate_name(module: &Node<'_>) -> Vec<Range<usize>> {
    if is_quoted(module) {
        return Vec::new();
    }
    let facts = Facts::of(module);
    // Elixir's own guards are defined as functions.
    let is_elixir = facts.name == "Kernel";
    let misnamed = facts
        .functions()
        .filter(|(name, function)| name.starts_with("is_") && !function.implements && !is_elixir);
    misnamed.flat_map(|(_, function)| function.clauses.clone()).collect()
}

/// `defmodule NAME`, without the body.
fn heading(module: &Node<'_>) -> Range<usize> {
    let range = module.range();
    let end = child_of_kind(module, "arguments")
        .and_then(|arguments| named_children(&arguments).first().map(Node::range))
        .map_or(range.end, |name| name.end);
    range.start..end
}

fn is_script(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "exs")
}

/// Whether the code is only made when a macro runs.
fn is_quoted(node: &Node<'_>) -> bool {
    node.ancestors().any(|ancestor| local_name(&ancestor).is_some_and(|name| name == "quote"))
}

/// Whether a comment at its top, or the module around it, says what a module is for.
fn is_explained(module: &Node<'_>) -> bool {
    let block = child_of_kind(module, "do_block");
    let mut items = block.iter().flat_map(Node::children).filter(Node::is_named);
    let first = items
        .find(|item| !["use", "alias", "import", "require"].iter().any(|name| is_local_call(item, name)));
    let then = items.find(|item| !is_kind(item, "comment"));
    // A comment right above a function is about the function.
    let stands_alone = then.is_none_or(|then| !DEFINITIONS.iter().any(|name| is_local_call(&then, name)));
    first.is_some_and(|first| is_kind(&first, "comment") && (stands_alone || is_top(&first)))
        || is_copied(module)
        || module.ancestors().any(|ancestor| is_local_call(&ancestor, "defmodule"))
}

/// Whether a comment above a module says that its code is kept elsewhere.
fn is_copied(module: &Node<'_>) -> bool {
    let mut above = module.prev_all().filter(Node::is_named).take_while(|node| is_kind(node, "comment"));
    above.any(|comment| {
        let text = comment.text().to_lowercase();
        ["vendored", "generated", "do not edit", "copied from"].iter().any(|word| text.contains(word))
    })
}

/// Whether nothing stands before the node.
fn is_top(node: &Node<'_>) -> bool {
    !node.prev_all().any(|before| before.is_named())
}
