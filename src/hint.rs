//! Hints: what to look at next, keyed to what failed.

use regex::Regex;

use crate::plan::Step;

/// What a hint is for.
#[derive(Clone, Debug)]
pub enum Trigger {
    /// A test of this name failed.
    Test(String),
    /// An idiom rule of this id matched.
    Rule(String),
    /// A Credo check of this name found something.
    Credo(String),
    /// A message of this step matches.
    Message(Step, Regex),
    /// The step failed, for whatever reason.
    Step(Step),
}

/// A hint of an exercise.
#[derive(Clone, Debug)]
pub struct Hint {
    /// Its id.
    pub id: String,
    /// What it is for; any one suffices.
    pub when: Vec<Trigger>,
    /// From a nudge to nearly the code.
    pub levels: Vec<String>,
}

/// One thing that failed, in the order in which a learner should look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The step.
    pub step: Step,
    /// Test name, rule, check or warning name; `None` where the step as a whole failed.
    pub name: Option<String>,
    /// The message to match.
    pub message: String,
    /// Where the finding comes with help of its own, that help.
    pub help: Option<String>,
}

impl Cause {
    /// For people: `test: counts per user`.
    #[must_use]
    pub fn because(&self) -> String {
        let name = self.name.as_deref().unwrap_or_else(|| self.message.lines().next().unwrap_or_default());
        if name.is_empty() { self.step.to_string() } else { format!("{}: {name}", self.step) }
    }
}

/// A hint that applies, with what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownHint {
    /// The hint's id.
    pub id: String,
    /// All levels; a report shows the first one.
    pub levels: Vec<String>,
    /// `test: counts per user`
    pub because: String,
}

impl Trigger {
    fn fires(&self, cause: &Cause) -> bool {
        let named = |step: Step, name: &str| cause.step == step && cause.name.as_deref() == Some(name);
        match self {
            Self::Test(name) => named(Step::Test, name),
            Self::Rule(id) => named(Step::Idioms, id),
            Self::Credo(check) => named(Step::Credo, check),
            Self::Message(step, regex) => cause.step == *step && regex.is_match(&cause.message),
            Self::Step(step) => cause.step == *step,
        }
    }

    /// A hint for a whole step gives way to one for the thing itself.
    fn is_general(&self) -> bool {
        matches!(self, Self::Step(_))
    }
}

/// The hints for the causes, in the order of the causes, each hint once.
///
/// A cause without a hint of the exercise gets its finding's own help, if it has one.
#[must_use]
pub fn choose(hints: &[Hint], causes: &[Cause]) -> Vec<ShownHint> {
    let mut shown: Vec<ShownHint> = Vec::new();
    for cause in causes {
        if let Some(hint) = best(hints, cause)
            && !shown.iter().any(|earlier| earlier.id == hint.id)
        {
            shown.push(hint);
        }
    }
    shown
}

fn best(hints: &[Hint], cause: &Cause) -> Option<ShownHint> {
    let find = |general: bool| {
        hints.iter().find(|hint| {
            hint.when.iter().any(|trigger| trigger.is_general() == general && trigger.fires(cause))
        })
    };
    let of_exercise = |hint: &Hint| ShownHint {
        id: hint.id.clone(),
        levels: hint.levels.clone(),
        because: cause.because(),
    };
    let of_finding = || {
        cause.help.as_ref().map(|help| ShownHint {
            id: cause.name.clone().unwrap_or_else(|| cause.step.to_string()),
            levels: vec![help.clone()],
            because: cause.because(),
        })
    };
    find(false).map(of_exercise).or_else(of_finding).or_else(|| find(true).map(of_exercise))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(id: &str, when: Trigger) -> Hint {
        Hint { id: id.into(), when: vec![when], levels: vec!["look".into()] }
    }

    fn cause(step: Step, name: &str, help: Option<&str>) -> Cause {
        Cause {
            step,
            name: Some(name.into()),
            message: "undefined function foo/1".into(),
            help: help.map(Into::into),
        }
    }

    fn ids(hints: &[Hint], causes: &[Cause]) -> Vec<String> {
        choose(hints, causes).into_iter().map(|hint| hint.id).collect()
    }

    #[test]
    fn the_first_cause_gives_the_first_hint_and_each_hint_comes_once() {
        let hints = [hint("a", Trigger::Test("one".into())), hint("b", Trigger::Test("two".into()))];
        let causes = ["two", "one", "two"].map(|name| cause(Step::Test, name, None));
        assert_eq!(ids(&hints, &causes), ["b", "a"]);
    }

    #[test]
    fn the_particular_comes_before_help_and_help_before_the_general() {
        let general = hint("general", Trigger::Step(Step::Idioms));
        let particular = hint("particular", Trigger::Rule("no-dbg".into()));
        let with_help = cause(Step::Idioms, "no-dbg", Some("remove it"));
        assert_eq!(ids(&[general.clone(), particular], std::slice::from_ref(&with_help)), ["particular"]);
        assert_eq!(ids(std::slice::from_ref(&general), &[with_help]), ["no-dbg"]);
        assert_eq!(ids(&[general], &[cause(Step::Idioms, "no-dbg", None)]), ["general"]);
    }

    #[test]
    fn messages_match_by_regex_in_their_step_only() {
        let hints =
            [hint("undefined", Trigger::Message(Step::Compile, Regex::new("undefined .*foo").unwrap()))];
        assert_eq!(ids(&hints, &[cause(Step::Compile, "error", None)]), ["undefined"]);
        assert!(ids(&hints, &[cause(Step::Dialyzer, "error", None)]).is_empty());
    }
}
