//! Finding an exercise by its id.

use super::Exercise;

/// How alike two ids must be for "did you mean", from 0 to 1.
const ALIKE: f64 = 0.78;

/// The exercises at hand, by id.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// In the order of their ids.
    pub exercises: Vec<Exercise>,
}

impl Catalogue {
    /// The exercise of that id.
    ///
    /// # Errors
    /// The id that was probably meant, if one is alike.
    pub fn find(&self, id: &str) -> Result<&Exercise, Option<String>> {
        self.exercises.iter().find(|exercise| exercise.id == id).ok_or_else(|| self.alike(id))
    }

    fn alike(&self, id: &str) -> Option<String> {
        let normal = |id: &str| id.to_lowercase().replace(['-', ' '], "_");
        let wanted = normal(id);
        let likeness = |candidate: &str| {
            // Half a name is what people remember: `rate_limiter` for `ets_rate_limiter`.
            if wanted.len() >= 3 && candidate.contains(&wanted) {
                1.0
            } else {
                strsim::jaro_winkler(&wanted, candidate)
            }
        };
        self.exercises
            .iter()
            .map(|exercise| (likeness(&exercise.id), &exercise.id))
            .filter(|(likeness, _)| *likeness >= ALIKE)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, id)| id.clone())
    }
}
