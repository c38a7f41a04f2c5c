// One thread makes something, others use it: they must see it whole, or not at all.
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <semaphore>

#include "classic.hpp"

namespace interleave::classics {
namespace {

// Message passing: the flag carries the data along only from release to acquire.
template <Form kForm>
void flag() {
  constexpr bool kRight = kForm == Form::kRight;
  int data = 0;
  std::atomic<bool> ready{false};
  together(
      [&] {
        data = 42;
        ready.store(true, kRight ? kRelease : kRelaxed);
      },
      [&] {
        if (ready.load(kRight ? kAcquire : kRelaxed)) check(data == 42);
      });
}

// The flag must come last, whatever its order.
template <Form kForm>
void flag_too_early() {
  int data = 0;
  std::atomic<bool> ready{false};
  together(
      [&] {
        if constexpr (kForm == Form::kBroken) ready.store(true);
        data = 42;
        if constexpr (kForm == Form::kRight) ready.store(true);
      },
      [&] {
        if (ready.load()) check(data == 42);
      });
}

// A plain bool orders nothing, and the compiler may read it once for all.
template <Form kForm>
void stop_flag() {
  std::conditional_t<kForm == Form::kRight, std::atomic<bool>, bool> stop{false};
  together([&] { stop = true; },
           [&] {
             for (int turn = 0; turn < 2 && !stop; ++turn) std::this_thread::yield();
           });
}

// Bacon et al. 2000, "The double-checked locking is broken declaration".
template <Form kForm>
class Lazy {
 public:
  struct Settings {
    int size = 42;
  };
  ~Lazy() { delete settings_.load(); }
  const Settings& get() {
    Settings* settings = settings_.load(kRight ? kAcquire : kRelaxed);
    if (settings != nullptr) return *settings;
    const std::lock_guard lock(mutex_);
    settings = settings_.load(kRelaxed);
    if (settings == nullptr) {
      settings = new Settings;
      settings_.store(settings, kRight ? kRelease : kRelaxed);
    }
    return *settings;
  }

 private:
  static constexpr bool kRight = kForm == Form::kRight;
  std::mutex mutex_;
  std::atomic<Settings*> settings_{nullptr};
};

template <Form kForm>
void double_checked() {
  Lazy<kForm> lazy;
  together([&] { check(lazy.get().size == 42); }, [&] { check(lazy.get().size == 42); });
}

// Boehm 2012, "Can seqlocks get along with programming language memory models?". The
// second look at the sequence must not come before the data.
enum class SeqMistake { kNone, kReaderWithoutFence, kWriterWithoutOdd };

template <SeqMistake kMistake>
class SeqLock {
 public:
  void write(int value) {
    const unsigned before = sequence_.load(kRelaxed);
    if constexpr (kMistake != SeqMistake::kWriterWithoutOdd) {
      sequence_.store(before + 1, kRelaxed);
      std::atomic_thread_fence(kRelease);
    }
    first_.store(value, kRelaxed);
    second_.store(value, kRelaxed);
    sequence_.store(before + 2, kRelease);
  }
  // False if a write came between.
  bool try_read(int& first, int& second) const {
    const unsigned before = sequence_.load(kAcquire);
    first = first_.load(kRelaxed);
    second = second_.load(kRelaxed);
    if constexpr (kMistake != SeqMistake::kReaderWithoutFence) {
      std::atomic_thread_fence(kAcquire);
    }
    return before % 2 == 0 && sequence_.load(kRelaxed) == before;
  }

 private:
  std::atomic<unsigned> sequence_{0};
  std::atomic<int> first_{0};
  std::atomic<int> second_{0};
};

template <SeqMistake kMistake>
void seqlock() {
  SeqLock<kMistake> pair;
  together([&] { pair.write(1); },
           [&] {
             int first = 0;
             int second = 0;
             if (pair.try_read(first, second)) check(first == second, "torn");
           });
}

// Who sleeps says so and looks for work; who brings work says so and looks for sleepers.
// Each store must come before the look, in an order both agree on: store buffering.
template <Form kForm>
void parking() {
  constexpr auto kStore = kForm == Form::kRight ? kSeqCst : kRelease;
  constexpr auto kLoad = kForm == Form::kRight ? kSeqCst : kAcquire;
  std::atomic<bool> sleeps{false};
  std::atomic<bool> work{false};
  std::binary_semaphore wake_up(0);
  together(
      [&] {
        sleeps.store(true, kStore);
        if (!work.load(kLoad)) wake_up.acquire();
      },
      [&] {
        work.store(true, kStore);
        if (sleeps.load(kLoad)) wake_up.release();
      });
}

// Two threads may use one shared object, but not one shared_ptr. It does not lie on a
// thread's own stack: Clang 14 announces no accesses to parts of local variables.
template <Form kForm>
void shared_pointer() {
  struct Configuration {
    std::shared_ptr<int> current = std::make_shared<int>(1);
    std::mutex mutex;
  };
  const auto configuration = std::make_unique<Configuration>();
  const auto with_lock = [&mutex = configuration->mutex](auto use) {
    if constexpr (kForm == Form::kRight) {
      const std::lock_guard lock(mutex);
      use();
    } else {
      use();
    }
  };
  together([&] { with_lock([&] { configuration->current.reset(); }); },
           [&] {
             std::shared_ptr<int> mine;
             with_lock([&] { mine = configuration->current; });
             check(mine == nullptr || *mine == 1);
           });
}

constexpr Classic kPublication[] = {
    {"message passing", "a relaxed flag", "data race", flag<Form::kBroken>,
     flag<Form::kRight>},
    {"flag before data", "the flag is set too early", "data race",
     flag_too_early<Form::kBroken>, flag_too_early<Form::kRight>},
    {"stop flag", "a plain bool", "data race", stop_flag<Form::kBroken>,
     stop_flag<Form::kRight>},
    {"double-checked locking", "a relaxed pointer", "data race",
     double_checked<Form::kBroken>, double_checked<Form::kRight>},
    {"seqlock, reader", "no fence before the second look", "check",
     seqlock<SeqMistake::kReaderWithoutFence>, seqlock<SeqMistake::kNone>},
    {"seqlock, writer", "never odd", "check", seqlock<SeqMistake::kWriterWithoutOdd>,
     seqlock<SeqMistake::kNone>},
    {"parking", "release and acquire for seq_cst", "deadlock", parking<Form::kBroken>,
     parking<Form::kRight>, true},
    {"shared_ptr", "copied while another resets it", "data race",
     shared_pointer<Form::kBroken>, shared_pointer<Form::kRight>},
};

}  // namespace

std::span<const Classic> publication() { return kPublication; }

}  // namespace interleave::classics
