// One step of a trace in words: "lock mutex_", "load head_ (acquire) = 4".
#pragma once

#include <cstdint>
#include <string>

#include "interleave/report/naming.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

// What the step did, without its place.
[[nodiscard]] std::string in_words(const Step& step, const Naming& naming);

// "relaxed", "acquire", ...
[[nodiscard]] std::string_view name_of(MemoryOrder order);

// A value as a person reads it: small numbers in decimal, what may be a pointer in hex.
// Of four bytes or more, what is a little below zero is negative.
[[nodiscard]] std::string in_words(const Value& value, std::uint8_t size = 8);
// " (acquire) = 4" of a step that reads.
[[nodiscard]] std::string value_read_in_words(const Step& step);

}  // namespace interleave
