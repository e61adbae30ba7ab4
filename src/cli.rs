//! What can be typed. No I/O and no meaning here: [`crate::app`] resolves it.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

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
    /// `JUnit` XML, for CI services
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

impl Format {
    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Github => "github",
        }
    }

    /// The format that a file's name asks for.
    fn of_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "json" => Some(Self::Json),
            "xml" => Some(Self::Junit),
            "txt" | "log" => Some(Self::Human),
            _ => None,
        }
    }
}

/// A file that the result is written to as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// How.
    pub format: Format,
    /// Where.
    pub path: PathBuf,
}

/// The files that the result is written to as well.
#[derive(Args, Clone, Debug)]
pub struct OutputArgs {
    /// Write the result to a file, too, in the format of its name (.json, .xml, .txt) or the one
    /// given: `--output github=notes`. May be given several times
    #[arg(long = "output", value_name = "[FORMAT=]FILE", value_parser = output)]
    pub files: Vec<Output>,
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

/// How the steps are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Compiled beforehand, and guarded against a solution that interferes
    Fast,
    /// The literal `mix test`, `mix credo` and `mix dialyzer`: slower, and what the fast engine is held against
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
    /// Begin an exercise anew: the stub again, hints and progress forgotten
    Reset(ResetArgs),
    /// Prove that exercises are sound (for authors and CI)
    Verify(VerifyArgs),
    /// Make the skeleton of an exercise (for authors)
    New(NewArgs),
    /// Install what checks need: Credo, the packages of exercises, type information
    Setup(SetupArgs),
    /// Show what was found, what is missing, and what to type
    Doctor,
    /// Print the completions for a shell
    Completions(CompletionsArgs),
    /// Print a manual page
    Man(ManArgs),
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
    /// Write the files anew where they exist; your `lib` is kept as `lib-1`
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
    /// Run only these steps: compile, format, test, idioms, credo, dialyzer (with commas between)
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
    /// Files
    #[command(flatten)]
    pub output: OutputArgs,
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
    /// The exercise [default: that of the workspace one stands in]
    pub id: Option<String>,
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
    /// Fail where a step could not run; exercises with stand-ins are checked on these and on packages
    #[arg(long)]
    pub with_packages: bool,
    /// Write the lock file of expected tests from the reference's run
    #[arg(long)]
    pub update: bool,
    /// Checks at a time [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Files
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `practice setup`
#[derive(Args, Debug)]
pub struct SetupArgs {
    /// Exercises whose packages are to be installed as well [default: none, only Credo]
    pub ids: Vec<String>,
    /// The packages of every exercise
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// Remove every package that was installed for this Elixir and OTP
    #[arg(long, conflicts_with_all = ["ids", "all"])]
    pub clean: bool,
    /// Write what is installed to a file, for a machine without network
    #[arg(long, value_name = "FILE.tar.zst", conflicts_with_all = ["ids", "all", "clean", "import"])]
    pub export: Option<PathBuf>,
    /// Install what such a file holds, without network
    #[arg(long, value_name = "FILE.tar.zst", conflicts_with_all = ["ids", "all", "clean"])]
    pub import: Option<PathBuf>,
}

/// `practice new`
#[derive(Args, Debug)]
pub struct NewArgs {
    /// The exercise's id: lower-case letters, digits and `_`
    pub id: String,
}

/// `practice reset`
#[derive(Args, Debug)]
pub struct ResetArgs {
    /// An exercise, or the folder of a workspace [default: the workspace one stands in]
    #[arg(value_name = "ID or PATH")]
    pub target: Option<PathBuf>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// `practice completions`
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `practice man`
#[derive(Args, Debug)]
pub struct ManArgs {
    /// The command whose page it is to be [default: that of `practice` itself]
    pub command: Option<String>,
}

/// The command line as a user sees it, to be described.
#[must_use]
pub fn visible() -> clap::Command {
    let full = Cli::command();
    let shown: Vec<clap::Command> =
        full.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    let arguments: Vec<clap::Arg> = full.get_arguments().cloned().collect();
    clap::Command::default()
        .name("practice")
        .version(env!("CARGO_PKG_VERSION"))
        .about(full.get_about().cloned().unwrap_or_default())
        .disable_help_subcommand(true)
        .args(arguments)
        .subcommands(shown)
}

fn output(text: &str) -> Result<Output, String> {
    let given =
        text.split_once('=').and_then(|(name, path)| Some((Format::from_str(name, false).ok()?, path)));
    let (format, path) = match given {
        Some((format, path)) => (Some(format), PathBuf::from(path)),
        None => (Format::of_name(Path::new(text)), PathBuf::from(text)),
    };
    match format {
        Some(_) if path.as_os_str().is_empty() => Err("there is no file's name".to_owned()),
        Some(format) => Ok(Output { format, path }),
        None => Err("its name tells no format: write `FORMAT=FILE` (human, json, junit, github)".to_owned()),
    }
}

fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if seconds <= 0.0 {
        return Err("must be more than 0".to_owned());
    }
    std::time::Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outputs_format_is_given_or_told_by_the_name() {
        let parsed = |text: &str| output(text).map(|output| (output.format, output.path));
        assert_eq!(parsed("a/b.json"), Ok((Format::Json, "a/b.json".into())));
        assert_eq!(parsed("junit=a.json"), Ok((Format::Junit, "a.json".into())));
        assert_eq!(parsed("a=b.xml"), Ok((Format::Junit, "a=b.xml".into())));
        assert!(parsed("report").is_err());
        assert!(parsed("json=").is_err());
    }
}
