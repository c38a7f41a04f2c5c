// Values over a socket, between two processes of one program.
//
//   put_value(socket, finding) --> [ its fields, by fields_of ] --> get_value<Finding>(socket)
//
// Plain memory goes as it is, a string or a vector after its length. Any other struct lists
// its fields here, once, for writing and for reading; a list that lacks one does not compile.
//
// Threads     None: one process at each end, each with one thread.
// Errors      Where the other end is gone there is no one left to tell: the process ends.
#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "interleave/report/report.hpp"
#include "interleave/runtime/answer.hpp"

namespace interleave {

// -- Each struct's fields ---------------------------------------------------------------

[[nodiscard]] constexpr auto fields_of(const Answer*) {
  return std::tuple{&Answer::kind,    &Answer::message,     &Answer::place,
                    &Answer::outcome, &Answer::choices,     &Answer::steps,
                    &Answer::pruned,  &Answer::fingerprint, &Answer::execution};
}

[[nodiscard]] constexpr auto fields_of(const Finding*) {
  return std::tuple{&Finding::test,       &Finding::schedule, &Finding::schedules,
                    &Finding::exhaustive, &Finding::few,      &Finding::milliseconds,
                    &Finding::coverage,   &Finding::token,    &Finding::replay_command,
                    &Finding::inflection, &Finding::undone,   &Finding::replayed,
                    &Finding::same_steps};
}

[[nodiscard]] constexpr auto fields_of(const Report*) {
  return std::tuple{&Report::concept_name, &Report::headline, &Report::picture,
                    &Report::brief,        &Report::file,     &Report::line,
                    &Report::json};
}

// Any field can be initialised with it; what that would mean is never asked.
struct AnyField {
  template <typename Field>
  operator Field() const;
};

// How many fields the aggregate has: with one initialiser more it would not compile.
template <typename Struct, typename... Fields>
[[nodiscard]] consteval std::size_t count_fields() {
  if constexpr (requires { Struct{Fields{}..., AnyField{}}; }) {
    return count_fields<Struct, Fields..., AnyField>();
  } else {
    return sizeof...(Fields);
  }
}

// Calls `visit` with each field of a struct that lists them.
template <typename Struct, typename Visit>
void for_each_field(Struct& value, Visit visit) {
  using Listed = std::remove_const_t<Struct>;
  constexpr auto fields = fields_of(static_cast<const Listed*>(nullptr));
  static_assert(std::tuple_size_v<decltype(fields)> == count_fields<Listed>(),
                "fields_of must list every field of the struct");
  std::apply([&](auto... field) { (visit(value.*field), ...); }, fields);
}

// -- Bytes ------------------------------------------------------------------------------

void send_bytes(int socket, const void* bytes, std::size_t size);
// False if the other end is gone.
[[nodiscard]] bool offer_bytes(int socket, const void* bytes, std::size_t size);
[[nodiscard]] bool receive_bytes(int socket, void* bytes, std::size_t size);
[[noreturn]] void lost_contact();

// -- Values -----------------------------------------------------------------------------

template <typename Value>
concept PlainMemory = std::is_trivially_copyable_v<Value>;

// A string, or a vector of plain memory.
template <typename Value>
concept PlainSequence = PlainMemory<typename Value::value_type> && requires(Value value) {
  value.resize(value.size());
  value.data();
};

template <typename Value>
void put_value(int socket, const Value& value) {
  if constexpr (PlainMemory<Value>) {
    send_bytes(socket, &value, sizeof value);
  } else if constexpr (PlainSequence<Value>) {
    put_value(socket, value.size());
    send_bytes(socket, value.data(), value.size() * sizeof(typename Value::value_type));
  } else {
    for_each_field(value, [socket](const auto& field) { put_value(socket, field); });
  }
}

template <typename Value>
[[nodiscard]] Value get_value(int socket) {
  Value value;
  if constexpr (PlainMemory<Value>) {
    if (!receive_bytes(socket, &value, sizeof value)) lost_contact();
  } else if constexpr (PlainSequence<Value>) {
    value.resize(get_value<std::size_t>(socket));
    const std::size_t size = value.size() * sizeof(typename Value::value_type);
    if (!receive_bytes(socket, value.data(), size)) lost_contact();
  } else {
    for_each_field(value, [socket](auto& field) {
      field = get_value<std::remove_reference_t<decltype(field)>>(socket);
    });
  }
  return value;
}

}  // namespace interleave
