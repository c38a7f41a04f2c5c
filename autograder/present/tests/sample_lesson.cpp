#include "sample_lesson.hpp"

#include <httplib.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <stdexcept>

#include "present/results.hpp"

namespace course::present {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Wider than a phone.
const char* const sample_table =
    "columns\tworkers\tjobs/s\tmilliseconds at work\thanded on\tspeed-up\n"
    "row\tnone, a loop\t1,436\t320\t0\t1.0\n"
    "row\t1\t1,425\t317\t0\t0.992\n"
    "row\t2\t2,827\t320\t12\t2.0\n"
    "look\tthe two columns of speed-ups: the workers are the same, the jobs are not\n";

json sample_deck() {
  const json expected = table_of_record(
      "P1  To go faster, add workers\n\n"
      "  workers        jobs/s   milliseconds at work   handed on   speed-up\n"
      "  none, a loop    1,000                    320           0        1.0\n"
      "  1                 999                    320           0      0.999\n"
      "  2               1,998                    320          12        2.0\n");
  const auto screen = [&](const char* id, const char* kind, const char* claim) {
    return json{{"id", id},
                {"kind", kind},
                {"claim", claim},
                {"title", "The speed of one thread is 1.0"},
                {"expected", expected},
                {"command", "autograder/course demo 1 P1"}};
  };
  return {{"title", "Lesson 1: parallel workers"},
          {"machine", "A machine, 2 cores, a compiler"},
          {"quick", true},
          {"questions",
           {"Two workers on two cores: how much faster than a plain loop are jobs of a "
            "millisecond? And jobs of a microsecond?",
            "How many final states can two workers reach?"}},
          {"screens",
           {screen("P1", "measured", "To go faster, add workers."),
            screen("P2", "measured", "Some things take their time."),
            screen("bench: Speed", "benchmark", "Adding workers adds speed"),
            screen("P3", "measured", "Some things fail.")}}};
}

// Returns true once `stop` is requested, false after the time.
bool stopped_within(double seconds, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, std::chrono::duration<double>(seconds), [] { return false; });
  return stop.stop_requested();
}

void measure_sample(const json& screen, const std::function<void(json)>& show,
                    const std::stop_token& stop) {
  const std::string id = screen.at("id");
  if (id == "P3") throw std::runtime_error("exit status 7");
  if (id.starts_with("bench")) return show(plot_so_far(sample_benchmark));
  const std::string all = sample_table;
  if (id == "P1") return show(table_so_far(all));
  const auto first_rows = all.substr(0, all.find("row\t2\t"));
  show(table_so_far(first_rows));
  if (!stopped_within(60, stop)) show(table_so_far(all));
}

}  // namespace

const char* const sample_benchmark = R"json({
  "context": {"date": "2026-11-28"},
  "benchmarks": [
    {
      "name": "Speed/ours/workers:1/real_time", "run_name": "Speed/ours/workers:1/real_time",
      "run_type": "iteration", "real_time": 10.0, "time_unit": "ms",
      "items_per_second": 100.0, "label": "jobs per second"
    }TBB Warning: a library has something to say.
,
    {
      "name": "Speed/ours/workers:2/real_time", "run_name": "Speed/ours/workers:2/real_time",
      "run_type": "iteration", "real_time": 10.0, "time_unit": "ms",
      "items_per_second": 190.0, "label": "jobs per second"
    },
    {
      "name": "Speed/ours/wor)json";

SampleLesson::SampleLesson() {
  std::string name = (fs::temp_directory_path() / "present-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
  kept_ = folder_ / "01.json";
  presentation_ = std::make_unique<Presentation>(sample_deck(), kept_, measure_sample);
  server_ = std::make_unique<Server>(*presentation_);
  listener_ = std::jthread([this] { server_->listen(); });
  httplib::Client client("http://" + server_->authority());
  while (!client.Get("/")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

SampleLesson::~SampleLesson() {
  server_->stop();
  listener_.join();
  presentation_.reset();
  fs::remove_all(folder_);
}

}  // namespace course::present
