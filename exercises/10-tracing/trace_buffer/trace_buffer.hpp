// A trace that threads write without waiting for each other: a buffer for each.
//
//   thread A --record--> [ span | span | span |      ]--.
//   thread B --record--> [ span |      |      |      ]---+--> tracks() --> to_json()
//   thread C --record--> [ span | span | span | span ]--'
//            (full: what comes now is dropped, and counted)
//
// Threads     TraceBuffer: one thread at a time; most often one for each thread, or stage.
//             Trace: any thread, while others record. A Trace and its buffers may be
//             destroyed in any order, by any threads.
// Progress    record: wait-free, no allocation. All else takes a lock.
//
// Invariants
//   I1  Only the thread that records writes a buffer's spans, count and dropped. Both
//       numbers only grow; count never exceeds the capacity.
//   I2  spans[0, count) are whole and never change again. The rest belongs to the thread.
//   I3  Which buffers a trace has is read and written only while mutex_ is held.
//   I4  A buffer's memory lives as long as the longer-lived of its Trace and its
//       TraceBuffer. What a thread has recorded stays in the trace when the thread is gone.
//
// Edges
//   SPAN   record stores count  -->  tracks loads it and sees the spans before it
//
// Left out    Overwriting the oldest span, for the last seconds before a crash: the reader
//             would have to stop the writers, or to throw away what changed under its eyes.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <span.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "course/todo.hpp"

// What one thread has recorded.
struct Track {
  std::string thread;  // its name
  std::vector<Span> spans;
  std::uint64_t dropped = 0;  // spans for which there was no room
};

class Trace {
 public:
  // Keeps the first `spans_a_buffer`, at least 1, of each buffer.
  explicit Trace(std::size_t spans_a_buffer) : capacity_(spans_a_buffer) {}
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  // What has been recorded so far, a track for each TraceBuffer in the order in which they
  // were made; also of those that are gone. Changes nothing.
  [[nodiscard]] std::vector<Track> tracks() const {
    // TODO 1: copy of each buffer what is whole
    course::todo(1);
  }

 private:
  friend class TraceBuffer;

  // Of x86-64 and of most arm64, in bytes.
  static constexpr std::size_t kCacheLine = 64;

  // What a TraceBuffer writes and tracks() reads. The memory is touched when it is made, not
  // at the first record.
  struct Buffer {
    Buffer(std::string thread_in, std::size_t capacity_in)
        : thread(std::move(thread_in)),
          capacity(capacity_in),
          spans(std::make_unique<Span[]>(capacity_in)) {}

    // Written by no thread.
    const std::string thread;
    const std::size_t capacity;
    const std::unique_ptr<Span[]> spans;  // their contents: the thread that records

    // Written by the thread that records, on a line of its own.
    alignas(kCacheLine) std::atomic<std::size_t> count = 0;
    std::atomic<std::uint64_t> dropped = 0;
  };

  const std::size_t capacity_;

  // Written by any thread that holds mutex_.
  mutable std::mutex mutex_;
  // How the trace knows the buffers of all threads. See to I3 and I4 here.
};

// What one thread records into. It can be moved into a stage, which then takes it along to
// its thread.
class TraceBuffer {
 public:
  // Adds a buffer to `trace`, for a thread of this name. Takes a lock, and allocates.
  TraceBuffer(Trace& trace, std::string thread) {
    // TODO 1: make a buffer, and let the trace know it
    course::todo(1, trace.capacity_, thread);
  }

  TraceBuffer(TraceBuffer&&) noexcept = default;
  TraceBuffer& operator=(TraceBuffer&&) = delete;

  // Keeps a copy of `span`. With the buffer full: drops it, and counts that.
  void record(const Span& span) noexcept {
    // TODO 1: if there is room, fill the next place, then count it
    course::todo(1, span);
  }

 private:
  // How this knows its buffer. See to I4 here.
};

// --- The file ----------------------------------------------------------------------------
//
// Trace Event JSON, which Perfetto and chrome://tracing open: a list of events. Times are in
// microseconds, with three decimals. `pid` is 1, `tid` the place of the track, from 1 on.
//
//   {"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"the track's thread"}}
//   {"ph":"X","name":"the stage","cat":"span","pid":1,"tid":1,"ts":1.500,"dur":0.250,
//    "args":{"job":7,"attempt":1,"threw":false,"gave":"42"}}
//   {"ph":"s","name":"cause","cat":"span","id":1794,"pid":1,"tid":1,"ts":1.500}
//   {"ph":"f","bp":"e","name":"cause","cat":"span","id":1794,"pid":1,"tid":2,"ts":1.900}
//
// M names a track. X is a span. s and f are the two ends of an arrow: a viewer puts each at
// the X that is there at that time, and joins ends of one name, cat and id.

// `text` as a JSON string, in its quotes. Bytes from 0x20 on that JSON does not reserve stay
// as they are: the text is UTF-8.
[[nodiscard]] inline std::string json_text(std::string_view text) {
  // TODO 2: escape what JSON reserves: quotes, backslashes, control characters
  course::todo(2, text);
}

// Nanoseconds as a JSON number of microseconds: 1500 as 1.500, -20 as -0.020.
[[nodiscard]] inline std::string microseconds(std::int64_t nanoseconds) {
  // TODO 2: three decimals, not one of them lost
  course::todo(2, nanoseconds);
}

// The M of each track and the X of each span, a JSON object each.
[[nodiscard]] inline std::vector<std::string> slices(const std::vector<Track>& tracks) {
  // TODO 2: one M for each track, one X for each of its spans
  course::todo(2, tracks);
}

// An arrow, an s and an f, to each span from its cause, if the trace has that. An arrow's id
// is the id of the span that it leads to; each end is where its span begins.
[[nodiscard]] inline std::vector<std::string> arrows(const std::vector<Track>& tracks) {
  // TODO 3: find each span's cause, on whatever track, and write both ends
  course::todo(3, tracks);
}

// A file of these events, which says how many spans there was no room for.
[[nodiscard]] inline std::string file_of(const std::vector<std::string>& events,
                                         std::uint64_t dropped) {
  std::string json = "{\"traceEvents\":[";
  for (std::size_t i = 0; i < events.size(); ++i) json += (i ? ",\n" : "\n") + events[i];
  return json + "\n],\"otherData\":{\"dropped\":" + std::to_string(dropped) + "}}\n";
}

// The whole trace as a file.
[[nodiscard]] inline std::string to_json(const std::vector<Track>& tracks) {
  std::vector<std::string> events = slices(tracks);
  for (std::string& arrow : arrows(tracks)) events.push_back(std::move(arrow));
  std::uint64_t dropped = 0;
  for (const Track& track : tracks) dropped += track.dropped;
  return file_of(events, dropped);
}
