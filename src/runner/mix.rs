//! The literal commands of `--engine mix` beside `mix test`: `mix credo` and `mix dialyzer`, in the
//! throwaway project, within the limits of the test VM.
//!
//! It knows how they are run; what they print is read by [`crate::steps`].

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    Workshop,
    vm::{ANALYSIS_MEMORY, how_ended, mix_spec},
};
use crate::{
    error::{Error, VmSaid},
    event::{MixCommand, Ran},
    exercise::Exercise,
    files::complete_or_absent,
    ground::Ground,
    plan::Step,
    process::{self, VmSpec, interrupt},
    project::Project,
    steps,
    store::packages::Installed,
};

/// Time for a command, on a slow machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// Time for Dialyxir's PLT: on two cores it takes five minutes.
const PLT_DEADLINE: Duration = Duration::from_secs(45 * 60);

/// The PLT of large packages, and no solution, is written in files of this size.
const LARGEST_PLT: u64 = 1024 * 1024 * 1024;

/// Nothing that a command prints about one solution is longer.
const OUTPUT_CAP: usize = 8 * 1024 * 1024;

/// Mix in a project with these packages.
pub struct Mix<'a> {
    workshop: &'a Workshop,
    /// Those of the exercise, and our tools.
    packages: Vec<&'a Installed>,
    /// Where Hex is, without which Mix does not even read a project that has packages.
    archives: Option<PathBuf>,
}

impl<'a> Mix<'a> {
    /// Finds out what there is.
    ///
    /// # Errors
    /// Elixir does not answer.
    pub fn new(workshop: &'a Workshop, ground: &'a Ground) -> Result<Self, Error> {
        let packages: Vec<&Installed> = packages(workshop, ground);
        let hex = if packages.is_empty() { None } else { workshop.toolchain.mix()?.hex };
        let archives = hex.as_deref().and_then(Path::parent).map(Path::to_owned);
        Ok(Self { workshop, packages, archives })
    }

    /// Why a step's command cannot be run here.
    pub fn lacks(&self, step: Step) -> Option<String> {
        let tool = match step {
            Step::Format | Step::Idioms => return None,
            Step::Compile | Step::Test => None,
            Step::Credo => Some("Credo"),
            Step::Dialyzer => Some("Dialyxir"),
        };
        match tool {
            Some(tool) if self.workshop.tools.is_none() => {
                Some(format!("{tool} is not installed; `practice setup` does that"))
            }
            _ if self.packages.is_empty() || self.archives.is_some() => None,
            _ => {
                Some("Mix needs Hex for the packages of the project; `mix local.hex` installs it".to_owned())
            }
        }
    }

    /// Where Mix finds Hex.
    pub fn archives(&self) -> Option<&Path> {
        self.archives.as_deref()
    }

    /// Makes Dialyxir's PLT, unless it is there. No code of a solution runs meanwhile.
    ///
    /// # Errors
    /// It cannot be made, or the user interrupted.
    pub fn make_plt(&self, exercise: &Exercise, begin: impl FnOnce()) -> Result<(), Error> {
        let folder = self.workshop.store.dialyxir_plt(&self.packages);
        complete_or_absent(&folder, |out| {
            begin();
            let project = Project::create(exercise, &[], &self.packages, Some(out))?;
            let ran = self.run(MixCommand::Plt, &project)?;
            if steps::dialyzer::has_made_plt(&ran) {
                Ok(())
            } else {
                Err(Error::Plt { source: VmSaid(ran.end().to_string()) })
            }
        })
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// No process could be made, or the user interrupted.
    pub fn run(&self, command: MixCommand, project: &Project) -> Result<Ran, Error> {
        let begin = Instant::now();
        let running = process::start(&self.spec(command, project))?;
        let stopper = running.stopper();
        let _interrupts = interrupt::subscribe(move || stopper.stop());
        let ended = running.wait();
        if interrupt::interrupted() {
            return Err(Error::Interrupted);
        }
        let how = how_ended(&ended);
        let (stdout, stderr) = ended.map(|exit| (exit.stdout.text(), exit.stderr.text())).unwrap_or_default();
        Ok(Ran { how, stdout, stderr, duration: begin.elapsed() })
    }

    fn spec(&self, command: MixCommand, project: &Project) -> VmSpec {
        let is_plt = command == MixCommand::Plt;
        let deadline = if is_plt { PLT_DEADLINE } else { DEADLINE };
        let mut spec = mix_spec(project, self.archives(), deadline, ANALYSIS_MEMORY);
        spec.args = ["-S", "mix"].iter().chain(command.args()).map(|arg| (*arg).to_owned()).collect();
        spec.output_cap = OUTPUT_CAP;
        if is_plt {
            spec.limits.file_bytes = Some(LARGEST_PLT);
        }
        spec
    }
}

/// The packages of a project that Mix works in.
pub fn packages<'a>(workshop: &'a Workshop, ground: &'a Ground) -> Vec<&'a Installed> {
    ground.installed.iter().chain(&workshop.tools).collect()
}
