#include "process/stacks.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <sstream>

#include "process/process.hpp"

namespace course::process {
namespace {

namespace fs = std::filesystem;

// gdb's frames without its chatter about threads it attached to.
std::string only_frames(const std::string& output) {
  std::istringstream lines(output);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const bool frame = line.starts_with('#') || line.starts_with("Thread ");
    const bool continued = !kept.empty() && line.starts_with(' ');
    if (frame || continued) kept += line + '\n';
  }
  return kept;
}

std::string from_debugger(pid_t process) {
  if (find_program("gdb").empty()) return {};
  Command gdb;
  gdb.words = {"gdb",
               "-nx",
               "-batch",
               "-p",
               std::to_string(process),
               "-ex",
               "set debuginfod enabled off",
               "-ex",
               "set width 0",
               "-ex",
               "set print frame-arguments none",
               "-ex",
               "thread apply all backtrace 24"};
  gdb.seconds = 10;
  gdb.stacks = false;
  return only_frames(run(gdb).output);
}

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

std::string from_kernel(pid_t process) {
  std::string out;
  std::error_code gone;
  const fs::path tasks = fs::path("/proc") / std::to_string(process) / "task";
  for (const auto& task : fs::directory_iterator(tasks, gone)) {
    out += "Thread " + task.path().filename().string() + " (" +
           first_line(task.path() / "comm") + ") in " +
           first_line(task.path() / "wchan") + ", system call " +
           first_line(task.path() / "syscall") + '\n';
  }
  return out;
}

// "#5  0x000055f3 in Slot::put () at /course/slot.hpp:43"
std::optional<Frame> read_frame(const std::string& line) {
  static const std::regex form(
      R"(^#\d+\s+(?:0x[0-9a-f]+ in )?(.*?) \((?:[^()]|\([^()]*\))*\)(?: const)? at (.+):(\d+)$)");
  std::smatch match;
  if (!std::regex_match(line, match, form)) return std::nullopt;
  return Frame{match[1], match[2], std::stoi(match[3])};
}

}  // namespace

std::vector<ThreadFrames> frames_in(const std::string& stacks,
                                    const std::vector<std::string>& file_names) {
  std::vector<ThreadFrames> threads;
  std::istringstream lines(stacks);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Thread ")) {
      const std::string number = line.substr(7, line.find(' ', 7) - 7);
      threads.push_back({number == "1" ? "the main thread" : "thread " + number, {}});
    }
    const auto frame = read_frame(line);
    if (threads.empty() || !frame) continue;
    const std::string name = fs::path(frame->file).filename();
    const bool wanted =
        std::find(file_names.begin(), file_names.end(), name) != file_names.end();
    if (wanted) threads.back().frames.push_back(*frame);
  }
  std::erase_if(threads, [](const ThreadFrames& one) { return one.frames.empty(); });
  std::reverse(threads.begin(), threads.end());  // gdb tells the newest thread first
  return threads;
}

std::string stacks_of(pid_t process) {
  std::string frames = from_debugger(process);
  return frames.empty() ? from_kernel(process) : frames;
}

}  // namespace course::process
