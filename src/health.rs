//! What this machine has of what the program needs: what `practice doctor` shows.

/// One thing that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// `Elixir`
    pub name: &'static str,
    /// Whether it is there.
    pub state: State,
    /// What was found, or what is wrong.
    pub detail: String,
    /// What to do about it, with commands that can be typed.
    pub todo: Option<String>,
}

/// Whether a thing is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is there and works.
    Found,
    /// It is not there, and checks work without it.
    Absent,
    /// It is not there or does not work, and checks need it.
    Missing,
}

impl State {
    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Absent => "absent",
            Self::Missing => "missing",
        }
    }
}

impl Item {
    /// Something that is there.
    #[must_use]
    pub fn found(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, state: State::Found, detail: detail.into(), todo: None }
    }

    /// Something that would be useful.
    #[must_use]
    pub fn absent(name: &'static str, detail: impl Into<String>, todo: Option<String>) -> Self {
        Self { name, state: State::Absent, detail: detail.into(), todo }
    }

    /// Something that is needed.
    #[must_use]
    pub fn missing(name: &'static str, detail: impl Into<String>, todo: Option<String>) -> Self {
        Self { name, state: State::Missing, detail: detail.into(), todo }
    }
}

/// Whether checks can be run in full.
#[must_use]
pub fn nothing_is_missing(items: &[Item]) -> bool {
    items.iter().all(|item| item.state != State::Missing)
}
