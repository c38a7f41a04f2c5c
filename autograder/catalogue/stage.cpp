#include "catalogue/stage.hpp"

namespace course {
namespace {

// By value of the enumeration.
constexpr std::array<std::string_view, 7> stage_names{
    "build", "unit", "interleave", "tsan", "asan", "cost", "gate"};
constexpr std::array<std::string_view, 7> presets{
    "student", "student", "interleave", "tsan", "asan", "interleave", "bench"};

}  // namespace

std::string_view name_of(Stage stage) noexcept {
  return stage_names[static_cast<std::size_t>(stage)];
}

std::optional<Stage> stage_named(std::string_view name) noexcept {
  for (const Stage stage : all_stages) {
    if (name_of(stage) == name) return stage;
  }
  return std::nullopt;
}

std::string_view preset_of(Stage stage) noexcept {
  return presets[static_cast<std::size_t>(stage)];
}

}  // namespace course
