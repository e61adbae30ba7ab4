//! What each step's tool says, turned into findings and outcomes. Pure: no file is read and no
//! process is started here. One file a step.

pub mod compile;
pub mod credo;
pub mod dialyzer;
pub mod format;
pub mod idioms;
pub mod packages;
pub mod test;

/// Why what a command has printed is no evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unjudged {
    /// The solution cannot be read: another step says why.
    Blocked(String),
    /// A fault of ours, or of the tool.
    Broken(String),
}
