// Property: every field of a struct that goes over the socket arrives as it was.
#include "interleave/runtime/messages.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <string>
#include <vector>

#include "interleave/runtime/token.hpp"

namespace interleave {
namespace {

// Sets fields to values that are not their defaults, another one each time.
class Filler {
 public:
  void operator()(bool& field) { field = !field; }
  void operator()(double& field) { field = ++last_ + 0.5; }
  void operator()(std::uint32_t& field) { field = ++last_; }
  void operator()(std::uint64_t& field) { field = ++last_ + (std::uint64_t{1} << 40U); }
  void operator()(FailureKind& field) { field = FailureKind::kLostWakeUp; }
  void operator()(std::string& field) { field = "text " + std::to_string(++last_); }
  void operator()(std::vector<std::uint32_t>& field) { field = {++last_, ++last_}; }
  void operator()(Inflection& field) { field = {true, true, ++last_, ++last_}; }

 private:
  std::uint32_t last_ = 0;
};

template <typename Struct>
Struct filled() {
  Struct value;
  for_each_field(value, Filler());
  return value;
}

// Each field of one beside the same field of the other.
template <typename Struct, typename Compare>
void compare_fields(const Struct& one, const Struct& other, Compare compare) {
  std::apply([&](auto... field) { (compare(one.*field, other.*field), ...); },
             fields_of(&one));
}

template <typename Struct>
class MessagesTest : public testing::Test {
 public:
  MessagesTest() {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) != 0) throw std::exception();
  }
  ~MessagesTest() override {
    for (const int end : ends_) close(end);
  }

  Struct sent_and_received(const Struct& value) {
    put_value(ends_[0], value);
    return get_value<Struct>(ends_[1]);
  }

 private:
  std::array<int, 2> ends_{};
};

using Structs = testing::Types<Answer, Finding, Report>;
TYPED_TEST_SUITE(MessagesTest, Structs);

TYPED_TEST(MessagesTest, TheFillerLeavesNoFieldAtItsDefault) {
  const auto differ = [](const auto& one, const auto& other) { EXPECT_NE(one, other); };
  compare_fields(filled<TypeParam>(), TypeParam(), differ);
}

TYPED_TEST(MessagesTest, EveryFieldArrives) {
  const auto equal = [](const auto& one, const auto& other) { EXPECT_EQ(one, other); };
  const TypeParam sent = filled<TypeParam>();
  compare_fields(this->sent_and_received(sent), sent, equal);
}

TYPED_TEST(MessagesTest, WhatIsEmptyArrivesEmpty) {
  const auto equal = [](const auto& one, const auto& other) { EXPECT_EQ(one, other); };
  compare_fields(this->sent_and_received(TypeParam()), TypeParam(), equal);
}

TEST(Messages, TheFieldsOfAStructAreCounted) {
  struct Three {
    std::string text;
    Inflection nested;
    bool flag = false;
  };
  static_assert(count_fields<Three>() == 3);
}

TEST(Messages, DeviationsArriveInOrder) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const Deviations sent{{3, 1}, {7, 2}};
  put_value(ends[0], sent);
  EXPECT_EQ(get_value<Deviations>(ends[1]), sent);
  for (const int end : ends) close(end);
}

}  // namespace
}  // namespace interleave
