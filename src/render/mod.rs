//! Results as text: for people and for programs. Pure: [`crate::ui::out`] does the writing.

pub mod github;
pub mod human;
pub mod json;
pub mod junit;
pub mod remarks;
pub mod sources;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
