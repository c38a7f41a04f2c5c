// A Redis server of our own: started here, on this machine's loopback, at a port that was
// free; gone when this object is. Keeps nothing on the disk.
//
// Threads     port: any. Construct and destroy: one, while no other thread forks.
// Progress    The constructor waits until the server answers, a few seconds at most.
// Errors      std::runtime_error, with what the server wrote, if it does not start.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "temporary_folder.hpp"

class RedisServer {
 public:
  // Whether there is a `redis-server` to start.
  [[nodiscard]] static bool is_installed() {
    const char* folders = std::getenv("PATH");
    std::istringstream path(folders == nullptr ? "/usr/bin" : folders);
    for (std::string folder; std::getline(path, folder, ':');) {
      if (access((folder + "/redis-server").c_str(), X_OK) == 0) return true;
    }
    return false;
  }

  RedisServer() {
    for (int attempt = 0; attempt < 3; ++attempt) {
      // Another program may take the port before the server does: then try another.
      port_ = free_port();
      start();
      if (answers()) return;
      stop();
    }
    std::ifstream log(log_);
    throw std::runtime_error("redis-server does not start; it says: " +
                             std::string(std::istreambuf_iterator<char>(log),
                                         std::istreambuf_iterator<char>()));
  }
  ~RedisServer() { stop(); }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  [[nodiscard]] static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }

  [[nodiscard]] static std::uint16_t free_port() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    const bool found =
        bind(listener, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
        getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    close(listener);
    if (!found) throw std::runtime_error("no port is free on the loopback address");
    return ntohs(address.sin_port);
  }

  void start() {
    const std::string port = std::to_string(port_);
    const std::string folder = folder_.file("").string();
    const pid_t parent = getpid();
    process_ = fork();
    if (process_ < 0) throw std::runtime_error("cannot start a process");
    if (process_ != 0) return;
    // Ends with us, however we end.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    execlp("redis-server", "redis-server", "--bind", "127.0.0.1", "--port", port.c_str(),
           "--save", "", "--appendonly", "no", "--daemonize", "no", "--dir",
           folder.c_str(), "--logfile", log_.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }

  void stop() {
    if (process_ <= 0) return;
    kill(process_, SIGTERM);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
  }

  // Waits until a connection is accepted; false if the server ended, or takes too long.
  [[nodiscard]] bool answers() {
    for (int tries = 0; tries < 500; ++tries) {
      const int caller = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = loopback(port_);
      const bool accepted = connect(caller, reinterpret_cast<const sockaddr*>(&address),
                                    sizeof address) == 0;
      close(caller);
      if (waitpid(process_, nullptr, WNOHANG) == process_) {
        process_ = -1;
        return false;
      }
      if (accepted) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  const TemporaryFolder folder_;
  const std::string log_ = folder_.file("redis.log").string();
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};
