#!/bin/sh
# A peer is found when it is installed after its tree was configured, and missed when it
# goes: peers_test.sh AUTOGRADER_FOLDER COMPILER
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/prefix"

cat >"$work/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(peers LANGUAGES CXX)
include($1/cmake/peers.cmake)
course_peer(ECHO HEADER echo_peer/echo.h LIBRARIES echo_peer)
course_peer(SILENCE HEADER silence_peer/silence.h)
add_executable(measure measure.cpp)
target_link_libraries(measure PRIVATE course_peers
  \$<TARGET_NAME_IF_EXISTS:peer::echo> \$<TARGET_NAME_IF_EXISTS:peer::silence>)
END
cat >"$work/measure.cpp" <<'END'
#if COURSE_HAS_ECHO
#include <echo_peer/echo.h>
#else
static int echo(int value) { return -value; }
#endif
#if COURSE_HAS_SILENCE
#include <silence_peer/silence.h>
#endif
int main() { return echo(40) == 40 ? COURSE_HAS_SILENCE : 2 + COURSE_HAS_SILENCE; }
END

cmake -G Ninja -S "$work" -B "$work/tree" -DCMAKE_CXX_COMPILER="$2" \
  -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

# expect STATUS WHAT: builds, without configuring, and runs.
expect() {
  cmake --build "$work/tree" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
  status=0
  "$work/tree/measure" || status=$?
  [ "$status" = "$1" ] || { echo "FAILED: $2 (status $status)"; cat "$work/log"; exit 1; }
}

expect 2 "a peer that is not there is reported as such"

mkdir -p "$work/prefix/include/echo_peer" "$work/prefix/include/silence_peer" "$work/prefix/lib"
echo 'int echo(int value);' >"$work/prefix/include/echo_peer/echo.h"
touch "$work/prefix/include/silence_peer/silence.h"
expect 3 "a peer without its library is not there; one that is all headers is"

echo 'int echo(int value) { return value; }' >"$work/echo.cpp"
"$2" -c -o "$work/echo.o" "$work/echo.cpp"
ar rcs "$work/prefix/lib/libecho_peer.a" "$work/echo.o"
rm -r "$work/prefix/include/silence_peer"
cmake "$work/tree" >/dev/null
expect 0 "a library is looked for again"

rm -r "$work/prefix/include/echo_peer"
expect 2 "a peer that goes is missed at the next build"
echo "all passed"
