//! Ctrl-C and the other ways in which a user or the system asks the program to end.
//!
//! A signal sets a flag and calls whoever subscribed; it never ends the program by itself. Further
//! signals change nothing, so impatience does no harm: whoever cleans up is not disturbed.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::system;

/// A signal that asks for an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Ctrl-C, SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// The terminal is gone, SIGHUP.
    Hangup,
}

/// A callback that is called when the program is interrupted, for as long as this is kept.
#[must_use = "nothing is called once this is dropped"]
#[derive(Debug)]
pub struct Subscription {
    id: u64,
}

type Callback = Arc<dyn Fn() + Send + Sync>;

struct State {
    first: Option<Interrupt>,
    callbacks: Vec<(u64, Callback)>,
    next_id: u64,
}

static STATE: Mutex<State> = Mutex::new(State { first: None, callbacks: Vec::new(), next_id: 0 });

impl Interrupt {
    const ALL: [Self; 3] = [Self::Interrupt, Self::Terminate, Self::Hangup];

    /// The number of the signal.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::Interrupt => SIGINT,
            Self::Terminate => SIGTERM,
            Self::Hangup => SIGHUP,
        }
    }
}

/// Begins to catch signals. Calling it again does nothing.
///
/// Signals that were ignored when the program started stay ignored, so that `nohup` works.
///
/// # Errors
///
/// When a handler or a thread cannot be set up.
pub fn install() -> io::Result<()> {
    static INSTALLED: Mutex<bool> = Mutex::new(false);
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*installed {
        catch_signals()?;
        *installed = true;
    }
    Ok(())
}

/// Whether the program has been asked to end.
#[must_use]
pub fn interrupted() -> bool {
    first().is_some()
}

/// How the program was first asked to end.
#[must_use]
pub fn first() -> Option<Interrupt> {
    state().first
}

/// Has `callback` called, from another thread, when the program is asked to end; at once, and from
/// this one, if that has happened already.
pub fn subscribe(callback: impl Fn() + Send + Sync + 'static) -> Subscription {
    let callback: Callback = Arc::new(callback);
    let mut state = state();
    let id = state.next_id;
    state.next_id += 1;
    state.callbacks.push((id, Arc::clone(&callback)));
    let late = state.first.is_some();
    drop(state);
    if late {
        callback();
    }
    Subscription { id }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        state().callbacks.retain(|(id, _)| *id != self.id);
    }
}

fn catch_signals() -> io::Result<()> {
    let wanted = Interrupt::ALL.into_iter().filter(|kind| !system::is_ignored(kind.number()));
    let mut signals = Signals::new(wanted.map(Interrupt::number))?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in &mut signals {
            if let Some(kind) = Interrupt::ALL.into_iter().find(|kind| kind.number() == signal) {
                record(kind);
            }
        }
    })?;
    Ok(())
}

fn record(kind: Interrupt) {
    let mut state = state();
    if state.first.is_some() {
        return;
    }
    state.first = Some(kind);
    let callbacks: Vec<Callback> = state.callbacks.iter().map(|(_, callback)| Arc::clone(callback)).collect();
    // A callback may drop its subscription, or make another.
    drop(state);
    for callback in callbacks {
        callback();
    }
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}
