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
    //> step 1(): copy of each buffer what is whole
    const std::scoped_lock lock(mutex_);
    std::vector<Track> tracks;
    for (const std::shared_ptr<Buffer>& buffer : buffers_) {
      // SPAN, acquire: seeing the count must mean seeing the spans that it counts.
      const std::size_t count = buffer->count.load(std::memory_order_acquire);
      const Span* spans = buffer->spans.get();
      // relaxed: a number of which nothing hangs; an old one is too small.
      tracks.push_back({buffer->thread,
                        {spans, spans + count},
                        buffer->dropped.load(std::memory_order_relaxed)});
    }
    return tracks;
    //<
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
  //> hide
  std::vector<std::shared_ptr<Buffer>> buffers_;
  //<
};

// What one thread records into. It can be moved into a stage, which then takes it along to
// its thread.
class TraceBuffer {
 public:
  // Adds a buffer to `trace`, for a thread of this name. Takes a lock, and allocates.
  TraceBuffer(Trace& trace, std::string thread) {
    //> step 1(trace.capacity_, thread): make a buffer, and let the trace know it
    buffer_ = std::make_shared<Trace::Buffer>(std::move(thread), trace.capacity_);
    const std::scoped_lock lock(trace.mutex_);
    trace.buffers_.push_back(buffer_);
    //<
  }

  TraceBuffer(TraceBuffer&&) noexcept = default;
  TraceBuffer& operator=(TraceBuffer&&) = delete;

  // Keeps a copy of `span`. With the buffer full: drops it, and counts that.
  void record(const Span& span) noexcept {
    //> step 1(span): if there is room, fill the next place, then count it
    Trace::Buffer& buffer = *buffer_;
    // relaxed, here and below: both numbers are this thread's (I1).
    const std::size_t count = buffer.count.load(std::memory_order_relaxed);
    if (count == buffer.capacity) {
      // No read-modify-write: no other thread writes in between.
      buffer.dropped.store(buffer.dropped.load(std::memory_order_relaxed) + 1,
                           std::memory_order_relaxed);
      return;
    }
    buffer.spans[count] = span;
    // SPAN, release: the copy above happens before any tracks() that sees this count.
    buffer.count.store(count + 1, std::memory_order_release);
    //<
  }

 private:
  // How this knows its buffer. See to I4 here.
  //> hide
  std::shared_ptr<Trace::Buffer> buffer_;
  //<
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
  //> step 2(text): escape what JSON reserves: quotes, backslashes, control characters
  std::string json = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      json += escape.data();
    } else {
      if (c == '"' || c == '\\') json += '\\';
      json += c;
    }
  }
  return json + '"';
  //<
}

// Nanoseconds as a JSON number of microseconds: 1500 as 1.500, -20 as -0.020.
[[nodiscard]] inline std::string microseconds(std::int64_t nanoseconds) {
  //> step 2(nanoseconds): three decimals, not one of them lost
  const auto size = static_cast<unsigned long long>(
      nanoseconds < 0 ? -static_cast<std::uint64_t>(nanoseconds)
                      : static_cast<std::uint64_t>(nanoseconds));
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%s%llu.%03llu", nanoseconds < 0 ? "-" : "",
                size / 1000, size % 1000);
  return text.data();
  //<
}

// The M of each track and the X of each span, a JSON object each.
[[nodiscard]] inline std::vector<std::string> slices(const std::vector<Track>& tracks) {
  //> step 2(tracks): one M for each track, one X for each of its spans
  std::vector<std::string> events;
  std::size_t tid = 0;
  for (const Track& track : tracks) {
    const std::string on_track = R"(,"pid":1,"tid":)" + std::to_string(++tid);
    events.push_back(R"({"ph":"M","name":"thread_name")" + on_track +
                     R"(,"args":{"name":)" + json_text(track.thread) + "}}");
    for (const Span& span : track.spans) {
      events.push_back(R"({"ph":"X","cat":"span","name":)" + json_text(span.stage) +
                       on_track + R"(,"ts":)" + microseconds(span.begin) + R"(,"dur":)" +
                       microseconds(span.end - span.begin) + R"(,"args":{"job":)" +
                       std::to_string(span.job) + R"(,"attempt":)" +
                       std::to_string(span.attempt) + R"(,"threw":)" +
                       (span.threw ? "true" : "false") + R"(,"gave":")" +
                       std::to_string(span.gave) + R"("}})");
    }
  }
  return events;
  //<
}

// An arrow, an s and an f, to each span from its cause, if the trace has that. An arrow's id
// is the id of the span that it leads to; each end is where its span begins.
[[nodiscard]] inline std::vector<std::string> arrows(const std::vector<Track>& tracks) {
  //> step 3(tracks): find each span's cause, on whatever track, and write both ends
  const auto end_of = [](const char* kind, const Span& effect, std::size_t tid,
                         std::int64_t at) {
    return std::string("{") + kind + R"(,"name":"cause","cat":"span","id":)" +
           std::to_string(effect.id) + R"(,"pid":1,"tid":)" + std::to_string(tid) +
           R"(,"ts":)" + microseconds(at) + "}";
  };
  struct Place {
    const Span* span;
    std::size_t tid;
  };
  std::unordered_map<std::uint64_t, Place> places;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    for (const Span& span : tracks[i].spans) places[span.id] = {&span, i + 1};
  }
  std::vector<std::string> events;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    for (const Span& span : tracks[i].spans) {
      const auto cause = places.find(span.cause);
      if (cause == places.end()) continue;  // it has none, or it was dropped
      const auto& [from, tid] = cause->second;
      events.push_back(end_of(R"("ph":"s")", span, tid, from->begin));
      events.push_back(end_of(R"("ph":"f","bp":"e")", span, i + 1, span.begin));
    }
  }
  return events;
  //<
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
