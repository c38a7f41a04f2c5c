// Lesson 10's experiments: one fault, found with and without a trace, and what tracing costs.
#include "course/demo.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../../solutions/05-assembly-line/reorder.hpp"
#include "../../solutions/10-tracing/blame.hpp"
#include "../../solutions/10-tracing/trace_buffer.hpp"
#include "../05-assembly-line/assembly_line.hpp"
#include "course/busywork.hpp"
#include "course/stay_on.hpp"
#include "machine/usable_cores.hpp"
#include "trace_event_format.hpp"
#include "trace_page.hpp"
#include "tracing.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Cents = std::uint64_t;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void expect(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

// --- A12: one fault, and who made it -------------------------------------------------------

// What each stage should make of a job, which is its own number to begin with.
struct Part {
  const char* stage;
  Cents (*work)(Cents);
};
constexpr std::array<Part, 5> parts{{
    {"read", [](Cents number) { return 1'000 * number; }},
    {"price", [](Cents cents) { return 7 * cents; }},
    {"discount", [](Cents cents) { return cents - cents / 10; }},
    {"tax", [](Cents cents) { return cents + cents / 5; }},
    {"print", [](Cents cents) { return cents; }},
}};
constexpr std::size_t price = 1;
constexpr std::size_t discount = 2;
constexpr std::size_t print = 4;

std::size_t place_of(const Span& span) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (std::string(parts[i].stage) == span.stage) return i;
  }
  throw std::runtime_error("a span of no stage of this line");
}

// What a span should have given: its job done again, by one thread.
bool is_right(const Span& span) {
  Cents cents = span.job;
  for (std::size_t i = 0; i <= place_of(span); ++i) cents = parts[i].work(cents);
  return span.gave == cents;
}

// Throws at every hundredth call, on whatever thread.
void throw_now_and_then() {
  thread_local int calls = 0;
  if (++calls % 100 == 0) throw std::runtime_error("the price list is busy");
}

// Runs `jobs` jobs through the line: read, then price in three threads, then the rest.
// Discount spoils one of them; print refuses it, two stages later. Returns the trace.
std::vector<Track> run_line(std::uint64_t jobs, std::uint64_t spoiled) {
  Trace trace(2 * jobs);
  const auto stage = [&trace](std::size_t place, auto work) {
    const auto name = parts[place].stage;
    return traced(
        name, 1,
        [buffer = TraceBuffer(trace, name)](const Span& span) mutable {
          buffer.record(span);
        },
        work);
  };
  {
    auto before = AssemblyLine<Traced<Cents>>(16).then(stage(0, parts[0].work));
    Reorder<Traced<Cents>, Traced<Cents>> prices(3, 16,
                                                 traced(
                                                     parts[price].stage, 3,
                                                     [&trace](const Span& span) {
                                                       thread_local TraceBuffer buffer(
                                                           trace, "price");
                                                       buffer.record(span);
                                                     },
                                                     [](Cents cents) {
                                                       throw_now_and_then();
                                                       return parts[price].work(cents);
                                                     }));
    auto behind =
        AssemblyLine<Traced<Cents>>(16)
            .then(stage(discount,
                        [spoiled, job = std::uint64_t{0}](Cents cents) mutable {
                          return parts[discount].work(cents) + (++job == spoiled ? 1 : 0);
                        }))
            .then(stage(3, parts[3].work))
            .then(stage(print, [](Cents cents) {
              if (cents % 10 != 0) throw std::runtime_error("no price has odd cents");
              return parts[print].work(cents);
            }));
    std::jthread source([&] {
      for (std::uint64_t job = 1; job <= jobs; ++job) before.put({job, 0, 0, job});
      before.finish();
    });
    std::jthread to_prices([&] {
      while (auto job = before.take()) prices.put(std::move(*job));
      prices.close();
    });
    std::jthread from_prices([&] {
      while (auto job = prices.take()) behind.put(std::move(*job));
      behind.finish();
    });
    for (bool more = true; more;) {
      try {
        more = behind.take().has_value();
      } catch (const std::runtime_error&) {
        continue;  // the job that print refused
      }
    }
  }
  return trace.tracks();
}

// A pair of stage and job: somebody who may have done it.
using Suspect = std::pair<std::size_t, std::uint64_t>;
using Suspects = std::set<Suspect>;

// A stack says in which stage it was thrown. The fault was made there or before, in any job.
Suspects by_stack(std::size_t stage, std::uint64_t jobs) {
  Suspects suspects;
  for (std::size_t place = 0; place <= stage; ++place) {
    for (std::uint64_t job = 1; job <= jobs; ++job) suspects.emplace(place, job);
  }
  return suspects;
}

// A log has a line for each piece of work: when, in which stage. The fault was made in one
// that ended before it showed, there or before.
Suspects by_log(const std::vector<Span>& lines, const Span& shown) {
  Suspects suspects;
  for (const Span& line : lines) {
    if (line.end <= shown.end && place_of(line) <= place_of(shown)) {
      suspects.emplace(place_of(line), line.job);
    }
  }
  return suspects;
}

// With the job's number in each line: one of those of this job.
Suspects by_log_with_numbers(const std::vector<Span>& lines, const Span& shown) {
  Suspects suspects;
  for (const Suspect& suspect : by_log(lines, shown)) {
    if (suspect.second == shown.job) suspects.insert(suspect);
  }
  return suspects;
}

// A trace says what each gave, and which took it.
Suspects by_trace(const std::vector<Span>& spans, const Span& shown) {
  const Blame found = blame(spans, shown.id, is_right);
  expect(found.broke.has_value() && found.certain, "the trace does not name the stage");
  return {{place_of(*found.broke), found.broke->job}};
}

// The tracks with the spans of the jobs around `job` only.
std::vector<Track> around(std::vector<Track> tracks, std::uint64_t job) {
  for (Track& track : tracks) {
    std::erase_if(track.spans, [job](const Span& span) {
      return span.job + 12 < job || span.job > job + 12;
    });
  }
  return tracks;
}

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

MEASURED("A12", "One job of ten thousand is spoiled, and it shows two stages later",
         table) {
  const std::uint64_t jobs = course::quick() ? 500 : 10'000;
  const std::uint64_t spoiled = jobs * 6 / 10 + 17;
  const std::vector<Track> tracks = run_line(jobs, spoiled);
  std::vector<Span> spans;
  std::size_t tried_again = 0;
  for (const Track& track : tracks) {
    expect(track.dropped == 0, "a buffer was too small");
    spans.insert(spans.end(), track.spans.begin(), track.spans.end());
  }
  Span shown;
  for (const Span& span : spans) {
    if (span.threw && place_of(span) == print) shown = span;
    tried_again += span.attempt > 1 ? 1 : 0;
  }
  expect(shown.job == spoiled, "print did not refuse the job that was spoiled");

  table.columns({"evidence", "what it says", "pairs left open", "the guilty among them"});
  const auto row = [&](const char* evidence, const char* says, const Suspects& suspects) {
    table.row({evidence, says, course::count(static_cast<std::int64_t>(suspects.size())),
               suspects.contains({discount, spoiled}) ? "yes" : "no"});
  };
  row("a stack", "the stage that threw", by_stack(place_of(shown), jobs));
  row("a log", "stages and times", by_log(spans, shown));
  row("a log with job numbers", "and whose", by_log_with_numbers(spans, shown));
  row("a trace", "and causes, and what each gave", by_trace(spans, shown));

  const std::string json = to_json(around(tracks, spoiled));
  expect(format_faults(read_json(json)).empty(), "the trace does not follow its format");
  write(".course/trace.json", json);
  write(".course/trace.html", trace_page(json));
  table.verbatim(
      "  " + course::count(static_cast<std::int64_t>(spans.size())) + " spans of " +
      course::count(static_cast<std::int64_t>(jobs)) + " jobs; " +
      std::to_string(tried_again) + " attempts were later ones.\n" +
      "  The jobs around the spoiled one are in .course/trace.html, which a "
      "browser opens,\n  and in .course/trace.json, which ui.perfetto.dev opens.");
  table.look_at("how much each line of the evidence leaves open: the last names one");
}

// --- What an event costs ---------------------------------------------------------------------

// Keeps the calling thread on one core; different numbers, different cores, while there are.
void stay_on(std::size_t which) {
  static const std::vector<unsigned> cores = course::machine::allowed_cores();
  course::stay_on(cores[which % cores.size()]);
}

// Runs work(0), work(1), … each on a thread and a core of its own, all at the same time, and
// returns the seconds that the slowest took.
template <typename Work>
double seconds_of(unsigned threads, Work work) {
  std::atomic<unsigned> here = 0;
  std::vector<double> seconds(threads);
  {
    std::vector<std::jthread> all;
    for (unsigned thread = 0; thread < threads; ++thread) {
      all.emplace_back([&, thread] {
        stay_on(thread);
        here.fetch_add(1);
        while (here.load() < threads) std::this_thread::yield();
        const auto start = Clock::now();
        work(thread);
        seconds[thread] = seconds_since(start);
      });
    }
  }
  return *std::max_element(seconds.begin(), seconds.end());
}

// The middle one of several runs.
template <typename Run>
double typical(Run run) {
  std::array<double, 5> all{};
  for (double& one : all) one = run();
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

const unsigned both = 2;

MEASURED("A12b", "What an event costs the thread that records it", table) {
  const std::uint64_t events = course::quick() ? 1'000 : 400'000;
  const auto nanoseconds = [events](double seconds) {
    return course::number(1e9 * seconds / static_cast<double>(events));
  };
  table.columns({"a thread", "ns, alone", "ns, two at once"});
  const auto row = [&](const char* what, auto run) {
    table.row({what, nanoseconds(typical([&] { return run(1u); })),
               nanoseconds(typical([&] { return run(both); }))});
  };
  std::atomic<std::int64_t> sum = 0;  // so that no clock goes unread
  row("reads the clock twice", [&](unsigned threads) {
    return seconds_of(threads, [&](unsigned) {
      std::int64_t spent = 0;
      for (std::uint64_t n = 0; n < events; ++n) {
        const std::int64_t begin = now_in_nanoseconds();
        spent += now_in_nanoseconds() - begin;
      }
      sum += spent;
    });
  });
  row("records, one list and a lock for all", [&](unsigned threads) {
    Recorder recorder;
    const double seconds = seconds_of(threads, [&](unsigned) {
      Span span;
      for (span.id = 0; span.id < events; ++span.id) recorder.record(span);
    });
    expect(recorder.spans().size() == threads * events, "a span was lost");
    return seconds;
  });
  row("records, in a buffer of its own", [&](unsigned threads) {
    Trace trace(events);
    std::vector<TraceBuffer> buffers;
    for (unsigned i = 0; i < threads; ++i) buffers.emplace_back(trace, "worker");
    const double seconds = seconds_of(threads, [&](unsigned thread) {
      Span span;
      for (span.id = 0; span.id < events; ++span.id) buffers[thread].record(span);
    });
    for (const Track& track : trace.tracks()) {
      expect(track.spans.size() == events && track.dropped == 0, "a span was lost");
    }
    return seconds;
  });
  if (course::usable_cores() < both) table.verbatim("  One core here: none meet.");
  table.look_at("the second row: what a thread pays for another one's events");
}

// How many jobs of three parts, `steps` long each, a thread does: fewer of the long ones.
constexpr std::uint64_t most_jobs = 60'000;
std::uint64_t jobs_of(int steps) {
  return course::quick() ? 200
                         : most_jobs / (1 + static_cast<std::uint64_t>(steps) / 100);
}

// Jobs a second, by `threads` threads that do whole jobs, each part of which is a span.

template <typename RecorderOf>
double jobs_per_second(unsigned threads, int steps, RecorderOf recorder_of) {
  const std::uint64_t jobs = jobs_of(steps);
  const double seconds = seconds_of(threads, [&](unsigned thread) {
    const auto record = recorder_of(thread);
    const auto part = [steps](std::uint64_t item) {
      return course::busywork(item, steps);
    };
    auto one = traced("one", 1, record, part);
    auto two = traced("two", 1, record, part);
    auto three = traced("three", 1, record, part);
    std::uint64_t done = 1;
    for (std::uint64_t job = 1; job <= jobs; ++job) {
      done = three(two(one(Traced<std::uint64_t>{job, 0, 0, done | 1}))).item;
    }
    expect(done != 0, "the work was not done");
  });
  return static_cast<double>(threads * jobs) / seconds;
}

// The same without a trace: what `traced` adds is not there either.
double untraced(unsigned threads, int steps) {
  const std::uint64_t jobs = jobs_of(steps);
  const double seconds = seconds_of(threads, [&](unsigned) {
    std::uint64_t done = 1;
    for (std::uint64_t job = 1; job <= jobs; ++job) {
      for (int part = 0; part < 3; ++part) done = course::busywork(done | 1, steps);
    }
    expect(done != 0, "the work was not done");
  });
  return static_cast<double>(threads * jobs) / seconds;
}

MEASURED("A12c", "What tracing costs the work: two threads, jobs of three parts", table) {
  table.columns({"a part takes, us", "jobs/s", "locked recorder", "of it lost",
                 "a buffer each", "of it lost"});
  for (const int steps : {50, 500, 5'000}) {
    const double none = typical([&] { return untraced(both, steps); });
    const double locked = typical([&] {
      Recorder recorder;
      return jobs_per_second(both, steps, [&recorder](unsigned) {
        return [&recorder](const Span& span) { recorder.record(span); };
      });
    });
    const double own = typical([&] {
      Trace trace(3 * most_jobs);
      std::vector<TraceBuffer> buffers;
      for (unsigned i = 0; i < both; ++i) buffers.emplace_back(trace, "worker");
      return jobs_per_second(both, steps, [&buffers](unsigned thread) {
        return [&buffer = buffers[thread]](const Span& span) { buffer.record(span); };
      });
    });
    const auto lost = [none](double traced_speed) {
      return course::number(100 * (1 - traced_speed / none)) + " %";
    };
    table.row({course::number(1e6 * std::min(both, course::usable_cores()) / none / 3),
               course::number(none), course::number(locked), lost(locked),
               course::number(own), lost(own)});
  }
  table.verbatim("  Each part is a span: two readings of the clock and a record.");
  table.look_at(
      "both columns of what is lost, downwards: they say how long a part must be to be "
      "worth "
      "a span");
}

}  // namespace
