#!/bin/sh
# A grading that is killed at any moment leaves nothing running, and the next one is right:
#
#   killed_test.sh COURSE_PROGRAM ROOT COMPILER [MOMENTS]
#
# With SIGKILL and with SIGTERM, MOMENTS times each (2 if it is not said), at a random moment of
# a grading that builds and runs. Every process that the grading starts inherits a variable by
# which it is found again.
set -eu

course=$1
compiler=$3
moments=${4:-2}
cd "$2"
mark=COURSE_KILLED=$$
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failures=0
seed=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
echo "seed $seed"

fail() {
  echo "FAILED: $1"
  sed 's/^/  | /' "$log"
  failures=$((failures + 1))
}

left_running() { grep -lzxF "$mark" /proc/[0-9]*/environ 2>/dev/null || :; }

grade() { env "$mark" "$course" --compiler "$compiler" grade --answers 1.1; }

grade_in_full() {
  status=0
  grade >"$log" 2>&1 || status=$?
  # 0: passed, or this machine was too noisy for its gate, which costs nothing either.
  [ "$status" = 0 ] || fail "a grading after one that was killed ended with status $status"
}

# kill_once SIGNAL SECONDS
kill_once() {
  touch solutions/01-*/job_queue.hpp  # each kind of work must be met: it is built again
  env "$mark" "$course" --compiler "$compiler" grade --answers 1.1 >"$log" 2>&1 &
  grading=$!
  sleep "$2"
  kill "-$1" "$grading" 2>/dev/null || :
  status=0
  wait "$grading" || status=$?
  sleep 2
  left=$(left_running)
  if [ -n "$left" ]; then
    fail "left running 2 s after SIG$1 at $2 s:
$(echo "$left" | sed 's/environ/cmdline/' | xargs -n 1 tr '\0' ' ')"
  fi
  case $1-$status in KILL-137 | TERM-143 | *-0) ;; *) fail "SIG$1 ended it with $status" ;; esac
  if grep -qE 'environment|tampered|failed' "$log"; then
    fail "SIG$1 at $2 s was reported as something other than a stop"
  fi
}

touch solutions/01-*/job_queue.hpp
began=$(date +%s)
grade_in_full
seconds=$(($(date +%s) - began))
for signal in KILL TERM; do
  time=0
  while [ "$time" -lt "$moments" ]; do
    time=$((time + 1))
    seed=$((seed + 1))
    kill_once $signal "$(awk "BEGIN { srand($seed); printf \"%.2f\", rand() * $seconds }")"
    grade_in_full
  done
  echo "killed $time times with SIG$signal, within the $seconds s of a grading"
done
[ "$failures" = 0 ] && echo "all passed"
[ "$failures" = 0 ]
