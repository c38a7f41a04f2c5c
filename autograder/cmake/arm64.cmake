# A toolchain: programs for arm64, built and run on another processor, by part `arm64` of
# `autograder/test`. Debian's libraries for arm64 lie in .build/arm64/root (see `setup`).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
if(NOT CMAKE_CXX_COMPILER)
  set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
endif()
set(CMAKE_CXX_COMPILER_TARGET aarch64-linux-gnu)  # Clang is all targets' compiler

get_filename_component(root ${CMAKE_CURRENT_LIST_DIR}/../../.build/arm64/root ABSOLUTE)
set(libraries ${root}/usr/lib/aarch64-linux-gnu ${root}/lib/aarch64-linux-gnu)
list(JOIN libraries : library_path)
set(CMAKE_FIND_ROOT_PATH ${root})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES ${root}/usr/include)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-rpath-link,${library_path}")

set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L ${root})
