// Runs a command each time one of some files is saved; a save while it runs ends that run
// and starts another.
//
//   editor --save--> inotify ---+
//   Ctrl-C ------> signalfd ----+--> Watch --fork--> the command, its own process group
//   command's end -> signalfd --+
//
// Threads     One, with no other running: run() blocks signals for its process.
// Progress    run() sleeps until something happens, and returns when it is interrupted.
//
// Invariants
//   I1  At most one command runs.
//   I2  When run() returns, none does. If this process is killed, the command is told to end.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace course::student {

struct WatchedFile {
  std::string id;
  std::filesystem::path file;  // its folder must exist; the file may come and go
};

class Watch {
 public:
  // The words of the command to run when the file of `id` was saved.
  using CommandFor = std::function<std::vector<std::string>(const std::string& id)>;

  // Throws std::system_error when a folder cannot be watched.
  Watch(const std::vector<WatchedFile>& files, CommandFor command_for);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Runs the command for `first` at once, unless it is empty, then at each save, until
  // SIGINT, SIGTERM or SIGHUP. Throws std::system_error when the command cannot be started.
  void run(const std::string& first);

 private:
  void watch(const WatchedFile& watched);
  [[nodiscard]] std::string saved_id();
  [[nodiscard]] bool handle_signal();
  void start(const std::string& id);
  void end_command();

  CommandFor command_for_;
  int saves_;         // inotify
  int signals_ = -1;  // signalfd, while run() runs
  // {folder's watch, file name} -> id.
  std::map<std::pair<int, std::string>, std::string> ids_;
  pid_t command_ = -1;  // the group that runs; -1 if none
};

}  // namespace course::student
