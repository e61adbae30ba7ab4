//! Text of an exercise for the terminal: Markdown whose lines fit.

use crate::ui::text::{WIDTH, wrap};

/// Wraps paragraphs and list items. Headings, tables and code stay as they are, without the fences.
#[must_use]
pub fn wrapped(text: &str, indent: &str) -> String {
    let mut blocks = Blocks { indent, out: Vec::new(), open: None };
    let mut fenced = false;
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        if fence {
            blocks.close();
        } else if fenced {
            blocks.as_it_is(line);
        } else {
            blocks.line(line);
        }
        fenced ^= fence;
    }
    blocks.close();
    blocks.out.join("\n").trim_end().to_owned()
}

struct Blocks<'a> {
    indent: &'a str,
    out: Vec<String>,
    /// A paragraph or list item that may go on: its text, and what its further lines begin with.
    open: Option<(String, String)>,
}

impl Blocks<'_> {
    fn line(&mut self, line: &str) {
        let text = line.trim();
        match (&mut self.open, item_width(text)) {
            (_, Some(width)) => {
                self.close();
                let margin = line.len() - line.trim_start().len() + width;
                self.open = Some((line.trim_end().to_owned(), " ".repeat(margin)));
            }
            // Indented, and no part of a list item.
            (None, None) if line.starts_with("  ") => self.as_it_is(line),
            _ if text.is_empty() || text.starts_with(['#', '|']) => self.as_it_is(line),
            (Some((open, _)), None) => {
                open.push(' ');
                open.push_str(text);
            }
            (None, None) => self.open = Some((text.to_owned(), String::new())),
        }
    }

    fn as_it_is(&mut self, line: &str) {
        self.close();
        self.out.push(format!("{}{line}", self.indent).trim_end().to_owned());
    }

    fn close(&mut self) {
        if let Some((text, margin)) = self.open.take() {
            let margin = format!("{}{margin}", self.indent);
            self.out.push(wrap(&text, WIDTH, self.indent, &margin));
        }
    }
}

/// How far the text of a list item is from its mark: 2 for `- `, 3 for `1. `.
fn item_width(text: &str) -> Option<usize> {
    if text.starts_with("- ") || text.starts_with("* ") {
        return Some(2);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0 && text[digits..].starts_with(". ")).then_some(digits + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_code_stays() {
        let long = "word ".repeat(20);
        let text =
            format!("# A\n\n{long}\n- {long}\n  more\n- b\n\n```elixir\nx = 1\n```\n    y = 2\n| a |\n");
        insta::assert_snapshot!(wrapped(&text, ""), @"
        # A

        word word word word word word word word word word word word word word word word
        word word word word
        - word word word word word word word word word word word word word word word
          word word word word word more
        - b

        x = 1
            y = 2
        | a |
        ");
        assert!(wrapped(&text, "  ").lines().all(|line| line.chars().count() <= WIDTH));
    }
}
