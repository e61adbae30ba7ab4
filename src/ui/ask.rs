//! Asking a yes-or-no question on the terminal.

use std::{
    io::{self, IsTerminal, Write},
    sync::mpsc,
    thread,
};

use super::text;
use crate::{error::Error, process::interrupt};

/// Whether there is somebody to ask.
#[must_use]
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks; only `y` and `yes` are a yes.
///
/// # Errors
/// Ctrl-C instead of an answer.
pub fn yes(question: &str) -> Result<bool, Error> {
    let mut out = anstream::stderr();
    let question = text::wrap(&format!("{question} [y/N]"), text::WIDTH - 1, "", "");
    let _ = write!(out, "{question} ").and_then(|()| out.flush());
    let (sender, answers) = mpsc::channel();
    let _interrupts = interrupt::subscribe({
        let sender = sender.clone();
        move || drop(sender.send(None))
    });
    // A thread of its own: reading from a terminal cannot be interrupted, waiting for a channel can.
    thread::spawn(move || {
        let mut line = String::new();
        let _ = io::stdin().read_line(&mut line);
        let _ = sender.send(Some(line));
    });
    match answers.recv() {
        Ok(Some(line)) => Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes")),
        Ok(None) | Err(_) => Err(Error::Interrupted),
    }
}
