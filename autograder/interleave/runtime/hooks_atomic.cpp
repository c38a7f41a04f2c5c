// What the compilers emit for atomic operations under -fsanitize=thread, for 1 to 16 bytes.
//
// In a body they go to the memory model; outside they are what the program asked for.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "interleave/runtime/program.hpp"

#define INTERLEAVE_HOOK extern "C" __attribute__((visibility("default")))

namespace interleave {
namespace {

__extension__ using Wide = unsigned __int128;

template <typename T>
Value packed(T number) {
  Value value;
  std::memcpy(static_cast<void*>(&value), &number, sizeof number);
  return value;
}

template <typename T>
T unpacked(Value value) {
  T number;
  std::memcpy(&number, &value, sizeof number);
  return number;
}

MemoryOrder order_of(int order) { return static_cast<MemoryOrder>(order & 7); }

ProgramCounter pc_of(void* return_address) {
  return reinterpret_cast<ProgramCounter>(return_address);
}

Address address_of(const volatile void* pointer) {
  return reinterpret_cast<Address>(pointer);
}

template <typename T>
Value exchanged(Value, Value operand) {
  return operand;
}
template <typename T>
Value added(Value old, Value operand) {
  return packed(static_cast<T>(unpacked<T>(old) + unpacked<T>(operand)));
}
template <typename T>
Value subtracted(Value old, Value operand) {
  return packed(static_cast<T>(unpacked<T>(old) - unpacked<T>(operand)));
}
template <typename T>
Value conjoined(Value old, Value operand) {
  return packed(static_cast<T>(unpacked<T>(old) & unpacked<T>(operand)));
}
template <typename T>
Value disjoined(Value old, Value operand) {
  return packed(static_cast<T>(unpacked<T>(old) | unpacked<T>(operand)));
}
template <typename T>
Value differed(Value old, Value operand) {
  return packed(static_cast<T>(unpacked<T>(old) ^ unpacked<T>(operand)));
}
template <typename T>
Value not_both(Value old, Value operand) {
  return packed(static_cast<T>(~(unpacked<T>(old) & unpacked<T>(operand))));
}

template <typename T>
T hooked_load(const volatile T* object, int order, void* caller) {
  Thread* self = body_thread();
  if (self == nullptr) {
    if constexpr (sizeof(T) == sizeof(Wide)) {
      return __sync_val_compare_and_swap(const_cast<T*>(object), T{0}, T{0});
    } else {
      return __atomic_load_n(object, __ATOMIC_SEQ_CST);
    }
  }
  const RuntimeScope scope(*self);
  return unpacked<T>(
      load(*self, address_of(object), sizeof(T), order_of(order), pc_of(caller)));
}

template <typename T>
T real_exchange(volatile T* object, T value) {
  T old = *object;
  for (;;) {
    const T found = __sync_val_compare_and_swap(object, old, value);
    if (found == old) return old;
    old = found;
  }
}

template <typename T>
void hooked_store(volatile T* object, T value, int order, void* caller) {
  Thread* self = body_thread();
  if (self == nullptr) {
    real_exchange(object, value);
    return;
  }
  const RuntimeScope scope(*self);
  store(*self, address_of(object), sizeof(T), order_of(order), packed(value),
        pc_of(caller));
}

template <typename T>
T hooked_update(volatile T* object, T operand, int order, Value (*change)(Value, Value),
                void* caller) {
  Thread* self = body_thread();
  if (self == nullptr) {
    T old = *object;
    for (;;) {
      const T wanted = unpacked<T>(change(packed(old), packed(operand)));
      const T found = __sync_val_compare_and_swap(object, old, wanted);
      if (found == old) return old;
      old = found;
    }
  }
  const RuntimeScope scope(*self);
  return unpacked<T>(update(*self, address_of(object), sizeof(T), order_of(order), change,
                            packed(operand), pc_of(caller)));
}

template <typename T>
bool hooked_compare(volatile T* object, T* expected, T desired, int success, int failure,
                    bool weak, void* caller) {
  Thread* self = body_thread();
  if (self == nullptr) {
    const T found = __sync_val_compare_and_swap(object, *expected, desired);
    const bool succeeded = found == *expected;
    *expected = found;
    return succeeded;
  }
  const RuntimeScope scope(*self);
  const CompareResult result = compare_exchange(
      *self, address_of(object), sizeof(T), order_of(success), order_of(failure),
      packed(*expected), packed(desired), weak, pc_of(caller));
  if (!result.succeeded) *expected = unpacked<T>(result.found);
  return result.succeeded;
}

void hooked_fence(int order, void* caller) {
  Thread* self = body_thread();
  if (self == nullptr) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return;
  }
  const RuntimeScope scope(*self);
  fence(*self, order_of(order), pc_of(caller));
}

}  // namespace
}  // namespace interleave

#define CALLER __builtin_return_address(0)

#define INTERLEAVE_ATOMICS(BITS, T)                                                    \
  INTERLEAVE_HOOK T __tsan_atomic##BITS##_load(const volatile T* object, int order) {  \
    return interleave::hooked_load<T>(object, order, CALLER);                          \
  }                                                                                    \
  INTERLEAVE_HOOK void __tsan_atomic##BITS##_store(volatile T* object, T value,        \
                                                   int order) {                        \
    interleave::hooked_store<T>(object, value, order, CALLER);                         \
  }                                                                                    \
  INTERLEAVE_UPDATE(BITS, T, exchange, exchanged)                                      \
  INTERLEAVE_UPDATE(BITS, T, fetch_add, added)                                         \
  INTERLEAVE_UPDATE(BITS, T, fetch_sub, subtracted)                                    \
  INTERLEAVE_UPDATE(BITS, T, fetch_and, conjoined)                                     \
  INTERLEAVE_UPDATE(BITS, T, fetch_or, disjoined)                                      \
  INTERLEAVE_UPDATE(BITS, T, fetch_xor, differed)                                      \
  INTERLEAVE_UPDATE(BITS, T, fetch_nand, not_both)                                     \
  INTERLEAVE_HOOK bool __tsan_atomic##BITS##_compare_exchange_strong(                  \
      volatile T* object, T* expected, T desired, int success, int failure) {          \
    return interleave::hooked_compare<T>(object, expected, desired, success, failure,  \
                                         false, CALLER);                               \
  }                                                                                    \
  INTERLEAVE_HOOK bool __tsan_atomic##BITS##_compare_exchange_weak(                    \
      volatile T* object, T* expected, T desired, int success, int failure) {          \
    return interleave::hooked_compare<T>(object, expected, desired, success, failure,  \
                                         true, CALLER);                                \
  }                                                                                    \
  /* Clang's only form; it does not say whether the program asked for the weak one. */ \
  INTERLEAVE_HOOK T __tsan_atomic##BITS##_compare_exchange_val(                        \
      volatile T* object, T expected, T desired, int success, int failure) {           \
    interleave::hooked_compare<T>(object, &expected, desired, success, failure, false, \
                                  CALLER);                                             \
    return expected;                                                                   \
  }

#define INTERLEAVE_UPDATE(BITS, T, NAME, CHANGE)                                       \
  INTERLEAVE_HOOK T __tsan_atomic##BITS##_##NAME(volatile T* object, T operand,        \
                                                 int order) {                          \
    return interleave::hooked_update<T>(object, operand, order, interleave::CHANGE<T>, \
                                        CALLER);                                       \
  }

INTERLEAVE_ATOMICS(8, std::uint8_t)
INTERLEAVE_ATOMICS(16, std::uint16_t)
INTERLEAVE_ATOMICS(32, std::uint32_t)
INTERLEAVE_ATOMICS(64, std::uint64_t)
INTERLEAVE_ATOMICS(128, interleave::Wide)

INTERLEAVE_HOOK void __tsan_atomic_thread_fence(int order) {
  interleave::hooked_fence(order, CALLER);
}

// A fence between a thread and its own signal handlers: nothing here runs in between.
INTERLEAVE_HOOK void __tsan_atomic_signal_fence(int) {}

// Clang sends 16-byte atomics to libatomic, where it may not use the instruction.
INTERLEAVE_HOOK interleave::Wide interleave_atomic_load_16(
    const volatile interleave::Wide* object, int order) asm("__atomic_load_16");
interleave::Wide interleave_atomic_load_16(const volatile interleave::Wide* object,
                                           int order) {
  return interleave::hooked_load(object, order, CALLER);
}
INTERLEAVE_HOOK void interleave_atomic_store_16(volatile interleave::Wide* object,
                                                interleave::Wide value,
                                                int order) asm("__atomic_store_16");
void interleave_atomic_store_16(volatile interleave::Wide* object, interleave::Wide value,
                                int order) {
  interleave::hooked_store(object, value, order, CALLER);
}
#define INTERLEAVE_UPDATE_16(NAME, CHANGE)                                              \
  INTERLEAVE_HOOK interleave::Wide interleave_atomic_##NAME##_16(                       \
      volatile interleave::Wide* object, interleave::Wide operand,                      \
      int order) asm("__atomic_" #NAME "_16");                                          \
  interleave::Wide interleave_atomic_##NAME##_16(volatile interleave::Wide* object,     \
                                                 interleave::Wide operand, int order) { \
    return interleave::hooked_update(object, operand, order,                            \
                                     interleave::CHANGE<interleave::Wide>, CALLER);     \
  }

INTERLEAVE_UPDATE_16(exchange, exchanged)
INTERLEAVE_UPDATE_16(fetch_add, added)
INTERLEAVE_UPDATE_16(fetch_sub, subtracted)
INTERLEAVE_UPDATE_16(fetch_and, conjoined)
INTERLEAVE_UPDATE_16(fetch_or, disjoined)
INTERLEAVE_UPDATE_16(fetch_xor, differed)
INTERLEAVE_UPDATE_16(fetch_nand, not_both)

INTERLEAVE_HOOK bool interleave_atomic_compare_exchange_16(
    volatile interleave::Wide* object, interleave::Wide* expected,
    interleave::Wide desired, int success,
    int failure) asm("__atomic_compare_exchange_16");
bool interleave_atomic_compare_exchange_16(volatile interleave::Wide* object,
                                           interleave::Wide* expected,
                                           interleave::Wide desired, int success,
                                           int failure) {
  return interleave::hooked_compare(object, expected, desired, success, failure, false,
                                    CALLER);
}

// Clang's form for what it does not know to be lock-free: the size comes first.
namespace interleave {
namespace {

[[noreturn]] void stop_at_size(std::size_t size, void* caller) {
  if (Thread* self = body_thread()) {
    const RuntimeScope scope(*self);
    engine().unsupported(
        *self, pc_of(caller),
        "an atomic of " + std::to_string(size) + " bytes, which needs a lock");
  }
  std::fprintf(stderr,
               "interleave: atomics of %zu bytes need a lock and are not supported\n",
               size);
  std::_Exit(3);
}

template <typename Do>
auto by_size(std::size_t size, void* caller, Do then) {
  switch (size) {
    case 1:
      return then(std::uint8_t{});
    case 2:
      return then(std::uint16_t{});
    case 4:
      return then(std::uint32_t{});
    case 8:
      return then(std::uint64_t{});
    case 16:
      return then(Wide{});
    default:
      stop_at_size(size, caller);
  }
}

}  // namespace
}  // namespace interleave

// Only the atomic itself is sure to be aligned.
INTERLEAVE_HOOK void interleave_atomic_load(std::size_t size, void* object, void* result,
                                            int order) asm("__atomic_load");
void interleave_atomic_load(std::size_t size, void* object, void* result, int order) {
  void* const caller = CALLER;
  interleave::by_size(size, caller, [&]<typename T>(T value) {
    value = interleave::hooked_load(static_cast<T*>(object), order, caller);
    std::memcpy(result, &value, sizeof value);
  });
}
INTERLEAVE_HOOK void interleave_atomic_store(std::size_t size, void* object, void* wanted,
                                             int order) asm("__atomic_store");
void interleave_atomic_store(std::size_t size, void* object, void* wanted, int order) {
  void* const caller = CALLER;
  interleave::by_size(size, caller, [&]<typename T>(T value) {
    std::memcpy(&value, wanted, sizeof value);
    interleave::hooked_store(static_cast<T*>(object), value, order, caller);
  });
}
INTERLEAVE_HOOK void interleave_atomic_exchange(std::size_t size, void* object,
                                                void* wanted, void* result,
                                                int order) asm("__atomic_exchange");
void interleave_atomic_exchange(std::size_t size, void* object, void* wanted,
                                void* result, int order) {
  void* const caller = CALLER;
  interleave::by_size(size, caller, [&]<typename T>(T value) {
    std::memcpy(&value, wanted, sizeof value);
    value = interleave::hooked_update(static_cast<T*>(object), value, order,
                                      interleave::exchanged<T>, caller);
    std::memcpy(result, &value, sizeof value);
  });
}
INTERLEAVE_HOOK bool interleave_atomic_compare_exchange(
    std::size_t size, void* object, void* expected, void* wanted, int success,
    int failure) asm("__atomic_compare_exchange");
bool interleave_atomic_compare_exchange(std::size_t size, void* object, void* expected,
                                        void* wanted, int success, int failure) {
  void* const caller = CALLER;
  return interleave::by_size(size, caller, [&]<typename T>(T value) {
    T found{};
    std::memcpy(&value, wanted, sizeof value);
    std::memcpy(&found, expected, sizeof found);
    const bool succeeded = interleave::hooked_compare(
        static_cast<T*>(object), &found, value, success, failure, false, caller);
    std::memcpy(expected, &found, sizeof found);
    return succeeded;
  });
}

#undef CALLER
