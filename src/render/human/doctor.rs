//! What `practice doctor` found.

use crate::{
    health::{Item, State},
    ui::{
        style::{BAD, GOOD, MILD, STRONG, Styled},
        text::{WIDTH, clean, count, wrap},
    },
};

/// A line for each thing that was looked for, and what to do about those that are missing.
#[must_use]
pub fn doctor(items: &[Item]) -> String {
    let width = items.iter().map(|item| item.name.len()).max().unwrap_or(0);
    let lines: Vec<String> = items.iter().map(|item| line(item, width)).collect();
    let missing = items.iter().filter(|item| item.state == State::Missing).count();
    let last = match missing {
        0 => format!("{}: `practice list` shows the exercises", Styled(GOOD, "ready")),
        1 => format!("{}: 1 thing is missing", Styled(BAD, "not ready")),
        _ => format!("{}: {} are missing", Styled(BAD, "not ready"), count(missing, "thing")),
    };
    format!("{}\n\n{last}", lines.join("\n"))
}

fn line(item: &Item, width: usize) -> String {
    let style = match item.state {
        State::Found => GOOD,
        State::Absent => MILD,
        State::Missing => BAD,
    };
    let margin = " ".repeat("missing  ".len() + width + 2);
    let state = Styled(style, format!("{:<7}", item.state.name()));
    let name = Styled(STRONG, format!("{:<width$}", item.name));
    let detail = wrap(&clean(&item.detail), WIDTH, &margin, &margin);
    let todo = item.todo.as_deref().map(|todo| format!("\n{}", wrap(todo, WIDTH, &margin, &margin)));
    format!("{state}  {name}  {}{}", detail.trim_start(), todo.unwrap_or_default())
}
