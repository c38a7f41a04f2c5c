#!/bin/sh
# Where the system has no cpp-httplib, its pinned archive is taken, checked, and built without
# what the course does not use: download_test.sh AUTOGRADER_FOLDER COMPILER
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/project" "$work/source" "$work/archives"
cat >"$work/project/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(of_the_test LANGUAGES CXX)
set(COURSE_STAGE student)
list(APPEND CMAKE_MODULE_PATH "$1/cmake")
include(dependencies)
get_target_property(what httplib::httplib INTERFACE_COMPILE_DEFINITIONS)
message(STATUS "httplib is \${what}")
END

configure() {
  rm -rf "$work/tree"
  cmake -S "$work/project" -B "$work/tree" -G Ninja -DCMAKE_CXX_COMPILER="$2" \
    -DCMAKE_DISABLE_FIND_PACKAGE_httplib=ON "$1" >"$work/said" 2>&1
}

fail() {
  echo "FAILED: $1"
  sed 's/^/  | /' "$work/said"
  exit 1
}

# --- An archive that is not the pinned one ------------------------------------------------
(cd "$work/source" && touch httplib.h && tar czf "$work/archives/cpp-httplib-0.14.3.tar.gz" .)
! configure "-DCOURSE_ARCHIVES=$work/archives" "$2" || fail "any archive of that name is taken"
grep -q 'hash' "$work/said" || fail "the archive is refused, but not for its hash"

# --- What is in it ------------------------------------------------------------------------
cat >"$work/source/CMakeLists.txt" <<'END'
foreach(library IN ITEMS OPENSSL ZLIB BROTLI)
  option(HTTPLIB_USE_${library}_IF_AVAILABLE "as the library itself has it" ON)
  if(HTTPLIB_USE_${library}_IF_AVAILABLE)
    message(FATAL_ERROR "${library} would be linked")
  endif()
endforeach()
add_library(httplib INTERFACE)
add_library(httplib::httplib ALIAS httplib)
target_compile_definitions(httplib INTERFACE the_downloaded_one)
END
configure "-DFETCHCONTENT_SOURCE_DIR_HTTPLIB=$work/source" "$2" || fail "it cannot be configured"
grep -q 'httplib is the_downloaded_one' "$work/said" || fail "the system's is taken"
echo "all passed"
