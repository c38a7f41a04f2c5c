#include "interleave/report/naming.hpp"

#include <algorithm>
#include <string_view>

namespace interleave {
namespace {

// What an object is called if nothing else is known; nullptr if the operation's object is
// no object of the program (a thread).
const char* sort_of(OperationKind kind) {
  if (is_lock(kind)) return "mutex";
  if (is_atomic(kind)) return "atomic";
  switch (kind) {
    case OperationKind::kPlainRead:
    case OperationKind::kPlainWrite:
      return "variable";
    case OperationKind::kConditionWait:
    case OperationKind::kConditionWake:
    case OperationKind::kNotifyOne:
    case OperationKind::kNotifyAll:
      return "condition";
    case OperationKind::kFutexWait:
    case OperationKind::kFutexWake:
      return "word";
    case OperationKind::kSemaphoreWait:
    case OperationKind::kSemaphorePost:
      return "semaphore";
    case OperationKind::kBarrierWait:
      return "barrier";
    case OperationKind::kOnceEnter:
    case OperationKind::kOnceDone:
      return "once flag";
    case OperationKind::kDestroy:
      return "object";
    default:
      return nullptr;
  }
}

bool is_writing_end(Address object) { return (object & kWritingEnd) != 0; }

std::string descriptor_name(Address object) {
  static constexpr const char* kNames[] = {"pipe ", "socket ", "eventfd ", "timerfd ",
                                           "epoll "};
  return kNames[object / kDescriptorObjects - 1] +
         std::to_string(object % kWritingEnd + 1);
}

// "latch" of "std::latch::wait", "" of "sleep_for"; "wait" and "sleep_for".
std::string class_of(const std::string& function) {
  const std::size_t end = function.rfind("::");
  if (end == std::string::npos) return {};
  const std::size_t begin = function.rfind("::", end - 1);
  return begin == std::string::npos ? function.substr(0, end)
                                    : function.substr(begin + 2, end - begin - 2);
}

std::string member_of(const std::string& function) {
  const std::size_t end = function.rfind("::");
  return end == std::string::npos ? function : function.substr(end + 2);
}

// Classes whose members are the one operation that a picture shows by itself.
bool is_one_operation(const std::string& class_name) {
  static constexpr std::string_view kClasses[] = {"",
                                                  "std",
                                                  "this_thread",
                                                  "atomic",
                                                  "__atomic_base",
                                                  "atomic_ref",
                                                  "__atomic_ref",
                                                  "__atomic_float",
                                                  "atomic_flag",
                                                  "mutex",
                                                  "recursive_mutex",
                                                  "timed_mutex",
                                                  "recursive_timed_mutex",
                                                  "shared_mutex",
                                                  "shared_timed_mutex",
                                                  "__shared_mutex_pthread",
                                                  "lock_guard",
                                                  "unique_lock",
                                                  "scoped_lock",
                                                  "shared_lock",
                                                  "condition_variable",
                                                  "thread",
                                                  "jthread"};
  return std::find(std::begin(kClasses), std::end(kClasses), class_name) !=
         std::end(kClasses);
}

}  // namespace

bool Origin::inside_library() const {
  if (of_lesson) return true;
  const std::string member = member_of(through);
  // Waiting on an atomic is many steps of the library's; so is everything behind call_once.
  if (member == "call_once" || member == "async") return true;
  if (class_of(through).find("atomic") != std::string::npos &&
      (member == "wait" || member.starts_with("notify_"))) {
    return true;
  }
  return !is_one_operation(class_of(through));
}

Naming::Naming(const Trace& trace, Symbols& symbols, SourceText& source,
               const std::vector<std::uint32_t>& spoken_of)
    : trace_(trace), symbols_(symbols), source_(source) {
  name_objects(spoken_of);
  number_duplicates();
}

std::string Naming::thread(ThreadId id) const {
  if (id < trace_.threads.size() && !trace_.threads[id].name.empty()) {
    return trace_.threads[id].name;
  }
  return id == 0 ? "leader" : "worker " + std::to_string(id);
}

std::string Naming::object(Address address) const {
  if (is_descriptor_object(address)) return descriptor_name(address);
  const auto found = names_.find(address);
  return found == names_.end() ? "an object" : found->second;
}

std::string Naming::descriptor(Address object) {
  const std::string name = descriptor_name(object);
  if (object >= kDescriptorObjects * 2) return name;
  return (is_writing_end(object) ? "the writing end of " : "the reading end of ") + name;
}

Origin Naming::origin(const std::vector<ProgramCounter>& stack) const {
  Origin in_lesson;  // where the program is a lesson's own
  std::string through;
  for (const ProgramCounter pc : stack) {
    for (const Frame& frame : symbols_.frames(pc)) {
      const bool inside_lesson = !in_lesson.place.file.empty();
      if (!frame.foreign() && !frame.of_lesson()) return {frame, through, inside_lesson};
      if (!frame.foreign() && !inside_lesson) in_lesson = {frame, through};
      through = frame.function;
    }
  }
  return in_lesson;
}

Frame Naming::place(const std::vector<ProgramCounter>& stack) const {
  return origin(stack).place;
}

std::string Naming::call(const Origin& origin) const {
  const std::string member = member_of(origin.through);
  const std::string receiver = receiver_of_call(text(origin.place), member);
  return receiver.empty() ? origin.through : receiver + "." + member;
}

std::string Naming::location(const Frame& frame) {
  if (frame.file.empty()) return {};
  return file_name(frame.file) + ":" + std::to_string(frame.line);
}

std::string Naming::text(const Frame& frame) const {
  return source_.line(frame.file, frame.line);
}

bool Naming::looks_once(const Frame& wait) const {
  constexpr std::uint32_t lines_above = 5;
  const std::string line = text(wait);
  const std::size_t call = line.find("wait");
  if (call == line.npos || line.find(',', call) != line.npos)
    return false;  // a condition
  bool conditional = false;
  Frame above = wait;
  for (std::uint32_t up = 0; up <= lines_above && above.line > 0; ++up, --above.line) {
    const std::string there = text(above);
    const auto says = [&](const char* word) { return there.find(word) != there.npos; };
    if (says("while (") || says("for (")) return false;
    conditional = conditional || (up <= 1 && says("if ("));
  }
  return conditional;
}

Frame Naming::entered(const Step& call) const {
  return symbols_.function_at(call.operation.pc).value_or(Frame{});
}

std::string Naming::name_from_source(const Step& step, const Origin& origin) const {
  if (origin.inside_library()) {
    const std::string receiver =
        receiver_of_call(text(origin.place), member_of(origin.through));
    return receiver.empty() ? class_of(origin.through) : receiver;
  }
  if (auto variable = symbols_.variable_at(step.operation.object)) return *variable;
  return object_in(text(origin.place), step.operation.kind);
}

void Naming::name_objects(const std::vector<std::uint32_t>& spoken_of) {
  std::map<Address, const char*> nameless;
  for (const Step& step : trace_.steps) {
    const char* sort = sort_of(step.operation.kind);
    if (sort == nullptr || step.operation.object == 0) continue;
    const bool plain = step.operation.kind == OperationKind::kPlainRead ||
                       step.operation.kind == OperationKind::kPlainWrite;
    if (plain && !std::binary_search(spoken_of.begin(), spoken_of.end(), step.number)) {
      continue;
    }
    const Address object = step.operation.object;
    if (names_.contains(object)) continue;
    const Origin from = origin(step.stack);
    const std::string name = name_from_source(step, from);
    if (name.empty()) {
      nameless.try_emplace(object, sort);
      continue;
    }
    names_[object] = name;
    if (!from.inside_library()) in_order_.push_back(object);
    nameless.erase(object);
  }
  std::map<std::string, int> counts;
  for (const Step& step : trace_.steps) {
    const auto found = nameless.find(step.operation.object);
    if (found == nameless.end()) continue;
    const std::string sort = found->second;
    names_[found->first] = sort + " " + std::to_string(++counts[sort]);
    nameless.erase(found);
  }
}

void Naming::number_duplicates() {
  std::map<std::string, int> uses;
  for (const Address address : in_order_) ++uses[names_[address]];
  std::map<std::string, int> given;
  for (const Address address : in_order_) {
    std::string& name = names_[address];
    if (uses[name] < 2) continue;
    const int number = ++given[name];
    name += " #" + std::to_string(number);
  }
}

}  // namespace interleave
