# Finds cpp-httplib as the target httplib::httplib. Debian builds it as a library of its own and
# describes it by a .pc file alone, whose macros change what the header declares.
find_path(httplib_INCLUDE_DIR httplib.h)
find_library(httplib_LIBRARY cpp-httplib)
cmake_path(GET httplib_LIBRARY PARENT_PATH httplib_FOLDER)
find_file(httplib_DESCRIPTION cpp-httplib.pc HINTS ${httplib_FOLDER}/pkgconfig)
mark_as_advanced(httplib_INCLUDE_DIR httplib_LIBRARY httplib_DESCRIPTION)

set(httplib_FIND_QUIETLY ON)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(httplib
  REQUIRED_VARS httplib_LIBRARY httplib_INCLUDE_DIR httplib_DESCRIPTION)

if(httplib_FOUND AND NOT TARGET httplib::httplib)
  file(STRINGS ${httplib_DESCRIPTION} httplib_flags REGEX "^Cflags:")
  string(REGEX MATCHALL "CPPHTTPLIB_[A-Z_]+" httplib_macros "${httplib_flags}")
  add_library(httplib::httplib UNKNOWN IMPORTED)
  set_target_properties(httplib::httplib PROPERTIES
    IMPORTED_LOCATION ${httplib_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${httplib_INCLUDE_DIR}
    INTERFACE_COMPILE_DEFINITIONS "${httplib_macros}")
endif()
