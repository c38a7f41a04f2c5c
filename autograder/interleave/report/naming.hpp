// The names a picture uses: of threads, of objects, of places in the source.
//
// An object keeps one name throughout a trace: its variable's if it is a global, else
// what the source calls it where it first appears, else "mutex 1", "atomic 2", in order
// of appearance; what lies in a vector is "account 0's mutex", "flags[1]"; a descriptor is
// "pipe 1", "socket 2". Two objects of one name are "node->mutex #1" and "node->mutex #2".
//
// Threads     None: one caller at a time, outside any body.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "interleave/report/source_text.hpp"
#include "interleave/report/symbols.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

// Where a step comes from.
struct Origin {
  Frame place;  // the program's own innermost frame; without a file if there is none
  std::string through;  // the library function called there: "latch::wait"; empty if none
  bool of_lesson = false;  // the library is a lesson's: each call of it is shown

  // Inside a library class that does more than the one operation: the step is the
  // library's, and the program knows only the call.
  [[nodiscard]] bool inside_library() const;
  // Likewise of an operation of this kind. Threads and locks that a container makes or ends are
  // the program's, and so is what it finds at an index.
  [[nodiscard]] bool hides(OperationKind kind) const;
};

class Naming {
 public:
  // `trace`, `symbols` and `source` must outlive this object. Of plain accesses only those
  // `spoken_of` (sorted numbers of steps) are named.
  Naming(const Trace& trace, Symbols& symbols, SourceText& source,
         const std::vector<std::uint32_t>& spoken_of);

  [[nodiscard]] std::string thread(ThreadId id) const;
  [[nodiscard]] std::string object(Address address) const;
  // Of a descriptor: "the reading end of pipe 1", "socket 2".
  [[nodiscard]] static std::string descriptor(Address object);

  [[nodiscard]] Origin origin(const std::vector<ProgramCounter>& stack) const;
  [[nodiscard]] Frame place(const std::vector<ProgramCounter>& stack) const;

  // A call of the library in the program's words: "both_run.arrive_and_wait".
  [[nodiscard]] std::string call(const Origin& origin) const;

  // All frames of the program and its test, innermost first.
  [[nodiscard]] std::vector<Frame> own_frames(
      const std::vector<ProgramCounter>& stack) const;
  // "job_queue.hpp:41"; empty for a frame without a file.
  [[nodiscard]] static std::string location(const Frame& frame);
  // The source at that place.
  [[nodiscard]] std::string text(const Frame& frame) const;
  // What a `check(…, "sentence")` that begins there says; empty if none does.
  [[nodiscard]] std::string sentence_of_check(const Frame& check) const;
  // Whether a wait there stands under an `if` and in no loop of its function.
  [[nodiscard]] bool looks_once(const Frame& wait) const;
  // The function a kCall step enters.
  [[nodiscard]] Frame entered(const Step& call) const;

 private:
  struct PlaceInVector {
    std::size_t index = 0;
    std::string type;  // of the elements
  };

  void name_objects(const std::vector<std::uint32_t>& spoken_of);
  [[nodiscard]] std::string name_from_source(const Step& step, const Origin& origin,
                                             std::size_t lock) const;
  [[nodiscard]] std::string name_in_line(const Step& step, const Origin& origin,
                                         std::size_t lock) const;
  [[nodiscard]] std::string name_of_element(const Step& step,
                                            const std::string& name) const;
  [[nodiscard]] std::optional<PlaceInVector> place_in_vector(
      const Step& step, const std::string& owner) const;
  void number_duplicates();

  const Trace& trace_;
  Symbols& symbols_;
  SourceText& source_;
  std::map<Address, std::string> names_;
  std::vector<Address> in_order_;  // of appearance, without those inside the library
};

}  // namespace interleave
