// How much memory this process has in use.
#pragma once

#include <malloc.h>
#include <unistd.h>

#include <cstdio>

// Bytes that are in main memory now; 0 if the system does not say. What was freed is given
// back to the system first, so that it is not counted.
[[nodiscard]] inline double resident_bytes() {
  malloc_trim(0);
  long pages = 0;
  long resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}
