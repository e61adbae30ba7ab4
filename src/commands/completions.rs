//! `practice completions`: what a shell needs to complete commands and options.

use clap_complete::generate;

use crate::{
    cli::{self, CompletionsArgs},
    error::Error,
    exit::Exit,
    ui::out,
};

/// Prints the completions.
///
/// # Errors
/// Standard output that cannot be written.
pub fn run(args: &CompletionsArgs) -> Result<Exit, Error> {
    let mut script = Vec::new();
    generate(args.shell, &mut cli::visible(), "practice", &mut script);
    out::data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Passed)
}
