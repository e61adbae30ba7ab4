//! What a module says about itself: documentation, types, callbacks.
//!
//! Only what stands directly in the module's body counts as its functions. What a macro or a
//! comprehension makes is left alone, and so is every module inside a `quote`.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
    ops::Range,
    path::Path,
};

use super::super::{
    syntax::{
        arguments, attribute, child_of_kind, do_body, head, is_kind, is_local_call, local_name,
        named_children, sides,
    },
    tree::Node,
};

/// Callbacks by the module that a `use` or `@behaviour` names.
const CALLBACKS: [(&str, &[(&str, usize)]); 11] = [
    (
        "GenServer",
        &[
            ("init", 1),
            ("handle_call", 3),
            ("handle_cast", 2),
            ("handle_info", 2),
            ("handle_continue", 2),
            ("terminate", 2),
            ("code_change", 3),
            ("format_status", 1),
            ("format_status", 2),
        ],
    ),
    ("Supervisor", &[("init", 1)]),
    ("DynamicSupervisor", &[("init", 1)]),
    ("Application", &[("start", 2), ("stop", 1), ("prep_stop", 1), ("start_phase", 3), ("config_change", 3)]),
    ("Plug", &[("init", 1), ("call", 2)]),
    (":gen_statem", &[("init", 1), ("callback_mode", 0), ("handle_event", 4), ("terminate", 3)]),
    (
        "GenStage",
        &[
            ("init", 1),
            ("handle_demand", 2),
            ("handle_events", 3),
            ("handle_subscribe", 4),
            ("handle_cancel", 3),
            ("handle_call", 3),
            ("handle_cast", 2),
            ("handle_info", 2),
        ],
    ),
    ("Oban.Worker", &[("perform", 1), ("timeout", 1), ("backoff", 1)]),
    (
        "Phoenix.LiveView",
        &[
            ("mount", 3),
            ("render", 1),
            ("handle_params", 3),
            ("handle_event", 3),
            ("handle_info", 2),
            ("handle_async", 3),
        ],
    ),
    ("Phoenix.LiveComponent", &[("mount", 1), ("render", 1), ("update", 2), ("handle_event", 3)]),
    ("Phoenix.Channel", &[("join", 3), ("handle_in", 3), ("handle_info", 2), ("terminate", 2)]),
];

/// Modules whose users are tests, scripts or migrations, which no one reads as an API.
const NO_API: [&str; 6] =
    ["ExUnit.Case", "ExUnit.CaseTemplate", "Mix.Project", "Ecto.Migration", "Mix.Config", "Config"];

/// What an `@impl` or `@doc` before it belongs to.
const DEFINITIONS: [&str; 5] = ["def", "defp", "defmacro", "defmacrop", "defdelegate"];

/// A module without `@moduledoc`: its `defmodule NAME`.
pub(super) fn missing_moduledoc(path: &str, module: &Node<'_>) -> Vec<Range<usize>> {
    let facts = Facts::of(module);
    let documented = facts.attributes.iter().any(|(name, _)| name == "moduledoc");
    if is_script(path) || documented || facts.is_exception || facts.has_no_api() || is_quoted(module) {
        return Vec::new();
    }
    vec![heading(module)]
}

/// Public functions without `@spec`: the heads of their first clauses.
pub(super) fn missing_spec(path: &str, module: &Node<'_>) -> Vec<Range<usize>> {
    let facts = Facts::of(module);
    let private = facts.attributes.iter().any(|(name, value)| name == "moduledoc" && is_false(value));
    if is_script(path) || private || facts.has_no_api() || is_quoted(module) {
        return Vec::new();
    }
    let Some(specs) = facts.specs() else { return Vec::new() };
    let callbacks = facts.callbacks();
    if facts.may_hide_callbacks() {
        return Vec::new();
    }
    let untyped = facts
        .functions()
        .filter(|(_, function)| !function.hidden && !function.implements && !function.is_component)
        .filter(|(name, function)| !function.is_one_of(name, &specs) && !function.is_one_of(name, &callbacks))
        .map(|(_, function)| function.place());
    // Where there are no specs at all, saying it once is enough.
    if specs.is_empty() {
        untyped.min_by_key(|place| place.start).into_iter().collect()
    } else {
        untyped.collect()
    }
}

/// Callbacks of a known behaviour without `@impl`: the heads of their first clauses.
pub(super) fn missing_impl(path: &str, module: &Node<'_>) -> Vec<Range<usize>> {
    let facts = Facts::of(module);
    let callbacks = facts.callbacks();
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
    let misnamed =
        facts.functions().filter(|(name, function)| name.starts_with("is_") && !function.implements);
    misnamed.flat_map(|(_, function)| function.clauses.clone()).collect()
}

/// Functions by name and arity.
type Signatures = HashMap<String, BTreeSet<usize>>;

/// A public function.
struct Function {
    /// Lowest and highest arity: they differ by the number of default values.
    arity: (usize, usize),
    /// Bytes of the heads of its clauses.
    clauses: Vec<Range<usize>>,
    /// Whether some clause has `@impl`.
    implements: bool,
    /// Whether it has `@doc false`, or a name with leading underscores.
    hidden: bool,
    /// Whether it is a Phoenix function component.
    is_component: bool,
}

impl Function {
    fn is_one_of(&self, name: &str, signatures: &Signatures) -> bool {
        let (low, high) = self.arity;
        signatures.get(name).is_some_and(|arities| arities.range(low..=high).next().is_some())
    }

    /// Bytes of the head of its first clause.
    fn place(&self) -> Range<usize> {
        self.clauses.first().cloned().unwrap_or_default()
    }

    /// Whether a clause of that arity, which may be a head with default values, is one of this function.
    fn takes(&self, (low, high): (usize, usize)) -> bool {
        self.arity.0 <= high && low <= self.arity.1
    }
}

/// What stands in a module's body.
#[derive(Default)]
struct Facts<'t> {
    name: Cow<'t, str>,
    /// Set anywhere in the module, but not in a module within it.
    attributes: Vec<(Cow<'t, str>, Node<'t>)>,
    /// Modules that are used, and whether an option like `:controller` goes with it.
    uses: Vec<(Cow<'t, str>, bool)>,
    /// By name.
    functions: HashMap<String, Vec<Function>>,
    is_exception: bool,
}

impl<'t> Facts<'t> {
    fn of(module: &Node<'t>) -> Self {
        let mut facts =
            Self { name: arguments(module).first().map(Node::text).unwrap_or_default(), ..Self::default() };
        let body = do_body(module);
        for item in &body {
            facts.collect_nested(item);
        }
        let mut before = Vec::new();
        for item in &body {
            if let Some(attribute) = attribute(item) {
                before.push(attribute);
            } else if DEFINITIONS.iter().any(|name| is_local_call(item, name)) {
                facts.collect_function(item, &before);
                before.clear();
            }
        }
        facts
    }

    /// Attributes and uses, wherever they stand: in an `if` too, say.
    fn collect_nested(&mut self, item: &Node<'t>) {
        let mut pending = vec![item.clone()];
        while let Some(node) = pending.pop() {
            if let Some(attribute) = attribute(&node) {
                self.attributes.push(attribute);
            } else if is_local_call(&node, "use") {
                self.collect_use(&node);
            } else if is_local_call(&node, "defexception") {
                self.is_exception = true;
            } else if !DEFINITIONS
                .iter()
                .chain(&["defmodule", "quote"])
                .any(|name| is_local_call(&node, name))
            {
                pending.extend(named_children(&node));
            }
        }
    }

    fn collect_use(&mut self, call: &Node<'t>) {
        let arguments = arguments(call);
        if let Some(module) = arguments.first() {
            let which = arguments.get(1).is_some_and(|option| is_kind(option, "atom"));
            self.uses.push((module.text(), which));
        }
    }

    fn collect_function(&mut self, item: &Node<'t>, attributes: &[(Cow<'t, str>, Node<'t>)]) {
        if !is_local_call(item, "def") {
            return;
        }
        let arguments = arguments(item);
        let Some((signature, (name, parameters))) =
            arguments.first().and_then(|node| Some((node, head(node)?)))
        else {
            return;
        };
        let defaults = parameters.iter().filter(|parameter| sides(parameter, "\\\\").is_some()).count();
        let arity = (parameters.len() - defaults, parameters.len());
        let set = |name: &str, off: bool| {
            attributes.iter().any(|(found, value)| found == name && is_false(value) == off)
        };
        let function = Function {
            arity,
            clauses: vec![signature.range()],
            implements: set("impl", false),
            hidden: set("doc", true) || name.starts_with('_'),
            is_component: parameters.len() == 1 && has_template(item),
        };
        let namesakes = self.functions.entry(name).or_default();
        match namesakes.iter_mut().find(|known| known.takes(arity)) {
            Some(known) => {
                known.clauses.extend(function.clauses);
                known.implements |= function.implements;
                known.hidden |= function.hidden;
                known.is_component |= function.is_component;
            }
            None => namesakes.push(function),
        }
    }

    fn functions(&self) -> impl Iterator<Item = (&str, &Function)> {
        self.functions.iter().flat_map(|(name, all)| all.iter().map(|one| (name.as_str(), one)))
    }

    /// What has a spec, or nothing if a spec's name is only known after macros have run.
    fn specs(&self) -> Option<Signatures> {
        let mut specs = Signatures::new();
        for (_, value) in self.attributes.iter().filter(|(name, _)| name == "spec") {
            let typed = sides(value, "when").map_or_else(|| value.clone(), |(typed, _)| typed);
            let (name, parameters) = head(&sides(&typed, "::")?.0)?;
            specs.entry(name).or_default().insert(parameters.len());
        }
        Some(specs)
    }

    /// The callbacks of the behaviours that it names.
    fn callbacks(&self) -> Signatures {
        let behaviours = self.attributes.iter().filter(|(name, _)| name == "behaviour");
        let named: HashSet<_> = self
            .uses
            .iter()
            .map(|(module, _)| module.clone())
            .chain(behaviours.map(|(_, value)| value.text()))
            .collect();
        let known = CALLBACKS.iter().filter(|(behaviour, _)| named.contains(*behaviour));
        let mut callbacks = Signatures::new();
        for (name, arity) in known.flat_map(|(_, callbacks)| callbacks.iter()) {
            callbacks.entry((*name).to_owned()).or_default().insert(*arity);
        }
        callbacks
    }

    /// Whether some functions may be callbacks of a behaviour that is not known here.
    fn may_hide_callbacks(&self) -> bool {
        let known = |module: &str| CALLBACKS.iter().any(|(behaviour, _)| *behaviour == module);
        let mut behaviours = self.attributes.iter().filter(|(name, _)| name == "behaviour");
        behaviours.any(|(_, value)| !known(&value.text())) && !self.functions().any(|(_, one)| one.implements)
    }

    /// Tests, scripts, and what a framework calls: controllers, views, live views.
    fn has_no_api(&self) -> bool {
        self.name.ends_with("Test")
            || self.uses.iter().any(|(module, which)| {
                NO_API.contains(&&**module) || module.ends_with("Case") || (*which && module.ends_with("Web"))
            })
    }
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

fn is_false(node: &Node<'_>) -> bool {
    node.text() == "false"
}

/// Whether the code is only made when a macro runs.
fn is_quoted(node: &Node<'_>) -> bool {
    node.ancestors().any(|ancestor| local_name(&ancestor).is_some_and(|name| name == "quote"))
}

/// Whether a function contains a template.
fn has_template(function: &Node<'_>) -> bool {
    function.dfs().any(|node| is_kind(&node, "sigil") && node.text().starts_with("~H"))
}
