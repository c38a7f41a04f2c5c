#include "student/debugger.hpp"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <sstream>

#include "reading/source_folder.hpp"

namespace course::student {
namespace {

// The explorer uses these signals itself: it ends a schedule that crashes or loops for
// ever.
const std::vector<std::string> to_the_step{
    "set width 0",
    "set startup-with-shell off",
    "set disable-randomization on",
    "set breakpoint pending on",
    "set print thread-events off",
    "set print inferior-events off",
    "handle SIGALRM SIGSEGV SIGBUS SIGFPE SIGILL nostop noprint pass",
    "tbreak interleave_at_step",
    "run",
};

void add_commands(std::vector<std::string>& words,
                  const std::vector<std::string>& commands) {
  for (const auto& command : commands) {
    words.push_back("-ex");
    words.push_back(command);
  }
}

std::vector<std::string> words_for(const process::Command& program,
                                   std::vector<std::string> words,
                                   const std::vector<std::string>& at_the_step,
                                   const std::vector<std::string>& more) {
  add_commands(words, {"set substitute-path " + std::string(reading::any_folder) + " \"" +
                       reading::real_folder(program.words.front()) + "\""});
  add_commands(words, to_the_step);
  add_commands(words, at_the_step);
  words.insert(words.end(), more.begin(), more.end());
  words.push_back("--args");
  words.insert(words.end(), program.words.begin(), program.words.end());
  return words;
}

}  // namespace

std::vector<std::string> words_to_look(const process::Command& program) {
  return words_for(program, {"gdb", "-nx", "-q", "-batch"},
                   {"set print frame-arguments none", "backtrace 100"}, {});
}

std::vector<std::string> words_to_stop(const process::Command& program, std::size_t frame,
                                       const std::vector<std::string>& more) {
  return words_for(program, {"gdb", "-q"}, {"frame " + std::to_string(frame)}, more);
}

// "#4  0x00… in transfer (…) at /home/s/ledger.hpp:41".
std::optional<std::size_t> frame_at(const std::string& callers, const std::string& file,
                                    int line) {
  const std::string place =
      std::filesystem::path(file).filename().string() + ":" + std::to_string(line);
  std::istringstream lines(callers);
  for (std::string text; std::getline(lines, text);) {
    const std::size_t at = text.rfind(" at ");
    if (!text.starts_with("#") || at == std::string::npos) continue;
    const std::filesystem::path found = text.substr(at + 4);
    if (found.filename() == place) return std::stoul(text.substr(1));
  }
  return std::nullopt;
}

int become(const std::vector<std::string>& words, const process::Command& program) {
  for (const auto& name : program.without) ::unsetenv(name.c_str());
  for (const auto& [name, value] : program.environment) {
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  ::unsetenv("DEBUGINFOD_URLS");  // it would ask whether to download
  for (const int signal : {SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_DFL);
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments.front(), arguments.data());
  return errno;
}

}  // namespace course::student
