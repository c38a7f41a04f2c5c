// The limits that a shell sets with `ulimit`, as they hold for this process and for what it
// starts.
//
// Threads     Any.
#pragma once

#include <string>

namespace course::machine {

// Whether `resource`, such as RLIMIT_AS, is limited here.
[[nodiscard]] bool is_limited(int resource);

// "this shell allows 40960 kB of address space (`ulimit -v`); lift it with: ulimit -v unlimited".
// Empty where `resource` is not limited.
[[nodiscard]] std::string limit_words(int resource);

// The same of memory, be it address space or data; empty where neither is limited.
[[nodiscard]] std::string memory_limit_words();

// The same of open files, and of stack, where less is allowed than a system does by default.
[[nodiscard]] std::string few_files_words();
[[nodiscard]] std::string small_stack_words();

// The same of processes, where fewer than a hundred more may be started by this user.
[[nodiscard]] std::string few_processes_words();

}  // namespace course::machine
