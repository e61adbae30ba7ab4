#!/bin/sh
# Runs the tests that need Elixir, and `practice verify`, with the Elixirs of Debian's later releases,
# each bootstrapped into a folder of its own (about a minute each). Takes root, debootstrap, and a
# mirror of Debian.
#
#   sh tests/versions.sh [FOLDER [RELEASE…]]    by default target/versions, trixie and forky
set -eu
cd "$(dirname "$0")/.."
repository=$PWD
folder=${1:-$repository/target/versions}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- trixie forky

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 2
}
[ "$(id -u)" = 0 ] || fail "this needs root, for chroot"
command -v debootstrap >/dev/null || fail "this needs debootstrap"

# The mirror that this machine uses, where it tells one.
mirror=$(sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p; s/^URIs: *\([^ ]*\).*/\1/p' \
  /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)

bootstrap() {
  scripts=/usr/share/debootstrap/scripts
  # A release that this debootstrap does not know yet is made as unstable is.
  script=$scripts/$1
  [ -e "$script" ] || script=$scripts/sid
  rm -rf "$folder/$1"
  mkdir -p "$folder"
  debootstrap --variant=minbase --include=ca-certificates,procps,elixir,erlang-dialyzer,erlang-dev \
    "$1" "$folder/$1" "${mirror:-http://deb.debian.org/debian}" "$script" >"$folder/$1.log" 2>&1 ||
    fail "$1 could not be bootstrapped, see $folder/$1.log"
  touch "$folder/$1/.complete"
}

# Runs a shell script in a release, with this repository at its own path. The mounts are in a
# namespace of their own, and gone with it.
within() {
  # shellcheck disable=SC2016 # for the shell inside
  unshare --mount sh -euc '
    system=$1 repository=$2
    mkdir -p "$system$repository"
    mount --bind "$repository" "$system$repository"
    mount --rbind /dev "$system/dev"
    mount -t proc proc "$system/proc"
    exec chroot "$system" /usr/bin/env -i HOME=/home LANG=C.UTF-8 PATH=/usr/bin:/bin:/usr/sbin:/sbin \
      sh -euc "cd \"$repository\"; $3"
  ' within "$folder/$1" "$repository" "$2"
}

cargo build --locked
tests=$(cargo test --locked --no-run --test real --test readme 2>&1 |
  sed -n 's/^ *Executable .*(\(.*\))$/\1/p')
[ -n "$tests" ] || fail "the tests were not built"

for release; do
  [ -e "$folder/$release/.complete" ] || bootstrap "$release"
  printf '\n== %s: %s\n' "$release" "$(within "$release" 'elixir --version | tail -n 1')"
  within "$release" "export PRACTICE_HOME=/var/cache/practice; target/debug/practice verify"
  for test in $tests; do
    within "$release" "CARGO_MANIFEST_DIR=$repository $test"
  done
done
