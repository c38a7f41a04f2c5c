// Lesson 9's experiments: what order makes of a state, and what is left of it after a failure.
#include "course/demo.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "../../lessons/04-stateless-workers/temporary_folder.hpp"
#include "../../solutions/09-event-log/journal.hpp"
#include "../../solutions/09-event-log/replay.hpp"
#include "event_log.hpp"
#include "faulty_disk.hpp"
#include "interleave/interleave.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

void must_be(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error(what);
}

// --- A10: one order, one state ----------------------------------------------------------

//> region total
// "add 10", "subtract 3", "double".
struct Total {
  int value = 1;

  std::string apply(std::string_view command) {
    std::istringstream words{std::string(command)};
    std::string what;
    int amount = 0;
    words >> what >> amount;
    value = what == "double" ? 2 * value : value + (what == "add" ? amount : -amount);
    return std::to_string(value);
  }
};
//<

// "add 10, double, subtract 3" of a log's lines.
std::string commands_of(const std::string& log) {
  std::istringstream lines(log);
  std::string commands;
  for (std::string line; std::getline(lines, line);) {
    commands += (commands.empty() ? "" : ", ") + line.substr(line.find(' ') + 1);
  }
  return commands;
}

//> region three_leaders
// Three leaders submit a command each. Returns the log and the state, "…: 19".
std::string through_one_sequencer() {
  std::ostringstream lines;
  std::array<std::future<std::string>, 3> answers;
  EventLog<Total> log(Total{}, 0, lines);
  {
    std::jthread second([&] { answers[1] = log.submit("double"); });
    std::jthread third([&] { answers[2] = log.submit("subtract 3"); });
    answers[0] = log.submit("add 10");
  }
  const int total = log.close().value;
  std::istringstream written(lines.str());
  Total rebuilt;
  rebuild(written, rebuilt);
  interleave::check(rebuilt.value == total, "the log makes another state");
  return commands_of(lines.str()) + ": " + std::to_string(total);
}
//<

// The same commands on a total that three leaders share, each whole under the lock.
std::string under_one_lock() {
  Total total;
  std::mutex mutex;
  const auto apply = [&](const char* command) {
    const std::scoped_lock lock(mutex);
    total.apply(command);
  };
  {
    std::jthread second([&] { apply("double"); });
    std::jthread third([&] { apply("subtract 3"); });
    apply("add 10");
  }
  return std::to_string(total.value);
}

interleave::Outcomes all_outcomes(std::string (*body)()) {
  static_cast<void>(body());  // the streams set up at their first use what stays
  interleave::Options options;
  options.schedules = 10'000'000;
  options.seconds = course::quick() ? 1 : 60;
  return interleave::outcomes([body] { return body(); }, options);
}

// "16, 19, 6, 9"
template <typename Words>
std::string listed(const Words& words) {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

EXPLORED("A10",
         "Three leaders, a command each, on a total of 1: every log, and every state",
         table) {
  const interleave::Outcomes sequenced = all_outcomes(through_one_sequencer);
  std::map<std::string, std::set<std::string>> totals_of;  // by log
  for (const auto& [outcome, schedules] : sequenced.seen) {
    const std::size_t colon = outcome.find(": ");
    must_be(colon != outcome.npos, "a schedule ends with " + outcome);
    totals_of[outcome.substr(0, colon)].insert(outcome.substr(colon + 2));
  }
  const interleave::Outcomes locked = all_outcomes(under_one_lock);
  std::set<std::string> without;
  for (const auto& [total, schedules] : locked.seen) without.insert(total);

  table.columns({"the log", "states", "which", "is that everything?"});
  const auto yes = [](bool holds) { return holds ? "yes" : "not shown"; };
  for (const auto& [log, totals] : totals_of) {
    table.row(
        {log, std::to_string(totals.size()), listed(totals), yes(sequenced.exhaustive)});
  }
  table.row({"none: lesson 2's total, one lock", std::to_string(without.size()),
             listed(without), yes(locked.exhaustive)});
  table.look_at(
      "the second column: a log has one state; without a log all that can be said is "
      "that it is one of several");
}

// --- A11: killed, and rebuilt -----------------------------------------------------------

std::string bytes_of_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// A client's command, which changes who holds what: no two are alike.
std::string command_of(unsigned client, std::uint64_t request) {
  return std::to_string(client) + " " + std::to_string(request) + " " +
         std::to_string(10 * request) + " name" + std::to_string(request % 7) + " " +
         std::to_string(request % 3 == 0 ? 0 : 25);
}

// What the records make, as text.
std::string state_of(const std::vector<std::string>& records) {
  Snapshot state;
  for (const std::string& record : records) replay(state, state.last + 1, record);
  return std::to_string(state.last) + "\n" + state.leases.text();
}

// The reference's log in a file: it acknowledges what the kernel has.
class TextLog {
 public:
  static constexpr const char* kName = "the kernel has it: text log";

  // As the file's records: what a crash left is cut off.
  static std::vector<std::string> records(const std::filesystem::path& file) {
    List list;
    std::ifstream lines(file);
    const Rebuilt rebuilt = rebuild(lines, list);
    if (lines.is_open()) std::filesystem::resize_file(file, rebuilt.bytes);
    return list.records;
  }

  explicit TextLog(const std::filesystem::path& file)
      : before_(records(file).size()), lines_(file, std::ios::app) {}

  // Returns the number of `command` once it is acknowledged.
  std::uint64_t commit(const std::string& command) {
    return std::stoull(log_.submit(command).get());
  }

 private:
  // Answers with the number of the record.
  struct List {
    std::vector<std::string> records;
    std::string apply(std::string_view command) {
      records.emplace_back(command);
      return {};
    }
  };
  struct Count {
    std::uint64_t last;
    std::string apply(std::string_view) { return std::to_string(++last); }
  };

  const std::uint64_t before_;
  std::ofstream lines_;
  EventLog<Count> log_{Count{before_}, before_, lines_};
};

// Exercise 9.1's: it acknowledges what the disk has.
class Journaled {
 public:
  static constexpr const char* kName = "the disk has it: 9.1's journal";

  static std::vector<std::string> records(const std::filesystem::path& file) {
    std::vector<std::string> found;
    const Journal journal(file, [&found](std::uint64_t, std::string_view record) {
      found.emplace_back(record);
    });
    return found;
  }

  explicit Journaled(const std::filesystem::path& file)
      : journal_(file, [](std::uint64_t, std::string_view) {}) {}

  std::uint64_t commit(const std::string& command) {
    const std::uint64_t number = journal_.append(command);
    journal_.commit(number);
    return number;
  }

 private:
  Journal journal_;
};

constexpr unsigned leaders = 2;

// A process with leaders that commit one command after the other until it is killed. It says
// what it is about to commit, "? command", and what was acknowledged, "! number command".
template <typename Log>
class Victim {
 public:
  Victim(const std::filesystem::path& file, std::uint64_t first_request) {
    int ends[2];
    must_be(pipe2(ends, O_CLOEXEC) == 0, "no pipe can be had");
    fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
    from_ = ends[0];
    process_ = fork();
    must_be(process_ >= 0, "no process can be had");
    if (process_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      run(file, first_request, ends[1]);
    }
    close(ends[1]);
  }
  ~Victim() {
    kill_it();
    close(from_);
  }
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;

  // Kills it `after` its first acknowledgement; returns all that it said.
  std::vector<std::string> said_until_killed(Clock::duration after) {
    while (said_.find('!') == said_.npos) read_some();
    for (const auto end = Clock::now() + after; Clock::now() < end;) {
      pollfd ready{from_, POLLIN, 0};
      if (poll(&ready, 1, 0) == 1) read_some();
    }
    kill_it();
    while (read_some()) {
    }
    std::vector<std::string> lines;
    std::istringstream words(said_);
    for (std::string line; std::getline(words, line);) lines.push_back(line);
    return lines;
  }

 private:
  [[noreturn]] static void run(const std::filesystem::path& file,
                               std::uint64_t first_request, int to) {
    const auto say = [to](std::string line) {
      line += '\n';  // shorter than PIPE_BUF: never mixed with another thread's
      if (write(to, line.data(), line.size()) < 0) _exit(1);
    };
    try {
      Log log(file);
      std::vector<std::jthread> threads;
      for (unsigned client = 1; client <= leaders; ++client) {
        threads.emplace_back([&, client] {
          for (std::uint64_t request = first_request;; ++request) {
            const std::string command = command_of(client, request);
            say("? " + command);
            say("! " + std::to_string(log.commit(command)) + " " + command);
          }
        });
      }
      threads.clear();  // they never end
    } catch (const std::exception& error) {
      say(error.what());
    }
    _exit(1);
  }

  bool read_some() {
    std::array<char, 1 << 16> bytes;
    const ssize_t got = read(from_, bytes.data(), bytes.size());
    must_be(got > 0 || process_ < 0, "the process ended by itself, and said " + said_);
    if (got <= 0) return false;
    said_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
  }

  void kill_it() {
    if (process_ < 0) return;
    kill(process_, SIGKILL);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
  }

  int from_ = -1;
  pid_t process_ = -1;
  std::string said_;
};

struct Losses {
  std::int64_t acknowledged = 0;
  std::int64_t lost = 0;       // acknowledged, and not there or not in its place
  std::int64_t in_flight = 0;  // there, announced, and not acknowledged yet
  std::int64_t invented = 0;   // there, and never announced
  std::int64_t states = 0;     // that were not, byte for byte, what those commands make
};

// Compares what is in `file` with the history that was there before and with what the victim
// said; the history is what is there afterwards.
template <typename Log>
void compare(const std::filesystem::path& file, const std::vector<std::string>& said,
             std::vector<std::string>& history, Losses& losses) {
  std::map<std::uint64_t, std::string> acknowledged;
  std::multiset<std::string> announced;
  for (const std::string& line : said) {
    if (line.starts_with("? ")) {
      announced.insert(line.substr(2));
    } else if (line.starts_with("! ")) {
      const std::size_t space = line.find(' ', 2);
      acknowledged[std::stoull(line.substr(2))] = line.substr(space + 1);
    } else {
      throw std::runtime_error("a process said: " + line);
    }
  }
  const std::vector<std::string> found = Log::records(file);
  std::vector<std::string> expected = history;
  losses.acknowledged += static_cast<std::int64_t>(acknowledged.size());
  for (std::size_t i = history.size(); i < found.size(); ++i) {
    const auto sure = acknowledged.find(i + 1);
    const auto known = announced.find(found[i]);
    if (sure != acknowledged.end()) {
      expected.push_back(sure->second);
      acknowledged.erase(sure);
    } else if (known != announced.end()) {
      ++losses.in_flight;
      expected.push_back(found[i]);
    } else {
      ++losses.invented;
    }
    if (known != announced.end()) announced.erase(known);
  }
  losses.lost += static_cast<std::int64_t>(acknowledged.size());
  for (const auto& [number, command] : acknowledged) expected.push_back(command);
  if (state_of(found) != state_of(expected)) ++losses.states;
  history = found;
}

template <typename Log>
Losses kill_often(int kills) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.file("log");
  std::mt19937_64 random(9);
  Losses losses;
  std::vector<std::string> history;
  std::uint64_t request = 1;
  for (int n = 0; n < kills; ++n) {
    if (n % 20 == 0) {
      std::filesystem::remove(file);
      history.clear();
    }
    Victim<Log> victim(file, request);
    const auto said =
        victim.said_until_killed(std::chrono::microseconds(random() % 10'000));
    compare<Log>(file, said, history, losses);
    request += said.size();
  }
  return losses;
}

// A power cut leaves of a file what it was at the last sync, at least.
template <typename Log>
Losses cut_the_power(int cuts) {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  const std::filesystem::path file = folder.file("log");
  std::mt19937_64 random(9);
  Losses losses;
  for (int n = 0; n < cuts; ++n) {
    std::filesystem::remove(file);
    std::string on_the_disk;
    const auto count = static_cast<std::int64_t>(1 + random() % 50);
    {
      FaultyDisk disk;
      disk.fails = [&](FaultyDisk::Call call) {
        if (call == FaultyDisk::Call::kSync) on_the_disk = bytes_of_file(file);
        return 0;
      };
      Log log(file);
      for (std::int64_t i = 1; i <= count; ++i) {
        log.commit(command_of(1, static_cast<std::uint64_t>(i)));
      }
    }
    std::ofstream(file, std::ios::binary) << on_the_disk;
    losses.acknowledged += count;
    losses.lost += count - static_cast<std::int64_t>(Log::records(file).size());
  }
  return losses;
}

template <typename Log>
void add_losses(course::Table& table) {
  const int kills = course::quick() ? 3 : 200;
  const Losses killed = kill_often<Log>(kills);
  const Losses cut = cut_the_power<Log>(kills);
  table.row({Log::kName, course::count(kills), course::count(killed.acknowledged),
             course::count(killed.lost), course::count(killed.in_flight),
             course::count(killed.invented), course::count(killed.states),
             course::count(kills), course::count(cut.acknowledged),
             course::count(cut.lost)});
}

MEASURED("A11",
         "Stopped at random moments, and rebuilt: what of the acknowledged is lost",
         table) {
  table.columns({"acknowledged when", "killed", "acknowledged", "lost",
                 "in flight, found", "invented", "other states", "power cuts",
                 "acknowledged", "lost"});
  add_losses<TextLog>(table);
  add_losses<Journaled>(table);
  table.look_at(
      "the two columns of what is lost: a killed process loses nothing that the kernel "
      "has; a power cut takes from it what was never synced");
}

// --- A11b: cut anywhere, corrupted anywhere --------------------------------------------------

// What became of a log that was damaged, over many cases.
struct Damage {
  std::int64_t cases = 0;
  std::int64_t wrong = 0;    // a record was accepted that never was
  std::int64_t lost = 0;     // a record before the damage was lost, without an error
  std::int64_t refused = 0;  // the log was not opened

  // `bytes` is the log of `records`; the first `good` of them are whole in it.
  template <typename Log>
  void look(const std::filesystem::path& file, const std::string& bytes,
            const std::vector<std::string>& records, std::size_t good) {
    ++cases;
    std::ofstream(file, std::ios::binary) << bytes;
    try {
      const std::vector<std::string> found = Log::records(file);
      if (found.size() < good) ++lost;
      for (std::size_t i = 0; i < found.size(); ++i) {
        if (i < records.size() && found[i] == records[i]) continue;
        ++wrong;
        break;
      }
    } catch (const std::exception&) {
      ++refused;
    }
  }
};

template <typename Log>
void add_damage(course::Table& table, const char* name) {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  const std::filesystem::path file = folder.file("log");
  std::vector<std::string> records;
  std::vector<std::size_t> ends;  // of the file, after each record
  for (std::uint64_t request = 1; request <= 6; ++request) {
    records.push_back(command_of(1, request));
    Log(file).commit(records.back());
    ends.push_back(std::filesystem::file_size(file));
  }
  const std::string all = bytes_of_file(file);
  const auto whole_before = [&ends](std::size_t byte) {
    std::size_t whole = 0;
    while (whole < ends.size() && ends[whole] <= byte) ++whole;
    return whole;
  };
  Damage cuts;
  Damage flips;
  for (std::size_t at = ends[2]; at < all.size(); ++at) {
    cuts.look<Log>(file, all.substr(0, at), records, whole_before(at));
    for (int bit = 0; bit < 8; ++bit) {
      std::string corrupt = all;
      corrupt[at] = static_cast<char>(corrupt[at] ^ 1 << bit);
      flips.look<Log>(file, corrupt, records, whole_before(at));
    }
  }
  for (const auto& [what, damage] :
       {std::pair{"cut", cuts}, std::pair{"one bit", flips}}) {
    table.row({name, what, course::count(damage.cases), course::count(damage.wrong),
               course::count(damage.lost), course::count(damage.refused)});
  }
}

MEASURED("A11b",
         "The last three of six records: cut after each byte, and each bit flipped",
         table) {
  table.columns({"", "damage", "cases", "wrong record accepted", "good record lost",
                 "log refused"});
  add_damage<TextLog>(table, "text log");
  add_damage<Journaled>(table, "9.1's journal");
  table.look_at(
      "the columns \"accepted\" and \"lost\": a line's end shows that it is whole, and "
      "nothing shows that it is right");
}

// --- A11c: what durability costs ----------------------------------------------------------

struct Rate {
  double commands_per_second;
  double syncs_per_thousand;
};

// One thread appends `group` commands and commits them together, again and again.
Rate rate_of(std::size_t group, bool lies) {
  const TemporaryFolder folder;
  FaultyDisk disk;
  disk.lies = lies;
  std::int64_t syncs = 0;
  disk.fails = [&syncs](FaultyDisk::Call call) {
    if (call == FaultyDisk::Call::kSync) ++syncs;
    return 0;
  };
  Journal journal(folder.file("log"), [](std::uint64_t, std::string_view) {});
  const std::string command = command_of(1, 1);
  syncs = 0;
  std::int64_t commands = 0;
  const auto start = Clock::now();
  Clock::duration elapsed{};
  do {
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < group; ++i) last = journal.append(command);
    journal.commit(last);
    commands += static_cast<std::int64_t>(group);
    elapsed = Clock::now() - start;
  } while (!course::quick() && elapsed < 200ms);
  const double seconds = std::chrono::duration<double>(elapsed).count();
  return {static_cast<double>(commands) / seconds,
          1e3 * static_cast<double>(syncs) / static_cast<double>(commands)};
}

// The middle one of five runs, of those without and those with a sync in turn: a disk is never
// for one program alone.
std::pair<Rate, Rate> typical_rates(std::size_t group) {
  std::array<Rate, 5> written{};
  std::array<Rate, 5> synced{};
  for (std::size_t i = 0; i < written.size(); ++i) {
    written[i] = rate_of(group, true);
    synced[i] = rate_of(group, false);
  }
  const auto slower = [](const Rate& one, const Rate& other) {
    return one.commands_per_second < other.commands_per_second;
  };
  std::sort(written.begin(), written.end(), slower);
  std::sort(synced.begin(), synced.end(), slower);
  return {written[2], synced[2]};
}

MEASURED("A11c", "What durability costs, by the commands that are committed together",
         table) {
  table.columns({"in a group", "written only: commands/s", "and fdatasync: commands/s",
                 "times slower", "fdatasyncs per 1,000 commands"});
  for (const std::size_t group : {1U, 2U, 4U, 8U, 16U, 32U, 64U, 128U, 256U}) {
    const auto [written, synced] = typical_rates(group);
    table.row({std::to_string(group), course::number(written.commands_per_second),
               course::number(synced.commands_per_second),
               course::number(written.commands_per_second / synced.commands_per_second),
               course::number(synced.syncs_per_thousand)});
  }
  table.look_at(
      "the third column, downwards: while the commands are few, a disk takes as long for "
      "many as for one");
}

}  // namespace
