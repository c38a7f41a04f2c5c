// The commands of `course`: one function each, in a file of its own name.
//
// Every command prints to standard output, prints errors to standard error, and returns the
// exit status of the program. Commands run on the main thread and block until done; Ctrl-C
// ends the children they started (see process/process.hpp).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace course::cli {

// Exit statuses, the same for every command.
inline constexpr int all_passed = 0;
inline constexpr int something_failed = 1;
inline constexpr int usage_error = 2;
inline constexpr int environment_error = 3;

enum class Colour { automatic, always, never };

// What holds for every command.
struct Common {
  std::filesystem::path root;  // the course's folder, absolute
  Colour colour = Colour::automatic;
  // The compiler whose trees are used: empty for the default one (.build/PRESET), else its
  // name, such as clang++ (.build/clang++/PRESET).
  std::string compiler;
};

struct MapOptions {
  bool json = false;
};
int map(const Common&, const MapOptions&);

// Where a report goes: a file's path, or "-" for standard output.
using Destination = std::optional<std::string>;

struct GradeOptions {
  std::vector<std::string> ids;  // "5", "5.1", "spsc_ring"; empty: everything started
  bool answers = false;          // grade solutions/ instead of exercises/
  Destination json;
  Destination junit;
  std::optional<std::uint64_t> seed;  // of the unit stage; drawn when absent
};
int grade(const Common&, const GradeOptions&);

struct WatchOptions {
  std::string id;  // empty: the file saved last
};
int watch(const Common&, const WatchOptions&);

int hint(const Common&, const std::string& id);

struct ReplayOptions {
  std::string token;
  std::string variant = "student";  // or "solution", or a mutant's name
  bool gdb = false;
  std::size_t step = 0;                    // with gdb, as the picture counts; 0: the last
  std::vector<std::string> gdb_arguments;  // with gdb
};
int replay(const Common&, const ReplayOptions&);

struct DemoOptions {
  std::string lesson;               // "1", "01" or "parallel-workers"
  std::vector<std::string> claims;  // empty: all of them
  bool list = false;
  bool json = false;    // with list
  bool quick = false;   // proves that it runs; the numbers mean nothing
  bool record = false;  // authors: write lessons/NN-name/demo.txt, which the text quotes
};
int demo(const Common&, const DemoOptions&);

struct BenchOptions {
  std::string lesson;  // empty: every lesson; "interleave": the explorer's own speed
  Destination html;    // empty: .course/bench.html
  Destination json;
  bool quick = false;
  bool record = false;
};
int bench(const Common&, const BenchOptions&);

int reset(const Common&, const std::string& id);
int diff(const Common&, const std::string& id);

struct DoctorOptions {
  bool json = false;
};
int doctor(const Common&, const DoctorOptions&);

struct AuthorOptions {
  bool check = false;  // starters, weave: change nothing, fail if anything would change
  std::vector<std::string> ids;  // verify: these only
  bool every_stage = false;      // verify: a mutant in each stage that its head names
  bool no_mutants = false;       // verify: starters and solutions
  std::string stage;             // verify: this one; all if empty
  bool json = false;             // verify
};
int author_starters(const Common&, const AuthorOptions&);
int author_weave(const Common&, const AuthorOptions&);
int author_verify(const Common&, const AuthorOptions&);

struct NewOptions {
  std::string lesson;    // "16-name", or an existing lesson's number
  std::string exercise;  // "name"; empty: the lesson alone
};
int author_new(const Common&, const NewOptions&);

}  // namespace course::cli
