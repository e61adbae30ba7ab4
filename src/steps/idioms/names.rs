//! What a file calls the modules of the standard library, spelled out.
//!
//! Rules look for `Enum.map` and `length`. After `alias Enum, as: E` the one may be written `E.map`, and
//! the other can be `Kernel.length` anywhere; after `alias Shop.IO` an `IO.inspect` is none of Elixir's.
//! So a file in which a name says something else than it means is rewritten before rules look at it, and
//! the places that they find are translated back. Aliases hold as in Elixir: from where they stand to the
//! end of their block. Other modules keep the names that the file gives them.

use std::ops::Range;

use super::{
    syntax::{arguments, is_kind, is_local_call, is_section, keyword, named_children},
    tree::{Node, Tree},
};

/// Modules that rules may ask for by name.
const KNOWN: [&str; 26] = [
    "Agent",
    "Application",
    "Enum",
    "File",
    "GenServer",
    "IEx",
    "IO",
    "Integer",
    "Kernel",
    "Keyword",
    "List",
    "Logger",
    "Map",
    "MapSet",
    "Mix",
    "Module",
    "Path",
    "Process",
    "Range",
    "Regex",
    "Stream",
    "String",
    "Supervisor",
    "System",
    "Task",
    "Tuple",
];

/// What ends an alias: the end of one of these.
const SCOPES: [&str; 8] = [
    "do_block",
    "else_block",
    "rescue_block",
    "catch_block",
    "after_block",
    "stab_clause",
    "anonymous_function",
    "block",
];

/// A file as rules look at it.
pub(super) struct Spelled {
    /// Its text.
    pub(super) text: String,
    /// What was rewritten, in order.
    edits: Vec<Edit>,
}

/// A stretch of bytes that was rewritten.
struct Edit {
    original: Range<usize>,
    spelled: Range<usize>,
}

impl Spelled {
    /// Spells the names of a file out, if any of them needs it.
    pub(super) fn of(source: &str, tree: &Tree) -> Option<Self> {
        if tree.too_deep.is_some() {
            return None;
        }
        let mut names = Names::default();
        names.read(&tree.root(), None);
        if names.found.is_empty() { None } else { Some(Self::with(source, names.found)) }
    }

    fn with(source: &str, found: Vec<(Range<usize>, String)>) -> Self {
        let (mut text, mut edits, mut done) = (String::with_capacity(source.len()), Vec::new(), 0);
        for (original, name) in found {
            text.push_str(&source[done..original.start]);
            let start = text.len();
            text.push_str(&name);
            done = original.end;
            edits.push(Edit { original, spelled: start..text.len() });
        }
        text.push_str(&source[done..]);
        Self { text, edits }
    }

    /// Where a range of the spelled text is in the file.
    pub(super) fn original(&self, range: &Range<usize>) -> Range<usize> {
        self.offset(range.start)..self.offset(range.end)
    }

    fn offset(&self, spelled: usize) -> usize {
        let before = self.edits.partition_point(|edit| edit.spelled.start <= spelled);
        let Some(edit) = before.checked_sub(1).map(|index| &self.edits[index]) else { return spelled };
        if spelled == edit.spelled.start {
            edit.original.start
        } else {
            edit.original.end + spelled.saturating_sub(edit.spelled.end)
        }
    }
}

/// The names while a file is read.
#[derive(Default)]
struct Names {
    /// Short names and what they stand for; the last one counts.
    aliases: Vec<(String, String)>,
    /// What to rewrite, in the order of the file.
    found: Vec<(Range<usize>, String)>,
}

impl Names {
    /// Reads a node; `module` is the one that it stands in.
    fn read(&mut self, node: &Node<'_>, module: Option<&str>) {
        if is_local_call(node, "alias") {
            self.declare_aliases(node);
        } else if is_local_call(node, "defmodule") {
            self.read_module(node, module);
        } else if is_kind(node, "alias") {
            self.read_name(node);
        } else if is_kind(node, "dot") {
            self.read_dot(node, module);
        } else {
            let outside = self.aliases.len();
            for child in node.children() {
                // The `else` of a block sees nothing of its `do`.
                if is_section(&child) {
                    self.aliases.truncate(outside);
                }
                self.read(&child, module);
            }
            if is_local_call(node, "require") {
                self.declare(node);
            }
            if SCOPES.contains(&&*node.kind()) {
                self.aliases.truncate(outside);
            }
        }
    }

    /// A module within another one can be called by its last name there.
    fn read_module(&mut self, node: &Node<'_>, outer: Option<&str>) {
        let arguments = arguments(node);
        let Some(name) =
            arguments.first().filter(|name| is_kind(name, "alias")).map(|name| self.full(&name.text()))
        else {
            return node.children().for_each(|child| self.read(&child, outer));
        };
        let full = match outer {
            Some(outer) => {
                let full = format!("{outer}.{name}");
                self.aliases.push((first(&name).to_owned(), format!("{outer}.{}", first(&name))));
                full
            }
            None => name,
        };
        let body = node.children().filter(|child| is_kind(child, "do_block"));
        for part in body.chain(arguments.into_iter().skip(1)) {
            let outside = self.aliases.len();
            self.read(&part, Some(&full));
            self.aliases.truncate(outside);
        }
    }

    /// `alias A.B`, `alias A.B, as: C`, `alias A.{B, C}`.
    fn declare_aliases(&mut self, node: &Node<'_>) {
        let Some(target) = arguments(node).into_iter().next() else { return };
        let several = Some(&target).filter(|target| is_kind(target, "dot")).and_then(|dot| {
            let right = dot.field("right").filter(|right| is_kind(right, "tuple"))?;
            Some((self.full(&dot.field("left")?.text()), right))
        });
        match several {
            Some((prefix, names)) => {
                for name in named_children(&names) {
                    self.aliases.push((last(&name.text()).to_owned(), format!("{prefix}.{}", name.text())));
                }
            }
            None if keyword(node, "as").is_some() => self.declare(node),
            None => {
                let full = self.full(&target.text());
                self.aliases.push((last(&full).to_owned(), full));
            }
        }
    }

    /// The `as: Name` of an `alias` or a `require`.
    fn declare(&mut self, node: &Node<'_>) {
        if let (Some(target), Some(short)) = (arguments(node).first(), keyword(node, "as")) {
            self.aliases.push((short.text().into_owned(), self.full(&target.text())));
        }
    }

    fn read_name(&mut self, node: &Node<'_>) {
        let name = node.text();
        let full = self.full(&name);
        if full != name && [&*name, &full].iter().any(|name| KNOWN.contains(name)) {
            self.found.push((node.range(), full));
        }
    }

    /// `Kernel.length` is `length`.
    fn read_dot(&mut self, node: &Node<'_>, module: Option<&str>) {
        if let (Some(left), Some(right)) = (node.field("left"), node.field("right"))
            && is_kind(&left, "alias")
            && is_kind(&right, "identifier")
            && self.full(&left.text()) == "Kernel"
        {
            self.found.push((left.range().start..right.range().start, String::new()));
        } else {
            node.children().for_each(|child| self.read(&child, module));
        }
    }

    /// A name without what aliases spare.
    fn full(&self, name: &str) -> String {
        if let Some(rest) = name.strip_prefix("Elixir.") {
            return rest.to_owned();
        }
        let head = first(name);
        match self.aliases.iter().rfind(|(short, _)| short == head) {
            Some((_, full)) => format!("{full}{}", &name[head.len()..]),
            None => name.to_owned(),
        }
    }
}

fn first(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file as rules look at it.
    fn spelled(source: &str) -> String {
        Spelled::of(source, &Tree::parse(source)).map_or_else(|| source.to_owned(), |spelled| spelled.text)
    }

    #[test]
    fn aliases_are_spelled_out() {
        assert_eq!(spelled("alias Enum, as: E\nE.map(x)"), "alias Enum, as: E\nEnum.map(x)");
        assert_eq!(spelled("alias(Enum, as: E)\n&E.map/2"), "alias(Enum, as: E)\n&Enum.map/2");
        assert_eq!(spelled("alias Shop.IO\nIO.inspect(x)"), "alias Shop.IO\nShop.IO.inspect(x)");
        assert_eq!(spelled("alias Shop.{Cart, IO}\nIO.puts"), "alias Shop.{Cart, IO}\nShop.IO.puts");
        assert_eq!(spelled("require IEx, as: I\nI.pry()"), "require IEx, as: I\nIEx.pry()");
        assert_eq!(spelled("alias __MODULE__.IO\nIO.puts"), "alias __MODULE__.IO\n__MODULE__.IO.puts");
        assert_eq!(spelled("alias Shop.A\nalias A.IO\nIO.puts"), "alias Shop.A\nalias A.IO\nShop.A.IO.puts");
        assert_eq!(spelled("alias :lists, as: Enum\nEnum.map(x)"), "alias :lists, as: Enum\n:lists.map(x)");
    }

    #[test]
    fn names_that_say_what_they_mean_are_left_alone() {
        for source in
            ["Enum.map(x)", "alias Enum\nEnum.map(x)", "alias Shop.Cart, as: C\nC.add(x)", "E.map(x)", ""]
        {
            assert!(Spelled::of(source, &Tree::parse(source)).is_none(), "{source}");
        }
    }

    #[test]
    fn an_alias_holds_from_its_place_to_the_end_of_its_block() {
        let source = "E.a\nif x do\n  alias Enum, as: E\n  E.b\nelse\n  E.c\nend\nE.d";
        assert_eq!(spelled(source), source.replace("E.b", "Enum.b"));
        let source = "defmodule A do\n  alias Enum, as: E\n  def f(x), do: E.a(x)\nend\nE.b";
        assert_eq!(spelled(source), source.replace("E.a", "Enum.a"));
        let source = "alias Enum, as: E\nalias Shop.Events, as: E\nE.a";
        assert_eq!(spelled(source), source);
    }

    #[test]
    fn a_module_within_another_one_is_called_by_its_last_name() {
        let source = "defmodule Shop do\n  defmodule IO do\n    def f, do: 1\n  end\n  IO.f()\nend\nIO.g()";
        assert_eq!(spelled(source), source.replace("IO.f", "Shop.IO.f"));
    }

    #[test]
    fn full_names_are_shortened() {
        assert_eq!(spelled("Elixir.IO.inspect(x)"), "IO.inspect(x)");
        assert_eq!(spelled("Kernel.length(x) == 0"), "length(x) == 0");
        assert_eq!(spelled("x |> Kernel.length()"), "x |> length()");
        assert_eq!(spelled("&Kernel.length/1"), "&length/1");
        assert_eq!(spelled("Kernel.+(1, 2)"), "Kernel.+(1, 2)");
    }

    #[test]
    fn places_are_translated_back() {
        let source = "alias Enum, as: E\nE.map(E.sort(x)) + Kernel.length(y)";
        let spelled = Spelled::of(source, &Tree::parse(source)).expect("it has an alias");
        for part in ["Enum.map(Enum.sort(x))", "Enum.sort(x)", "length(y)", "(y)"] {
            let start = spelled.text.find(part).expect("it is there");
            let original = spelled.original(&(start..start + part.len()));
            let shown = part.replace("Enum", "E").replace("length", "Kernel.length");
            assert_eq!(&source[original], shown);
        }
    }

    #[test]
    fn what_is_no_elixir_is_read_as_well() {
        for source in ["alias", "alias Enum, as:", "alias Shop.{", "defmodule", "alias do\n", "E."] {
            let _any = spelled(source);
        }
    }
}
