//! Parses, calls the library, maps to an exit code.

use std::process::ExitCode;

use clap::Parser;
use practice::{
    app,
    cli::{Cli, Format},
    commands::output::error_as,
    exit::Exit,
    ui::out,
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; usage is one, with exit code 2.
            let _ = error.print();
            return if error.use_stderr() { Exit::CouldNotCheck.into() } else { Exit::Passed.into() };
        }
    };
    let format = cli.global.format;
    match app::run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            out::error(&error);
            if format != Format::Human {
                // Where it cannot be written, the exit code still says it.
                let _ = out::data(&error_as(format, &error));
            }
            error.exit().into()
        }
    }
}
