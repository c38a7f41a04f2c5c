#!/bin/sh
# Property: no line that was written by hand is longer than 100 columns.
#
#   columns_test.sh ROOT
#
# Passed over is what programs printed (recorded experiments and reports, fenced blocks of a
# text) and a text's tables: Markdown cannot break a row.
set -eu
export LC_ALL=C.UTF-8  # a column is a character, not a byte

# Prints "FILE:LINE: TEXT" for each line that is too long.
too_long() {
  cd "$1"
  find . -type d \( -name '.?*' -o -name reports \) -prune -o -type f -print |
    grep -vE '\.(svg|png|pdf|json)$|/(demo|bench|first_failure|speed|profile|table)\.txt$' |
    sort | while read -r file; do
    awk -v text="${file##*.}" '
      text == "md" && /^ *```/ { fenced = !fenced }
      { print (text == "md" && (fenced || /^\|/)) ? "" : $0 }' "$file" |
      grep -nE '^.{101,}' | sed "s|^|${file#./}:|"
  done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# --- The test itself ------------------------------------------------------------------------
mkdir "$work/tree"
printf '%0101d\n' 0 >"$work/tree/long.md"
printf '%0100d\n' 0 | tr 0 ß >"$work/tree/short.md"
[ "$(too_long "$work/tree" | cut -c 1-10)" = long.md:1: ] ||
  { echo "FAILED: it does not tell 101 columns from 100"; exit 1; }

# --- The course -----------------------------------------------------------------------------
too_long "$1" >"$work/lines"
[ ! -s "$work/lines" ] || { echo "FAILED: over 100 columns:"; cat "$work/lines"; exit 1; }
