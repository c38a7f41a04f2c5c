#!/bin/sh
# Tests of autograder/course and autograder/setup, on a copy of them with tools that only
# pretend: course_script_test.sh AUTOGRADER_FOLDER
#
# The pretended ninja "builds" a program that prints its arguments and exits 7.
set -eu

from=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CI CXX
failures=0

fail() {
  echo "FAILED: $1"
  echo "  status $status, output:"
  sed 's/^/  | /' "$work/out" "$work/err"
  failures=$((failures + 1))
}

# A fresh copy of the scripts in $root, and tools that say what they were called for.
fresh() {
  rm -rf "$work/clone" "$work/tools" "$work/calls"
  root=$work/clone
  mkdir -p "$root/autograder" "$work/tools"
  cp "$from/course" "$from/setup" "$from/compilers" "$root/autograder/"
  for tool in sh dirname readlink cut sed grep cat find head tail tr mkdir rm id chmod sleep \
    touch flock mv setsid stat; do
    ln -s "$(command -v $tool)" "$work/tools/$tool"
  done
  tool c++ 'case $1 in -dumpversion) echo 12 ;; *) echo "c++ (Debian) 12.2.0" ;; esac'
  tool cmake 'case $1 in --version) echo "cmake version 3.25.1" ;;
    *) echo "cmake $*" >>"'"$work"'/calls"; tree="'"$root"'/.build/student"; mkdir -p "$tree"
       echo "default all" >"$tree/build.ninja"
       echo "COURSE_STAGE:STRING=student
CMAKE_HOME_DIRECTORY:INTERNAL='"$root"'" >"$tree/CMakeCache.txt" ;; esac'
  tool ninja 'echo "[1/1] Building"; program="'"$root"'/.build/student/course"
    [ ! -e "$program" ] || exit 0
    echo "#!/bin/sh
echo \"ran:\$*\"; [ \"\$1\" != cxx ] || echo \"CXX=\$CXX\"; exit 7" >"$program"
    chmod +x "$program"'
  tool patch 'exit 0'
  tool gdb 'exit 0'
  tool dpkg-query 'echo "install ok installed"'
}

tool() {
  printf '#!/bin/sh\n%s\n' "$2" >"$work/tools/$1"
  chmod +x "$work/tools/$1"
}

# Runs a script with the pretended tools only, without a terminal.
start() {
  status=0
  PATH=$work/tools "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}

course() { start "$root/autograder/course" "$@"; }

says() { grep -qF -- "$1" "$work/out" "$work/err"; }

fresh
course grade 1.1 --json -
[ "$status" = 7 ] || fail "the program's exit status is the script's"
[ "$(cat "$work/out")" = 'ran:grade 1.1 --json -' ] || fail "arguments are handed on"
[ ! -s "$work/err" ] || fail "a build that works is quiet"

course --yes map
says 'ran:map' && [ "$status" = 7 ] || fail "--yes is the script's own"

rm -f "$work/calls"
course map
[ ! -e "$work/calls" ] || fail "nothing is configured twice"

ln -s "$root/autograder/course" "$work/link"
(cd / && PATH=$work/tools "$work/link" map) >"$work/out" 2>"$work/err" || :
says 'ran:map' || fail "it runs from any folder, through a link"

mv "$root" "$work/moved"
sed "s|/clone|/moved|g" "$work/tools/cmake" >"$work/tools/cmake.new"
sed "s|/clone|/moved|g" "$work/tools/ninja" >"$work/tools/ninja.new"
for name in cmake ninja; do
  mv "$work/tools/$name.new" "$work/tools/$name"
  chmod +x "$work/tools/$name"
done
start "$work/moved/autograder/course" map
[ -e "$work/calls" ] && says 'ran:map' || fail "a folder that was moved is built anew"
rm -rf "$work/moved"

fresh
rm "$work/tools/ninja" "$work/tools/c++"
course map
[ "$status" = 3 ] || fail "a missing tool that cannot be installed is status 3"
says 'lacks ninja, g++ 12 to 14 or clang++ 14 to 19.' || fail "what is missing is named"
says 'apt-get install -y cmake ninja-build g++' || fail "the command that fixes it is printed"

fresh
tool cmake 'echo "cmake version 3.22.1"'
course map
[ "$status" = 3 ] && says 'CMake 3.25' || fail "an old CMake is reported"

fresh
tool c++ 'case $1 in -dumpversion) echo 11 ;; *) echo "c++ (Ubuntu) 11.4.0" ;; esac'
tool g++-12 'case $1 in -dumpversion) echo 12 ;; *) echo "g++-12 12.3.0" ;; esac'
course cxx
says 'CXX=g++-12' || fail "a newer compiler beside an old default is taken"
[ "$(sed -n 2p "$root/.build/ready.student")" = g++-12 ] || fail "the compiler is remembered"

says 'c++ is version 11, which is too old; g++-12 is used' || fail "an old default is named"

fresh
tool c++ 'case $1 in -dumpversion) echo 11 ;; *) echo "c++ (Ubuntu) 11.4.0" ;; esac'
course map
[ "$status" = 3 ] && says 'clang++ 14 to 19 (c++ is version 11)' || fail "an old compiler is named"

fresh
tool c++ 'case $1 in -dumpversion) echo 15.1 ;; *) echo "c++ 15.1" ;; esac'
course map
[ "$status" = 7 ] && says 'newer than any the course was tried' || fail "a new one is named"
tool clang++-19 'case $1 in -dumpversion) echo 19.1 ;; *) echo "Debian clang version 19.1" ;; esac'
rm "$root/.build/ready.student"
course cxx
says 'CXX=clang++-19' || fail "one that is supported goes before a newer one"

fresh
rm "$work/tools/ninja"
tool dpkg-query 'exit 1'
rm "$work/tools/id"
tool id 'echo 0'
ln -s "$(command -v env)" "$work/tools/env"
tool apt-get 'echo "apt-get $*" >>"'"$work"'/calls"
  case "$*" in *install*) printf "#!/bin/sh\nexit 1\n" >"'"$work"'/tools/ninja"
    chmod +x "'"$work"'/tools/ninja" ;; esac'
course map
! grep -q install "$work/calls" 2>/dev/null || fail "nothing is installed without asking"
[ "$status" = 3 ] || fail "without a terminal to ask it stops"
CI=true
export CI
course map
unset CI
grep -q 'install.*ninja-build' "$work/calls" || fail "CI=true installs"
says 'could not be built' || fail "a build that fails is reported"
[ "$status" = 3 ] || fail "a build that fails is status 3"

# The dev container's image has nothing; what it runs first makes it ready.
fresh
mv "$work/tools/ninja" "$work/later"
tool dpkg-query 'exit 1'
rm "$work/tools/id"
tool id 'echo 0'
ln -s "$(command -v env)" "$work/tools/env"
tool apt-get 'case "$*" in *install*ninja-build*)
  mv "'"$work"'/later" "'"$work"'/tools/ninja" ;; esac'
container=$from/../.devcontainer/devcontainer.json
first=$(sed -n 's/.*"postCreateCommand": "\(.*\)".*/\1/p' "$container")
status=0
(cd "$root" && PATH=$work/tools sh -c "$first") >"$work/out" 2>"$work/err" </dev/null || status=$?
says 'ran:' && [ "$status" = 7 ] || fail "a dev container installs, builds and shows the map"

fresh
tool ninja 'echo "course.cpp:1:2: error: broken"; exit 1'
course map
says 'course.cpp:1:2: error: broken' || fail "the compiler's error is shown"

# --- What was cut short, or is something else -------------------------------------------

# damage FILE HOW
damage() {
  case $2 in
    emptied) : >"$1" ;;
    "cut in half")
      head -c "$(($(stat -c %s "$1") / 2))" "$1" >"$work/half"
      cat "$work/half" >"$1"
      ;;
    garbage) head -c 100 /dev/urandom >"$1" ;;
    "a folder") rm -rf "$1" && mkdir -p "$1/within" ;;
    "a file") rm -rf "$1" && echo something >"$1" ;;
  esac
}

# heals FILE HOW…: one start after each kind of damage runs the command.
heals() {
  file=$1
  shift
  for how; do
    damage "$root/.build/$file" "$how"
    course map
    [ "$status" = 7 ] && says 'ran:map' || fail ".build/$file, $how: one start must heal it"
    echo "tried: .build/$file, $how"
  done
}

fresh
course map
for file in ready.student lock course.log course.built student/course student/build.ninja \
  student/CMakeCache.txt; do
  heals $file emptied "cut in half" garbage "a folder"
done
heals student "a file"
rm -rf "$root/.build"
echo something >"$root/.build"
course map
[ "$status" = 7 ] && says 'ran:map' || fail ".build, a file: one start must heal it"

rm "$root/.build/student/CMakeCache.txt" "$work/calls"
course map
grep -q 'cmake --preset student' "$work/calls" || fail "a lost cache is made by its preset"

fresh
course map
touch "$root/.build/student/damaged"
cp "$work/tools/ninja" "$work/ninja"
tool ninja '[ ! -e "'"$root"'/.build/student/damaged" ] || { echo "x.o: file truncated"; exit 1; }
  exec "'"$work"'/ninja" "$@"'
course map
[ "$status" = 7 ] || fail "a tree that does not build is made anew"

# --- A start that is killed -------------------------------------------------------------

for signal in KILL TERM INT; do
  fresh
  tool ninja 'sleep 30'
  env --default-signal=INT "COURSE_START=$$-$signal" "PATH=$work/tools" \
    "$root/autograder/course" map >"$work/out" 2>"$work/err" </dev/null &
  starting=$!
  sleep 1
  kill -$signal $starting
  status=0
  wait $starting || status=$?
  sleep 1.5
  [ "$status" -gt 128 ] || fail "SIG$signal ends a start"
  ! grep -lzxF "COURSE_START=$$-$signal" /proc/[0-9]*/environ 2>/dev/null ||
    fail "SIG$signal leaves nothing of a build running"
done

# --- Folders of others, folders that run nothing ----------------------------------------

# Runs `course map` as a user that may not write to what root owns.
as_another_user() {
  status=0
  if [ "$(id -u)" = 0 ]; then
    chmod 755 "$work"
    chmod a+rx "$root"
    PATH=$work/tools setpriv --reuid 65534 --regid 65534 --clear-groups \
      "$root/autograder/course" map >"$work/out" 2>"$work/err" </dev/null || status=$?
  else
    course map
  fi
}

fresh
setpriv=$(command -v setpriv) && ln -s "$setpriv" "$work/tools/setpriv"
course map
chmod a-w "$root/.build/student"
as_another_user
[ "$status" = 3 ] && says 'another user built the course here' ||
  fail "a foreign .build is reported"
says "sudo rm -rf '$root/.build'" || fail "the command that fixes it is printed"
chmod u+w "$root/.build/student"

fresh
if unshare --map-root-user --mount true 2>/dev/null; then
  status=0
  mkdir "$work/noexec"
  unshare --map-root-user --mount sh -c '
    mount -t tmpfs -o noexec none "$0" && cp -r "$1/autograder" "$0/" &&
    PATH=$2 exec sh "$0/autograder/course" map' \
    "$work/noexec" "$root" "$work/tools" >"$work/out" 2>"$work/err" || status=$?
  [ "$status" = 3 ] && says 'mounted noexec' || fail "a file system that runs nothing is reported"
  status=0
  unshare --map-root-user --mount sh -c '
    mount -t tmpfs -o size=256k none "$0" && cp -r "$1/autograder" "$0/" && mkdir "$0/.build" &&
    { cat /dev/zero >"$0/full" 2>/dev/null || :; } && PATH=$2 exec sh "$0/autograder/course" map' \
    "$work/noexec" "$root" "$work/tools" >"$work/out" 2>"$work/err" || status=$?
  [ "$status" = 3 ] && says 'the disk may be full' || fail "a full disk is reported"
else
  echo "skipped: this machine does not let a user mount a file system"
fi

fresh
start sh -c 'root=$1 yes=1; . "$1/autograder/setup"; start_progress Working /dev/null; sleep 2.5
  kill -0 "$ticker" && end_progress' sh "$root"
[ "$status" = 0 ] || fail "what shows progress lives until it is ended"
[ "$(cat "$work/err")" = 'Working …' ] || fail "without a terminal progress is said once"

[ "$failures" = 0 ] && echo "all passed"
[ "$failures" = 0 ]
