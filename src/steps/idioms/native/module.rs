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

/// Of the modules that code uses, those that say nothing about it by themselves. Another one may bring
/// documentation along, or make the module a part of a framework, which needs none.
const PLAIN_USES: [&str; 9] = [
    "GenServer",
    "Supervisor",
    "DynamicSupervisor",
    "Agent",
    "Task",
    "Application",
    "GenStage",
    "Oban.Worker",
    "Bitwise",
];

/// What modules are called that every Phoenix application has, and that explain themselves.
const KNOWN_PARTS: [&str; 13] = [
    "Controller",
    "Endpoint",
    "Live",
    "Repo",
    "Router",
    "Socket",
    "View",
    "HTML",
    "JSON",
    "Telemetry",
    "Layouts",
    "Mailer",
    "Gettext",
];

/// What an `@impl` or `@doc` before it belongs to.
const DEFINITIONS: [&str; 5] = ["def", "defp", "defmacro", "defmacrop", "defdelegate"];

/// A module without `@moduledoc`: its `defmodule NAME`.
pub(super) fn missing_moduledoc(path: &str, module: &Node<'_>) -> Vec<Range<usize>> {
    let facts = Facts::of(module);
    let documented = facts.attributes.iter().any(|(name, _)| name == "moduledoc");
    let no_one_asks = documented || facts.is_exception || facts.has_no_api() || facts.may_be_documented();
    if is_script(path) || no_one_asks || is_quoted(module) || is_explained(module) {
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
    let mut callbacks = facts.callbacks();
    facts.add_unnamed_callbacks(&mut callbacks);
    if facts.may_hide_callbacks() {
        return Vec::new();
    }
    let untyped = facts
        .functions()
        .filter(|(_, function)| !function.hidden && !function.implements && !function.is_component)
        .filter(|(name, function)| !function.is_one_of(name, &specs) && !function.is_one_of(name, &callbacks))
        .map(|(_, function)| function.place());
    let untyped: Vec<_> = untyped.collect();
    if untyped.len() <= specs.values().map(BTreeSet::len).sum() {
        return untyped;
    }
    // Where most have none, saying it once is enough, and documentation comes first.
    let asks = facts.is_documented() && !facts.is_part_of_something();
    untyped.into_iter().min_by_key(|place| place.start).filter(|_| asks).into_iter().collect()
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
    /// Whether nobody should call it: `@doc false`, a name with leading underscores, deprecated.
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
    /// Whether it imports `Plug.Conn`, as plugs do.
    is_plug: bool,
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
            } else if is_local_call(&node, "import") {
                self.is_plug |= arguments(&node).first().is_some_and(|module| module.text() == "Plug.Conn");
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
            hidden: set("doc", true) || name.starts_with('_') || is_deprecated(attributes),
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
        // A callback's type is the function's too.
        for (_, value) in self.attributes.iter().filter(|(name, _)| ["spec", "callback"].contains(&&**name)) {
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

    /// The callbacks of exceptions and plugs, which need not name their behaviour.
    fn add_unnamed_callbacks(&self, callbacks: &mut Signatures) {
        let exception: &[_] = if self.is_exception { &[("message", 1), ("exception", 1)] } else { &[] };
        let plug: &[_] = if self.is_plug { &[("init", 1), ("call", 2)] } else { &[] };
        for (name, arity) in exception.iter().chain(plug) {
            callbacks.entry((*name).to_owned()).or_default().insert(*arity);
        }
    }

    /// Whether some functions may be callbacks of a behaviour that is not known here.
    fn may_hide_callbacks(&self) -> bool {
        let known = |module: &str| CALLBACKS.iter().any(|(behaviour, _)| *behaviour == module);
        let mut behaviours = self.attributes.iter().filter(|(name, _)| name == "behaviour");
        behaviours.any(|(_, value)| !known(&value.text())) && !self.functions().any(|(_, one)| one.implements)
    }

    /// Whether a macro may have documented it, or its name says what it is.
    fn may_be_documented(&self) -> bool {
        let name = self.name.rsplit('.').next().unwrap_or_default();
        self.is_part_of_something()
            || (self.name.contains('.') && KNOWN_PARTS.iter().any(|part| name.ends_with(part)))
    }

    /// Whether it uses a module that may give its functions their form.
    fn is_part_of_something(&self) -> bool {
        self.uses.iter().any(|(module, _)| !PLAIN_USES.contains(&&**module))
    }

    /// Whether it says to others what it is for.
    fn is_documented(&self) -> bool {
        self.attributes
            .iter()
            .any(|(name, value)| ["moduledoc", "doc"].contains(&&**name) && !is_false(value))
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
        || module.ancestors().any(|ancestor| is_local_call(&ancestor, "defmodule"))
}

/// Whether nothing stands before the node.
fn is_top(node: &Node<'_>) -> bool {
    !node.prev_all().any(|before| before.is_named())
}

/// Whether `@deprecated`, or `@doc deprecated: …`, stands before a function.
fn is_deprecated(attributes: &[(Cow<'_, str>, Node<'_>)]) -> bool {
    attributes.iter().any(|(name, value)| {
        name == "deprecated" || (name == "doc" && value.text().trim_start().starts_with("deprecated:"))
    })
}

/// Whether a function contains a template.
fn has_template(function: &Node<'_>) -> bool {
    function.dfs().any(|node| is_kind(&node, "sigil") && node.text().starts_with("~H"))
}
