// Tests of exercise 9.1. Each opens with its property. Files are in memory, where the machine
// has a file system there: a disk that fails is the test's own (faulty_disk.hpp).
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <journal.hpp>  // in <>, so that the include path decides whose it is
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "../../../lessons/04-stateless-workers/temporary_folder.hpp"
#include "course/step_test.hpp"
#include "faulty_disk.hpp"
#include "interleave/interleave.hpp"

namespace {

using namespace std::chrono_literals;
using interleave::check;
using interleave::explore;
using Call = FaultyDisk::Call;

// --- What the tests need ------------------------------------------------------------------

// A folder of its own for each test, and the journal's file in it.
class JournalTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file() const { return folder_.file("journal"); }

  [[nodiscard]] std::string bytes() const {
    std::ifstream stream(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }
  void put(std::string_view bytes) const {
    std::ofstream(file(), std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  // Opens the journal, and returns it with the records that it found, "1:one 2:two ".
  [[nodiscard]] std::unique_ptr<Journal> open(std::string& found,
                                              std::uint64_t first = 1) const {
    found.clear();
    return std::make_unique<Journal>(
        file(),
        [&found](std::uint64_t number, std::string_view record) {
          found += std::to_string(number) + ":" + std::string(record) + " ";
        },
        first);
  }
  // What a journal that is opened now finds.
  [[nodiscard]] std::string found() const {
    std::string records;
    static_cast<void>(open(records));
    return records;
  }
  // Each of these in a block of its own.
  void commit_each(const std::vector<std::string>& records) const {
    std::string ignored;
    const auto journal = open(ignored);
    for (const std::string& record : records) journal->commit(journal->append(record));
  }

 private:
  const TemporaryFolder folder_{TemporaryFolder::in_memory()};
};

// The four bytes of a number in the file, the lowest first.
std::string four_bytes(std::uint32_t number) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(number >> 8 * i & 0xff);
  return bytes;
}

// "0a 00 ff"
std::string hex(std::string_view bytes) {
  std::string words;
  for (const char byte : bytes) {
    const auto number = static_cast<unsigned char>(byte);
    if (!words.empty()) words += ' ';
    words += "0123456789abcdef"[number / 16];
    words += "0123456789abcdef"[number % 16];
  }
  return words;
}

// A disk on which each call is let through.
constexpr auto works = [](Call) { return 0; };

// --- Step 1: what is written ----------------------------------------------------------------

// What was committed is found again, in order, with its numbers; then it continues behind.
STEP_TEST_F(1, JournalTest, FindsWhatWasCommitted, "lost durability") {
  commit_each({"one", "two"});
  EXPECT_EQ(found(), "1:one 2:two ");
  commit_each({"three"});
  EXPECT_EQ(found(), "1:one 2:two 3:three ")
      << "a journal that is opened again continues";
}

// Any bytes are a record, none among them too, of any length.
STEP_TEST_F(1, JournalTest, TakesAnyBytes, "torn record") {
  const std::string odd("\0\n\xff journal\n\0", 13);
  const std::string large(300'000, 'x');
  std::string records;
  {
    const auto journal = open(records);
    journal->append("");
    journal->append(odd);
    journal->commit(journal->append(large));
  }
  std::vector<std::string> got;
  const Journal journal(file(), [&got](std::uint64_t, std::string_view record) {
    got.emplace_back(record);
  });
  ASSERT_EQ(got.size(), 3U);
  EXPECT_TRUE(got[0].empty() && got[1] == odd && got[2] == large);
}

// A write may take fewer bytes than it was given, or none because a signal came.
STEP_TEST_F(1, JournalTest, WritesAllBytes, "torn record") {
  {
    FaultyDisk disk;
    disk.most_bytes = 3;
    int calls = 0;
    disk.fails = [&calls](Call call) {
      return call == Call::kWrite && ++calls % 2 == 0 ? EINTR : 0;
    };
    commit_each({"one", "two"});
  }
  EXPECT_EQ(found(), "1:one 2:two ") << "each write took three bytes at most, and every "
                                        "second one was interrupted";
}

// A block is laid out as the header's picture says, for any program that reads it: the length,
// the first number, the checksum over the salt, both of these and the records; the records.
STEP_TEST_F(1, JournalTest, WritesItsFormat, "torn record") {
  std::string ignored;
  {
    const auto journal = open(ignored, 258);
    journal->append("ab");
    journal->commit(journal->append(""));
  }
  constexpr std::size_t header = 32;
  const std::string salt = bytes().substr(12, 8);
  const std::string head = four_bytes(10) + four_bytes(258) + four_bytes(0);
  const std::string records = four_bytes(2) + "ab" + four_bytes(0);
  EXPECT_EQ(hex(bytes().substr(header)),
            hex(head + four_bytes(checksum(salt + head + records)) + records))
      << "length 4, first number 8, checksum 4, then each record: size 4, bytes";
}

// The first record has the number that the journal was made with, and keeps it.
STEP_TEST_F(1, JournalTest, BeginsWithItsFirstNumber, "gap") {
  std::string records;
  { EXPECT_EQ(open(records, 41)->append("not committed"), 41U); }
  {
    const auto journal = open(records, 7);
    EXPECT_EQ(journal->append("one"), 41U)
        << "the number of a journal that is there stays";
    journal->commit(41);
  }
  EXPECT_EQ(found(), "41:one ");
}

// --- Step 2: what is found --------------------------------------------------------------------

// Cut anywhere in its last blocks, a journal has every record of the blocks that are whole, and
// no other; it continues behind them.
STEP_TEST_F(2, JournalTest, SurvivesEveryCut, "torn record") {
  std::vector<std::size_t> ends;  // of the file, after each record
  std::vector<std::string> wholes = {""};
  for (const std::string record : {"one", "two", "three", "four"}) {
    commit_each({record});
    ends.push_back(bytes().size());
    wholes.push_back(wholes.back() + std::to_string(ends.size()) + ":" + record + " ");
  }
  const std::string all = bytes();
  for (std::size_t cut = ends[0]; cut <= all.size(); ++cut) {
    std::size_t whole = 0;
    while (whole < ends.size() && ends[whole] <= cut) ++whole;
    put(all.substr(0, cut));
    EXPECT_EQ(found(), wholes[whole]) << "cut behind byte " << cut;
    commit_each({"next"});
    EXPECT_EQ(found(), wholes[whole] + std::to_string(whole + 1) + ":next ")
        << "cut behind byte " << cut << ", and then continued";
  }
}

// The zeros behind the last block, room that was reserved when a crash came, are no records, and
// no damage.
STEP_TEST_F(2, JournalTest, PassesOverReservedRoom, "torn record") {
  commit_each({"one", "two"});
  const std::string all = bytes();
  for (const std::size_t zeros : {1U, 15U, 16U, 17U, 5'000U}) {
    put(all + std::string(zeros, '\0'));
    EXPECT_EQ(found(), "1:one 2:two ") << zeros << " zeros behind the last block";
    commit_each({"three"});
    EXPECT_EQ(found(), "1:one 2:two 3:three ")
        << zeros << " zeros behind the last block, and then continued";
  }
}

// One bit that flipped in a journal is never read as a record; what was before it stays. In
// the last block it may be what a crash left; before that it cannot be, and is refused, with its
// place, and the file is left as it is.
STEP_TEST_F(2, JournalTest, NoticesEveryBit, "torn record") {
  commit_each({"one"});
  const std::size_t first = bytes().size();
  commit_each({"two"});
  const std::size_t second = bytes().size();
  commit_each({"three"});
  const std::size_t third = bytes().size();
  commit_each({"four"});
  const std::string all = bytes();
  for (std::size_t at = first; at < all.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string corrupt = all;
      corrupt[at] = static_cast<char>(corrupt[at] ^ 1 << bit);
      put(corrupt);
      const std::string where =
          "bit " + std::to_string(bit) + " of byte " + std::to_string(at) + " is flipped";
      if (at >= third) {
        EXPECT_EQ(found(), "1:one 2:two 3:three ") << where;
        continue;
      }
      try {
        const std::string opened = found();
        ADD_FAILURE() << where << ", and the journal opens with " << opened;
      } catch (const CorruptJournal& refused) {
        EXPECT_EQ(refused.offset(), at < second ? first : second) << where;
        EXPECT_EQ(bytes(), corrupt) << where << ": a file that is refused is not changed";
      }
    }
  }
}

// A block that is missing between two others is not passed over, and those behind it are not cut
// off as if a crash had left them.
STEP_TEST_F(2, JournalTest, RefusesAGap, "gap") {
  commit_each({"one"});
  const std::size_t first = bytes().size();
  commit_each({"two"});
  const std::size_t second = bytes().size();
  commit_each({"three"});
  const std::string gap = bytes().erase(first, second - first);
  put(gap);
  try {
    const std::string opened = found();
    ADD_FAILURE() << "record 2 is missing, and the journal opens with " << opened;
  } catch (const CorruptJournal& refused) {
    EXPECT_EQ(refused.offset(), first);
  }
  EXPECT_EQ(bytes(), gap) << "a file that is refused is not changed";
}

// What is left of an earlier journal in the same file is not read as part of this one, even if
// its numbers would fit.
STEP_TEST_F(2, JournalTest, KnowsItsOwnBlocks, "torn record") {
  commit_each({"old", "old", "old"});
  const std::string old = bytes();
  std::filesystem::remove(file());
  commit_each({"new", "new"});
  std::string reused = bytes();
  ASSERT_LT(reused.size(), old.size());
  put(reused + old.substr(reused.size()));
  EXPECT_EQ(found(), "1:new 2:new ") << "the third block is from another journal";
}

// A journal of another version is refused.
STEP_TEST_F(2, JournalTest, RefusesAnotherVersion, "torn record") {
  commit_each({"one"});
  std::string other = bytes();
  other[8] = 2;
  other.replace(28, 4, four_bytes(checksum(other.substr(0, 28))));
  put(other);
  EXPECT_THROW(static_cast<void>(found()), CorruptJournal);
  EXPECT_EQ(bytes(), other) << "a file that is refused is not changed";
}

// --- Step 3: what is promised -------------------------------------------------------------------

// A new journal is on the disk before anything is committed to it, and so is its name; a commit
// writes, then syncs, then returns.
STEP_TEST_F(3, JournalTest, SyncsInOrder, "lost durability") {
  FaultyDisk disk;
  std::string ignored;
  const auto journal = open(ignored);
  EXPECT_TRUE(disk.calls == "wsf" || disk.calls == "wfs")
      << "made with these calls: " << disk.calls
      << "; a header is written, its file is synced, and the folder that has its name";
  disk.calls.clear();
  journal->append("one");
  journal->append("two");
  EXPECT_EQ(disk.calls, "") << "what is appended waits for a commit";
  journal->commit(2);
  EXPECT_EQ(disk.calls, "ws") << "one write, then one sync, for both records";
  journal->commit(1);
  EXPECT_EQ(disk.calls, "ws") << "what is on the disk needs nothing more";
}

// What another process had written and not synced is on the disk before it is believed.
STEP_TEST_F(3, JournalTest, SyncsWhatItFound, "acknowledged too early") {
  commit_each({"one"});
  FaultyDisk disk;
  std::string ignored;
  const auto journal = open(ignored);
  EXPECT_NE(disk.calls.find('s'), std::string::npos)
      << "opened without a sync: the process that wrote this may have been killed before "
         "it";
}

// After a failed write or sync nothing is acknowledged any more, though the disk works again:
// what it could not take may be gone.
STEP_TEST_F(3, JournalTest, ConfirmsNothingAfterAnError, "acknowledged too early") {
  for (const auto& [failing, error] :
       {std::pair{Call::kWrite, ENOSPC}, std::pair{Call::kWrite, EIO},
        std::pair{Call::kSync, EIO}}) {
    std::filesystem::remove(file());
    std::string ignored;
    FaultyDisk disk;
    const auto journal = open(ignored);
    journal->commit(journal->append("one"));
    const auto two = journal->append("two");
    disk.fails = [&, failing = failing, error = error](Call call) {
      return call == failing ? error : 0;
    };
    EXPECT_THROW(journal->commit(two), std::system_error);
    disk.fails = works;
    EXPECT_THROW(journal->commit(two), std::system_error)
        << "the second try was believed, though the first one failed";
    EXPECT_THROW(journal->commit(journal->append("three")), std::system_error);
    EXPECT_EQ(journal->durable(), 1U);
    EXPECT_NO_THROW(journal->commit(1)) << "what was on the disk before stays there";
  }
}

// A file that is named without its folder is in the folder in which the program runs.
STEP_TEST_F(3, JournalTest, FindsTheFolderOfABareName, "lost durability") {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(file().parent_path());
  FaultyDisk disk;
  try {
    const Journal journal(file().filename(), [](std::uint64_t, std::string_view) {});
    EXPECT_NE(disk.calls.find('f'), std::string::npos) << "its folder was not synced";
  } catch (const std::system_error& error) {
    ADD_FAILURE() << "a journal in the program's own folder is not opened: "
                  << error.what();
  }
  std::filesystem::current_path(before);
}

// A journal whose name may not be on the disk is not opened.
STEP_TEST_F(3, JournalTest, NeedsItsFolder, "lost durability") {
  FaultyDisk disk;
  disk.fails = [](Call call) { return call == Call::kFolderSync ? EIO : 0; };
  std::string ignored;
  EXPECT_THROW(static_cast<void>(open(ignored)), std::system_error);
}

// Two threads commit: each returns only when its record is on the disk, and one sync may serve
// both.
STEP_TEST(3, Journal, SharesASync, "acknowledged too early") {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  explore([&folder] {
    const std::filesystem::path file = folder.fresh_file("journal");
    auto journal =
        std::make_unique<Journal>(file, [](std::uint64_t, std::string_view) {});
    const auto commit = [&journal] {
      const std::uint64_t number = journal->append("record");
      journal->commit(number);
      check(journal->durable() >= number,
            "commit returned before its record was durable");
    };
    {
      std::jthread other(commit);
      commit();
    }
    journal.reset();
    int found = 0;
    const Journal again(file, [&found](std::uint64_t, std::string_view) { ++found; });
    check(found == 2,
          "two records were committed, and " + std::to_string(found) + " found");
  });
}

// One write serves three threads that wait for it; each is woken.
STEP_TEST(3, Journal, WakesEveryThread, "lost wake-up") {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  explore([&folder] {
    const auto journal = std::make_unique<Journal>(
        folder.fresh_file("journal"), [](std::uint64_t, std::string_view) {});
    for (int i = 0; i < 3; ++i) journal->append("record");
    {
      std::jthread second([&] { journal->commit(2); });
      std::jthread third([&] { journal->commit(3); });
      journal->commit(1);
    }
    check(journal->durable() == 3, "each commit has returned");
  });
}

// While one thread waits for the disk others append; then one write and one sync serve them all.
STEP_TEST(3, Journal, GroupsWhatWaits, "lock held too long") {
  struct Plan {
    std::latch syncing{1};
    std::latch appended{2};
    std::atomic<bool> first = true;
  };
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  FaultyDisk disk;
  explore([&folder, &disk] {
    disk.fails = works;
    const auto journal = std::make_unique<Journal>(
        folder.fresh_file("journal"), [](std::uint64_t, std::string_view) {});
    Plan plan;
    disk.calls.clear();
    disk.fails = [&plan](Call call) {
      if (call != Call::kSync || !plan.first.exchange(false)) return 0;
      plan.syncing.count_down();
      plan.appended.wait();
      return 0;
    };
    const auto other = [&] {
      plan.syncing.wait();
      const std::uint64_t number = journal->append("other");
      plan.appended.count_down();
      journal->commit(number);
    };
    {
      std::jthread second(other);
      std::jthread third(other);
      journal->commit(journal->append("one"));
      if (plan.first.exchange(false)) plan.syncing.count_down();  // it never synced
    }
    check(
        disk.calls == "wsws",
        "the first record, and then the two that were appended meanwhile, make the calls "
        "w s w s, and these were made: " +
            disk.calls);
  });
}

// What appending costs: the lock, once.
STEP_TEST(3, Journal, CostOfAppending, "contention") {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  explore([&folder] {
    const auto journal = std::make_unique<Journal>(
        folder.fresh_file("journal"), [](std::uint64_t, std::string_view) {});
    const interleave::Cost cost("append");
    journal->append("record");
  });
}

// What committing costs the one thread that does it: the lock before the write and after it.
STEP_TEST(3, Journal, CostOfCommitting, "contention") {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  explore([&folder] {
    const auto journal = std::make_unique<Journal>(
        folder.fresh_file("journal"), [](std::uint64_t, std::string_view) {});
    const std::uint64_t number = journal->append("record");
    const interleave::Cost cost("commit");
    journal->commit(number);
  });
}

// A thread whose record another one writes sleeps until the disk has it, and is woken once.
STEP_TEST(3, Journal, CostOfWaiting, "busy waiting") {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  FaultyDisk disk;
  explore([&folder, &disk] {
    disk.fails = works;
    const auto journal = std::make_unique<Journal>(
        folder.fresh_file("journal"), [](std::uint64_t, std::string_view) {});
    disk.calls.clear();
    std::latch writing(1);
    disk.fails = [&writing](Call call) {
      if (call == Call::kWrite && !writing.try_wait()) writing.count_down();
      if (call == Call::kSync) {
        std::this_thread::sleep_for(interleave::explores_schedules() ? 10s : 1ms);
      }
      return 0;
    };
    const std::uint64_t first = journal->append("first");
    const std::uint64_t second = journal->append("second");
    std::jthread writer([&] { journal->commit(first); });
    writing.wait();
    const interleave::Cost cost("wait");
    journal->commit(second);
  });
}

// Where the disk fails, every thread that waits for it is told.
STEP_TEST(3, Journal, TellsEveryThread, "acknowledged too early") {
  const TemporaryFolder folder(TemporaryFolder::in_memory());
  FaultyDisk disk;
  explore([&folder, &disk] {
    disk.fails = works;
    const auto journal = std::make_unique<Journal>(
        folder.fresh_file("journal"), [](std::uint64_t, std::string_view) {});
    disk.calls.clear();
    disk.fails = [](Call call) { return call == Call::kSync ? EIO : 0; };
    const auto refused = [&journal] {
      try {
        journal->commit(journal->append("record"));
        return false;
      } catch (const std::system_error&) {
        return true;
      }
    };
    std::jthread other([&] { check(refused(), "a record was acknowledged"); });
    check(refused(), "a record was acknowledged");
  });
}

}  // namespace
