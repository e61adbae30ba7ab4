//! Matchers in Rust, for what needs more than one look: what a module defines as a whole, or what a
//! variable is. A rule names one with `native = "…"`.

use std::ops::Range;

use ast_grep_language::{Elixir, Language};

use super::{
    dispatch::Guard,
    tree::{Node, is_broken},
};

mod accumulator;
mod control;
mod module;
mod syntax;

/// A matcher that is written in Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Native {
    /// A module without `@moduledoc`.
    MissingModuledoc,
    /// A public function without `@spec`.
    MissingSpec,
    /// A callback of a known behaviour without `@impl`.
    MissingImpl,
    /// An `else` of a `with` that changes nothing.
    WithIdleElse,
    /// A `case` within a `case` that a `with` would flatten.
    NestedCase,
    /// An element that every step appends to a list.
    AppendToAccumulator,
}

impl Native {
    const ALL: [Self; 6] = [
        Self::MissingModuledoc,
        Self::MissingSpec,
        Self::MissingImpl,
        Self::WithIdleElse,
        Self::NestedCase,
        Self::AppendToAccumulator,
    ];

    /// The matcher of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|native| native.name() == name)
    }

    /// All names.
    pub(super) fn names() -> Vec<&'static str> {
        Self::ALL.into_iter().map(Self::name).collect()
    }

    fn name(self) -> &'static str {
        match self {
            Self::MissingModuledoc => "missing-moduledoc",
            Self::MissingSpec => "missing-spec",
            Self::MissingImpl => "missing-impl",
            Self::WithIdleElse => "with-idle-else",
            Self::NestedCase => "nested-case",
            Self::AppendToAccumulator => "append-to-accumulator",
        }
    }

    /// The kind of node to look at.
    pub(super) fn kind(self) -> usize {
        usize::from(Elixir.kind_to_id(match self {
            Self::AppendToAccumulator => "binary_operator",
            _ => "call",
        }))
    }

    /// What must hold of a node to be looked at.
    pub(super) fn guard(self) -> Option<Guard> {
        match self {
            Self::MissingModuledoc | Self::MissingSpec | Self::MissingImpl => {
                Guard::new("target", "^defmodule$")
            }
            Self::WithIdleElse => Guard::new("target", "^with$"),
            Self::NestedCase => Guard::new("target", "^case$"),
            Self::AppendToAccumulator => Guard::new("operator", r"^\+\+$"),
        }
    }

    /// Whether the node is one to look at, which its guard may have known before.
    fn is_about(self, node: &Node<'_>) -> bool {
        match self {
            Self::MissingModuledoc | Self::MissingSpec | Self::MissingImpl => {
                syntax::is_local_call(node, "defmodule") && !syntax::do_body(node).is_empty()
            }
            Self::WithIdleElse => syntax::is_local_call(node, "with"),
            Self::NestedCase => syntax::is_local_call(node, "case"),
            Self::AppendToAccumulator => syntax::sides(node, "++").is_some(),
        }
    }

    /// Whether it looks for what is not there, and so has to know all of a file.
    fn needs_whole_file(self) -> bool {
        matches!(self, Self::MissingModuledoc | Self::MissingSpec | Self::MissingImpl)
    }

    /// The places that it reports in the node; `whole` says whether all of the file could be read.
    pub(super) fn find(self, path: &str, whole: bool, node: &Node<'_>) -> Vec<Range<usize>> {
        if !self.is_about(node) || (!whole && (self.needs_whole_file() || is_broken(node))) {
            return Vec::new();
        }
        match self {
            Self::MissingModuledoc => module::missing_moduledoc(path, node),
            Self::MissingSpec => module::missing_spec(path, node),
            Self::MissingImpl => module::missing_impl(path, node),
            Self::WithIdleElse => control::with_idle_else(node),
            Self::NestedCase => control::nested_case(node),
            Self::AppendToAccumulator => accumulator::append(node),
        }
    }
}
