// Property: a program that is right with sockets is clean in every schedule; one that is not
// is found. Those of TCP go over the loopback.
#include "programs.hpp"

namespace interleave {
namespace {

// -- Right ------------------------------------------------------------------------------

TEST(SocketPairs, AQuestionAndItsAnswer) {
  expect_clean([] {
    const Sockets sockets;
    std::jthread worker([&] {
      check(read_all(sockets[1], 1) == "?");
      check(send(sockets[1], "!", 1, 0) == 1);
    });
    check(send(sockets[0], "?", 1, 0) == 1);
    char answer = 0;
    check(recv(sockets[0], &answer, 1, 0) == 1 && answer == '!');
  });
}

TEST(SocketPairs, ShuttingDownOneDirection) {
  expect_clean([] {
    const Sockets sockets;
    std::jthread worker([&] {
      check(read_all(sockets[1], 10) == "ab");  // until the end
      write_all(sockets[1], "c");
    });
    write_all(sockets[0], "ab");
    check(shutdown(sockets[0], SHUT_WR) == 0);
    check(read_all(sockets[0], 1) == "c");
  });
}

TEST(SocketPairs, WaitingForAllBytes) {
  expect_clean([] {
    const Sockets sockets;
    std::jthread worker([&] {
      write_all(sockets[1], "ab");
      write_all(sockets[1], "cd");
    });
    char bytes[4] = {};
    check(recv(sockets[0], bytes, 1, MSG_PEEK) == 1 && bytes[0] == 'a');
    check(recv(sockets[0], bytes, 4, MSG_WAITALL) == 4);
    check(std::string_view(bytes, 4) == "abcd");
  });
}

TEST(SocketPairs, MessagesStayApart) {
  expect_clean([] {
    const Sockets sockets(SOCK_DGRAM);
    std::jthread worker([&] {
      check(send(sockets[1], "ab", 2, 0) == 2);
      check(send(sockets[1], "c", 1, 0) == 1);
    });
    check(read_once(sockets[0], 10) == "ab");
    check(read_once(sockets[0], 10) == "c");
  });
}

TEST(SocketPairs, MessagesWithParts) {
  expect_clean([] {
    const Sockets sockets(SOCK_SEQPACKET);
    std::jthread worker([&] {
      char bytes[] = "ab";
      iovec part{bytes, 2};
      msghdr message{};
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      check(sendmsg(sockets[1], &message, 0) == 2);
      check(sendto(sockets[1], "c", 1, 0, nullptr, 0) == 1);
    });
    char bytes[4] = {};
    iovec part{bytes, sizeof bytes};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    check(recvmsg(sockets[0], &message, 0) == 2);
    check(recvfrom(sockets[0], bytes, sizeof bytes, 0, nullptr, nullptr) == 1);
  });
}

TEST(SocketPairs, ATimeOutOfAnHour) {
  expect_clean([] {
    const Sockets sockets;
    const timeval hour{3'600, 0};
    check(setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &hour, sizeof hour) == 0);
    const auto begin = std::chrono::steady_clock::now();
    char byte = 0;
    check(recv(sockets[0], &byte, 1, 0) == -1 && errno == EAGAIN);
    check(std::chrono::steady_clock::now() - begin >= std::chrono::hours(1));
  });
}

TEST(Loopback, AnEcho) {
  expect_clean([] {
    const Listener listener;
    std::jthread server([&] {
      const Owned client(accept(listener, nullptr, nullptr));
      write_all(client, read_all(client, 2));
    });
    const Owned socket(listener.connect_to());
    write_all(socket, "ab");
    check(read_all(socket, 3) == "ab");
  });
}

TEST(Loopback, TwoClients) {
  expect_clean([] {
    const Listener listener;
    const auto ask = [&] {
      const Owned socket(listener.connect_to());
      check(read_all(socket, 1) == "x");
    };
    std::jthread first(ask);
    std::jthread second(ask);
    for (int i = 0; i < 2; ++i) {
      const Owned client(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
      write_all(client, "x");
    }
  });
}

TEST(Loopback, NamesAndPorts) {
  expect_clean([] {
    const Listener listener;
    std::jthread client([&] {
      const Owned socket(listener.connect_to());
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      check(getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) == 0);
      check(peer.sin_port == listener.address().sin_port);
    });
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const Owned accepted(accept(listener, reinterpret_cast<sockaddr*>(&from), &size));
    check(from.sin_family == AF_INET && from.sin_port != 0);
  });
}

TEST(Loopback, ConnectingWithoutWaiting) {
  expect_clean([] {
    const Listener listener(SOCK_NONBLOCK);
    std::jthread server([&] {
      check(is_readable(listener, -1));
      const Owned client(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK));
    });
    const Owned socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    const sockaddr* address = Listener::as_address(listener.address());
    check(connect(socket, address, sizeof listener.address()) == -1);
    check(errno == EINPROGRESS);
    pollfd asked{socket, POLLOUT, 0};
    check(poll(&asked, 1, -1) == 1);
    int error = -1;
    socklen_t size = sizeof error;
    check(getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0);
  });
}

TEST(Loopback, WhatWasDoneBeforeConnectingIsSeen) {
  expect_clean([] {
    const Listener listener;
    int result = 0;
    std::jthread client([&] {
      result = 7;
      const Owned socket(listener.connect_to());
    });
    const Owned accepted(accept(listener, nullptr, nullptr));
    check(result == 7);
  });
}

TEST(NamedSockets, AListenerOfThisMachine) {
  expect_clean([] {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "echo %d", getpid());
    const auto* address = reinterpret_cast<const sockaddr*>(&name);
    const Owned listener(socket(AF_UNIX, SOCK_STREAM, 0));
    check(bind(listener, address, sizeof name) == 0 && listen(listener, 1) == 0);
    std::jthread client([&] {
      const Owned socket(::socket(AF_UNIX, SOCK_STREAM, 0));
      check(connect(socket, address, sizeof name) == 0);
      write_all(socket, "x");
    });
    const Owned accepted(accept(listener, nullptr, nullptr));
    check(read_all(accepted, 1) == "x");
  });
}

// -- Broken -----------------------------------------------------------------------------

TEST(BrokenSockets, OneReadTakenForTheWholeMessage) {
  expect_found("check", [] {
    const Sockets sockets;
    std::jthread worker([&] { write_all(sockets[1], "abcd"); });
    check(read_once(sockets[0], 4) == "abcd");
  });
}

TEST(BrokenSockets, AShortSendTakenForWhole) {
  expect_found("check", [] {
    const Listener listener;
    std::jthread client([&] {
      const Owned socket(listener.connect_to());
      check(send(socket, "abcd", 4, MSG_DONTWAIT) > 0);
    });
    const Owned accepted(accept(listener, nullptr, nullptr));
    check(read_all(accepted, 4) == "abcd");
  });
}

TEST(BrokenSockets, TwoThreadsReadOneSocket) {
  expect_found("check", [] {
    const Sockets sockets;
    const auto read_record = [&] {
      const std::string record = read_all(sockets[0], 2);
      check(record == "aa" || record == "bb");
    };
    std::jthread first(read_record);
    std::jthread second(read_record);
    write_all(sockets[1], "aa");
    write_all(sockets[1], "bb");
  });
}

TEST(BrokenSockets, AnAnswerThatNeverComes) {
  expect_found("deadlock", [] {
    const Sockets sockets;
    std::jthread worker([&] { read_all(sockets[1], 1); });
    read_all(sockets[0], 1);  // each waits for the other to begin
  });
}

TEST(BrokenSockets, MoreAcceptsThanClients) {
  expect_found("deadlock", [] {
    const Listener listener;
    std::jthread client([&] { const Owned socket(listener.connect_to()); });
    const Owned first(accept(listener, nullptr, nullptr));
    const Owned second(accept(listener, nullptr, nullptr));
  });
}

TEST(BrokenSockets, ClosedUnderAnAccept) {
  expect_found("misuse", [] {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    check(listen(listener, 1) == 0);
    std::jthread server([&] { accept(listener, nullptr, nullptr); });
    close(listener);
  });
}

TEST(BrokenSockets, ConnectingBeforeTheOtherListens) {
  expect_found("check", [] {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(7'000);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::jthread server([&] {
      const Owned listener(socket(AF_INET, SOCK_STREAM, 0));
      check(bind(listener, Listener::as_address(address), sizeof address) == 0);
      check(listen(listener, 1) == 0);
      is_readable(listener, 1'000);
    });
    const Owned socket(::socket(AF_INET, SOCK_STREAM, 0));
    check(connect(socket, Listener::as_address(address), sizeof address) == 0);
  });
}

TEST(BrokenSockets, AnAcceptedClientLeftOpen) {
  expect_found("leak", [] {
    const Listener listener;
    std::jthread server([&] {
      const int client = accept(listener, nullptr, nullptr);
      if (read_all(client, 1).empty()) return;  // it hung up
      close(client);
    });
    const Owned socket(listener.connect_to());
  });
}

}  // namespace
}  // namespace interleave
