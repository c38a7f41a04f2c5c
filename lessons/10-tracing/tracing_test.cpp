// Tests of the reference, and of what judges a trace. Each opens with its property.
#include "tracing.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../05-assembly-line/assembly_line.hpp"
#include "interleave/interleave.hpp"
#include "trace_event_format.hpp"
#include "trace_page.hpp"

namespace {

using interleave::check;
using interleave::explore;

// Threads record at the same time, and another reads: no span is lost, none is torn.
TEST(Recorder, KeepsWhatThreadsRecordAtTheSameTime) {
  explore([] {
    const auto recorder = std::make_unique<Recorder>();
    const auto record = [&recorder](std::uint64_t job) {
      Span span;
      span.job = job;
      span.id = job;
      recorder->record(span);
    };
    {
      std::jthread one([&] { record(1); });
      std::jthread two([&] { record(2); });
      for (const Span& span : recorder->spans()) {
        check(span.job == span.id, "a span must be whole");
      }
    }
    check(recorder->spans().size() == 2, "each thread recorded one span");
  });
}

// The last span of `stage` for `job`.
Span last_of(const std::vector<Span>& spans, std::uint64_t job,
             const std::string& stage) {
  Span last;
  for (const Span& span : spans) {
    if (span.job == job && span.stage == stage) last = span;
  }
  return last;
}

// Each stage leaves a span for each job, caused by the one before it, whatever the schedule.
TEST(Tracing, ChainsTheSpansOfAJob) {
  interleave::Options options;
  options.schedules = 500;
  explore(
      [] {
        const auto recorder = std::make_unique<Recorder>();
        const auto record = [&recorder](const Span& span) { recorder->record(span); };
        {
          auto line =
              AssemblyLine<Traced<int>>(1)
                  .then(traced("add", 1, record, [](int item) { return item + 1; }))
                  .then(traced("text", 1, record,
                               [](int item) { return std::to_string(item); }));
          line.put({1, 0, 0, 41});
          line.finish();
          const auto out = line.take();
          check(out && out->item == "42" && out->job == 1,
                "the item must pass both stages");
        }
        const std::vector<Span> spans = recorder->spans();
        check(spans.size() == 2, "two stages leave two spans");
        const Span add = last_of(spans, 1, "add");
        const Span text = last_of(spans, 1, "text");
        check(add.cause == 0 && text.cause == add.id, "a span's cause is the one before");
        check(add.id != text.id && add.gave == 42, "each has an id, and what it gave");
        check(add.begin <= add.end && add.end <= text.begin, "one clock orders them");
      },
      options);
}

// A try that throws leaves a span, and is the cause of the next try, which takes the same.
TEST(Tracing, TellsEachAttempt) {
  Recorder recorder;
  int calls = 0;
  auto stage = traced(
      "price", 3, [&recorder](const Span& span) { recorder.record(span); },
      [&calls](int item) {
        if (++calls < 3) throw std::runtime_error("busy");
        return 10 * item;
      });
  const Traced<int> out = stage(Traced<int>{7, 5, 1, 4});
  EXPECT_EQ(out.item, 40);
  const std::vector<Span> spans = recorder.spans();
  ASSERT_EQ(spans.size(), 3u);
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_EQ(spans[i].attempt, i + 1);
    EXPECT_EQ(spans[i].threw, i < 2);
    EXPECT_EQ(spans[i].cause, i == 0 ? 5 : spans[i - 1].id);
  }
  EXPECT_EQ(out.cause, spans[2].id) << "what comes next was caused by the last attempt";
}

// A recorder that throws, for want of memory perhaps, is no failed attempt: what was done is
// not done again.
TEST(Tracing, DoesNotTryAgainForTheRecorder) {
  int calls = 0;
  auto stage = traced(
      "price", 3, [](const Span&) { throw std::bad_alloc(); },
      [&calls](int item) { return item + ++calls; });
  EXPECT_THROW(static_cast<void>(stage(Traced<int>{1, 0, 0, 4})), std::bad_alloc);
  EXPECT_EQ(calls, 1);
}

// After the last attempt the exception goes its way, and the trace has all of them.
TEST(Tracing, GivesUpAfterTheLastAttempt) {
  Recorder recorder;
  auto stage = traced(
      "price", 2, [&recorder](const Span& span) { recorder.record(span); },
      [](int) -> int { throw std::runtime_error("busy"); });
  EXPECT_THROW(static_cast<void>(stage(Traced<int>{1, 0, 0, 4})), std::runtime_error);
  EXPECT_EQ(recorder.spans().size(), 2u);
}

// --- What judges a trace: it must be able to say no ----------------------------------------

// A file of these events.
std::string file(const std::string& events) {
  return "{\"traceEvents\":[" + events + "]}";
}

const std::string slice =
    R"({"ph":"X","name":"a","cat":"c","pid":1,"tid":1,"ts":1.5,"dur":2})";
const std::string later =
    R"({"ph":"X","name":"b","cat":"c","pid":1,"tid":2,"ts":4,"dur":1})";
const std::string start =
    R"({"ph":"s","name":"n","cat":"c","id":7,"pid":1,"tid":1,"ts":2})";
const std::string head =
    R"({"ph":"f","bp":"e","name":"n","cat":"c","id":7,"pid":1,"tid":2,"ts":4})";

std::string without(std::string text, const std::string& part) {
  const auto at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return text.erase(at, part.size());
}

TEST(TraceEventFormat, AcceptsWhatFollowsIt) {
  EXPECT_EQ(
      format_faults(read_json(file(slice + "," + later + "," + start + "," + head))),
      std::vector<std::string>());
}

// What is not JSON is refused.
TEST(TraceEventFormat, RefusesWhatIsNotJson) {
  for (const std::string text :
       {"", "{", "[1,]", "{\"a\":1,}", "{a:1}", "[01]", "[1.]", "[.5]", "[+1]", "[NaN]",
        "[1] 2", "[\"a\nb\"]", "[\"\\x\"]", "[\"open]", "[\"\\u00g0\"]", "[tru]",
        "{\"a\":1,\"a\":2}", "['a']", "[-0.-500]"}) {
    EXPECT_THROW(static_cast<void>(read_json(text)), std::runtime_error) << text;
  }
  EXPECT_EQ(read_json("[-0.5e+3, \"\\u0041\\n\"]").items[1].text, "A\n");
}

// Each field that the format asks for is missed.
TEST(TraceEventFormat, MissesWhatIsMissing) {
  const std::string all = slice + "," + later + "," + start + "," + head;
  for (const char* part :
       {R"("name":"a",)", R"("pid":1,)", R"("tid":1,)", R"("ts":1.5,)", R"(,"dur":2)",
        R"("cat":"c",)", R"("ph":"X",)", R"("bp":"e",)", R"("id":7,)"}) {
    EXPECT_FALSE(format_faults(read_json(file(without(all, part)))).empty()) << part;
  }
  EXPECT_FALSE(format_faults(read_json("[]")).empty());
  EXPECT_FALSE(
      format_faults(read_json(file(R"({"ph":"M","name":"thread_name","pid":1,"tid":1})")))
          .empty());
  EXPECT_FALSE(
      format_faults(
          read_json(file(
              R"({"ph":"X","name":"a","cat":"c","pid":1,"tid":1,"ts":"1","dur":2})")))
          .empty())
      << "a time that is a text";
  EXPECT_FALSE(
      format_faults(
          read_json(
              file(R"({"ph":"X","name":"a","cat":"c","pid":1,"tid":1,"ts":1,"dur":-2})")))
          .empty());
}

// Arrows have two ends, one slice at each, and do not lead back in time.
TEST(TraceEventFormat, ChecksArrows) {
  for (const std::string& events :
       {slice + "," + later + "," + start, slice + "," + later + "," + head,
        slice + "," + start + "," + head, later + "," + start + "," + head,
        slice + "," + later + "," + start + "," + head + "," + head}) {
    EXPECT_FALSE(format_faults(read_json(file(events))).empty()) << events;
  }
}

// The page has the trace in it, whatever its texts are.
TEST(TracePage, HoldsTheTrace) {
  const std::string page = trace_page(R"({"traceEvents":[{"name":"</script>"}]})");
  EXPECT_NE(page.find(R"({"traceEvents":[{"name":"\u003c/script>"}]})"),
            std::string::npos);
  EXPECT_EQ(page.find("http", page.find("</title>")),
            page.find("http://www.w3.org/2000/svg"))
      << "the page needs nothing from elsewhere";
}

}  // namespace
