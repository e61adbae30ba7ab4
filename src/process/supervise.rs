//! The supervisor's side: what `practice supervise` does.
//!
//! It reads one line from stdin, the [`VmSpec`]; runs it; and writes one line to stdout, the reply.
//! Its stdin stays open meanwhile as a lifeline: when it is closed, or another line comes, all is
//! killed at once. A signal to end does the same.
//!
//! It is a single thread that waits for everything in one place. It alone sends signals and waits
//! for children, so the process id of a child means that child. And when the program fills the
//! machine with processes, there is one thread to be scheduled rather than a chain of them.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process, setsid};

use super::capture::Drain;
use super::children::{Children, Usage};
use super::lifeline::{Lifeline, Order, Signals};
use super::wire::{Failure, Reply, Stage};
use super::{End, Exit, Limits, Status, VmSpec, later, limits, system};

/// How often the processes are looked at.
const POLL: Duration = Duration::from_millis(50);

/// When to look for the first time.
const FIRST_POLL: Duration = Duration::from_millis(10);

/// Looking at the processes may take one part in so many of the time: where there are very many,
/// they are looked at less often.
const POLL_SHARE: u32 = 10;

/// How long helpers of a program that ended by itself may take to notice. Erlang's
/// `erl_child_setup` takes about a millisecond.
const SETTLE: Duration = Duration::from_millis(50);

/// How long everything may take to end after SIGTERM.
const TERM_GRACE: Duration = Duration::from_millis(200);

/// Runs the hidden subcommand `supervise`. To be called before anything else is set up.
///
/// # Errors
///
/// Whoever started this is gone, or never said what to do.
pub fn main() -> io::Result<()> {
    Lifeline::open().and_then(answer)
}

fn answer(mut lifeline: Lifeline) -> io::Result<()> {
    let line = lifeline.first_line()?;
    let result = serde_json::from_str(&line)
        .map_err(|error| Failure::setup("read what to run", error))
        .and_then(|spec| run(&spec, lifeline));
    let reply = match result {
        Ok(exit) => Reply::Ended(Box::new(exit)),
        Err(failure) => Reply::Failed(failure),
    };
    let mut text = serde_json::to_string(&reply)?;
    text.push('\n');
    let mut stdout = io::stdout();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

fn run(spec: &VmSpec, lifeline: Lifeline) -> Result<Exit, Failure> {
    // A session of its own: what is typed at the terminal reaches only the main process, and no
    // descendant can join a process group outside, so that killing a group is safe.
    setsid().map_err(|error| Failure::setup("start a session", error))?;
    system::become_reaper().map_err(|error| Failure::setup("adopt orphans", error))?;
    system::shield().map_err(|error| Failure::setup("shield itself", error))?;
    std::env::set_current_dir(&spec.cwd).map_err(|error| Failure::new(Stage::Folder, &error))?;
    let signals = Signals::catch().map_err(|error| Failure::setup("catch signals", error))?;
    limits::apply(&spec.limits)?;

    let mut watch = Watch::start(spec, lifeline, signals)?;
    let end = watch.until_end();
    let swept = system::sweep(&mut watch.children);
    let (status, ended) = watch.children.ended.unwrap_or((Status::Unknown, Instant::now()));
    let [stdout, stderr] = watch.output.map(Drain::finish);
    Ok(Exit {
        end,
        status,
        stdout,
        stderr,
        swept: swept.killed,
        survivors: swept.survivors,
        peak_rss_bytes: watch.peak_rss_bytes,
        duration: ended - watch.started,
    })
}

/// A running program, seen from its supervisor.
struct Watch<'a> {
    spec: &'a VmSpec,
    children: Children,
    lifeline: Lifeline,
    signals: Signals,
    /// Its stdout and its stderr.
    output: [Drain; 2],
    started: Instant,
    next_poll: Instant,
    peak_rss_bytes: u64,
}

/// What to wait for.
#[derive(Clone, Copy)]
enum Goal {
    /// The main process has ended.
    MainEnded,
    /// Everything has ended.
    AllEnded,
}

/// Why waiting ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Woken {
    /// The goal was reached.
    Reached,
    /// It was not, and the time is over.
    TimeOver,
    /// Everything must end now, for this reason.
    Now(End),
}

impl<'a> Watch<'a> {
    /// Starts the program.
    fn start(spec: &'a VmSpec, lifeline: Lifeline, signals: Signals) -> Result<Self, Failure> {
        let pipe = |error| Failure::setup("open a pipe", error);
        let (stdout, stdout_writer) = Drain::open(spec.output_cap).map_err(pipe)?;
        let (stderr, stderr_writer) = Drain::open(spec.output_cap).map_err(pipe)?;
        let started = Instant::now();
        let child = Command::new(&spec.program)
            .args(&spec.args)
            .env_clear()
            .envs(spec.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(stdout_writer)
            .stderr(stderr_writer)
            .process_group(0)
            .spawn()
            .map_err(|error| Failure::new(Stage::Program, &error))?;
        Ok(Self {
            spec,
            children: Children::new(Pid::from_child(&child)),
            lifeline,
            signals,
            output: [stdout, stderr],
            started,
            next_poll: started + FIRST_POLL,
            peak_rss_bytes: 0,
        })
    }

    /// Waits for the end, or brings it about as gently as there is time for. What is left after
    /// that is to be swept.
    fn until_end(&mut self) -> End {
        match self.wait_for(Goal::MainEnded, later(self.started, self.spec.deadline)) {
            Woken::Reached => {
                self.wait_for(Goal::AllEnded, Instant::now() + SETTLE);
                End::ByItself
            }
            Woken::TimeOver => {
                self.wind_down();
                End::Deadline
            }
            Woken::Now(end) => end,
        }
    }

    /// Asks for an end: first the main process, which may then say what it was doing, and then
    /// everything.
    fn wind_down(&mut self) {
        // It was not waited for yet, so this is the right process, if perhaps a dead one.
        let _ = kill_process(self.children.main, Signal::QUIT);
        let grace = later(Instant::now(), self.spec.grace);
        if !matches!(self.wait_for(Goal::MainEnded, grace), Woken::Now(_)) {
            system::terminate_all(&self.children);
            self.wait_for(Goal::AllEnded, Instant::now() + TERM_GRACE);
        }
    }

    fn wait_for(&mut self, goal: Goal, until: Instant) -> Woken {
        loop {
            if self.has_reached(goal) {
                return Woken::Reached;
            }
            if let Some(end) = self.poll_usage() {
                return Woken::Now(end);
            }
            let now = Instant::now();
            if now >= until {
                return Woken::TimeOver;
            }
            if let Some(woken) = self.nap(self.next_poll.min(until).saturating_duration_since(now)) {
                return woken;
            }
        }
    }

    fn has_reached(&mut self, goal: Goal) -> bool {
        self.signals.forget_children();
        self.children.reap();
        match goal {
            Goal::MainEnded => self.children.ended.is_some(),
            Goal::AllEnded => self.children.none_left,
        }
    }

    /// Sleeps until something happens, at most for so long. Reads what there is to be read, and
    /// says whether all is to end.
    fn nap(&mut self, nap: Duration) -> Option<Woken> {
        if self.lifeline.is_cut() {
            return Some(self.told());
        }
        let mut sources = vec![
            PollFd::new(self.lifeline.file(), PollFlags::IN),
            PollFd::new(&self.signals.end, PollFlags::IN),
            PollFd::new(&self.signals.child, PollFlags::IN),
        ];
        let pipes = self.output.iter().filter_map(Drain::pipe);
        sources.extend(pipes.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        // An error is an interruption by a signal, about which there is a byte to be read.
        let _ = poll(&mut sources, Timespec::try_from(nap).ok().as_ref());
        let [told, signaled] = [0, 1].map(|index| !sources[index].revents().is_empty());
        self.output.iter_mut().for_each(Drain::read);
        match (told, signaled) {
            (true, _) => Some(self.told()),
            (false, true) => Some(Woken::Now(End::Stopped)),
            (false, false) => None,
        }
    }

    fn told(&mut self) -> Woken {
        match self.lifeline.order() {
            Order::Expire => Woken::TimeOver,
            Order::End => Woken::Now(End::Stopped),
        }
    }

    /// Looks at what the processes use, if it is time to, and says if it is too much.
    fn poll_usage(&mut self) -> Option<End> {
        let now = Instant::now();
        if now < self.next_poll {
            return None;
        }
        let usage = system::usage();
        self.next_poll = now + POLL.max(now.elapsed() * POLL_SHARE);
        self.peak_rss_bytes = self.peak_rss_bytes.max(usage.rss_bytes);
        excess(&self.spec.limits, usage)
    }
}

fn excess(limits: &Limits, usage: Usage) -> Option<End> {
    if limits.tree_rss_bytes.is_some_and(|limit| usage.rss_bytes > limit) {
        Some(End::Memory)
    } else if limits.processes.is_some_and(|limit| usage.processes > limit) {
        Some(End::Processes)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_may_be_reached_but_not_exceeded() {
        let limits = Limits { tree_rss_bytes: Some(100), processes: Some(3), ..Limits::default() };
        let used = |rss_bytes, processes| excess(&limits, Usage { processes, rss_bytes });
        assert_eq!(used(100, 3), None);
        assert_eq!(used(101, 3), Some(End::Memory));
        assert_eq!(used(100, 4), Some(End::Processes));
        assert_eq!(excess(&Limits::default(), Usage { processes: 9, rss_bytes: 9 }), None);
    }
}
