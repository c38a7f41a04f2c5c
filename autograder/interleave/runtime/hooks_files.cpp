// Files: the calls happen, unscheduled. That they change what other processes see is noted.
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interleave/runtime/engine.hpp"
#include "interleave/runtime/fresh_process.hpp"
#include "interleave/runtime/others.hpp"
#include "interleave/runtime/real.hpp"

#define INTERLEAVE_HOOK extern "C" __attribute__((visibility("default")))

namespace interleave {

Others the_others;

void notice_others() {
  others().noticed = true;
  if (others().kept_out) kill(getpid(), SIGKILL);
  before_a_lasting_change();
}

namespace {

void note_change() {
  if (body_thread() != nullptr) notice_others();
}

void note_opening(int flags) {
  before_a_lasting_change();  // it may stay open
  if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0) note_change();
}

void note_opening(const char* mode) {
  before_a_lasting_change();
  if (*mode != 'r' || strchr(mode, '+') != nullptr) note_change();
}

}  // namespace
}  // namespace interleave

using namespace interleave;

// -- Opening ----------------------------------------------------------------------------

// The mode is there only where a file may be made; else what is handed on means nothing.
#define INTERLEAVE_TAKE_MODE                                                \
  note_opening(flags);                                                      \
  va_list arguments;                                                        \
  va_start(arguments, flags);                                               \
  const mode_t mode =                                                       \
      (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0; \
  va_end(arguments)

INTERLEAVE_HOOK int open(const char* path, int flags, ...) {
  INTERLEAVE_TAKE_MODE;
  return INTERLEAVE_REAL(open)(path, flags, mode);
}
INTERLEAVE_HOOK int open64(const char* path, int flags, ...) {
  INTERLEAVE_TAKE_MODE;
  return INTERLEAVE_REAL(open64)(path, flags, mode);
}
INTERLEAVE_HOOK int openat(int folder, const char* path, int flags, ...) {
  INTERLEAVE_TAKE_MODE;
  return INTERLEAVE_REAL(openat)(folder, path, flags, mode);
}
INTERLEAVE_HOOK int openat64(int folder, const char* path, int flags, ...) {
  INTERLEAVE_TAKE_MODE;
  return INTERLEAVE_REAL(openat64)(folder, path, flags, mode);
}
INTERLEAVE_HOOK int __open_2(const char* path, int flags) {
  note_opening(flags);
  return INTERLEAVE_REAL(open)(path, flags);
}
INTERLEAVE_HOOK int __open64_2(const char* path, int flags) {
  note_opening(flags);
  return INTERLEAVE_REAL(open64)(path, flags);
}
INTERLEAVE_HOOK int creat(const char* path, mode_t mode) {
  note_change();
  return INTERLEAVE_REAL(creat)(path, mode);
}
INTERLEAVE_HOOK FILE* fopen(const char* path, const char* mode) {
  note_opening(mode);
  return INTERLEAVE_REAL(fopen)(path, mode);
}
INTERLEAVE_HOOK FILE* fopen64(const char* path, const char* mode) {
  note_opening(mode);
  return INTERLEAVE_REAL(fopen64)(path, mode);
}

// -- Names ------------------------------------------------------------------------------

INTERLEAVE_HOOK int mkdir(const char* path, mode_t mode) noexcept {
  note_change();
  return INTERLEAVE_REAL(mkdir)(path, mode);
}
INTERLEAVE_HOOK int rmdir(const char* path) noexcept {
  note_change();
  return INTERLEAVE_REAL(rmdir)(path);
}
INTERLEAVE_HOOK int unlink(const char* path) noexcept {
  note_change();
  return INTERLEAVE_REAL(unlink)(path);
}
INTERLEAVE_HOOK int remove(const char* path) noexcept {
  note_change();
  return INTERLEAVE_REAL(remove)(path);
}
INTERLEAVE_HOOK int rename(const char* from, const char* to) noexcept {
  note_change();
  return INTERLEAVE_REAL(rename)(from, to);
}
