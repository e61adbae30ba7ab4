#!/bin/sh
# Writes the lock files of packages anew: with the newest releases that the requirements admit and that
# this machine's Elixir can compile. Run it with the oldest Elixir of each range (see `packages` in an
# exercise's exercise.toml, and exercises/tools/packages.toml), then run `practice verify --with-packages`.
#
#   sh tests/locks.sh FROM [SET…]    FROM is the range, as 1.14; by default every set that has it
set -eu
cd "$(dirname "$0")/.."
from=${1:?the range of Elixir versions, as 1.14}
shift
[ $# -gt 0 ] || set -- tools $(cd exercises && for set in */exercise.toml; do
  grep -q "^\[packages.\"$from\"\]" "$set" && dirname "$set"; done)

# The requirements of a range: lines of a TOML table, as entries of `deps`.
requirements() {
  awk -v range="$from" '
    /^\[/ { inside = index($0, "\"" range "\"") > 0; next }
    inside && /^[a-z_0-9]+ *= *"/ { name = $1; sub(/^[^"]*/, ""); printf "{:%s, %s},\n", name, $0 }
  ' "$1"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for set; do
  case $set in
    tools) manifest=exercises/tools/packages.toml lock=exercises/tools/$from.lock ;;
    *) manifest=exercises/$set/exercise.toml lock=exercises/$set/packages/$from.lock ;;
  esac
  mkdir -p "$work/$set" "$(dirname "$lock")"
  cat >"$work/$set/mix.exs" <<MIX
defmodule Packages.MixProject do
  use Mix.Project
  def project, do: [app: :packages, version: "0.1.0", deps: [$(requirements "$manifest" | sed '$s/,$//')]]
end
MIX
  (cd "$work/$set" && mix local.hex --force --if-missing && mix local.rebar --force --if-missing &&
    mix deps.get && mix deps.compile) >"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    printf 'error: the packages of %s cannot be locked for Elixir %s\n' "$set" "$from" >&2
    exit 1
  }
  # Names and versions: the checksums are Hex's, and it signs them.
  {
    printf '%%{\n'
    sed -n 's/^ *\("[a-z_0-9]*": {:hex, :[a-z_0-9]*, "[^"]*"\).*/  \1},/p' "$work/$set/mix.lock"
    printf '}\n'
  } >"$lock"
  printf '%s: %s packages in %s\n' "$set" "$(grep -c :hex "$lock")" "$lock"
done
