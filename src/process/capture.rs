//! Keeping the start and the end of what a program prints, whatever it prints.

use std::io::{self, PipeReader, PipeWriter, Read};

use rustix::io::ioctl_fionbio;
use serde::{Deserialize, Serialize};

/// How many bytes are read at a time: as many as a Linux pipe holds, unless it was enlarged.
const CHUNK: usize = 64 * 1024;

/// How often to read before looking at something else. Pipes can be enlarged to 16 such chunks.
const CHUNKS: usize = 20;

/// What a program wrote: all of it, or its start and its end.
///
/// Bytes that are not UTF-8 have become replacement characters; control characters are as they
/// were, so clean the text before it goes to a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// The start, or everything.
    pub head: String,
    /// The end; empty unless something was dropped.
    pub tail: String,
    /// How many bytes between the two were not kept.
    pub dropped: u64,
}

impl Captured {
    /// Everything that was kept, with a line in between that says what was left out.
    #[must_use]
    pub fn text(&self) -> String {
        if self.dropped == 0 {
            return format!("{}{}", self.head, self.tail);
        }
        let Self { head, tail, dropped } = self;
        format!("{head}\n… {dropped} bytes left out …\n{tail}")
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.tail.is_empty() && self.dropped == 0
    }
}

/// The reading end of a pipe, and what has come out of it.
pub(super) struct Drain {
    /// `None` once nobody can write to it any more.
    pipe: Option<PipeReader>,
    kept: HeadTail,
    chunk: Vec<u8>,
}

impl Drain {
    /// Opens a pipe, of which up to `cap` bytes are kept.
    pub(super) fn open(cap: usize) -> io::Result<(Self, PipeWriter)> {
        let (reader, writer) = io::pipe()?;
        ioctl_fionbio(&reader, true)?;
        let drain = Self { pipe: Some(reader), kept: HeadTail::new(cap), chunk: vec![0; CHUNK] };
        Ok((drain, writer))
    }

    /// The pipe to wait for, as long as something may come out of it.
    pub(super) fn pipe(&self) -> Option<&PipeReader> {
        self.pipe.as_ref()
    }

    /// Reads what is in the pipe, without waiting for more, and not endlessly even if more is
    /// written all the time.
    pub(super) fn read(&mut self) {
        for _ in 0..CHUNKS {
            let Some(pipe) = &mut self.pipe else { return };
            match pipe.read(&mut self.chunk) {
                Ok(0) => self.pipe = None,
                Ok(n) => self.kept.push(&self.chunk[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.pipe = None,
            }
        }
    }

    /// What was written, with what is in the pipe now. Somebody may still hold the other end; that
    /// makes no difference.
    pub(super) fn finish(mut self) -> Captured {
        self.read();
        self.kept.captured()
    }
}

/// The first and the last bytes of a stream.
struct HeadTail {
    /// How many bytes each end keeps.
    half: usize,
    head: Vec<u8>,
    /// Grows to twice `half` before it is cut, so that every byte is moved about once.
    tail: Vec<u8>,
    /// Bytes cut from the front of `tail`.
    cut: u64,
}

impl HeadTail {
    fn new(cap: usize) -> Self {
        Self { half: cap / 2, head: Vec::new(), tail: Vec::new(), cut: 0 }
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = self.half - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        self.tail.extend_from_slice(rest);
        if self.tail.len() > 2 * self.half {
            self.cut_tail();
        }
    }

    fn cut_tail(&mut self) {
        let excess = self.tail.len().saturating_sub(self.half);
        self.tail.drain(..excess);
        self.cut += excess as u64;
    }

    fn captured(&mut self) -> Captured {
        self.cut_tail();
        if self.cut == 0 {
            let all = [self.head.as_slice(), self.tail.as_slice()].concat();
            return Captured { head: lossy(&all), ..Captured::default() };
        }
        let head = without_cut_end(&self.head);
        let tail = without_cut_start(&self.tail);
        let trimmed = self.head.len() - head.len() + self.tail.len() - tail.len();
        Captured { head: lossy(head), tail: lossy(tail), dropped: self.cut + trimmed as u64 }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `bytes` without a character at the end that goes on after it.
fn without_cut_end(bytes: &[u8]) -> &[u8] {
    let Some(last) = bytes.utf8_chunks().last() else {
        return bytes;
    };
    let cut = last.invalid();
    // An invalid sequence at the very end is a cut one if it starts like a longer character.
    let expected = match cut.first() {
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        _ => 0,
    };
    if cut.len() < expected { &bytes[..bytes.len() - cut.len()] } else { bytes }
}

/// `bytes` without the rest of a character that began before it.
fn without_cut_start(bytes: &[u8]) -> &[u8] {
    let rest = bytes.iter().take(3).take_while(|byte| matches!(byte, 0x80..=0xBF)).count();
    &bytes[rest..]
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn capture(cap: usize, pieces: &[&[u8]]) -> Captured {
        let mut kept = HeadTail::new(cap);
        for piece in pieces {
            kept.push(piece);
        }
        kept.captured()
    }

    #[test]
    fn short_output_is_kept_whole() {
        let captured = capture(8, &[b"abc", b"", b"defgh"]);
        assert_eq!(captured, Captured { head: "abcdefgh".into(), ..Captured::default() });
        assert_eq!(captured.text(), "abcdefgh");
    }

    #[test]
    fn long_output_keeps_both_ends_and_counts_the_middle() {
        let captured = capture(8, &[b"abcdefg", b"hijkl", b"mnopqrstuvwxyz"]);
        assert_eq!(captured, Captured { head: "abcd".into(), tail: "wxyz".into(), dropped: 18 });
        assert_eq!(captured.text(), "abcd\n… 18 bytes left out …\nwxyz");
    }

    #[test]
    fn pieces_of_any_size_give_the_same() {
        let all: Vec<u8> = (0..5000_u32).map(|n| b'a' + u8::try_from(n % 26).unwrap()).collect();
        let whole = capture(100, &[&all]);
        for size in [1, 7, 49, 50, 51, 99, 100, 101, 4999] {
            let pieces: Vec<&[u8]> = all.chunks(size).collect();
            assert_eq!(capture(100, &pieces), whole, "pieces of {size}");
        }
        assert_eq!(whole.dropped, 4900);
    }

    #[test]
    fn memory_stays_bounded() {
        let mut kept = HeadTail::new(1000);
        for _ in 0..10_000 {
            kept.push(&[b'x'; 300]);
            assert!(kept.tail.len() <= 1300);
        }
        assert_eq!(kept.captured().dropped, 3_000_000 - 1000);
    }

    #[test]
    fn characters_are_not_cut_in_two() {
        // Three bytes each; the halves of 4 bytes end within the second and the last but one.
        let captured = capture(8, &["€€€€€€".as_bytes()]);
        assert_eq!(captured, Captured { head: "€".into(), tail: "€".into(), dropped: 12 });
    }

    #[test]
    fn characters_across_the_middle_survive_where_nothing_is_dropped() {
        assert_eq!(capture(8, &["a€€".as_bytes()]).text(), "a€€");
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(capture(100, &[b"a\xffb\xe2\x82"]).text(), "a\u{fffd}b\u{fffd}");
    }

    #[test]
    fn no_capacity_keeps_nothing_and_counts_everything() {
        let captured = capture(0, &[b"abc"]);
        assert_eq!(captured, Captured { dropped: 3, ..Captured::default() });
        assert!(!captured.is_empty());
        assert!(Captured::default().is_empty());
    }

    #[test]
    fn a_pipe_that_stays_open_does_not_hold_up_the_end() {
        let (drain, mut writer) = Drain::open(100).unwrap();
        writer.write_all(b"so far").unwrap();
        assert_eq!(drain.finish().text(), "so far");
        drop(writer);
    }
    #[test]
    fn a_closed_pipe_is_no_longer_waited_for() {
        let (mut drain, mut writer) = Drain::open(100).unwrap();
        drain.read();
        assert!(drain.pipe().is_some());
        writer.write_all(b"all").unwrap();
        drop(writer);
        drain.read();
        assert!(drain.pipe().is_none());
        assert_eq!(drain.finish().text(), "all");
    }
}
