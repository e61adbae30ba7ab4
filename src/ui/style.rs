//! The few styles of everything that is printed. What they say is also in words, so that nothing
//! is lost without colour.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};

/// Passed.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Failed.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Not run, advice.
pub const MILD: Style = AnsiColor::Yellow.on_default();
/// A hint.
pub const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// What matters most in a line.
pub const STRONG: Style = Style::new().bold();
/// What matters least.
pub const FAINT: Style = Style::new().dimmed();

/// A text in a style.
#[derive(Clone, Copy, Debug)]
pub struct Styled<T>(pub Style, pub T);

impl<T: Display> Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(style, text) = self;
        write!(f, "{style}{text}{style:#}")
    }
}
