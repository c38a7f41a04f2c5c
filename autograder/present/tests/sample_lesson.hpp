// A lesson that measures as fast as a test needs it, served on a port of its own.
#pragma once

#include <filesystem>
#include <memory>
#include <thread>

#include "present/presentation.hpp"
#include "present/server.hpp"

namespace course::present {

// Its screens: "P1" has a table that is done at once; "P2" one that arrives row by row and would
// take a minute; "bench: Speed" a plot; "P3" fails.
class SampleLesson {
 public:
  SampleLesson();
  ~SampleLesson();

  Server& server() { return *server_; }
  Presentation& presentation() { return *presentation_; }
  [[nodiscard]] const std::filesystem::path& kept() const { return kept_; }

 private:
  std::filesystem::path folder_;
  std::filesystem::path kept_;
  std::unique_ptr<Presentation> presentation_;
  std::unique_ptr<Server> server_;
  std::jthread listener_;
};

// What Google Benchmark writes for two workers on a line, up to the second of two points.
extern const char* const sample_benchmark;

}  // namespace course::present
