#!/bin/sh
# Installs what is missing and runs the whole test suite: Rust, Elixir, and every exercise.
# With --yes it goes on without asking.
set -eu
cd "$(dirname "$0")/.."
. tests/toolchain.sh
need_toolchain "${1:-}"
cargo test --locked
