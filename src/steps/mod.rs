//! What each step's tool says, turned into findings and outcomes. Pure: no file is read and no
//! process is started here. One file a step.

pub mod compile;
pub mod credo;
pub mod dialyzer;
pub mod format;
pub mod idioms;
pub mod packages;
pub mod test;
