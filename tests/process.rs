//! What the process layer promises, tried on real processes: shells, daemons, floods.
//!
//! Processes are recognised by a mark that is unique to a test, in their environment or, where
//! they clear that, in their arguments (`sleep 1000.MARK`). Nothing is ever looked up by name.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "some tests need processes of their own")]

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use practice::process::{
    self, End, Exit, Limits, ProbeError, ProcessError, Running, Status, VmSpec, interrupt,
};

/// Long enough for a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(30);

/// Far longer than what is quick takes, and far shorter than what hangs.
const QUICK: Duration = Duration::from_secs(10);

const MB: u64 = 1024 * 1024;

/// A shell script to supervise, `MARK` in it replaced.
struct Script {
    spec: VmSpec,
    mark: String,
    _folder: tempfile::TempDir,
}

impl Script {
    fn new(script: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self::marked(script, &format!("{}{number:03}", std::process::id()))
    }

    fn marked(script: &str, mark: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut spec = VmSpec::new("/bin/sh", folder.path(), PATIENCE);
        spec.args = vec!["-c".into(), script.replace("MARK", mark)];
        spec.env =
            vec![("PATH".into(), std::env::var("PATH").unwrap()), ("PRACTICE_TEST_MARK".into(), mark.into())];
        spec.supervisor = Some(env!("CARGO_BIN_EXE_practice").into());
        Self { spec, mark: mark.into(), _folder: folder }
    }

    fn deadline(mut self, millis: u64) -> Self {
        self.spec.deadline = Duration::from_millis(millis);
        self
    }

    fn grace(mut self, millis: u64) -> Self {
        self.spec.grace = Duration::from_millis(millis);
        self
    }

    fn limits(mut self, limits: Limits) -> Self {
        self.spec.limits = limits;
        self
    }

    fn start(&self) -> Running {
        process::start(&self.spec).unwrap()
    }

    fn run(&self) -> Exit {
        self.start().wait().unwrap()
    }

    /// Runs the script, and insists that nothing is left when that returns.
    fn run_clean(&self) -> Exit {
        let exit = self.run();
        self.assert_nothing_left();
        exit
    }

    fn assert_nothing_left(&self) {
        assert_eq!(marked_processes(&self.mark), Vec::<String>::new());
    }

    fn wait_for_processes(&self, count: usize) {
        wait_until(|| marked_processes(&self.mark).len() >= count);
    }
}

/// The command lines of the processes that bear a mark, where there is a `/proc`.
fn marked_processes(mark: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let in_environment = format!("PRACTICE_TEST_MARK={mark}\0");
    let in_arguments = format!("1000.{mark}");
    let marked = |folder: &Path| {
        let read = |file| std::fs::read(folder.join(file)).unwrap_or_default();
        let (arguments, environment) = (read("cmdline"), read("environ"));
        let arguments = String::from_utf8_lossy(&arguments).replace('\0', " ");
        let environment = String::from_utf8_lossy(&environment).into_owned() + "\0";
        let found = environment.contains(&in_environment) || arguments.contains(&in_arguments);
        // A supervisor's command line and environment bear no mark.
        found.then_some(arguments)
    };
    entries.flatten().filter_map(|entry| marked(&entry.path())).collect()
}

fn wait_until(mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "this took too long");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs this test again, alone in a process of its own, through `sh -c 'WRAPPER exec …'`.
fn in_own_process(test: &str, mark: &str, wrapper: &str) -> std::process::Child {
    Command::new("/bin/sh")
        .args(["-c", &format!("{wrapper} exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--include-ignored", "--nocapture", "--test-threads=1"])
        .env("PRACTICE_TEST_ROLE", mark)
        .spawn()
        .unwrap()
}

/// The mark that was given to this process, if it was started by `in_own_process`.
fn role() -> Option<String> {
    std::env::var("PRACTICE_TEST_ROLE").ok()
}

/// Runs `body` in a process of its own.
fn alone(test: &str, wrapper: &str, body: impl FnOnce()) {
    if role().is_some() {
        body();
    } else {
        assert!(in_own_process(test, "alone", wrapper).wait().unwrap().success());
    }
}

fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(status.unwrap().success());
}

// How a program ends, and what it says.

#[test]
fn exit_codes_are_reported() {
    for code in [0, 1, 3, 255] {
        let exit = Script::new(&format!("exit {code}")).run_clean();
        assert_eq!((exit.end, exit.status), (End::ByItself, Status::Exited(code)));
        assert_eq!((exit.swept, exit.survivors), (0, 0));
        assert!(exit.stdout.is_empty() && exit.stderr.is_empty());
    }
}

#[test]
fn signals_are_reported() {
    let exit = Script::new("kill -SEGV $$").run_clean();
    assert_eq!((exit.end, exit.status), (End::ByItself, Status::Signaled(11)));
}

#[test]
fn streams_are_kept_apart() {
    let exit = Script::new("echo out; echo err >&2").run_clean();
    assert_eq!((exit.stdout.text().as_str(), exit.stderr.text().as_str()), ("out\n", "err\n"));
}

#[test]
fn environment_and_folder_are_those_of_the_spec() {
    let mut script = Script::new("pwd; env; cat");
    script.spec.env.push(("GREETING".into(), "hello you".into()));
    let text = script.run_clean().stdout.text();
    let folder = script.spec.cwd.canonicalize().unwrap();
    assert!(text.starts_with(&format!("{}\n", folder.display())), "{text}");
    assert!(text.contains("GREETING=hello you\n"), "{text}");
    assert!(!text.contains("CARGO"), "{text}");
}

#[test]
fn the_terminal_cannot_be_reached() {
    let exit = Script::new("(: < /dev/tty) 2>/dev/null && echo yes || echo no").run_clean();
    assert_eq!(exit.stdout.text(), "no\n");
}

#[test]
fn missing_programs_and_folders_are_told_apart() {
    let mut script = Script::new("");
    script.spec.program = "no-such-program".into();
    // A folder in PATH that may not be read would make it "permission denied".
    script.spec.env = vec![("PATH".into(), "/usr/bin:/bin".into())];
    let error = script.start().wait().unwrap_err();
    assert!(matches!(error, ProcessError::NotFound { .. }), "{error:?}");

    script.spec.program = "/dev/null".into();
    let error = script.start().wait().unwrap_err();
    assert!(matches!(error, ProcessError::Start { .. }), "{error:?}");

    let mut script = Script::new("");
    script.spec.cwd = "/no/such/folder".into();
    let error = script.start().wait().unwrap_err();
    assert!(matches!(error, ProcessError::Folder { .. }), "{error:?}");

    script.spec.supervisor = Some("/no/such/supervisor".into());
    let error = process::start(&script.spec).unwrap_err();
    assert!(matches!(error, ProcessError::Supervisor { .. }), "{error:?}");
}

#[test]
fn a_supervisor_that_does_not_answer_is_lost() {
    let mut script = Script::new("");
    script.spec.supervisor = Some("/bin/true".into());
    let error = script.start().wait().unwrap_err();
    assert!(matches!(error, ProcessError::SupervisorLost { swept: 0, .. }), "{error:?}");
}

#[test]
fn a_flood_is_drained_and_counted() {
    let script = Script::new("yes 0123456789 | head -c 300000000");
    let running = script.start();
    let supervisor = running.supervisor_id();
    let watcher = thread::spawn(move || peak_kib(supervisor));
    let exit = running.wait().unwrap();
    assert_eq!((exit.end, exit.status), (End::ByItself, Status::Exited(0)));
    let kept = exit.stdout.head.len() + exit.stdout.tail.len();
    assert_eq!(kept as u64 + exit.stdout.dropped, 300_000_000);
    assert!(kept <= VmSpec::OUTPUT_CAP);
    assert!(exit.stdout.head.starts_with("0123456789\n0123456789\n"));
    let peak = watcher.join().unwrap();
    assert!(peak < 64 * 1024, "{peak} KiB");
}

/// The most memory that a process had, looked at until it is gone; 0 where there is no `/proc`.
fn peak_kib(pid: u32) -> u64 {
    let mut peak = 0;
    while let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) {
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let Some(line) = line else { break };
        peak = line.trim().trim_end_matches(" kB").parse().unwrap();
        thread::sleep(Duration::from_millis(5));
    }
    peak
}

#[test]
fn a_flood_does_not_outlast_the_deadline() {
    let script = Script::new("yes & yes >&2 & yes").deadline(500).grace(100);
    let begin = Instant::now();
    let exit = script.run_clean();
    assert_eq!(exit.end, End::Deadline);
    assert!(exit.stdout.dropped > 0 && exit.stderr.dropped > 0);
    assert!(begin.elapsed() < QUICK, "{:?}", begin.elapsed());
}

// The deadline.

#[test]
fn at_the_deadline_the_program_may_first_say_what_it_was_doing() {
    let script = "trap 'echo in test X; exit 7' QUIT; while :; do sleep 0.01; done";
    let exit = Script::new(script).deadline(200).grace(25_000).run_clean();
    assert_eq!((exit.end, exit.status), (End::Deadline, Status::Exited(7)));
    assert_eq!(exit.stdout.text(), "in test X\n");
    assert!(exit.duration < QUICK, "the grace ends early: {:?}", exit.duration);
}

#[test]
fn sigterm_comes_before_sigkill() {
    let script = "trap '' QUIT; trap 'echo bye; exit 8' TERM; while :; do sleep 0.01; done";
    let exit = Script::new(script).deadline(100).grace(50).run_clean();
    assert_eq!((exit.end, exit.status), (End::Deadline, Status::Exited(8)));
    assert_eq!(exit.stdout.text(), "bye\n");
}

#[test]
fn whoever_ignores_all_signals_is_killed() {
    let script = "trap '' QUIT TERM INT HUP; while :; do sleep 1; done";
    let exit = Script::new(script).deadline(100).grace(100).run_clean();
    assert_eq!((exit.end, exit.status), (End::Deadline, Status::Signaled(9)));
    assert!(exit.duration < QUICK, "{:?}", exit.duration);
}

#[test]
fn very_long_deadlines_are_no_problem() {
    let mut script = Script::new("exit 0");
    script.spec.deadline = Duration::MAX;
    assert_eq!(script.run_clean().status, Status::Exited(0));
}

// Stopping.

#[test]
fn stopping_is_quick_and_may_be_repeated() {
    let script = Script::new("trap '' TERM QUIT; sleep 1000.MARK & sleep 1000.MARK");
    let running = script.start();
    script.wait_for_processes(3);
    let begin = Instant::now();
    let stopper = running.stopper();
    let waiter = thread::spawn(move || running.wait());
    stopper.stop();
    stopper.clone().stop();
    let exit = waiter.join().unwrap().unwrap();
    stopper.stop();
    assert_eq!((exit.end, exit.status), (End::Stopped, Status::Signaled(9)));
    assert!(begin.elapsed() < QUICK, "{:?}", begin.elapsed());
    script.assert_nothing_left();
}

#[test]
fn whoever_is_dropped_is_stopped() {
    let script = Script::new("sleep 1000.MARK & sleep 1000.MARK");
    let running = script.start();
    script.wait_for_processes(3);
    drop(running);
    script.assert_nothing_left();
}

#[test]
fn a_supervisor_that_is_told_to_end_cleans_up() {
    for name in ["TERM", "INT", "HUP", "QUIT"] {
        let script = Script::new("sleep 1000.MARK & sleep 1000.MARK");
        let running = script.start();
        script.wait_for_processes(3);
        signal(running.supervisor_id(), name);
        assert_eq!(running.wait().unwrap().end, End::Stopped);
        script.assert_nothing_left();
    }
}

// Everything below needs what only Linux offers.

#[cfg(target_os = "linux")]
mod nothing_is_left {
    use super::*;

    /// Starts one of each kind, and waits until all are there: one in a session of its own; a
    /// daemon that forked twice; one without the environment; one that ignores signals and holds
    /// no pipe.
    const HIDE: &str = "
        setsid sleep 1000.MARK &
        (setsid sh -c 'sleep 1000.MARK & (sleep 1000.MARK &)' &)
        env -i setsid sleep 1000.MARK &
        setsid sh -c \"trap '' TERM HUP QUIT INT; exec >&- 2>&- <&-; sleep 1000.MARK; :\" &
        until [ $(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' |
                  grep -c '^1000.MARK$') = 5 ]; do sleep 0.05; done
    ";
    /// How many processes hide after that: five times `sleep`, and a shell.
    const HIDDEN: usize = 6;

    fn hide_then(rest: &str) -> Script {
        Script::new(&format!("{HIDE}\n{rest}"))
    }

    #[test]
    fn after_a_normal_end() {
        let exit = hide_then("exit 4").run_clean();
        assert_eq!((exit.end, exit.status), (End::ByItself, Status::Exited(4)));
        assert!(exit.swept as usize >= HIDDEN && exit.survivors == 0, "{exit:?}");
    }

    #[test]
    fn after_the_deadline() {
        let script = hide_then("sleep 1000.MARK").deadline(1500).grace(50);
        assert_eq!(script.run_clean().end, End::Deadline);
    }

    #[test]
    fn after_a_port_program_that_holds_the_pipes() {
        let script = "setsid sh -c \"trap '' TERM; echo said; touch ready; sleep 1000.MARK\" &
                      until [ -e ready ]; do sleep 0.01; done";
        let begin = Instant::now();
        let exit = Script::new(script).run_clean();
        assert_eq!((exit.end, exit.survivors), (End::ByItself, 0));
        assert!(exit.swept >= 1, "{exit:?}");
        assert_eq!(exit.stdout.text(), "said\n");
        assert!(begin.elapsed() < QUICK, "{:?}", begin.elapsed());
    }

    #[test]
    fn after_stopping_at_any_moment() {
        // No randomness is needed: each time a little later.
        let script = "for i in 1 2 3 4 5 6 7 8 9; do setsid sleep 1000.MARK & done; \
                      (setsid sh -c 'sleep 1000.MARK & sleep 1000.MARK' &); sleep 1000.MARK";
        for round in 0..50 {
            let script = Script::new(script);
            let running = script.start();
            thread::sleep(Duration::from_millis(round));
            running.stop();
            assert_eq!(running.wait().unwrap().end, End::Stopped);
            script.assert_nothing_left();
        }
    }

    #[test]
    fn after_stopping_one_that_forks_all_the_time() {
        let script = "for i in $(seq 500); do setsid sleep 1000.MARK & done; sleep 1000.MARK";
        for millis in [20, 40, 60] {
            let script = Script::new(script);
            let running = script.start();
            thread::sleep(Duration::from_millis(millis));
            let begin = Instant::now();
            running.stop();
            assert_eq!(running.wait().unwrap().end, End::Stopped);
            script.assert_nothing_left();
            assert!(begin.elapsed() < QUICK, "{:?}", begin.elapsed());
        }
    }

    #[test]
    fn after_a_fork_bomb() {
        // Tame enough to do no harm if it is not stopped: 511 processes.
        let bomb = "bomb() { [ $1 = 0 ] || { bomb $(($1 - 1)) & bomb $(($1 - 1)) & }
                    exec sleep 1000.MARK; }; bomb 8";
        let script = Script::new(bomb).limits(Limits { processes: Some(60), ..Limits::default() });
        let exit = script.run_clean();
        assert_eq!((exit.end, exit.survivors), (End::Processes, 0));
    }

    #[test]
    fn after_too_much_memory() {
        // The classic: it looks for the last line of an endless one.
        let limits =
            Limits { tree_rss_bytes: Some(200 * MB), data_bytes: Some(4000 * MB), ..Limits::default() };
        let exit = Script::new("setsid tail /dev/zero; sleep 1000.MARK").limits(limits).run_clean();
        assert_eq!(exit.end, End::Memory);
        assert!(exit.peak_rss_bytes > 200 * MB, "{exit:?}");
        assert!(exit.duration < QUICK, "{exit:?}");
    }

    #[test]
    fn while_four_run_at_once() {
        let scripts: Vec<_> =
            (1..=4).map(|code| hide_then(&format!("sleep 0.{code}; exit {code}"))).collect();
        let running: Vec<_> = scripts.iter().map(Script::start).collect();
        for ((code, running), script) in (1..=4).zip(running).zip(&scripts) {
            let exit = running.wait().unwrap();
            assert_eq!((exit.end, exit.status), (End::ByItself, Status::Exited(code)));
            assert!(exit.swept as usize >= HIDDEN, "{exit:?}");
            script.assert_nothing_left();
        }
    }

    #[test]
    fn after_the_main_process_was_killed() {
        let test = "nothing_is_left::after_the_main_process_was_killed";
        if let Some(mark) = role() {
            let script = Script::marked(&format!("{HIDE} sleep 1000.MARK"), &mark);
            let _ = script.start().wait();
            unreachable!("it is killed first");
        }
        let probe = Script::new("");
        let mut main = in_own_process(test, &probe.mark, "");
        probe.wait_for_processes(HIDDEN + 2);
        signal(main.id(), "KILL");
        main.wait().unwrap();
        wait_until(|| marked_processes(&probe.mark).is_empty());
    }

    #[test]
    fn after_the_supervisor_was_killed() {
        alone("nothing_is_left::after_the_supervisor_was_killed", "", || {
            process::adopt_orphans().unwrap();
            let other = hide_then("sleep 1; exit 5");
            let undisturbed = other.start();
            other.wait_for_processes(HIDDEN + 1);

            let victim = hide_then("kill -9 $PPID; sleep 1000.MARK");
            let error = victim.start().wait().unwrap_err();
            victim.assert_nothing_left();
            let ProcessError::SupervisorLost { swept, survivors, .. } = error else { panic!("{error:?}") };
            assert!(swept as usize > HIDDEN && survivors == 0, "{swept} {survivors}");

            let exit = undisturbed.wait().unwrap();
            assert_eq!(exit.status, Status::Exited(5));
            assert!(exit.swept as usize >= HIDDEN, "{exit:?}");
            other.assert_nothing_left();
        });
    }

    #[test]
    fn after_the_supervisor_was_suspended() {
        let script = hide_then("kill -STOP $PPID; touch suspended; sleep 1000.MARK");
        let running = script.start();
        let suspended = script.spec.cwd.join("suspended");
        wait_until(|| suspended.exists());
        running.stop();
        assert_eq!(running.wait().unwrap().end, End::Stopped);
        script.assert_nothing_left();
    }

    #[test]
    fn after_the_supervisor_was_suspended_again_and_again() {
        alone("nothing_is_left::after_the_supervisor_was_suspended_again_and_again", "", || {
            process::adopt_orphans().unwrap();
            let script = hide_then("touch ready; while :; do kill -STOP $PPID; done");
            let running = script.start();
            let ready = script.spec.cwd.join("ready");
            wait_until(|| ready.exists());
            running.stop();
            // Either is right: it may have got a moment to do its work.
            let lost = matches!(running.wait(), Err(ProcessError::SupervisorLost { .. }));
            println!("lost: {lost}");
            script.assert_nothing_left();
        });
    }
}

#[cfg(target_os = "linux")]
#[test]
fn kernel_limits_are_inherited() {
    let limits = Limits {
        data_bytes: Some(300 * MB),
        file_bytes: Some(10 * MB),
        open_files: Some(100),
        ..Limits::default()
    };
    let script = "ulimit -c; ulimit -d; ulimit -f; ulimit -n; grep NoNewPrivs /proc/self/status";
    let exit = Script::new(script).limits(limits).run_clean();
    // In units of KiB and of 512 bytes.
    assert_eq!(exit.stdout.text(), "0\n307200\n20480\n100\nNoNewPrivs:\t1\n");
}

// Interrupts.

#[test]
fn an_interrupt_sets_a_flag_and_calls_subscribers_once() {
    alone("an_interrupt_sets_a_flag_and_calls_subscribers_once", "", || {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        interrupt::install().unwrap();
        interrupt::install().unwrap();
        let count = || {
            CALLS.fetch_add(1, Ordering::SeqCst);
        };
        let _kept = interrupt::subscribe(count);
        drop(interrupt::subscribe(count));
        assert!(!interrupt::interrupted());

        signal(std::process::id(), "TERM");
        wait_until(interrupt::interrupted);
        wait_until(|| CALLS.load(Ordering::SeqCst) == 1);
        signal(std::process::id(), "INT");
        signal(std::process::id(), "INT");
        thread::sleep(Duration::from_millis(100));
        assert_eq!(interrupt::first(), Some(interrupt::Interrupt::Terminate));
        assert_eq!(CALLS.load(Ordering::SeqCst), 1);

        let _late = interrupt::subscribe(count);
        assert_eq!(CALLS.load(Ordering::SeqCst), 2, "a late subscriber is called at once");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn ignored_signals_stay_ignored() {
    alone("ignored_signals_stay_ignored", "trap '' HUP;", || {
        interrupt::install().unwrap();
        signal(std::process::id(), "HUP");
        signal(std::process::id(), "TERM");
        wait_until(interrupt::interrupted);
        assert_eq!(interrupt::first(), Some(interrupt::Interrupt::Terminate));
    });
}

#[test]
fn an_interrupt_ends_a_probe() {
    alone("an_interrupt_ends_a_probe", "", || {
        interrupt::install().unwrap();
        let begin = Instant::now();
        let probing = thread::spawn(|| process::probe("sleep", &["60"], 2 * PATIENCE));
        thread::sleep(Duration::from_millis(200));
        signal(std::process::id(), "TERM");
        let error = probing.join().unwrap().unwrap_err();
        assert!(matches!(error, ProbeError::Failed { .. }), "{error:?}");
        assert!(begin.elapsed() < QUICK, "{:?}", begin.elapsed());
    });
}
