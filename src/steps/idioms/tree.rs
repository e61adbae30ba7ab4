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

/// Lines that decide how the last line of a file is to be read.
///
/// The parser goes on with several readings where a line may belong to what is before it or not, as it
/// may after a clause, and drops them when a later line decides. Of one that is still there at the end of
/// the file it goes through every way back to the beginning, which takes time in proportion to the square
/// of the size: seconds for a few thousand lines with a `case` in each function. Two lines that belong to
/// nothing decide in time.
const CLOSING: &str = "\n0\n0\n";

/// A parsed file.
pub(super) struct Tree {
    root: ast_grep_core::AstGrep<Doc>,
    /// Where the file ends, and [`CLOSING`] begins if it was read along.
    end: usize,
    /// Where the first part begins that is not Elixir, as far as the grammar knows.
    pub(super) first_error: Option<usize>,
    /// The first node that is nested more deeply than [`DEPTH_LIMIT`].
    pub(super) too_deep: Option<Range<usize>>,
}

impl Tree {
    /// Reads a file. There is always a tree, if one of a single `ERROR` node.
    pub(super) fn parse(source: &str) -> Self {
        let root = closed(source).unwrap_or_else(|| Elixir.ast_grep(source));
        let mut tree = Self { root, end: source.len(), first_error: None, too_deep: None };
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
            if range.start > self.end {
                break;
            }
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

/// The tree of a file with [`CLOSING`] after it, if that is all that it adds: where something in the file
/// is not finished, it would seem to finish it.
fn closed(source: &str) -> Option<ast_grep_core::AstGrep<Doc>> {
    let tree = Elixir.ast_grep(format!("{source}{CLOSING}"));
    let root = tree.root().get_inner_node();
    let count = u32::try_from(root.named_child_count()).ok()?;
    let starts = |from_end: u32, at| {
        let node = count.checked_sub(from_end).and_then(|index| root.named_child(index));
        node.is_some_and(|node| node.kind() == "integer" && node.start_byte() == at)
    };
    let is_apart = !root.has_error() && starts(2, source.len() + 1) && starts(1, source.len() + 3);
    is_apart.then_some(tree)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_along_is_not_visited() {
        for source in ["", "x = 1", "f(1)\n", "case x do\n  1 -> 2\nend\n# x", "\u{feff}f()\r\n"] {
            let tree = Tree::parse(source);
            assert_eq!(tree.first_error, None, "{source}");
            tree.visit(|node| assert!(node.range().start <= source.len(), "{source}: {}", node.text()));
        }
    }

    #[test]
    fn what_is_read_along_finishes_nothing() {
        for source in ["x =", "f(", "[1,", "\"", "@spec f(x) ::", "if x do", "x |>", "fn ->", "not", "x = ?"]
        {
            assert!(closed(source).is_none(), "{source}");
        }
    }

    #[test]
    fn what_is_read_along_changes_nothing_else() {
        let sources = [
            "def f(x) do\n  case x do\n    1 -> 2\n  end\nend",
            "def f do\n  g()\nrescue\n  _ -> 1\nend\n\ndef h, do: 1",
            "defmodule A do\n  def f(x) do\n    receive do\n      x -> x\n    end\n  end\nend\n",
        ];
        for source in sources {
            let plain = Elixir.ast_grep(source).root().get_inner_node().to_sexp();
            let all_but_the_last = plain.strip_suffix(')').expect("it ends with a parenthesis");
            let closed = Tree::parse(source).root().get_inner_node().to_sexp();
            assert_eq!(closed, format!("{all_but_the_last} (integer) (integer))"));
        }
    }
}
