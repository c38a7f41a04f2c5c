// Where in the source an address of this process comes from.
//
//   pc --> [ frame, frame, ... ]   the innermost first, inlined calls included
//
// Reads the debug information of the running program (elfutils' libdw), once, at the
// first question. Where a module has none, frames have a function's name at best.
//
// Threads     None: one caller at a time, outside any body.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "interleave/trace/operation.hpp"

namespace interleave {

struct Frame {
  // "JobQueue::push": its class, no parameters, no template arguments.
  std::string function;
  std::string file;  // as the compiler was given it, usually absolute
  std::uint32_t line = 0;
  std::uint32_t column = 0;  // of the operation or the call, from 1; 0: not known

  // Not the program's own: the standard library, the compiler's headers, GoogleTest, the
  // explorer.
  [[nodiscard]] bool foreign() const;
  // In a lesson's folder. To an exercise that builds upon it, that is a library too.
  [[nodiscard]] bool of_lesson() const;
};

// Of a vector, or of what is like its elements.
struct Element {
  std::uint64_t size = 0;  // bytes
  std::string type;        // without its namespace; empty if it has no name
};

class Symbols {
 public:
  Symbols();
  ~Symbols();
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;

  // All frames at the call that returns to `return_address`.
  [[nodiscard]] const std::vector<Frame>& frames(ProgramCounter return_address);

  // The function that starts at `entry`, or that holds it.
  [[nodiscard]] std::optional<Frame> function_at(ProgramCounter entry);

  // What the innermost of these functions to know the name calls so: see element.hpp.
  [[nodiscard]] std::optional<Element> element_called(
      const std::vector<ProgramCounter>& stack, const std::string& name);

  // The global or static variable that holds `address`: "counters", "counters+16".
  [[nodiscard]] std::optional<std::string> variable_at(Address address) const;

 private:
  class Reader;
  std::unique_ptr<Reader> reader_;
};

// "void JobQueue<int>::push(int)" as "JobQueue::push".
[[nodiscard]] std::string short_name(const std::string& demangled);

// The part of a path that a person needs: its last component.
[[nodiscard]] std::string file_name(const std::string& path);

}  // namespace interleave
