#include "grader/grades.hpp"

#include <fmt/format.h>

#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "catalogue/files.hpp"
#include "grader/cause.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path file_for(const Course& course, const Exercise& exercise,
                  const std::string& variant = "student") {
  const std::string name = exercise.name + (variant == "student" ? "" : "-" + variant);
  return course.root / ".course" / "grades" / (name + ".json");
}

// What is no JSON, or no object, is empty.
json kept_in(const fs::path& file) {
  std::error_code unreadable;
  if (!fs::is_regular_file(file, unreadable)) return json::object();
  std::ifstream in(file);
  const json kept = json::parse(in, nullptr, false);
  return kept.is_object() ? kept : json::object();
}

// FNV-1a (Fowler, Noll, Vo): tells versions of one file apart, nothing more.
std::uint64_t fingerprint(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::uint64_t hash = 14695981039346656037U;
  for (char byte; in.get(byte);) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
  }
  return hash;
}

std::string token_of(const ExerciseResult& result) {
  const std::optional<Cause> cause = cause_of(result);
  return cause ? cause->finding->token : "";
}

// "push: as fast as the reference; pop: 1.2 times as fast"
std::string speed_of(const ExerciseResult& result) {
  std::string speed;
  for (const StageResult& stage : result.stages) {
    if (stage.stage != Stage::gate) continue;
    for (const std::string& note : stage.notes) {
      if (note.starts_with("skipped: ")) continue;
      speed += (speed.empty() ? "" : "; ") + note;
    }
  }
  return speed;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  return fmt::format("{:04}-{:02}-{:02}", local.tm_year + 1900, local.tm_mon + 1,
                     local.tm_mday);
}

}  // namespace

void remember(const Course& course, const ExerciseResult& result) {
  const Exercise& exercise = *result.subject.exercise;
  const std::string& variant = result.subject.variant;
  if (variant != "student") {
    const json kept{{"token", token_of(result)}};
    write_own_file(file_for(course, exercise, variant), kept.dump(2) + "\n");
    return;
  }
  const Points points = points_of(result.promises);
  const json kept{{"verdict", name_of(result.verdict())},
                  {"points", points.earned},
                  {"of", points.of},
                  {"not_measured", points.not_measured},
                  {"token", token_of(result)},
                  {"when", today()},
                  {"speed", speed_of(result)},
                  {"fingerprint", fingerprint(exercise.file)}};
  write_own_file(file_for(course, exercise), kept.dump(2) + "\n");
}

std::string remembered_token(const Course& course, const Exercise& exercise,
                             const std::string& variant) {
  const json kept = kept_in(file_for(course, exercise, variant));
  const auto token = kept.find("token");
  return token != kept.end() && token->is_string() ? token->get<std::string>() : "";
}

std::optional<Grade> remembered(const Course& course, const Exercise& exercise) {
  const json kept = kept_in(file_for(course, exercise));
  try {
    const auto verdict = verdict_named(kept.value("verdict", ""));
    if (!verdict) return std::nullopt;
    return Grade{
        *verdict,
        {kept.value("points", 0), kept.value("of", 100), kept.value("not_measured", 0)},
        kept.value("fingerprint", std::uint64_t{0}) != fingerprint(exercise.file),
        kept.value("token", ""),
        kept.value("when", ""),
        kept.value("speed", "")};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace course::grader
