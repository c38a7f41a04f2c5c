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
    touch flock; do
    ln -s "$(command -v $tool)" "$work/tools/$tool"
  done
  tool c++ 'case $1 in -dumpversion) echo 12 ;; *) echo "c++ (Debian) 12.2.0" ;; esac'
  tool cmake 'case $1 in --version) echo "cmake version 3.25.1" ;;
    *) echo "cmake $*" >>"'"$work"'/calls"; mkdir -p "'"$root"'/.build/student"
       touch "'"$root"'/.build/student/build.ninja" ;; esac'
  tool ninja 'echo "[1/1] Building"; program="'"$root"'/.build/student/course"
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
sed "s|/clone/|/moved/|g" "$work/tools/cmake" >"$work/tools/cmake.new"
sed "s|/clone/|/moved/|g" "$work/tools/ninja" >"$work/tools/ninja.new"
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
says 'apt-get install -y cmake ninja-build g++' || fail "the command that mends it is printed"

fresh
tool cmake 'echo "cmake version 3.22.1"'
course map
[ "$status" = 3 ] && says 'CMake 3.25' || fail "an old CMake is told"

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
says 'could not be built' || fail "a build that fails is told"
[ "$status" = 3 ] || fail "a build that fails is status 3"

fresh
tool ninja 'echo "course.cpp:1:2: error: broken"; exit 1'
course map
says 'course.cpp:1:2: error: broken' || fail "the compiler's error is shown"

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
[ "$status" = 3 ] && says 'another user built the course here' || fail "a foreign .build is told"
says "sudo rm -rf '$root/.build'" || fail "the command that mends it is printed"
chmod u+w "$root/.build/student"

fresh
if unshare --map-root-user --mount true 2>/dev/null; then
  status=0
  mkdir "$work/noexec"
  unshare --map-root-user --mount sh -c '
    mount -t tmpfs -o noexec none "$0" && cp -r "$1/autograder" "$0/" &&
    PATH=$2 exec sh "$0/autograder/course" map' \
    "$work/noexec" "$root" "$work/tools" >"$work/out" 2>"$work/err" || status=$?
  [ "$status" = 3 ] && says 'mounted noexec' || fail "a file system that runs nothing is told"
else
  echo "skipped: this machine does not let a user mount a file system"
fi

[ "$failures" = 0 ] && echo "all passed"
[ "$failures" = 0 ]
