# course_lesson([LIBRARY…]) and course_exercise(NAME [LIBRARY…]): the two lines of a lesson's
# CMakeLists.txt. A library that this machine does not have is left out. A peer, which only the
# bench tree has, is named as in dependencies.cmake: course_lesson(peer::tbb).
#
# An exercise may include its lesson's headers. course_exercise(NAME AFTER EARLIER…) may also
# include <EARLIER.hpp>: an exercise of the same lesson, as the course solves it, so that what a
# student has made of it, or not yet, changes nothing.
#
# A program is graded in variants that differ in one include directory only:
#   student    exercises/LESSON/NAME/NAME.hpp
#   solution   solutions/LESSON/NAME.hpp
#   a mutant   the solution with autograder/mutants/LESSON/NAME/MUTANT.diff applied
#   made-1     what `course author mutate` makes of the solution, and made-2 to made-4
# and is found at BUILD/graded/NAME-VARIANT. Every tree has one kind of program: the bench
# tree the speed gate, every other tree the unit tests, compiled as the tree's stage asks.
# All of them may include the headers of their lesson: an exercise may build upon those.

# Sets `variable` to what matches `pattern` in `folder`, relative to it; looked for again at each
# build. The folder may have any name: in a pattern, a bracket begins a set of characters.
function(course_glob variable folder pattern)
  string(REPLACE "[" "[[]" literal ${folder})
  file(GLOB found CONFIGURE_DEPENDS RELATIVE ${folder} ${literal}/${pattern})
  set(${variable} ${found} PARENT_SCOPE)
endfunction()

# Has each compile of `target` leave what the grader looks at beside its program: what the
# preprocessor made of its source, and its object's symbols. The names are relative to the tree
# in which it runs: CMake does not quote a launcher, and the course's folder may have any name.
function(course_look target)
  set(preprocess -E -dD)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    list(APPEND preprocess -fpch-preprocess)  # else it reads all that is precompiled again
  endif()
  list(JOIN preprocess " " flags)
  file(RELATIVE_PATH launcher ${CMAKE_BINARY_DIR}
    ${PROJECT_SOURCE_DIR}/autograder/cmake/compile_and_look)
  file(RELATIVE_PATH program ${CMAKE_BINARY_DIR} ${PROJECT_BINARY_DIR}/graded/${target})
  set_target_properties(${target} PROPERTIES RULE_LAUNCH_COMPILE
    "\"${launcher}\" \"${program}\" \"${CMAKE_NM}\" \"${flags}\"")
endfunction()

# Compiles one variant of the exercise `name` against the header in `include`.
function(course_variant name variant include)
  set(target ${name}-${variant})
  if(COURSE_STAGE STREQUAL "bench")
    set(source ${PROJECT_SOURCE_DIR}/bench/${lesson}/${name}_gate.cpp)
    set(harness course_gate_harness)
  else()
    set(source ${PROJECT_SOURCE_DIR}/exercises/${lesson}/${name}/${name}_test.cpp)
    set(harness course_test_harness)
  endif()
  add_executable(${target} ${source})
  target_include_directories(${target} PRIVATE
    ${include} ${PROJECT_SOURCE_DIR}/lessons/${lesson} ${earlier})
  target_link_libraries(${target} PRIVATE ${harness} ${libraries})
  target_precompile_headers(${target} REUSE_FROM ${harness})
  # GCC 12 takes a std::jthread for uninitialised if its scope ends at a step still to be written.
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/graded)
  course_look(${target})
  if(NOT variant STREQUAL "student")
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()

# Applies one mutant's diff to the solution, in the build tree, and compiles the result.
function(course_mutant name diff)
  cmake_path(GET diff STEM mutant)
  set(folder ${PROJECT_BINARY_DIR}/mutants/${lesson}/${name}/${mutant})
  set(solution ${PROJECT_SOURCE_DIR}/solutions/${lesson}/${name}.hpp)
  set(defence ${PROJECT_SOURCE_DIR}/solutions/${lesson}/defence.toml)
  if(NOT EXISTS ${defence})
    set(defence "")
  endif()
  # A mistake is one in the code, or one in its defence.
  set(changed ${name}.hpp)
  file(STRINGS ${diff} in_defence REGEX "^[+][+][+] defence[.]toml")
  if(in_defence)
    set(changed defence.toml)
  endif()
  add_custom_command(
    OUTPUT ${folder}/${name}.hpp
    DEPENDS ${solution} ${defence} ${diff}
    COMMAND ${CMAKE_COMMAND} -E copy ${solution} ${defence} ${folder}
    COMMAND patch --quiet --no-backup-if-mismatch --fuzz=0 ${folder}/${changed} ${diff}
    VERBATIM)
  course_variant(${name} ${mutant} ${folder})
  target_sources(${name}-${mutant} PRIVATE ${folder}/${name}.hpp)
  # Its header is only there once it is built: nothing for tools that read every command.
  # A mistake may have its warning: a student's would.
  set_target_properties(${name}-${mutant} PROPERTIES
    EXPORT_COMPILE_COMMANDS OFF COMPILE_WARNING_AS_ERROR OFF)
endfunction()

# Sets `libraries` to those of the arguments that are there.
macro(course_libraries)
  set(libraries "")
  foreach(library IN ITEMS ${ARGN})
    list(APPEND libraries $<TARGET_NAME_IF_EXISTS:${library}>)
  endforeach()
endmacro()

# Sets `earlier` to a folder that holds the solutions of those exercises, and nothing else.
macro(course_earlier)
  set(earlier "")
  foreach(exercise IN ITEMS ${ARGN})
    set(earlier ${PROJECT_BINARY_DIR}/earlier/${lesson}/${name})
    configure_file(${PROJECT_SOURCE_DIR}/solutions/${lesson}/${exercise}.hpp
      ${earlier}/${exercise}.hpp COPYONLY)
  endforeach()
endmacro()

# Declares the exercise `name` of the lesson whose CMakeLists.txt calls this.
function(course_exercise name)
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME lesson)
  cmake_parse_arguments(PARSE_ARGV 1 exercise "" "" "AFTER")
  course_earlier(${exercise_AFTER})
  course_libraries(${exercise_UNPARSED_ARGUMENTS})
  course_variant(${name} student ${PROJECT_SOURCE_DIR}/exercises/${lesson}/${name})
  course_variant(${name} solution ${PROJECT_SOURCE_DIR}/solutions/${lesson})
  set(mutants ${PROJECT_SOURCE_DIR}/autograder/mutants/${lesson}/${name})
  course_glob(diffs ${mutants} *.diff)
  foreach(diff IN LISTS diffs)
    course_mutant(${name} ${mutants}/${diff})
  endforeach()
  # Where `course author mutate` puts what it makes by rule, some at a time.
  foreach(seat RANGE 1 4)
    course_variant(${name} made-${seat}
      ${PROJECT_BINARY_DIR}/mutants/${lesson}/${name}/made-${seat})
    set_target_properties(${name}-made-${seat} PROPERTIES
      EXPORT_COMPILE_COMMANDS OFF COMPILE_WARNING_AS_ERROR OFF)
  endforeach()
  if(NOT COURSE_STAGE MATCHES "^(bench|author)$")
    add_test(NAME ${name} COMMAND ${name}-student)
    set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 75 LABELS exercise)  # not started
  endif()
endfunction()

# Declares the lesson in this folder: its reference's tests, its demo, its benchmarks.
function(course_lesson)
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME lesson)
  string(REGEX REPLACE "^[0-9]+-" "" name ${lesson})
  string(REPLACE "-" "_" name ${name})
  string(SUBSTRING ${lesson} 0 2 number)
  course_libraries(${ARGN})
  if(COURSE_STAGE STREQUAL "bench" OR COURSE_STAGE STREQUAL "interleave")
    add_executable(lesson-${number}-demo demo.cpp)
    target_include_directories(lesson-${number}-demo PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(lesson-${number}-demo PRIVATE course_demo_harness ${libraries})
  endif()
  if(COURSE_STAGE STREQUAL "bench")
    add_executable(lesson-${number}-bench ${PROJECT_SOURCE_DIR}/bench/${lesson}/${name}_bench.cpp)
    target_include_directories(lesson-${number}-bench PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(lesson-${number}-bench PRIVATE course_bench_harness ${libraries})
  else()
    add_executable(lesson-${number}-test ${name}_test.cpp)
    target_include_directories(lesson-${number}-test PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(lesson-${number}-test PRIVATE course_test_harness ${libraries})
    target_precompile_headers(lesson-${number}-test REUSE_FROM course_test_harness)
    if(NOT COURSE_STAGE STREQUAL "author")
      add_test(NAME ${lesson} COMMAND lesson-${number}-test)
    endif()
  endif()
endfunction()
