//! `practice hint`: the next hint for what failed last.

use super::{Context, find};
use crate::{
    cli::HintArgs,
    error::Error,
    exit::Exit,
    hint::ShownHint,
    render::human,
    state::{ExerciseProgress, Progress},
    ui::out,
    workspace::Workspace,
};

/// Shows one more level.
///
/// # Errors
/// No exercise to go by, or nothing has failed in it.
pub fn run(context: &Context, args: &HintArgs) -> Result<Exit, Error> {
    let catalogue = context.catalogue()?;
    let state = context.state();
    let id = which(args, &state.read()?)?;
    let exercise = find(&catalogue, &id)?;
    let next = state.update(|progress| reveal(progress.exercises.entry(exercise.id.clone()).or_default()))?;
    let Some((hint, level)) = next else { return Err(Error::NothingFailed { exercise: id }) };
    out::data(&human::hint(&hint, level, &exercise.id))?;
    Ok(Exit::Passed)
}

fn which(args: &HintArgs, progress: &Progress) -> Result<String, Error> {
    if let Some(id) = &args.id {
        return Ok(id.clone());
    }
    let here = std::env::current_dir().ok();
    let around = here.map(|here| Workspace::around(&here)).transpose()?.flatten();
    around.map(|workspace| workspace.exercise).or_else(|| progress.last.clone()).ok_or(Error::WhichExercise)
}

/// The next level of the first hint that has one left, or the last level of the last one.
fn reveal(progress: &mut ExerciseProgress) -> Option<(ShownHint, usize)> {
    let shown = |hint: &ShownHint| progress.shown.get(&hint.id).copied().unwrap_or(0);
    let next = progress.hints.iter().find(|hint| shown(hint) < hint.levels.len());
    let hint = next.or(progress.hints.first())?.clone();
    let level = (shown(&hint) + 1).min(hint.levels.len());
    progress.shown.insert(hint.id.clone(), level);
    Some((hint, level))
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
        let mut next = || reveal(&mut progress).map(|(hint, level)| (hint.id, level)).unwrap();
        assert_eq!(next(), ("a".into(), 2));
        assert_eq!(next(), ("b".into(), 1));
        assert_eq!(next(), ("a".into(), 2));
        assert!(reveal(&mut ExerciseProgress::default()).is_none());
    }
}
