#!/bin/sh
# Every kind of file that the course builds or remembers, emptied, cut in half, filled with
# garbage, replaced by a folder, owned by another: one run heals it, or says what does:
#
#   damaged_test.sh COURSE_PROGRAM ROOT COMPILER
#
# In a copy of the course, whose trees are its own. course_script_test.sh does the same to what
# the script `course` reads.
set -eu

course=$1
root=$2
compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
unset CI
failures=0
clone=$work/clone
mkdir "$clone"
tar -C "$root" --exclude=./.build --exclude=./.course --exclude=./.git -cf - . |
  tar -C "$clone" -xf -
cd "$clone"
# One lesson of it: a tree that is made anew is made quickly.
for folder in lessons exercises solutions bench autograder/mutants; do
  find $folder -mindepth 1 -maxdepth 1 -name '[0-9]*' ! -name '01-*' -exec rm -rf {} +
done
[ -z "${CCACHE_BASEDIR:-}" ] || export CCACHE_BASEDIR="$clone"
as=  # what runs the course as another user

fail() {
  echo "FAILED: $1"
  echo "  status $status, output:"
  sed 's/^/  | /' "$work/out"
  failures=$((failures + 1))
}

start() {
  status=0
  $as "$course" --compiler "$compiler" "$@" >"$work/out" 2>&1 </dev/null || status=$?
}

says() { grep -qE -- "$1" "$work/out"; }

# --- How each is used, and what then is right --------------------------------------------

starter_is_graded() {
  start grade 1.1
  [ "$status" = 1 ] && says 'unit +not started' && ! says 'environment|tampered'
}

map_is_shown() { start map && [ "$status" = 0 ] && says 'next: '; }
hint_is_given() { start hint 1.1 && [ "$status" = 0 ]; }
sanitizers_are_known() {
  start doctor
  says 'ThreadSanitizer +good' && says 'AddressSanitizer +good'
}

# --- What is done to it ------------------------------------------------------------------

damage() {
  if [ -d "$1" ] && [ "$2" != file ]; then rm -rf "$1" && echo "text to be damaged" >"$1"; fi
  case $2 in
    emptied) : >"$1" ;;
    cut) head -c "$(($(stat -c %s "$1") / 2))" "$1" >"$work/half" && cat "$work/half" >"$1" ;;
    garbage) head -c 5000 /dev/urandom >"$1" ;;
    deleted) rm -rf "$1" ;;
    folder) rm -rf "$1" && mkdir -p "$1/within" ;;
    file) rm -rf "$1" && echo something >"$1" ;;
    foreign) chown 0:0 "$1" && chmod 600 "$1" ;;
  esac
}

# tries FILE USE HOW…
tries() {
  file=$1
  use=$2
  shift 2
  if ! [ -e "$file" ]; then
    status=0
    fail "there is no $file to be damaged"
    return
  fi
  for how; do
    damage "$file" "$how"
    if $use; then
      echo "tried: $file, $how: healed"
    elif [ "$status" = 3 ] && says 'sudo rm -rf|remove that folder'; then
      echo "tried: $file, $how: told, with its remedy"
    else
      fail "$file, $how"
    fi
    [ "$how" != foreign ] || ! [ -e "$file" ] || chown 65534:65534 "$file"
    [ -e "$file" ] || $use || fail "$file, $how: used again"
  done
}

# Of files by pattern, the first.
first() { find "$tree" -path "*$1" | sort | head -n 1; }

# try_all HOW…
try_all() {
  for file in build.ninja CMakeCache.txt .ninja_log .ninja_deps CMakeFiles/rules.ninja \
    compile_commands.json course.lock graded/job_queue-student \
    graded/job_queue-student.i graded/job_queue-student.symbols; do
    tries "$tree/$file" starter_is_graded "$@"
  done
  for pattern in '/CMakeCXXCompiler.cmake' '/job_queue-student.dir/*.o' \
    '/course_test_harness.dir/*_cxx.cxx.o' '/*interleave*.a' '/cmake_pch.hxx.[gp]ch'; do
    tries "$(first "$pattern")" starter_is_graded "$@"
  done
  tries "$self_test/race" sanitizers_are_known "$@"
  tries "$self_test/race.key" sanitizers_are_known "$@"
  tries .course/grades/job_queue.json starter_is_graded "$@"
  tries .course/grades/job_queue.json map_is_shown "$@"
  starter_is_graded || fail "what the map left alone"
  tries .course/hints.json hint_is_given "$@"
  for how; do  # a grading takes an earlier one's log away
    log=.course/logs/job_queue-student/unit.txt
    rm -rf "$log" && mkdir -p "${log%/*}" && echo "of an earlier grading" >"$log"
    tries "$log" starter_is_graded "$how"
  done
}

tree=.build/$compiler/student
self_test=.build/$compiler/self_test
starter_is_graded || fail "before any damage the starter is not started"
sanitizers_are_known || fail "before any damage the sanitizers work"
hint_is_given || fail "before any damage a hint is given"

try_all emptied cut garbage folder
for file in build.ninja CMakeCache.txt graded/job_queue-student graded/job_queue-student.i \
  graded/job_queue-student.symbols; do
  tries "$tree/$file" starter_is_graded deleted
done
grep -q '^CMAKE_CXX_FLAGS:STRING=-O2' "$tree/CMakeCache.txt" || fail "the flags were lost"
for folder in .course/grades .course/logs .course "$tree/graded" "$tree" "$self_test"; do
  tries "$folder" starter_is_graded file
done
if [ "$(id -u)" = 0 ]; then
  chown -R 65534:65534 "$clone"
  export CCACHE_DIR="$work/ccache"
  mkdir "$CCACHE_DIR" && chown 65534:65534 "$CCACHE_DIR"
  as="setpriv --reuid 65534 --regid 65534 --clear-groups"
  sanitizers_are_known
  hint_is_given
  starter_is_graded || fail "another user grades"
  try_all foreign
else
  echo "skipped: a user other than root can give no file away"
fi
[ "$failures" = 0 ] && echo "all passed"
[ "$failures" = 0 ]
