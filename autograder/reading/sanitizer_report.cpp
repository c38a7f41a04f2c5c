#include "reading/sanitizer_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>
#include <utility>
#include <vector>

#include "catalogue/files.hpp"

namespace course::reading {
namespace {

namespace fs = std::filesystem;

// A place in a source file.
struct Place {
  std::string file;
  int line = 0;
};

// A heading of a report, and the stack under it.
struct Section {
  std::string heading;
  std::vector<std::string> frames;
};

// The first report: from its headline to its summary.
std::vector<Section> sections_of(const std::string& output, std::size_t from) {
  std::vector<Section> sections;
  std::istringstream in(output.substr(from));
  for (std::string line; std::getline(in, line);) {
    const std::string text(trimmed(line));
    if (text.starts_with("SUMMARY:") || text.starts_with("====")) break;
    if (text.starts_with('#')) {
      if (!sections.empty()) sections.back().frames.push_back(text);
    } else if (!text.empty()) {
      sections.push_back({text, {}});
    }
  }
  return sections;
}

// "#1 f() /course/./slot.hpp:16:7 (t+0x2820)" -> /course/slot.hpp, 16.
std::optional<Place> place_of(std::string frame) {
  static const std::regex module(R"(( \([^()]*\))+$)");
  static const std::regex form(R"(^#\d+ .*? ((?:\.\.)?/[^:]*):(\d+)(?::\d+)?$)");
  frame = std::regex_replace(frame, module, "");
  std::smatch match;
  if (frame.size() > 8000 || !std::regex_match(frame, match, form)) return std::nullopt;
  std::string file = match[1];
  // A function's own text may hold " /": the file is what follows the last one.
  const std::size_t last = file.rfind(" /");
  if (last != file.npos) file.erase(0, last + 1);
  return Place{fs::path(file).lexically_normal().string(), std::stoi(match[2])};
}

bool of_a_library(const Place& place) {
  return place.file.starts_with("/usr/") || place.file.starts_with("..") ||
         place.file.find("gtest") != std::string::npos;
}

// Turns stacks into places in the student's file, and places into code.
class Source {
 public:
  explicit Source(const fs::path& file) : file_(file.lexically_normal().string()) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) lines_.emplace_back(trimmed(line));
  }

  // Where a stack is in the student's file; else in the file that called it.
  [[nodiscard]] Place place(const std::vector<std::string>& frames) const {
    Place nearest;
    for (const auto& frame : frames) {
      const auto found = place_of(frame);
      if (!found) continue;
      if (found->file == file_) return *found;
      if (nearest.file.empty() && !of_a_library(*found)) nearest = *found;
    }
    return nearest;
  }

  [[nodiscard]] std::string code(const Place& place) const {
    const auto index = static_cast<std::size_t>(place.line);
    if (place.file != file_ || index == 0 || index > lines_.size()) return "";
    return lines_[index - 1];
  }

  // The members, by their trailing underscore, that the code at `place` names.
  [[nodiscard]] std::vector<std::string> members(const Place& place) const {
    static const std::regex member(R"(\b[A-Za-z][A-Za-z0-9_]*_\b)");
    const std::string text = code(place);
    std::vector<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), member), end; at != end;
         ++at) {
      found.push_back(at->str());
    }
    return found;
  }

 private:
  std::string file_;
  std::vector<std::string> lines_;
};

std::string short_place(const Place& place) {
  if (place.line == 0) return "a place without debug information";
  return fmt::format("{}:{}", fs::path(place.file).filename().string(), place.line);
}

std::string thread_in_words(const std::string& text) {
  if (text.find("main thread") != text.npos) return "the main thread";
  static const std::regex numbered(R"(thread T(\d+))");
  std::smatch match;
  if (!std::regex_search(text, match, numbered)) return "a thread";
  return match[1] == "0" ? "the main thread" : "thread " + match[1].str();
}

// --- ThreadSanitizer: data race --------------------------------------------------------

struct Access {
  std::string thread;
  std::string verb;  // "writes", "reads", "writes (atomic)"
  bool atomic = false;
  std::vector<std::string> mutexes;  // "M9"
  Place place;
};

std::optional<Access> access_of(const Section& section, const Source& source) {
  static const std::regex form(
      R"(^(?:Previous )?(atomic )?(read|write|Read|Write|Atomic read|Atomic write) )"
      R"(of size \d+ at \w+ by (.*?)(?: \(mutexes: (.*)\))?:$)");
  std::smatch match;
  if (!std::regex_match(section.heading, match, form)) return std::nullopt;
  Access access;
  const std::string verb = match[2];
  access.atomic = match[1].matched || verb.starts_with("Atomic");
  access.verb = verb.find("rite") != verb.npos ? "writes" : "reads";
  access.thread = thread_in_words(match[3]);
  static const std::regex mutex(R"(M\d+)");
  const std::string held = match[4];
  for (std::sregex_iterator at(held.begin(), held.end(), mutex), end; at != end; ++at) {
    access.mutexes.push_back(at->str());
  }
  access.place = source.place(section.frames);
  return access;
}

// "M9" -> "mutex_", from where it was first locked.
std::string mutex_name(const std::string& mutex, const std::vector<Section>& sections,
                       const Source& source) {
  for (const auto& section : sections) {
    if (!section.heading.starts_with("Mutex " + mutex + " ")) continue;
    const auto members = source.members(source.place(section.frames));
    if (!members.empty()) return members.front();
  }
  return "a lock";
}

// What both lines name; else what the first names; else what the report knows.
std::string raced_object(const Access& first, const Access& second,
                         const std::vector<Section>& sections, const Source& source) {
  const auto of_first = source.members(first.place);
  const auto of_second = source.members(second.place);
  for (const auto& member : of_first) {
    if (std::find(of_second.begin(), of_second.end(), member) != of_second.end())
      return member;
  }
  static const std::regex global(R"(^Location is global '([A-Za-z_][\w:]*)')");
  std::smatch match;
  for (const auto& section : sections) {
    if (std::regex_search(section.heading, match, global)) return match[1];
  }
  if (of_first.size() == 1) return of_first.front();
  if (of_second.size() == 1) return of_second.front();
  return "memory";
}

std::string holding(const Access& access, const std::vector<Section>& sections,
                    const Source& source) {
  if (access.mutexes.empty()) return "holding no lock";
  std::string names;
  for (const auto& mutex : access.mutexes) {
    names += (names.empty() ? "" : " and ") + mutex_name(mutex, sections, source);
  }
  return "holding " + names;
}

std::string what_would_order(const Access& first, const Access& second,
                             const std::string& object,
                             const std::vector<Section>& sections, const Source& source) {
  if (first.atomic != second.atomic) {
    return "One access is atomic and the other is not: only two atomic ones, or one lock "
           "held around both, would be in order.";
  }
  if (first.mutexes.empty() && second.mutexes.empty()) {
    return fmt::format(
        "Nothing orders the two. One lock held around both would, or an atomic that is "
        "stored (release) after the first use of {} and loaded (acquire) before the "
        "second.",
        object);
  }
  if (!first.mutexes.empty() && !second.mutexes.empty()) {
    return "Each holds a lock, but not the same one: only one lock held by both orders "
           "them.";
  }
  const Access& bare = first.mutexes.empty() ? first : second;
  const Access& locked = first.mutexes.empty() ? second : first;
  return fmt::format(
      "Only one of them holds a lock. If {} held {} too, they would be in order.",
      bare.thread, mutex_name(locked.mutexes.front(), sections, source));
}

// Columns "who  does what  where  code  holding".
std::string access_line(const Access& access, std::size_t width,
                        const std::vector<Section>& sections, const Source& source) {
  return fmt::format("{:<{}}  {}{}  {}   {}   {}\n", access.thread, width, access.verb,
                     access.atomic ? " (atomic)" : "", short_place(access.place),
                     source.code(access.place), holding(access, sections, source));
}

SanitizerReport data_race(const std::vector<Section>& sections, const Source& source) {
  std::vector<Access> accesses;
  for (const auto& section : sections) {
    if (auto access = access_of(section, source)) accesses.push_back(std::move(*access));
  }
  SanitizerReport report;
  report.concept_name = "data race";
  report.general = true;
  if (accesses.size() < 2) {
    report.what = "data race";
    return report;
  }
  // In the order in which they happened: the report tells the later one first.
  const Access& first = accesses[1];
  const Access& second = accesses[0];
  const std::string object = raced_object(first, second, sections, source);
  report.what = fmt::format("data race on {}: {} {} it while {} {} it", object,
                            first.thread, first.verb, second.thread, second.verb);
  const std::size_t width = std::max(first.thread.size(), second.thread.size());
  report.detail = access_line(first, width, sections, source) +
                  access_line(second, width, sections, source) +
                  what_would_order(first, second, object, sections, source);
  report.file = second.place.file;
  report.line = second.place.line;
  return report;
}

// --- ThreadSanitizer: the rest ---------------------------------------------------------

SanitizerReport lock_order(const std::vector<Section>& sections, const Source& source) {
  static const std::regex taken(
      R"(^Mutex M\d+ acquired here while holding mutex M\d+ in (.*):$)");
  SanitizerReport report;
  report.concept_name = "lock order";
  report.what =
      "the same locks are taken in different orders: two threads that each hold one "
      "wait for each other for ever";
  std::smatch match;
  for (std::size_t at = 0; at + 1 < sections.size(); ++at) {
    if (!std::regex_match(sections[at].heading, match, taken)) continue;
    const Place then = source.place(sections[at].frames);
    const Place before = source.place(sections[at + 1].frames);
    report.detail += fmt::format(
        "{}  takes  {}   {}\n{:{}}  then   {}   {}\n", thread_in_words(match[1]),
        short_place(before), source.code(before), "", thread_in_words(match[1]).size(),
        short_place(then), source.code(then));
    report.file = then.file;
    report.line = then.line;
  }
  report.detail +=
      "Take them in one order everywhere, or both at once with std::scoped_lock.";
  return report;
}

SanitizerReport misuse(const std::string& kind, const std::vector<Section>& sections,
                       const Source& source) {
  SanitizerReport report;
  report.concept_name = kind.starts_with("heap-use-after-free") ? "lifetime"
                        : kind.starts_with("thread leak")       ? "leak"
                                                                : "misuse";
  report.what = kind.substr(0, kind.find(" (pid="));
  for (const auto& section : sections) {
    const Place place = source.place(section.frames);
    if (place.line == 0) continue;
    if (report.line == 0) {
      report.file = place.file;
      report.line = place.line;
    }
    report.detail += fmt::format("{}   {}\n", short_place(place), source.code(place));
  }
  return report;
}

SanitizerReport thread_sanitizer(const std::string& output, std::size_t at,
                                 const Source& source) {
  const std::string marker = "WARNING: ThreadSanitizer: ";
  const auto sections = sections_of(output, at);
  const std::string kind = sections.at(0).heading.substr(marker.size());
  if (kind.starts_with("data race")) return data_race(sections, source);
  if (kind.starts_with("lock-order-inversion")) return lock_order(sections, source);
  return misuse(kind, sections, source);
}

// --- AddressSanitizer ------------------------------------------------------------------

struct Kind {
  const char* name;
  const char* words;  // what the code does
  const char* concept_name;
};

constexpr Kind kinds[] = {
    {"heap-use-after-free", "uses memory that was already freed", "lifetime"},
    {"attempting double-free", "frees the same memory twice", "lifetime"},
    {"stack-use-after-return", "uses a local variable of a function that has returned",
     "lifetime"},
    {"stack-use-after-scope", "uses a local variable after the end of its block",
     "lifetime"},
    {"heap-buffer-overflow", "goes beyond the end of an allocated block", "misuse"},
    {"stack-buffer-overflow", "goes beyond the end of a local array", "misuse"},
    {"global-buffer-overflow", "goes beyond the end of a global array", "misuse"},
    {"container-overflow", "goes beyond the end of a container", "misuse"},
    {"stack-overflow", "fills the whole stack: a recursion is too deep",
     "deep recursion"},
    {"alloc-dealloc-mismatch", "frees memory in another way than it was allocated",
     "misuse"},
    {"bad-free", "frees what was never allocated", "misuse"},
    {"attempting free on address", "frees what was never allocated", "misuse"},
    {"SEGV", "uses an address that is no memory: a null or a wild pointer", "lifetime"},
};

// "freed by thread T0 here:" -> "freed", with its line.
std::string address_detail(const std::vector<Section>& sections, const Source& source) {
  static const std::pair<const char*, const char*> told[] = {
      {"READ of size", "read"},
      {"WRITE of size", "written"},
      {"freed by", "freed"},
      {"previously allocated by", "allocated"},
      {"allocated by", "allocated"}};
  std::string detail;
  for (const auto& section : sections) {
    for (const auto& [opening, words] : told) {
      if (!section.heading.starts_with(opening)) continue;
      const Place place = source.place(section.frames);
      detail +=
          fmt::format("{:<9}  by {}   {}   {}\n", words, thread_in_words(section.heading),
                      short_place(place), source.code(place));
      break;
    }
  }
  return detail;
}

SanitizerReport address_sanitizer(const std::string& output, std::size_t at,
                                  const Source& source) {
  const auto sections = sections_of(output, at);
  const std::string& headline = sections.at(0).heading;
  SanitizerReport report;
  report.concept_name = "misuse";
  report.what = headline.substr(headline.find("Sanitizer: ") + 11);
  for (const Kind& kind : kinds) {
    if (report.what.find(kind.name) == report.what.npos) continue;
    report.what = std::string(kind.words) + " (" + kind.name + ")";
    report.concept_name = kind.concept_name;
    break;
  }
  report.general = report.concept_name == "misuse";
  report.detail = address_detail(sections, source);
  for (const auto& section : sections) {
    const Place place = source.place(section.frames);
    if (place.line == 0) continue;
    report.file = place.file;
    report.line = place.line;
    break;
  }
  return report;
}

SanitizerReport leak_sanitizer(const std::string& output, std::size_t at,
                               const Source& source) {
  static const std::regex form(
      R"(^(Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object)");
  SanitizerReport report;
  report.concept_name = "leak";
  report.what = "memory is never freed";
  std::smatch match;
  for (const auto& section : sections_of(output, at)) {
    if (!std::regex_search(section.heading, match, form)) continue;
    const Place place = source.place(section.frames);
    report.detail +=
        fmt::format("{} byte{} in {} object{}, allocated at {}   {}\n", match[2].str(),
                    match[2] == "1" ? "" : "s", match[3].str(),
                    match[3] == "1" ? "" : "s", short_place(place), source.code(place));
    if (report.line == 0) {
      report.file = place.file;
      report.line = place.line;
    }
  }
  return report;
}

SanitizerReport undefined_behavior(const std::string& line) {
  static const std::regex form(R"(^(.*):(\d+):\d+: runtime error: (.*)$)");
  SanitizerReport report;
  report.concept_name = "misuse";
  std::smatch match;
  if (std::regex_match(line, match, form)) {
    report.file = match[1];
    report.line = std::stoi(match[2]);
    report.what = "undefined behaviour: " + match[3].str();
    // "load of misaligned address", "reference binding to misaligned address" …
    if (report.what.find(" misaligned address") != report.what.npos) {
      report.concept_name = "alignment";
    }
  }
  return report;
}

std::string line_around(const std::string& text, std::size_t at) {
  const std::size_t before = text.rfind('\n', at);
  const std::size_t from = before == text.npos ? 0 : before + 1;
  return text.substr(from, text.find('\n', at) - from);
}

}  // namespace

std::optional<SanitizerReport> read_sanitizer_report(const std::string& output,
                                                     const fs::path& student_file) {
  const Source source(student_file);
  if (const auto at = output.find("WARNING: ThreadSanitizer: "); at != output.npos) {
    return thread_sanitizer(output, at, source);
  }
  if (const auto at = output.find("ERROR: LeakSanitizer: detected"); at != output.npos) {
    return leak_sanitizer(output, at, source);
  }
  for (const char* opening : {"ERROR: AddressSanitizer: ", "ERROR: ThreadSanitizer: "}) {
    if (const auto at = output.find(opening); at != output.npos) {
      return address_sanitizer(output, at, source);
    }
  }
  if (const auto at = output.find(": runtime error: "); at != output.npos) {
    return undefined_behavior(line_around(output, at));
  }
  return std::nullopt;
}

std::string start_up_death(const std::string& output) {
  static const std::pair<const char*, const char*> deaths[] = {
      {"ThreadSanitizer: unexpected memory mapping",
       "ThreadSanitizer cannot start: this kernel spreads addresses too widely for "
       "it. Fix it with: sudo sysctl vm.mmap_rnd_bits=28"},
      {"ThreadSanitizer: encountered an incompatible memory layout",
       "ThreadSanitizer cannot start: this kernel spreads addresses too widely for "
       "it. Fix it with: sudo sysctl vm.mmap_rnd_bits=28"},
      {"personality",
       "ThreadSanitizer cannot start: it may not turn address randomisation off here. "
       "Start the container with: --security-opt seccomp=unconfined"},
      {"Shadow memory range interleaves",
       "AddressSanitizer cannot start: its memory is taken. Fix it with: sudo sysctl "
       "vm.mmap_rnd_bits=28"},
      {"LeakSanitizer has encountered a fatal error",
       "LeakSanitizer cannot look for leaks: it may not trace this process. Run "
       "outside a debugger, or start the container with: --cap-add=SYS_PTRACE"},
      {"Sanitizer failed to allocate",
       "a sanitizer cannot reserve its memory. Lift the limit with: ulimit -v unlimited"},
      {"ReserveShadowMemoryRange failed",
       "a sanitizer cannot reserve its memory. Lift the limit with: ulimit -v unlimited"},
  };
  if (output.find("Sanitizer") == output.npos) return "";
  for (const auto& [sign, words] : deaths) {
    if (output.find(sign) != output.npos) return words;
  }
  return "";
}

}  // namespace course::reading
