//! Everything that can keep a command from doing its work, and what to do about it.
//!
//! A solution that fails is not an error: that is a [`Report`](crate::report::Report). These are
//! usage, the learner's set-up, an author's exercise, and faults of ours. Messages have no final
//! period and put commands and paths in backticks; causes follow, then hints that can be typed.

use std::{io, path::PathBuf};

use crate::{
    exercise::ManifestError,
    exit::Exit,
    packages::{SetError, Task},
    process::ProcessError,
    steps::packages::what_helps,
};

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An id that no exercise has.
    #[error("there is no exercise `{id}`")]
    NoSuchExercise {
        /// What was typed.
        id: String,
        /// What was probably meant.
        alike: Option<String>,
    },
    /// `check` without an id outside of a workspace.
    #[error("`{}` is not in a workspace", folder.display())]
    NoWorkspace {
        /// Where the command was given.
        folder: PathBuf,
    },
    /// A workspace marker that cannot be read.
    #[error("the workspace marker `{}` cannot be read", path.display())]
    Marker {
        /// The marker.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// An id where a workspace or `--file` is needed.
    #[error("there is no workspace of `{id}` here")]
    NothingToCheck {
        /// The exercise.
        id: String,
    },
    /// `--file` without an exercise.
    #[error("`--file` needs the id of the exercise that the file solves")]
    FileWithoutExercise,
    /// `--file` for an exercise of several files.
    #[error("`{id}` is solved in {count} files, and `--file` gives one")]
    SeveralFiles {
        /// The exercise.
        id: String,
        /// How many.
        count: usize,
    },
    /// A solution's file that cannot be judged.
    #[error("cannot check `{}`: {problem}", path.display())]
    Solution {
        /// As the user gave it.
        path: PathBuf,
        /// What is wrong with it.
        problem: SolutionProblem,
    },
    /// A file or folder that cannot be read or written.
    #[error("cannot {verb} `{}`", path.display())]
    File {
        /// `read`, `write`, `create`, …
        verb: &'static str,
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// `start` would overwrite a file.
    #[error("`{}` exists already", path.display())]
    Exists {
        /// The file or folder.
        path: PathBuf,
    },
    /// `new` would overwrite a file.
    #[error("`{}` exists already", path.display())]
    ExerciseExists {
        /// The file or folder.
        path: PathBuf,
    },
    /// An exercise that is not sound enough to be loaded.
    #[error("the exercise `{id}` cannot be loaded from `{}`", path.display())]
    Exercise {
        /// Its folder's name.
        id: String,
        /// The file at fault.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: ManifestError,
    },
    /// An idiom rule that does not compile.
    #[error("the idiom rules of `{set}` cannot be used")]
    Rules {
        /// The exercise, or the shared set.
        set: String,
        /// What is wrong.
        #[source]
        source: Box<crate::steps::idioms::RuleError>,
    },
    /// `--exercises` without any exercise.
    #[error("`{}` holds no exercise", folder.display())]
    NoExercises {
        /// The folder.
        folder: PathBuf,
    },
    /// A step's name that does not exist.
    #[error("there is no step `{name}`")]
    NoSuchStep {
        /// What was typed.
        name: String,
    },
    /// Every step was left out.
    #[error("`--only` and `--skip` leave no step to run")]
    NoSteps,
    /// A program that must be there is not.
    #[error("cannot find `{program}` (folders of PATH searched: {searched})")]
    NoProgram {
        /// Which.
        program: &'static str,
        /// How many folders of PATH were searched.
        searched: usize,
    },
    /// Elixir is there and does not answer.
    #[error("`{}` does not answer as Elixir does", program.display())]
    Probe {
        /// What was started.
        program: PathBuf,
        /// What happened instead.
        #[source]
        source: crate::process::probe::ProbeError,
    },
    /// Elixir is there and says something that we do not understand.
    #[error("`{}` does not answer as Elixir does: {answer}", program.display())]
    ProbeAnswer {
        /// What was started.
        program: PathBuf,
        /// Its first line.
        answer: String,
    },
    /// Elixir is too old.
    #[error("Elixir {found} is too old: {needed} or newer is needed")]
    TooOld {
        /// What is installed.
        found: String,
        /// What is needed.
        needed: &'static str,
    },
    /// Our own Elixir modules do not compile.
    #[error("the runner could not be compiled with Elixir {elixir}; your code was not judged")]
    Runner {
        /// The version.
        elixir: String,
        /// What the compiler said.
        #[source]
        source: crate::process::probe::ProbeError,
    },
    /// An exercise's tests or given modules do not compile.
    #[error("the tests of `{exercise}` could not be compiled; your code was not judged")]
    Prepare {
        /// The exercise.
        exercise: String,
        /// What the VM said.
        #[source]
        source: VmSaid,
    },
    /// The packages of an exercise, with this Elixir.
    #[error("the packages of `{set}` are not known for this Elixir")]
    PackageSet {
        /// The exercise, or `tools`.
        set: String,
        /// Why not.
        #[source]
        source: SetError,
    },
    /// Dialyxir's type information could not be made.
    #[error("Dialyxir could not make its PLT")]
    Plt {
        /// What it said, the end of it.
        #[source]
        source: VmSaid,
    },
    /// Packages that could not be installed.
    #[error("the packages of `{set}` could not be {}", task.participle())]
    Packages {
        /// The exercise, or `tools`.
        set: String,
        /// At which part of the work.
        task: Task,
        /// What Mix said, the end of it.
        #[source]
        source: VmSaid,
    },
    /// A file of packages that is refused.
    #[error("`{}` cannot be imported", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: crate::store::archive::ArchiveError,
    },
    /// A file of packages that lacks those for this Elixir.
    #[error("`{}` has no packages for Elixir {elixir}: it was made with Elixir {made_with}", path.display())]
    OtherElixir {
        /// The file.
        path: PathBuf,
        /// The Elixir that is here.
        elixir: String,
        /// The Elixir that it was made with.
        made_with: String,
    },
    /// Nothing to be written to a file of packages.
    #[error("no packages are installed that could be exported")]
    NothingToExport,
    /// A VM could not be run.
    #[error("the Elixir VM could not be run; your code was not judged")]
    Process(#[from] ProcessError),
    /// Standard output cannot be written.
    #[error("cannot write the result")]
    Output(#[source] io::Error),
    /// A format that a command does not have.
    #[error("`practice {command}` cannot write the format `{format}`")]
    NoFormat {
        /// Which command.
        command: &'static str,
        /// Which format.
        format: &'static str,
        /// Those that it has.
        has: &'static [&'static str],
    },
    /// Two results in one file.
    #[error("`{}` is given twice as `--output`", path.display())]
    SameOutput {
        /// The file.
        path: PathBuf,
    },
    /// A result in the place of what is checked.
    #[error("`{}` is to be checked; the result would overwrite it", path.display())]
    OutputIsSource {
        /// The file.
        path: PathBuf,
    },
    /// A manual page of a command that does not exist.
    #[error("there is no command `{name}`")]
    NoSuchCommand {
        /// What was typed.
        name: String,
    },
    /// An id that no folder and no Mix project can have.
    #[error("`{id}` cannot be the id of an exercise")]
    NotAnId {
        /// What was typed.
        id: String,
    },
    /// A question, and nobody to ask.
    #[error("there is no terminal to ask on")]
    NobodyToAsk,
    /// An exercise that does not say which tests a solution must pass.
    #[error("the exercise `{id}` has no list of tests")]
    NoTests {
        /// Its id.
        id: String,
    },
    /// A folder that is no workspace.
    #[error("`{}` is not a workspace", path.display())]
    NotAWorkspace {
        /// As it was typed.
        path: PathBuf,
    },
    /// No folder can be made for the throwaway project.
    #[error("no temporary folder can be made in `{}`", path.display())]
    Temporary {
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers; your code was not judged")]
    NoRandomness,
    /// `hint` before anything failed.
    #[error("nothing has failed yet in `{exercise}`")]
    NothingFailed {
        /// The exercise.
        exercise: String,
    },
    /// `hint` without an id and without anything to go by.
    #[error("it is not clear which exercise is meant")]
    WhichExercise {
        /// The command that was given.
        command: &'static str,
    },
    /// `hint` after a pass.
    #[error("`{exercise}` is solved, and nothing has failed since")]
    AllPassed {
        /// The exercise.
        exercise: String,
    },
    /// `start` inside of a workspace.
    #[error("this is the workspace of `{exercise}`, and one inside of another is hardly meant")]
    InAWorkspace {
        /// The exercise of the workspace.
        exercise: String,
    },
    /// `solution` of an unsolved exercise without a terminal to ask on.
    #[error("`{exercise}` is not solved yet, and there is no terminal to ask on")]
    NotSolved {
        /// The exercise.
        exercise: String,
    },
    /// `--partition` that is not `K/N`.
    #[error("`{given}` is not a partition")]
    Partition {
        /// What was typed.
        given: String,
    },
    /// `verify --update` on the exercises inside the program.
    #[error("the built-in exercises cannot be updated")]
    UpdateBuiltIn,
    /// The state file cannot be used.
    #[error("the progress file `{}` cannot be used", path.display())]
    State {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// No folder for caches or progress.
    #[error("there is no home folder to keep progress and caches in")]
    NoHome,
    /// Ctrl-C, or a request to end.
    #[error("interrupted")]
    Interrupted,
}

/// The reason that a VM gave, in its own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VmSaid(pub String);

/// What keeps a solution's file from being judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SolutionProblem {
    /// No such file.
    #[error("there is no such file")]
    Missing,
    /// A folder.
    #[error("it is a folder")]
    Folder,
    /// A FIFO, a socket, a device.
    #[error("it is not a regular file")]
    NotAFile,
    /// Nothing but white space.
    #[error("it is empty")]
    Empty,
    /// Larger than any solution.
    #[error("it has {bytes} bytes; a solution has at most {limit}")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// What is allowed.
        limit: u64,
    },
    /// Not UTF-8.
    #[error("it is not valid UTF-8 (line {line})")]
    NotText {
        /// The first line that is not.
        line: usize,
    },
    /// It cannot be read.
    #[error("it cannot be read: {reason}")]
    Unreadable {
        /// What the system says.
        reason: String,
    },
}

impl Error {
    /// What lies behind it, the nearest cause first.
    pub fn causes(&self) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
        std::iter::successors(std::error::Error::source(self), |cause| cause.source())
    }

    /// The message and its causes in one line.
    #[must_use]
    pub fn in_a_line(&self) -> String {
        self.causes().fold(self.to_string(), |line, cause| format!("{line}: {cause}"))
    }

    /// A closure for `map_err` on file operations.
    pub fn file(verb: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { verb, path, source }
    }

    /// What to do about it: sentences, with commands that can be typed.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::File { source, .. } | Self::Output(source) | Self::State { source, .. } if is_full(source) => {
                vec!["the disk is full; `TMPDIR` and `PRACTICE_HOME` name other places".to_owned()]
            }
            Self::Temporary { .. } => vec!["`TMPDIR=DIR` names another place".to_owned()],
            Self::NoSuchExercise { alike: Some(alike), .. } => vec![format!("did you mean `{alike}`?")],
            Self::NoSuchExercise { .. } => vec!["`practice list` shows the exercises".to_owned()],
            Self::NoWorkspace { .. } => vec![
                "go to a folder that `practice start ID` made, or name one: `practice check DIR`".to_owned(),
                "`practice check ID --file FILE` checks a file without a workspace".to_owned(),
            ],
            Self::NothingToCheck { id } => vec![
                format!("`practice start {id}` makes a workspace in `./{id}`"),
                format!("`practice check {id} --file FILE` checks a file without one"),
            ],
            Self::NotAWorkspace { .. } => vec![
                "`practice start ID --dir DIR` makes one".to_owned(),
                "`practice check ID --file FILE` checks a file without one".to_owned(),
            ],
            Self::NoTests { .. } => vec!["`practice verify ID --update --exercises DIR` writes it".to_owned()],
            Self::State { .. } => {
                vec!["progress can be forgotten: delete the file".to_owned()]
            }
            Self::FileWithoutExercise => vec!["`practice check ID --file FILE`".to_owned()],
            Self::SeveralFiles { id, .. } => vec![format!("`practice start {id}` makes a workspace for them")],
            Self::Solution { problem, .. } => problem.hint().into_iter().collect(),
            Self::Exists { .. } => vec![
                "`--dir DIR` writes elsewhere; `--force` writes anew, and keeps your `lib` as `lib-1`".to_owned(),
                "in a workspace, `practice reset` puts the stub back".to_owned(),
            ],
            Self::ExerciseExists { .. } => vec!["choose another id, or another set: `--exercises DIR`".to_owned()],
            Self::NoSuchStep { .. } | Self::NoSteps => {
                let names = crate::plan::Step::ALL.map(crate::plan::Step::name);
                vec![format!("the steps are {}", names.join(", "))]
            }
            Self::NoProgram { .. } => vec![
                "install Elixir 1.14 or newer: on Debian and Ubuntu `apt-get install elixir erlang-dialyzer \
                 erlang-dev`, on macOS `brew install elixir`, elsewhere see https://elixir-lang.org/install.html"
                    .to_owned(),
            ],
            Self::TooOld { .. } => vec!["see https://elixir-lang.org/install.html".to_owned()],
            Self::Probe { .. } | Self::ProbeAnswer { .. } => {
                vec!["`elixir --version` by hand shows what is wrong".to_owned()]
            }
            Self::NothingFailed { exercise } => vec![format!("`practice check` in the workspace of `{exercise}`")],
            Self::WhichExercise { command } => vec![format!("name it: `practice {command} ID`")],
            Self::AllPassed { exercise } => {
                vec![format!("`practice solution {exercise}` compares yours with the reference")]
            }
            Self::InAWorkspace { .. } => {
                vec!["go to another folder, or name one: `--dir DIR`".to_owned()]
            }
            Self::NotSolved { exercise } => vec![format!("`practice solution {exercise} --yes` shows it anyway")],
            Self::NoFormat { has: ["human"], .. } => vec!["what it prints is for people alone".to_owned()],
            Self::NoFormat { has, .. } => vec![format!("it has {}", has.join(" and "))],
            Self::NoSuchCommand { .. } => vec!["`practice --help` shows the commands".to_owned()],
            Self::NotAnId { .. } => {
                vec!["it begins with a lower-case letter; then letters, digits and `_` may follow".to_owned()]
            }
            Self::NobodyToAsk => vec!["`--yes` goes on without asking".to_owned()],
            Self::Partition { .. } => vec!["`--partition 1/4` is the first of four parts".to_owned()],
            Self::UpdateBuiltIn => vec!["name the folder of their sources: `--exercises DIR`".to_owned()],
            Self::NoExercises { .. } => {
                vec!["an exercise is a folder in it with an `exercise.toml`".to_owned()]
            }
            Self::Packages { task, source, .. } => what_helps(*task, &source.0),
            Self::OtherElixir { elixir, .. } => {
                vec![format!("export with Elixir {elixir}, or one of the same minor version")]
            }
            Self::NothingToExport => vec!["`practice setup` installs Credo, `--all` everything".to_owned()],
            Self::NoHome => vec!["`PRACTICE_HOME=DIR` names one".to_owned()],
            _ => Vec::new(),
        }
    }

    /// The exit code that goes with it.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Interrupted => Exit::Interrupted,
            _ => Exit::CouldNotCheck,
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl SolutionProblem {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Empty => Some("write the module that the task asks for, then check again".to_owned()),
            Self::NotText { .. } => Some("save it as UTF-8".to_owned()),
            _ => None,
        }
    }
}
