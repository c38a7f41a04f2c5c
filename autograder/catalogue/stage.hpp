// The stages of grading, in the order in which they are reported.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace course {

enum class Stage { build, unit, interleave, tsan, asan, cost, gate };

// In the order in which they are reported.
inline constexpr std::array all_stages{Stage::build, Stage::unit, Stage::interleave,
                                       Stage::tsan,  Stage::asan, Stage::cost,
                                       Stage::gate};

[[nodiscard]] std::string_view name_of(Stage stage) noexcept;
[[nodiscard]] std::optional<Stage> stage_named(std::string_view name) noexcept;

// The preset whose tree holds the programs that `stage` runs.
[[nodiscard]] std::string_view preset_of(Stage stage) noexcept;

}  // namespace course
