//! The process table, read once.

use std::collections::{HashMap, HashSet};

use procfs::process::{Stat, all_processes};
use rustix::process::{Pid, Signal, getpid, kill_process, kill_process_group};

/// What tells a process from another that gets the same id later: that id, and when it started.
pub(super) type Identity = (i32, u64);

/// All processes that could be read. Those that start or end during the reading may be missing.
pub(super) struct Table {
    processes: HashMap<i32, Stat>,
}

impl Table {
    pub(super) fn read() -> Self {
        // Without /proc there is nothing to be found; the caller's rounds of killing then end by
        // their time limit, or when the kernel says that there are no children.
        let processes = all_processes().into_iter().flatten().flatten();
        let stats = processes.filter_map(|process| process.stat().ok());
        Self { processes: stats.map(|stat| (stat.pid, stat)).collect() }
    }

    pub(super) fn get(&self, pid: i32) -> Option<&Stat> {
        self.processes.get(&pid)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Stat> {
        self.processes.values()
    }

    /// All descendants of `roots` that are alive, without the roots themselves.
    pub(super) fn below(&self, roots: impl IntoIterator<Item = i32>) -> Vec<&Stat> {
        let mut children: HashMap<i32, Vec<&Stat>> = HashMap::new();
        for process in self.iter() {
            children.entry(process.ppid).or_default().push(process);
        }
        let mut found = Vec::new();
        let mut parents: Vec<i32> = roots.into_iter().collect();
        while let Some(parent) = parents.pop() {
            // Removed, so that even a table that was torn while it was read cannot make a circle.
            for child in children.remove(&parent).unwrap_or_default() {
                parents.push(child.pid);
                found.push(child);
            }
        }
        found.retain(|process| is_alive(process));
        found
    }

    /// Kills processes, together with the process groups they are in: whoever forks cannot slip out
    /// of a group that is being killed. Says which were killed.
    pub(super) fn kill_all(&self, processes: &[&Stat]) -> Vec<Identity> {
        for group in self.groups_apart_from(own_id(), processes) {
            // This and the next fail only if they are gone in the meantime.
            let _ = kill_process_group(group, Signal::KILL);
        }
        signal_all(processes, Signal::KILL);
        processes.iter().map(|process| (process.pid, process.starttime)).collect()
    }

    /// The groups of these processes, without the one that `own` is in.
    ///
    /// A group is listed as 0, and cannot be named in a signal, if its leader is outside of this PID
    /// namespace, as that of a process which entered a container from outside. (Asking the kernel
    /// with `getpgrp` gives that 0, too, which rustix does not expect.)
    fn groups_apart_from(&self, own: i32, processes: &[&Stat]) -> HashSet<Pid> {
        let Some(own) = self.get(own) else { return HashSet::new() };
        let groups = processes.iter().map(|process| process.pgrp);
        groups.filter(|group| *group != own.pgrp).filter_map(Pid::from_raw).collect()
    }
}

pub(super) fn own_id() -> i32 {
    getpid().as_raw_pid()
}

/// Whether a process still runs. A process with a dead first thread and others alive is listed as
/// a zombie, too.
pub(super) fn is_alive(process: &Stat) -> bool {
    !matches!(process.state, 'Z' | 'X' | 'x') || process.num_threads > 1
}

/// Sends a signal to each of these processes.
pub(super) fn signal_all(processes: &[&Stat], signal: Signal) {
    for pid in processes.iter().filter_map(|process| Pid::from_raw(process.pid)) {
        let _ = kill_process(pid, signal);
    }
}

#[cfg(test)]
mod tests {
    use procfs::FromRead;

    use super::*;

    /// A process as the kernel lists it.
    fn process(pid: i32, parent: i32, state: char, threads: u32) -> (i32, Stat) {
        in_group(7, pid, parent, state, threads)
    }

    fn in_group(group: i32, pid: i32, parent: i32, state: char, threads: u32) -> (i32, Stat) {
        let rest = "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0";
        let line = format!(
            "{pid} (a) b) {state} {parent} {group} {group} 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 100 0 5 {rest}"
        );
        (pid, Stat::from_read(line.as_bytes()).unwrap())
    }

    fn below(root: i32, processes: impl IntoIterator<Item = (i32, Stat)>) -> Vec<i32> {
        let table = Table { processes: processes.into_iter().collect() };
        let mut pids: Vec<i32> = table.below([root]).iter().map(|process| process.pid).collect();
        pids.sort_unstable();
        pids
    }

    #[test]
    fn descendants_of_any_depth_are_found_and_nobody_else() {
        let processes = [
            process(1, 0, 'S', 1),
            process(10, 1, 'S', 1),
            process(30, 10, 'R', 4),
            process(20, 30, 'T', 1),
            process(21, 20, 'D', 1),
            process(11, 1, 'S', 1),
        ];
        assert_eq!(below(10, processes), [20, 21, 30]);
    }

    #[test]
    fn the_dead_are_left_out_but_not_what_is_below_them() {
        let processes = [process(11, 10, 'Z', 1), process(12, 11, 'S', 1)];
        assert_eq!(below(10, processes), [12]);
    }

    #[test]
    fn a_dead_first_thread_is_not_a_dead_process() {
        assert_eq!(below(10, [process(11, 10, 'Z', 2)]), [11]);
    }

    fn groups_below(own: (i32, Stat), processes: impl IntoIterator<Item = (i32, Stat)>) -> Vec<i32> {
        let root = own.0;
        let table = Table { processes: processes.into_iter().chain([own]).collect() };
        let groups = table.groups_apart_from(root, &table.below([root]));
        let mut groups: Vec<i32> = groups.into_iter().map(Pid::as_raw_pid).collect();
        groups.sort_unstable();
        groups
    }

    #[test]
    fn the_own_group_is_spared() {
        let processes = || [in_group(10, 11, 10, 'S', 1), in_group(12, 12, 10, 'S', 1)];
        assert_eq!(groups_below(in_group(10, 10, 1, 'S', 1), processes()), [12]);
        assert_eq!(groups_below(in_group(12, 10, 1, 'S', 1), processes()), [10]);
    }

    #[test]
    fn a_group_whose_leader_is_outside_of_the_namespace_cannot_be_named() {
        let processes = [in_group(0, 11, 10, 'S', 1), in_group(12, 12, 10, 'S', 1)];
        assert_eq!(groups_below(in_group(0, 10, 1, 'S', 1), processes), [12]);
    }

    #[test]
    fn a_circle_in_a_torn_table_is_no_trap() {
        let circle = || [process(11, 12, 'S', 1), process(12, 11, 'S', 1)];
        assert!(below(10, circle()).is_empty());
        assert_eq!(below(11, circle()), [11, 12]);
    }
}
