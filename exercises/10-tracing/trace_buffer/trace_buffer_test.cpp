// Tests of exercise 10.1. Each opens with its property; where it is about two threads,
// `explore` looks for the schedule, and for the old value in memory, that breaks it.
//
// What threads share is on the heap: Clang 14's hooks leave out what a function does with
// the members of its own local variables.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span.hpp>
#include <string>
#include <thread>
#include <trace_buffer.hpp>  // in <>, so that the include path decides whose it is
#include <utility>
#include <vector>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"
#include "trace_event_format.hpp"

namespace {

using interleave::check;
using interleave::explore;

// The span numbered n: every field says so.
Span numbered(std::uint64_t n) {
  Span span;
  span.job = n;
  span.id = n;
  span.cause = n;
  span.stage = "price";
  span.attempt = static_cast<unsigned>(n);
  span.gave = n;
  span.begin = static_cast<std::int64_t>(n);
  span.end = static_cast<std::int64_t>(n);
  return span;
}

bool is_whole(const Span& span) {
  return span.id == span.job && span.cause == span.job && span.attempt == span.job &&
         span.gave == span.job && span.begin == static_cast<std::int64_t>(span.job) &&
         span.end == span.begin && span.stage != nullptr;
}

// What must hold of a track whenever it is read: the spans from the first on, each whole.
void check_track(const Track& track, std::size_t capacity) {
  check(track.spans.size() <= capacity, "a track has more spans than a buffer has room");
  for (std::size_t i = 0; i < track.spans.size(); ++i) {
    check(is_whole(track.spans[i]), "a span was read that is half one and half another");
    check(track.spans[i].job == i + 1,
          "a track holds the first spans that were recorded, in their order");
  }
}

// The track of the buffer that was made as number `place`, from 0 on; an empty one, and a
// failure, if the trace has another number of tracks than `all`.
Track track_of(const Trace& trace, std::size_t place = 0, std::size_t all = 1) {
  std::vector<Track> tracks = trace.tracks();
  check(tracks.size() == all,
        "tracks() must give a track for each TraceBuffer that was made for this trace, " +
            std::to_string(all) + " here, but gave " + std::to_string(tracks.size()));
  return tracks.size() == all ? std::move(tracks[place]) : Track{};
}

// --- Step 1: recorded by one thread, read by another ---------------------------------------

// A buffer keeps what is recorded, in order, up to its capacity. What comes then is dropped
// and counted: the oldest stay.
STEP_TEST(1, TraceBuffer, KeepsTheFirstAndCountsTheRest, "full or empty") {
  explore([] {
    for (const std::size_t capacity : {1u, 2u, 3u, 8u}) {
      Trace trace(capacity);
      TraceBuffer buffer(trace, "worker");
      for (std::uint64_t n = 1; n <= capacity + 3; ++n) {
        buffer.record(numbered(n));
        const Track track = track_of(trace);
        check_track(track, capacity);
        check(track.spans.size() == std::min<std::size_t>(n, capacity),
              "a buffer must keep as many spans as it has room for, and no fewer");
        check(track.dropped == n - track.spans.size(),
              "each span that found no room must be counted in `dropped`");
      }
    }
  });
}

// Reading a trace changes nothing: the next one finds the same, and what came since.
STEP_TEST(1, TraceBuffer, ReadingChangesNothing, "full or empty") {
  explore([] {
    Trace trace(4);
    TraceBuffer buffer(trace, "worker");
    buffer.record(numbered(1));
    check(track_of(trace).spans.size() == 1, "one span was recorded");
    check(track_of(trace).spans.size() == 1, "tracks() took away what it gave before");
    buffer.record(numbered(2));
    check(track_of(trace).spans.size() == 2, "two spans were recorded");
  });
}

// Each buffer has a track of its own with its name, in the order in which they were made;
// the name is the trace's own copy. Two traces have nothing to do with each other.
STEP_TEST(1, TraceBuffer, GivesEachBufferATrack, "shared state") {
  explore([] {
    Trace trace(2);
    Trace another(2);
    check(trace.tracks().empty(), "a trace without buffers has no tracks");
    TraceBuffer first(trace, std::string("a name that is too long for a small string"));
    TraceBuffer second(trace, "second");
    TraceBuffer elsewhere(another, "elsewhere");
    second.record(numbered(1));
    second.record(numbered(2));
    second.record(numbered(3));
    const Track one = track_of(trace, 0, 2);
    const Track two = track_of(trace, 1, 2);
    check(one.thread == "a name that is too long for a small string" &&
              two.thread == "second",
          "tracks must have their buffers' names, in the order in which they were made");
    check(one.spans.empty() && one.dropped == 0,
          "what one thread records is not another's");
    check(two.spans.size() == 2 && two.dropped == 1, "each buffer has room of its own");
    check(track_of(another).spans.empty(), "what is in one trace is not in another");
  });
}

// A thread records while another reads: it reads the first spans, as many as there are,
// each whole.
STEP_TEST(1, TraceBuffer, IsReadWhileItIsWritten, "torn event") {
  explore([] {
    const auto trace = std::make_unique<Trace>(3);
    const auto buffer = std::make_unique<TraceBuffer>(*trace, "worker");
    std::jthread worker([&buffer] {
      interleave::name_thread("worker");
      buffer->record(numbered(1));
      buffer->record(numbered(2));
    });
    interleave::name_thread("reader");
    check_track(track_of(*trace), 3);
    worker.join();
    const Track late = track_of(*trace);
    check_track(late, 3);
    check(late.spans.size() == 2, "what a joined thread has recorded must be there");
  });
}

// The same with a buffer that is full: what is dropped leaves no mark on what is kept.
STEP_TEST(1, TraceBuffer, IsReadWhileItIsFull, "torn event") {
  explore([] {
    const auto trace = std::make_unique<Trace>(1);
    const auto buffer = std::make_unique<TraceBuffer>(*trace, "worker");
    std::jthread worker([&buffer] {
      interleave::name_thread("worker");
      for (std::uint64_t n = 1; n <= 3; ++n) buffer->record(numbered(n));
    });
    interleave::name_thread("reader");
    const Track early = track_of(*trace);
    check_track(early, 1);
    check(early.dropped <= 2, "no more were dropped than there were");
    worker.join();
    const Track late = track_of(*trace);
    check_track(late, 1);
    check(late.spans.size() == 1 && late.dropped == 2,
          "one span found room, and two were dropped");
  });
}

// Threads may add their buffers at the same time, and while the trace is read.
STEP_TEST(1, TraceBuffer, ThreadsComeAtTheSameTime, "shared state") {
  explore([] {
    const auto trace = std::make_unique<Trace>(1);
    // They outlive their threads: what becomes of those that do not is step 4.
    const auto buffers = std::make_unique<std::array<std::optional<TraceBuffer>, 2>>();
    {
      const auto work = [&trace, &buffers](std::size_t which) {
        (*buffers)[which].emplace(*trace, "worker");
        (*buffers)[which]->record(numbered(1));
      };
      std::jthread one(work, 0);
      std::jthread two(work, 1);
      for (const Track& track : trace->tracks()) check_track(track, 1);
    }
    const std::vector<Track> tracks = trace->tracks();
    check(tracks.size() == 2, "a track for each thread that made a buffer");
    for (const Track& track : tracks) {
      check(track.spans.size() == 1, "each thread recorded one span");
    }
  });
}

// --- Step 2: the file ----------------------------------------------------------------------------

// The events of a file that must be one.
Json read_file(const std::string& text) {
  try {
    return read_json(text);
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what() << "\nin\n" << text;
    return {};
  }
}

// Those of one kind.
std::vector<Json> events_of(const Json& file, const std::string& kind) {
  std::vector<Json> events;
  for (const Json& event : file["traceEvents"].items) {
    if (event["ph"].text == kind) events.push_back(event);
  }
  return events;
}

void expect_no_faults(const Json& file) {
  for (const std::string& fault : format_faults(file)) {
    ADD_FAILURE() << "a viewer would not understand it: " << fault;
  }
}

// Two threads: one read a job, the other priced it at the second attempt.
std::vector<Track> two_threads() {
  Track reader{"reader", {}, 0};
  Span read = numbered(7);
  read.cause = 0;
  read.stage = "read";
  read.attempt = 1;
  read.begin = 1'500;
  read.end = 1'750;
  reader.spans = {read};
  Track pricer{"pricer", {}, 3};
  Span price = numbered(7);
  price.id = 8;
  price.cause = 7;
  price.attempt = 1;
  price.begin = 2'000'000'123;
  price.end = 2'000'000'124;
  price.threw = true;
  Span again = price;
  again.id = 9;
  again.cause = 8;
  again.attempt = 2;
  again.begin = 2'000'000'200;
  again.end = 2'000'001'200;
  again.threw = false;
  again.gave = std::numeric_limits<std::uint64_t>::max();
  pricer.spans = {price, again};
  return {reader, pricer};
}

// Every kind of event has what the format asks of it.
STEP_TEST(2, TraceBuffer, FollowsTheFormat, "trace format") {
  const Json file = read_file(file_of(slices(two_threads()), 3));
  expect_no_faults(file);
  EXPECT_EQ(file["otherData"]["dropped"].text, "3");
  EXPECT_EQ(events_of(file, "M").size(), 2u) << "an M for each track";
  EXPECT_EQ(events_of(file, "X").size(), 3u) << "an X for each span";
  expect_no_faults(read_file(file_of(slices({}), 0)));
}

// Tracks have names and numbers, and each span is on the track of its thread.
STEP_TEST(2, TraceBuffer, PutsEachSpanOnItsTrack, "trace format") {
  const Json file = read_file(file_of(slices(two_threads()), 0));
  const std::vector<Json> names = events_of(file, "M");
  const std::vector<Json> spans = events_of(file, "X");
  ASSERT_EQ(names.size(), 2u);
  ASSERT_EQ(spans.size(), 3u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(names[i]["name"].text, "thread_name");
    EXPECT_EQ(names[i]["pid"].text, "1");
    EXPECT_EQ(names[i]["tid"].text, std::to_string(i + 1));
  }
  EXPECT_EQ(names[0]["args"]["name"].text, "reader");
  EXPECT_EQ(names[1]["args"]["name"].text, "pricer");
  EXPECT_EQ(spans[0]["tid"].text, "1");
  EXPECT_EQ(spans[1]["tid"].text, "2");
  EXPECT_EQ(spans[2]["tid"].text, "2");
}

// A span says what it is of, and what became of it. A number of 64 bits is a text: a viewer
// that is written in JavaScript would round it.
STEP_TEST(2, TraceBuffer, SaysWhatTheSpanSays, "trace format") {
  const Json file = read_file(file_of(slices(two_threads()), 0));
  const std::vector<Json> spans = events_of(file, "X");
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans[0]["name"].text, "read") << "the name of a slice is its stage";
  EXPECT_EQ(spans[0]["cat"].text, "span");
  EXPECT_EQ(spans[0]["args"]["job"].text, "7");
  EXPECT_EQ(spans[0]["args"]["attempt"].text, "1");
  EXPECT_EQ(spans[0]["args"]["threw"].text, "false");
  EXPECT_EQ(spans[1]["args"]["threw"].text, "true");
  EXPECT_EQ(spans[2]["args"]["attempt"].text, "2");
  EXPECT_EQ(spans[2]["args"]["gave"].text, "18446744073709551615");
  EXPECT_TRUE(spans[2]["args"]["gave"].is(Json::Kind::text));
}

// Times are microseconds, and a nanosecond is not lost, after however many days.
STEP_TEST(2, TraceBuffer, WritesMicroseconds, "trace format") {
  EXPECT_EQ(microseconds(0), "0.000");
  EXPECT_EQ(microseconds(1), "0.001");
  EXPECT_EQ(microseconds(1'500), "1.500");
  EXPECT_EQ(microseconds(-20), "-0.020") << "a clock may be set before its zero";
  EXPECT_EQ(microseconds(-1'500), "-1.500");
  EXPECT_EQ(microseconds(864'000'000'000'000'001), "864000000000000.001");
  const Json file = read_file(file_of(slices(two_threads()), 0));
  const std::vector<Json> spans = events_of(file, "X");
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans[0]["ts"].text, "1.500");
  EXPECT_EQ(spans[0]["dur"].text, "0.250")
      << "dur is how long it took, not when it ended";
  EXPECT_EQ(spans[2]["ts"].text, "2000000.200");
  EXPECT_EQ(spans[2]["dur"].text, "1.000");
}

// Whatever a text holds, it is one JSON string, and says the same when it is read.
STEP_TEST(2, TraceBuffer, EscapesText, "trace format") {
  std::string all;
  for (char c = 1; c > 0 && c < 127; ++c) all += c;
  for (const std::string& text :
       {std::string("price"), std::string(), std::string("say \"hello\""),
        std::string("C:\\temp\\"), std::string("two\nlines\tand a tab"),
        std::string("a zero \0 inside", 15), std::string("naïve 価格"), all}) {
    const Json read = read_file(json_text(text));
    EXPECT_TRUE(read.is(Json::Kind::text)) << json_text(text);
    EXPECT_EQ(read.text, text) << "json_text gave " << json_text(text);
  }
}

// Texts are escaped wherever one stands.
STEP_TEST(2, TraceBuffer, EscapesEveryText, "trace format") {
  Track track{"the \"fast\" one\n", {numbered(1)}, 0};
  track.spans[0].stage = "read\\write \"x\"";
  const Json file = read_file(file_of(slices({track}), 0));
  ASSERT_EQ(events_of(file, "M").size(), 1u);
  EXPECT_EQ(events_of(file, "M")[0]["args"]["name"].text, track.thread);
  ASSERT_EQ(events_of(file, "X").size(), 1u);
  EXPECT_EQ(events_of(file, "X")[0]["name"].text, track.spans[0].stage);
}

// --- Step 3: arrows -----------------------------------------------------------------------------

// An arrow from each cause to its effect, whose ends lie in their slices.
STEP_TEST(3, TraceBuffer, DrawsAnArrowFromEachCause, "trace format") {
  const Json file = read_file(to_json(two_threads()));
  expect_no_faults(file);
  EXPECT_EQ(file["otherData"]["dropped"].text, "3") << "what all tracks have dropped";
  const std::vector<Json> starts = events_of(file, "s");
  const std::vector<Json> heads = events_of(file, "f");
  ASSERT_EQ(starts.size(), 2u) << "two of the three spans have a cause";
  ASSERT_EQ(heads.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string& id = starts[i]["id"].text;
    const Json& head = heads[0]["id"].text == id ? heads[0] : heads[1];
    EXPECT_EQ(head["id"].text, id) << "both ends of an arrow have one id";
    EXPECT_TRUE(id == "8" || id == "9")
        << "an arrow's id is that of the span it leads to";
    EXPECT_EQ(starts[i]["tid"].text, id == "8" ? "1" : "2") << "it starts at the cause";
    EXPECT_EQ(head["tid"].text, "2") << "it leads to the effect";
    EXPECT_EQ(starts[i]["ts"].text, id == "8" ? "1.500" : "2000000.123");
    EXPECT_EQ(head["ts"].text, id == "8" ? "2000000.123" : "2000000.200");
  }
}

// A cause with several effects has an arrow to each; a cause that comes later in the trace
// than its effect is found as well.
STEP_TEST(3, TraceBuffer, DrawsSeveralArrowsFromOneCause, "trace format") {
  std::vector<Track> tracks = two_threads();
  tracks[1].spans[1].cause = 7;
  std::swap(tracks[0], tracks[1]);
  const Json file = read_file(to_json(tracks));
  expect_no_faults(file);
  ASSERT_EQ(events_of(file, "s").size(), 2u);
  for (const Json& start : events_of(file, "s")) EXPECT_EQ(start["tid"].text, "2");
  for (const Json& head : events_of(file, "f")) EXPECT_EQ(head["tid"].text, "1");
}

// Where the cause was dropped, or there is none, there is no arrow, and no half of one.
STEP_TEST(3, TraceBuffer, DrawsNoArrowFromNothing, "incomplete trace") {
  std::vector<Track> tracks = two_threads();
  tracks[0].spans.clear();
  const Json file = read_file(to_json(tracks));
  expect_no_faults(file);
  EXPECT_EQ(events_of(file, "s").size(), 1u)
      << "only the second attempt's cause is there";
  EXPECT_EQ(events_of(file, "f").size(), 1u);
}

// --- Step 4: whichever ends first -------------------------------------------------------------

// A thread's track stays when the thread, and its buffer, are gone.
STEP_TEST(4, TraceBuffer, OutlivesItsThread, "lifetime") {
  explore([] {
    Trace trace(2);
    std::thread([&trace] {
      TraceBuffer buffer(trace, "worker");
      for (std::uint64_t n = 1; n <= 3; ++n) buffer.record(numbered(n));
    }).join();
    TraceBuffer another(trace, "another");
    const Track ended = track_of(trace, 0, 2);
    check(ended.thread == "worker", "the track of a thread that has ended is gone");
    check(ended.spans.size() == 2 && ended.dropped == 1,
          "the spans of a thread that has ended are gone");
    check_track(ended, 2);
  });
}

// A thread may record when its trace is gone: into nothing.
STEP_TEST(4, TraceBuffer, OutlivesItsTrace, "lifetime") {
  explore([] {
    auto trace = std::make_unique<Trace>(2);
    TraceBuffer buffer(*trace, "worker");
    buffer.record(numbered(1));
    trace.reset();
    for (std::uint64_t n = 2; n <= 4; ++n) buffer.record(numbered(n));
  });
}

// The trace ends while the thread records.
STEP_TEST(4, TraceBuffer, MayEndInAnyOrder, "lifetime") {
  explore([] {
    auto trace = std::make_unique<Trace>(1);
    std::jthread worker([buffer = TraceBuffer(*trace, "worker")]() mutable {
      interleave::name_thread("worker");
      buffer.record(numbered(1));
      buffer.record(numbered(2));
    });
    check_track(track_of(*trace), 1);
    trace.reset();
  });
}

// A buffer that is moved takes its track along; the one it was moved from may be destroyed.
STEP_TEST(4, TraceBuffer, CanBeMoved, "lifetime") {
  explore([] {
    Trace trace(2);
    std::optional<TraceBuffer> first(std::in_place, trace, "worker");
    first->record(numbered(1));
    TraceBuffer second(std::move(*first));
    first.reset();
    second.record(numbered(2));
    check(track_of(trace).spans.size() == 2,
          "moving a buffer makes no new track, and loses none of its spans");
  });
}

// --- What it costs -------------------------------------------------------------------------------

constexpr int many = 64;

// With room in the buffer, a thread touches nothing that other threads write.
STEP_TEST(1, TraceBuffer, CostOfARecord) {
  explore([] {
    Trace trace(many);
    TraceBuffer buffer(trace, "worker");
    const interleave::Cost cost("record", many);
    for (std::uint64_t n = 1; n <= many; ++n) buffer.record(numbered(n));
  });
}

// Without room it costs no more.
STEP_TEST(1, TraceBuffer, CostOfADrop) {
  explore([] {
    Trace trace(1);
    TraceBuffer buffer(trace, "worker");
    buffer.record(numbered(1));
    const interleave::Cost cost("drop", many);
    for (std::uint64_t n = 1; n <= many; ++n) buffer.record(numbered(n));
  });
}

}  // namespace
