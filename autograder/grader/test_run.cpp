#include "grader/test_run.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "process/limits.hpp"
#include "reading/readable.hpp"
#include "reading/source_folder.hpp"

namespace course::grader {
namespace {

using nlohmann::json;

// Read by GoogleTest or a sanitizer: what the caller's shell set must not decide a grade.
const std::vector<std::string> not_inherited{"GTEST_FILTER",
                                             "GTEST_REPEAT",
                                             "GTEST_SHUFFLE",
                                             "GTEST_OUTPUT",
                                             "GTEST_TOTAL_SHARDS",
                                             "GTEST_SHARD_INDEX",
                                             "GTEST_FAIL_FAST",
                                             "GTEST_RANDOM_SEED",
                                             "GTEST_ALSO_RUN_DISABLED_TESTS",
                                             "GTEST_BREAK_ON_FAILURE",
                                             "GTEST_THROW_ON_FAILURE",
                                             "GTEST_CATCH_EXCEPTIONS",
                                             "TSAN_OPTIONS",
                                             "ASAN_OPTIONS",
                                             "LSAN_OPTIONS",
                                             "UBSAN_OPTIONS",
                                             "LD_PRELOAD",
                                             "INTERLEAVE_RESULTS",
                                             "INTERLEAVE_SCHEDULES",
                                             "INTERLEAVE_STRATEGY",
                                             "INTERLEAVE_MEMORY",
                                             "INTERLEAVE_REPLAY",
                                             "INTERLEAVE_STEPS",
                                             "INTERLEAVE_STOP_AT",
                                             "INTERLEAVE_RUNS",
                                             "INTERLEAVE_SEED",
                                             "INTERLEAVE_SECONDS",
                                             "INTERLEAVE_CORES"};

// Variables of a stage. The sanitizers' exit statuses are their defaults, written down.
std::map<std::string, std::string> variables_of(Stage stage) {
  switch (stage) {
    case Stage::tsan:
      return {{"TSAN_OPTIONS",
               "exitcode=66 color=never second_deadlock_stack=1 history_size=4"}};
    case Stage::asan:
      return {{"ASAN_OPTIONS",
               "exitcode=1 color=never detect_leaks=1 "
               "detect_stack_use_after_return=1 strict_init_order=1"},
              {"LSAN_OPTIONS", "exitcode=23 color=never"},
              {"UBSAN_OPTIONS", "print_stacktrace=1 color=never"}};
    case Stage::interleave:
    case Stage::cost:
      // Stages run side by side already, and their limits are those of one process.
      return {{"INTERLEAVE_SECONDS", "5"}, {"INTERLEAVE_CORES", "1"}};
    default:
      return {{"INTERLEAVE_SECONDS", "0.1"}};
  }
}

std::map<std::string, std::string> environment_of(const TestCommand& command) {
  auto variables = variables_of(command.stage);
  variables["COURSE_SEED"] = std::to_string(command.seed);
  // Chosen schedules are the same in every grading; those of the system differ with the seed.
  const bool chosen = command.stage == Stage::interleave || command.stage == Stage::cost;
  if (!chosen) variables["INTERLEAVE_SEED"] = std::to_string(command.seed);
  if (command.schedules != 0) {
    variables["INTERLEAVE_SCHEDULES"] = std::to_string(command.schedules);
  }
  if (!command.only_replay.empty()) variables["INTERLEAVE_REPLAY"] = command.only_replay;
  if (command.stop_at != 0) {
    variables["INTERLEAVE_STOP_AT"] = std::to_string(command.stop_at);
  }
  return variables;
}

// Where a run is, by its records: each kind has its place.
//
//      (failure) --> started --> failure, explored, cost, todo --> test --> (failure) --> end
enum class Place { before, in_test, after, at_end };

bool is_in_order(const std::string& kind, Place& place) {
  const Place here = place;
  if (kind == "started") place = Place::in_test;
  if (kind == "test") place = Place::after;
  if (kind == "end") place = Place::at_end;
  if (kind == "started") return here == Place::before;
  if (kind == "end") return here == Place::after || here == Place::before;
  if (kind == "failure" || kind == "todo") return here != Place::at_end;
  return here == Place::in_test;
}

void take(const json& record, const std::string& test, Place& place, TestRun& run) {
  const std::string kind = record.value("record", "");
  if (!is_in_order(kind, place)) run.disordered = true;
  if (kind == "failure") run.failures.push_back(record);
  if (kind == "explored") run.explored.push_back(record);
  if (kind == "cost") run.costs.push_back(record);
  if (kind == "todo") run.todo = record;
  if (kind == "end") run.ended = true;
  if (kind == "test") {
    ++run.tests_reported;
    if (record.value("name", "") == test) run.result = record.value("result", "");
  }
}

void read_records(const std::string& test, TestRun& run) {
  Place place = Place::before;
  for (const auto& line : run.process.records) {
    try {
      take(json::parse(reading::readable(line)), test, place, run);
    } catch (const json::exception&) {
      run.garbled = true;
    }
  }
}

// The last lines of what a program printed before it died.
std::string last_lines(const std::string& output, int count = 6) {
  std::size_t from = output.size();
  for (int line = 0; line <= count && from != output.npos && from > 0; ++line) {
    from = output.rfind('\n', from - 1);
  }
  return output.substr(from == output.npos || from == 0 ? 0 : from + 1);
}

Finding todo_finding(const json& todo) {
  Finding finding;
  finding.verdict = Verdict::not_started;
  finding.file = todo.value("file", "");
  finding.line = todo.value("line", 0);
  finding.what = fmt::format("step {} is still to be written", todo.value("step", 0));
  return finding;
}

// "C++ exception with description "X" thrown in the test body." is X to the student, and of what a
// test says by itself GoogleTest's "Failed" is no part.
std::string without_wrapping(std::string message) {
  const std::string failed = "Failed\n";
  if (message.starts_with(failed)) return message.substr(failed.size());
  const std::string opening = "C++ exception with description \"";
  const std::string closing = "\" thrown in";
  if (!message.starts_with(opening)) return message;
  message.erase(0, opening.size());
  const std::size_t end = message.rfind(closing);
  return "an exception left the test: " + message.substr(0, end);
}

Finding explored_finding(const json& explored) {
  Finding finding;
  finding.concept_name = explored.value("concept", "");
  finding.what = explored.value("message", explored.value("kind", "failed"));
  finding.detail = explored.value("picture", "");
  if (finding.detail == finding.what) finding.detail.clear();
  // A check that holds in no schedule needs no picture of one.
  const bool in_every_schedule =
      explored.value("/inflection/step"_json_pointer, -1) == 0 &&
      explored.value("kind", "") == "check";
  if (!in_every_schedule) finding.brief = explored.value("brief", "");
  finding.file = explored.value("file", "");
  finding.line = explored.value("line", 0);
  finding.token = explored.value("token", "");
  return finding;
}

Finding failure_finding(const json& failure) {
  Finding finding;
  const std::string message = without_wrapping(failure.value("message", ""));
  const std::size_t end = message.find('\n');
  finding.what = message.substr(0, end);
  if (end != message.npos) finding.detail = message.substr(end + 1);
  finding.file = failure.value("file", "");
  finding.line = failure.value("line", 0);
  return finding;
}

Finding ended_early(const TestRun& run) {
  Finding finding;
  if (run.process.exited_with(0)) {
    finding.verdict = Verdict::tampered;
    finding.what =
        "the program ended with status 0 before its test was over: something calls exit, "
        "_exit or quick_exit";
  } else {
    finding.what =
        "the program ended before its test was over: " + words_for(run.process);
  }
  finding.detail = last_lines(run.process.output);
  return finding;
}

// A process that did not come to an end of its own.
std::optional<Finding> killed(const TestCommand& command, const TestRun& run) {
  Finding finding;
  switch (run.process.end) {
    case process::End::could_not_start:
      finding.verdict = Verdict::environment;
      finding.what = "the test program " + words_for(run.process);
      return finding;
    case process::End::timed_out:
      finding.hung = true;
      finding.what = fmt::format("did not end within {:g} s", command.seconds);
      finding.detail = "what every thread was doing:\n" + run.process.stacks;
      return finding;
    case process::End::signalled:
      finding.what = "crashed: " + words_for(run.process);
      finding.detail = last_lines(run.process.output);
      return finding;
    case process::End::endless_output:
      finding.what = fmt::format("printed without end: it was {}; its last kept lines:",
                                 words_for(run.process));
      finding.detail = last_lines(run.process.output, 3);
      return finding;
    case process::End::endless_records:
      // Assertions that fail without end are the test's own words.
      if (!run.failures.empty()) return failure_finding(run.failures.front());
      finding.verdict = Verdict::tampered;
      finding.what = "reported without end: it was " + words_for(run.process) +
                     ": something writes to the descriptor that results go to";
      return finding;
    case process::End::stopped:
      finding.verdict = Verdict::not_run;
      finding.what = "stopped on request";
      return finding;
    case process::End::exited:
      return std::nullopt;
  }
  return std::nullopt;
}

const json* failed_exploration(const TestRun& run) {
  for (const auto& explored : run.explored) {
    if (explored.value("kind", "") != "clean") return &explored;
  }
  return nullptr;
}

Finding judge_ended(const TestRun& run, const std::string& test) {
  if (const json* explored = failed_exploration(run)) return explored_finding(*explored);
  if (!run.failures.empty()) return failure_finding(run.failures.front());
  if (!run.ended) return ended_early(run);
  Finding finding;
  if (run.tests_reported == 0) {
    finding.verdict = Verdict::tampered;
    finding.what = "the program did not run " + test +
                   ": something changes what GoogleTest filters, or how often it repeats";
  } else if (run.result == "skipped") {
    finding.what = "skipped itself, which is not a pass";
  } else {
    finding.verdict = Verdict::tampered;
    finding.what = fmt::format(
        "its reports contradict each other: result \"{}\", {}, {}", run.result,
        run.tests_reported == 1 ? "1 test" : fmt::format("{} tests", run.tests_reported),
        words_for(run.process));
  }
  return finding;
}

// What was written to the grader's descriptor by another than the tests.
std::optional<Finding> forged(const TestRun& run) {
  if (run.process.forged == 0 && !run.disordered) return std::nullopt;
  Finding finding;
  finding.verdict = Verdict::tampered;
  finding.what =
      run.disordered
          ? "its records came in an order in which no test writes them: something other "
            "than the tests writes records"
          : fmt::format(
                "{} on the grader's descriptor {} not its tests' own: something "
                "writes to descriptors that it did not open",
                run.process.forged == 1 ? "1 line"
                                        : fmt::format("{} lines", run.process.forged),
                run.process.forged == 1 ? "is" : "are");
  return finding;
}

Finding judge(const TestCommand& command, const TestRun& run) {
  if (const std::string limit = limit_that_ended(run.process); !limit.empty()) {
    Finding finding;
    finding.verdict = Verdict::environment;
    finding.what = limit;
    return finding;
  }
  if (auto finding = forged(run)) return *finding;
  if (run.todo) return todo_finding(*run.todo);
  if (auto finding = killed(command, run)) {
    // A picture of the losing schedule says more than the signal that followed it.
    const json* explored = failed_exploration(run);
    return explored == nullptr ? *finding : explored_finding(*explored);
  }
  return judge_ended(run, command.test);
}

}  // namespace

process::Command process_of(const TestCommand& command) {
  process::Command process;
  process.words = {command.program.string(), "--gtest_filter=" + command.test,
                   "--gtest_color=no"};
  process.environment = environment_of(command);
  process.without = not_inherited;
  return process;
}

TestRun run_test(const TestCommand& command, std::stop_token stop) {
  process::Command process = process_of(command);
  process.seconds = command.seconds;
  process.records = true;
  if (command.control) process.records_kind = 'c';
  process.fixed_addresses = command.fixed_addresses;
  TestRun run;
  run.process = process::run(process, std::move(stop));
  reading::name_real_folder(run.process.output, command.program);
  reading::name_real_folder(run.process.stacks, command.program);
  for (std::string& record : run.process.records) {
    reading::name_real_folder(record, command.program);
  }
  read_records(command.test, run);
  return run;
}

std::optional<Finding> finding_of(const TestCommand& command, const TestRun& run) {
  if (run.passed() && !run.todo && failed_exploration(run) == nullptr)
    return std::nullopt;
  Finding finding = judge(command, run);
  finding.test = command.test;
  if (finding.again.empty() && finding.verdict == Verdict::failed)
    finding.again = again(command);
  return finding;
}

std::string again(const TestCommand& command) {
  std::string text;
  for (const auto& [name, value] : environment_of(command)) {
    const bool spaced = value.find(' ') != value.npos;
    text += name + "=" + (spaced ? "'" + value + "'" : value) + " ";
  }
  if (command.fixed_addresses) text += "setarch -R ";
  return text + command.program.string() + " --gtest_filter=" + command.test;
}

}  // namespace course::grader
