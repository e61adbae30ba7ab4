//! Lines of source with a place marked, as `rustc` shows them.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};

use super::diff;
use crate::{
    exercise::Exercise,
    finding::{Finding, Place, Severity},
    plan::{SourceFile, Step},
    ui::text::{WIDTH, clean, indent, wrap},
};

/// Lines of a diff or of help that are shown.
const MOST_LINES: usize = 24;

/// Columns to the left of a source line: its number and the rule.
const MARGIN: usize = 8;

/// The texts that places point into, by the path that is shown.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    texts: BTreeMap<&'a str, Cow<'a, str>>,
    solution: Vec<&'a str>,
}

impl<'a> Sources<'a> {
    /// The solution's files and the exercise's tests.
    #[must_use]
    pub fn new(exercise: &'a Exercise, solution: &'a [SourceFile]) -> Self {
        let tests = exercise.test_files().into_iter().filter_map(|path| Some((path, exercise.text(path)?)));
        let files = solution.iter().map(|file| (file.shown.as_str(), Cow::Borrowed(file.text.as_str())));
        Self {
            texts: tests.chain(files).collect(),
            solution: solution.iter().map(|file| file.shown.as_str()).collect(),
        }
    }

    /// The solution's files alone.
    #[cfg(test)]
    #[must_use]
    pub fn of_solution(solution: &'a [SourceFile]) -> Self {
        let file = |file: &'a SourceFile| (file.shown.as_str(), Cow::Borrowed(file.text.as_str()));
        Self {
            texts: solution.iter().map(file).collect(),
            solution: solution.iter().map(|file| file.shown.as_str()).collect(),
        }
    }

    /// The text of a file, if it is one of them.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(AsRef::as_ref)
    }

    /// The solution's files: path and text.
    pub fn solution(&self) -> impl Iterator<Item = (&'a str, &str)> {
        self.solution.iter().filter_map(|path| Some((*path, self.text(path)?)))
    }
}

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
    let marked = if step == Step::Format { None } else { marked(&finding.place, None, sources) };
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
    Renderer::styled().decor_style(DecorStyle::Unicode).term_width(WIDTH).render(groups)
}
