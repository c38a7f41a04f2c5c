#include "grader/defence.hpp"

#include <fmt/format.h>

#include "catalogue/stage.hpp"
#include "catalogue/toml_table.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

Defence without_claim(Verdict verdict, std::string words) {
  return {verdict, std::move(words), {}};
}

// What is still as the exercise gives it; empty if nothing is.
std::string still_empty(const toml::table& file, const std::string& key) {
  for (const char* text : {"model", "because"}) {
    if (file[text].value_or(std::string("?")).empty()) return text;
  }
  return file[key]["to"].value_or(1.0) == 0 ? key : "";
}

}  // namespace

fs::path defence_of(const Subject& subject, const Trees& trees) {
  const fs::path code = subject.file(trees.tree(preset_of(Stage::gate)));
  return code.parent_path() / "defence.toml";
}

Defence read_defence(const fs::path& file, const std::string& key) {
  try {
    const fs::path name = file.filename();
    if (!fs::exists(file)) throw ManifestError(name, 1, "is not there, beside the code");
    const toml::table parsed = parse_toml(file);
    const std::string empty = still_empty(parsed, key);
    if (!empty.empty()) {
      return without_claim(
          Verdict::not_started,
          fmt::format("`{}` in defence.toml is still to be filled in", empty));
    }
    TomlTable top(parsed, name, "your defence");
    static_cast<void>(top.text("model"));
    static_cast<void>(top.text("because"));
    TomlTable claimed = top.table(key.c_str());
    const gate::Claim claim{claimed.number("from"), claimed.number("to")};
    claimed.nothing_else();
    if (claim.from <= 0 || claim.to < claim.from) {
      claimed.fail("must go from a number above 0 to one that is not less");
    }
    if (claim.to > 3 * claim.from) {
      claimed.fail(
          "claims too little: let it end at three times its beginning, or before");
    }
    return {Verdict::passed, "", claim};
  } catch (const ManifestError& error) {
    return without_claim(Verdict::failed, error.what());
  }
}

}  // namespace course::grader
