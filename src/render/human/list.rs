//! The list of exercises.

use crate::{
    render::json::{Footing, ListRow, Standing},
    ui::{
        style::{FAINT, GOOD, MILD, STRONG, Styled},
        text::{WIDTH, wrap},
    },
};

/// The exercises.
#[must_use]
pub fn list(rows: &[ListRow<'_>]) -> String {
    let width = rows.iter().map(|row| row.exercise.id.len()).max().unwrap_or(0);
    let row = |row: &ListRow<'_>| {
        let manifest = &row.exercise.manifest;
        let state = match row.standing {
            Standing::Solved => Styled(GOOD, "solved"),
            Standing::Begun => Styled(MILD, "begun "),
            Standing::New => Styled(FAINT, "      "),
        };
        let start = format!(
            "{}  {state}  {:<6}  {:>3} min  ",
            Styled(STRONG, format!("{:width$}", row.exercise.id)),
            manifest.difficulty.name(),
            manifest.minutes,
        );
        let margin = " ".repeat(width + 27);
        let topics = format!("{}: {}", manifest.title, manifest.topics.join(", "));
        let needs =
            needs(row).map(|needs| format!("\n{}", Styled(FAINT, wrap(&needs, WIDTH, &margin, &margin))));
        let topics = wrap(&topics, WIDTH, &margin, &margin);
        format!("{start}{}{}", topics.trim_start(), needs.unwrap_or_default())
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    format!("{}\n\n{} begins one", rows.join("\n"), Styled(STRONG, "practice start ID"))
}

/// What an exercise needs, and whether that is there.
fn needs(row: &ListRow<'_>) -> Option<String> {
    let ListRow { exercise, footing, .. } = row;
    let needs = exercise.manifest.needs.join(", ");
    let setup = format!("practice setup {}", exercise.id);
    Some(match footing {
        _ if needs.is_empty() => return None,
        Footing::Complete => format!("on {needs}"),
        Footing::StandIns => format!("on stand-ins for {needs}; `{setup}` installs these"),
        Footing::Absent => format!("needs {needs}: `{setup}`"),
    })
}
