#!/bin/sh
# What is mistyped on the command line is reported, with what was probably meant:
# command_line_test.sh COURSE_PROGRAM
set -eu

course=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# says WORDS ARGUMENT…: the command line is a mistake, and WORDS are printed about it.
says() {
  words=$1
  shift
  status=0
  "$course" "$@" >"$work/out" 2>&1 </dev/null || status=$?
  if [ "$status" != 2 ] || ! grep -qF -- "$words" "$work/out"; then
    echo "FAILED: \`course $*\`, status $status, must be 2 and say: $words"
    sed 's/^/  | /' "$work/out"
    failures=$((failures + 1))
  fi
}

says 'Did you mean `course grade`?' gradee 1.1
says 'Did you mean `course watch`?' wacth 1.1
says 'gradee' gradee
says '9.9' grade 9.9

"$course" nothing-like-it >"$work/out" 2>&1 </dev/null && failures=$((failures + 1))
if grep -q 'Did you mean' "$work/out"; then
  echo "FAILED: nothing is near that word"
  failures=$((failures + 1))
fi
[ "$failures" = 0 ]
