#include "interleave/report/naming.hpp"

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

}  // namespace

Naming::Naming(const Trace& trace, Symbols& symbols, SourceText& source)
    : trace_(trace), symbols_(symbols), source_(source) {
  name_objects();
  number_duplicates();
}

std::string Naming::thread(ThreadId id) const {
  if (id < trace_.threads.size() && !trace_.threads[id].name.empty()) {
    return trace_.threads[id].name;
  }
  return id == 0 ? "leader" : "worker " + std::to_string(id);
}

std::string Naming::object(Address address) const {
  const auto found = names_.find(address);
  return found == names_.end() ? "an object" : found->second;
}

Frame Naming::place(const std::vector<ProgramCounter>& stack) const {
  for (const ProgramCounter pc : stack) {
    for (const Frame& frame : symbols_.frames(pc)) {
      if (!frame.foreign()) return frame;
    }
  }
  return {};
}

std::string Naming::location(const Frame& frame) {
  if (frame.file.empty()) return {};
  return file_name(frame.file) + ":" + std::to_string(frame.line);
}

std::string Naming::text(const Frame& frame) const {
  return source_.line(frame.file, frame.line);
}

Frame Naming::entered(const Step& call) const {
  return symbols_.function_at(call.operation.pc).value_or(Frame{});
}

std::string Naming::name_from_source(const Step& step) const {
  if (auto variable = symbols_.variable_at(step.operation.object)) return *variable;
  return object_in(text(place(step.stack)), step.operation.kind);
}

void Naming::name_objects() {
  std::map<Address, const char*> nameless;
  for (const Step& step : trace_.steps) {
    const char* sort = sort_of(step.operation.kind);
    if (sort == nullptr || step.operation.object == 0) continue;
    const Address object = step.operation.object;
    if (names_.contains(object)) continue;
    const std::string name = name_from_source(step);
    if (!name.empty()) {
      names_[object] = name;
      in_order_.push_back(object);
      nameless.erase(object);
    } else {
      nameless.try_emplace(object, sort);
    }
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
