// Tests of the reference. Each opens with its property.
#include "assembly_line.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// Every stage does its part of each item, and the items stay in order; a stage may make
// something else of what it takes.
TEST(AssemblyLine, DoesEachPartInOrder) {
  explore([] {
    auto line =
        AssemblyLine<int>(1).then([](int item) { return item + 1; }).then([](int item) {
          return std::to_string(item);
        });
    line.put(1);
    line.put(8);
    line.finish();
    check(line.take() == "2", "the first item must have passed both stages");
    check(line.take() == "9", "the second item must come after the first");
    check(line.take() == std::nullopt, "after the last item comes the end");
    check(line.take() == std::nullopt, "and the end stays");
  });
}

// Neither items nor the work of a stage are copied.
TEST(AssemblyLine, MovesItemsAndState) {
  explore([] {
    auto line = AssemblyLine<std::unique_ptr<int>>(1).then(
        [sum = std::make_unique<int>(0)](std::unique_ptr<int> item) {
          *sum += *item;
          return *sum;
        });
    line.put(std::make_unique<int>(3));
    check(line.take() == 3, "the stage must have the item");
    line.put(std::make_unique<int>(4));
    check(line.take() == 7, "the stage must remember what it has seen");
  });
}

// A source that is faster than the line waits: no belt holds more than its capacity.
TEST(AssemblyLine, SlowsTheSourceDown) {
  explore([] {
    auto line = std::make_unique<AssemblyLine<int>>(1);
    int put = 0;  // written by the source
    std::jthread source([&] {
      for (int item = 0; item < 3; ++item) line->put(item);
      put = 3;
      line->finish();
    });
    for (int item = 0; item < 3; ++item)
      check(line->take() == item, "items keep their order");
    check(line->take() == std::nullopt, "after the last item comes the end");
    check(put == 3, "the end must come after what the source did before it");
  });
}

// What a stage throws takes the item's place, passes the later stages by, and is thrown
// where the item would have come out. The items behind it are done.
TEST(AssemblyLine, AnErrorTravelsInItsItemsPlace) {
  explore([] {
    auto line = AssemblyLine<int>(2)
                    .then([](int item) {
                      return item == 1 ? throw std::runtime_error("no ink") : item;
                    })
                    .then([](int item) { return 10 * item; });
    line.put(1);
    line.put(2);
    line.finish();
    std::string thrown;
    try {
      static_cast<void>(line.take());
    } catch (const std::runtime_error& error) {
      thrown = error.what();
    }
    check(thrown == "no ink", "take must throw what the stage threw");
    check(line.take() == 20, "the item behind the one that failed must be done");
    check(line.take() == std::nullopt, "after the last item comes the end");
  });
}

// A line that is destroyed early does what it was given, and its threads end.
TEST(AssemblyLine, EndsWithItemsInside) {
  explore([] {
    int done = 0;  // written by the stage
    {
      auto line = AssemblyLine<int>(1).then([&done](int item) { return done += item; });
      line.put(1);
      line.put(2);
    }
    check(done == 3, "both items must be done before the line is gone");
  });
}

}  // namespace
