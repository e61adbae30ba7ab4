//! Installed sets of packages in a file, for machines that cannot reach Hex.
//!
//! A `.tar.zst`: first [`CONTENTS`], which says for which Elixir, OTP and system the sets were
//! compiled; then the sets, as they lie in the cache, sources included; then Hex and Rebar, which Mix
//! needs to compile these for other versions. A file from elsewhere is read to its end and looked at
//! before anything of it is unpacked.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read},
    os::unix::fs::PermissionsExt as _,
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tar::{Archive, Builder, Entry, EntryType, Header};

use super::{Store, packages::Installed};
use crate::{
    error::Error,
    files::complete_or_absent,
    toolchain::{MixPlaces, Toolchain},
};

/// The version of the format.
const FORMAT: u32 = 1;

/// The first entry.
const CONTENTS: &str = "practice-packages.json";

/// The folder of the sets, one in each folder below.
const SETS: &str = "sets";

/// The folder of Hex's archive and of Rebar.
const MIX: &str = "mix";

/// Zstandard's own default.
const LEVEL: i32 = 3;

/// No package archive is larger, unpacked.
const LARGEST: u64 = 4 * 1024 * 1024 * 1024;

/// What an archive says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    format: u32,
    /// `1.14.0`
    pub elixir: String,
    /// `25`
    pub otp: String,
    /// As Erlang names it: some packages compile C.
    pub system: String,
    /// The folders of the sets.
    pub sets: Vec<String>,
}

/// Why a file is refused.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be read to its end: another kind of file, or a damaged one.
    #[error("it is not a whole archive of packages: {0}")]
    Unreadable(io::Error),
    /// It begins with something else.
    #[error("it was not made by `practice setup --export`")]
    Foreign,
    /// A format of another version of this program.
    #[error("it has format {0}, and this program reads format {FORMAT}")]
    Format(u32),
    /// An entry that would be written elsewhere.
    #[error("`{0}` in it leads out of the folder that it is unpacked into")]
    Escapes(String),
    /// Neither file, folder nor symbolic link.
    #[error("`{0}` in it is neither a file nor a folder nor a symbolic link")]
    Kind(String),
    /// Larger than packages are.
    #[error("it holds more than {} GiB", LARGEST >> 30)]
    Large,
}

/// An archive that was looked at, and unpacked to a temporary folder.
#[derive(Debug)]
pub struct Unpacked {
    /// What it says of itself.
    pub contents: Contents,
    folder: tempfile::TempDir,
}

/// Writes the sets, and what Mix needs to compile them, to a file.
///
/// # Errors
/// A file that cannot be read or written, a full disk.
pub fn export(path: &Path, toolchain: &Toolchain, mix: &MixPlaces, sets: &[Installed]) -> Result<(), Error> {
    let name = |installed: &Installed| {
        installed.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    };
    let contents = Contents {
        format: FORMAT,
        elixir: toolchain.elixir.clone(),
        otp: toolchain.otp.clone(),
        system: mix.system.clone(),
        sets: sets.iter().map(name).collect(),
    };
    // Beside its place, so that there is never half a file of that name.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder).map_err(Error::file("write in", folder))?;
    write(file.as_file(), &contents, sets, mix).map_err(Error::file("write", path))?;
    let readable = fs::Permissions::from_mode(0o644);
    file.as_file().set_permissions(readable).map_err(Error::file("write", path))?;
    file.persist(path).map_err(|error| Error::file("write", path)(error.error))?;
    Ok(())
}

fn write(file: &File, contents: &Contents, sets: &[Installed], mix: &MixPlaces) -> io::Result<()> {
    let mut encoder = zstd::Encoder::new(BufWriter::new(file), LEVEL)?;
    encoder.include_checksum(true)?;
    let mut tar = Builder::new(encoder);
    tar.follow_symlinks(false);
    let text = serde_json::to_vec_pretty(contents)?;
    let mut header = Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, CONTENTS, text.as_slice())?;
    for (name, installed) in contents.sets.iter().zip(sets) {
        tar.append_dir_all(Path::new(SETS).join(name), &installed.folder)?;
    }
    if let Some(hex) = &mix.hex {
        let name = hex.file_name().unwrap_or_default();
        tar.append_dir_all(Path::new(MIX).join("archives").join(name), hex)?;
    }
    if let Some(rebar3) = &mix.rebar3 {
        tar.append_path_with_name(rebar3, Path::new(MIX).join("rebar3"))?;
    }
    tar.into_inner()?.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Looks at a file from its start to its end, then unpacks it to a temporary folder in the cache.
///
/// # Errors
/// It is refused; nothing was unpacked then. Or the cache cannot be written.
pub fn unpack(path: &Path, store: &Store) -> Result<Unpacked, Error> {
    let refused = |source| Error::Archive { path: path.to_owned(), source };
    let open = || File::open(path).map_err(Error::file("read", path));
    let contents = inspect(open()?).map_err(refused)?;
    let parent = store.packages_dir();
    fs::create_dir_all(&parent).map_err(Error::file("create", &parent))?;
    let folder = tempfile::Builder::new()
        .prefix(".import-")
        .tempdir_in(&parent)
        .map_err(Error::file("write in", &parent))?;
    reader(open()?)
        .and_then(|mut archive| archive.unpack(folder.path()))
        .map_err(Error::file("write in", folder.path()))?;
    Ok(Unpacked { contents, folder })
}

impl Unpacked {
    /// Whether its sets can be used as they are.
    #[must_use]
    pub fn is_for(&self, toolchain: &Toolchain, system: &str) -> bool {
        let Contents { elixir, otp, system: of, .. } = &self.contents;
        (elixir, otp, of.as_str()) == (&toolchain.elixir, &toolchain.otp, system)
    }

    /// Where a set of it is.
    #[must_use]
    pub fn set(&self, name: &str) -> Option<PathBuf> {
        let folder = self.folder.path().join(SETS).join(name);
        (self.contents.sets.iter().any(|set| set == name) && folder.is_dir()).then_some(folder)
    }

    /// The environment in which Mix compiles what is in it, and asks nobody else.
    #[must_use]
    pub fn mix_env(&self) -> Vec<(String, String)> {
        let mix = self.folder.path().join(MIX);
        let rebar3 = mix.join("rebar3");
        let mut env = vec![("MIX_HOME", mix), ("HEX_OFFLINE", PathBuf::from("1"))];
        if rebar3.exists() {
            env.push(("MIX_REBAR3", rebar3));
        }
        env.into_iter().map(|(name, value)| (name.to_owned(), value.display().to_string())).collect()
    }

    /// Moves a set to its place, unless one is there.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn place(&self, name: &str, store: &Store) -> Result<(), Error> {
        let Some(folder) = self.set(name) else { return Ok(()) };
        let place = store.packages_dir().join(name);
        complete_or_absent(&place, |out| {
            fs::remove_dir(out).map_err(Error::file("write", out))?;
            fs::rename(&folder, out).map_err(Error::file("write", out))
        })
    }
}

type Reader = Archive<zstd::Decoder<'static, BufReader<File>>>;

fn reader(file: File) -> io::Result<Reader> {
    let mut archive = Archive::new(zstd::Decoder::new(file)?);
    archive.set_preserve_mtime(true);
    archive.set_overwrite(false);
    Ok(archive)
}

/// Reads all of it; nothing is written.
fn inspect(file: File) -> Result<Contents, ArchiveError> {
    let mut archive = reader(file).map_err(ArchiveError::Unreadable)?;
    let mut contents = None;
    let mut total = 0;
    for entry in archive.entries().map_err(ArchiveError::Unreadable)? {
        let mut entry = entry.map_err(ArchiveError::Unreadable)?;
        total += entry.size();
        if total > LARGEST {
            return Err(ArchiveError::Large);
        }
        match &contents {
            None => contents = Some(read_contents(&mut entry)?),
            Some(_) => look_at(&entry)?,
        }
        io::copy(&mut entry, &mut io::sink()).map_err(ArchiveError::Unreadable)?;
    }
    // Zstandard's checksum comes after the last entry.
    let mut rest = archive.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(ArchiveError::Unreadable)?;
    contents.ok_or(ArchiveError::Foreign)
}

fn read_contents(entry: &mut Entry<'_, impl Read>) -> Result<Contents, ArchiveError> {
    const LONGEST: u64 = 1024 * 1024;
    if entry.path_bytes().as_ref() != CONTENTS.as_bytes() || entry.size() > LONGEST {
        return Err(ArchiveError::Foreign);
    }
    let mut text = String::new();
    entry.read_to_string(&mut text).map_err(ArchiveError::Unreadable)?;
    let contents: Contents = serde_json::from_str(&text).map_err(|_| ArchiveError::Foreign)?;
    if contents.format != FORMAT {
        return Err(ArchiveError::Format(contents.format));
    }
    match contents.sets.iter().find(|set| depth_of(Path::new(set)) != Some(1)) {
        Some(set) => Err(ArchiveError::Escapes(set.clone())),
        None => Ok(contents),
    }
}

/// Whether an entry stays where it is unpacked, and so does what it points to.
fn look_at(entry: &Entry<'_, impl Read>) -> Result<(), ArchiveError> {
    let shown = || String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    let escapes = || ArchiveError::Escapes(shown());
    let path = entry.path().map_err(|_| escapes())?;
    // `sets/NAME/…`, `mix/…`: whatever it is, it stays below that.
    let below = path.components().next().is_some_and(|first| {
        [SETS, MIX].into_iter().any(|folder| first == Component::Normal(folder.as_ref()))
    });
    if !below || depth_of(&path).is_none() {
        return Err(escapes());
    }
    match entry.header().entry_type() {
        EntryType::Regular | EntryType::Directory => Ok(()),
        EntryType::Symlink => {
            let target = entry.link_name().ok().flatten().ok_or_else(escapes)?;
            let from = path.parent().unwrap_or(Path::new(""));
            // Of a set, or of `mix`, it may lead to no other.
            let own = path.components().take(if path.starts_with(SETS) { 2 } else { 1 }).collect::<PathBuf>();
            match normal(&from.join(&target)) {
                Some(place) if !target.is_absolute() && place.starts_with(own) => Ok(()),
                _ => Err(escapes()),
            }
        }
        _ => Err(ArchiveError::Kind(shown())),
    }
}

/// How many folders deep a path is that goes down only.
fn depth_of(path: &Path) -> Option<usize> {
    let down = |part: Component<'_>| matches!(part, Component::Normal(_));
    let mut parts = path.components();
    parts.by_ref().all(down).then(|| path.components().count())
}

/// The path without `..`; nothing where it leads above its start.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut place = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => place.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !place.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"{"format": 1, "elixir": "1.14.0", "otp": "25", "system": "s", "sets": ["a-1"]}"#;

    enum Item<'a> {
        File(&'a str, &'a str),
        Link(&'a str, &'a str),
        Kind(&'a str, EntryType),
    }

    fn archive(items: &[Item<'_>]) -> Vec<u8> {
        let mut tar = Builder::new(zstd::Encoder::new(Vec::new(), LEVEL).unwrap());
        for item in items {
            let mut header = Header::new_gnu();
            header.set_mode(0o644);
            let (path, text, target, kind) = match item {
                Item::File(path, text) => (path, *text, "", EntryType::Regular),
                Item::Link(path, target) => (path, "", *target, EntryType::Symlink),
                Item::Kind(path, kind) => (path, "", "", *kind),
            };
            // Written as they are: the crate itself refuses to write such paths.
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
            header.set_entry_type(kind);
            header.set_size(text.len() as u64);
            header.set_cksum();
            tar.append(&header, text.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn refusal(bytes: &[u8]) -> Option<String> {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, bytes).unwrap();
        io::Seek::rewind(&mut file).unwrap();
        inspect(file).err().map(|error| error.to_string())
    }

    fn refusal_of(item: Item<'_>) -> Option<String> {
        refusal(&archive(&[Item::File(CONTENTS, HEAD), item]))
    }

    #[test]
    fn what_stays_inside_is_taken() {
        assert_eq!(refusal_of(Item::File("sets/a-1/deps/jason/mix.exs", "…")), None);
        let link = Item::Link("sets/a-1/_build/test/lib/exqlite/priv", "../../../../deps/exqlite/priv");
        assert_eq!(refusal_of(link), None);
    }

    #[test]
    fn what_leads_out_is_refused() {
        let escaping = [
            Item::File("sets/../../x", ""),
            Item::File("/etc/x", ""),
            Item::File("elsewhere/x", ""),
            Item::Link("sets/a-1/x", "/etc/passwd"),
            Item::Link("sets/a-1/x", "../b-2/x"),
            Item::Link("sets/a-1/x", "../../../../x"),
            Item::Link("mix/x", "../sets/a-1"),
        ];
        for item in escaping {
            assert!(refusal_of(item).unwrap().contains("leads out"));
        }
        for kind in [EntryType::Link, EntryType::Fifo, EntryType::Char] {
            assert!(refusal_of(Item::Kind("sets/a-1/x", kind)).unwrap().contains("neither"));
        }
        let named = HEAD.replace("a-1", "../a");
        assert!(refusal(&archive(&[Item::File(CONTENTS, &named)])).unwrap().contains("leads out"));
    }

    #[test]
    fn other_files_are_refused() {
        assert!(refusal(b"text").unwrap().contains("not a whole archive"));
        assert!(refusal(&archive(&[])).unwrap().contains("not made by"));
        assert!(refusal(&archive(&[Item::File("README", "")])).unwrap().contains("not made by"));
        let newer = HEAD.replace("1,", "2,");
        assert!(refusal(&archive(&[Item::File(CONTENTS, &newer)])).unwrap().contains("format 2"));
    }

    #[test]
    fn a_damaged_or_cut_file_is_refused() {
        let long: String = (0..20_000).map(|n: u32| char::from(33 + (n * n % 90) as u8)).collect();
        let whole = archive(&[Item::File(CONTENTS, HEAD), Item::File("sets/a-1/x", &long)]);
        assert_eq!(refusal(&whole), None);
        assert!(refusal(&whole[..whole.len() / 2]).unwrap().contains("not a whole archive"));
        assert!(refusal(&whole[..whole.len() - 2]).unwrap().contains("not a whole archive"));
    }
}
