//! What can be typed. No I/O and no meaning here: [`crate::app`] resolves it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Practise Elixir live-coding interviews: tests, idioms, Dialyzer and Credo in about a second
#[derive(Debug, Parser)]
#[command(name = "practice", version, disable_help_subcommand = true, max_term_width = 80)]
pub struct Cli {
    /// What to do; without it, what to type next
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of every command
    #[command(flatten)]
    pub global: Global,
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// A folder of exercises that adds to the built-in ones, or replaces those of the same id
    #[arg(long, global = true, value_name = "DIR", env = "PRACTICE_EXERCISES")]
    pub exercises: Option<PathBuf>,
    /// How the result is written to standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// No progress, and only the essence of the result
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// How the result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// For programs: one JSON object
    Json,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` says otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How the tests are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Compiled beforehand, and guarded against a solution that interferes
    Fast,
    /// The literal `mix test`: slower, and what the fast engine is held against
    Mix,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the exercises
    List,
    /// Make a workspace for an exercise
    Start(StartArgs),
    /// Check a solution
    Check(CheckArgs),
    /// Show the next hint for what failed last
    Hint(HintArgs),
    /// Show the reference solution, and why it is written so
    Solution(SolutionArgs),
    /// Prove that exercises are sound (for authors and CI)
    Verify(VerifyArgs),
    /// Run a VM under limits (for this program itself)
    #[command(hide = true)]
    Supervise,
}

/// `practice start`
#[derive(Args, Debug)]
pub struct StartArgs {
    /// The exercise
    pub id: String,
    /// The folder to make [default: ./ID]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Overwrite files that exist
    #[arg(long)]
    pub force: bool,
}

/// `practice check`
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// An exercise, or the folder of a workspace [default: the workspace one stands in]
    #[arg(value_name = "ID or PATH")]
    pub target: Option<PathBuf>,
    /// Check this file as the solution; needs no workspace
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Run only these steps
    #[arg(long, value_name = "STEP", value_delimiter = ',', conflicts_with = "skip")]
    pub only: Vec<String>,
    /// Leave these steps out
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    pub skip: Vec<String>,
    /// Every finding fails, and every step must have run
    #[arg(long)]
    pub strict: bool,
    /// Keep the throwaway Mix project, and say where it is
    #[arg(long)]
    pub keep: bool,
    /// How the tests are run
    #[arg(long, value_enum, default_value_t = Engine::Fast)]
    pub engine: Engine,
    /// Time limit of the test run [default: the exercise's]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub timeout: Option<std::time::Duration>,
}

/// `practice hint`
#[derive(Args, Debug)]
pub struct HintArgs {
    /// The exercise [default: that of the workspace one stands in, or the one checked last]
    pub id: Option<String>,
}

/// `practice solution`
#[derive(Args, Debug)]
pub struct SolutionArgs {
    /// The exercise
    pub id: String,
    /// Do not ask, even if it is not solved yet
    #[arg(long, short)]
    pub yes: bool,
}

/// `practice verify`
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// Exercises [default: all]
    pub ids: Vec<String>,
    /// Only the K-th of N parts
    #[arg(long, value_name = "K/N")]
    pub partition: Option<String>,
    /// Fail where a step could not run
    #[arg(long)]
    pub with_packages: bool,
    /// Write the lock file of expected tests from the reference's run
    #[arg(long)]
    pub update: bool,
    /// Checks at a time [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
}

fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if seconds <= 0.0 {
        return Err("must be more than 0".to_owned());
    }
    std::time::Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
