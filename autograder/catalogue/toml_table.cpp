#include "catalogue/toml_table.hpp"

#include <algorithm>

#include "catalogue/nearest.hpp"

namespace course {

namespace fs = std::filesystem;

void TomlTable::fail_on_line(unsigned line, const std::string& problem) const {
  throw ManifestError(file_, static_cast<int>(line), problem);
}

void TomlTable::fail(const std::string& problem) const {
  fail_on_line(std::max(1U, table_.source().begin.line), what_ + " " + problem);
}

void TomlTable::fail_at(const char* key, const std::string& problem) const {
  const toml::node* found = table_.get(key);
  if (found == nullptr) fail(problem);
  fail_on_line(found->source().begin.line,
               "`" + std::string(key) + "` of " + what_ + " " + problem);
}

const toml::node& TomlTable::node(const char* key, const char* type) {
  asked_for_.insert(key);
  const toml::node* found = table_.get(key);
  if (found == nullptr) {
    const std::string mistyped = nearest(key, not_asked_for());
    if (mistyped.empty()) fail("needs `" + std::string(key) + "`, " + type);
    fail_on_line(table_.get(mistyped)->source().begin.line,
                 what_ + " has no key `" + mistyped + "`; did you mean `" + key + "`?");
  }
  return *found;
}

std::string TomlTable::text(const char* key) {
  const auto value = node(key, "a text").value_exact<std::string>();
  if (!value) fail_at(key, "must be a text in quotes");
  if (value->empty()) fail_at(key, "must not be empty");
  return *value;
}

double TomlTable::number(const char* key) {
  const auto value = node(key, "a number").value<double>();
  if (!value) fail_at(key, "must be a number");
  return *value;
}

int TomlTable::integer(const char* key) {
  const auto value = node(key, "a whole number").value_exact<std::int64_t>();
  if (!value) fail_at(key, "must be a whole number");
  if (*value < 0 || *value > 1000) fail_at(key, "must be between 0 and 1000");
  return static_cast<int>(*value);
}

std::vector<std::string> TomlTable::texts(const char* key) {
  const toml::array* array = node(key, "a list of texts").as_array();
  if (array == nullptr) fail_at(key, "must be a list, such as [\"one\", \"two\"]");
  std::vector<std::string> out;
  for (const auto& element : *array) {
    const auto value = element.value_exact<std::string>();
    if (!value)
      fail_on_line(element.source().begin.line,
                   "each of `" + std::string(key) + "` must be a text in quotes");
    out.push_back(*value);
  }
  return out;
}

std::vector<TomlTable> TomlTable::tables(const char* key) {
  if (!has(key)) return {};
  const toml::array* array = node(key, "a list of tables").as_array();
  if (array == nullptr)
    fail_at(key, "must be a list of tables, each opened by [[" + std::string(key) + "]]");
  std::vector<TomlTable> out;
  for (const auto& element : *array) {
    if (!element.is_table())
      fail_on_line(element.source().begin.line,
                   "each of `" + std::string(key) + "` must be a table");
    out.emplace_back(*element.as_table(), file_, "a [[" + std::string(key) + "]]");
  }
  return out;
}

TomlTable TomlTable::table(const char* key) {
  const toml::table* table = node(key, "a table").as_table();
  if (table == nullptr) fail_at(key, "must be a table");
  return {*table, file_, "[" + std::string(key) + "]"};
}

int TomlTable::line_of(const char* key) const {
  return static_cast<int>(table_.get(key)->source().begin.line);
}

bool TomlTable::has(const char* key) {
  asked_for_.insert(key);
  return table_.contains(key);
}

std::vector<std::string> TomlTable::not_asked_for() const {
  std::vector<std::string> out;
  for (const auto& key : keys()) {
    if (!asked_for_.contains(key)) out.push_back(key);
  }
  return out;
}

std::vector<std::string> TomlTable::keys() const {
  std::vector<std::string> out;
  for (const auto& entry : table_) out.emplace_back(entry.first.str());
  return out;
}

void TomlTable::nothing_else() const {
  const std::vector<std::string> known(asked_for_.begin(), asked_for_.end());
  for (const auto& name : not_asked_for()) {
    fail_on_line(table_.get(name)->source().begin.line,
                 what_ + " has no key `" + name + "`" + did_you_mean(name, known));
  }
}

toml::table parse_toml(const fs::path& file) {
  try {
    return toml::parse_file(file.string());
  } catch (const toml::parse_error& error) {
    throw ManifestError(file, static_cast<int>(std::max(1U, error.source().begin.line)),
                        "this is not TOML: " + std::string(error.description()));
  }
}

}  // namespace course
