#!/bin/sh
# Property: whichever strategy chooses the schedules, the explorer finds nothing in a right
# program. Runs every solution under each: every_strategy_test.sh ROOT COMPILER
set -eu

root=$1
compiler=$2
tree=$root/.build/$compiler/interleave
strategies="default bounded0 bounded1 bounded2 exhaustive pct2 pct3 pct4 pos sticky5 sticky20
  sticky50 reduced portfolio"
# A strategy that none of these names would end the program, and the list is the header's.
for strategy in $strategies; do
  grep -q "\"$strategy\"" "$root/autograder/interleave/search/strategy.hpp" ||
    { echo "FAILED: strategy.hpp does not know $strategy"; exit 1; }
done
[ "$(grep '^// *[·"]*"default"' -A 6 "$root/autograder/interleave/search/strategy.hpp" |
  grep -o '"[a-z0-9]*"' | wc -l)" = "$(echo $strategies | wc -w)" ] ||
  { echo "FAILED: strategy.hpp names other strategies"; exit 1; }

cd "$root"
[ -e "$tree/build.ninja" ] ||
  cmake --preset interleave -B "$tree" -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
targets=
for solution in solutions/[0-9]*/*.hpp; do
  name=$(basename "$solution" .hpp)
  targets="$targets $name-solution"
done
cmake --build "$tree" -t $targets >/dev/null

# --- All of them, as many at once as there are cores ------------------------------------
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
export tree logs
for target in $targets; do
  for strategy in $strategies; do echo "$target $strategy"; done
done | xargs -P "$(nproc)" -L 1 sh -c '
  INTERLEAVE_SCHEDULES=500 INTERLEAVE_STRATEGY=$1 "$tree/graded/$0" >"$logs/$0-$1" 2>&1 &&
    rm "$logs/$0-$1" || :'

for log in "$logs"/*; do
  [ -e "$log" ] || continue
  echo "FAILED: $(basename "$log")"
  tail -n 40 "$log"
  exit 1
done
echo "all passed"
