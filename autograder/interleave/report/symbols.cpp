#include "interleave/report/symbols.hpp"

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <unordered_map>

#include "interleave/report/debug_entries.hpp"
#include "interleave/report/element.hpp"

namespace interleave {
namespace {

namespace fs = std::filesystem;

// A name of C's is none of a type: the demangler would read "x" as long. Clang calls the first
// part of a variable that it took to pieces "_Z1x.0".
std::string demangle(const std::string& name) {
  if (!name.starts_with("_Z")) return name;
  const std::string whole = name.substr(0, name.find('.'));
  int status = 0;
  char* plain = abi::__cxa_demangle(whole.c_str(), nullptr, nullptr, &status);
  std::string out = status == 0 && plain != nullptr ? plain : name;
  std::free(plain);
  return out;
}

// The declaration that `die` completes or is an inlined copy of; `die` itself if neither.
Dwarf_Die declaration_of(Dwarf_Die die) {
  Dwarf_Attribute link;
  Dwarf_Die target;
  while ((dwarf_attr(&die, DW_AT_abstract_origin, &link) != nullptr ||
          dwarf_attr(&die, DW_AT_specification, &link) != nullptr) &&
         dwarf_formref_die(&link, &target) != nullptr) {
    die = target;
  }
  return die;
}

// A build that is to be the same in every folder names its own as this one. The real one is
// above the program.
constexpr std::string_view kAnyFolder = "/course-sources/";

fs::path in_real_folder(const fs::path& named) {
  const fs::path inside = named.lexically_relative(kAnyFolder);
  std::error_code unknown;
  fs::path folder = fs::read_symlink("/proc/self/exe", unknown);
  while (folder.has_relative_path()) {
    folder = folder.parent_path();
    if (fs::exists(folder / inside, unknown)) return folder / inside;
  }
  return named;
}

// Clang names its standard library's headers by way of GCC's folder: "/usr/bin/../lib/…".
std::string plain_path(const char* path) {
  if (path == nullptr) return "";
  const fs::path plain = fs::path(path).lexically_normal();
  return plain.string().starts_with(kAnyFolder) ? in_real_folder(plain) : plain;
}

// Where the inlined function `die` was called.
void move_to_call(Dwarf_Die* die, Dwarf_Die* unit, Frame& place) {
  Dwarf_Attribute attribute;
  Dwarf_Word file = 0;
  Dwarf_Word line = 0;
  dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &file);
  dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &line);
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count) {
    place.file = plain_path(dwarf_filesrc(files, file, nullptr, nullptr));
  }
  place.line = static_cast<std::uint32_t>(line);
  Dwarf_Word column = 0;
  dwarf_formudata(dwarf_attr(die, DW_AT_call_column, &attribute), &column);
  place.column = static_cast<std::uint32_t>(column);
}

// The compilation unit that holds `at`. Clang writes no address table, so where the table
// has no answer every unit is asked.
Dwarf_Die* unit_at(Dwfl_Module* module, Dwarf_Addr at, Dwarf_Addr* bias) {
  if (Dwarf_Die* unit = dwfl_module_addrdie(module, at, bias)) return unit;
  Dwarf_Die* unit = nullptr;
  while ((unit = dwfl_module_nextcu(module, unit, bias)) != nullptr) {
    if (dwarf_haspc(unit, at - *bias) == 1) return unit;
  }
  return nullptr;
}

Frame source_at(Dwarf_Die* unit, Dwarf_Addr at) {
  Frame place;
  Dwarf_Line* line = dwarf_getsrc_die(unit, at);
  if (line == nullptr) return place;
  int number = 0;
  dwarf_lineno(line, &number);
  place.file = plain_path(dwarf_linesrc(line, nullptr, nullptr));
  place.line = static_cast<std::uint32_t>(number);
  int column = 0;
  dwarf_linecol(line, &column);
  place.column = static_cast<std::uint32_t>(column);
  return place;
}

// The innermost function inlined directly into `die` at `at`, looking through blocks.
std::optional<Dwarf_Die> inlined_at(Dwarf_Die die, Dwarf_Addr at) {
  std::optional<Dwarf_Die> found;
  for_each_child(die, [&](Dwarf_Die child) {
    if (found || dwarf_haspc(&child, at) != 1) return;
    if (dwarf_tag(&child) == DW_TAG_inlined_subroutine) found = child;
    if (dwarf_tag(&child) == DW_TAG_lexical_block) found = inlined_at(child, at);
  });
  return found;
}

}  // namespace

// The functions of one compilation unit: those that have code, wherever they are declared
// (that of a lambda stands inside the function around it, whose own code is elsewhere), and
// the classes that they are members of.
class FunctionIndex {
 public:
  explicit FunctionIndex(Dwarf_Die* unit) { collect(*unit); }

  [[nodiscard]] std::optional<Dwarf_Die> function_at(Dwarf_Addr at) const {
    for (const Range& range : ranges_) {
      if (range.begin <= at && at < range.end) return range.function;
    }
    return std::nullopt;
  }

  // The class that a function declared in this unit is a member of, with the "::" behind
  // it; empty if of none.
  [[nodiscard]] std::string class_prefix(Dwarf_Die declaration) const {
    const auto found = classes_.find(dwarf_dieoffset(&declaration));
    if (found == classes_.end()) return {};
    Dwarf_Die of = found->second;
    const char* name = dwarf_diename(&of);
    return name == nullptr ? "" : short_name(name) + "::";
  }

 private:
  struct Range {
    Dwarf_Addr begin;
    Dwarf_Addr end;
    Dwarf_Die function;
  };

  void collect(Dwarf_Die die) {
    if (dwarf_tag(&die) == DW_TAG_subprogram) {
      Dwarf_Addr base = 0;
      Dwarf_Addr begin = 0;
      Dwarf_Addr end = 0;
      std::ptrdiff_t at = 0;
      while ((at = dwarf_ranges(&die, at, &base, &begin, &end)) > 0) {
        ranges_.push_back({begin, end, die});
      }
    }
    const int tag = dwarf_tag(&die);
    const bool is_class = tag == DW_TAG_class_type || tag == DW_TAG_structure_type;
    for_each_child(die, [&](Dwarf_Die child) {
      if (is_class && dwarf_tag(&child) == DW_TAG_subprogram) {
        classes_.emplace(dwarf_dieoffset(&child), die);
      }
      collect(child);
    });
  }

  std::vector<Range> ranges_;
  std::unordered_map<Dwarf_Off, Dwarf_Die> classes_;  // by their member functions
};

namespace {

// "JobQueue::push", "transfer", "lambda".
std::string function_name(Dwarf_Die* die, const FunctionIndex& unit) {
  Dwarf_Die declaration = declaration_of(*die);
  const char* name = dwarf_diename(&declaration);
  if (name == nullptr) return {};
  const std::string prefix = unit.class_prefix(declaration);
  const bool closure = std::string_view(name) == "operator()" &&
                       (prefix.empty() || prefix.find("lambda") != std::string::npos);
  return closure ? "lambda" : prefix + short_name(name);
}

const Dwfl_Callbacks callbacks = {
    dwfl_linux_proc_find_elf,
    dwfl_standard_find_debuginfo,
    nullptr,
    nullptr,
};

}  // namespace

bool Frame::foreign() const {
  static constexpr std::string_view kForeign[] = {"/usr/include/",
                                                  "/usr/lib/",
                                                  "/include/c++/",
                                                  "/usr/local/include/",
                                                  "/gtest/",
                                                  "/interleave/runtime/",
                                                  "/interleave/memory/",
                                                  "/interleave/trace/",
                                                  "/interleave/interleave.hpp",
                                                  "/interleave/stress.cpp",
                                                  "/harness/test_main.cpp"};
  for (const auto& part : kForeign) {
    if (file.find(part) != std::string::npos) return true;
  }
  return file.empty();
}

bool Frame::of_lesson() const { return file.find("/lessons/") != std::string::npos; }

class Symbols::Reader {
 public:
  Reader() : session_(dwfl_begin(&callbacks)) {
    if (session_ == nullptr) return;
    dwfl_linux_proc_report(session_, ::getpid());
    dwfl_report_end(session_, nullptr, nullptr);
  }
  ~Reader() {
    if (session_ != nullptr) dwfl_end(session_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  const std::vector<Frame>& frames(Dwarf_Addr at) {
    const auto [found, added] = known_.try_emplace(at);
    if (added) found->second = read_frames(at);
    return found->second;
  }

  std::optional<Element> element_called(Dwarf_Addr at, const std::string& name) const {
    Dwfl_Module* module = module_of(at);
    Dwarf_Addr bias = 0;
    Dwarf_Die* unit = module == nullptr ? nullptr : unit_at(module, at, &bias);
    if (unit == nullptr) return std::nullopt;
    for (const Dwarf_Die& function : functions_at(unit, at - bias)) {
      if (auto element = interleave::element_called(function, name)) return element;
    }
    return std::nullopt;
  }

  std::optional<std::string> variable_at(Address address) const {
    Dwfl_Module* module = module_of(address);
    if (module == nullptr) return std::nullopt;
    GElf_Off offset = 0;
    GElf_Sym symbol;
    const char* name = dwfl_module_addrinfo(module, address, &offset, &symbol, nullptr,
                                            nullptr, nullptr);
    if (name == nullptr || GELF_ST_TYPE(symbol.st_info) != STT_OBJECT)
      return std::nullopt;
    if (offset >= symbol.st_size) return std::nullopt;
    // Of a static variable in a lambda its own name says more than the lambda's.
    const std::string whole = demangle(name);
    const std::size_t last = whole.rfind("::");
    const bool in_lambda = whole.find("{lambda") != std::string::npos ||
                           whole.find("$_") != std::string::npos;
    const std::string base = short_name(
        in_lambda && last != std::string::npos ? whole.substr(last + 2) : whole);
    return offset == 0 ? base : base + "+" + std::to_string(offset);
  }

 private:
  Dwfl_Module* module_of(Dwarf_Addr at) const {
    return session_ == nullptr ? nullptr : dwfl_addrmodule(session_, at);
  }

  std::vector<Frame> read_frames(Dwarf_Addr at) const {
    Dwfl_Module* module = module_of(at);
    if (module == nullptr) return {};
    std::vector<Frame> frames;
    Dwarf_Addr bias = 0;
    if (Dwarf_Die* unit = unit_at(module, at, &bias)) add_scopes(unit, at - bias, frames);
    if (frames.empty()) {
      Frame place;
      const char* name = dwfl_module_addrname(module, at);
      place.function = name == nullptr ? "" : short_name(demangle(name));
      frames.push_back(place);
    }
    return frames;
  }

  // From the innermost inlined function to the one that was really called.
  std::vector<Dwarf_Die> functions_at(Dwarf_Die* unit, Dwarf_Addr at) const {
    std::vector<Dwarf_Die> chain;
    const std::optional<Dwarf_Die> outermost = functions_of(unit).function_at(at);
    if (!outermost) return chain;
    chain.push_back(*outermost);
    while (const auto inlined = inlined_at(chain.back(), at)) chain.push_back(*inlined);
    std::reverse(chain.begin(), chain.end());
    return chain;
  }

  void add_scopes(Dwarf_Die* unit, Dwarf_Addr at, std::vector<Frame>& frames) const {
    Frame place = source_at(unit, at);
    for (Dwarf_Die& function : functions_at(unit, at)) {
      place.function = function_name(&function, functions_of(unit));
      frames.push_back(place);
      move_to_call(&function, unit, place);
    }
  }

  const FunctionIndex& functions_of(Dwarf_Die* unit) const {
    return functions_.try_emplace(unit->addr, unit).first->second;
  }

  Dwfl* session_;
  std::unordered_map<Dwarf_Addr, std::vector<Frame>> known_;
  mutable std::unordered_map<void*, FunctionIndex> functions_;  // by compilation unit
};

Symbols::Symbols() : reader_(std::make_unique<Reader>()) {}
Symbols::~Symbols() = default;

const std::vector<Frame>& Symbols::frames(ProgramCounter return_address) {
  // The call itself ends one byte before the address it returns to.
  return reader_->frames(return_address == 0 ? 0 : return_address - 1);
}

std::optional<Frame> Symbols::function_at(ProgramCounter entry) {
  const auto& frames = reader_->frames(entry);
  if (frames.empty()) return std::nullopt;
  return frames.back();
}

std::optional<Element> Symbols::element_called(const std::vector<ProgramCounter>& stack,
                                               const std::string& name) {
  for (const ProgramCounter return_address : stack) {
    if (return_address == 0) continue;
    if (auto element = reader_->element_called(return_address - 1, name)) return element;
  }
  return std::nullopt;
}

std::optional<std::string> Symbols::variable_at(Address address) const {
  return reader_->variable_at(address);
}

namespace {

// Drops everything between balanced `open` and `close`.
std::string without(const std::string& text, char open, char close) {
  std::string out;
  int depth = 0;
  for (const char c : text) {
    if (c == open) {
      ++depth;
    } else if (c == close) {
      if (depth > 0) --depth;
    } else if (depth == 0) {
      out += c;
    }
  }
  return out;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

}  // namespace

std::string short_name(const std::string& demangled) {
  std::string name = demangled;
  replace_all(name, "(anonymous namespace)::", "");
  if (name.find("{lambda") != std::string::npos || name.find("$_") != std::string::npos) {
    return "lambda";
  }
  replace_all(name, "operator()", "operator call");
  name = without(without(name, '<', '>'), '(', ')');
  replace_all(name, " const", "");
  const std::size_t space = name.rfind(' ');
  if (space != std::string::npos && name.find("operator") == std::string::npos) {
    name.erase(0, space + 1);
  }
  return name;
}

std::string file_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace interleave
