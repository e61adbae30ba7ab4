//! Where this program keeps what outlives a run.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::error::Error;

/// The two folders of this program.
#[derive(Clone, Debug)]
pub struct Dirs {
    /// What can be made again: compiled modules, type information.
    pub cache: PathBuf,
    /// What cannot: progress.
    pub data: PathBuf,
}

impl Dirs {
    /// `PRACTICE_HOME/cache` and `PRACTICE_HOME/data`, or the places that the system has for them.
    ///
    /// # Errors
    /// No home folder.
    pub fn find() -> Result<Self, Error> {
        if let Some(home) = std::env::var_os("PRACTICE_HOME").filter(|home| !home.is_empty()) {
            let home = std::path::absolute(PathBuf::from(home)).map_err(|_| Error::NoHome)?;
            return Ok(Self { cache: home.join("cache"), data: home.join("data") });
        }
        let base = etcetera::choose_base_strategy().map_err(|_| Error::NoHome)?;
        Ok(Self { cache: base.cache_dir().join("practice"), data: base.data_dir().join("practice") })
    }
}
