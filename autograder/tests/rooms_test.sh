#!/bin/sh
# Property: no two folders of code include each other, directly or in a circle.
#
#   rooms_test.sh AUTOGRADER_FOLDER
#
# A room is a folder that holds code, with its subfolders; `interleave` and each of its
# folders are rooms of their own, and so is the `tests/` of each.
set -eu

# Prints "ROOM ITS_USER" for each include of one room's file in another.
uses() {
  cd "$1"
  find . -name '*.[ch]pp' -printf '%P\n' | sort | xargs grep -Ho '^#include "[^"]*/[^"]*"' |
    awk -F '[:"]' '
      function room(file, part, n) {
        sub("^course/", "harness/", file)  # the folder that programs include from
        n = split(file, part, "/")
        if (file ~ /\/tests\//) return substr(file, 1, index(file, "/tests/")) "tests"
        if (part[1] != "interleave") return part[1]
        return n == 2 ? "interleave" : "interleave/" part[2]
      }
      { used = room($3); user = room($1) }
      used != user { print used, user }' | sort -u |
    while read -r used user; do
      [ ! -d "$used" ] || echo "$used $user"  # else a test's own text
    done
}

# Succeeds if the rooms of a folder can be put in an order in which each uses earlier ones.
in_order() { uses "$1" | tsort >"$work/order" 2>"$work/circle"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# --- The test itself: it sees a circle of three, and passes over a room and its tests ----------
mkdir -p "$work/code/kitchen/tests" "$work/code/hall" "$work/code/interleave/cellar"
echo '#include "hall/door.hpp"' >"$work/code/kitchen/stove.hpp"
echo '#include "interleave/cellar/stairs.hpp"' >"$work/code/hall/door.hpp"
echo '#include "kitchen/stove.hpp"' >"$work/code/kitchen/tests/stove_test.cpp"
in_order "$work/code" || { echo "FAILED: three rooms in a row are taken for a circle"; exit 1; }
echo '#include "kitchen/stove.hpp"' >"$work/code/interleave/cellar/stairs.hpp"
! in_order "$work/code" || { echo "FAILED: a circle of three is not seen"; exit 1; }

# --- The rooms ---------------------------------------------------------------------------------
if ! in_order "$1"; then
  echo "FAILED: these folders include each other in a circle:"
  sed -n 's/^tsort: \([^ ]*\)$/  \1/p' "$work/circle"
  exit 1
fi
echo "$(wc -l <"$work/order") rooms in order:" $(cat "$work/order")
