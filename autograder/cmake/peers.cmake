# course_peer(NAME HEADER [LIBRARIES…] [PACKAGE TARGET]): one library that a lesson measures
# itself against, where the machine has it. NAME is in capitals.
#
#   HEADER        by which it is known to be there, as it is included
#   LIBRARIES     that are linked, by their name without `lib`; none if it is all headers
#   PACKAGE       of CMake that describes it, TARGET what that defines, in place of LIBRARIES
#
# Gives the target peer::name, which a lesson names in `course_lesson`, and COURSE_HAS_NAME,
# 0 or 1, for all that links course_peers.
#
# What was not found is looked for again: nothing stays in the cache, and a header that comes
# or goes has the tree configured anew at its next build.

add_library(course_peers INTERFACE)

# Where a compiler looks without being asked, and where CMake was told to look.
set(peer_folders ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
  list(APPEND peer_folders ${prefix}/include)
endforeach()

# Has `header` watched from now on.
function(course_watch_header header)
  list(TRANSFORM peer_folders APPEND /${header} OUTPUT_VARIABLE places)
  file(GLOB ignored CONFIGURE_DEPENDS ${places})
endfunction()

# The target `peer` of a header and its libraries, if all of them are there.
function(course_peer_of_files peer header)
  find_path(folder ${header} HINTS ${peer_folders} NO_CACHE)
  set(files "")
  foreach(name IN LISTS ARGN)
    unset(file)
    find_library(file ${name} NO_CACHE)
    list(APPEND files ${file})
  endforeach()
  if(folder MATCHES NOTFOUND OR files MATCHES NOTFOUND)
    return()
  endif()
  add_library(${peer} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${peer} INTERFACE ${folder})
  target_link_libraries(${peer} INTERFACE ${files})
endfunction()

function(course_peer name)
  cmake_parse_arguments(PARSE_ARGV 1 peer "" "HEADER;PACKAGE;TARGET" "LIBRARIES;COMPONENTS")
  string(TOLOWER ${name} lower)
  course_watch_header(${peer_HEADER})
  if(DEFINED peer_PACKAGE)
    find_package(${peer_PACKAGE} QUIET COMPONENTS ${peer_COMPONENTS})
    if(TARGET ${peer_TARGET})
      add_library(peer::${lower} INTERFACE IMPORTED GLOBAL)
      target_link_libraries(peer::${lower} INTERFACE ${peer_TARGET})
    endif()
  else()
    course_peer_of_files(peer::${lower} ${peer_HEADER} ${peer_LIBRARIES})
  endif()
  target_compile_definitions(course_peers INTERFACE
    COURSE_HAS_${name}=$<TARGET_EXISTS:peer::${lower}>)
endfunction()
