// Property: partial-order reduction leaves nothing out. Random programs over pipes, sockets,
// eventfds and epolls reach the same results by it as by every schedule there is.
#include <random>
#include <set>
#include <vector>

#include "programs.hpp"

namespace interleave {
namespace {

constexpr int kThreads = 2;
constexpr int kSteps = 3;  // of each thread

enum class Call { kWrite, kTryRead, kRead, kLook, kLookAtAll, kRing, kTryAnswer, kNext };
constexpr int kCalls = 8;

struct Chosen {
  Call call;
  int pipe;
};
using Program = std::vector<std::vector<Chosen>>;

// Mostly about one of the two, so that the threads get in each other's way.
Program random_program(unsigned seed) {
  std::mt19937 random(seed);
  Program program(kThreads);
  const auto usual = static_cast<int>(seed % 2);
  for (auto& thread : program) {
    for (int i = 0; i < kSteps; ++i) {
      const int pipe = random() % 4 == 0 ? 1 - usual : usual;
      thread.push_back({static_cast<Call>(random() % kCalls), pipe});
    }
  }
  return program;
}

// What the calls are made on: a pipe and a pair of sockets, a doorbell, an epoll for all.
struct World {
  World() {
    watch(epoll, pipe[0]);
    watch(epoll, bell);
  }
  [[nodiscard]] int from(int which) const { return which == 0 ? pipe[0] : sockets[0]; }
  [[nodiscard]] int to(int which) const { return which == 0 ? pipe[1] : sockets[1]; }

  Pipe pipe{O_NONBLOCK};
  Sockets sockets{SOCK_STREAM | SOCK_NONBLOCK};
  Owned bell{eventfd(0, EFD_NONBLOCK)};
  Owned epoll{epoll_create1(0)};
};

// What the call returned, as one letter or a few.
std::string made(const World& world, const Chosen& chosen, char name) {
  const int from = world.from(chosen.pipe);
  switch (chosen.call) {
    case Call::kWrite:
      write_all(world.to(chosen.pipe), std::string(1, name));
      return "w";
    case Call::kTryRead:
      return "r" + read_once(from, 1);
    case Call::kRead:
      return is_readable(from, 1'000) ? "R" + read_once(from, 2) : "R-";
    case Call::kLook:
      return is_readable(from, 0) ? "l+" : "l-";
    case Call::kLookAtAll: {
      pollfd all[] = {{world.pipe[0], POLLIN, 0}, {world.sockets[0], POLLIN, 0}};
      return "a" + std::to_string(poll(all, 2, 0));
    }
    case Call::kRing:
      ring(world.bell);
      return "g";
    case Call::kTryAnswer:
      return "b" + std::to_string(answer(world.bell));
    case Call::kNext: {
      const int ready = next_ready(world.epoll, 0);
      if (ready < 0) return "n-";
      return ready == world.bell ? "nb" : "np";
    }
  }
  return "?";
}

std::set<std::string> results_of(const Program& program, const char* strategy) {
  Options options;
  options.strategy = strategy;
  options.schedules = 200'000;
  options.seconds = 60;
  options.spurious = false;
  const Outcomes all = outcomes(
      [&] {
        const World world;
        std::string results[kThreads];
        {
          std::vector<std::jthread> threads;
          for (int thread = 0; thread < kThreads; ++thread) {
            threads.emplace_back([&, thread] {
              for (const Chosen& chosen : program[static_cast<std::size_t>(thread)]) {
                results[thread] += made(world, chosen, static_cast<char>('A' + thread));
              }
            });
          }
        }
        return results[0] + " " + results[1];
      },
      options);
  EXPECT_TRUE(all.exhaustive) << strategy << ": " << all.coverage;
  std::set<std::string> seen;
  for (const auto& [result, count] : all.seen) seen.insert(result);
  return seen;
}

TEST(Reduction, ReachesWhatEveryScheduleReaches) {
  std::size_t most = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    const Program program = random_program(seed);
    const auto all = results_of(program, "exhaustive");
    EXPECT_EQ(results_of(program, "reduced"), all) << "seed " << seed;
    most = std::max(most, all.size());
  }
  EXPECT_GT(most, 5U);  // or the programs ask nothing
}

}  // namespace
}  // namespace interleave
