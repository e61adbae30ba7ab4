//! `test/tests.lock`: the tests that a solution must pass, as the reference's run reported them.
//!
//! It is kept with the exercise, so that a run is never judged by its own list of tests.

use std::fmt::Write as _;

use serde::Deserialize;

use super::ManifestError;
use crate::plan::TestId;

/// Where it is kept.
pub const PATH: &str = "test/tests.lock";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    tests: Vec<String>,
}

/// Reads a lock file.
///
/// # Errors
/// A file that is not one.
pub fn parse(bytes: &[u8]) -> Result<Vec<TestId>, ManifestError> {
    let lock: Lock = toml::from_str(std::str::from_utf8(bytes)?)?;
    let id = |line: &String| {
        let (module, name) = line.split_once(": ").ok_or_else(|| ManifestError::Value {
            what: format!("\"{line}\" is not of the form \"Module: test name\""),
        })?;
        Ok(TestId { module: module.to_owned(), name: name.to_owned() })
    };
    lock.tests.iter().map(id).collect()
}

/// Writes a lock file.
#[must_use]
pub fn write(tests: &[TestId]) -> String {
    let mut text = String::from(
        "# Every test that a solution must pass, in the order in which they run.\n\
         # Written by `practice verify --update`; not to be edited by hand.\ntests = [\n",
    );
    for test in tests {
        let line = toml::Value::String(format!("{}: {}", test.module, test.name));
        let _ = writeln!(text, "  {line},");
    }
    text.push_str("]\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let tests = [("A.BTest", "says \"no\": often"), ("CTest", "b\\c")]
            .map(|(module, name)| TestId { module: module.into(), name: name.into() });
        assert_eq!(parse(write(&tests).as_bytes()).unwrap(), tests);
    }
}
