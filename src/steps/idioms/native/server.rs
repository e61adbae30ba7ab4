//! What keeps a server process from answering: code that its callbacks run, themselves or through
//! functions of their module.
//!
//! What other functions do is the business of whoever calls them, and a `fn` that is handed to
//! something other than `Enum` may run in another process.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    ops::Range,
};

use super::super::{
    syntax::{
        arguments, attribute, binary, clause, do_body, head, is_kind, is_local_call, is_remote_call,
        local_name, named_children, sides,
    },
    tree::Node,
};

/// Behaviours whose callbacks run in a process that others wait for.
const SERVERS: [&str; 6] =
    ["GenServer", ":gen_server", "GenStage", "Phoenix.LiveView", "Phoenix.LiveComponent", "Phoenix.Channel"];

/// Their callbacks, by name and arity, but `terminate`: nobody waits for it.
const CALLBACKS: [(&str, usize); 16] = [
    ("init", 1),
    ("handle_call", 3),
    ("handle_cast", 2),
    ("handle_info", 2),
    ("handle_continue", 2),
    ("handle_demand", 2),
    ("handle_events", 3),
    ("mount", 1),
    ("mount", 3),
    ("update", 2),
    ("render", 1),
    ("handle_params", 3),
    ("handle_event", 3),
    ("handle_async", 3),
    ("join", 3),
    ("handle_in", 3),
];

/// Calls of `Process.sleep` and `:timer.sleep` in a server.
pub(super) fn sleep(module: &Node<'_>) -> Vec<Range<usize>> {
    busy(module, |node| {
        let sleeps = is_remote_call(node, "Process.sleep") || is_remote_call(node, ":timer.sleep");
        sleeps && !node.text().contains(":infinity") && !is_before_the_end(node) && !is_explained(node)
    })
}

/// `receive` in a server.
pub(super) fn receive(module: &Node<'_>) -> Vec<Range<usize>> {
    busy(module, |node| is_local_call(node, "receive") && !waits_for_one(node) && !takes_back(node))
}

/// Whether nobody can wait for an answer any more: the system is halted next.
fn is_before_the_end(node: &Node<'_>) -> bool {
    node.next_all().any(|next| is_remote_call(&next, "System.halt") || is_remote_call(&next, "System.stop"))
}

/// Whether a comment right before it says why.
fn is_explained(node: &Node<'_>) -> bool {
    node.prev_all().find(Node::is_named).is_some_and(|before| is_kind(&before, "comment"))
}

/// Whether a `receive` takes only the messages of one reference or process.
fn waits_for_one(receive: &Node<'_>) -> bool {
    let clauses: Vec<_> = do_body(receive).iter().filter_map(clause).collect();
    let pinned = |pattern: &Node<'_>| pattern.text().contains('^');
    clauses.iter().all(|clause| clause.patterns.iter().any(pinned))
}

/// Whether a `receive` takes the message of a timer that could not be cancelled any more.
fn takes_back(receive: &Node<'_>) -> bool {
    receive
        .ancestors()
        .filter(|node| ["if", "unless", "case"].iter().any(|name| is_local_call(node, name)))
        .filter_map(|node| arguments(&node).into_iter().next())
        .any(|asked| asked.text().contains("cancel_timer("))
}

/// Calls that a server makes to itself, by the name of its module.
pub(super) fn self_call(module: &Node<'_>) -> Vec<Range<usize>> {
    busy(module, |node| {
        is_remote_call(node, "GenServer.call") && receiver(node).is_some_and(|to| to.text() == "__MODULE__")
    })
}

/// What the first argument is, be it piped in.
fn receiver<'t>(call: &Node<'t>) -> Option<Node<'t>> {
    let pipe = call.parent().and_then(|parent| sides(&parent, "|>"));
    match pipe {
        Some((left, right)) if right.node_id() == call.node_id() => Some(left),
        _ => arguments(call).into_iter().next(),
    }
}

/// The nodes of that kind which a server runs.
fn busy(module: &Node<'_>, is_meant: impl Fn(&Node<'_>) -> bool) -> Vec<Range<usize>> {
    let body = do_body(module);
    if !body.iter().any(is_server) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for function in reached(&body) {
        visit_own(&function, &mut |node| {
            if is_meant(node) {
                found.push(node.range());
            }
        });
    }
    found
}

/// Whether an item of a module makes it a server.
fn is_server(item: &Node<'_>) -> bool {
    let named = if is_local_call(item, "use") {
        arguments(item).into_iter().next()
    } else {
        attribute(item).filter(|(name, _)| name == "behaviour").map(|(_, value)| value)
    };
    named.is_some_and(|module| SERVERS.contains(&&*module.text()))
}

/// The clauses of callbacks, and of what they call, directly or not.
fn reached<'t>(body: &[Node<'t>]) -> Vec<Node<'t>> {
    let mut clauses: HashMap<String, Vec<Node<'t>>> = HashMap::new();
    let mut queue = VecDeque::new();
    for item in body.iter().filter(|item| is_local_call(item, "def") || is_local_call(item, "defp")) {
        let Some((name, parameters)) = arguments(item).first().and_then(head) else { continue };
        let is_callback = is_local_call(item, "def")
            && CALLBACKS.iter().any(|(callback, arity)| *callback == name && *arity == parameters.len());
        if is_callback {
            queue.push_back(name.clone());
        }
        clauses.entry(name).or_default().push(item.clone());
    }
    let (mut known, mut reached) = (HashSet::new(), Vec::new());
    while let Some(name) = queue.pop_front() {
        if !known.insert(name.clone()) {
            continue;
        }
        for clause in clauses.get(&name).into_iter().flatten() {
            visit_own(clause, &mut |node| {
                if let Some(called) = called(node).filter(|called| clauses.contains_key(called)) {
                    queue.push_back(called);
                }
            });
            reached.push(clause.clone());
        }
    }
    reached
}

/// The name of the local function that is called: `f(x)`, `x |> f`.
fn called(node: &Node<'_>) -> Option<String> {
    let is_piped =
        || node.parent().and_then(|parent| binary(&parent)).is_some_and(|(_, operator, _)| operator == "|>");
    let is_call = is_kind(node, "call") || (is_kind(node, "identifier") && is_piped());
    local_name(node).filter(|_| is_call).map(std::borrow::Cow::into_owned)
}

/// Visits what runs when the function of this clause does.
fn visit_own<'t>(clause: &Node<'t>, visit: &mut impl FnMut(&Node<'t>)) {
    let mut pending: Vec<Node<'t>> = arguments(clause).into_iter().skip(1).collect();
    pending.extend(do_block(clause));
    while let Some(node) = pending.pop() {
        visit(&node);
        if !is_function(&node) || runs_here(&node) {
            pending.extend(named_children(&node));
        }
    }
}

fn do_block<'t>(clause: &Node<'t>) -> Option<Node<'t>> {
    clause.children().find(|child| is_kind(child, "do_block"))
}

/// `fn … end` or `&…`
fn is_function(node: &Node<'_>) -> bool {
    is_kind(node, "anonymous_function")
        || (is_kind(node, "unary_operator")
            && node.field("operator").is_some_and(|operator| operator.text() == "&"))
}

/// Whether an anonymous function is called by the function that it stands in.
fn runs_here(function: &Node<'_>) -> bool {
    let call =
        function.parent().filter(|node| is_kind(node, "arguments")).and_then(|arguments| arguments.parent());
    call.and_then(|call| call.field("target")).is_some_and(|target| {
        let target = target.text();
        target.starts_with("Enum.") || ["then", "tap"].contains(&&*target)
    })
}
