// A state that is rebuilt: from a snapshot, and from the records that were logged after it.
//
//   records   1  2  3  4  5 | 6  7  8        state after 8
//             '-----.-----'   '--.--'               ^
//               snapshot 5 ------+---- replay ------'
//
// The state is who holds which name, and until when: leases. A client asks for a name for some
// time, and asks again where no answer came.
//
// Threads     Any, one at a time for each object and each file.
// Progress    apply and replay: no waiting. save: blocking, until the disk has it.
// Errors      Gap where a record is missing. CorruptSnapshot where the file is not what save
//             wrote. std::system_error where the system refuses.
//
// Invariants
//   I1  apply depends on the command and on the state alone: the same commands in the same order
//       make the same state and the same answers, on any day and any machine.
//   I2  A client's request changes the state once, however often it is in the log.
//   I3  text() is all that apply reads. Two states that are equal have the same text.
//   I4  A snapshot's state is what the records 1 to `last` made: replay applies last + 1 next,
//       and no other.
//   I5  At each moment the file is a whole snapshot: the one before, or the new one. When save
//       returns, the new one is on the disk.
//
// Left out    Taking away the records that a snapshot has: begin a new journal with last + 1,
//             and delete the old one afterwards. Requests that a client sends before the one
//             before is answered.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <compare>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "checksum.hpp"

// What a client asks. As text: "client request now name milliseconds".
struct Command {
  std::uint64_t client = 0;  // from 1
  std::uint64_t request =
      0;                  // the client's first is 1; the same number where it asks again
  std::uint64_t now = 0;  // milliseconds; a clock was read once, before this was logged
  std::string name;       // one word
  std::uint64_t milliseconds = 0;  // for so long from `now`; 0 gives the name back

  [[nodiscard]] static Command of(std::string_view text) {
    Command command;
    std::istringstream words{std::string(text)};
    words >> command.client >> command.request >> command.now >> command.name >>
        command.milliseconds;
    if (!words) throw std::invalid_argument("not a command: " + std::string(text));
    return command;
  }
};

struct Answer {
  bool granted = false;
  std::uint64_t holder = 0;  // of the name from now on; 0 where it is free
  std::uint64_t until = 0;   // milliseconds: its time is over then; 0 where it is free

  auto operator<=>(const Answer&) const = default;
};

class Leases {
 public:
  // Grants the name to the client if it is free, or its own, or another's whose time is over at
  // `command.now`: until now + milliseconds. Gives it back if milliseconds is 0 and it is the
  // client's: then that is granted, and the name is free. Else says who holds it.
  Answer carry_out(const Command& command) {
    //> step 1(command): from the command and the state, and nothing else
    const auto found = leases_.find(command.name);
    const bool held = found != leases_.end() && found->second.until > command.now;
    const bool own = found != leases_.end() && found->second.holder == command.client;
    if (command.milliseconds == 0 && own) {
      leases_.erase(found);
      return {true, 0, 0};
    }
    if (held && !own) return {false, found->second.holder, found->second.until};
    if (command.milliseconds == 0) return {false, 0, 0};
    const Lease lease{command.client, command.now + command.milliseconds};
    leases_[command.name] = lease;
    return {true, lease.holder, lease.until};
    //<
  }

  // Carries out `command` and returns the answer, once for each request. A request that was
  // answered before is answered alike and changes nothing. One that is older than the client's
  // last was answered too, and its answer is forgotten: it changes nothing, and gets Answer().
  Answer apply(const Command& command) {
    //> step 2(command): once for each request; remember the answer
    Answered& last = answered_[command.client];
    if (command.request == last.request) return last.answer;
    if (command.request < last.request) return {};
    last = {command.request, carry_out(command)};
    return last.answer;
    //<
  }

  // The state as text, a line for each lease and for each client, in the order of names and of
  // clients: "lease name holder until" and "answered client request granted holder until".
  [[nodiscard]] std::string text() const {
    //> step 3(): all that apply reads, in one order
    std::ostringstream lines;
    for (const auto& [name, lease] : leases_) {
      lines << "lease " << name << ' ' << lease.holder << ' ' << lease.until << '\n';
    }
    for (const auto& [client, last] : answered_) {
      lines << "answered " << client << ' ' << last.request << ' ' << last.answer.granted
            << ' ' << last.answer.holder << ' ' << last.answer.until << '\n';
    }
    return lines.str();
    //<
  }

  // The state whose text this is.
  [[nodiscard]] static Leases of(const std::string& text) {
    Leases state;
    std::istringstream lines(text);
    for (std::string kind; lines >> kind;) {
      if (kind == "lease") {
        std::string name;
        lines >> name;
        lines >> state.leases_[name].holder >> state.leases_[name].until;
      } else {
        std::uint64_t client = 0;
        lines >> client;
        Answered& last = state.answered_[client];
        lines >> last.request >> last.answer.granted >> last.answer.holder >>
            last.answer.until;
      }
    }
    return state;
  }

 private:
  struct Lease {
    std::uint64_t holder = 0;
    std::uint64_t until = 0;
  };
  struct Answered {
    std::uint64_t request = 0;
    Answer answer;
  };

  // Maps, not hash tables: their order is part of the text.
  std::map<std::string, Lease> leases_;
  std::map<std::uint64_t, Answered> answered_;  // by client
};

// What the records 1 to `last` made.
struct Snapshot {
  std::uint64_t last = 0;
  Leases leases;
};

// A record is not there.
class Gap : public std::runtime_error {
 public:
  Gap(std::uint64_t expected, std::uint64_t found)
      : std::runtime_error("record " + std::to_string(expected) + " is missing: after " +
                           std::to_string(expected - 1) + " comes " +
                           std::to_string(found)) {}
};

// Brings `state` from one record to the next: `record` is the text of a command, and `number` its
// place in the log. A record that the state has already is passed over. Throws Gap, and changes
// nothing, where one between the two is missing.
inline void replay(Snapshot& state, std::uint64_t number, std::string_view record) {
  //> step 3(state, number, record): the next one, and no other
  if (number <= state.last) return;
  if (number != state.last + 1) throw Gap(state.last + 1, number);
  state.leases.apply(Command::of(record));
  state.last = number;
  //<
}

class CorruptSnapshot : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace snapshot_file {

struct Descriptor {
  explicit Descriptor(int number_in) : number(number_in) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int number;
};

inline void throw_if(bool failed, const char* what) {
  if (failed) throw std::system_error(errno, std::generic_category(), what);
}

inline void write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    throw_if(written < 0, "write");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// "snapshot 1 last", a line; the state; "end checksum", a line: 1 is the format's version, and
// the checksum is over all before it.
inline std::string bytes_of(const Snapshot& snapshot) {
  const std::string text =
      "snapshot 1 " + std::to_string(snapshot.last) + '\n' + snapshot.leases.text();
  return text + "end " + std::to_string(checksum(text)) + '\n';
}

inline Snapshot of_bytes(const std::string& bytes) {
  const std::size_t end = bytes.rfind("end ");
  if (end == bytes.npos ||
      bytes.substr(end) !=
          "end " + std::to_string(checksum(std::string_view(bytes).substr(0, end))) +
              '\n') {
    throw CorruptSnapshot("its checksum does not hold");
  }
  std::istringstream head(bytes);
  std::string word;
  int version = 0;
  Snapshot snapshot;
  head >> word >> version >> snapshot.last;
  if (!head || word != "snapshot") throw CorruptSnapshot("not a snapshot");
  if (version != 1) throw CorruptSnapshot("a snapshot of another version");
  const std::size_t start = bytes.find('\n') + 1;
  snapshot.leases = Leases::of(bytes.substr(start, end - start));
  return snapshot;
}

}  // namespace snapshot_file

// Puts `snapshot` into `file`, in place of the one that is there. Where it throws, the one that
// was there still is, or the new one already is; each of them whole.
inline void save(const std::filesystem::path& file, const Snapshot& snapshot) {
  using namespace snapshot_file;
  const std::filesystem::path beside =
      file.string() + ".new";  // a crash may have left one
  const std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
  const std::string bytes = bytes_of(snapshot);
  //> step 4(beside, folder, bytes): beside the old one, on the disk; then its name; then that too
  const Descriptor fresh(
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  throw_if(fresh.number < 0, "open");
  write_all(fresh.number, bytes);
  throw_if(::fsync(fresh.number) != 0, "fsync");
  throw_if(::rename(beside.c_str(), file.c_str()) != 0, "rename");
  const Descriptor names(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  throw_if(names.number < 0, "open the folder");
  throw_if(::fsync(names.number) != 0, "fsync of the folder");
  //<
}

// What save put into `file`; where there is none, what no record has made.
inline Snapshot load(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return {};
  std::ifstream stream(file, std::ios::binary);
  return snapshot_file::of_bytes(
      {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()});
}
