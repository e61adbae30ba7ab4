//! What stands in a module: its functions, attributes and what it uses.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
    ops::Range,
};

use super::super::{
    syntax::{arguments, attribute, do_body, head, is_kind, is_local_call, named_children, sides},
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

/// Behaviours of processes: what one is for is not told by the callbacks that it has.
const PROCESSES: [&str; 4] = ["GenServer", "GenStage", "Agent", ":gen_statem"];

/// Functions that supervisors call, in any module.
pub(super) const STARTERS: [&str; 2] = ["start_link", "child_spec"];

/// What an `@impl` or `@doc` before it belongs to.
pub(super) const DEFINITIONS: [&str; 5] = ["def", "defp", "defmacro", "defmacrop", "defdelegate"];

/// Functions by name and arity.
pub(super) type Signatures = HashMap<String, BTreeSet<usize>>;

/// What a function's attributes say about it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doc {
    /// Nothing.
    Missing,
    /// What it is for.
    Said,
    /// That nobody should call it: `@doc false`, a name with leading underscores, deprecated.
    Hidden,
}

/// A public function.
pub(super) struct Function {
    /// Lowest and highest arity: they differ by the number of default values.
    arity: (usize, usize),
    /// Bytes of the heads of its clauses.
    pub(super) clauses: Vec<Range<usize>>,
    /// Whether some clause has `@impl`.
    pub(super) implements: bool,
    pub(super) doc: Doc,
    /// Whether a look at it shows what it takes and returns: a Phoenix function component, a constant.
    pub(super) is_plain: bool,
}

impl Function {
    pub(super) fn is_one_of(&self, name: &str, signatures: &Signatures) -> bool {
        let (low, high) = self.arity;
        signatures.get(name).is_some_and(|arities| arities.range(low..=high).next().is_some())
    }

    /// Whether it is there for a behaviour.
    pub(super) fn is_callback(&self, name: &str, callbacks: &Signatures) -> bool {
        self.implements || self.is_one_of(name, callbacks)
    }

    /// Bytes of the head of its first clause.
    pub(super) fn place(&self) -> Range<usize> {
        self.clauses.first().cloned().unwrap_or_default()
    }

    /// Whether a clause of that arity, which may be a head with default values, is one of this function.
    fn takes(&self, (low, high): (usize, usize)) -> bool {
        self.arity.0 <= high && low <= self.arity.1
    }
}

/// What stands in a module's body.
#[derive(Default)]
pub(super) struct Facts<'t> {
    pub(super) name: Cow<'t, str>,
    /// Set anywhere in the module, but not in a module within it.
    pub(super) attributes: Vec<(Cow<'t, str>, Node<'t>)>,
    /// Modules that are used, and whether an option like `:controller` goes with it.
    uses: Vec<(Cow<'t, str>, bool)>,
    /// By name.
    functions: HashMap<String, Vec<Function>>,
    /// Names of public macros.
    macros: BTreeSet<String>,
    pub(super) is_exception: bool,
    /// Whether it imports `Plug.Conn`, as plugs do.
    is_plug: bool,
}

impl<'t> Facts<'t> {
    pub(super) fn of(module: &Node<'t>) -> Self {
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
        let arguments = arguments(item);
        let Some((signature, (name, parameters))) =
            arguments.first().and_then(|node| Some((node, head(node)?)))
        else {
            return;
        };
        if is_local_call(item, "defmacro") {
            self.macros.insert(name);
            return;
        }
        if !is_local_call(item, "def") {
            return;
        }
        let defaults = parameters.iter().filter(|parameter| sides(parameter, "\\\\").is_some()).count();
        let arity = (parameters.len() - defaults, parameters.len());
        let set = |name: &str, off: bool| {
            attributes.iter().any(|(found, value)| found == name && is_false(value) == off)
        };
        let function = Function {
            arity,
            clauses: vec![signature.range()],
            implements: set("impl", false),
            doc: if set("doc", true) || name.starts_with('_') || is_deprecated(attributes) {
                Doc::Hidden
            } else if set("doc", false) {
                Doc::Said
            } else {
                Doc::Missing
            },
            is_plain: match parameters.len() {
                0 => is_constant(item),
                1 => has_template(item),
                _ => false,
            },
        };
        let namesakes = self.functions.entry(name).or_default();
        match namesakes.iter_mut().find(|known| known.takes(arity)) {
            Some(known) => {
                known.clauses.extend(function.clauses);
                known.implements |= function.implements;
                known.doc = known.doc.max(function.doc);
                known.is_plain |= function.is_plain;
            }
            None => namesakes.push(function),
        }
    }

    pub(super) fn functions(&self) -> impl Iterator<Item = (&str, &Function)> {
        self.functions.iter().flat_map(|(name, all)| all.iter().map(|one| (name.as_str(), one)))
    }

    /// What has a spec, or nothing if a spec's name is only known after macros have run.
    pub(super) fn specs(&self) -> Option<Signatures> {
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
    pub(super) fn callbacks(&self) -> Signatures {
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
    pub(super) fn add_unnamed_callbacks(&self, callbacks: &mut Signatures) {
        let exception: &[_] = if self.is_exception { &[("message", 1), ("exception", 1)] } else { &[] };
        let plug: &[_] = if self.is_plug { &[("init", 1), ("call", 2)] } else { &[] };
        for (name, arity) in exception.iter().chain(plug) {
            callbacks.entry((*name).to_owned()).or_default().insert(*arity);
        }
    }

    /// Whether some functions may be callbacks of a behaviour that is not known here.
    pub(super) fn may_hide_callbacks(&self) -> bool {
        let known = |module: &str| CALLBACKS.iter().any(|(behaviour, _)| *behaviour == module);
        let mut behaviours = self.attributes.iter().filter(|(name, _)| name == "behaviour");
        behaviours.any(|(_, value)| !known(&value.text())) && !self.functions().any(|(_, one)| one.implements)
    }

    /// Whether a macro may have documented it, or its name says what it is.
    pub(super) fn may_be_documented(&self) -> bool {
        let name = self.name.rsplit('.').next().unwrap_or_default();
        self.is_part_of_something()
            || (self.name.contains('.') && KNOWN_PARTS.iter().any(|part| name.ends_with(part)))
    }

    /// Whether it uses a module that may give its functions their form.
    pub(super) fn is_part_of_something(&self) -> bool {
        self.uses.iter().any(|(module, _)| !PLAIN_USES.contains(&&**module))
    }

    /// Whether its documentation is that of its only function.
    pub(super) fn is_about_one_function(&self) -> bool {
        self.functions().count() == 1
            && self.attributes.iter().any(|(name, value)| name == "moduledoc" && !is_false(value))
    }

    /// Whether others `use` it.
    pub(super) fn is_used(&self) -> bool {
        self.macros.contains("__using__")
    }

    /// Whether it is so small, or so much what a behaviour asks for, that its name says it all.
    pub(super) fn is_plain(&self) -> bool {
        let is_process = self.uses.iter().any(|(module, _)| PROCESSES.contains(&&**module));
        let mut callbacks = self.callbacks();
        self.add_unnamed_callbacks(&mut callbacks);
        let own: Vec<_> = self
            .functions()
            .filter(|(name, function)| {
                function.doc != Doc::Hidden
                    && !STARTERS.contains(name)
                    && !function.is_callback(name, &callbacks)
            })
            .collect();
        let macros = self.macros.iter().filter(|name| !name.starts_with('_')).count();
        let documents = self.attributes.iter().any(|(name, value)| name == "doc" && !is_false(value));
        let few = if documents { 1 } else { 2 };
        !is_process && own.len() + macros <= few
    }

    /// Tests, scripts, and what a framework calls: controllers, views, live views.
    pub(super) fn has_no_api(&self) -> bool {
        self.name.ends_with("Test")
            || self.uses.iter().any(|(module, which)| {
                NO_API.contains(&&**module) || module.ends_with("Case") || (*which && module.ends_with("Web"))
            })
    }
}

pub(super) fn is_false(node: &Node<'_>) -> bool {
    node.text() == "false"
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

/// Whether a function only returns what is written in it.
fn is_constant(function: &Node<'_>) -> bool {
    const LITERALS: [&str; 8] = ["atom", "boolean", "charlist", "float", "integer", "nil", "sigil", "string"];
    let body = do_body(function);
    let [only] = &body[..] else { return false };
    LITERALS.contains(&&*only.kind()) || (is_kind(only, "unary_operator") && only.text().starts_with('@'))
}
