#!/bin/sh
# Installs what is missing, builds `practice`, and checks the reference of `ets_rate_limiter`,
# shown as a user sees it. With --yes it goes on without asking.
set -eu
cd "$(dirname "$0")/.."
. tests/toolchain.sh
need_toolchain "${1:-}"
cargo build --locked
solution=exercises/ets_rate_limiter/solution/lib/rate_limiter.ex
say "\$ practice check ets_rate_limiter --file $solution"
exec target/debug/practice check ets_rate_limiter --file "$solution"
