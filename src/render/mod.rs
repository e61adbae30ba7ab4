//! Results as text: for people and for programs. Pure: [`crate::ui::out`] does the writing.

pub mod human;
pub mod json;

#[cfg(test)]
mod samples;
