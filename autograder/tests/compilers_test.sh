#!/bin/sh
# A compiler that does not fit is named when a tree is configured:
# compilers_test.sh AUTOGRADER_FOLDER
set -eu

# configured ID VERSION: what configuring says, in one line.
configured() {
  status=0
  said=$(cmake -DCMAKE_CXX_COMPILER_ID="$1" -DCMAKE_CXX_COMPILER_VERSION="$2" \
    -DCMAKE_CXX_COMPILER=/opt/cxx -P "$autograder/cmake/compilers.cmake" 2>&1) || status=$?
  said=$(printf '%s' "$said" | tr -s '\n ' ' ')
}

# expect STATUS WORDS, or no words at all.
expect() {
  case $status-$said in
    "$1-"*"$2"*) [ -n "$2" ] || [ -z "$said" ] && return ;;
  esac
  echo "FAILED: status $status, not $1; said: $said; not: $2"
  exit 1
}

autograder=$1
for fits in "GNU 12.2.0" "GNU 14.1" "Clang 14.0.6" "Clang 19.1.7"; do
  configured $fits
  expect 0 ""
done
configured GNU 11.4.0
expect 1 "/opt/cxx is g++ 11, and the course needs g++ 12 to 14: it is too old."
configured Clang 13.0.1
expect 1 "/opt/cxx is clang++ 13, and the course needs clang++ 14 to 19: it is too old."
configured Clang 20.1
expect 0 "it is newer than any"
configured Intel 2021
expect 0 "never tried with Intel"
echo "all passed"
