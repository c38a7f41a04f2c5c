# Clang's libFuzzer without its main, where this tree has Clang's AddressSanitizer: exercises
# are fuzzed with it through course/fuzz.hpp. The flags of -fsanitize=fuzzer-no-link that are
# no language option: those would need a precompiled header of their own.
if(COURSE_STAGE STREQUAL "asan" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-runtime-dir
    OUTPUT_VARIABLE runtime OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(archive ${runtime}/libclang_rt.fuzzer_no_main-${CMAKE_SYSTEM_PROCESSOR}.a)
  if(EXISTS ${archive})
    add_library(libfuzzer INTERFACE)
    target_compile_definitions(libfuzzer INTERFACE COURSE_HAS_LIBFUZZER=1)
    target_compile_options(libfuzzer INTERFACE
      -fsanitize-coverage=inline-8bit-counters,indirect-calls,trace-cmp,pc-table)
    target_link_libraries(libfuzzer INTERFACE ${archive})
  endif()
endif()
