//! Progress on standard error, on a terminal only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{out, text};
use crate::event::{Event, MixCommand, Vm, VmEvent};

/// How often the spinner turns.
const TICK: Duration = Duration::from_millis(80);

/// A line that says what is being done.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A spinner for one check; nothing where there is no terminal or it is not wanted.
    #[must_use]
    pub fn spinner(quiet: bool) -> Self {
        Self::new(ProgressBar::new_spinner(), "{spinner} {wide_msg}", quiet)
    }

    /// A bar for `steps` pieces of work.
    #[must_use]
    pub fn bar(steps: u64, quiet: bool) -> Self {
        Self::new(ProgressBar::new(steps), "{bar:24} {pos}/{len} {wide_msg}", quiet)
    }

    fn new(bar: ProgressBar, template: &str, quiet: bool) -> Self {
        if quiet || !out::has_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        } else {
            bar.enable_steady_tick(TICK);
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Says what is being done.
    pub fn say(&self, what: impl Into<String>) {
        self.bar.set_message(what.into());
    }

    /// So many pieces of work are done.
    pub fn reach(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// One piece of work is done.
    pub fn advance(&self, what: impl Into<String>) {
        self.bar.inc(1);
        self.say(what);
    }

    /// Says what an event means for somebody who waits.
    pub fn follow(&self, event: &Event) {
        match event {
            Event::Preparing => self.say("compiling the exercise's tests, once"),
            Event::Started(Vm::Test) => self.say("compiling"),
            Event::TestsReleased => self.say("running the tests"),
            Event::Said(Vm::Test, VmEvent::TestStarted { name, control: false, .. }) => {
                self.say(format!("test {}", text::clean(name)));
            }
            Event::Said(Vm::Analysis, VmEvent::Plt { modules, cached: false }) => {
                self.say(format!("reading the types of {modules} modules, once (Dialyzer)"));
            }
            Event::Running(MixCommand::Plt) => self.say("Dialyxir makes its PLT, once: about 5 minutes"),
            Event::Running(command) => self.say(format!("mix {}", command.args().join(" "))),
            Event::Ended(Vm::Test, _) => self.say("Dialyzer"),
            _ => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
