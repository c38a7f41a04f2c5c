// Tracing a line: a job's number and its last span travel with the item, and each stage
// leaves a span for what it did.
//
//   [ job 7, cause 0 ] --> stage "read" --> [ job 7, cause 1793 ] --> stage "price" --> …
//                              |                                          |
//                              '--> span 1793, cause 0                    '--> span 1794,
//                                                                              cause 1793
//
// Threads     Recorder: any, any function. A traced stage: one thread, like any stage.
// Progress    record: blocking, for as long as another thread records or reads.
//
// Invariants
//   I1  spans_ is read and written only while mutex_ is held.
//   I2  An item carries its job's number and the id of the span that gave it.
//   I3  A span's id is made of its job's number and of how many spans that job had before.
//       A job is in one place at a time, so ids need no counter that threads share.
//
// Edges       RECORD  record unlocks mutex_  -->  spans locks it
//
// Left out    A buffer for each thread, and the file that a viewer reads (exercise 10.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "span.hpp"

//> region recorder
// One list for all threads.
class Recorder {
 public:
  void record(const Span& span) {
    const std::scoped_lock lock(mutex_);
    spans_.push_back(span);
  }

  // All that was recorded so far, in the order in which the threads got the lock.
  [[nodiscard]] std::vector<Span> spans() const {
    const std::scoped_lock lock(mutex_);
    return spans_;
  }

 private:
  // Written by any thread that holds mutex_.
  mutable std::mutex mutex_;
  std::vector<Span> spans_;
};
//<

//> region traced
// An item, and what must travel with it so that its spans can be found again.
template <typename Item>
struct Traced {
  std::uint64_t job = 0;    // unique, from 1 on, below 2^44
  std::uint64_t cause = 0;  // the span that gave this item
  std::uint64_t spans = 0;  // how many this job has had so far, at most 255
  Item item{};
};

// A stage's work, with a span for each attempt at it. `record` takes a span, on the stage's
// thread. A try that throws is tried again, `attempts` times in all; the last one's exception
// goes its way.
template <typename Record, typename Work>
auto traced(const char* stage, unsigned attempts, Record record, Work work) {
  return [=, record = std::move(record),
          work = std::move(work)]<typename In>(Traced<In> in) mutable {
    using Out = std::invoke_result_t<Work&, const In&>;
    for (unsigned attempt = 1;; ++attempt) {
      Span span;
      span.job = in.job;
      span.id = in.job << 8 | ++in.spans;  // I3
      span.cause = in.cause;
      span.stage = stage;
      span.attempt = attempt;
      span.begin = now_in_nanoseconds();
      std::optional<Out> out;
      std::exception_ptr error;
      try {
        out.emplace(work(std::as_const(in.item)));
      } catch (...) {
        error = std::current_exception();
      }
      span.end = now_in_nanoseconds();
      span.threw = !out;
      if (out) span.gave = std::hash<Out>()(*out);
      record(span);
      if (out) return Traced<Out>{in.job, span.id, in.spans, *std::move(out)};
      if (attempt == attempts) std::rethrow_exception(std::move(error));
      in.cause = span.id;  // what led to the next attempt
    }
  };
}
//<
