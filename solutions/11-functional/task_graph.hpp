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
    //> step 1(team): let a Run of the tasks finish; step 3 looks for a cycle first
    expect_no_cycle();
    Run<AnyTeam> run(tasks_, team);
    run.finish();
    //<
  }

  // What the call of `node` gave in the last run. Throws what the call threw, or what was
  // passed on to it.
  [[nodiscard]] Value result(Node node) const {
    const Task& task = tasks_.at(node);
    if (task.result) return *task.result;
    //> step 2(task): throw what the call threw, or what was passed on to it
    if (task.error) std::rethrow_exception(task.error);
    throw std::logic_error(task.name + " has not run");
    //<
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
      //> step 1(): fork what needs no input; help until every task is over
      if (steps_.empty()) return;
      for (Step& step : steps_) {
        // Not `missing == 0`: that may have become true meanwhile, and be forked already (I1).
        if (step.task.inputs.empty()) team_.fork(step);
      }
      // DONE, acquire: seeing that all is over must mean seeing every result.
      while (!over_.load(std::memory_order_acquire)) {
        if (!team_.help()) team_.rest(over_);
      }
      //<
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
      //> step 1(step): make the call, then count; step 2: it, or an input of it, may fail
      try {
        call(step.task);
      } catch (...) {
        step.task.error = std::current_exception();
      }
      for (const Node follower : step.task.followers) {
        // INPUT, release: the result above comes first. acquire: the last to count forks the
        // follower, which reads the results of those that counted before.
        Step& next = steps_[follower];
        if (next.missing.fetch_sub(1, std::memory_order_acq_rel) == 1) team_.fork(next);
      }
      AnyTeam& team = team_;  // once over_ is true, this run may be gone
      // DONE, release and acquire: the last to count brings the results of all to the leader.
      if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
      over_.store(true, std::memory_order_release);
      team.wake();
      //<
    }

    //> hide
    void call(Task& task) {
      std::vector<Value> arguments;
      arguments.reserve(task.inputs.size());
      for (const Node input : task.inputs) {
        if (tasks_[input].error) std::rethrow_exception(tasks_[input].error);
        arguments.push_back(*tasks_[input].result);
      }
      task.result.emplace(task.function(arguments));
    }

    //<
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
    //> step 3(): take away what needs nothing that is left; what stays needs a circle
    std::vector<std::size_t> missing;
    std::vector<Node> ready;
    for (Node node = 0; node < tasks_.size(); ++node) {
      missing.push_back(tasks_[node].inputs.size());
      if (missing[node] == 0) ready.push_back(node);
    }
    for (std::size_t i = 0; i < ready.size(); ++i) {
      for (const Node follower : tasks_[ready[i]].followers) {
        if (--missing[follower] == 0) ready.push_back(follower);
      }
    }
    if (ready.size() < tasks_.size()) throw CircularDependency(circle_in(missing));
    //<
  }

  //> hide
  // Names a circle among the tasks that miss an input. Each of them misses one that misses one
  // too, so that going from input to input ends where it was before.
  [[nodiscard]] std::string circle_in(const std::vector<std::size_t>& missing) const {
    const auto is_stuck = [&](Node node) { return missing[node] > 0; };
    Node node = 0;
    while (!is_stuck(node)) ++node;
    std::vector<Node> way;
    std::vector<bool> seen(tasks_.size(), false);
    while (!seen[node]) {
      seen[node] = true;
      way.push_back(node);
      const std::vector<Node>& inputs = tasks_[node].inputs;
      node = *std::find_if(inputs.begin(), inputs.end(), is_stuck);
    }
    way.erase(way.begin(), std::find(way.begin(), way.end(), node));
    std::reverse(way.begin(), way.end());  // from result to argument
    std::rotate(way.begin(), std::min_element(way.begin(), way.end()), way.end());
    std::string names;
    for (const Node one : way) names += tasks_[one].name + " -> ";
    return names + tasks_[way.front()].name;
  }

  //<
  // Written by the leader; a task's result and error as it says. Never moved.
  std::deque<Task> tasks_;
};
