#!/bin/sh
# What the machine denies is reported as the machine's fault, with its remedy, and never
# counts against the student: machine_faults_test.sh COURSE_PROGRAM ROOT COMPILER
#
# Limits of every kind, disks that are full, descriptors that are closed, a folder that is gone.
set -eu

course=$1
root=$2
compiler=$3
work=$(mktemp -d)
unset CI
cd "$root"
failures=0
exercise=$(echo exercises/01-*/job_queue)
file=$exercise/job_queue.hpp
cp "$file" "$work/before"
trap 'cp "$work/before" "$file"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

fail() {
  echo "FAILED: $1"
  echo "  status $status, output:"
  sed 's/^/  | /' "$work/out" "$work/err"
  failures=$((failures + 1))
}

# start COMMAND…
start() {
  status=0
  "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}

# In one line: the words may be wrapped.
says() { cat "$work/out" "$work/err" | tr -s '\n ' ' ' | grep -qF -- "$1"; }

# is STATUS WORDS WHAT
is() { [ "$status" = "$1" ] && says "$2" || fail "$3: must be status $1 and say: $2"; }

grade() { start "$course" --compiler "$compiler" grade --answers "$@"; }

# --- Limits -----------------------------------------------------------------------------

# limited OPTION WORDS: under a limit of `prlimit`'s, the solution keeps its points, or it is
# said in WORDS which limit is too low.
limited() {
  touch solutions/02-*/publication.hpp
  {
    status=0
    prlimit $1 "$course" --compiler "$compiler" grade --answers 2.1 </dev/null || status=$?
    echo $status >"$work/status"
  } 2>&1 | cat >"$work/out"  # the limit of a file's size is not for what it prints
  : >"$work/err"
  status=$(cat "$work/status")
  case $status in
    0) ;;
    3) says "$2" || fail "$1 is too low, which must be reported: $2" ;;
    *) fail "$1 is held against the solution" ;;
  esac
  if grep -qE 'tampered|  failed' "$work/out"; then fail "$1 is held against the solution"; fi
  echo "  $1: status $status, $(cat "$work/out" "$work/err" | tr -s '\n ' ' ' |
    grep -oE 'this shell allows [^;]*' | head -n 1)"
}

grade 2.1
[ "$status" = 0 ] || fail "solution 2.1 passes"
echo "limits:"
limited --as=42949672960:42949672960 'ulimit -v unlimited'
limited --as=1500000000:1500000000 'ulimit -v unlimited'
limited --data=200000000:200000000 'ulimit -d unlimited'
limited --stack=65536:65536 'ulimit -s unlimited'
limited --fsize=100000:100000 'ulimit -f unlimited'
limited --fsize=0:0 'ulimit -f unlimited'
limited --cpu=2:2 'ulimit -t unlimited'
limited --nofile=20:20 'ulimit -n 1024'
limited --nofile=256:256 'ulimit -n 1024'
harmless=
for kind in core locks memlock msgqueue nice rss rtprio sigpending; do
  harmless="$harmless --$kind=0:0"
done
limited "$harmless" 'nothing: they do no harm'
[ "$status" = 0 ] || fail "limits that do no harm cost nothing"
if [ "$(id -u)" != 0 ]; then
  limited --nproc=5:5 'ulimit -u unlimited'
else
  echo "  skipped: root may start any number of processes"
fi

# --- What is printed and written --------------------------------------------------------

start sh -c '"$0" map >/dev/full' "$course"
is 3 'cannot write to standard output: No space left on device' "a full standard output"
mkfifo "$work/pipe"
start sh -c 'sleep 0.1 <"$1/pipe" & exec >"$1/pipe"; sleep 1; exec "$0" map --json' \
  "$course" "$work"
is 3 'cannot write to standard output: Broken pipe' "a pipe whose reader is gone"
start sh -c '"$0" map >&-' "$course"
is 3 'cannot write to standard output: Bad file descriptor' "a closed standard output"
start sh -c '"$0" map <&- 2>&-' "$course"
is 0 'next: ' "closed descriptors that are not needed"
# reports OPTION WORDS: what it writes has WORDS in it, to its last line.
reports() {
  grade 1.1 "$1" /dev/full
  is 3 'cannot write /dev/full: No space left on device' "a full device for $1"
  says 'free some space' || fail "the remedy of a full disk is reported"
  echo old >"$work/real"
  ln -sf real "$work/link"
  grade 1.1 "$1" "$work/link"
  [ -L "$work/link" ] && grep -q "$2" "$work/real" || fail "$1 writes through a link"
  if mknod "$work/null" c 1 3 2>/dev/null || [ -c "$work/null" ]; then
    grade 1.1 "$1" "$work/null"
    [ -c "$work/null" ] || fail "$1 leaves a device a device"
  else
    echo "skipped: this user may make no device"
  fi
  cat "$work/pipe" >"$work/piped" &
  reader=$!
  grade 1.1 "$1" "$work/pipe"
  wait $reader
  [ -p "$work/pipe" ] && grep -q "$2" "$work/piped" || fail "$1 writes into a pipe"
  grade 1.1 "$1" -
  grep -q "$2" "$work/out" && ! grep -q '^next: ' "$work/out" && grep -q '^next: ' "$work/err" ||
    fail "$1 - writes to standard output, and what people read to standard error"
}
reports --json '"verdict"'
reports --html '</html>'

# --- A folder that is gone --------------------------------------------------------------

mkdir "$work/gone"
start sh -c 'cd "$1/gone" && rmdir "$1/gone" && exec "$0" map' "$course" "$work"
is 0 'was deleted' "a working folder that was deleted"

# --- Disks that are full ----------------------------------------------------------------

# on_full_disk FOLDER COMMAND…: with a file system of 64 KiB in FOLDER's place, a copy of it
# where it fits, and full.
on_full_disk() {
  folder=$1
  shift
  start unshare --map-root-user --mount sh -ec '
    folder=$1; shift
    cp -r "$folder" "$1/copy" 2>/dev/null || :
    mount -t tmpfs -o size=64k none "$folder"
    [ ! -d "$1/copy" ] || cp -r "$1/copy/." "$folder/" 2>/dev/null || :
    cat /dev/zero >"$folder/full" 2>/dev/null || :
    shift; exec "$@"' sh "$folder" "$work" "$@"
  rm -rf "$work/copy"
}

if unshare --map-root-user --mount true 2>/dev/null; then
  # A file of a student's, with a mistake that its unit tests find.
  sed 's/jobs_.push_back(/jobs_.push_front(/' solutions/01-*/job_queue.hpp >"$file"
  on_full_disk "$exercise" sh -c '
    status=0; "$0" reset 1.1 || status=$?; ls "$1"; exit $status' "$course" "$exercise"
  is 3 'No space left on device' "reset on a full disk"
  ! says '.mine-' || fail "reset on a full disk leaves no copy"
  mkdir -p .course
  start "$course" --compiler "$compiler" grade 1.1
  is 1 'unit failed' "a mistake"
  on_full_disk .course "$course" --compiler "$compiler" grade 1.1
  is 3 'No space left on device' "the log of a test that fails, on a full disk"
  says 'free some space' || fail "the remedy of a full disk is reported"
  on_full_disk .course "$course" --compiler "$compiler" grade --answers 1.1 --json .course/g.json
  is 3 'No space left on device' "a report on a full disk"
  graded=.build/$compiler/student/graded
  touch solutions/01-*/job_queue.hpp
  on_full_disk "$graded" "$course" --compiler "$compiler" grade --answers 1.1
  is 3 'the disk is full' "a build on a full disk"
else
  echo "skipped: this machine does not let a user mount a file system"
fi

[ "$failures" = 0 ] && echo "all passed"
[ "$failures" = 0 ]
