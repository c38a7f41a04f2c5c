// A table of a manifest, read key by key; every mistake in it becomes a ManifestError
// that names the file, the line and the remedy.
#pragma once

#include <toml++/toml.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "catalogue/manifest.hpp"

namespace course {

class TomlTable {
 public:
  TomlTable(const toml::table& table, const std::filesystem::path& file, std::string what)
      : table_(table), file_(file), what_(std::move(what)) {}

  // These throw where the key is missing or of another type.
  std::string text(const char* key);
  double number(const char* key);
  int integer(const char* key);
  std::vector<std::string> texts(const char* key);
  std::vector<TomlTable> tables(const char* key);  // empty where the key is missing
  TomlTable table(const char* key);

  bool has(const char* key);           // counts as reading it
  int line_of(const char* key) const;  // of a key that is there
  std::vector<std::string> keys() const;

  // Throws if the table has a key that was never asked for. Call when done.
  void nothing_else() const;

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[noreturn]] void fail(const std::string& problem) const;
  [[noreturn]] void fail_at(const char* key, const std::string& problem) const;

 private:
  const toml::node& node(const char* key, const char* type);
  std::vector<std::string> not_asked_for() const;
  [[noreturn]] void fail_on_line(unsigned line, const std::string& problem) const;

  const toml::table& table_;
  std::filesystem::path file_;
  std::string what_;  // "a [[step]]"
  std::set<std::string> asked_for_;
};

// Parses `file`. Throws ManifestError where it cannot be read or is not TOML.
[[nodiscard]] toml::table parse_toml(const std::filesystem::path& file);

}  // namespace course
