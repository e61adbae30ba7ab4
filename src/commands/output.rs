//! Where a result goes: to standard output, and to the files of `--output`.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use anstream::adapter::strip_str;

use crate::{
    cli::{Format, Output, OutputArgs},
    error::Error,
    render::{github, json, junit},
    ui::out,
};

/// The files of `--output`, open. They are opened before anything is run, since nobody should wait
/// for a check whose result then cannot be written; and changed only when there is a result.
#[derive(Debug)]
pub struct Outputs {
    files: Vec<(Output, File)>,
}

impl Outputs {
    /// Opens the files.
    ///
    /// # Errors
    /// One that cannot be written, or that is given twice.
    pub fn open(args: &OutputArgs) -> Result<Self, Error> {
        let mut seen = BTreeSet::new();
        let open = |output: &Output| {
            if !seen.insert(output.path.clone()) {
                return Err(Error::SameOutput { path: output.path.clone() });
            }
            let mut options = OpenOptions::new();
            let file = options.write(true).create(true).truncate(false).open(&output.path);
            Ok((output.clone(), file.map_err(Error::file("write", &output.path))?))
        };
        Ok(Self { files: args.files.iter().map(open).collect::<Result<_, _>>()? })
    }

    /// Makes sure that none of them is a file that is to be checked.
    ///
    /// # Errors
    /// One is.
    pub fn spare<'a>(&self, sources: impl Iterator<Item = &'a Path>) -> Result<(), Error> {
        let sources: Vec<_> = sources.filter_map(|path| fs::canonicalize(path).ok()).collect();
        let is_source = |path: &Path| fs::canonicalize(path).is_ok_and(|path| sources.contains(&path));
        match self.files.iter().find(|(output, _)| is_source(&output.path)) {
            Some((output, _)) => Err(Error::OutputIsSource { path: output.path.clone() }),
            None => Ok(()),
        }
    }

    /// Writes what kept the command from its work to the files, each in its format; gives it back.
    #[must_use]
    pub fn write_error(self, error: Error) -> Error {
        if !matches!(error, Error::OutputIsSource { .. }) {
            for (output, file) in self.files {
                // It is printed in any case.
                let _ = write_file(file, &error_as(output.format, &error));
            }
        }
        error
    }

    /// Writes a result everywhere: to the files, then to standard output.
    ///
    /// # Errors
    /// A full disk.
    pub fn write(self, stdout: &str, render: impl Fn(Format) -> String) -> Result<(), Error> {
        for (Output { format, path }, file) in self.files {
            write_file(file, &render(format)).map_err(Error::file("write", path))?;
        }
        out::data(stdout)
    }
}

/// What kept a command from its work, in a format.
#[must_use]
pub fn error_as(format: Format, error: &Error) -> String {
    match format {
        Format::Human => out::error_text(error),
        Format::Json => json::error(error),
        Format::Junit => junit::error(error),
        Format::Github => github::error(error),
    }
}

fn write_file(mut file: File, text: &str) -> io::Result<()> {
    // Not of a pipe or a device, which has no length.
    if file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    writeln!(file, "{}", strip_str(text.trim_end_matches('\n')))?;
    file.flush()
}
