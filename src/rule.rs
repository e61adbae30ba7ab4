//! An idiom rule as its author writes it. What matches it is [`crate::steps::idioms`].
pub use crate::steps::idioms::RuleDef;
