//! Runs the program as a user would: in a folder of its own, with an environment of its own.

#![allow(clippy::disallowed_methods, reason = "tests start programs")]
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{
    fs,
    io::Write as _,
    os::unix::{fs::PermissionsExt as _, process::ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use regex::Regex;
use tempfile::TempDir;

/// A folder to work in, a home, a place for temporary files, and a PATH.
pub struct Practice {
    folder: Arc<TempDir>,
    home: PathBuf,
    path: Option<String>,
    env: Vec<(String, String)>,
    args: Vec<String>,
}

/// What a run came to.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Practice {
    /// An empty home: caches and progress are of this test alone.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["home", "tmp", "work", "bin"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let home = folder.path().join("home");
        Self { folder: Arc::new(folder), home, path: None, env: Vec::new(), args: Vec::new() }
    }

    /// The cache that the tests of the real toolchain share, so that it is filled once.
    pub fn with_shared_cache() -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("home");
        fs::create_dir_all(&home).unwrap();
        Self { home, ..Self::new() }
    }

    /// The same folder, home and environment for another run, with no arguments yet.
    pub fn again(&self) -> Self {
        Self {
            folder: Arc::clone(&self.folder),
            home: self.home.clone(),
            path: self.path.clone(),
            env: self.env.clone(),
            args: Vec::new(),
        }
    }

    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Where the program puts its temporary files.
    pub fn tmp(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// Writes a file in the working folder.
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.work().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// An executable on PATH; the first one hides every program of this machine.
    pub fn program(mut self, name: &str, script: &str) -> Self {
        let bin = self.folder.path().join("bin");
        let path = bin.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self.path = Some(bin.display().to_string());
        self
    }

    /// An `elixir` that says it is of this version, an `elixirc` that compiles nothing, and an `erl`
    /// that does what the script says instead of being a VM.
    pub fn fake_elixir(self, version: &str, erl: &str) -> Self {
        let bin = self.folder.path().join("bin");
        let answer = format!(
            "echo 'practice-probe elixir={version}'\necho 'practice-probe otp=25'\n\
             echo 'practice-probe lib={bin}'\necho 'practice-probe erl={bin}/erl'",
            bin = bin.display()
        );
        self.program("elixir", &answer).program("elixirc", "exit 0").program(
            "erl",
            // The preparation of an exercise's tests is a VM too: it is none of these tests' matter.
            erl,
        )
    }

    /// PATH as it is, instead of none.
    pub fn path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.env.push((name.to_owned(), value.as_ref().display().to_string()));
        self
    }

    /// Arguments, split at spaces.
    pub fn args(mut self, args: &str) -> Self {
        self.args.extend(args.split_whitespace().map(str::to_owned));
        self
    }

    pub fn arg(mut self, arg: impl AsRef<Path>) -> Self {
        self.args.push(arg.as_ref().display().to_string());
        self
    }

    fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_practice");
        let mut command = if cfg!(target_os = "linux") {
            // A shell that runs the tests in the background has them ignore SIGINT, and the program
            // keeps to that. Here it is to heed it.
            let mut command = Command::new("/usr/bin/env");
            command.args(["--default-signal=INT,TERM,HUP", program]);
            command
        } else {
            Command::new(program)
        };
        command
            .args(&self.args)
            .current_dir(self.work())
            .env_clear()
            .env("PATH", self.path.clone().unwrap_or_else(|| std::env::var("PATH").unwrap()))
            .env("HOME", &self.home)
            .env("PRACTICE_HOME", &self.home)
            .env("TMPDIR", self.tmp())
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn spawn(&self) -> Child {
        self.command().spawn().expect("the program starts")
    }

    pub fn run(&self) -> Ran {
        let begin = Instant::now();
        let output = self.command().output().expect("the program starts");
        self.ran(&output, begin.elapsed())
    }

    /// Runs, and sends this signal after a while.
    pub fn run_and_signal(&self, signal: &str, after: Duration) -> Ran {
        let begin = Instant::now();
        let child = self.spawn();
        std::thread::sleep(after);
        let sent =
            Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
        // It may have ended by itself before.
        let _ = sent;
        let output = child.wait_with_output().unwrap();
        self.ran(&output, begin.elapsed())
    }

    fn ran(&self, output: &Output, took: Duration) -> Ran {
        let code = output.status.code().or(output.status.signal().map(|signal| -signal)).unwrap();
        Ran { code, stdout: self.shown(&output.stdout), stderr: self.shown(&output.stderr), took }
    }

    /// Output with this test's folder and the numbers that differ from run to run taken out.
    fn shown(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
        let text = text.replace(&self.folder.path().display().to_string(), "[FOLDER]");
        let text = text.replace(env!("CARGO_MANIFEST_DIR"), "[REPO]");
        let time = Regex::new(r" *\d+(\.\d+)? s\b").unwrap();
        time.replace_all(&text, " [TIME]").trim_end().to_owned()
    }

    /// Everything in the working folder, as paths.
    pub fn tree(&self) -> Vec<String> {
        let mut paths = Vec::new();
        collect(&self.work(), &self.work(), &mut paths);
        paths.sort();
        paths
    }

    /// Nothing is left in the place for temporary files.
    pub fn assert_nothing_left(&self) {
        let left: Vec<_> = fs::read_dir(self.tmp()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

fn collect(folder: &Path, root: &Path, paths: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, root, paths);
        } else {
            paths.push(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
}

impl Ran {
    /// Exit code, standard output and standard error in one text.
    pub fn all(&self) -> String {
        let part = |name: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!("-- {name}\n{text}\n") }
        };
        format!("exit {}\n{}{}", self.code, part("stdout", &self.stdout), part("stderr", &self.stderr))
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.all()))
    }
}

/// Command lines of running processes that hold this text.
pub fn processes_with(text: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let own = std::process::id().to_string();
    entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let is_process = path.file_name()?.to_str()?.bytes().all(|byte| byte.is_ascii_digit());
            if !is_process || path.file_name()?.to_str()? == own {
                return None;
            }
            let line = fs::read(path.join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            line.contains(text).then_some(line)
        })
        .collect()
}

/// Waits until something holds, for at most some seconds.
pub fn eventually(what: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Says what a group of tests needs and what it found, so that a run tells what it ran.
pub fn announce(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
