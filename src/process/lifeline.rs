//! What a supervisor listens to besides its program: its parent, and signals.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use super::wire::EXPIRE;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::low_level::pipe::register;

/// Stdin, which the parent keeps open for as long as the program may run.
///
/// Not the standard library's, because what that has read ahead cannot be seen.
pub(super) struct Lifeline {
    stdin: BufReader<File>,
}

/// What the parent wants of a running program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// End as at the deadline.
    Expire,
    /// End at once.
    End,
}

/// Signals, turned into bytes on sockets.
pub(super) struct Signals {
    /// Readable when a child has ended.
    pub(super) child: UnixStream,
    /// Readable when all is to end.
    pub(super) end: UnixStream,
}

impl Lifeline {
    pub(super) fn open() -> io::Result<Self> {
        let stdin = io::stdin().as_fd().try_clone_to_owned()?;
        Ok(Self { stdin: BufReader::new(File::from(stdin)) })
    }

    /// The first line, which says what to run; without its end if there is none.
    pub(super) fn first_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stdin.read_line(&mut line)?;
        Ok(line)
    }

    /// What the parent wants, once there is something to be read.
    pub(super) fn order(&mut self) -> Order {
        let mut line = String::new();
        match self.stdin.read_line(&mut line) {
            Ok(_) if line == EXPIRE => Order::Expire,
            // Another line, the end, or an error: nobody is there who wants it to go on.
            _ => Order::End,
        }
    }

    /// Whether more than the first line has come already.
    pub(super) fn is_cut(&self) -> bool {
        !self.stdin.buffer().is_empty()
    }

    /// What becomes readable when more comes, or the end.
    pub(super) fn file(&self) -> &File {
        self.stdin.get_ref()
    }
}

impl Signals {
    pub(super) fn catch() -> io::Result<Self> {
        let (child, sender) = UnixStream::pair()?;
        child.set_nonblocking(true)?;
        register(SIGCHLD, sender)?;
        let (end, sender) = UnixStream::pair()?;
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            register(signal, sender.try_clone()?)?;
        }
        Ok(Self { child, end })
    }

    /// Forgets the signals about children so far.
    pub(super) fn forget_children(&mut self) {
        let mut bytes = [0; 64];
        // Until there is nothing left, which is an error.
        while self.child.read(&mut bytes).is_ok_and(|count| count > 0) {}
    }
}
