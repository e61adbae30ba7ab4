//! The result of `practice verify`.

use crate::{
    report::Verdict,
    soundness::{Checked, ExerciseSoundness, Soundness},
    ui::{
        style::{BAD, FAINT, GOOD, MILD, STRONG, Styled},
        text::{WIDTH, clean, count, wrap},
    },
};

/// A line for each exercise that is sound, and all that is wrong with the others.
#[must_use]
pub fn verify(soundness: &Soundness) -> String {
    let mut lines: Vec<String> = soundness.exercises.iter().map(exercise).collect();
    for (step, reason) in &soundness.steps_not_run {
        let text = format!("{step} could not run: {reason}");
        lines.push(format!(
            "{}: {}",
            Styled(MILD, "note"),
            wrap(&clean(&text), WIDTH, "      ", "  ").trim_start()
        ));
    }
    lines.push(last_line(soundness));
    lines.join("\n")
}

fn last_line(soundness: &Soundness) -> String {
    let variants: usize = soundness.exercises.iter().map(|exercise| exercise.variants.len()).sum();
    let exercises = soundness.exercises.iter().filter(|exercise| !exercise.variants.is_empty()).count();
    let of = format!("{} of {}", count(variants, "solution"), count(exercises, "exercise"));
    match soundness.verdict() {
        Verdict::Passed => format!("{}: {of} came out as declared", Styled(GOOD, "sound")),
        Verdict::Failed => {
            let wrong = soundness.exercises.iter().flat_map(|exercise| &exercise.variants);
            let wrong = wrong.filter(|variant| variant.judged && !variant.sound).count();
            let problems: usize = soundness.exercises.iter().map(|exercise| exercise.problems.len()).sum();
            let mut faults = Vec::new();
            if problems > 0 {
                faults.push(format!("{} in the files", count(problems, "fault")));
            }
            if wrong > 0 {
                faults.push(format!("{wrong} of {of} did not come out as declared"));
            }
            format!("{}: {}", Styled(BAD, "unsound"), faults.join(", "))
        }
        Verdict::CouldNotCheck => {
            format!("{}: not everything could be judged", Styled(MILD, "could not check"))
        }
    }
}

fn exercise(exercise: &ExerciseSoundness) -> String {
    let unsound: Vec<&Checked> = exercise.variants.iter().filter(|variant| !variant.sound).collect();
    let sound = unsound.is_empty() && exercise.problems.is_empty();
    let word = match sound {
        // Its files are in order, and nothing is known of its solutions.
        true if exercise.variants.is_empty() => Styled(MILD, "not run"),
        true => Styled(GOOD, "sound  "),
        false => Styled(BAD, "unsound"),
    };
    let detail = count(exercise.variants.len(), "solution");
    let mut lines = vec![format!("{word}  {}  {}", Styled(STRONG, &exercise.id), Styled(FAINT, detail))];
    lines.extend(exercise.problems.iter().map(|problem| wrap(&clean(problem), WIDTH, "  ", "    ")));
    let (judged, unjudged): (Vec<&Checked>, Vec<&Checked>) =
        unsound.into_iter().partition(|variant| variant.judged);
    for variant in judged {
        lines.push(format!("  {} {}", variant.kind.name(), Styled(STRONG, &variant.name)));
        lines.push(wrap(&clean(&variant.declared), WIDTH, "    declared  ", "              "));
        lines.push(wrap(&clean(&variant.got), WIDTH, "    got       ", "              "));
    }
    lines.extend(not_judged(&unjudged, exercise));
    lines.join("\n")
}

/// Whatever kept one solution from being judged mostly kept the others, too: it is said once, and
/// not at all where it is among the exercise's problems.
fn not_judged(unjudged: &[&Checked], exercise: &ExerciseSoundness) -> Option<String> {
    let first = unjudged.first()?;
    let known = exercise.problems.contains(&first.got);
    let reason = if known { String::new() } else { format!(": {}", clean(&first.got)) };
    let which = match unjudged.len() {
        1 => format!("{} {} was not judged", first.kind.name(), first.name),
        number => format!("{number} solutions were not judged"),
    };
    Some(wrap(&format!("{which}{reason}"), WIDTH, "  ", "    "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exercise_that_was_not_run_is_not_called_sound() {
        let of = |variants| Soundness {
            exercises: vec![ExerciseSoundness { id: "e".into(), problems: Vec::new(), variants }],
            ..Soundness::default()
        };
        let sound = Checked {
            name: "stub".into(),
            kind: crate::exercise::VariantKind::Stub,
            declared: "fails".into(),
            got: "fails".into(),
            sound: true,
            judged: true,
        };
        let shown = |soundness: &Soundness| anstream::adapter::strip_str(&verify(soundness)).to_string();
        assert!(shown(&of(Vec::new())).starts_with("not run  e"));
        assert!(shown(&of(vec![sound])).starts_with("sound    e"));
    }
}
