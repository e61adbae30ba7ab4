//! What Linux offers: every descendant can be found, watched and killed.
//!
//! A child subreaper inherits the orphans among its descendants. So every descendant, whatever
//! sessions and daemons it hides behind, has an unbroken line of parents up to the subreaper; and
//! the subreaper has no child if and only if nothing is left. The process table is read again and
//! again, because a single reading misses what starts meanwhile.
//!
//! Between reading the table and killing, a process may end and its id be given to another. Ids
//! are handed out in turn, so that takes a whole round of them within milliseconds.

mod table;

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use procfs::process::{Process, Stat};
use rustix::process::{
    DumpableBehavior, Pid, Signal, WaitOptions, getpid, kill_process_group, set_child_subreaper,
    set_dumpable_behavior, waitpid,
};
use rustix::thread::set_no_new_privs;

use self::table::{Identity, Table, is_alive, own_id, signal_all};
use super::children::{Children, Swept, Usage};
use super::registry;

/// How long to go on killing although it makes no difference: the kernel itself then holds up what
/// is left.
const STALL_LIMIT: Duration = Duration::from_secs(5);

/// How long to go on killing at all. Thousands of processes may take some seconds.
const SWEEP_LIMIT: Duration = Duration::from_secs(60);

/// The first pause between two rounds of killing; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_micros(200);

/// The longest pause between two rounds of killing.
const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// The executable that is running, even if its file has been replaced since.
pub(super) fn own_program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

/// Makes orphans among this process's descendants its children.
pub(super) fn become_reaper() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// Keeps other processes of the same user (though not root's) out of this one's memory and
/// descriptors, and keeps descendants from gaining privileges, with which they could not be
/// killed.
pub(super) fn shield() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(set_no_new_privs(true)?)
}

/// Orphans are handed to the nearest child subreaper, so every descendant is found.
pub(super) const CONTAINS: bool = true;

/// Whether this process ignores a signal, as programs do that `nohup` started.
pub(super) fn is_ignored(signal: i32) -> bool {
    let status = Process::myself().and_then(|process| process.status());
    status.is_ok_and(|status| (status.sigign >> (signal - 1)) & 1 == 1)
}

/// What all descendants of this process use.
pub(super) fn usage() -> Usage {
    let table = Table::read();
    let processes = table.below([own_id()]);
    let pages: u64 = processes.iter().map(|process| process.rss).sum();
    Usage { processes: count(processes.len()), rss_bytes: pages * procfs::page_size() }
}

/// Sends SIGTERM to every descendant of this process.
pub(super) fn terminate_all(_: &Children) {
    signal_all(&Table::read().below([own_id()]), Signal::TERM);
}

/// Kills every descendant of this process, a supervisor, until none is left. What counts as killed
/// leaves out the main process.
pub(super) fn sweep(children: &mut Children) -> Swept {
    if children.ended.is_none() {
        // Reading the table takes a while, during which nothing in this group forks. The group is
        // the right one, because its leader was not waited for yet.
        let _ = kill_process_group(children.main, Signal::STOP);
    }
    let mut kills = kill_in_rounds(|| {
        children.reap();
        if children.none_left {
            return Round::NoneLeft;
        }
        let table = Table::read();
        Round::Killed(table.kill_all(&table.below([own_id()])))
    });
    let main = children.main.as_raw_pid();
    kills.killed.retain(|(pid, _)| *pid != main);
    kills.into()
}

/// Kills what a dead or dying supervisor left behind, until none is left. The supervisor must not
/// have been waited for yet.
///
/// Its orphans are now children of this process, if that [adopts](super::adopt_orphans) them, or
/// at least are still in the supervisor's session, if they did not leave it. Other children of
/// this process are spared: supervisors are registered, and everything else that this process
/// starts is in its own session, which no descendant of a supervisor can join.
pub(super) fn sweep_orphans(supervisor: u32) -> Swept {
    let Ok(supervisor) = i32::try_from(supervisor) else {
        return Swept::default();
    };
    // What starts and ends during a single reading may be missed, so nothing must be found twice.
    let mut nothing_found = 0;
    let kills = kill_in_rounds(|| {
        let registered = registry::lock();
        let table = Table::read();
        let dead = table.get(supervisor).is_none_or(|process| !is_alive(process));
        let roots = orphans(&table, supervisor, &registered);
        nothing_found = if dead && roots.is_empty() { nothing_found + 1 } else { 0 };
        if nothing_found == 2 {
            return Round::NoneLeft;
        }
        let mut left = table.below(roots.iter().map(|process| process.pid));
        left.extend(roots.iter().filter(|process| is_alive(process)));
        let killed = table.kill_all(&left);
        for process in roots {
            reap(process);
        }
        Round::Killed(killed)
    });
    kills.into()
}

/// The orphans of a supervisor, dead or alive, without what is below them.
fn orphans<'a>(table: &'a Table, supervisor: i32, registered: &HashSet<u32>) -> Vec<&'a Stat> {
    let parent = own_id();
    // From the table, where it is 0 if the session's leader is outside of this PID namespace, as in
    // a container that was entered from outside.
    let session = table.get(parent).map_or(0, |process| process.session);
    let born = table.get(supervisor).map_or(u64::MAX, |process| process.starttime);
    let left_session =
        |process: &Stat| process.ppid == parent && process.session != session && process.starttime >= born;
    let candidates = table.iter().filter(|process| !registered.contains(&process.pid.cast_unsigned()));
    candidates.filter(|process| process.session == supervisor || left_session(process)).collect()
}

/// Waits for a process if it is a child of this one and has ended.
fn reap(process: &Stat) {
    if process.ppid == own_id()
        && let Some(pid) = Pid::from_raw(process.pid)
    {
        // Fails if another sweep of this process waited for it; then it is gone, too.
        let _ = waitpid(Some(pid), WaitOptions::NOHANG);
    }
}

/// What one round of killing did.
enum Round {
    /// There is nothing left to kill.
    NoneLeft,
    /// These were killed, or are about to be gone since an earlier round.
    Killed(Vec<Identity>),
}

/// What all rounds of killing did.
#[derive(Default)]
struct Kills {
    killed: HashSet<Identity>,
    survivors: usize,
}

impl From<Kills> for Swept {
    fn from(kills: Kills) -> Self {
        Self { killed: count(kills.killed.len()), survivors: count(kills.survivors) }
    }
}

/// Repeats a round until nothing is left, or until rounds have made no difference for too long:
/// neither found anything new, nor found less than before.
fn kill_in_rounds(mut round: impl FnMut() -> Round) -> Kills {
    let mut kills = Kills::default();
    let mut pause = FIRST_PAUSE;
    let mut progress = Instant::now();
    let limit = progress + SWEEP_LIMIT;
    while let Round::Killed(processes) = round() {
        let (killed, survivors) = (kills.killed.len(), kills.survivors);
        kills.survivors = processes.len();
        kills.killed.extend(processes);
        let now = Instant::now();
        if kills.killed.len() > killed || kills.survivors < survivors {
            progress = now;
        }
        if now > limit || now > progress + STALL_LIMIT {
            return kills;
        }
        thread::sleep(pause);
        pause = LONGEST_PAUSE.min(pause * 2);
    }
    kills.survivors = 0;
    kills
}

fn count(processes: usize) -> u32 {
    u32::try_from(processes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_own_program_can_be_executed() {
        let output = Command::new(own_program()).arg("--list").output().unwrap();
        let tests = String::from_utf8(output.stdout).unwrap();
        assert!(tests.contains("the_own_program_can_be_executed"), "{tests}");
    }

    #[test]
    fn killing_goes_on_while_it_makes_a_difference() {
        let mut left: Vec<Vec<Identity>> = vec![vec![], vec![(1, 0)], vec![(1, 0), (2, 0)]];
        let kills = kill_in_rounds(|| left.pop().map_or(Round::NoneLeft, Round::Killed));
        assert_eq!(Swept::from(kills), Swept { killed: 2, survivors: 0 });
    }

    #[test]
    fn usage_counts_descendants() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let usage = usage();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(usage.processes >= 1 && usage.rss_bytes > 0, "{usage:?}");
    }
}
