# The libraries the course builds on: the system's own where it has them, else a pinned
# download. COURSE_ARCHIVES names a folder that holds the archives already, for a machine
# without a network; they are checked against the same hashes.
set(COURSE_ARCHIVES "" CACHE PATH "A folder with the archives of missing libraries")

find_package(Threads REQUIRED)
include(FetchContent)

# Declares library `name`, found on the system as `package`.
function(course_library name package archive url sha256)
  set(urls ${url})
  if(COURSE_ARCHIVES)
    set(urls file://${COURSE_ARCHIVES}/${archive})
  endif()
  FetchContent_Declare(${name} SYSTEM URL ${urls} URL_HASH SHA256=${sha256}
    DOWNLOAD_EXTRACT_TIMESTAMP ON FIND_PACKAGE_ARGS NAMES ${package})
endfunction()

course_library(googletest GTest googletest-1.12.1.tar.gz
  https://github.com/google/googletest/archive/refs/tags/release-1.12.1.tar.gz
  81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2)
course_library(benchmark benchmark benchmark-1.7.1.tar.gz
  https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz
  6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7)
course_library(cli11 CLI11 cli11-2.1.2.tar.gz
  https://github.com/CLIUtils/CLI11/archive/refs/tags/v2.1.2.tar.gz
  26291377e892ba0e5b4972cdfd4a2ab3bf53af8dac1f4ea8fe0d1376b625c8cb)
course_library(nlohmann_json nlohmann_json nlohmann_json-3.11.2.tar.gz
  https://github.com/nlohmann/json/archive/refs/tags/v3.11.2.tar.gz
  d69f9deb6a75e2580465c6c4c5111b89c4dc2fa94e3a85fcd2ffcd9a143d9273)
course_library(fmt fmt fmt-9.1.0.tar.gz
  https://github.com/fmtlib/fmt/archive/refs/tags/9.1.0.tar.gz
  5dea48d1fcddc3ec571ce2058e13910a0d4a6bab4cc09a809d8b1dd1c88ae6f2)
course_library(tomlplusplus tomlplusplus tomlplusplus-3.3.0.tar.gz
  https://github.com/marzer/tomlplusplus/archive/refs/tags/v3.3.0.tar.gz
  fc1a5eb410f3c67e90e5ad1264a1386d020067cfb01b633cc8c0441789aa6cf2)
course_library(httplib httplib cpp-httplib-0.14.3.tar.gz
  https://github.com/yhirose/cpp-httplib/archive/v0.14.3.tar.gz
  dcf6486d9030937636d8a4f820ca9531808fd7edb283893dddbaa05f99357e63)

# What a downloaded library would build besides itself.
set(INSTALL_GTEST OFF)
set(BUILD_GMOCK OFF)
set(BENCHMARK_ENABLE_TESTING OFF)
set(BENCHMARK_ENABLE_INSTALL OFF)
set(BENCHMARK_ENABLE_WERROR OFF)
set(HTTPLIB_USE_OPENSSL_IF_AVAILABLE OFF)
set(HTTPLIB_USE_ZLIB_IF_AVAILABLE OFF)
set(HTTPLIB_USE_BROTLI_IF_AVAILABLE OFF)
set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # so that the lines above reach their options

FetchContent_MakeAvailable(googletest benchmark)

# Lesson 4's stores outside the process. SQLite is always there; a Redis server's client is
# not.
find_package(SQLite3)
if(NOT SQLite3_FOUND)
  message(FATAL_ERROR "SQLite is missing. On Debian or Ubuntu: apt-get install libsqlite3-dev")
endif()
find_package(hiredis MODULE)
if(COURSE_STAGE STREQUAL "bench")
  # Peers to measure against, each only where the system has it. What installs them stands in
  # autograder/setup.
  include(peers)
  course_peer(BOOST_ASIO HEADER boost/asio.hpp)
  course_peer(BOOST_INTERPROCESS HEADER boost/interprocess/ipc/message_queue.hpp)
  course_peer(BOOST_LOCKFREE HEADER boost/lockfree/queue.hpp)
  course_peer(CAF HEADER caf/all.hpp LIBRARIES caf_core)
  course_peer(CAPNPROTO HEADER capnp/any.h LIBRARIES capnp kj)
  course_peer(FLATBUFFERS HEADER flatbuffers/flatbuffers.h)
  course_peer(LEVELDB HEADER leveldb/c.h LIBRARIES leveldb)
  course_peer(LIBEVENT HEADER event2/event.h LIBRARIES event event_pthreads)
  course_peer(LIBUV HEADER uv.h LIBRARIES uv)
  course_peer(LTTNG HEADER lttng/tracepoint.h LIBRARIES lttng-ust)
  course_peer(MSGPACK HEADER msgpack.hpp)
  course_peer(OPENMP HEADER omp.h PACKAGE OpenMP COMPONENTS CXX TARGET OpenMP::OpenMP_CXX)
  course_peer(READERWRITERQUEUE HEADER readerwriterqueue/readerwriterqueue.h)
  course_peer(ROCKSDB HEADER rocksdb/c.h LIBRARIES rocksdb)
  course_peer(TBB HEADER oneapi/tbb/version.h PACKAGE TBB TARGET TBB::tbb)
  course_peer(ZEROMQ HEADER zmq.h LIBRARIES zmq)
endif()
if(COURSE_STAGE STREQUAL "student" OR COURSE_STAGE STREQUAL "author")
  FetchContent_MakeAvailable(cli11 nlohmann_json fmt tomlplusplus)
  find_package(httplib MODULE)
  if(NOT httplib_FOUND)
    FetchContent_MakeAvailable(httplib)
  endif()
endif()
