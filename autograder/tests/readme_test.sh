#!/bin/sh
# The README's first block shows what the map prints on a fresh clone:
# readme_test.sh COURSE_PROGRAM ROOT
#
# The map is made in a copy of the texts and starters, so nobody's progress shows.
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
if ! diff -u "$clone/quoted" "$clone/printed"; then
  echo "README.md quotes another map than the program prints; copy the + lines into it"
  exit 1
fi
