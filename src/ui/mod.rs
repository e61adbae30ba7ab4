//! The terminal: the only place, with [`crate::render`], that writes to it.

pub mod ask;
pub mod out;
pub mod progress;
pub mod style;
pub mod text;
