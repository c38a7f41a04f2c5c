// Which stage broke a job: found in a trace, by what led to what.
//
//   source --> read --> price, attempt 1: threw
//                           '--> price, attempt 2 --> tax --> print: it shows here
//                                       ^
//                     took what was right, gave what is wrong: this one
//
// Threads     Any. Nothing is kept and nothing is changed.
// Progress    Time proportional to the length of the trace, whatever is in it.
//
// What a trace says, and what it does not
//   T1  Spans come in any order: each thread has its own buffer.
//   T2  Times are of the thread that took them. Clocks of different threads disagree, by
//       any amount; nothing here compares them.
//   T3  A span's cause is what led to it. For a first attempt that is the span whose result
//       it took. For a later attempt it is the attempt before, which gave nothing that was
//       used: it threw, or it was given up and what it gave was thrown away. A later attempt
//       takes what the first one took.
//   T4  Ids are unique, in no order. Causes never lead back to where they came from.
//   T5  Spans may be missing: a full buffer drops them.
//
// Left out    Jobs that are made of several others: there a span has several causes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <span.hpp>
#include <unordered_map>
#include <vector>

// How a job came to be what it is.
struct Way {
  std::vector<Span> spans;  // from the source on, each took what the one before it gave
  bool whole = false;       // the first span has no cause: nothing is missing before it
};

// The way that led to the span `shown`, which is the last of it. Attempts that gave nothing
// are not on it, but for `shown` itself. Empty, and not whole, if the trace lacks `shown`;
// not whole, and beginning later, if it lacks a span on the way.
[[nodiscard]] inline Way way_to(const std::vector<Span>& trace, std::uint64_t shown) {
  //> step 1(trace, shown): from cause to cause, backwards; step 3 adds the attempts
  std::unordered_map<std::uint64_t, const Span*> by_id;
  by_id.reserve(trace.size());
  for (const Span& span : trace) by_id[span.id] = &span;
  const auto find = [&by_id](std::uint64_t id) -> const Span* {
    const auto found = by_id.find(id);
    return found == by_id.end() ? nullptr : found->second;
  };

  Way way;
  for (const Span* span = find(shown); span != nullptr;) {
    way.spans.push_back(*span);
    // The first attempt knows what they all took.
    while (span != nullptr && span->attempt > 1) span = find(span->cause);
    if (span == nullptr) break;
    way.whole = span->cause == 0;
    span = find(span->cause);
  }
  std::reverse(way.spans.begin(), way.spans.end());
  return way;
  //<
}

struct Blame {
  std::optional<Span> broke;  // nothing: the job is right, or the trace does not have it
  bool certain = false;       // whether the trace shows that nothing before it did it
};

// What made the job wrong that is wrong at `shown`: the span that took something right, and
// gave something wrong or threw. Of several, the last: those before it were put right again.
//
// `is_right` says whether what a span gave is what it should have given. It is asked about
// spans on the way only, and never about one that threw.
//
// Certain: what that span took is known to be right, or it took nothing (its cause is 0).
// Else something that the trace lacks may have broken it, and `broke` is the first that is
// known to be wrong. That the job is right is certain if `shown` is there and right.
[[nodiscard]] inline Blame blame(const std::vector<Span>& trace, std::uint64_t shown,
                                 const std::function<bool(const Span&)>& is_right) {
  //> step 2(trace, shown, is_right): go back while it is wrong; step 4 adds the gaps
  const Way way = way_to(trace, shown);
  Blame blame;
  for (auto span = way.spans.rbegin(); span != way.spans.rend(); ++span) {
    if (!span->threw && is_right(*span)) {
      blame.certain = true;
      return blame;
    }
    blame.broke = *span;
  }
  blame.certain = way.whole;
  return blame;
  //<
}
