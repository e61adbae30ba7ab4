#!/bin/sh
# Records what Dialyzer finds in fixtures/dialyzer with the type information that somebody's first
# `mix dialyzer` has. Slow: it takes some minutes to make that, kept in the folder that is given.
#
#   sh tests/dialyzer_corpus.sh DIR
set -eu
[ $# = 1 ] || { echo "usage: sh tests/dialyzer_corpus.sh DIR" >&2; exit 2; }
mkdir -p "$1"
plts=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
exec elixir tests/elixir/record_corpus.exs "$plts"
