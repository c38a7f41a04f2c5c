// The student's line server of exercise 6.2, to talk to: serve PORT, then nc 127.0.0.1 PORT
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <line_server.hpp>
#include <string>
#include <string_view>

int main(int argc, char** argv) try {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  LineServer server(
      port, [](std::string_view line) { return "you said: " + std::string(line); });
  std::printf("listening: nc 127.0.0.1 %d\n", server.port());
  std::fflush(stdout);
  server.run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "serve: %s\n", error.what());
  return 1;
}
