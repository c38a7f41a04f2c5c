#include "author/demo_record.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <regex>

#include "catalogue/files.hpp"
#include "catalogue/lesson.hpp"

namespace course::author {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t label_width = 10;  // "command" and its spaces

std::uint64_t fnv1a(std::uint64_t hash, std::string_view bytes) {
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return hash;
}

std::string record_command(const fs::path& folder) {
  const std::string lesson = folder.filename().string();
  const std::size_t digit = lesson.find_first_not_of('0');
  return "autograder/course demo " + lesson.substr(digit, lesson.find('-') - digit) +
         " --record";
}

std::map<std::string, std::string> claims_in(const std::vector<std::string>& lines) {
  static const std::regex title("([A-Z][0-9]+[a-z]?)  .*");
  std::map<std::string, std::string> claims;
  std::string* claim = nullptr;
  for (std::size_t i = 5; i < lines.size(); ++i) {
    std::smatch match;
    if (std::regex_match(lines[i], match, title)) claim = &claims[match[1]];
    if (claim != nullptr) *claim += lines[i] + '\n';
  }
  for (auto& [id, text] : claims) text.erase(text.find_last_not_of('\n') + 1);
  return claims;
}

}  // namespace

std::string sources_of(const fs::path& folder) {
  const std::string name = lesson_of(folder).stem();
  std::uint64_t hash = 0xcbf29ce484222325;
  hash = fnv1a(hash, read_file(folder / "demo.cpp"));
  hash = fnv1a(hash, std::string_view("\0", 1));
  hash = fnv1a(hash, read_file(folder / (name + ".hpp")));
  return fmt::format("{:016x}", hash);
}

std::string record_text(const fs::path& folder, const DemoRecord& record,
                        std::string_view output) {
  return fmt::format("command   {}\nmachine   {}\ndate      {}\nsources   {}\n\n{}",
                     record.command, record.machine, record.date, sources_of(folder),
                     output);
}

DemoRecord read_demo_record(const fs::path& folder) {
  const fs::path file = folder / "demo.txt";
  const std::string remedy = "run `" + record_command(folder) + "`";
  if (!fs::exists(file)) throw Mistake(file, 0, "is missing; " + remedy);
  const std::vector<std::string> lines = lines_of(read_file(file));
  DemoRecord record;
  const std::array<std::pair<std::string_view, std::string*>, 4> head{{
      {"command", &record.command},
      {"machine", &record.machine},
      {"date", &record.date},
      {"sources", &record.sources},
  }};
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (i >= lines.size() || !lines[i].starts_with(head[i].first) ||
        lines[i].size() <= label_width) {
      throw Mistake(
          file, i + 1,
          fmt::format("the line `{}` is expected here; {}", head[i].first, remedy));
    }
    *head[i].second = lines[i].substr(label_width);
  }
  if (record.sources != sources_of(folder)) {
    throw Mistake(file, 4,
                  "demo.cpp or the reference changed since this was measured; " + remedy);
  }
  record.claims = claims_in(lines);
  return record;
}

}  // namespace course::author
