# Stops for a compiler that is too old for the course, and warns of one that it was not tried
# with. autograder/compilers has the versions.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/../compilers supported
  REGEX "^${CMAKE_CXX_COMPILER_ID} ")
if(NOT supported)
  message(WARNING "The course was never tried with ${CMAKE_CXX_COMPILER_ID}, which is "
    "${CMAKE_CXX_COMPILER}; g++ and clang++ are supported.")
  return()
endif()
separate_arguments(supported)
list(GET supported 1 program)
list(GET supported 2 oldest)
list(GET supported 3 newest)
string(REGEX MATCH "^[0-9]+" version ${CMAKE_CXX_COMPILER_VERSION})
string(CONCAT found "${CMAKE_CXX_COMPILER} is ${program} ${version}, and the course needs "
  "${program} ${oldest} to ${newest}")
if(version LESS oldest)
  message(FATAL_ERROR "${found}: it is too old.")
elseif(version GREATER newest)
  message(WARNING "${found}: it is newer than any that the course was tried with.")
endif()
