//! Matchers in Rust, for what needs more than one look: what a module defines as a whole, or what a
//! variable is. A rule names one with `native = "…"`.

use std::ops::Range;

use ast_grep_language::{Elixir, Language};

use super::{
    dispatch::Guard,
    syntax,
    tree::{Node, is_broken},
};

mod accumulator;
mod atoms;
mod control;
mod facts;
mod module;
mod server;

/// A matcher that is written in Rust.
#[derive(Clone, Copy)]
pub(super) struct Native {
    name: &'static str,
    about: About,
    /// Whether it looks for what is not there, and so has to know all of a file.
    needs_whole_file: bool,
    /// The places that it reports in a node; the path is the file's.
    find: fn(path: &str, node: &Node<'_>) -> Vec<Range<usize>>,
}

/// The nodes that a matcher looks at.
#[derive(Clone, Copy)]
enum About {
    /// Modules with a body.
    Modules,
    /// Local calls of that name.
    Calls(&'static str),
    /// Calls of a module's function.
    RemoteCalls(&'static str),
    /// That binary operator.
    Operators(&'static str),
}

const ALL: [Native; 13] = [
    Native::absence("missing-moduledoc", module::missing_moduledoc),
    Native::absence("missing-spec", module::missing_spec),
    Native::absence("missing-impl", module::missing_impl),
    Native::presence("with-idle-else", About::Calls("with"), |_, node| control::with_idle_else(node)),
    Native::presence("nested-case", About::Calls("case"), |_, node| control::nested_case(node)),
    Native::presence("append-to-accumulator", About::Operators("++"), |_, node| accumulator::append(node)),
    Native::presence("reduce-into-map", About::RemoteCalls("Enum.reduce"), |_, node| {
        accumulator::reduce_into_map(node)
    }),
    Native::presence("reduce-reverse", About::RemoteCalls("Enum.reverse"), |_, node| {
        accumulator::reduce_reverse(node)
    }),
    Native::presence("string-to-atom", About::RemoteCalls("String.to_atom"), |_, node| {
        atoms::from_input(node)
    }),
    Native::presence("predicate-name", About::Modules, |_, node| module::predicate_name(node)),
    Native::presence("server-sleeps", About::Modules, |_, node| server::sleep(node)),
    Native::presence("server-receives", About::Modules, |_, node| server::receive(node)),
    Native::presence("server-calls-itself", About::Modules, |_, node| server::self_call(node)),
];

impl Native {
    /// A matcher for what a module lacks.
    const fn absence(name: &'static str, find: fn(&str, &Node<'_>) -> Vec<Range<usize>>) -> Self {
        Self { name, about: About::Modules, needs_whole_file: true, find }
    }

    /// A matcher for what is there.
    const fn presence(
        name: &'static str,
        about: About,
        find: fn(&str, &Node<'_>) -> Vec<Range<usize>>,
    ) -> Self {
        Self { name, about, needs_whole_file: false, find }
    }

    /// The matcher of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|native| native.name == name)
    }

    /// All names.
    pub(super) fn names() -> Vec<&'static str> {
        ALL.into_iter().map(|native| native.name).collect()
    }

    /// The kind of node to look at.
    pub(super) fn kind(self) -> usize {
        usize::from(Elixir.kind_to_id(match self.about {
            About::Modules | About::Calls(_) | About::RemoteCalls(_) => "call",
            About::Operators(_) => "binary_operator",
        }))
    }

    /// What must hold of a node to be looked at.
    pub(super) fn guard(self) -> Option<Guard> {
        let (field, text) = match self.about {
            About::Modules => ("target", "defmodule"),
            About::Calls(name) | About::RemoteCalls(name) => ("target", name),
            About::Operators(operator) => ("operator", operator),
        };
        Guard::new(field, &format!("^{}$", regex::escape(text)))
    }

    /// Whether the node is one to look at, which its guard may have known before.
    fn is_about(self, node: &Node<'_>) -> bool {
        match self.about {
            About::Modules => syntax::is_local_call(node, "defmodule") && !syntax::do_body(node).is_empty(),
            About::Calls(name) => syntax::is_local_call(node, name),
            About::RemoteCalls(name) => syntax::is_remote_call(node, name),
            About::Operators(operator) => syntax::sides(node, operator).is_some(),
        }
    }

    /// The places that it reports in the node; `whole` says whether all of the file could be read.
    pub(super) fn find(self, path: &str, whole: bool, node: &Node<'_>) -> Vec<Range<usize>> {
        if !self.is_about(node) || (!whole && (self.needs_whole_file || is_broken(node))) {
            return Vec::new();
        }
        (self.find)(path, node)
    }
}
