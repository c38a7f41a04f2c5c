#include "interleave/report/naming.hpp"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <string_view>

#include "interleave/report/mistake.hpp"

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

bool says_any(const std::string& line, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return line.find(word) != line.npos; });
}

// How many more blocks a line opens than it closes.
int blocks_opened(const std::string& line) {
  return static_cast<int>(std::count(line.begin(), line.end(), '{') -
                          std::count(line.begin(), line.end(), '}'));
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

bool is_container(const std::string& class_name) {
  static constexpr std::string_view kClasses[] = {"vector", "deque", "list", "array",
                                                  "optional"};
  return std::find(std::begin(kClasses), std::end(kClasses), class_name) !=
         std::end(kClasses);
}

constexpr std::string_view kIndex = "operator[]";

// "account" of "accounts_"; empty if the word is no plural.
std::string singular_of(std::string word) {
  while (word.ends_with('_')) word.pop_back();
  if (!word.ends_with('s')) return {};
  word.pop_back();
  return word;
}

// "bank account" of "BankAccount"; of a template or of what has no name: `otherwise`.
std::string in_words(const std::string& type, const std::string& otherwise) {
  if (type.empty() || type.find('<') != type.npos) return otherwise;
  std::string words;
  for (const char c : type) {
    const bool begins_a_word = std::isupper(static_cast<unsigned char>(c)) != 0;
    if (begins_a_word && !words.empty()) words += ' ';
    words += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return words;
}

// Which of a call's locks each step on a lock is about: a call that takes several takes them in
// the order of its arguments.
class LocksOfCalls {
 public:
  std::size_t index_of(const Step& step, const Frame& place) {
    Call& call = calls_[step.operation.thread];
    if (call.place.line != place.line || call.place.file != place.file)
      call = {place, {}};
    const auto known =
        std::find(call.locks.begin(), call.locks.end(), step.operation.object);
    const auto index = static_cast<std::size_t>(known - call.locks.begin());
    if (known == call.locks.end()) call.locks.push_back(step.operation.object);
    return index;
  }

 private:
  struct Call {
    Frame place;
    std::vector<Address> locks;
  };
  std::map<ThreadId, Call> calls_;
};

}  // namespace

bool Origin::hides(OperationKind kind) const {
  if (kind == OperationKind::kThreadCreate || kind == OperationKind::kThreadJoin) {
    return through.find("async") != std::string::npos;
  }
  const bool is_index = member_of(through) == kIndex;
  const bool of_container =
      is_container(class_of(through)) && (is_lock(kind) || is_index);
  return of_lesson || (!of_container && inside_library());
}

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

std::vector<Frame> Naming::own_frames(const std::vector<ProgramCounter>& stack) const {
  std::vector<Frame> own;
  for (const ProgramCounter pc : stack) {
    for (const Frame& frame : symbols_.frames(pc)) {
      if (!frame.foreign()) own.push_back(frame);
    }
  }
  return own;
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

std::string Naming::sentence_of_check(const Frame& check) const {
  constexpr std::uint32_t most_lines = 4;
  std::string statement;
  Frame at = check;
  for (; at.line < check.line + most_lines && !statement.ends_with(';'); ++at.line)
    statement += text(at);
  const std::size_t call = statement.find("check(");
  const std::size_t begin = statement.find('"', call == statement.npos ? call : call + 6);
  if (call == statement.npos || begin == statement.npos) return {};
  const std::size_t end = statement.find('"', begin + 1);
  const bool whole = end != statement.npos && statement.compare(end, 3, "\");") == 0;
  return whole ? statement.substr(begin + 1, end - begin - 1) : std::string();
}

bool Naming::looks_once(const Frame& wait) const {
  constexpr int lines_above = 40;
  const std::string line = text(wait);
  const std::size_t call = line.find("wait");
  if (call == line.npos || line.find(',', call) != line.npos)
    return false;  // a condition
  if (says_any(line, {"while (", "for ("})) return false;
  bool conditional = says_any(line, {"if ("});
  Frame above = wait;
  for (int up = 1, open = 0; up <= lines_above && above.line > 1; ++up) {
    --above.line;
    const std::string there = text(above);
    open += blocks_opened(there);
    const bool without_braces = up == 1 && there.ends_with(')');
    if (open <= 0 && !without_braces) continue;
    open = 0;
    if (says_any(there, {"while (", "for (", "do {"})) return false;
    if (says_any(there, {"if ("})) {
      conditional = true;
    } else if (there != "{" && there != "try {") {
      break;  // the function, or a lambda
    }
  }
  return conditional;
}

Frame Naming::entered(const Step& call) const {
  return symbols_.function_at(call.operation.pc).value_or(Frame{});
}

std::string Naming::name_from_source(const Step& step, const Origin& origin,
                                     std::size_t lock) const {
  if (origin.hides(step.operation.kind)) {
    const std::string receiver =
        receiver_of_call(text(origin.place), member_of(origin.through));
    return receiver.empty() ? class_of(origin.through) : receiver;
  }
  if (auto variable = symbols_.variable_at(step.operation.object)) return *variable;
  return name_of_element(step, name_in_line(step, origin, lock));
}

std::string Naming::name_in_line(const Step& step, const Origin& origin,
                                 std::size_t lock) const {
  const std::string line = text(origin.place);
  const std::string member = member_of(origin.through);
  PlaceInLine place;
  place.lock = lock;
  const std::size_t indent = source_.indent(origin.place.file, origin.place.line);
  if (origin.place.column > indent) place.column = origin.place.column - 1 - indent;
  if (!is_container(class_of(origin.through)))
    return object_in(line, step.operation.kind, place);
  return member == kIndex ? indexed_in(line, place.column)
                          : argument_of_call(line, member);
}

// Of "first.mutex", an Account's, and of "accounts_[from].mutex": "account 0's mutex"; of
// "flags[i]": "flags[0]".
std::string Naming::name_of_element(const Step& step, const std::string& name) const {
  const std::size_t end = std::min(name.find_first_of(".[-"), name.size());
  const std::string owner = name.substr(0, end);
  std::string member = name.substr(end);
  const bool indexed = member.starts_with('[');
  if (indexed) member.erase(0, std::min(member.find(']'), member.size() - 1) + 1);
  const bool is_more = member.find_first_of("[(") != member.npos;
  if (is_more || (!indexed && member.empty())) return name;
  const std::optional<PlaceInVector> place = place_in_vector(step, owner);
  if (!place) return name;
  const std::string number = std::to_string(place->index);
  if (member.empty()) return owner + "[" + number + "]";
  const std::string one = indexed ? singular_of(owner) : in_words(place->type, owner);
  if (one.empty()) return owner + "[" + number + "]" + member;
  return one + " " + number + "'s " + member.substr(member.starts_with("->") ? 2 : 1);
}

// Where it lies in a vector's memory, if `owner` is that vector or one of its elements.
std::optional<Naming::PlaceInVector> Naming::place_in_vector(
    const Step& step, const std::string& owner) const {
  const Address object = step.operation.object;
  for (const Block& block : trace_.blocks) {
    if (object - block.begin >= block.size) continue;
    const Step* const allocation = step_at(trace_, block.allocated);
    if (allocation == nullptr || class_of(origin(allocation->stack).through) != "vector")
      continue;
    const auto element = symbols_.element_called(step.stack, owner);
    if (!element || block.size % element->size != 0 || block.size == element->size)
      return std::nullopt;
    return PlaceInVector{(object - block.begin) / element->size, element->type};
  }
  return std::nullopt;
}

void Naming::name_objects(const std::vector<std::uint32_t>& spoken_of) {
  std::map<Address, const char*> nameless;
  LocksOfCalls locks;
  for (const Step& step : trace_.steps) {
    const char* sort = sort_of(step.operation.kind);
    if (sort == nullptr || step.operation.object == 0) continue;
    const std::size_t lock =
        is_lock(step.operation.kind) ? locks.index_of(step, place(step.stack)) : 0;
    if (is_plain(step.operation.kind) &&
        !std::binary_search(spoken_of.begin(), spoken_of.end(), step.number)) {
      continue;
    }
    const Address object = step.operation.object;
    if (names_.contains(object)) continue;
    const Origin from = origin(step.stack);
    const std::string name = name_from_source(step, from, lock);
    if (name.empty()) {
      nameless.try_emplace(object, sort);
      continue;
    }
    names_[object] = name;
    if (!from.hides(step.operation.kind)) in_order_.push_back(object);
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
