#!/bin/sh
# The README's first block shows how the map begins on a fresh clone, how many lessons and
# exercises it has, and how it ends: readme_test.sh COURSE_PROGRAM ROOT
#
# The map is made in a copy of the texts and starters, so no one's progress shows.
set -eu

clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT
mkdir "$clone/autograder"
cp "$2/autograder/course" "$clone/autograder/"
cp -r "$2/lessons" "$2/exercises" "$2/solutions" "$clone/"

(cd "$clone" && "$1" map --color never) | sed '/./,$!d' >"$clone/printed"
sed -n '/^\$ autograder\/course --yes$/,/^```$/p' "$2/README.md" |
  sed '1d;$d' | sed '/./,$!d' >"$clone/quoted"
[ -s "$clone/printed" ] || { echo "the map printed nothing"; exit 1; }

# What is to be quoted: the first lessons, a line that counts all of them, the end.
dots=$(grep -n '^…' "$clone/quoted" | cut -d: -f1)
{
  head -n "$((dots - 1))" "$clone/printed"
  echo "…  $(grep -c '^[0-9]' "$clone/printed") lessons and" \
    "$(grep -c '^  [0-9]' "$clone/printed") exercises in all"
  echo
  sed -n '/^first: /,$p' "$clone/printed"
} >"$clone/shown"
if ! diff -u "$clone/quoted" "$clone/shown"; then
  echo "README.md quotes another map than the program prints; run autograder/course author weave"
  exit 1
fi
