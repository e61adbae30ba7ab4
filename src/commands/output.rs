//! Where a result goes: to standard output, and to the files of `--output`.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Write},
};

use anstream::adapter::strip_str;

use crate::{
    cli::{Format, Output, OutputArgs},
    error::Error,
    ui::out,
};

/// The files of `--output`, open. They are opened before anything is run: nobody should wait for a
/// check whose result then cannot be written.
#[derive(Debug)]
pub struct Outputs {
    files: Vec<(Output, File)>,
}

impl Outputs {
    /// Opens and empties the files.
    ///
    /// # Errors
    /// One that cannot be written, or that is given twice.
    pub fn open(args: &OutputArgs) -> Result<Self, Error> {
        let mut seen = BTreeSet::new();
        let open = |output: &Output| {
            if !seen.insert(output.path.clone()) {
                return Err(Error::SameOutput { path: output.path.clone() });
            }
            let file = File::create(&output.path).map_err(Error::file("write", &output.path))?;
            Ok((output.clone(), file))
        };
        Ok(Self { files: args.files.iter().map(open).collect::<Result<_, _>>()? })
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

fn write_file(mut file: File, text: &str) -> io::Result<()> {
    writeln!(file, "{}", strip_str(text.trim_end_matches('\n')))?;
    file.flush()
}
