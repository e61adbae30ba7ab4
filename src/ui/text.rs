//! Text for the terminal: cleaned, wrapped, indented.

use std::{path::Path, time::Duration};

/// Columns of the terminal, where it does not say.
pub const WIDTH: usize = 80;

/// Takes out what a terminal would obey: the text may come from the checked code.
#[must_use]
pub fn clean(text: &str) -> String {
    let visible = |c: char| match c {
        '\n' => Some(c),
        '\t' => Some(' '),
        // Bidirectional overrides and zero-width characters make a text look like another.
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => None,
        c if c.is_control() => None,
        c => Some(c),
    };
    text.chars().filter_map(visible).collect()
}

/// The text in lines of at most `width` columns, each after its indent.
#[must_use]
pub fn wrap(text: &str, width: usize, first: &str, rest: &str) -> String {
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

/// Every line after an indent; at most `most` lines, with a count of the rest.
#[must_use]
pub fn indent(text: &str, indent: &str, most: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let shown = if lines.len() > most { &lines[..most.saturating_sub(1)] } else { &lines[..] };
    let mut out: Vec<String> =
        shown.iter().map(|line| format!("{indent}{line}").trim_end().to_owned()).collect();
    if shown.len() < lines.len() {
        out.push(format!("{indent}… {} more lines", lines.len() - shown.len()));
    }
    out.join("\n")
}

/// A path as a shell takes it.
#[must_use]
pub fn shell_word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/._-+@%".contains(c);
    if text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// `0.25 s`, `12 s`.
#[must_use]
pub fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 9.95 { format!("{seconds:.2} s") } else { format!("{seconds:.0} s") }
}

/// `1 test`, `2 tests`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `512 bytes`, `1.5 MB`.
#[must_use]
pub fn bytes(number: u64) -> String {
    // Exact enough for a person.
    #[allow(clippy::cast_precision_loss)]
    let number_of = |unit: u64| number as f64 / unit as f64;
    match number {
        0..1_000 => format!("{number} bytes"),
        1_000..1_000_000 => format!("{:.0} kB", number_of(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", number_of(1_000_000)),
        _ => format!("{:.1} GB", number_of(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_of_a_cleaned_text() {
        assert_eq!(clean("a\u{1b}[31mb\r\u{7}\tc\nd\u{202e}e"), "a[31mb c\nde");
    }

    #[test]
    fn long_texts_are_cut_with_a_count() {
        assert_eq!(indent("a\nb\nc\nd", "  ", 3), "  a\n  b\n  … 2 more lines");
        assert_eq!(indent("a\nb\nc", "  ", 3), "  a\n  b\n  c");
    }

    #[test]
    fn sizes_are_given_in_units_of_ten() {
        assert_eq!(
            [0, 999, 1_500, 2_340_000, 5_100_000_000].map(bytes),
            ["0 bytes", "999 bytes", "2 kB", "2.3 MB", "5.1 GB"]
        );
    }
}
