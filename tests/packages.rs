//! `practice setup`, and checks on what it installs.
//!
//! The first tests need no Hex: a script stands in for Mix. The others fetch real packages, from
//! wherever the environment says that Hex is (`HEX_MIRROR`, or Hex itself); where it is not in reach,
//! or this machine is not one that they can run on, they are listed as ignored, by name.

#![allow(clippy::disallowed_methods, reason = "tests start programs")]

mod engines;
mod support;

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream, ToSocketAddrs as _},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use libtest_mimic::{Arguments, Trial};
use support::{Practice, Ran, announce, eventually};

fn main() {
    let hex = hex();
    announce(&match &hex {
        Ok(host) => format!("real packages: Hex is in reach at {host}"),
        Err(why) => format!("no real packages, and these tests are ignored: {why}"),
    });
    let root = rustix_is_root();
    let here = |name, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    let with_hex = |name, test: fn()| here(name, test).with_ignored_flag(hex.is_err());
    // What is installed already can be used without Hex.
    let home = Practice::with_shared_cache().home().to_owned();
    let tools = engines::workshop(&home);
    // Mix does not even read a project with packages unless Hex itself is there.
    let hex_is_installed = |workshop: &practice::runner::Workshop| {
        workshop.toolchain.mix().is_ok_and(|places| places.hex.is_some())
    };
    let no_tools = hex.is_err() && !tools.as_ref().is_ok_and(hex_is_installed);
    // Dialyxir takes minutes for its PLT: where it is not there, the test is run by name only.
    let no_plt = !tools.as_ref().is_ok_and(engines::has_plt);
    let with_tools = |name, test: fn()| here(name, test).with_ignored_flag(no_tools);
    let trials = vec![
        here("a_set_is_fetched_compiled_and_sealed", a_set_is_fetched_compiled_and_sealed),
        here("killed_at_any_moment_it_is_taken_up_again", killed_at_any_moment_it_is_taken_up_again),
        here("two_at_once_do_the_work_once", two_at_once_do_the_work_once),
        here("a_package_that_does_not_compile_is_shown", a_package_that_does_not_compile_is_shown),
        here("a_package_for_another_elixir_is_refused", a_package_for_another_elixir_is_refused),
        here("a_set_that_cannot_be_loaded_is_none", a_set_that_cannot_be_loaded_is_none),
        here("another_choice_than_the_lock_is_refused", another_choice_than_the_lock_is_refused),
        here("ctrl_c_leaves_no_process", ctrl_c_leaves_no_process),
        here("clean_removes_everything", clean_removes_everything),
        here("files_that_are_no_archive_are_refused", files_that_are_no_archive_are_refused),
        here("a_full_disk_leaves_no_set", a_full_disk_leaves_no_set).with_ignored_flag(!root),
        with_hex("real_a_refused_connection_is_named", real_a_refused_connection_is_named),
        with_hex("real_a_server_that_answers_html_is_named", real_a_server_that_answers_html_is_named),
        with_hex("real_a_package_that_was_altered_is_named", real_a_package_that_was_altered_is_named),
        with_hex(
            "real_every_exercise_is_complete_without_network",
            real_every_exercise_is_complete_without_network,
        ),
        with_tools("real_credo_finds_what_mix_credo_finds", real_credo_finds_what_mix_credo_finds),
        with_tools("real_mix_judges_as_the_fast_engine", real_mix_judges_as_the_fast_engine),
        with_tools("real_dialyxir_judges_as_the_fast_engine", real_dialyxir_judges_as_the_fast_engine)
            .with_ignored_flag(no_tools || no_plt),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

// --- With a script in the place of Mix ---------------------------------------------------------

/// What `mix` does here: it makes the files that Mix and Hex make, in their order, with pauses.
const MIX: &str = r#"
packages=$(sed -n 's/^ *"\([a-z_0-9]*\)":.*/\1/p' mix.lock 2>/dev/null)
echo "$1" >>"$MIX_LOG"
case $1 in
  deps.get)
    for package in $packages; do
      mkdir -p deps/$package; sleep "${PAUSE:-0}"; touch deps/$package/.hex
    done ;;
  deps.compile)
    for package in $packages; do
      ebin=_build/test/lib/$package/ebin
      [ -e $ebin/$package.app ] && continue
      echo "$package" >>"$MIX_LOG"
      [ -e $ebin ] && { echo "half a package is left" >&2; exit 1; }
      mkdir -p $ebin; echo code >$ebin/Elixir.X.beam; sleep "${PAUSE:-0}"; touch $ebin/$package.app
    done ;;
esac
"#;

fn with_fake_mix(script: &str) -> Practice {
    let practice = Practice::new().fake_elixir("1.14.0", "exit 1").program("mix", script);
    let log = practice.work().join("mix.log");
    let path = format!("{}:/usr/bin:/bin", practice.work().with_file_name("bin").display());
    practice.path(&path).env("MIX_LOG", log)
}

fn installed(practice: &Practice) -> Vec<PathBuf> {
    sets(practice).into_iter().filter(|set| set.join("practice.json").is_file()).collect()
}

/// Folders of sets, complete or not.
fn sets(practice: &Practice) -> Vec<PathBuf> {
    let folder = practice.home().join("cache/elixir-1.14.0-otp-25/packages");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// What Mix was asked to do, and which packages it compiled.
fn log(practice: &Practice) -> Vec<String> {
    let text = fs::read_to_string(practice.work().join("mix.log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn times(practice: &Practice, word: &str) -> usize {
    log(practice).iter().filter(|line| *line == word).count()
}

fn setup(practice: &Practice) -> Ran {
    practice.again().args("setup").run()
}

fn a_set_is_fetched_compiled_and_sealed() {
    let practice = with_fake_mix(MIX);
    setup(&practice);
    let sets = installed(&practice);
    assert_eq!(sets.len(), 1, "{sets:?}");
    assert!(sets[0].join("deps/credo/.hex").is_file());
    let order: Vec<String> = log(&practice).into_iter().filter(|line| line.contains('.')).collect();
    assert_eq!(order, ["local.hex", "local.rebar", "deps.get", "deps.compile"]);
    setup(&practice);
    assert_eq!(times(&practice, "deps.get"), 1, "what is there is not fetched again");
}

fn killed_at_any_moment_it_is_taken_up_again() {
    for (moment, word) in ["local.hex", "deps.get", "deps.compile", "bunt", "jason"].iter().enumerate() {
        let practice = with_fake_mix(MIX).env("PAUSE", "0.4");
        let mut child = practice.again().args("setup").spawn();
        eventually("the moment comes", || times(&practice, word) > 0);
        std::thread::sleep(Duration::from_millis(20 * moment as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        eventually("nothing runs on", || !still_runs(&practice));
        assert!(installed(&practice).is_empty(), "killed at {word}");
        let compiled = times(&practice, "bunt");
        let again = setup(&practice);
        assert_eq!(installed(&practice).len(), 1, "killed at {word}: {}", again.all());
        if *word == "jason" {
            assert_eq!(times(&practice, "bunt"), compiled, "what was complete is compiled again");
        }
    }
}

fn still_runs(practice: &Practice) -> bool {
    let script = practice.work().with_file_name("bin").join("mix");
    !support::processes_with(&script.display().to_string()).is_empty()
}

fn two_at_once_do_the_work_once() {
    let practice = with_fake_mix(MIX).env("PAUSE", "0.05");
    let children: Vec<_> = (0..2).map(|_| practice.again().args("setup").spawn()).collect();
    for child in children {
        child.wait_with_output().unwrap();
    }
    assert_eq!(installed(&practice).len(), 1);
    assert_eq!(times(&practice, "deps.compile"), 1, "{:?}", log(&practice));
}

fn a_package_that_does_not_compile_is_shown() {
    let broken = "[ \"$1\" = deps.compile ] || exit 0\n\
                  seq 1 100\necho '== Compilation error in file lib/credo.ex =='\necho '** (CompileError) no' >&2\nexit 1";
    let practice = with_fake_mix(broken);
    let ran = setup(&practice);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("the packages of `tools` could not be compiled"), "{}", ran.all());
    assert!(ran.stderr.contains("** (CompileError) no"), "{}", ran.all());
    assert!(!ran.stderr.contains("\n50\n"), "all of the output is shown: {}", ran.all());
    assert!(installed(&practice).is_empty());
}

/// Mix only warns, and ends well.
fn a_package_for_another_elixir_is_refused() {
    let warning = "warning: the dependency :credo requires Elixir \"~> 1.15\" but you are running on v1.14.0";
    let practice =
        with_fake_mix(&format!("{MIX}\n[ \"$1\" = deps.compile ] && echo '{warning}' >&2\nexit 0"));
    let ran = setup(&practice);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("requires Elixir"), "{}", ran.all());
    assert!(installed(&practice).is_empty());
}

fn a_set_that_cannot_be_loaded_is_none() {
    let practice = with_fake_mix(MIX);
    // Answers the question for its versions, and fails to load packages.
    let elixir = practice.work().with_file_name("bin").join("elixir");
    let answer = fs::read_to_string(&elixir).unwrap();
    let failing =
        format!("{answer}\ncase \"$*\" in *ensure_all_started*) echo 'cannot load'; exit 1 ;; esac\n");
    fs::write(&elixir, failing).unwrap();
    let ran = setup(&practice);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("could not be loaded after they were compiled"), "{}", ran.all());
    assert!(installed(&practice).is_empty());
}

fn another_choice_than_the_lock_is_refused() {
    let newer = format!(
        "{MIX}\n[ \"$1\" = deps.get ] && sed -i 's/:credo, \"[^\"]*\"/:credo, \"9.9.9\"/' mix.lock\nexit 0"
    );
    let practice = with_fake_mix(&newer);
    let ran = setup(&practice);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("credo 9.9.9"), "{}", ran.all());
    assert!(installed(&practice).is_empty());
}

fn ctrl_c_leaves_no_process() {
    let practice = with_fake_mix(MIX).env("PAUSE", "5");
    let ran = practice.again().args("setup").run_and_signal("INT", Duration::from_millis(800));
    assert_eq!(ran.code, 130, "{}", ran.all());
    assert!(ran.took < Duration::from_secs(10), "{:?}", ran.took);
    eventually("nothing runs on", || !still_runs(&practice));
    assert!(installed(&practice).is_empty());
}

fn clean_removes_everything() {
    let practice = with_fake_mix(MIX);
    setup(&practice);
    assert_eq!(sets(&practice).len(), 1);
    let ran = practice.again().args("setup --clean").run();
    assert_eq!((ran.code, sets(&practice)), (0, Vec::new()), "{}", ran.all());
}

fn files_that_are_no_archive_are_refused() {
    let practice = with_fake_mix(MIX).file("text.tar.zst", "text");
    let ran = practice.again().args("setup --import text.tar.zst").run();
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("not a whole archive"), "{}", ran.all());
    assert!(sets(&practice).is_empty());
    let ran = practice.again().args("setup --export there.tar.zst").run();
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("no packages are installed"), "{}", ran.all());
    assert!(!practice.work().join("there.tar.zst").exists());
}

/// A file system of 300 kB, in a mount namespace of its own, that the packages do not fit in.
fn a_full_disk_leaves_no_set() {
    let filling =
        format!("{MIX}\n[ \"$1\" != deps.compile ] || head -c 1000000 /dev/zero >_build/large || exit 1");
    let practice = with_fake_mix(&filling);
    let script = format!(
        "mount -t tmpfs -o size=300k tmpfs '{home}' && '{practice}' setup; code=$?; ls '{home}'/cache/*/packages; exit $code",
        home = practice.home().display(),
        practice = env!("CARGO_BIN_EXE_practice"),
    );
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", &script])
        .env_clear()
        .env("PATH", format!("{}:/usr/sbin:/usr/bin:/bin", practice.work().with_file_name("bin").display()))
        .env("PRACTICE_HOME", practice.home())
        .env("HOME", practice.home())
        .env("MIX_LOG", practice.work().join("mix.log"))
        .env("TMPDIR", practice.tmp())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("the disk is full"), "{said}");
    let left = String::from_utf8_lossy(&output.stdout);
    let unsealed = |line: &str| [".lock", ".unfinished"].iter().any(|end| line.ends_with(end));
    assert!(left.lines().all(unsealed), "{left}");
    // With room, what is left does no harm.
    let ran = setup(&with_fake_mix(MIX));
    assert!(!ran.stderr.contains("disk"), "{}", ran.all());
}

// --- With real packages -------------------------------------------------------------------------

/// The host that Hex is at.
fn hex() -> Result<String, String> {
    let mirror = env::var("HEX_MIRROR").unwrap_or_else(|_| "https://repo.hex.pm".to_owned());
    let (scheme, rest) = mirror.split_once("://").ok_or("`HEX_MIRROR` is no URL")?;
    let host = rest.split('/').next().unwrap_or_default();
    let address = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:{}", if scheme == "https" { 443 } else { 80 })
    };
    let found = address.to_socket_addrs().map_err(|error| format!("{host}: {error}"))?.next();
    let found = found.ok_or_else(|| format!("{host} has no address"))?;
    TcpStream::connect_timeout(&found, Duration::from_secs(3)).map_err(|error| format!("{host}: {error}"))?;
    if Command::new("elixir").arg("--version").output().is_err() {
        return Err("there is no Elixir".to_owned());
    }
    Ok(host.to_owned())
}

fn rustix_is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
        && Command::new("unshare").args(["--mount", "true"]).status().is_ok_and(|status| status.success())
}

/// The program with this machine's Elixir, and the user's own Hex.
fn real(practice: Practice) -> Practice {
    let passed =
        ["HEX_MIRROR", "HEX_HOME", "MIX_HOME", "HEX_CACERTS_PATH", "HTTPS_PROXY", "EXQLITE_USE_SYSTEM"];
    let set = passed.into_iter().filter_map(|name| Some((name, env::var(name).ok()?)));
    let practice = set.fold(practice, |practice, (name, value)| practice.env(name, value));
    let home = PathBuf::from(env::var("HOME").unwrap());
    let or_in_home = |practice: Practice, name: &str, folder: &str| {
        if env::var_os(name).is_some() { practice } else { practice.env(name, home.join(folder)) }
    };
    or_in_home(or_in_home(practice, "MIX_HOME", ".mix"), "HEX_HOME", ".hex")
}

/// A home in which every package is installed: once for all tests.
fn everything() -> Practice {
    let practice = real(Practice::with_shared_cache());
    let ran = practice.again().args("setup --all").run();
    assert_eq!(ran.code, 0, "{}", ran.all());
    practice
}

fn no_set_is_left(practice: &Practice) {
    let cache = practice.home().join("cache");
    let sealed = walkdir_named(&cache, "practice.json");
    assert!(sealed.is_empty(), "{sealed:?}");
}

fn walkdir_named(folder: &Path, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(walkdir_named(&path, name));
        } else if path.file_name().is_some_and(|file| file == name) {
            found.push(path);
        }
    }
    found
}

/// An empty Hex home, so that nothing is cached, with the key of the registry that is in reach.
fn with_empty_hex_home(practice: Practice) -> Practice {
    let home = practice.work().join("hex");
    fs::create_dir_all(&home).unwrap();
    if let Ok(from) = env::var("HEX_HOME") {
        // The name and key of a registry other than Hex's own.
        let _ = fs::copy(Path::new(&from).join("hex.config"), home.join("hex.config"));
    }
    practice.env("HEX_HOME", home)
}

fn real_a_refused_connection_is_named() {
    let practice = with_empty_hex_home(real(Practice::new())).env("HEX_MIRROR", "http://127.0.0.1:1");
    let ran = practice.again().args("setup").run();
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("Hex cannot be reached"), "{}", ran.all());
    no_set_is_left(&practice);
}

fn real_a_server_that_answers_html_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let page = "<html><body>Please log in.</body></html>";
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
            let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n{page}", page.len());
        }
    });
    let practice = with_empty_hex_home(real(Practice::new())).env("HEX_MIRROR", format!("http://{address}"));
    let ran = practice.again().args("setup").run();
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("something in between"), "{}", ran.all());
    no_set_is_left(&practice);
}

/// A package in Hex's own cache that is not what the registry says.
fn real_a_package_that_was_altered_is_named() {
    let practice = with_empty_hex_home(real(Practice::new()));
    let ran = practice.again().args("setup").run();
    assert_eq!(ran.code, 0, "{}", ran.all());
    practice.again().args("setup --clean").run();
    for tarball in walkdir_named(&practice.work().join("hex"), "bunt-1.0.0.tar") {
        let mut bytes = fs::read(&tarball).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(tarball, bytes).unwrap();
    }
    let ran = practice.again().env("HEX_OFFLINE", "1").args("setup").run();
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("something in between"), "{}", ran.all());
    no_set_is_left(&practice);
}

/// Everything is set up, exported, and imported on a machine that has nothing and reaches nothing;
/// there every step of every exercise runs.
fn real_every_exercise_is_complete_without_network() {
    let begin = Instant::now();
    let connected = everything();
    let file = connected.work().join("packages.tar.zst");
    let ran = connected.again().args("setup --export").arg(&file).run();
    assert_eq!(ran.code, 0, "{}", ran.all());
    let alone = Practice::new()
        .env("HEX_MIRROR", "http://127.0.0.1:1")
        .env("MIX_HOME", "/nonexistent")
        .env("HEX_HOME", "/nonexistent");
    let ran = alone.again().args("setup --import").arg(&file).run();
    assert_eq!(ran.code, 0, "{}", ran.all());
    for (id, solution) in [
        ("ets_rate_limiter", "rate_limiter"),
        ("with_chain", "checkout"),
        ("oban_pipeline", "cv_pipeline"),
        ("live_counter", "counter_live"),
    ] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("exercises/{id}/solution/lib/{solution}.ex"));
        let ran = alone.again().args("check --format json").arg(id).arg("--file").arg(&path).run();
        let report = ran.json();
        assert_eq!((ran.code, &report["complete"]), (0, &true.into()), "{id}: {}", ran.all());
        for step in report["steps"].as_array().unwrap() {
            assert_eq!(step["outcome"], "passed", "{id}: {step}");
        }
    }
    announce(&format!("set up, exported, imported and checked in {:?}", begin.elapsed()));
}

/// A home with everything that can be had: fetched, or what is there.
fn with_tools() -> Practice {
    if hex().is_ok() { everything() } else { real(Practice::with_shared_cache()) }
}

fn real_credo_finds_what_mix_credo_finds() {
    engines::credo_finds_what_mix_credo_finds(with_tools().home());
}

fn real_mix_judges_as_the_fast_engine() {
    engines::mix_judges_as_the_fast_engine(&with_tools());
}

fn real_dialyxir_judges_as_the_fast_engine() {
    engines::dialyxir_judges_as_the_fast_engine(&with_tools());
}
