// HAProxy in front of services of this machine, on one thread, connection by connection in turn;
// gone when this object is, or when this process ends, however it ends.
//
// Threads     Construct and destroy on one, while no other thread forks.
// Progress    The constructor waits until it accepts, a few seconds at most.
// Errors      std::runtime_error, with what it wrote, if it does not start.
#pragma once

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "../../lessons/04-stateless-workers/temporary_folder.hpp"
#include "../../lessons/06-event-driven/sockets.hpp"

class HaProxy {
 public:
  explicit HaProxy(const std::vector<std::uint16_t>& services) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      // Another program may take the port before it does: then try another.
      port_ = port_of(listen_on(0));
      write_configuration(services);
      start();
      if (answers()) return;
      stop();
    }
    std::ifstream log(log_);
    throw std::runtime_error("haproxy does not start; it says: " +
                             std::string(std::istreambuf_iterator<char>(log),
                                         std::istreambuf_iterator<char>()));
  }
  ~HaProxy() { stop(); }
  HaProxy(const HaProxy&) = delete;
  HaProxy& operator=(const HaProxy&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void write_configuration(const std::vector<std::uint16_t>& services) const {
    std::ofstream file(configuration_);
    file << "global\n  maxconn 1000\n  nbthread 1\n"
         << "defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 1m\n"
         << "  timeout server 1m\n"
         << "listen services\n  bind 127.0.0.1:" << port_ << "\n  balance roundrobin\n";
    for (std::size_t i = 0; i < services.size(); ++i) {
      file << "  server s" << i << " 127.0.0.1:" << services[i] << "\n";
    }
  }

  void start() {
    const pid_t parent = getpid();
    process_ = fork();
    if (process_ < 0) throw std::runtime_error("cannot start a process");
    if (process_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    const int log = open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    // Debian puts it into a folder of root's path.
    for (const char* program : {"/usr/sbin/haproxy", "/usr/bin/haproxy"}) {
      execl(program, "haproxy", "-db", "-f", configuration_.c_str(),
            static_cast<char*>(nullptr));
    }
    execlp("haproxy", "haproxy", "-db", "-f", configuration_.c_str(),
           static_cast<char*>(nullptr));
    _exit(127);
  }

  void stop() {
    if (process_ <= 0) return;
    kill(process_, SIGTERM);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
  }

  // Waits until a connection is accepted; false if it ended, or takes too long.
  [[nodiscard]] bool answers() {
    for (int tries = 0; tries < 500; ++tries) {
      if (waitpid(process_, nullptr, WNOHANG) == process_) {
        process_ = -1;
        return false;
      }
      try {
        static_cast<void>(Client::connected_to(port_));
        return true;
      } catch (const std::system_error&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
    return false;
  }

  const TemporaryFolder folder_;
  const std::string configuration_ = folder_.file("haproxy.cfg").string();
  const std::string log_ = folder_.file("haproxy.log").string();
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};
