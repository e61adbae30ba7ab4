//! What Mix and Hex say when packages cannot be installed, turned into what can be done about it.

use std::collections::BTreeSet;

use crate::packages::Task;

/// So many lines of Mix's output are shown: the end, where the reason is.
const SHOWN: usize = 12;

/// What Mix said, as far as a person needs it.
#[must_use]
pub fn excerpt(said: &str) -> String {
    // Hex says the same of every package that it could not get.
    let mut known = BTreeSet::new();
    let lines = said.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.filter(|line| known.insert(*line)).collect();
    lines[lines.len().saturating_sub(SHOWN)..].join("\n")
}

/// A reason that can be told by what is said, and what helps then.
struct Known {
    said: &'static [&'static str],
    helps: &'static [&'static str],
}

const KNOWN: [Known; 6] = [
    Known {
        said: &["no space left", "enospc"],
        helps: &["the disk is full; `PRACTICE_HOME=DIR` names a place for the cache"],
    },
    Known {
        said: &["sqlite3.h", "-lsqlite3"],
        helps: &["install SQLite's headers: on Debian and Ubuntu `apt-get install libsqlite3-dev`"],
    },
    Known {
        said: &[
            "cc: not found",
            "gcc: not found",
            "make: not found",
            "could not find the program",
            "cc: command not found",
            "make\" not found",
            "no such file or directory: cc",
            "cc1: ",
        ],
        helps: &[
            "a C compiler and make are needed: on Debian and Ubuntu `apt-get install build-essential \
             erlang-dev`, on Fedora `dnf install gcc make erlang-devel`, on macOS `xcode-select --install`",
            "`EXQLITE_USE_SYSTEM=1` takes the system's SQLite (`libsqlite3-dev`, `sqlite-devel`) instead of \
             compiling it",
        ],
    },
    Known {
        said: &[
            "checksum",
            "authenticity",
            "unpacking tarball failed",
            "zlib",
            "hex.registry.server",
            "non-alphabet character",
            "<html",
            "<!doctype",
        ],
        helps: &[
            "what was downloaded is not what Hex has published: something in between (a proxy, a mirror) \
             answers in its place",
        ],
    },
    Known {
        said: &["could not find hex", "could not find rebar", "local.hex", "local.rebar"],
        helps: &["`mix local.hex` and `mix local.rebar` by hand show what is wrong"],
    },
    Known {
        said: &[
            "failed_connect",
            "timeout",
            "timed out",
            "request failed",
            "failed to fetch",
            "offline mode",
            "bad_status_code",
        ],
        helps: &[
            "Hex cannot be reached: `HTTPS_PROXY` names a proxy, `HEX_MIRROR` a mirror of Hex",
            "on a machine without network: `practice setup --export FILE.tar.zst` on one that has it, and \
             `practice setup --import FILE.tar.zst` here",
        ],
    },
];

/// The complaint of a package that was not written for this Elixir. Mix warns, compiles on, and ends
/// well; what it makes may break when it is used.
#[must_use]
pub fn for_another_elixir(said: &str) -> Option<&str> {
    said.lines().find(|line| line.contains("requires Elixir") && line.contains("but you are running on"))
}

/// What can be done about it, in the order in which it should be tried.
#[must_use]
pub fn what_helps(task: Task, said: &str) -> Vec<String> {
    let lower = said.to_lowercase();
    let known = KNOWN.iter().find(|known| known.said.iter().any(|words| lower.contains(words)));
    let mut helps: Vec<String> =
        known.into_iter().flat_map(|known| known.helps).map(|help| (*help).to_owned()).collect();
    if helps.is_empty() && task == Task::Compile {
        helps.push(
            "`practice doctor` shows the versions; what was fetched is kept for the next attempt".to_owned(),
        );
    }
    helps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_help(task: Task, said: &str) -> Option<String> {
        what_helps(task, said).into_iter().next()
    }

    #[test]
    fn what_can_be_told_by_the_words_is_told() {
        let cases = [
            ("could not write to file: no space left on device", "the disk is full"),
            ("fatal error: sqlite3.h: No such file or directory", "libsqlite3-dev"),
            ("/bin/sh: 1: cc: not found\nmake: *** [Makefile:1: all] Error 127", "build-essential"),
            ("** (RuntimeError) Checksum mismatch against registry (inner)", "something in between"),
            ("GenServer.call(Hex.Registry.Server, {:open, []}, 60000)", "something in between"),
            (
                "httpc request failed with: {:failed_connect, [{:inet, [:inet], :econnrefused}]}",
                "cannot be reached",
            ),
            ("request failed: {:failed_connect, [{:inet, [:inet], :nxdomain}]}", "cannot be reached"),
        ];
        for (said, expected) in cases {
            let help = first_help(Task::Fetch, said).unwrap_or_default();
            assert!(help.contains(expected), "{said}: {help}");
        }
        assert_eq!(first_help(Task::Fetch, "something else"), None);
    }

    #[test]
    fn a_package_for_another_elixir_is_found() {
        let warning =
            "warning: the dependency :oban requires Elixir \"~> 1.15\" but you are running on v1.14.0";
        let said = format!("==> oban\n{warning}\nCompiling 66 files (.ex)\n");
        assert_eq!(for_another_elixir(&said), Some(warning));
        assert_eq!(for_another_elixir("==> oban\nGenerated oban app\n"), None);
    }

    #[test]
    fn the_end_is_shown_and_nothing_twice() {
        let said = (0..40).map(|n| format!("line {}\n", n / 2)).collect::<Vec<_>>().join("\n");
        let lines: Vec<String> = excerpt(&said).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), SHOWN);
        assert_eq!(lines.last().unwrap(), "line 19");
    }
}
