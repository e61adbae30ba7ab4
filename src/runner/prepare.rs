//! What is done once for an exercise, before and without any solution: its given modules and tests are
//! compiled, and what it prepares for every run is written.

use std::{
    path::PathBuf,
    sync::mpsc::{self, Receiver},
    time::Duration,
};

use super::{
    Workshop, subscribe,
    term::{Term, command},
    vm::{ANALYSIS_MEMORY, Launch, Message, RunningVm, VmOptions},
};
use crate::{
    error::{Error, VmSaid},
    event::{HowEnded, Vm, VmEvent},
    exercise::Exercise,
    project::Project,
    store::{Prepared, packages::Installed},
};

/// Time for compiling an exercise's tests, on a slow machine.
const PREPARE_DEADLINE: Duration = Duration::from_secs(60);

/// Compiles an exercise's given modules and tests, without any solution.
///
/// # Errors
/// They do not compile, or the VM cannot be run.
pub fn prepare(
    workshop: &Workshop,
    exercise: &Exercise,
    packages: Option<&Installed>,
    out: &Prepared,
) -> Result<(), Error> {
    let project = Project::create(exercise, &[], &[], None)?;
    let (sender, messages) = mpsc::channel();
    let options = VmOptions {
        vm: Vm::Test,
        launch: Launch::Boot,
        toolchain: &workshop.toolchain,
        runner: &workshop.runner,
        deadline: PREPARE_DEADLINE,
        memory: ANALYSIS_MEMORY,
        archives: None,
    };
    let _interrupts = subscribe(sender.clone());
    let mut vm = RunningVm::start(&options, &project, sender)?;
    vm.send(command(
        "prepare",
        &[
            ("nonce", vm.nonce().into()),
            ("root", project.root().as_path().into()),
            ("support", in_project(&project, &exercise.support_files())),
            ("support_ebin", out.support_ebin.as_path().into()),
            ("tests", in_project(&project, &exercise.early_and_late_tests().0)),
            ("tests_ebin", out.tests_ebin.as_path().into()),
            ("packages", ebins(packages)),
            ("applications", applications(exercise, packages)),
            ("filler", filler(exercise, packages).into()),
            ("filled", out.filled.as_path().into()),
        ],
    ));
    wait_prepared(vm, &messages).map_err(|reason| match reason {
        Some(reason) => Error::Prepare { exercise: exercise.id.clone(), source: VmSaid(reason) },
        None => Error::Interrupted,
    })
}

/// The module that prepares a folder. It works with the packages: stand-ins do without.
fn filler<'a>(exercise: &'a Exercise, packages: Option<&Installed>) -> &'a str {
    let works = packages.is_some() || !exercise.needs_packages();
    exercise.manifest.prepare.as_deref().filter(|_| works).unwrap_or_default()
}

/// The code paths of packages.
pub(super) fn ebins(packages: Option<&Installed>) -> Term {
    let ebins = packages.map(Installed::ebins).unwrap_or_default();
    Term::texts(ebins.iter().map(PathBuf::as_path))
}

/// The packages whose applications run with the exercise.
pub(super) fn applications(exercise: &Exercise, packages: Option<&Installed>) -> Term {
    let needs = packages.map(|_| exercise.manifest.needs.as_slice()).unwrap_or_default();
    Term::texts(needs.iter().map(String::as_str))
}

pub(super) fn in_project(project: &Project, paths: &[&str]) -> Term {
    Term::texts(paths.iter().map(|path| Term::from(project.root().join(path).as_path())))
}

/// `None` as an error is an interruption.
fn wait_prepared(mut vm: RunningVm, messages: &Receiver<Message>) -> Result<(), Option<String>> {
    let (mut done, mut broken, mut interrupted) = (false, None, false);
    for message in messages {
        match message {
            Message::Connected(_, commands) => vm.connected(commands),
            Message::Said(_, VmEvent::Done {}) => done = true,
            Message::Said(_, VmEvent::Broken { message }) => broken = Some(message),
            Message::Said(..) => {}
            Message::Interrupted => {
                interrupted = true;
                vm.stop();
            }
            Message::Ended(_, end) => {
                return match broken {
                    _ if interrupted => Err(None),
                    Some(message) => Err(Some(message)),
                    None if done && end.how == HowEnded::Exited(0) => Ok(()),
                    None => Err(Some(end.to_string())),
                };
            }
        }
    }
    Err(Some("the VM was lost".to_owned()))
}
