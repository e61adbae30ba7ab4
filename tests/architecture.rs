//! The invariants of `src/lib.rs`, read off the source: which module may use which, and who may
//! start processes, print, or exit.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;

/// A layer, and the layers that it may use beside itself.
struct Layer {
    name: &'static str,
    modules: &'static [&'static str],
    may_use: &'static [&'static str],
}

const LAYERS: [Layer; 6] = [
    Layer {
        name: "domain",
        modules: &[
            "plan",
            "event",
            "finding",
            "report",
            "doubles",
            "hint",
            "rule",
            "exercise",
            "soundness",
            "health",
            "packages",
            "hash",
        ],
        may_use: &[],
    },
    Layer { name: "adapters", modules: &["steps", "checkup"], may_use: &["domain"] },
    Layer {
        name: "effects",
        modules: &[
            "process",
            "toolchain",
            "store",
            "project",
            "runner",
            "setup",
            "ground",
            "check",
            "exercise_set",
            "workspace",
            "state",
            "dirs",
            "files",
        ],
        may_use: &["domain", "adapters", "error"],
    },
    Layer { name: "presentation", modules: &["render", "ui"], may_use: &["domain", "error"] },
    Layer { name: "error", modules: &["error", "exit"], may_use: &["domain", "adapters", "effects"] },
    Layer {
        name: "front",
        modules: &["app", "commands", "main", "lib", "cli", "build"],
        may_use: &["domain", "adapters", "effects", "presentation", "error"],
    },
];

/// Uses across the layers that are meant: the module, what it uses, and why.
const MEANT: [(&str, &str, &str); 3] = [
    ("ui", "cli", "the choice of colour is a type of the command line"),
    ("ui", "process", "a question on the terminal ends at Ctrl-C"),
    ("ui", "render", "the welcome text"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file: its top-level module and its text without tests and comments.
fn sources() -> Vec<(String, PathBuf, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(root()).unwrap();
                let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
                let module = first.trim_end_matches(".rs").to_owned();
                sources.push((module, inside.to_owned(), code_of(&fs::read_to_string(&path).unwrap())));
            }
        }
    }
    assert!(sources.len() > 30, "the sources were not found");
    sources
}

fn code_of(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let lines = before_tests.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn layer_of(module: &str) -> &'static Layer {
    LAYERS.iter().find(|layer| layer.modules.contains(&module)).unwrap_or_else(|| {
        panic!("`{module}` belongs to no layer: add it to tests/architecture.rs and to src/lib.rs")
    })
}

/// The modules of this crate that a text names, in `use crate::{…}` and in paths.
fn used_modules(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (index, _) in code.match_indices("crate::") {
        let rest = &code[index + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            used.extend(top_names(group));
        } else {
            used.extend(first_name(rest));
        }
    }
    used
}

fn first_name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// The first names of a `{a::b, c::{d, e}}` group.
fn top_names(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut at_start) = (0, Vec::new(), true);
    for (index, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            c if depth == 0 && at_start && !c.is_whitespace() => {
                names.extend(first_name(&group[index..]));
                at_start = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn layers_use_only_what_is_below_them() {
    let modules: BTreeSet<&str> = LAYERS.iter().flat_map(|layer| layer.modules).copied().collect();
    let mut wrong = Vec::new();
    for (module, path, code) in sources() {
        let layer = layer_of(&module);
        for used in used_modules(&code).iter().filter(|used| modules.contains(used.as_str())) {
            let target = layer_of(used);
            let fine = *used == module || target.name == layer.name || layer.may_use.contains(&target.name);
            let meant = MEANT.iter().any(|(from, to, _)| *from == module && to == used);
            if !fine && !meant {
                wrong.push(format!("{} ({}) uses {used} ({})", path.display(), layer.name, target.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_test_sees_what_it_should_see() {
    let code = "use crate::{\n    a::{b, c::d},\n    e,\n};\nfn f() { crate::g::h() }";
    assert_eq!(used_modules(code).into_iter().collect::<Vec<_>>(), ["a", "e", "g"]);
}

/// Something that only some modules may do.
const ALONE: [(&str, &[&str], &str); 5] = [
    (
        r"Command::new|\bduct::|\bcmd!\(|rustix::process::(kill|wait|test_kill)",
        &["process"],
        "start or end processes",
    ),
    // The supervisor's standard output is a pipe to the program that started it.
    (
        r"\b(e?print(ln)?!|anstream::(std|e?print)|io::(stdout|stderr)\(\))",
        &["ui", "process"],
        "write to the terminal",
    ),
    (r"process::(exit|abort)\(", &[], "exit"),
    (r"ExitCode::(from|SUCCESS|FAILURE)|Self::from\(match exit", &["exit"], "make an exit code"),
    (r"\bVerdict::(Passed|Failed|CouldNotCheck)\s*$", &["report", "soundness"], "decide a verdict"),
];

#[test]
fn some_things_are_done_in_one_place_alone() {
    let mut wrong = Vec::new();
    for (module, path, code) in sources() {
        for (pattern, allowed, what) in ALONE {
            let regex = Regex::new(&format!("(?m){pattern}")).unwrap();
            let build_script = module == "build";
            if regex.is_match(&code) && !allowed.contains(&module.as_str()) && !build_script {
                let line = code.lines().find(|line| regex.is_match(line)).unwrap_or_default().trim();
                wrong.push(format!("{} may not {what}: {line}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn domain_types_are_not_serialised() {
    let domain = LAYERS[0].modules;
    for (module, path, code) in sources() {
        let derives = code.contains("Serialize,") || code.contains("Serialize)");
        let only_deserialize = code.replace("Deserialize", "");
        assert!(
            !domain.contains(&module.as_str()) || !derives || !only_deserialize.contains("Serialize"),
            "{} derives Serialize",
            path.display()
        );
    }
}

#[test]
fn files_stay_small_beside_their_tests() {
    let mut large: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for (_, path, code) in sources() {
        let lines = code.lines().count();
        if lines > 500 {
            large.insert(path, lines);
        }
    }
    assert!(large.is_empty(), "is each still one idea? {large:?}");
}
