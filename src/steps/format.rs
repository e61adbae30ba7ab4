//! What `mix format` would change, as findings.

use similar::TextDiff;

use crate::finding::{Finding, Place, Severity};

/// Lines of context around a change, as `diff -u` shows them.
const CONTEXT: usize = 2;

/// The difference between a file and its formatted text; `None` where there is none.
#[must_use]
pub fn finding(file: &str, source: &str, formatted: &str) -> Option<Finding> {
    // `Code.format_string!` leaves out the final newline that `mix format` writes.
    let formatted = format!("{}\n", formatted.trim_end_matches('\n'));
    if source == formatted {
        return None;
    }
    let only_line_endings = source.replace("\r\n", "\n") == formatted;
    let diff = TextDiff::from_lines(source, formatted.as_str());
    let line = first_changed_line(&diff);
    let (message, help) = if only_line_endings {
        ("lines end with CRLF; `mix format` writes LF".to_owned(), None)
    } else {
        let text = diff.unified_diff().context_radius(CONTEXT).to_string();
        ("`mix format` would change this file".to_owned(), Some(text.trim_end().to_owned()))
    };
    Some(Finding {
        rule: "format".to_owned(),
        severity: Severity::Advice,
        place: Place { file: file.to_owned(), line: Some(line), column: Some(1) },
        message,
        help,
        credo: None,
        trigger: None,
    })
}

fn first_changed_line(diff: &TextDiff<'_, '_, str>) -> u32 {
    diff.ops()
        .iter()
        .find(|op| op.tag() != similar::DiffTag::Equal)
        .map_or(1, |op| u32::try_from(op.old_range().start).unwrap_or(u32::MAX).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formatted_file_gives_nothing() {
        assert_eq!(finding("lib/a.ex", "x = 1\n", "x = 1"), None);
    }

    #[test]
    fn a_change_is_shown_as_a_diff_at_its_line() {
        let found = finding("lib/a.ex", "x = 1\ny=2\n", "x = 1\ny = 2").unwrap();
        assert_eq!(found.place.line, Some(2));
        insta::assert_snapshot!(found.help.unwrap(), @r"
        @@ -1,2 +1,2 @@
         x = 1
        -y=2
        +y = 2
        ");
    }

    #[test]
    fn a_missing_final_newline_is_a_change() {
        assert!(finding("lib/a.ex", "x = 1", "x = 1").is_some());
    }

    #[test]
    fn crlf_is_said_in_a_sentence() {
        let found = finding("lib/a.ex", "x = 1\r\ny = 2\r\n", "x = 1\ny = 2").unwrap();
        assert!(found.message.contains("CRLF"), "{}", found.message);
        assert_eq!(found.help, None);
    }
}
