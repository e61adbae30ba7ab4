//! `practice man`: the manual pages.

use clap_mangen::Man;

use crate::{
    cli::{self, ManArgs},
    error::Error,
    exit::Exit,
    ui::out,
};

/// Prints a page, as `man` reads it.
///
/// # Errors
/// No such command.
pub fn run(args: &ManArgs) -> Result<Exit, Error> {
    let mut program = cli::visible();
    // Puts the options of every command into each, and names their pages: `practice-check`.
    program.build();
    let command = match &args.command {
        None => program,
        Some(name) => {
            let found = program.find_subcommand(name).cloned();
            found.ok_or_else(|| Error::NoSuchCommand { name: name.clone() })?
        }
    };
    let mut page = Vec::new();
    Man::new(command).render(&mut page).map_err(Error::Output)?;
    out::data(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Passed)
}
