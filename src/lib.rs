//! `practice` checks Elixir code as a strict senior reviewer would, and lets people practise
//! live-coding interviews with it.
//!
//! A check is a [`plan`], a stream of [`event`]s, and a [`report`] that is folded from them.
//! In reading order:
//!
//! - **domain**, pure: [`plan`], [`event`], [`finding`], [`report`] (with the verdict, decided in one
//!   place), [`doubles`] (one thing, one finding), [`hint`], [`rule`], [`exercise`], [`packages`],
//!   [`soundness`], [`health`]
//! - **adapters**, pure: [`steps`] (what each tool says → findings), [`checkup`] (events → report)
//! - **effects**: [`process`] (starts, limits and ends processes, and alone does so), [`toolchain`],
//!   [`store`] (the cache),
//!   [`setup`] (Hex packages into the cache), [`ground`] (what an exercise runs on), [`project`] (the
//!   throwaway Mix project), [`runner`] (plan → events), [`check`] (all of it, once),
//!   [`exercise_set`], [`workspace`], [`state`], [`dirs`], [`files`]
//! - **presentation**: [`render`] (reports → text), [`ui`] (the terminal, and alone writes to it),
//!   [`error`], [`exit`] (the exit codes)
//! - **front**: [`cli`] (what can be typed), [`app`] (dispatch), [`commands`]
//!
//! The other half of a check is Elixir: `src/elixir/`, embedded, compiled once per version.
//!
//! Invariants, each a test in `tests/architecture.rs`: the domain uses nothing but itself; adapters
//! and renderers use only the domain; only `process` starts processes; only `ui` writes to the
//! terminal; only `main` decides how the program exits.

pub mod app;
pub mod check;
pub mod checkup;
pub mod cli;
pub mod commands;
pub mod dirs;
pub mod doubles;
pub mod error;
pub mod event;
pub mod exercise;
pub mod exercise_set;
pub mod exit;
pub mod files;
pub mod finding;
pub mod ground;
pub mod hash;
pub mod health;
pub mod hint;
pub mod packages;
pub mod plan;
pub mod process;
pub mod project;
pub mod render;
pub mod report;
pub mod rule;
pub mod runner;
pub mod setup;
pub mod soundness;
pub mod state;
pub mod steps;
pub mod store;
pub mod toolchain;
pub mod ui;
pub mod workspace;
