// What a test program does in a process of its own, and what its records say.
#pragma once

#include <cstdio>
#include <string>

namespace interleave {

// What it prints, its records among it. `test` is a filter of GoogleTest's, and may be followed
// by other options.
inline std::string output_of(const std::string& program, const std::string& test,
                             const std::string& token = {}) {
  const std::string command =
      "INTERLEAVE_RESULTS=1 " +
      (token.empty() ? "" : "INTERLEAVE_REPLAY='" + token + "' ") + REPLAY_EMULATOR +
      " '" + program + "' --gtest_filter=" + test + " 2>&1";
  std::string output;
  std::FILE* pipe = popen(command.c_str(), "r");
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    output += static_cast<char>(c);
  }
  pclose(pipe);
  return output;
}

// The text of the field's last appearance.
inline std::string field(const std::string& output, const std::string& name) {
  const std::string key = "\"" + name + "\":\"";
  const std::size_t begin = output.rfind(key);
  if (begin == std::string::npos) return {};
  const std::size_t from = begin + key.size();
  return output.substr(from, output.find('"', from) - from);
}

inline bool says(const std::string& output, const std::string& words) {
  return output.find(words) != std::string::npos;
}

}  // namespace interleave
