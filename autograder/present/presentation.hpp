// One lesson as it is presented: its screens, what was guessed, what was measured, and the run
// that is under way.
//
//   start(screen) --> run, in a thread of its own --> results, as they arrive --> kept in a file
//
// Threads     Any, all functions. One run at a time: start refuses a second.
// Invariants
//   I1  What was measured in full, and every guess, stands in the file once its function or its
//       run has returned.
//   I2  A run that was stopped or failed replaces no earlier result in the file.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <thread>

namespace course::present {

// Measures what `screen`, one of the deck's, shows; hands on its result as it grows. Returns
// once all is measured or `stop` is requested. Throws std::runtime_error with the reason when it
// cannot.
using Measure = std::function<void(const nlohmann::json& screen,
                                   const std::function<void(nlohmann::json result)>& show,
                                   std::stop_token stop)>;

class Presentation {
 public:
  // `deck`: {"title", "questions", "machine", "screens": [{"id", "claim", …}, …]}. `kept`: the
  // file that remembers results and guesses; read if it is there.
  Presentation(nlohmann::json deck, std::filesystem::path kept, Measure measure);
  ~Presentation();
  Presentation(const Presentation&) = delete;
  Presentation& operator=(const Presentation&) = delete;

  enum class Started { yes, busy, unknown_screen };
  Started start(const std::string& screen);
  // Does nothing where nothing runs. Returns before the run has ended.
  void stop();

  // The last run: {"screen", "state": "none", "running", "done", "stopped" or "failed",
  // "seconds", "result", "message"}.
  [[nodiscard]] nlohmann::json last_run() const;

  // Keeps {"screen": ID, "target": …, "guesses": ["2", …]}. False where it is anything else.
  bool keep_guesses(const nlohmann::json& entry);

  // The page; `saved` is one to look at later, from which nothing can be run.
  [[nodiscard]] std::string page(bool saved) const;

 private:
  [[nodiscard]] const nlohmann::json* screen_of(const std::string& id) const;
  void run(const nlohmann::json& screen, const std::stop_token& stop);
  void end(const nlohmann::json& screen, const std::string& state,
           const std::string& message);
  void write_kept() const;

  const nlohmann::json deck_;
  const std::filesystem::path file_;
  const Measure measure_;

  mutable std::mutex mutex_;  // guards what follows, but for runner_
  nlohmann::json kept_;       // by screen: {"result", "target", "guesses"}
  nlohmann::json run_;
  std::chrono::steady_clock::time_point began_;

  std::mutex start_;  // guards runner_
  std::jthread runner_;
};

}  // namespace course::present
