//! `practice hint`: the next hint for what failed last.

use super::{Context, find, which};
use crate::{
    cli::HintArgs, error::Error, exit::Exit, hint::ShownHint, render::human, state::ExerciseProgress, ui::out,
};

/// Shows one more level.
///
/// # Errors
/// No exercise to go by, or nothing has failed in it.
pub fn run(context: &Context, args: &HintArgs) -> Result<Exit, Error> {
    let catalogue = context.catalogue(None)?;
    let state = context.state();
    let id = which(args.id.as_deref(), &state.read()?, "hint")?;
    let exercise = find(&catalogue, &id)?;
    let next = state.update(|progress| reveal(progress.exercises.entry(exercise.id.clone()).or_default()))?;
    let Some((hint, level, more)) = next else {
        let solved = state.read()?.exercises.get(&id).is_some_and(|found| found.solved);
        return Err(if solved {
            Error::AllPassed { exercise: id }
        } else {
            Error::NothingFailed { exercise: id }
        });
    };
    out::data(&human::hint(&hint, level, more, &exercise.id))?;
    Ok(Exit::Passed)
}

/// The next level of the first hint that has one left, or the last level of the first one; and
/// whether there is more after it.
fn reveal(progress: &mut ExerciseProgress) -> Option<(ShownHint, usize, bool)> {
    let left = |progress: &ExerciseProgress| {
        let shown = |hint: &ShownHint| progress.shown.get(&hint.id).copied().unwrap_or(0);
        progress.hints.iter().find(|hint| shown(hint) < hint.levels.len()).cloned()
    };
    let hint = left(progress).or(progress.hints.first().cloned())?;
    let shown = progress.shown.entry(hint.id.clone()).or_insert(0);
    *shown = (*shown + 1).min(hint.levels.len());
    let level = *shown;
    let more = left(progress).is_some();
    Some((hint, level, more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_reveals_one_more_and_the_last_one_stays() {
        let hint = |id: &str, levels: &[&str]| ShownHint {
            id: id.into(),
            levels: levels.iter().map(|level| (*level).into()).collect(),
            because: String::new(),
        };
        let mut progress =
            ExerciseProgress { hints: vec![hint("a", &["1", "2"]), hint("b", &["3"])], ..Default::default() };
        progress.shown.insert("a".into(), 1);
        let mut next = || reveal(&mut progress).map(|(hint, level, more)| (hint.id, level, more)).unwrap();
        assert_eq!(next(), ("a".into(), 2, true));
        assert_eq!(next(), ("b".into(), 1, false));
        assert_eq!(next(), ("a".into(), 2, false));
        assert!(reveal(&mut ExerciseProgress::default()).is_none());
    }
}
