// Single keys from a person at a terminal.
#pragma once

#include <termios.h>

#include <string>

namespace course::cli {

// While it lives, keys arrive at once and unseen, Ctrl-C among them. One at a time.
class Keys {
 public:
  enum class Answer { next, all, quit };

  // Whether a person sits at both ends: standard input and output are a terminal.
  [[nodiscard]] static bool available();

  Keys();
  ~Keys();
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;

  // Shows `prompt` until a key is pressed, then takes it away. Blocks. The end of the input
  // is `quit`.
  Answer ask(const std::string& prompt);

 private:
  termios before_{};
};

}  // namespace course::cli
