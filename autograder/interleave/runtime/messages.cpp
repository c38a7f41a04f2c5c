#include "interleave/runtime/messages.hpp"

#include <errno.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>

namespace interleave {

void lost_contact() {
  std::fputs("interleave: the process that replays schedules is gone\n", stderr);
  std::_Exit(3);
}

void send_bytes(int socket, const void* bytes, std::size_t size) {
  if (!offer_bytes(socket, bytes, size)) lost_contact();
}

bool offer_bytes(int socket, const void* bytes, std::size_t size) {
  const char* rest = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t sent = ::send(socket, rest, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    rest += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_bytes(int socket, void* bytes, std::size_t size) {
  char* rest = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t received = ::recv(socket, rest, size, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return false;
    rest += received;
    size -= static_cast<std::size_t>(received);
  }
  return true;
}

}  // namespace interleave
