// One step of a trace in words: "lock mutex_", "load head_ (acquire) = 4".
#pragma once

#include <string>

#include "interleave/report/naming.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

// What the step did, without its place.
[[nodiscard]] std::string in_words(const Step& step, const Naming& naming);

// "relaxed", "acquire", ...
[[nodiscard]] std::string_view name_of(MemoryOrder order);

// A value as a person reads it: small numbers in decimal, what may be a pointer in hex.
[[nodiscard]] std::string in_words(const Value& value);

}  // namespace interleave
