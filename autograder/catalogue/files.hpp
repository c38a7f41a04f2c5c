// Text files, read and written whole, and what is done to their lines.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace course {

// Something in the course's files that an author must mend. The message names the file
// and the line, what is wrong, and the remedy.
class Mistake : public std::runtime_error {
 public:
  // line 0: the file as a whole.
  Mistake(const std::filesystem::path& file, std::size_t line, const std::string& what);
};

// The whole file. Throws Mistake when it cannot be read.
[[nodiscard]] std::string read_file(const std::filesystem::path& file);

// Replaces the file at once: a reader, or a crash, meets the old text or the new, never a
// part. Makes missing folders. Throws std::system_error that names the file.
void write_file(const std::filesystem::path& file, std::string_view text);

// Without their line ends. A last line without a line end counts.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

// The text without spaces and tabs at its ends, nor the rest of another system's line end.
[[nodiscard]] std::string_view trimmed(std::string_view text);

// The number (from 1) of the first line in which the texts differ; 0 when they are the
// same.
[[nodiscard]] std::size_t first_difference(std::string_view left, std::string_view right);

// `source` copied to NAME.mine-N.EXT beside it, N the first that is free; returns the
// copy.
std::filesystem::path keep_beside(const std::filesystem::path& source);

}  // namespace course
