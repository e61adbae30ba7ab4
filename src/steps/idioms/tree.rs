//! A source file as a syntax tree, and places in it.
//!
//! tree-sitter reads what it can of a file that does not compile: an `ERROR` node holds what it could
//! not make sense of. What it guesses inside of such a node is no evidence, so nothing there is tried.

use std::ops::Range;

use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_language::{Elixir, Language, LanguageExt};

pub(super) type Doc = StrDoc<Elixir>;
pub(super) type Node<'t> = ast_grep_core::Node<'t, Doc>;

/// How deeply syntax may nest. What people write stays below 100. Matching takes stack, and per node
/// time, in proportion to the depth, so there must be an end to it; at this depth 2 MiB of stack suffice.
pub(super) const DEPTH_LIMIT: usize = 500;

/// Words that cannot be a name. The grammar takes one that stands alone for a variable.
const RESERVED: [&str; 7] = ["end", "do", "else", "rescue", "catch", "after", "fn"];

/// A parsed file.
pub(super) struct Tree {
    root: ast_grep_core::AstGrep<Doc>,
    /// Where the first part begins that is not Elixir, as far as the grammar knows.
    pub(super) first_error: Option<usize>,
    /// The first node that is nested more deeply than [`DEPTH_LIMIT`].
    pub(super) too_deep: Option<Range<usize>>,
}

impl Tree {
    /// Reads a file. There is always a tree, if one of a single `ERROR` node.
    pub(super) fn parse(source: &str) -> Self {
        let mut tree = Self { root: Elixir.ast_grep(source), first_error: None, too_deep: None };
        tree.survey(source);
        tree
    }

    /// The whole file.
    pub(super) fn root(&self) -> Node<'_> {
        self.root.root()
    }

    /// Looks at every node once.
    fn survey(&mut self, source: &str) {
        let (mut first_error, mut too_deep) = (None, None);
        let identifier = Elixir.kind_to_id("identifier");
        let mut cursor = self.root().get_inner_node().walk();
        let mut depth = 0;
        'nodes: loop {
            let node = cursor.node();
            let stray = || {
                RESERVED.contains(&&source[node.byte_range()])
                    && node.parent().is_none_or(|parent| parent.kind() != "dot")
            };
            if first_error.is_none()
                && (node.is_error() || node.is_missing() || (node.kind_id() == identifier && stray()))
            {
                first_error = Some(node.start_byte());
            }
            if depth > DEPTH_LIMIT {
                too_deep = Some(node.byte_range());
                break;
            }
            if cursor.goto_first_child() {
                depth += 1;
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    break 'nodes;
                }
                depth -= 1;
            }
        }
        drop(cursor);
        (self.first_error, self.too_deep) = (first_error, too_deep);
    }

    /// Calls `visit` with every node that is not in an `ERROR` node, parents first.
    pub(super) fn visit<'t>(&'t self, mut visit: impl FnMut(Node<'t>)) {
        let root = self.root();
        let mut error_end = 0;
        for node in root.dfs() {
            let range = node.range();
            if range.start < error_end && range.end <= error_end {
                continue;
            }
            if node.is_error() {
                error_end = range.end;
            } else {
                visit(node);
            }
        }
    }
}

/// Whether something within the node could not be parsed.
pub(super) fn has_error(node: &Node<'_>) -> bool {
    node.get_inner_node().has_error()
}

/// Whether the node may only look as it does because of something that could not be parsed.
pub(super) fn is_broken(node: &Node<'_>) -> bool {
    has_error(node) || [node.prev(), node.next()].iter().flatten().any(Node::is_error)
}

/// A place in a text: 1-based line, and column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Position {
    /// Where one is after reading `text` from here.
    fn after(self, text: &str) -> Self {
        match text.rfind('\n') {
            Some(newline) => Self {
                line: self.line.saturating_add(count(text.matches('\n'))),
                column: 1u32.saturating_add(count(text[newline + 1..].chars())),
            },
            None => Self { line: self.line, column: self.column.saturating_add(count(text.chars())) },
        }
    }
}

/// The positions of byte offsets in a source, found in one pass.
pub(super) struct Positions {
    offsets: Vec<usize>,
    positions: Vec<Position>,
}

impl Positions {
    /// Finds the positions of all `offsets`, each of which is at the border of a character.
    pub(super) fn new(source: &str, mut offsets: Vec<usize>) -> Self {
        offsets.sort_unstable();
        offsets.dedup();
        let mut positions = Vec::with_capacity(offsets.len());
        let mut done = byte_order_mark(source);
        let mut here = Position { line: 1, column: 1 };
        for &offset in &offsets {
            let text = source.get(done..offset).unwrap_or_default();
            here = here.after(text);
            done = done.max(offset);
            positions.push(here);
        }
        Self { offsets, positions }
    }

    /// The position of one of the offsets.
    pub(super) fn of(&self, offset: usize) -> Position {
        match self.offsets.binary_search(&offset) {
            Ok(index) => self.positions[index],
            Err(_) => Position { line: 1, column: 1 },
        }
    }
}

/// The length of a byte order mark, which editors do not count as a column.
fn byte_order_mark(source: &str) -> usize {
    if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

fn count(items: impl Iterator) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
