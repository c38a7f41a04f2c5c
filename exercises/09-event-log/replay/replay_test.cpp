// Tests of exercise 9.2. Each opens with its property. One thread does all: what is tested is
// whether the same log makes the same state.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <replay.hpp>  // in <>, so that the include path decides whose it is
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "../../../lessons/04-stateless-workers/temporary_folder.hpp"
#include "course/step_test.hpp"
#include "faulty_disk.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;
using Call = FaultyDisk::Call;

// --- What the tests need ------------------------------------------------------------------

// "granted to 7 until 30", "refused: 7 until 30", "granted: free", "refused: free"
std::string words_of(const Answer& answer) {
  const std::string whose =
      std::to_string(answer.holder) + " until " + std::to_string(answer.until);
  if (answer.holder == 0 && answer.until == 0) {
    return answer.granted ? "granted: free" : "refused: free";
  }
  return (answer.granted ? "granted to " : "refused: ") + whose;
}

// The answer to a command in words; each is a new request of its client.
std::string carried_out(Leases& leases, std::string_view command) {
  return words_of(leases.carry_out(Command::of(command)));
}
std::string applied(Leases& leases, std::string_view command) {
  return words_of(leases.apply(Command::of(command)));
}

// A log of `count` commands by four clients on three names; a quarter of them come twice, the
// second time after others, and the clock is set back now and then.
std::vector<std::string> random_log(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::vector<std::string> log;
  std::vector<std::string> unanswered(5);
  std::vector<std::uint64_t> requests(5);
  std::uint64_t now = 1'000;
  while (log.size() < count) {
    const std::size_t client = 1 + random() % 4;
    if (!unanswered[client].empty() && random() % 4 == 0) {
      log.push_back(unanswered[client]);
      continue;
    }
    now = random() % 16 == 0 ? now - 5 : now + random() % 8;
    const std::uint64_t milliseconds = random() % 3 == 0 ? 0 : random() % 20;
    std::string command = std::to_string(client) + " " +
                          std::to_string(++requests[client]) + " " + std::to_string(now) +
                          " name" + std::to_string(random() % 3) + " " +
                          std::to_string(milliseconds);
    unanswered[client] = command;
    log.push_back(std::move(command));
  }
  return log;
}

// What records `from` to `to` of `log`, counted from 1, make of `state`.
void replay_some(Snapshot& state, const std::vector<std::string>& log, std::size_t from,
                 std::size_t to) {
  for (std::size_t number = from; number <= to; ++number) {
    replay(state, number, log[number - 1]);
  }
}

// --- Step 1: carry_out --------------------------------------------------------------------

// A free name is granted until the command's time and so long; another's is refused, with who
// holds it.
STEP_TEST(1, Leases, GrantsWhatIsFree, "hidden input") {
  Leases leases;
  EXPECT_EQ(carried_out(leases, "7 1 1000 door 30"), "granted to 7 until 1030")
      << "the command says when it is: 1000";
  EXPECT_EQ(carried_out(leases, "8 1 1010 door 30"), "refused: 7 until 1030");
  EXPECT_EQ(carried_out(leases, "8 2 1010 window 5"), "granted to 8 until 1015");
}

// Whether a lease is over is a question to the command's time: the log may be replayed years
// later, or its times may lie in the future.
STEP_TEST(1, Leases, KnowsNoOtherClock, "hidden input") {
  Leases leases;
  carried_out(leases, "7 1 1000 door 30");
  EXPECT_EQ(carried_out(leases, "9 0 1040 window 5"), "granted to 9 until 1045");
  EXPECT_EQ(carried_out(leases, "8 1 1029 door 5"), "refused: 7 until 1030")
      << "a clock was set back since the last command, and only this one's time counts";
  EXPECT_EQ(carried_out(leases, "8 2 1030 door 5"), "granted to 8 until 1035")
      << "at 1030 the lease until 1030 is over";
  EXPECT_EQ(carried_out(leases, "9 1 9000000000000000 door 5"),
            "granted to 9 until 9000000000000005");
  EXPECT_EQ(carried_out(leases, "7 2 8999999999999999 door 5"),
            "refused: 9 until 9000000000000005");
  EXPECT_EQ(carried_out(leases, "7 3 1000 door 5"), "refused: 9 until 9000000000000005")
      << "a clock was set back, and the command says so";
}

// One's own name can be prolonged, or shortened.
STEP_TEST(1, Leases, ProlongsOnesOwn, "hidden input") {
  Leases leases;
  carried_out(leases, "7 1 1000 door 30");
  EXPECT_EQ(carried_out(leases, "7 2 1010 door 50"), "granted to 7 until 1060");
  EXPECT_EQ(carried_out(leases, "7 3 1020 door 1"), "granted to 7 until 1021");
  EXPECT_EQ(carried_out(leases, "8 1 1021 door 1"), "granted to 8 until 1022");
}

// One's own name can be given back, also when its time is over; another's cannot.
STEP_TEST(1, Leases, GivesBackOnesOwn, "hidden input") {
  Leases leases;
  EXPECT_EQ(carried_out(leases, "7 1 1000 door 0"), "refused: free");
  carried_out(leases, "7 2 1000 door 30");
  EXPECT_EQ(carried_out(leases, "8 1 1001 door 0"), "refused: 7 until 1030");
  EXPECT_EQ(carried_out(leases, "8 2 1040 door 0"), "refused: free")
      << "the time of the one who holds it is over";
  EXPECT_EQ(carried_out(leases, "7 3 1050 door 0"), "granted: free");
  EXPECT_EQ(carried_out(leases, "7 4 1050 door 0"), "refused: free");
  EXPECT_EQ(carried_out(leases, "8 3 1002 door 5"), "granted to 8 until 1007");
}

// --- Step 2: apply --------------------------------------------------------------------------

// A request that comes again is answered as the first time, and changes nothing, though the
// state has changed since.
STEP_TEST(2, Leases, AppliesARequestOnce, "not idempotent") {
  Leases leases;
  EXPECT_EQ(applied(leases, "7 1 1000 door 30"), "granted to 7 until 1030");
  EXPECT_EQ(applied(leases, "8 1 1040 door 30"), "granted to 8 until 1070");
  EXPECT_EQ(applied(leases, "7 1 1000 door 30"), "granted to 7 until 1030")
      << "7 never got its answer, and asks again";
  EXPECT_EQ(applied(leases, "9 1 1050 door 30"), "refused: 8 until 1070")
      << "the request that came twice took the door away from 8";
}

// A refusal is an answer too, though it could be granted by now.
STEP_TEST(2, Leases, RemembersARefusal, "not idempotent") {
  Leases leases;
  applied(leases, "7 1 1000 door 30");
  EXPECT_EQ(applied(leases, "8 1 1010 door 30"), "refused: 7 until 1030");
  applied(leases, "7 2 1020 door 0");
  EXPECT_EQ(applied(leases, "8 1 1010 door 30"), "refused: 7 until 1030");
  EXPECT_EQ(applied(leases, "8 2 1025 door 30"), "granted to 8 until 1055");
}

// Each client counts for itself; a request that is older than its last changes nothing.
STEP_TEST(2, Leases, KnowsOldRequests, "not idempotent") {
  Leases leases;
  applied(leases, "7 1 1000 door 30");
  applied(leases, "7 2 1001 door 0");
  EXPECT_EQ(applied(leases, "7 1 1000 door 30"), "refused: free")
      << "it came late, from a network that delivers twice";
  EXPECT_EQ(applied(leases, "8 1 1002 door 30"), "granted to 8 until 1032")
      << "another client's first request is new";
}

// What a request costs that came before, or that prolongs one's own: nothing is copied.
STEP_TEST(2, Leases, CostOfApplying, "contention") {
  explore([] {
    Leases leases;
    for (int i = 0; i < 100; ++i) {
      leases.apply(
          {7, static_cast<std::uint64_t>(i) + 1, 1000, "name" + std::to_string(i), 30});
    }
    const Command again{7, 101, 1010, "name50", 30};
    {
      const interleave::Cost cost("apply");
      check(leases.apply(again).granted, "one's own is prolonged");
    }
    check(leases.apply(again).granted, "and once more, which changes nothing");
  });
}

// --- Step 3: text and replay ------------------------------------------------------------------

// The text is in the order of names, then of clients; what reads it makes the same state of it.
STEP_TEST(3, Leases, TextIsTheState, "hidden input") {
  Leases leases;
  applied(leases, "8 5 1000 window 30");
  applied(leases, "7 1 1010 door 5");
  applied(leases, "9 2 1011 window 5");
  const std::string text =
      "lease door 7 1015\n"
      "lease window 8 1030\n"
      "answered 7 1 1 7 1015\n"
      "answered 8 5 1 8 1030\n"
      "answered 9 2 0 8 1030\n";
  EXPECT_EQ(leases.text(), text);
  EXPECT_EQ(Leases::of(text).text(), text);
  EXPECT_EQ(Leases().text(), "");
  applied(leases, "9 3 1020 porch 5");
  EXPECT_TRUE(leases.text().starts_with("lease door 7 1015\n"))
      << "at 1020 the lease until 1015 is over, but a clock may be set back, and then it "
         "counts";
}

// Records are applied one after the other; those that the state has are passed over.
STEP_TEST(3, Replay, AppliesEachOnce, "not idempotent") {
  Snapshot state;
  replay(state, 1, "7 1 1000 door 30");
  replay(state, 2, "7 2 1001 door 0");
  EXPECT_EQ(state.last, 2U);
  const std::string text = state.leases.text();
  replay(state, 1, "8 1 1000 door 30");
  replay(state, 2, "8 2 1000 door 30");
  EXPECT_EQ(state.leases.text(), text) << "1 and 2 are in the state already";
  EXPECT_EQ(state.last, 2U);
  replay(state, 3, "8 3 1002 door 30");
  EXPECT_NE(state.leases.text(), text) << "3 is the next one";
  EXPECT_EQ(state.last, 3U);
}

// Where a record is missing nothing is applied any more, at the beginning too.
STEP_TEST(3, Replay, NoticesAGap, "gap") {
  Snapshot state;
  EXPECT_THROW(replay(state, 2, "7 1 1000 door 30"), Gap) << "record 1 is missing";
  replay(state, 1, "7 1 1000 door 30");
  EXPECT_THROW(replay(state, 3, "7 2 1001 door 0"), Gap) << "record 2 is missing";
  EXPECT_EQ(state.last, 1U) << "a gap changes nothing";
  EXPECT_EQ(state.leases.text(), "lease door 7 1030\nanswered 7 1 1 7 1030\n");
  replay(state, 2, "7 2 1001 door 0");
  EXPECT_EQ(state.last, 2U) << "with the missing record it continues";
}

// What is no command is told, and counts as not applied.
STEP_TEST(3, Replay, RefusesWhatIsNoCommand, "gap") {
  Snapshot state;
  EXPECT_THROW(replay(state, 1, "7 1 1000"), std::invalid_argument);
  EXPECT_EQ(state.last, 0U) << "record 1 is no command, and was counted as applied";
  replay(state, 1, "7 1 1000 door 30");
  EXPECT_EQ(state.last, 1U);
}

// From a snapshot at any place, and the whole log or only what follows, the same state is made,
// byte for byte, with the same answers to requests that come again.
STEP_TEST(3, Replay, FromEverySnapshot, "not idempotent") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<std::string> log = random_log(seed, 60);
    Snapshot through;
    replay_some(through, log, 1, log.size());
    Snapshot until;
    for (std::size_t last = 0; last <= log.size(); ++last) {
      if (last > 0) replay(until, last, log[last - 1]);
      for (const std::size_t from : {std::size_t{1}, last + 1}) {
        Snapshot state{last, Leases::of(until.leases.text())};
        replay_some(state, log, from, log.size());
        ASSERT_EQ(state.leases.text(), through.leases.text())
            << "seed " << seed << ": a snapshot after record " << last
            << ", then the log from record " << from << " on";
      }
    }
  }
}

// --- Step 4: save -------------------------------------------------------------------------------

class SaveTest : public testing::Test {
 protected:
  SaveTest() {
    replay(old_, 1, "7 1 1000 door 30");
    replay(fresh_, 1, "7 1 1000 door 30");
    replay(fresh_, 2, "8 1 1001 window 30");
  }
  [[nodiscard]] std::filesystem::path file() const { return folder_.file("snapshot"); }
  [[nodiscard]] std::string bytes() const {
    std::ifstream stream(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }
  void put(std::string_view bytes) const {
    std::ofstream(file(), std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  Snapshot old_;    // after record 1
  Snapshot fresh_;  // after record 2

 private:
  const TemporaryFolder folder_{TemporaryFolder::in_memory()};
};

// What was saved is loaded; the newest one, and where there is none the empty state.
STEP_TEST_F(4, SaveTest, LoadsWhatWasSaved, "lost durability") {
  EXPECT_EQ(load(file()).last, 0U);
  save(file(), old_);
  EXPECT_EQ(load(file()).last, 1U);
  save(file(), fresh_);
  EXPECT_EQ(load(file()).last, 2U);
  EXPECT_EQ(load(file()).leases.text(), fresh_.leases.text());
}

// The new one is on the disk before it takes the old one's name, and the name before save
// returns.
STEP_TEST_F(4, SaveTest, SyncsInOrder, "lost durability") {
  save(file(), old_);
  const std::string before = bytes();
  FaultyDisk disk;
  std::string at_sync;
  std::string at_folder_sync;
  disk.fails = [&](Call call) {
    if (call == Call::kSync) at_sync = bytes();
    if (call == Call::kFolderSync) at_folder_sync = bytes();
    return 0;
  };
  save(file(), fresh_);
  EXPECT_EQ(disk.calls, "wsf") << "the bytes are written and synced, and the folder is, "
                                  "which has the name";
  EXPECT_EQ(at_sync, before) << "a power cut before the sync must find the old snapshot";
  EXPECT_EQ(at_folder_sync, bytes())
      << "the folder is synced after the new name is in it";
}

// Whatever call fails, save throws, and the file is a whole snapshot: the old one or the new.
STEP_TEST_F(4, SaveTest, IsWholeWhateverFails, "torn record") {
  for (const auto& [failing, what] :
       {std::pair{Call::kWrite, "a write"}, std::pair{Call::kSync, "the file's sync"},
        std::pair{Call::kFolderSync, "the folder's sync"}}) {
    save(file(), old_);
    {
      FaultyDisk disk;
      disk.most_bytes = 10;
      int writes = 0;
      disk.fails = [&, failing = failing](Call call) {
        if (call != failing || (call == Call::kWrite && ++writes < 3)) return 0;
        return call == Call::kWrite ? ENOSPC : EIO;
      };
      EXPECT_THROW(save(file(), fresh_), std::system_error) << what << " failed";
    }
    try {
      EXPECT_EQ(load(file()).last, failing == Call::kFolderSync ? 2U : 1U)
          << what << " failed, and the file has another snapshot than it should";
    } catch (const CorruptSnapshot&) {
      ADD_FAILURE() << what << " failed, and left a file that is no whole snapshot";
    }
  }
  save(file(), fresh_);
  EXPECT_EQ(load(file()).last, 2U) << "after an error it can be saved again";
}

// What a crash left beside the file does no harm.
STEP_TEST_F(4, SaveTest, SurvivesWhatACrashLeft, "torn record") {
  std::ofstream(file().string() + ".new") << std::string(10'000, 'x');
  save(file(), old_);
  EXPECT_EQ(load(file()).last, 1U);
}

// One bit that flipped, or an end that is missing, is noticed: what is behind it in the log
// must not be applied to another state.
STEP_TEST_F(4, SaveTest, NoticesEveryBit, "torn record") {
  save(file(), fresh_);
  const std::string all = bytes();
  for (std::size_t bit = 0; bit < 8 * all.size(); ++bit) {
    std::string corrupt = all;
    corrupt[bit / 8] = static_cast<char>(corrupt[bit / 8] ^ 1 << bit % 8);
    put(corrupt);
    EXPECT_THROW(static_cast<void>(load(file())), CorruptSnapshot) << "bit " << bit;
  }
  for (std::size_t cut = 0; cut < all.size(); ++cut) {
    put(all.substr(0, cut));
    EXPECT_THROW(static_cast<void>(load(file())), CorruptSnapshot) << "cut at " << cut;
  }
}

}  // namespace
