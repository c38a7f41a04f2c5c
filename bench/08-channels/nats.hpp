// A NATS server of our own, and what is needed of its protocol to publish and to subscribe.
//
// Threads     NatsServer: construct and destroy on one thread, while no other thread forks.
//             NatsClient: one thread at a time.
// Progress    The server's constructor waits until it listens, a few seconds at most.
// Errors      std::runtime_error, with what is missing or what the server said.
//
// Left out    Everything but one subject, connecting again, and a client library: its protocol is
//             text, and a page long. A client answers the server's pings while it receives; one
//             that only publishes is taken for dead after some minutes.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "../../lessons/04-stateless-workers/temporary_folder.hpp"

// Listens on a port of loopback that it chooses itself; gone when this object is, or when this
// process ends, however it ends.
class NatsServer {
 public:
  [[nodiscard]] static bool is_installed() { return !program().empty(); }

  NatsServer() {
    start();
    for (int looks = 0; looks < 500 && port_ == 0 && runs(); ++looks) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      port_ = told_port();
    }
    if (port_ != 0) return;
    stop();
    std::ifstream log(log_);
    throw std::runtime_error("nats-server does not start; it says: " +
                             std::string(std::istreambuf_iterator<char>(log),
                                         std::istreambuf_iterator<char>()));
  }
  ~NatsServer() { stop(); }
  NatsServer(const NatsServer&) = delete;
  NatsServer& operator=(const NatsServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  // Where it is installed; empty if it is not. Debian puts it into a folder of root's path.
  [[nodiscard]] static std::string program() {
    const char* folders = std::getenv("PATH");
    std::istringstream path(std::string(folders == nullptr ? "/usr/bin" : folders) +
                            ":/usr/sbin");
    for (std::string folder; std::getline(path, folder, ':');) {
      std::string file = folder + "/nats-server";
      if (access(file.c_str(), X_OK) == 0) return file;
    }
    return {};
  }

  void start() {
    const std::string file = program();
    const std::string folder = folder_.file("").string();
    const pid_t parent = getpid();
    process_ = fork();
    if (process_ < 0) throw std::runtime_error("cannot start a process");
    if (process_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    execl(file.c_str(), "nats-server", "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir",
          folder.c_str(), "-l", log_.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }

  // Whether it has not ended by itself.
  [[nodiscard]] bool runs() {
    if (waitpid(process_, nullptr, WNOHANG) == process_) process_ = -1;
    return process_ > 0;
  }

  void stop() {
    if (process_ <= 0) return;
    kill(process_, SIGTERM);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
  }

  // What the server wrote into its file of ports, {"nats":["nats://127.0.0.1:4222"]…}; 0 if
  // there is nothing yet.
  [[nodiscard]] std::uint16_t told_port() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_.file(""))) {
      if (entry.path().extension() != ".ports") continue;
      std::ifstream file(entry.path());
      const std::string text((std::istreambuf_iterator<char>(file)),
                             std::istreambuf_iterator<char>());
      constexpr std::string_view before = "nats://127.0.0.1:";
      const std::size_t start = text.find(before);
      const std::size_t end = text.find('"', start);
      if (start == std::string::npos || end == std::string::npos) return 0;
      std::uint16_t port = 0;
      std::from_chars(text.data() + start + before.size(), text.data() + end, port);
      return port;
    }
    return 0;
  }

  const TemporaryFolder folder_;
  const std::string log_ = folder_.file("nats.log").string();
  pid_t process_ = -1;
  std::uint16_t port_ = 0;
};

// One connection. What it publishes is gathered and sent in large pieces, as NATS' own clients do.
class NatsClient {
 public:
  explicit NatsClient(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
        0) {
      close(socket_);
      throw std::runtime_error("nats-server does not answer");
    }
    say("CONNECT {\"verbose\":false}\r\n");
    wait_for_pong();
  }
  ~NatsClient() { close(socket_); }
  NatsClient(const NatsClient&) = delete;
  NatsClient& operator=(const NatsClient&) = delete;

  // What is published to `subject` from now on arrives here.
  void subscribe(std::string_view subject) {
    say("SUB " + std::string(subject) + " 1\r\n");
    wait_for_pong();
  }

  void publish(std::string_view subject, std::string_view payload) {
    out_.append("PUB ").append(subject).append(" ");
    out_.append(std::to_string(payload.size()))
        .append("\r\n")
        .append(payload)
        .append("\r\n");
    if (out_.size() >= 1 << 15) flush();
  }

  void flush() {
    say(out_);
    out_.clear();
  }

  // The next message's payload, valid until the next call. Waits for it.
  [[nodiscard]] std::string_view receive() {
    for (;;) {
      const std::string_view line = next_line();
      if (line.starts_with("MSG ")) {
        std::size_t size = 0;
        const std::size_t last = line.find_last_of(' ') + 1;
        std::from_chars(line.data() + last, line.data() + line.size(), size);
        return next(size + 2).substr(0, size);
      }
      answer(line);
    }
  }

 private:
  void wait_for_pong() {
    say("PING\r\n");
    for (std::string_view line = next_line(); line != "PONG"; line = next_line())
      answer(line);
  }

  // What is no message: a ping, or an error.
  void answer(std::string_view line) {
    if (line == "PING") say("PONG\r\n");
    if (line.starts_with("-ERR")) {
      throw std::runtime_error("nats-server says: " + std::string(line));
    }
  }

  void say(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("nats-server has closed the connection");
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  [[nodiscard]] std::string_view next_line() {
    std::size_t end = in_.find("\r\n", read_);
    while (end == in_.npos) {
      fill();
      end = in_.find("\r\n", read_);
    }
    const std::size_t size = end - read_;
    return next(size + 2).substr(0, size);
  }

  // The next `size` bytes.
  [[nodiscard]] std::string_view next(std::size_t size) {
    while (in_.size() - read_ < size) fill();
    const std::string_view bytes = std::string_view(in_).substr(read_, size);
    read_ += size;
    return bytes;
  }

  // Drops what was read, and waits for more.
  void fill() {
    in_.erase(0, read_);
    read_ = 0;
    char bytes[1 << 16];
    const ssize_t got = recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) throw std::runtime_error("nats-server has closed the connection");
    in_.append(bytes, static_cast<std::size_t>(got));
  }

  const int socket_;
  std::string out_;
  std::string in_;
  std::size_t read_ = 0;  // of in_
};
