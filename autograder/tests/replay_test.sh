#!/bin/sh
# Tests `course replay` with a mutant of lesson 1, from the token that its program prints to
# the debugger in its losing line: replay_test.sh COURSE_PROGRAM COURSE_FOLDER COMPILER
set -eu

course=$1
root=$2
compiler=$3
mutant=if_for_while
test=JobQueue.PopWaitsForAJob
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CI BROWSER
failures=0
cd "$root"

fail() {
  echo "FAILED: $1"
  echo "  status $status, output:"
  sed 's/^/  | /' "$work/out" "$work/err"
  failures=$((failures + 1))
}

replay() {
  status=0
  "$course" --compiler "$compiler" replay "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}

says() { grep -qF -- "$1" "$work/out" "$work/err"; }

# --- What is no token -------------------------------------------------------------------
replay nonsense
[ "$status" = 2 ] && says 'is not a token' || fail "nonsense is a mistake on the command line"
replay 'Nobody.HasThis@1@weak@pct3@1.1@00000000'
[ "$status" = 2 ] && says 'no exercise has the test' || fail "an unknown test is reported"
replay "$test@1@weak@pct3@1.1@00000000" --of nobody
[ "$status" = 2 ] && says 'no variant nobody' || fail "an unknown variant is reported"

# --- A demo's ---------------------------------------------------------------------------
replay 'demo.99.P1@1@weak@pct3@1.1@00000000'
[ "$status" = 2 ] && says 'there is no lesson "99"' || fail "an unknown lesson is reported"
replay 'demo.2.Z9@1@weak@pct3@1.1@00000000'
[ "$status" = 2 ] && says 'lesson 2 has no experiment Z9' || fail "an unknown claim is reported"
"$course" --compiler "$compiler" demo 2 P6 --quick >"$work/found" 2>&1 || :
for token in $(sed -n 's/.*autograder\/course replay //p' "$work/found"); do
  replay "$token"
  [ "$status" = 1 ] && says 'in the browser' || fail "a demo's schedule $token fails again"
done
[ -n "${token:-}" ] || fail "a demo prints how to replay what it shows"
replay "$token" --html="$work/page.html"
[ "$status" = 1 ] && [ -s "$work/page.html" ] || fail "a demo's schedule has a page"

# --- A token of another program ---------------------------------------------------------
# This also builds the mutant's program. Its default schedule does not fail.
replay "$test@1@weak@default@@00000000" --of $mutant
[ "$status" = 0 ] && says 'program has changed' && says 'Others may' ||
  fail "a program that is not the token's is reported as changed"

# --- Ten times of ten -------------------------------------------------------------------
program=$root/.build/$compiler/interleave/graded/job_queue-$mutant
"$program" --gtest_filter=$test >"$work/found" 2>&1 || :
token=$(sed -n 's/.*autograder\/course replay //p' "$work/found" | head -n 1)
for time in 1 2 3 4 5 6 7 8 9 10; do
  replay "$token" --of $mutant
  [ "$status" = 1 ] || fail "a token fails again, time $time"
  [ "$time" = 1 ] || cmp -s "$work/out" "$work/first" || fail "it does the same, time $time"
  cp "$work/out" "$work/first"
done
says 'pop gave nothing' || fail "why it failed is reported"
says 'from here on' || fail "the step after which every schedule fails is reported"
steps=$(grep -cE '^ *[0-9]+  ' "$work/first")
! says 'Enter:' || fail "without a terminal no one can be asked"

# --- A key for each step ----------------------------------------------------------------
# script(1) gives it a terminal. Two steps, then the end.
printf '\n\nq' | script -qec "'$course' --compiler '$compiler' replay '$token' --of $mutant" \
  /dev/null >"$work/out" 2>"$work/err" || :
[ "$(grep -cE '(^|\[K) *[0-9]+  ' "$work/out")" = 2 ] || fail "one key is one step"
says "step 3 of $steps" || fail "it says how far it is"
! says 'pop gave nothing' || fail "q ends it"
printf 'a' | script -qec "'$course' --compiler '$compiler' replay '$token' --of $mutant" \
  /dev/null >"$work/out" 2>"$work/err" || :
says 'pop gave nothing' || fail "a shows all"

# --- A terminal's width -----------------------------------------------------------------
printf 'a' | script -qec "stty cols 60; '$course' --compiler '$compiler' replay '$token' \
  --of $mutant" /dev/null >"$work/out" 2>"$work/err" || :
wide=$(sed 's/\r$//; s/.*\r//; s/\x1b\[K//g' "$work/out" | awk 'length > 60')
[ -z "$wide" ] || fail "a row is wider than a terminal of 60 columns: $wide"
says 'in the browser:    the same command with --open' || fail "what else can be seen is told"

# --- What a submission says is shown, and not obeyed ------------------------------------
file=$(echo exercises/01-*/job_queue/job_queue.hpp)
cp "$file" "$work/before"
trap 'cp "$work/before" "$file"; rm -rf "$work"' EXIT
sed -e '1i #pragma GCC diagnostic ignored "-Wunused-parameter"' \
  -e 's/.*todo(.*/throw std::runtime_error("\\033[2Jall points");/' "$work/before" >"$file"
grep -q 'throw std' "$file" || fail "the exercise has a step to be written"
status=0
"$course" --compiler "$compiler" grade 1.1 --html "$work/graded.html" \
  >"$work/out" 2>"$work/err" </dev/null || status=$?
[ "$status" = 1 ] && grep -q 'all points' "$work/graded.html" &&
  ! grep -q "$(printf '\033')" "$work/graded.html" ||
  fail "an escape sequence in what the submission throws is text on its page"
grep -q 'class="schedule-here"' "$work/graded.html" && grep -q '"steps":\[{' "$work/graded.html" ||
  fail "the page of the grading holds the schedule that failed"
"$root/.build/$compiler/interleave/graded/job_queue-student" \
  --gtest_filter=JobQueue.ComesOutInOrder >"$work/found" 2>&1 || :
replay "$(sed -n 's/.*autograder\/course replay //p' "$work/found" | head -n 1)"
says 'all points' && ! grep -q "$(printf '\033')" "$work/out" ||
  fail "an escape sequence in what the submission throws is not obeyed"
cp "$work/before" "$file"

# --- As a page --------------------------------------------------------------------------
replay "$token" --of $mutant --html="$work/page.html"
[ "$status" = 1 ] && says "page: $work/page.html" || fail "--html says where the page is"
grep -q 'mountViewer' "$work/page.html" && grep -q 'pop gave nothing' "$work/page.html" ||
  fail "the page holds the viewer and the schedule"
! grep -qE '(src|href)="?https?:' "$work/page.html" || fail "the page needs nothing else"
mkdir "$work/opener"
printf '#!/bin/sh\necho "$1" >"%s"\n' "$work/opened" >"$work/opener/xdg-open"
chmod +x "$work/opener/xdg-open"
status=0
PATH=$work/opener:$PATH "$course" --compiler "$compiler" replay "$token" --of $mutant --open \
  >"$work/out" 2>"$work/err" </dev/null || status=$?
[ "$status" = 1 ] && [ "$(cat "$work/opened")" = "$root/.course/replay-job_queue.html" ] ||
  fail "--open opens the page"
rm "$work/opened"
mv "$work/opener/xdg-open" "$work/opener/mine"
BROWSER=$work/opener/mine "$course" --compiler "$compiler" replay "$token" --of $mutant --open \
  >"$work/out" 2>"$work/err" </dev/null || :
[ -s "$work/opened" ] || fail "--open opens the page in the browser that the user chose"
replay "$token" --of $mutant --html --gdb
[ "$status" = 2 ] || fail "a page and the debugger at once is a mistake"

# --- The debugger -----------------------------------------------------------------------
# Its selected frame is the line that the picture shows for the step.
line_of() { sed -n "s/^ *$1  .* \([a-z_]*\.[ch]pp:[0-9]*\).*/\1/p" "$work/first"; }
for step in 2 "$steps"; do
  replay "$token" --of $mutant --gdb --step "$step" -- -batch -ex frame -ex 'info source'
  grep -qE "^#[0-9]+ .* at .*/$(line_of "$step")\$" "$work/out" ||
    fail "gdb stops at step $step, $(line_of "$step")"
done
replay "$token" --of $mutant --gdb -- -batch -ex 'backtrace 40'
grep -qE "^#[0-9]+ .*/$(line_of "$steps")\$" "$work/out" || fail "without --step it is the last"
replay "$token" --of $mutant --gdb --step 9999
[ "$status" = 2 ] && says 'there is no step 9999' || fail "a step too many is reported"
replay "$token" --of $mutant --step 2
[ "$status" = 2 ] || fail "--step without --gdb is a mistake"

# Tools that are there, but no gdb.
mkdir "$work/tools"
for tool in sh cmake ninja c++ g++ clang++ ar ld as cc gcc patch env "$compiler"; do
  [ -e "$work/tools/$tool" ] || ! found=$(command -v "$tool") || ln -s "$found" "$work/tools/$tool"
done
status=0
PATH=$work/tools "$course" --compiler "$compiler" replay "$token" --of $mutant --gdb \
  >"$work/out" 2>"$work/err" </dev/null || status=$?
[ "$status" = 3 ] && says 'gdb is not installed: sudo apt-get install gdb' ||
  fail "a missing gdb is status 3, and the command that fixes it is printed"

[ "$failures" = 0 ] && echo "all passed"
[ "$failures" = 0 ]
