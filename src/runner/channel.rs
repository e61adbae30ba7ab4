//! The channel between this program and a VM: a Unix-domain socket that the VM connects to.
//!
//! It takes one connection. What comes in is one JSON object a line, and only lines that carry the
//! nonce count; the nonce goes out with the first command, after the VM has connected, and is never
//! in its environment or arguments.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde::Deserialize;

use crate::{event::VmEvent, hash::hex};

/// How often a waiting listener looks whether the VM is still there.
const ACCEPT_POLL: Duration = Duration::from_millis(2);

/// No honest line is longer: test output and values are cut in the VM.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

#[derive(Deserialize)]
struct Line {
    n: String,
    #[serde(flatten)]
    event: VmEvent,
}

/// A socket that waits for its VM.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
    nonce: String,
}

impl Listener {
    /// Listens on a new socket.
    ///
    /// # Errors
    /// The folder cannot be written, or its path is too long for a socket.
    pub fn bind(path: &Path) -> io::Result<Self> {
        let socket = UnixListener::bind(path)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, path: path.to_owned(), nonce: random_hex()? })
    }

    /// What marks this channel's lines.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Waits for the VM; `None` once `gone` is set and nobody has connected.
    pub fn accept(self, gone: &AtomicBool) -> Option<Connection> {
        loop {
            let last_look = gone.load(Ordering::Acquire);
            match self.socket.accept() {
                Ok((stream, _)) => {
                    // One connection only: nobody else finds the way in.
                    let _ = fs::remove_file(&self.path);
                    stream.set_nonblocking(false).ok()?;
                    return Some(Connection { stream, nonce: self.nonce });
                }
                Err(_) if last_look => return None,
                Err(_) => thread::sleep(ACCEPT_POLL),
            }
        }
    }
}

/// A connected VM.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
    nonce: String,
}

impl Connection {
    /// The way to the VM.
    ///
    /// # Errors
    /// No file descriptor is left.
    pub fn commands(&self) -> io::Result<Commands> {
        Ok(Commands(self.stream.try_clone()?))
    }

    /// Hands over each event until the VM closes the channel. Lines without the nonce, and lines
    /// that are none, are not evidence of anything and are dropped.
    pub fn read(self, mut hand_over: impl FnMut(VmEvent)) {
        let mut reader = BufReader::new(self.stream);
        let mut line = Vec::new();
        loop {
            line.clear();
            match reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            if let Ok(Line { n, event }) = serde_json::from_slice(&line)
                && n == self.nonce
            {
                hand_over(event);
            }
        }
    }
}

/// The way to a VM.
#[derive(Debug)]
pub struct Commands(UnixStream);

impl Commands {
    /// Sends a command. A VM that is gone does not listen; its end is reported elsewhere.
    pub fn send(&mut self, line: &str) {
        let _ = self.0.write_all(line.as_bytes());
    }

    /// Closes the channel in both directions: the VM ends.
    pub fn close(&self) {
        let _ = self.0.shutdown(std::net::Shutdown::Both);
    }
}

fn random_hex() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events_of(lines: impl Fn(&str) -> String) -> Vec<VmEvent> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = Listener::bind(&path).unwrap();
        let text = lines(listener.nonce());
        let vm =
            thread::spawn(move || UnixStream::connect(path).unwrap().write_all(text.as_bytes()).unwrap());
        let connection = listener.accept(&AtomicBool::new(false)).unwrap();
        let mut events = Vec::new();
        connection.read(|event| events.push(event));
        vm.join().unwrap();
        events
    }

    #[test]
    fn only_lines_with_the_nonce_count() {
        let events = events_of(|nonce| {
            format!(
                "{{\"n\":\"guessed\",\"event\":\"done\"}}\nnoise\n{{\"event\":\"done\"}}\n\
                 {{\"n\":\"{nonce}\",\"event\":\"suite_started\",\"tests\":3}}\n{{\"n\":\"{nonce}\",\"event\":\"new\"}}\n"
            )
        });
        assert_eq!(events, [VmEvent::SuiteStarted {}, VmEvent::Unknown]);
    }

    #[test]
    fn a_vm_that_is_gone_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let listener = Listener::bind(&folder.path().join("s")).unwrap();
        assert!(listener.accept(&AtomicBool::new(true)).is_none());
    }
}
