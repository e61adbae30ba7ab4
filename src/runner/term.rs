//! Commands to a VM, as Erlang terms in text: Elixir before 1.18 has no JSON decoder, and every
//! OTP release reads its own terms.

use std::{fmt::Write as _, path::Path};

/// A value in a command.
#[derive(Clone, Debug)]
pub enum Term {
    /// A binary.
    Text(String),
    /// A number.
    Number(u64),
    /// A list.
    List(Vec<Term>),
}

impl From<&str> for Term {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&Path> for Term {
    fn from(path: &Path) -> Self {
        Self::Text(path.to_string_lossy().into_owned())
    }
}

impl Term {
    /// A list of texts.
    pub fn texts<T: Into<Term>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => {
                let bytes = text.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(",");
                // Numbers instead of a string: no escapes, no encodings.
                let _ = write!(out, "<<{bytes}>>");
            }
            Self::Number(number) => {
                let _ = write!(out, "{number}");
            }
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
        }
    }
}

/// A command as one line: a map with its mode and its values.
#[must_use]
pub fn command(mode: &str, values: &[(&str, Term)]) -> String {
    let mut line = format!("#{{mode=>{mode}");
    for (key, value) in values {
        let _ = write!(line, ",{key}=>");
        value.write(&mut line);
    }
    line.push_str("}.\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_one_line_whatever_the_texts_hold() {
        let line =
            command("check", &[("root", "a\"\n".into()), ("n", Term::Number(7)), ("l", Term::texts(["é"]))]);
        assert_eq!(line, "#{mode=>check,root=><<97,34,10>>,n=>7,l=>[<<195,169>>]}.\n");
    }
}
