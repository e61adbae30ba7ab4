#!/bin/sh
# Compares a whole warm check of `ets_rate_limiter` with `mix test` alone in its workspace, in turns,
# and prints both medians and their ratio. Where `practice setup` has installed Credo, a check with it is
# compared with one without. A benchmark, not a test: it judges nothing.
set -eu
cd "$(dirname "$0")/.."
runs=${1:-11}
practice=$PWD/target/release/practice
[ -x "$practice" ] || cargo build --locked --release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
own=${PRACTICE_HOME:-}
export PRACTICE_HOME="$work/home"
"$practice" start ets_rate_limiter --dir "$work/workspace" >/dev/null
cp exercises/ets_rate_limiter/solution/lib/rate_limiter.ex "$work/workspace/lib/"
cd "$work/workspace"

now() { date +%s%N; }
check() { "$practice" check --quiet >/dev/null; }
by_hand() { mix test >/dev/null; }
# In the user's own cache.
at_home() { if [ -n "$own" ]; then PRACTICE_HOME=$own "$@"; else env -u PRACTICE_HOME "$@"; fi; }
with_credo() { at_home "$practice" check --quiet >/dev/null; }
without_credo() { at_home "$practice" check --quiet --skip credo >/dev/null; }
in_turns() {
  i=0
  while [ $i -lt "$runs" ]; do
    timed "$1"
    timed "$2"
    i=$((i + 1))
  done
}
ratio() { awk "BEGIN { printf \"ratio: %.2f\\n\", $(median "$1") / $(median "$2") }"; }
timed() {
  begin=$(now)
  "$1"
  echo $((($(now) - begin) / 1000000)) >>"$work/$1"
}
median() { sort -n "$work/$1" | sed -n "$(((runs + 1) / 2))p"; }

timed check
first=$(cat "$work/check")
by_hand
rm -f "$work/check" "$work/by_hand"
in_turns check by_hand
echo "first check, empty cache: $first ms"
echo "check: $(median check) ms, mix test: $(median by_hand) ms, medians of $runs runs in turns"
ratio check by_hand

if at_home "$practice" check --format json --only credo | grep -q '"outcome": "passed"'; then
  in_turns with_credo without_credo
  echo "check with Credo: $(median with_credo) ms, without: $(median without_credo) ms"
  ratio with_credo without_credo
else
  echo "no comparison with Credo: \`practice setup\` installs it"
fi
