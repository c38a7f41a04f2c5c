// Tests of exercise 11.3. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule that breaks it.
//
// What threads share is on the heap: Clang 14's hooks leave out what a function does with
// the members of its own local variables.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <task_graph.hpp>  // in <>, so that the include path decides whose it is
#include <thread>
#include <vector>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"
#include "team.hpp"

namespace {

using interleave::check;
using interleave::explore;

using Graph = TaskGraph<std::string>;
using Texts = std::vector<std::string>;

// Gives `text`.
Graph::Function giving(const std::string& text) {
  return [text](const Texts&) { return text; };
}

// Gives its name and its arguments: "f(a, b)".
Graph::Function showing(const std::string& name) {
  return [name](const Texts& arguments) {
    std::string text = name + "(";
    for (const std::string& argument : arguments) {
      text += (&argument == arguments.data() ? "" : ", ") + argument;
    }
    return text + ")";
  };
}

Graph::Node add_showing(Graph& graph, const std::string& name,
                        const std::vector<Graph::Node>& inputs) {
  const Graph::Node node = graph.add(name, showing(name));
  for (const Graph::Node input : inputs) graph.feed(input, node);
  return node;
}

// --- Step 1: each call once, when its inputs are there -----------------------------------

// Arguments come in the order in which they were fed, and one result may be two of them.
STEP_TEST(1, TaskGraph, GivesTheArgumentsInTheirOrder, "dependency") {
  explore([] {
    Team team(0);
    Graph graph;
    const auto last = graph.add("last", showing("last"));
    const auto first = graph.add("first", giving("1"));
    const auto second = graph.add("second", giving("2"));
    for (const auto input : {second, first, second}) graph.feed(input, last);
    graph.run(team);
    check(graph.result(first) == "1", "a call without inputs must be made");
    check(graph.result(last) == "last(2, 1, 2)", "arguments must come as they were fed");
  });
}

// A graph without calls is over at once.
STEP_TEST(1, TaskGraph, NothingToDoIsDone, "shutdown") {
  explore([] {
    Team team(0);
    Graph graph;
    graph.run(team);
  });
}

// A call waits for all of its inputs, whichever is there first, and is made once.
STEP_TEST(1, TaskGraph, ACallWaitsForItsInputs, "dependency") {
  explore([] {
    Team team(1);
    Graph graph;
    const auto made = std::make_unique<std::atomic<int>>(0);
    const auto left = graph.add("left", giving("l"));
    const auto right = graph.add("right", giving("r"));
    const auto both = graph.add("both", [&](const Texts& arguments) {
      ++*made;
      return arguments.at(0) + arguments.at(1);
    });
    graph.feed(left, both);
    graph.feed(right, both);
    graph.run(team);
    check(graph.result(both) == "lr", "it must get both of its inputs' results");
    check(*made == 1, "a call must be made once");
  });
}

// What the calls give reaches the leader and the followers, whole, from every thread.
STEP_TEST(1, TaskGraph, ResultsReachTheirReaders, "release without acquire") {
  explore([] {
    Team team(1);
    TaskGraph<int> graph;
    const auto add = [](const std::vector<int>& terms) {
      int sum = 1;
      for (const int term : terms) sum += term;
      return sum;
    };
    const auto a = graph.add("a", add);
    const auto b = graph.add("b", add);
    const auto c = graph.add("c", add);
    graph.feed(a, c);
    graph.feed(b, c);
    graph.run(team);
    check(graph.result(c) == 3, "both inputs must be counted");
    check(graph.result(a) == 1 && graph.result(b) == 1, "each call has its result");
  });
}

// The leader sees what calls that nothing follows gave, whichever of them was the last.
STEP_TEST(1, TaskGraph, SinksReachTheLeader, "release without acquire") {
  explore([] {
    Team team(1);
    TaskGraph<int> graph;
    const auto seven = [](const std::vector<int>&) { return 7; };
    const auto a = graph.add("a", seven);
    const auto b = graph.add("b", seven);
    graph.run(team);
    check(graph.result(a) == 7 && graph.result(b) == 7, "each call has its result");
  });
}

// Calls that do not need each other run at the same time: here each waits for the other.
STEP_TEST(1, TaskGraph, IndependentCallsRunTogether, "parallelism") {
  explore([] {
    Team team(1);
    Graph graph;
    const auto both = std::make_unique<std::latch>(2);
    const auto root = graph.add("root", giving("root"));
    for (int i = 0; i < 2; ++i) {
      const auto half = graph.add("half", [&](const Texts&) {
        both->arrive_and_wait();
        return std::string("met");
      });
      graph.feed(root, half);
    }
    graph.run(team);
  });
}

// A graph may run again, with another team: every call is made anew.
STEP_TEST(1, TaskGraph, RunsAgain, "dependency") {
  explore([] {
    Graph graph;
    int made = 0;
    const auto count =
        graph.add("count", [&](const Texts&) { return std::to_string(++made); });
    const auto show = add_showing(graph, "show", {count});
    {
      Team team(0);
      graph.run(team);
      check(graph.result(show) == "show(1)", "the first run must give its own result");
    }
    Team team(0);
    graph.run(team);
    check(graph.result(show) == "show(2)", "the second run must make every call anew");
    check(!team.help(), "no call may be left in the team");
  });
}

// The same team may run the same graph again at once: no thread of the first run is left in it.
STEP_TEST(1, TaskGraph, RunsAgainAtOnce, "lifetime") {
  explore([] {
    Team team(1);
    Graph graph;
    const auto last = graph.add("last", giving("1"));
    for (int run = 0; run < 2; ++run) {
      graph.run(team);
      check(graph.result(last) == "1", "each run must give its own result");
    }
  });
}

// A long line of calls, each feeding the next, needs no deep stack.
STEP_TEST(1, TaskGraph, ALongLineEnds, "deep recursion") {
  TaskGraph<int> graph;
  constexpr int length = 200'000;
  const auto next = [](const std::vector<int>& before) {
    return before.empty() ? 1 : before[0] + 1;
  };
  for (int i = 0; i < length; ++i) {
    const auto node = graph.add("call", next);
    if (i > 0) graph.feed(node - 1, node);
  }
  Team team(1);
  graph.run(team);
  EXPECT_EQ(graph.result(length - 1), length);
}

// The leader sleeps while others have all the calls, and is woken by the last.
STEP_TEST(1, TaskGraph, CostOfWaiting) {
  explore([] {
    Team team(1);
    Graph graph;
    const auto worker_is_there = std::make_unique<std::latch>(1);
    const auto leader = std::this_thread::get_id();
    for (int i = 0; i < 2; ++i) {
      graph.add("call", [&, leader](const Texts&) {
        if (std::this_thread::get_id() == leader) {
          worker_is_there->wait();
        } else {
          worker_is_there->count_down();
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return std::string();
      });
    }
    const interleave::Cost cost("a run that waits");
    graph.run(team);
  });
}

// --- Step 2: a failure is passed on ------------------------------------------------------

// What `node`'s result throws, in words; else the result.
std::string outcome_of(const Graph& graph, Graph::Node node) {
  try {
    return graph.result(node);
  } catch (const std::exception& error) {
    return std::string("throws ") + error.what();
  } catch (int error) {
    return "throws " + std::to_string(error);
  }
}

Graph::Function failing(const std::string& words) {
  return [words](const Texts&) -> std::string { throw std::runtime_error(words); };
}

// A call that throws fails, and so do all that need its result: they are not made. All others
// are.
STEP_TEST(2, TaskGraph, AFailureIsPassedOn, "exception safety") {
  explore([] {
    Team team(0);
    Graph graph;
    int made = 0;
    const auto bad = graph.add("bad", failing("no paper"));
    const auto good = graph.add("good", giving("ink"));
    const auto next = graph.add("next", [&](const Texts&) {
      ++made;
      return std::string();
    });
    graph.feed(good, next);
    graph.feed(bad, next);
    const auto last = add_showing(graph, "last", {next});
    const auto other = add_showing(graph, "other", {good});
    graph.run(team);
    check(outcome_of(graph, bad) == "throws no paper",
          "a call's exception is its result");
    check(made == 0, "a call must not be made if an input failed");
    check(outcome_of(graph, last) == "throws no paper",
          "a failure must be passed on to all that need the result");
    check(outcome_of(graph, other) == "other(ink)", "all other calls must be made");
  });
}

// A call may throw anything.
STEP_TEST(2, TaskGraph, ACallMayThrowAnything, "exception safety") {
  explore([] {
    Team team(0);
    Graph graph;
    const auto seven = graph.add("seven", [](const Texts&) -> std::string { throw 7; });
    const auto next = add_showing(graph, "next", {seven});
    graph.run(team);
    check(outcome_of(graph, next) == "throws 7",
          "what is no std::exception must arrive too");
  });
}

// If two inputs failed, the first of them in the order of the arguments is passed on.
STEP_TEST(2, TaskGraph, TheFirstFailedInputIsPassedOn, "exception safety") {
  explore([] {
    Team team(1);
    Graph graph;
    const auto one = graph.add("one", failing("one"));
    const auto two = graph.add("two", failing("two"));
    const auto next = graph.add("next", showing("next"));
    graph.feed(two, next);
    graph.feed(one, next);
    graph.run(team);
    check(outcome_of(graph, next) == "throws two",
          "the first failed input must be passed on, whichever failed first");
  });
}

// A failure is the last run's: the next run may succeed.
STEP_TEST(2, TaskGraph, AFailureIsForgottenByTheNextRun, "exception safety") {
  explore([] {
    Team team(0);
    Graph graph;
    int runs = 0;
    const auto shaky = graph.add("shaky", [&](const Texts&) {
      return ++runs == 2 ? throw std::runtime_error("shaky") : std::string("fine");
    });
    const auto next = add_showing(graph, "next", {shaky});
    Texts outcomes;
    for (int run = 0; run < 3; ++run) {
      graph.run(team);
      outcomes.push_back(outcome_of(graph, next));
    }
    check(outcomes == Texts{"next(fine)", "throws shaky", "next(fine)"},
          "each run must tell its own outcome");
  });
}

// A graph that never ran has no results, and says so.
STEP_TEST(2, TaskGraph, NoResultBeforeARun, "dependency") {
  Graph graph;
  const auto node = graph.add("call", giving("text"));
  EXPECT_ANY_THROW(static_cast<void>(graph.result(node)));
}

// --- Step 3: cycles ----------------------------------------------------------------------

// What run throws, and how many calls were made before.
struct Refusal {
  std::string words;
  int calls = 0;
};

// Runs a graph of calls named by single letters; each pair of `feeds` feeds its second by its
// first. The calls are added in the order of `names`.
Refusal refusal_of(const std::string& names, const Texts& feeds) {
  Refusal refusal;
  TaskGraph<int> graph;
  for (const char name : names) {
    graph.add(std::string(1, name),
              [&](const std::vector<int>&) { return ++refusal.calls; });
  }
  for (const std::string& feed : feeds)
    graph.feed(names.find(feed[0]), names.find(feed[1]));
  Team team(0);
  try {
    graph.run(team);
  } catch (const CircularDependency& error) {
    refusal.words = error.what();
  }
  return refusal;
}

// A circle is refused before any call is made, and named as its results would flow.
STEP_TEST(3, TaskGraph, ACycleIsRefused, "dependency") {
  explore([] {
    const Refusal refusal = refusal_of("xabc", {"xa", "ab", "bc", "ca"});
    check(refusal.calls == 0, "no call may be made before a cycle is found");
    check(refusal.words == "a -> b -> c -> a",
          "what() must be \"a -> b -> c -> a\": the cycle as its results flow, and first "
          "the call that was added first");
  });
}

// A call that needs its own result is the shortest circle.
STEP_TEST(3, TaskGraph, ACallMustNotFeedItself, "dependency") {
  explore([] {
    check(refusal_of("ab", {"ab", "bb"}).words == "b -> b",
          "a call must not feed itself: what() must be \"b -> b\"");
  });
}

// What leads into a circle, and what it feeds, are no part of it.
STEP_TEST(3, TaskGraph, OnlyTheCycleIsNamed, "dependency") {
  explore([] {
    const Refusal refusal = refusal_of("zyabx", {"za", "ab", "ba", "by", "yx"});
    check(refusal.words == "a -> b -> a",
          "what() must be \"a -> b -> a\": the cycle, and nothing that leads to it");
  });
}

// Two ways from one call to another are no circle.
STEP_TEST(3, TaskGraph, ADiamondIsNoCycle, "dependency") {
  explore([] {
    const Refusal refusal = refusal_of("abcd", {"ab", "ac", "bd", "cd", "ad", "ad"});
    check(refusal.words.empty(), "two ways to one call are no cycle");
    check(refusal.calls == 4, "every call must be made");
  });
}

// A long circle is found, too, and without a deep stack.
STEP_TEST(3, TaskGraph, ALongCycleIsFound, "deep recursion") {
  TaskGraph<int> graph;
  constexpr std::size_t length = 200'000;
  for (std::size_t i = 0; i < length; ++i) {
    const auto node = graph.add("c", [](const std::vector<int>&) { return 0; });
    if (i > 0) graph.feed(node - 1, node);
  }
  graph.feed(length - 1, 0);
  Team team(0);
  EXPECT_THROW(graph.run(team), CircularDependency);
}

// A refusal leaves the results of an earlier run as they were.
STEP_TEST(3, TaskGraph, ARefusalChangesNothing, "exception safety") {
  explore([] {
    Team team(0);
    Graph graph;
    const auto first = graph.add("first", giving("1"));
    graph.run(team);
    graph.feed(first, first);
    try {
      graph.run(team);
      check(false, "the cycle must be refused");
    } catch (const CircularDependency&) {
    }
    check(graph.result(first) == "1", "the earlier run's result must still be there");
  });
}

}  // namespace
