// A journal: what was committed is on the disk, and is found there when it is opened again.
//
//   append --> [ group ] --write--> file --fdatasync--> disk --> commit returns
//
//   file     header | block | block | block | zeros, or what a crash left
//   header   "journal" 1 | version 4 | salt 8 | first number 8 | checksum 4
//   block    length 4 | first number 8 | checksum 4 | (size 4, bytes), (size 4, bytes), ...
//
// A block is one group: the records that were committed together. `length` counts the bytes
// behind the checksum. The checksum is over the journal's salt, the length, the number and all
// records, so that no field is believed that was not checked, and no block of an earlier journal
// in the same file is taken for one of this.
//
// Threads     append, commit, durable: any thread. Construct and destroy while no call runs.
// Progress    append: as long as the lock. commit: blocking, until the disk has the record. One
//             of the threads that wait writes for all.
// Errors      std::system_error where the system refuses: then nothing more is acknowledged by
//             this object. CorruptJournal where the file is not what a journal left.
//
// Invariants
//   I1  Records are numbered one after the other; the file holds them in this order.
//   I2  durable_ only grows. Record k <= durable_ was written, and then synced, and no call
//       failed before.
//   I3  At most one thread writes at a time (writing_), and it does not hold mutex_ meanwhile.
//   I4  A block is written only when all blocks before it are durable. So behind a block that a
//       crash tore there is no whole one: where there is, or where a block is missing, the file
//       was corrupted afterwards.
//   I5  Once error_ is set it stays, and durable_ stays. What the kernel could not write it may
//       have thrown away: a second fdatasync that succeeds says nothing about it.
//
// Left out    Several files, and taking away what a snapshot made needless: exercise 9.2.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <mutex>
#include <new>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "checksum.hpp"

// The file is no journal, of an unknown version, or corrupt where it had been whole.
class CorruptJournal : public std::runtime_error {
 public:
  CorruptJournal(const std::string& what, std::uint64_t offset)
      : std::runtime_error(what + " at byte " + std::to_string(offset)),
        offset_(offset) {}
  // Of the first byte that cannot be believed.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

 private:
  std::uint64_t offset_;
};

class Journal {
 public:
  // Called with each record that is found, in order.
  using Replay = std::function<void(std::uint64_t number, std::string_view record)>;

  static constexpr std::uint32_t kVersion = 1;

  // Opens the journal in `file`, or makes it there with `first` as the first record's number.
  // What a crash left behind the last whole block is cut off.
  Journal(const std::filesystem::path& file, const Replay& replay,
          std::uint64_t first = 1)
      : file_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    throw_if(file_.number < 0, "open");
    const std::string bytes = all_of(file);
    if (!read_header(bytes)) {
      make(first);
    } else {
      const std::size_t end = recover(bytes, replay);
      throw_if(::ftruncate(file_.number, static_cast<off_t>(end)) != 0, "ftruncate");
      throw_if(::lseek(file_.number, 0, SEEK_END) < 0, "lseek");
    }
    durable_ = next_ - 1;
    // Also what was found: the process that wrote it may have ended before its own sync.
    sync();
    sync_folder_of(file);
  }
  // Gives back the room that was reserved.
  ~Journal() {
    const int ignored = ::ftruncate(file_.number, ::lseek(file_.number, 0, SEEK_CUR));
    static_cast<void>(ignored);  // then zeros stay, as after a crash
  }
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Adds `record` to the group that is written next; returns its number. Throws
  // std::length_error, and adds nothing, where a block cannot be as long as the group would be.
  std::uint64_t append(std::string_view record) {
    const std::scoped_lock lock(mutex_);
    throw_if_failed();
    const std::size_t length = group_.size() + 4 + record.size();
    if (length > kLongest) throw std::length_error("the group is full: commit it first");
    group_.reserve(length);  // what follows cannot throw, and leave half a record
    put(group_, static_cast<std::uint32_t>(record.size()));
    group_ += record;
    return next_++;
  }

  // Returns once record `number` is on the disk, and so all before it.
  void commit(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    if (number >= next_) throw std::invalid_argument("not appended yet");
    wait_for(number, lock);
  }

  // The number of the last record that is on the disk; one less than the first if none is.
  [[nodiscard]] std::uint64_t durable() const {
    const std::scoped_lock lock(mutex_);
    return durable_;
  }

 private:
  static constexpr std::string_view kMagic = "journal\n";
  static constexpr std::size_t kHeader = 8 + 4 + 8 + 8 + 4;
  static constexpr std::size_t kBlockHeader = 4 + 8 + 4;
  static constexpr off_t kRoom = 256 * 1024;
  static constexpr std::size_t kLongest = std::numeric_limits<std::uint32_t>::max();

  // --- Bytes: little-endian, whatever the machine ---------------------------------------
  template <typename Number>
  static void put(std::string& bytes, Number number) {
    for (std::size_t i = 0; i < sizeof number; ++i) {
      bytes += static_cast<char>(number >> 8 * i & 0xff);
    }
  }
  // `bytes` has the number at `at`.
  template <typename Number>
  static Number get(std::string_view bytes, std::size_t at) {
    Number number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) {
      number |= static_cast<Number>(static_cast<unsigned char>(bytes[at + i])) << 8 * i;
    }
    return number;
  }

  // --- Step 1: what is written ------------------------------------------------------------
  [[nodiscard]] std::uint32_t checksum_of(std::string_view length_and_first,
                                          std::string_view records) const {
    std::string salt;
    put(salt, salt_);
    return checksum(records, checksum(length_and_first, checksum(salt)));
  }

  [[nodiscard]] std::string block_of(std::uint64_t first,
                                     std::string_view records) const {
    //> step 1(first, records): length, number, checksum, records
    std::string block;
    put(block, static_cast<std::uint32_t>(records.size()));
    put(block, first);
    put(block, checksum_of(block, records));
    block += records;
    return block;
    //<
  }

  // Writes all of `bytes`, however many calls it takes.
  void write_all(std::string_view bytes) const {
    //> step 1(bytes): write takes what it likes, and may be interrupted
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.number, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      throw_if(written < 0, "write");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    //<
  }

  // --- Step 2: what is found ----------------------------------------------------------------
  struct Block {
    std::uint64_t first;       // the number of its first record
    std::string_view records;  // sizes and bytes
  };
  // The block that begins at `at`, if it is whole and this journal's.
  [[nodiscard]] std::optional<Block> block_at(std::string_view file,
                                              std::size_t at) const {
    //> step 2(file, at): is there room for it, and does its checksum hold?
    if (file.size() - at < kBlockHeader) return std::nullopt;
    const auto length = get<std::uint32_t>(file, at);
    if (file.size() - at - kBlockHeader < length) return std::nullopt;
    const std::string_view records = file.substr(at + kBlockHeader, length);
    const auto sum = get<std::uint32_t>(file, at + 12);
    if (sum != checksum_of(file.substr(at, 12), records)) return std::nullopt;
    return Block{get<std::uint64_t>(file, at + 4), records};
    //<
  }

  // Replays each record of a block, and counts.
  void replay_block(std::string_view records, const Replay& replay) {
    while (!records.empty()) {
      const auto size = records.size() < 4 ? 0 : get<std::uint32_t>(records, 0);
      if (records.size() < std::size_t{4} + size) {
        throw std::logic_error("a block was believed whose records do not fit into it");
      }
      replay(next_++, records.substr(4, size));
      records.remove_prefix(4 + size);
    }
  }

  // Replays the blocks of `file`, and returns where the last whole one ends. Throws CorruptJournal
  // if at that place or behind it there is a whole block of this journal with a number from the
  // next record's on.
  std::size_t recover(std::string_view file, const Replay& replay) {
    //> step 2(file, replay): block by block; then make sure that what is left is a crash's
    std::size_t at = kHeader;
    for (auto block = block_at(file, at); block && block->first == next_;
         block = block_at(file, at)) {
      replay_block(block->records, replay);
      at += kBlockHeader + block->records.size();
    }
    for (std::size_t later = at; later < file.size(); ++later) {
      const auto block = block_at(file, later);
      if (block && block->first >= next_) throw CorruptJournal("a corrupt block", at);
    }
    return at;
    //<
  }

  // --- Step 3: what is promised -------------------------------------------------------------
  void throw_if_failed() const {
    if (error_ != 0) {
      throw std::system_error(error_, std::generic_category(),
                              "the journal failed before, and takes nothing more");
    }
  }

  // What was written is on the disk when this returns.
  void sync() {
    reserve_room();
    throw_if(::fdatasync(file_.number) != 0, "fdatasync");
  }

  // mutex_ is held. Returns once record `number` is durable, or throws.
  void wait_for(std::uint64_t number, std::unique_lock<std::mutex>& lock) {
    //> step 3(number, lock): write the group, or wait for the thread that does, until it is durable
    while (durable_ < number) {
      throw_if_failed();
      if (writing_) {
        changed_.wait(lock);
      } else {
        write_group(lock);
      }
    }
    //<
  }

  // mutex_ is held, and no thread writes. Lets go of it meanwhile.
  void write_group(std::unique_lock<std::mutex>& lock) {
    //> step 3(lock): take the group; write and sync it without the lock; then tell the others
    writing_ = true;
    const std::string records = std::exchange(group_, {});
    const std::uint64_t first = durable_ + 1;
    const std::uint64_t last = next_ - 1;
    lock.unlock();
    int error = 0;
    try {
      write_all(block_of(first, records));
      sync();
    } catch (const std::system_error& failed) {
      error = failed.code().value();
    } catch (const std::bad_alloc&) {
      error = ENOMEM;
    }
    lock.lock();
    writing_ = false;
    if (error == 0) {
      durable_ = last;
    } else {
      error_ = error;
    }
    changed_.notify_all();
    //<
  }

  // The name of a new file is in its folder, and on the disk once that is.
  static void sync_folder_of(const std::filesystem::path& file) {
    //> step 3(file): open the folder, and sync it
    const std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
    const Descriptor opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    throw_if(opened.number < 0, "open the folder");
    throw_if(::fsync(opened.number) != 0, "fsync of the folder");
    //<
  }

  // --- Given --------------------------------------------------------------------------------
  struct Descriptor {
    explicit Descriptor(int number_in) : number(number_in) {}
    ~Descriptor() {
      if (number >= 0) ::close(number);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    const int number;
  };

  static void throw_if(bool failed, const char* what) {
    if (failed) throw std::system_error(errno, std::generic_category(), what);
  }

  // Keeps the file longer than what was written, by zeros. A write into them changes no length,
  // and fdatasync has one thing less to put on the disk. Where that is refused, nothing is lost.
  void reserve_room() {
    const off_t end = ::lseek(file_.number, 0, SEEK_CUR);
    if (end + kRoom / 2 <= room_) return;
    if (::fallocate(file_.number, 0, end, kRoom) == 0) room_ = end + kRoom;
  }

  static std::string all_of(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }

  [[nodiscard]] std::string header_of(std::uint64_t first) const {
    std::string header(kMagic);
    put(header, kVersion);
    put(header, salt_);
    put(header, first);
    put(header, checksum(header));
    return header;
  }

  // Begins an empty journal: nothing that may be in the file was ever acknowledged.
  void make(std::uint64_t first) {
    std::random_device random;
    salt_ = std::uint64_t{random()} << 32 | random();
    next_ = first;
    throw_if(::ftruncate(file_.number, 0) != 0, "ftruncate");
    write_all(header_of(first));
  }

  // Takes salt and number from the header; false if no journal was ever made here.
  bool read_header(std::string_view file) {
    if (file.size() < kHeader) return false;
    if (get<std::uint32_t>(file, kHeader - 4) != checksum(file.substr(0, kHeader - 4))) {
      if (file.size() == kHeader) return false;  // a crash while it was made
      throw CorruptJournal("a corrupt header", 0);
    }
    if (file.substr(0, 8) != kMagic) throw CorruptJournal("not a journal", 0);
    if (get<std::uint32_t>(file, 8) != kVersion) {
      throw CorruptJournal("a journal of another version", 8);
    }
    salt_ = get<std::uint64_t>(file, 12);
    next_ = get<std::uint64_t>(file, 20);
    return true;
  }

  const Descriptor file_;
  std::uint64_t salt_ = 0;
  off_t room_ = 0;  // so long is the file; written by the thread that writes (I3)

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string group_;
  std::uint64_t next_ = 1;
  std::uint64_t durable_ = 0;
  [[maybe_unused]] bool writing_ = false;
  int error_ = 0;
};
