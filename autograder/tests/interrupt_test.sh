#!/bin/sh
# Ctrl-C on a grading that builds and runs leaves nothing running, and the next grading is
# none the worse: interrupt_test.sh COURSE_PROGRAM ROOT COMPILER
#
# Every process that the grading starts inherits a variable by which it is found again.
set -eu

course=$1
compiler=$3
cd "$2"
mark=COURSE_INTERRUPTED=$$
log=$(mktemp)
trap 'rm -f "$log"' EXIT

left_running() { grep -lzxF "$mark" /proc/[0-9]*/environ 2>/dev/null | wc -l; }

# A shell without job control starts background commands deaf to Ctrl-C; env is not.
env "$mark" env --default-signal=INT "$course" --compiler "$compiler" grade --answers 1.1 \
  >"$log" 2>&1 &
grading=$!

# Until a stage runs beside the program itself, which is three processes: that is when most
# is running.
for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  [ "$(left_running)" -lt 5 ] || break
  sleep 0.5
done
kill -INT "$grading"
status=0
wait "$grading" || status=$?
sleep 0.5

if [ "$status" != 130 ]; then
  echo "FAILED: ended with status $status, not 130"
  cat "$log"
  exit 1
fi
if [ "$(left_running)" != 0 ]; then
  echo "FAILED: still running:"
  grep -lzxF "$mark" /proc/[0-9]*/environ 2>/dev/null | sed 's/environ/cmdline/' |
    xargs -n 1 tr '\0' ' ' <&- || :
  exit 1
fi

status=0
"$course" --compiler "$compiler" grade --answers 1.1 >"$log" 2>&1 || status=$?
# 0: passed, or this machine was too noisy for its gate, which costs nothing either.
if [ "$status" != 0 ]; then
  echo "FAILED: the next grading ended with status $status"
  cat "$log"
  exit 1
fi
echo "all passed"
