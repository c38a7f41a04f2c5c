// A span as an event of LTTng-UST, the peer that lesson 10 measures itself against. LTTng
// includes this header several times, and makes other code of it each time.
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER course
#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "lttng_span.hpp"

#if !defined(COURSE_LTTNG_SPAN) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define COURSE_LTTNG_SPAN

#include <lttng/tracepoint.h>

#include <cstdint>

// All of a span but its end, which is the event's own time stamp. The stage is an address,
// as it is in a Span.
// clang-format off
LTTNG_UST_TRACEPOINT_EVENT(
    course, span,
    LTTNG_UST_TP_ARGS(std::uint64_t, job, std::uint64_t, id, std::uint64_t, cause,
                      std::uintptr_t, stage, unsigned, attempt, int, threw, std::uint64_t,
                      gave, std::int64_t, begin),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(std::uint64_t, job, job)
        lttng_ust_field_integer(std::uint64_t, id, id)
        lttng_ust_field_integer(std::uint64_t, cause, cause)
        lttng_ust_field_integer_hex(std::uintptr_t, stage, stage)
        lttng_ust_field_integer(unsigned, attempt, attempt)
        lttng_ust_field_integer(int, threw, threw)
        lttng_ust_field_integer(std::uint64_t, gave, gave)
        lttng_ust_field_integer(std::int64_t, begin, begin)))
// clang-format on

#endif

#include <lttng/tracepoint-event.h>
