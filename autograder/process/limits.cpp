#include "process/limits.hpp"

#include <signal.h>
#include <sys/resource.h>

#include "machine/limits.hpp"

namespace course::process {
namespace {

bool says(const Outcome& outcome, const char* words) {
  if (outcome.output.find(words) != std::string::npos) return true;
  for (const std::string& record : outcome.records) {
    if (record.find(words) != std::string::npos) return true;
  }
  return false;
}

// A program out of memory, as the system, the standard library and the explorer say it.
bool had_no_memory(const Outcome& outcome) {
  return says(outcome, "Cannot allocate memory") || says(outcome, "std::bad_alloc") ||
         says(outcome, "explorer itself is out of memory") ||
         says(outcome, "failed to allocate");
}

}  // namespace

std::string limit_that_ended(const Outcome& outcome) {
  if (outcome.exited_with(0)) return "";
  if (outcome.end == End::signalled && outcome.status == SIGXCPU) {
    return machine::limit_words(RLIMIT_CPU);
  }
  if (outcome.end == End::signalled && outcome.status == SIGXFSZ) {
    return machine::limit_words(RLIMIT_FSIZE);
  }
  if (outcome.end == End::signalled && outcome.status == SIGSEGV) {
    return machine::small_stack_words();
  }
  if (machine::is_limited(RLIMIT_FSIZE) && says(outcome, "File too large")) {
    return machine::limit_words(RLIMIT_FSIZE);
  }
  if (says(outcome, "Too many open files")) return machine::few_files_words();
  if (says(outcome, "Resource temporarily unavailable")) {
    const std::string processes = machine::few_processes_words();
    return processes.empty() ? machine::memory_limit_words() : processes;
  }
  return had_no_memory(outcome) ? machine::memory_limit_words() : "";
}

}  // namespace course::process
