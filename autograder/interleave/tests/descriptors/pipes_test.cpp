// Property: a program that is right with pipes is clean in every schedule; one that is not is
// found.
#include "programs.hpp"

namespace interleave {
namespace {

const std::string kMuch(100'000, 'x');  // more than a pipe holds

// -- Right ------------------------------------------------------------------------------

TEST(Pipes, BytesArriveInOrder) {
  expect_clean([] {
    const Pipe pipe;
    std::jthread writer([&] {
      write_all(pipe[1], "ab");
      write_all(pipe[1], "c");
    });
    check(read_all(pipe[0], 3) == "abc");
  });
}

TEST(Pipes, SeveralParts) {
  expect_clean([] {
    const Pipe pipe;
    std::jthread writer([&] {
      char first[] = "ab";
      char second[] = "cd";
      const iovec parts[] = {{first, 2}, {second, 2}};
      check(writev(pipe[1], parts, 2) == 4);
    });
    char first = 0;
    char rest[3] = {};
    const iovec parts[] = {{&first, 1}, {rest, 3}};
    check(readv(pipe[0], parts, 2) == 4);
    check(first == 'a' && std::string_view(rest, 3) == "bcd");
  });
}

TEST(Pipes, WhatWasDoneBeforeTheByteIsSeen) {
  expect_clean([] {
    const Pipe pipe;
    int result = 0;
    std::jthread worker([&] {
      result = 7;
      write_all(pipe[1], "x");
    });
    check(read_all(pipe[0], 1) == "x");
    check(result == 7);
  });
}

TEST(Pipes, WhatWasDoneBeforeTheEndIsSeen) {
  expect_clean([] {
    Pipe pipe;
    int result = 0;
    std::jthread worker([&] {
      result = 7;
      pipe.close_end(1);
    });
    check(read_all(pipe[0], 1).empty());
    check(result == 7);
  });
}

TEST(Pipes, SmallRecordsOfTwoWritersStayWhole) {
  expect_clean([] {
    const Pipe pipe;
    const auto write_record = [&](const char* record) { write_all(pipe[1], record); };
    std::jthread first(write_record, "aa");
    std::jthread second(write_record, "bb");
    const std::string both = read_all(pipe[0], 4);
    check(both == "aabb" || both == "bbaa");
  });
}

TEST(Pipes, TryingAgainWhereNothingIsThereYet) {
  expect_clean([] {
    const Pipe pipe(O_NONBLOCK);
    std::jthread writer([&] { write_all(pipe[1], "x"); });
    char byte = 0;
    while (read(pipe[0], &byte, 1) != 1) {
      check(errno == EAGAIN);
      is_readable(pipe[0], -1);
    }
    check(byte == 'x');
  });
}

TEST(Pipes, AFullPipeHoldsItsWriterUp) {
  expect_clean([] {
    const Pipe pipe;
    std::jthread writer([&] { write_all(pipe[1], kMuch); });
    check(read_all(pipe[0], kMuch.size()) == kMuch);
  });
}

TEST(Pipes, TwoNumbersOfOneEnd) {
  expect_clean([] {
    Pipe pipe;
    std::jthread writer([number = dup(pipe[1])] {
      write_all(number, "x");
      close(number);
    });
    pipe.close_end(1);
    check(read_all(pipe[0], 2) == "x");
  });
}

TEST(Pipes, AnotherPipeUnderTheSameNumber) {
  expect_clean([] {
    const Pipe first;
    Pipe second;
    check(dup2(second[1], first[1]) ==
          first[1]);  // no number of first's writing end is left
    check(dup2(first[0], first[0]) == first[0]);
    second.close_end(1);
    std::jthread writer([&] { write_all(first[1], "x"); });
    check(read_all(second[0], 1) == "x");
    check(read_all(first[0], 1).empty());
  });
}

TEST(Pipes, AnotherPipeUnderTheSameNumberThatNoProgramInherits) {
  expect_clean([] {
    const Pipe first;
    const Pipe second;
    check(dup3(second[0], first[0], O_CLOEXEC) == first[0]);
    check((fcntl(first[0], F_GETFD) & FD_CLOEXEC) != 0);
    check(dup3(second[0], second[0], 0) == -1 && errno == EINVAL);
    std::jthread writer([&] { write_all(second[1], "x"); });
    check(read_all(first[0], 1) == "x");
  });
}

TEST(Pipes, AskingHowMuchIsThere) {
  expect_clean([] {
    const Pipe pipe;
    int on = 1;
    check(ioctl(pipe[0], FIONBIO, &on) == 0);
    char byte = 0;
    check(read(pipe[0], &byte, 1) == -1 && errno == EAGAIN);
    std::jthread writer([&] { write_all(pipe[1], "ab"); });
    writer.join();
    int there = 0;
    check(ioctl(pipe[0], FIONREAD, &there) == 0 && there == 2);
  });
}

TEST(Pipes, SwitchingWhetherCallsWait) {
  expect_clean([] {
    const Pipe pipe;
    check((fcntl(pipe[0], F_GETFL) & O_NONBLOCK) == 0);
    check(fcntl(pipe[0], F_SETFL, O_NONBLOCK) == 0);
    check((fcntl(pipe[0], F_GETFL) & O_NONBLOCK) != 0);
    char byte = 0;
    check(read(pipe[0], &byte, 1) == -1 && errno == EAGAIN);
    check(fcntl(pipe[0], F_SETFL, 0) == 0);
    std::jthread writer([&] { write_all(pipe[1], "x"); });
    check(read(pipe[0], &byte, 1) == 1);
  });
}

TEST(Pipes, NobodyReadsAndTheSignalIsIgnored) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  expect_clean([] {
    Pipe pipe;
    std::jthread reader([&] { pipe.close_end(0); });
    const bool written = write_all(pipe[1], "x");
    check(written || errno == EPIPE);
  });
  std::signal(SIGPIPE, before);
}

// Each run has the same numbers, whatever the one before left open.
TEST(Pipes, TheSameNumbersInEachRun) {
  Options options;
  options.leaks = false;
  const Outcomes seen = outcomes(
      [] {
        int ends[2];
        check(pipe(ends) == 0);
        return ends[0];
      },
      options);
  EXPECT_EQ(seen.seen.size(), 1U);
}

// -- Broken -----------------------------------------------------------------------------

TEST(BrokenPipes, FullInBothDirections) {
  expect_found("deadlock", [] {
    const Pipe there;
    const Pipe back;
    std::jthread worker([&] {
      write_all(back[1], kMuch);
      read_all(there[0], kMuch.size());
    });
    write_all(there[1], kMuch);
    read_all(back[0], kMuch.size());
  });
}

TEST(BrokenPipes, ReadingWhatNoThreadWrites) {
  expect_found("deadlock", [] {
    const Pipe pipe;
    std::jthread reader([&] { read_all(pipe[0], 2); });
    write_all(pipe[1], "x");
  });
}

TEST(BrokenPipes, WaitingForAnEndThatIsStillOpen) {
  expect_found("deadlock", [] {
    Pipe pipe;
    const Owned copy(dup(pipe[1]));
    std::jthread writer([&] {
      write_all(pipe[1], "x");
      pipe.close_end(1);
    });
    read_all(pipe[0], kMuch.size());
  });
}

TEST(BrokenPipes, ALockHeldWhileItReads) {
  expect_found("deadlock", [] {
    const Pipe pipe;
    std::mutex mutex;
    std::jthread writer([&] {
      const std::lock_guard lock(mutex);
      write_all(pipe[1], "x");
    });
    const std::lock_guard lock(mutex);
    read_all(pipe[0], 1);
  });
}

TEST(BrokenPipes, LeftOpen) {
  expect_found("leak", [] {
    int ends[2];
    check(pipe(ends) == 0);
    check(close(ends[0]) == 0);
  });
}

TEST(BrokenPipes, UsedAfterClose) {
  expect_found("misuse", [] {
    Pipe pipe;
    const int number = pipe[1];
    std::jthread worker([&] {
      std::this_thread::yield();
      write_all(number, "x");
    });
    pipe.close_end(1);
  });
}

TEST(BrokenPipes, ClosedTwice) {
  expect_found("misuse", [] {
    int ends[2];
    check(pipe(ends) == 0);
    std::jthread worker([&] { close(ends[1]); });
    close(ends[1]);
    close(ends[0]);
  });
}

// The number is given again at once, and the late close takes another's pipe away.
TEST(BrokenPipes, ClosedTwiceWithAnotherInBetween) {
  expect_found("misuse", [] {
    int ends[2];
    check(pipe(ends) == 0);
    close(ends[1]);
    const Pipe another;
    close(ends[1]);
    close(ends[0]);
  });
}

TEST(BrokenPipes, ClosedUnderAReader) {
  expect_found("misuse", [] {
    Pipe pipe;
    std::jthread reader([number = pipe[0]] { read_all(number, 1); });
    pipe.close_end(0);
  });
}

TEST(BrokenPipes, ReplacedUnderAReader) {
  expect_found("misuse", [] {
    const Pipe first;
    const Pipe second;
    std::jthread writer([&] { write_all(first[1], "x"); });
    std::jthread other([&] { dup2(second[0], first[0]); });
    read_once(first[0], 1);
  });
}

TEST(BrokenPipes, AShortWriteTakenForWhole) {
  expect_found("check", [] {
    const Pipe pipe(O_NONBLOCK);
    const std::string record(5'000, 'x');  // more than a write of a pipe keeps together
    std::jthread reader([&] {
      std::size_t got = 0;
      while (got < record.size() && is_readable(pipe[0], 1'000)) {
        got += read_once(pipe[0], record.size()).size();
      }
      check(got == record.size());
    });
    check(write(pipe[1], record.data(), record.size()) > 0);
  });
}

TEST(BrokenPipes, LargeRecordsOfTwoWritersMix) {
  expect_found("check", [] {
    const Pipe pipe;
    const std::size_t size = 5'000;
    const auto write_record = [&](char letter) {
      write_all(pipe[1], std::string(size, letter));
    };
    std::jthread first(write_record, 'a');
    std::jthread second(write_record, 'b');
    const std::string both = read_all(pipe[0], 2 * size);
    check(both.find(both[0] == 'a' ? 'b' : 'a') == size);
  });
}

TEST(BrokenPipes, WhatIsDoneAfterTheByteIsARace) {
  expect_found("data race", [] {
    const Pipe pipe;
    int result = 0;
    std::jthread worker([&] {
      write_all(pipe[1], "x");
      result = 7;
    });
    read_all(pipe[0], 1);
    check(result == 0 || result == 7);
  });
}

// The first byte's reader knows nothing of what was done before the second.
TEST(BrokenPipes, OnlyTheBytesThatWereReadOrder) {
  expect_found("data race", [] {
    const Pipe pipe;
    int result = 0;
    std::jthread worker([&] {
      write_all(pipe[1], "x");
      result = 7;
      write_all(pipe[1], "y");
    });
    read_all(pipe[0], 1);
    check(result == 0 || result == 7);
  });
}

TEST(BrokenPipes, NobodyReadsAndTheSignalEndsTheProcess) {
  expect_found("crash", [] {
    Pipe pipe;
    std::jthread reader([&] { pipe.close_end(0); });
    write_all(pipe[1], "x");
  });
}

}  // namespace
}  // namespace interleave
