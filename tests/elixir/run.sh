#!/bin/sh
# Compiles the Elixir side of a check, makes sure that it is formatted, and runs its tests.
set -eu
cd "$(dirname "$0")/../.."
tests=$PWD/tests/elixir
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
mix format --check-formatted 'src/elixir/**/*.ex' 'tests/elixir/*.exs'
# shellcheck disable=SC2046 # the names hold no spaces
elixirc --warnings-as-errors -o "$out" $(find src/elixir -name '*.ex')
# `@tag :tmp_dir` makes its folders where one stands.
cd "$out"
elixir -pa "$out" -e "ExUnit.start(); Enum.each(Path.wildcard(\"$tests/*_test.exs\"), &Code.require_file/1)"
