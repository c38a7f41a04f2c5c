// Calls as values: a graph that says which call needs whose result, run by a team.
//
//   price ----+
//             +--> sum --> bill          sum runs when price and tax are there, and gets
//   tax ------+     |                    copies of their results; bill and letter may run
//                   +----> letter        at the same time
//
// Threads     add, feed, run, result: one thread at a time, the leader of the team. Functions
//             run on any thread of the team, and use nothing of the graph.
// Progress    run returns when every call is over. The leader runs calls meanwhile.
//
// Invariants
//   I1  In a run each task is forked once: by the leader if it has no inputs, else by the
//       thread that counted its last input.
//   I2  `missing` of a step counts its task's inputs that are not over, one for each feed. All
//       are set before the first task is forked.
//   I3  A task's result and error are written by the thread that runs it, before it is
//       counted by its followers, and only read from then on.
//   I4  There is no cycle when the first task is forked: every task is reached.
//
// Edges       INPUT  a task's thread counts down `missing` of its followers  -->  the thread
//                    that counts the last one forks the follower, which reads all inputs
//             DONE   a task's thread counts down `unfinished_`  -->  the thread that counts
//                    the last one  -- over_ -->  the leader, which returns
//
// Left out    Calls that add calls while they run; results that are moved to their only reader.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "course/todo.hpp"
#include "team.hpp"

// Calls that need their own results: what() names them, "a -> b -> a".
class CircularDependency : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

template <typename Value>
class TaskGraph {
 public:
  using Node = std::size_t;
  using Function = std::function<Value(const std::vector<Value>&)>;

  // Adds a call that has no inputs yet. `name` is for messages.
  Node add(std::string name, Function function) {
    tasks_.emplace_back(std::move(name), std::move(function));
    return tasks_.size() - 1;
  }

  // Makes the result of `from` the next argument of `to`; it may be several of them.
  void feed(Node from, Node to) {
    tasks_.at(to).inputs.push_back(from);
    tasks_.at(from).followers.push_back(to);
  }

  // Makes each call once, with copies of its inputs' results, as soon as these are there;
  // returns when all are over. A call of which an input failed is not made: it fails too, with
  // what the first of its inputs that failed threw. May be repeated; each run makes all calls
  // anew. Throws CircularDependency, before any call, if some calls need their own results.
  template <typename AnyTeam>
  void run(AnyTeam& team) {
    // TODO 1: let a Run of the tasks finish; step 3 looks for a cycle first
    course::todo(1, team);
  }

  // What the call of `node` gave in the last run. Throws what the call threw, or what was
  // passed on to it.
  [[nodiscard]] Value result(Node node) const {
    const Task& task = tasks_.at(node);
    if (task.result) return *task.result;
    // TODO 2: throw what the call threw, or what was passed on to it
    course::todo(2, task);
  }

 private:
  struct Task {
    Task(std::string name_in, Function function_in)
        : name(std::move(name_in)), function(std::move(function_in)) {}

    // Written by the leader, before a run.
    std::string name;
    Function function;
    std::vector<Node> inputs;     // one for each argument
    std::vector<Node> followers;  // one for each time that the result is an argument

    // Written by the thread that runs the call (I3). At most one is there.
    std::optional<Value> result;
    std::exception_ptr error;
  };

  // One run of the tasks by a team.
  template <typename AnyTeam>
  class Run {
   public:
    Run(std::deque<Task>& tasks, AnyTeam& team)
        : tasks_(tasks), team_(team), unfinished_(tasks.size()) {
      for (Task& task : tasks_) {
        task.result.reset();
        task.error = nullptr;
        steps_.emplace_back(*this, task);
      }
    }

    // Forks the tasks that need no input, and helps until all are over.
    void finish() {
      // TODO 1: fork what needs no input; help until every task is over
      course::todo(1);
    }

   private:
    // A task in this run, as the team knows it.
    struct Step final : Call {
      Step(Run& run_in, Task& task_in)
          : owner(run_in), task(task_in), missing(task_in.inputs.size()) {}
      void run() noexcept override { owner.make(*this); }

      Run& owner;
      Task& task;
      std::atomic<std::size_t> missing;  // inputs that are not over (I2)
    };

    // Makes the call of `step`, all of whose inputs are over, and tells its followers.
    void make(Step& step) noexcept {
      // TODO 1: make the call, then count; step 2: it, or an input of it, may fail
      course::todo(1, step);
    }

    std::deque<Task>& tasks_;
    AnyTeam& team_;
    std::deque<Step> steps_;  // of each task, at its index; never moved
    std::atomic<std::size_t> unfinished_;
    std::atomic<bool> over_ = false;
  };

  // Throws CircularDependency if some calls need their own results. Its message names one
  // circle of them, each followed by the one that it feeds: "a -> b -> a". It begins and ends
  // with the one of them that was added first.
  void expect_no_cycle() const {
    // TODO 3: take away what needs nothing that is left; what stays needs a circle
    course::todo(3);
  }

  // Written by the leader; a task's result and error as it says. Never moved.
  std::deque<Task> tasks_;
};
