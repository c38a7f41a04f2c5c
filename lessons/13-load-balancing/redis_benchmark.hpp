// Redis' own load generator, run against a port of this machine.
//
// Threads     One; it blocks until the generator has ended.
// Errors      std::runtime_error if it says nothing that can be read.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>

// Whether there is a program of this name to start.
[[nodiscard]] inline bool is_installed(const std::string& program) {
  const char* folders = std::getenv("PATH");
  std::istringstream path(std::string(folders == nullptr ? "/usr/bin" : folders) +
                          ":/usr/sbin");
  for (std::string folder; std::getline(path, folder, ':');) {
    if (::access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

struct RedisLoad {
  std::string test = "get";  // or "set", "incr", "mset"
  int requests = 10'000;
  int connections = 32;
  int pipeline = 1;  // requests that a connection sends at a time
};

// Requests answered a second.
[[nodiscard]] inline double run_redis_benchmark(std::uint16_t port,
                                                const RedisLoad& load) {
  const std::string command =
      "redis-benchmark -h 127.0.0.1 -p " + std::to_string(port) + " -t " + load.test +
      " -n " + std::to_string(load.requests) + " -c " + std::to_string(load.connections) +
      " -P " + std::to_string(load.pipeline) + " -r 1000 --csv 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> said(::popen(command.c_str(), "r"),
                                                   ::pclose);
  if (said == nullptr) throw std::runtime_error("redis-benchmark cannot be started");
  // The last line is "GET","12345.67","0.1",…: the second cell is what is wanted.
  std::string last;
  std::array<char, 512> line{};
  while (std::fgets(line.data(), line.size(), said.get()) != nullptr) last = line.data();
  const std::size_t cell = last.find("\",\"");
  const double rate =
      cell == last.npos ? 0 : std::strtod(last.c_str() + cell + 3, nullptr);
  if (rate <= 0) throw std::runtime_error("redis-benchmark says nothing of use: " + last);
  return rate;
}
