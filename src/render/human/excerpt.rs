//! Lines of source with a place marked, as `rustc` shows them.

use std::{borrow::Cow, ops::Range};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};
use anstream::adapter::strip_str;

use super::diff;
use crate::{
    finding::{Finding, Place, Severity},
    plan::Step,
    render::sources::Sources,
    ui::text::{WIDTH, clean, indent, wrap},
};

/// Lines of a diff or of help that are shown.
const MOST_LINES: usize = 24;

/// Columns to the left of a source line: its number and the rule.
const MARGIN: usize = 8;

/// A finding with the line that it is about.
#[must_use]
pub fn finding(step: Step, finding: &Finding, strict: bool, sources: &Sources<'_>) -> String {
    let level = match finding.severity {
        Severity::Warning if !strict => Level::WARNING,
        Severity::Advice if !strict => Level::NOTE.with_name("advice"),
        _ => Level::ERROR,
    };
    let title = format!("{} [{}]", clean(&finding.message), finding.rule);
    let title = wrap(&title, WIDTH - "warning: ".len(), "", "");
    // A diff shows its lines itself.
    let marked = if step == Step::Format { None } else { marked_finding(finding, sources) };
    let shown = render(&[with_snippet(level.primary_title(title), marked.as_ref())]);
    let place = if marked.is_some() { String::new() } else { format!("\n  {}", place_text(&finding.place)) };
    let help = finding.help.as_deref().map(|help| help_text(step, help)).unwrap_or_default();
    format!("{shown}{place}{help}")
}

fn help_text(step: Step, help: &str) -> String {
    match step {
        Step::Format => format!("\n{}", diff(help, MOST_LINES)),
        Step::Compile => format!("\n{}", indent(&clean(help), "  ", MOST_LINES)),
        // Types are long: they go on under their beginning.
        Step::Dialyzer => {
            let lines: Vec<String> =
                clean(help).lines().map(|line| wrap(line, WIDTH, "  ", "    ")).collect();
            format!("\n{}", indent(&lines.join("\n"), "", MOST_LINES))
        }
        _ => format!("\n{}", wrap(&clean(help), WIDTH, "  help: ", "        ")),
    }
}

/// `lib/a.ex:3:7`
#[must_use]
pub fn place_text(place: &Place) -> String {
    let number = |number: Option<u32>| number.map(|number| format!(":{number}")).unwrap_or_default();
    format!(
        "{}{}{}",
        clean(&place.file),
        number(place.line),
        place.line.map_or(String::new(), |_| number(place.column))
    )
}

/// A line of source with something marked in it.
#[derive(Debug)]
pub struct Marked {
    path: String,
    line: usize,
    text: String,
    span: Range<usize>,
    label: Option<String>,
}

impl Marked {
    /// Drops a label that would not fit beside its line; says whether it is kept.
    pub fn keep_label_if_it_fits(&mut self) -> bool {
        let label = self.label.as_ref().map_or(0, |label| label.chars().count());
        let fits = MARGIN + self.text[..self.span.end].chars().count() + 1 + label <= WIDTH;
        if !fits {
            self.label = None;
        }
        fits
    }
}

/// The line of the place, if its file is at hand: marked from the column on, or as a whole.
#[must_use]
pub fn marked(place: &Place, label: Option<String>, sources: &Sources<'_>) -> Option<Marked> {
    let lines: Vec<&str> = sources.text(&place.file)?.lines().collect();
    // A compiler may point behind the last line: there, something is missing.
    let line = usize::try_from(place.line?).ok()?.min(lines.len());
    let text = clean(lines.get(line.checked_sub(1)?)?);
    let text = text.trim_end().to_owned();
    let begin = match place.column {
        Some(column) => byte_of_column(&text, column),
        None => text.len() - text.trim_start().len(),
    };
    let begin = begin.min(text.len());
    let end = match place.column {
        Some(_) => end_of_word(&text, begin),
        None => text.len(),
    };
    Some(Marked { path: place.file.clone(), line, span: begin..end.max(begin), text, label })
}

/// The line of a finding: marked as far as the tool's own words go, where it names some.
fn marked_finding(finding: &Finding, sources: &Sources<'_>) -> Option<Marked> {
    let mut marked = marked(&finding.place, None, sources)?;
    if let Some(trigger) = &finding.trigger
        && let Some(begin) = find_trigger(&marked, trigger, finding.place.column.is_some())
    {
        marked.span = begin..begin + trigger.len();
    }
    Some(marked)
}

/// Where the words begin: at the place's column, or where it has none, if they are in the line just once.
fn find_trigger(marked: &Marked, trigger: &str, has_column: bool) -> Option<usize> {
    let (begin, text) = (marked.span.start, marked.text.as_str());
    if has_column {
        return text[begin..].starts_with(trigger).then_some(begin);
    }
    let mut places = text.match_indices(trigger);
    places.next().filter(|_| places.next().is_none()).map(|(begin, _)| begin)
}

fn byte_of_column(text: &str, column: u32) -> usize {
    let before = usize::try_from(column).unwrap_or(1).saturating_sub(1);
    text.char_indices().nth(before).map_or(text.len(), |(index, _)| index)
}

/// A name with its module, or a single character.
fn end_of_word(text: &str, begin: usize) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '?' | '!' | ':' | '@');
    let rest = &text[begin..];
    let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    begin + length.max(rest.chars().next().map_or(0, char::len_utf8))
}

/// A group of a title and a marked line.
pub fn with_snippet<'a>(title: annotate_snippets::Title<'a>, marked: Option<&'a Marked>) -> Group<'a> {
    let group = Group::with_title(title);
    match marked {
        Some(marked) => group.element(snippet(marked)),
        None => group,
    }
}

/// A marked line as a snippet.
pub fn snippet(marked: &Marked) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    let annotation = AnnotationKind::Primary.span(marked.span.clone());
    let annotation = match &marked.label {
        Some(label) => annotation.label(label.as_str()),
        None => annotation,
    };
    Snippet::source(marked.text.as_str())
        .path(marked.path.as_str())
        .line_start(marked.line)
        .annotation(annotation)
}

/// Groups as text.
#[must_use]
pub fn render(groups: &[Group<'_>]) -> String {
    let text = Renderer::styled().decor_style(DecorStyle::Unicode).term_width(WIDTH).render(groups);
    text.lines().map(with_common_glyphs).collect::<Vec<_>>().join("\n")
}

/// Many fonts of terminals lack the sign with which a second file begins; the tee is in all that
/// have the other lines.
fn with_common_glyphs(line: &str) -> Cow<'_, str> {
    const SECOND_FILE: char = '\u{2e2c}';
    let begins_file = strip_str(line).to_string().trim_start().starts_with(SECOND_FILE);
    if begins_file { Cow::Owned(line.replacen(SECOND_FILE, "├", 1)) } else { Cow::Borrowed(line) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::SourceFile;

    #[test]
    fn a_second_file_begins_with_a_sign_that_every_font_has() {
        assert_eq!(
            with_common_glyphs("\u{1b}[34m   ⸬\u{1b}[0m  lib/a.ex:3"),
            "\u{1b}[34m   ├\u{1b}[0m  lib/a.ex:3"
        );
        let source = "3 │ \"⸬\"";
        assert_eq!(with_common_glyphs(source), source);
    }

    /// The part of the line that is marked.
    fn marked_words(line: &str, column: Option<u32>, trigger: Option<&str>) -> String {
        let file = "lib/a.ex".to_owned();
        let solution = [SourceFile { path: file.clone(), shown: file.clone(), text: line.to_owned() }];
        let finding = Finding {
            rule: "r".into(),
            severity: Severity::Advice,
            place: Place { file, line: Some(1), column },
            message: "m".into(),
            help: None,
            credo: None,
            trigger: trigger.map(Into::into),
        };
        let marked = marked_finding(&finding, &Sources::of_solution(&solution)).unwrap();
        marked.text[marked.span].to_owned()
    }

    #[test]
    fn as_much_is_marked_as_the_tool_names() {
        let line = "  é = f(a,b) |> g() |> g()";
        assert_eq!(marked_words(line, Some(10), Some(",b")), ",b");
        assert_eq!(marked_words(line, Some(14), Some("|>")), "|>");
        assert_eq!(marked_words(line, None, Some("f(a,b)")), "f(a,b)");
        // What is not there, or not there alone, is not guessed at.
        assert_eq!(marked_words(line, Some(7), Some("Enum.map")), "f");
        assert_eq!(marked_words(line, None, Some("|> g()")), line.trim());
        assert_eq!(marked_words(line, Some(7), None), "f");
    }
}
