#!/bin/sh
# Compares a whole warm check of `ets_rate_limiter` with `mix test` alone in its workspace, in turns,
# and prints both medians and their ratio. A benchmark, not a test: it judges nothing.
set -eu
cd "$(dirname "$0")/.."
runs=${1:-11}
practice=$PWD/target/release/practice
[ -x "$practice" ] || cargo build --locked --release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PRACTICE_HOME="$work/home"
"$practice" start ets_rate_limiter --dir "$work/workspace" >/dev/null
cp exercises/ets_rate_limiter/solution/lib/rate_limiter.ex "$work/workspace/lib/"
cd "$work/workspace"

now() { date +%s%N; }
check() { "$practice" check --quiet >/dev/null; }
by_hand() { mix test >/dev/null; }
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
i=0
while [ $i -lt "$runs" ]; do
  timed check
  timed by_hand
  i=$((i + 1))
done
echo "first check, empty cache: $first ms"
echo "check: $(median check) ms, mix test: $(median by_hand) ms, medians of $runs runs in turns"
awk "BEGIN { printf \"ratio: %.2f\n\", $(median check) / $(median by_hand) }"
