//! From what was typed to what is done: resolves the options that every command has, and dispatches.

use crate::{
    cli::{Cli, Command, Format, Global},
    commands::{
        Context, check, completions, doctor, hint, list, man, new, reset, setup, solution, start, verify,
    },
    dirs::Dirs,
    error::Error,
    exit::Exit,
    process,
    render::human,
    ui::out,
};

/// Does what was asked.
///
/// # Errors
/// Whatever kept the command from its work.
pub fn run(cli: Cli) -> Result<Exit, Error> {
    match cli.command {
        // Before anything is set up: it sets up itself.
        Some(Command::Supervise) => Ok(supervise()),
        Some(command) => dispatch(command, cli.global),
        None => {
            out::choose_color(cli.global.color);
            out::data(&human::welcome())?;
            Ok(Exit::Passed)
        }
    }
}

/// Nobody reads what went wrong here: whoever asked sees that the reply is missing.
fn supervise() -> Exit {
    if process::supervise::main().is_ok() { Exit::Passed } else { Exit::CouldNotCheck }
}

fn dispatch(command: Command, global: Global) -> Result<Exit, Error> {
    out::choose_color(global.color);
    prepare_process();
    let context = Context {
        exercises: global.exercises,
        format: global.format,
        quiet: global.quiet,
        dirs: Dirs::find()?,
    };
    supports(&command, context.format)?;
    let exit = match command {
        Command::List => list::run(&context),
        Command::Start(args) => start::run(&context, &args),
        Command::Check(args) => check::run(&context, &args),
        Command::Hint(args) => hint::run(&context, &args),
        Command::Solution(args) => solution::run(&context, &args),
        Command::Reset(args) => reset::run(&context, &args),
        Command::Verify(args) => verify::run(&context, &args),
        Command::New(args) => new::run(&context, &args),
        Command::Setup(args) => setup::run(&context, &args),
        Command::Doctor => doctor::run(&context),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Supervise => Ok(supervise()),
    };
    if process::interrupt::interrupted() { Err(Error::Interrupted) } else { exit }
}

/// Whether a command can write a format; better refused than ignored.
fn supports(command: &Command, format: Format) -> Result<(), Error> {
    const ALL: &[&str] = &["human", "json", "junit", "github"];
    const PLAIN: &[&str] = &["human", "json"];
    const HUMAN: &[&str] = &["human"];
    let (name, has) = match command {
        Command::Check(_) => ("check", ALL),
        Command::Verify(_) => ("verify", ALL),
        Command::List => ("list", PLAIN),
        Command::Setup(_) => ("setup", PLAIN),
        Command::Doctor => ("doctor", PLAIN),
        Command::Start(_) => ("start", HUMAN),
        Command::Hint(_) => ("hint", HUMAN),
        Command::Solution(_) => ("solution", HUMAN),
        Command::Reset(_) => ("reset", HUMAN),
        Command::New(_) => ("new", HUMAN),
        Command::Completions(_) => ("completions", HUMAN),
        Command::Man(_) => ("man", HUMAN),
        Command::Supervise => return Ok(()),
    };
    if has.contains(&format.name()) {
        Ok(())
    } else {
        Err(Error::NoFormat { command: name, format: format.name(), has })
    }
}

/// What this process needs to know of interruptions and of processes that lost their parent. Where
/// the system refuses either, checks still work; Ctrl-C then leaves the sweeping to the supervisors.
fn prepare_process() {
    for refused in
        [process::interrupt::install(), process::adopt_orphans()].into_iter().filter_map(Result::err)
    {
        out::warn(&refused.to_string());
    }
}
