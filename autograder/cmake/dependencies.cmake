# The libraries the course stands on: the system's own where it has them, else a pinned download.

find_package(Threads REQUIRED)
include(FetchContent)

find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
if(COURSE_STAGE STREQUAL "student" OR COURSE_STAGE STREQUAL "author")
  find_package(CLI11 REQUIRED)
  find_package(nlohmann_json REQUIRED)
  find_package(fmt REQUIRED)
  find_package(tomlplusplus REQUIRED)
endif()
