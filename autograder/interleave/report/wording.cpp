#include "interleave/report/wording.hpp"

#include <cstdio>

#include "interleave/trace/counted.hpp"

namespace interleave {
namespace {

using Kind = OperationKind;

std::string order_note(const Step& step) {
  if (step.operation.order == MemoryOrder::kSeqCst) return {};
  return " (" + std::string(name_of(step.operation.order)) + ")";
}

// What a thread was about to do when no thread could run: it has read and written no value yet.
std::string pending_in_words(const Step& step, const std::string& object) {
  switch (step.operation.kind) {
    case Kind::kAtomicLoad:
      return "load " + object + order_note(step);
    case Kind::kAtomicStore:
      return "store " + object + order_note(step);
    case Kind::kAtomicUpdate:
      return "update " + object + order_note(step);
    default:
      return "compare-exchange " + object + order_note(step);
  }
}

std::string atomic_in_words(const Step& step, const std::string& object) {
  if (!step.reads && !step.writes) return pending_in_words(step, object);
  switch (step.operation.kind) {
    case Kind::kAtomicLoad:
      return "load " + object + order_note(step) + " = " +
             in_words(step.value_read, step.operation.size);
    case Kind::kAtomicStore:
      return "store " + object + order_note(step) + " = " +
             in_words(step.value_written, step.operation.size);
    case Kind::kAtomicUpdate:
      return "update " + object + order_note(step) + ": " +
             in_words(step.value_read, step.operation.size) + " -> " +
             in_words(step.value_written, step.operation.size);
    default:
      if (!step.succeeded) {
        return "compare-exchange " + object + " fails: it holds " +
               in_words(step.value_read, step.operation.size);
      }
      return "compare-exchange " + object + order_note(step) + ": " +
             in_words(step.value_read, step.operation.size) + " -> " +
             in_words(step.value_written, step.operation.size);
  }
}

std::string notify_in_words(const Step& step, const std::string& object) {
  const std::string call =
      step.operation.kind == Kind::kNotifyOne ? "notify_one " : "notify_all ";
  if (step.amount == 0) return call + object + ": wakes no thread";
  return call + object + ": wakes " + std::to_string(step.amount);
}

std::string wake_in_words(const Step& step, const Naming& naming) {
  const std::string object = naming.object(step.operation.object);
  if (!step.succeeded) return "stops waiting on " + object + ": time is up";
  if (step.woken_by == kNoStep) return "wakes on " + object + " for no reason";
  return "wakes on " + object;
}

std::string lock_in_words(const Step& step, const std::string& object) {
  switch (step.operation.kind) {
    case Kind::kLock:
      return "lock " + object;
    case Kind::kTryLock:
      return "try_lock " + object + (step.succeeded ? "" : ": fails");
    case Kind::kUnlock:
      return "unlock " + object;
    case Kind::kLockShared:
      return "lock_shared " + object;
    case Kind::kTryLockShared:
      return "try_lock_shared " + object + (step.succeeded ? "" : ": fails");
    default:
      return "unlock_shared " + object;
  }
}

std::string thread_in_words(const Step& step, const Naming& naming) {
  const std::string other = naming.thread(static_cast<ThreadId>(step.operation.object));
  switch (step.operation.kind) {
    case Kind::kThreadStart:
      return "begins";
    case Kind::kThreadCreate:
      return "start " + other;
    case Kind::kThreadJoin:
      return "join " + other;
    case Kind::kThreadDetach:
      return "detach " + other;
    default:
      return "ends";
  }
}

std::string bytes(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " byte" : " bytes");
}

std::string read_in_words(const Step& step, const std::string& object) {
  if (step.blocked) return "read from " + object;
  if (!step.succeeded) return "read from " + object + ": fails";
  if (step.amount == 0) return "read from " + object + ": it has ended";
  return "read " + bytes(step.amount) + " from " + object;
}

std::string write_in_words(const Step& step, const std::string& object) {
  if (step.blocked) return "write to " + object;
  if (!step.succeeded) return "write to " + object + ": fails";
  if (step.amount == step.asked) return "write " + bytes(step.amount) + " to " + object;
  return "write " + std::to_string(step.amount) + " of " + bytes(step.asked) + " to " +
         object;
}

std::string count_in_words(const Step& step) {
  if (step.blocked) return "";
  return step.amount == 0 ? ": nothing is ready"
                          : ": " + std::to_string(step.amount) + " ready";
}

std::string descriptor_in_words(const Step& step, const std::string& object) {
  const std::string fails = step.succeeded ? "" : ": fails";
  switch (step.operation.kind) {
    case Kind::kOpen:
      return "open " + object;
    case Kind::kClose:
      return "close " + Naming::descriptor(step.operation.object);
    case Kind::kRead:
      return read_in_words(step, object);
    case Kind::kWrite:
      return write_in_words(step, object);
    case Kind::kConnect:
      return "connect " + object + fails;
    case Kind::kAccept:
      return "accept on " + object + fails;
    case Kind::kShutdown:
      return "shut down " + object;
    case Kind::kPoll:
      return (step.operation.object == 0 ? "poll" : "poll " + object) +
             count_in_words(step);
    case Kind::kEpollWait:
      return "wait on " + object + count_in_words(step);
    default:
      return "set up " + object;
  }
}

std::string duration(std::uint64_t nanoseconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g ms", static_cast<double>(nanoseconds) / 1e6);
  return text;
}

}  // namespace

std::string_view name_of(MemoryOrder order) {
  switch (order) {
    case MemoryOrder::kRelaxed:
      return "relaxed";
    case MemoryOrder::kConsume:
      return "consume";
    case MemoryOrder::kAcquire:
      return "acquire";
    case MemoryOrder::kRelease:
      return "release";
    case MemoryOrder::kAcqRel:
      return "acq_rel";
    case MemoryOrder::kSeqCst:
      return "seq_cst";
  }
  return "unknown order";
}

std::string value_read_in_words(const Step& step) {
  return order_note(step) + " = " + in_words(step.value_read, step.operation.size);
}

std::string in_words(const Value& value, std::uint8_t size) {
  constexpr std::uint64_t kSmallNegativeOfFour = 0xfff0'0000;
  if (size == 4 && value.low >= kSmallNegativeOfFour) {
    return std::to_string(static_cast<std::int32_t>(value.low));
  }
  constexpr std::uint64_t kSmallNegative = ~std::uint64_t{0xfffff};
  constexpr std::uint64_t kLargestNumber = 1'000'000'000;
  char text[48];
  if (value.high != 0) {
    std::snprintf(text, sizeof text, "{0x%llx, 0x%llx}",
                  static_cast<unsigned long long>(value.low),
                  static_cast<unsigned long long>(value.high));
  } else if (value.low >= kSmallNegative) {
    std::snprintf(text, sizeof text, "%lld", static_cast<long long>(value.low));
  } else if (value.low > kLargestNumber) {
    std::snprintf(text, sizeof text, "0x%llx",
                  static_cast<unsigned long long>(value.low));
  } else {
    std::snprintf(text, sizeof text, "%llu", static_cast<unsigned long long>(value.low));
  }
  return text;
}

std::string in_words(const Step& step, const Naming& naming) {
  const Operation& operation = step.operation;
  const std::string object = naming.object(operation.object);
  if (is_atomic(operation.kind)) return atomic_in_words(step, object);
  if (is_lock(operation.kind)) return lock_in_words(step, object);
  if (is_on_descriptor(operation.kind)) return descriptor_in_words(step, object);
  switch (operation.kind) {
    case Kind::kThreadStart:
    case Kind::kThreadCreate:
    case Kind::kThreadJoin:
    case Kind::kThreadDetach:
    case Kind::kThreadExit:
      return thread_in_words(step, naming);
    case Kind::kYield:
      return "yield";
    case Kind::kSleep:
      return "sleep " + duration(step.amount);
    case Kind::kPlainRead:
      return "read " + object;
    case Kind::kPlainWrite:
      return "write " + object;
    case Kind::kFence:
      return "fence" + order_note(step);
    case Kind::kConditionWait:
      return "wait on " + object + ", unlock " + naming.object(operation.second_object);
    case Kind::kConditionWake:
      return wake_in_words(step, naming);
    case Kind::kNotifyOne:
    case Kind::kNotifyAll:
      return notify_in_words(step, object);
    case Kind::kFutexWait:
      return "wait for a change of " + object;
    case Kind::kFutexWake:
      return "wake the waiters of " + object;
    case Kind::kSemaphoreWait:
      return "acquire " + object;
    case Kind::kSemaphorePost:
      return "release " + object;
    case Kind::kBarrierWait:
      return "arrive at " + object;
    case Kind::kTimeOut:
      return "time is up";
    case Kind::kOnceEnter:
      return "enter " + object;
    case Kind::kOnceDone:
      return object + " is done";
    case Kind::kAllocate:
      return "allocate " + counted(step.amount, "byte");
    case Kind::kRelease:
      return "free " + counted(step.amount, "byte");
    case Kind::kClockRead:
      return "read the clock";
    case Kind::kCall:
      return naming.entered(step).function;
    case Kind::kCheck:
      return "check";
    case Kind::kDestroy:
      return "destroy " + object;
    case Kind::kUse:
      return "use " + Naming::descriptor(operation.object);
    default:
      return "step";
  }
}

}  // namespace interleave
