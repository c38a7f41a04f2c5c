#!/bin/sh
# clangd finds the flags of a student's file without being told where they are, once a tree was
# configured: clangd_test.sh ROOT COMPILER
set -eu

command -v clangd >/dev/null 2>&1 || {
  echo "no clangd here: what it finds is not tested"
  exit 77
}
root=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
file=exercises/01-parallel-workers/job_queue/job_queue.hpp

# What a clone holds after its first start; the tree is the one that is here.
mkdir -p "$work/.build/student"
cp -r "$root/.clangd" "$root/exercises" "$root/lessons" "$root/autograder" "$work/"
sed "s|$root/\.build/$2/student|$work/.build/student|g; s|$root|$work|g" \
  "$root/.build/$2/student/compile_commands.json" >"$work/.build/student/compile_commands.json"

cd "$work"
# Its index and the course's own checks of names are nothing to this.
clangd --check="$file" --background-index=false --clang-tidy=0 >"$work/said" 2>&1 || :
grep -q 'Compile command from CDB\|Compile command inferred from' "$work/said" || {
  echo "FAILED: clangd found no flags for $file"
  grep -i 'command' "$work/said"
  exit 1
}
! grep -q 'E\[.*\(file not found\|unknown type\)' "$work/said" || {
  echo "FAILED: with the flags that clangd found, $file does not compile"
  grep 'E\[' "$work/said"
  exit 1
}
rm .clangd
clangd --check="$file" --background-index=false --clang-tidy=0 >"$work/said" 2>&1 || :
! grep -q 'Compile command from CDB\|Compile command inferred from' "$work/said" || {
  echo "FAILED: this test cannot fail: without .clangd the flags are found too"
  exit 1
}
