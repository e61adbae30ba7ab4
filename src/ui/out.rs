//! Writing to standard output and standard error.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
};

use anstream::ColorChoice;

use super::{
    style::{BAD, HINT, MILD, Styled},
    text,
};
use crate::{cli::Color, error::Error};

/// Decides on colour, for both streams, for the whole run.
pub fn choose_color(color: Color) {
    match color {
        // `anstream` knows `NO_COLOR`, `CLICOLOR`, terminals and `TERM=dumb`.
        Color::Auto => {}
        Color::Always => ColorChoice::Always.write_global(),
        Color::Never => ColorChoice::Never.write_global(),
    }
}

/// Whether standard error is a terminal, where progress may be shown.
#[must_use]
pub fn has_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Writes the result of a command. A reader that has gone away (`| head`) is no error.
///
/// # Errors
/// It cannot be written: a full disk. Nobody must take half a result for a whole one.
pub fn data(text: &str) -> Result<(), Error> {
    let mut out = anstream::stdout().lock();
    match writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

/// Says something beside the result.
pub fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Says something that does not keep the command from its work.
pub fn warn(text: &str) {
    note(&format!("{}: {text}", Styled(MILD, "warning")));
}

/// Prints an error, its causes, and what to do about it.
pub fn error(error: &Error) {
    note(&error_text(error));
}

/// `error: …`, `Caused by: …`, `hint: …`.
#[must_use]
pub fn error_text(error: &Error) -> String {
    let message = text::wrap(&text::clean(&error.to_string()), text::WIDTH, "error: ", "       ");
    let message = message.strip_prefix("error").unwrap_or(&message).to_owned();
    let mut out = format!("{}{message}\n", Styled(BAD, "error"));
    for cause in error.causes() {
        let lines = text::clean(&cause.to_string());
        let mut lines = lines.trim_end().lines();
        let _ = writeln!(out, "  Caused by: {}", lines.next().unwrap_or_default());
        for line in lines {
            let _ = writeln!(out, "    {line}");
        }
    }
    let hints = error.hints();
    if !hints.is_empty() {
        out.push('\n');
    }
    for hint in hints {
        let wrapped = text::wrap(&hint, text::WIDTH, "hint: ", "      ");
        let rest = wrapped.strip_prefix("hint").unwrap_or(&wrapped);
        let _ = writeln!(out, "{}{rest}", Styled(HINT, "hint"));
    }
    out.trim_end().to_owned()
}
