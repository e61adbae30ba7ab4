//! Parses, calls the library, maps to an exit code.

use std::process::ExitCode;

use clap::Parser;
use practice::{app, cli::Cli, exit::Exit, ui::out};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; usage is one, with exit code 2.
            let _ = error.print();
            return if error.use_stderr() { Exit::CouldNotCheck.into() } else { Exit::Passed.into() };
        }
    };
    match app::run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            out::error(&error);
            error.exit().into()
        }
    }
}
