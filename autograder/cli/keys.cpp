#include "cli/keys.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace course::cli {
namespace {

constexpr char ctrl_c = 3;
constexpr char ctrl_d = 4;

char next_key() {
  char key = ctrl_d;
  while (::read(STDIN_FILENO, &key, 1) < 0 && errno == EINTR) {
  }
  return key;
}

}  // namespace

bool Keys::available() {
  return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
}

Keys::Keys() {
  ::tcgetattr(STDIN_FILENO, &before_);
  termios single = before_;
  single.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &single);
}

Keys::~Keys() { ::tcsetattr(STDIN_FILENO, TCSANOW, &before_); }

Keys::Answer Keys::ask(const std::string& prompt) {
  std::fputs(prompt.c_str(), stdout);
  std::fflush(stdout);
  const char key = next_key();
  std::fputs("\r\033[K", stdout);  // back to the start of the line, and empty it
  if (key == 'a') return Answer::all;
  return key == 'q' || key == ctrl_c || key == ctrl_d ? Answer::quit : Answer::next;
}

}  // namespace course::cli
