// Text files, read and written whole, and what is done to their lines.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace course {

// Something in the course's files that an author must fix. The message names the file
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

// What `write_own_file` wrote; empty where nothing can be read, whatever stands there.
[[nodiscard]] std::string read_own_file(const std::filesystem::path& file);

// As write_file, for what the program keeps for itself, in a folder of its own: a folder that
// stands in the file's place, or a file in that of one of its folders, gives way.
void write_own_file(const std::filesystem::path& file, std::string_view text);

// A name beside `file` that no other process takes: for what is whole before it is renamed.
[[nodiscard]] std::filesystem::path fresh_name_beside(const std::filesystem::path& file);

// Makes the folders for such a file, and takes away what stands in its place and is no file.
void make_way_for(const std::filesystem::path& file);

// Writes to where a person asked for: through links, and into a pipe or a device that stands
// there; a file is replaced at once. Throws std::system_error that names it.
void write_to(const std::filesystem::path& destination, std::string_view text);

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
