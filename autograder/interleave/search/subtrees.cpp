// Of "reduced": subtrees that copies of the search explore ahead.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "interleave/search/dependence.hpp"
#include "interleave/search/reduced.hpp"

namespace interleave {
namespace {

template <typename Value>
void write(std::string& bytes, const Value& value) {
  static_assert(std::is_trivially_copyable_v<Value>);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename Value>
Value read(std::string_view& bytes) {
  Value value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

template <typename Value>
void write_all(std::string& bytes, const std::vector<Value>& values) {
  write(bytes, values.size());
  for (const Value& value : values) write(bytes, value);
}

template <typename Value>
void read_all(std::string_view& bytes, std::vector<Value>& values) {
  values.resize(read<std::size_t>(bytes));
  for (Value& value : values) value = read<Value>(bytes);
}

}  // namespace

// -- Nodes as bytes ---------------------------------------------------------------------

void Reduced::write_node(std::string& bytes, const Node& node) {
  write(bytes, node.kind);
  write(bytes, node.chosen);
  write(bytes, node.step);
  write(bytes, node.alternatives);
  write(bytes, node.since);
  write_all(bytes, node.ways);
  write_all(bytes, node.sleep);
}

void Reduced::read_nodes(std::string_view bytes) {
  while (!bytes.empty()) {
    Node& node = path_.emplace_back();
    node.kind = read<DecisionKind>(bytes);
    node.chosen = read<std::size_t>(bytes);
    node.step = read<std::size_t>(bytes);
    node.alternatives = read<std::size_t>(bytes);
    node.since = read<std::uint64_t>(bytes);
    read_all(bytes, node.ways);
    read_all(bytes, node.sleep);
  }
}

// -- The walk ---------------------------------------------------------------------------

// The nearest first: most of what lies far away will not be reached before the budget is spent
// or something fails.
std::optional<Reduced::Subtree> Reduced::give_out(std::uint64_t least) {
  for (std::size_t index = path_.size(); index-- > 0;) {
    if (walked_ - path_[index].since < least || !waits(path_[index])) continue;
    if (auto subtree = give_out_below(index)) return subtree;
  }
  return std::nullopt;
}

// Follows the walk through the choices that are left there: what each will leave behind when the
// next one's turn comes is known only in part.
std::optional<Reduced::Subtree> Reduced::give_out_below(std::size_t index) {
  Node next = path_[index];
  while (advance(next)) {
    const Given* const given = find_given(index, next.chosen);
    if (given == nullptr) return give_out(index, next);
    if (!as_given(given->node, next)) {
      miss(*given);
      return give_out(index, next);
    }
    if (next.kind != DecisionKind::kThread) continue;
    Way& way = next.ways[next.chosen];
    way.wrote = !only_reads(way.pending.kind);
  }
  return std::nullopt;
}

// Whether anything is left to choose there.
bool Reduced::waits(const Node& node) {
  if (node.kind != DecisionKind::kThread) return node.chosen + 1 < node.alternatives;
  return std::any_of(node.ways.begin(), node.ways.end(), [&node](const Way& way) {
    return way.wanted && !way.done && &way != &node.ways[node.chosen];
  });
}

Reduced::Subtree Reduced::give_out(std::size_t index, const Node& node) {
  Subtree subtree{next_id_++, {}};
  for (std::size_t above = 0; above < index; ++above)
    write_node(subtree.place, path_[above]);
  write_node(subtree.place, node);
  const auto behind = std::upper_bound(
      given_.begin(), given_.end(), index,
      [](std::size_t one, const Given& other) { return one < other.index; });
  given_.insert(behind, {subtree.id, index, node});
  return subtree;
}

Reduced::Given* Reduced::find_given(std::size_t index, std::size_t chosen) {
  const auto found =
      std::find_if(given_.begin(), given_.end(), [index, chosen](const Given& given) {
        return given.index == index && given.node.chosen == chosen;
      });
  return found == given_.end() ? nullptr : &*found;
}

std::optional<std::uint32_t> Reduced::given_here() const {
  for (std::size_t last = given_.size(); last-- > 0;) {
    const Given& given = given_[last];
    if (given.index + 1 != path_.size()) break;
    if (given.node.chosen == path_.back().chosen) return given.id;
  }
  return std::nullopt;
}

// Whether the walk found what it was thought to find.
bool Reduced::as_given(const Node& given, const Node& found) {
  const auto same_sleeper = [](const Sleeper& one, const Sleeper& other) {
    return one.pending == other.pending && one.wrote == other.wrote;
  };
  const auto same_way = [](const Way& one, const Way& other) {
    return one.pending == other.pending && one.done == other.done &&
           (!one.done || one.wrote == other.wrote);
  };
  return given.kind == found.kind && given.chosen == found.chosen &&
         given.step == found.step && given.alternatives == found.alternatives &&
         std::equal(given.sleep.begin(), given.sleep.end(), found.sleep.begin(),
                    found.sleep.end(), same_sleeper) &&
         std::equal(given.ways.begin(), given.ways.end(), found.ways.begin(),
                    found.ways.end(), same_way);
}

void Reduced::miss_what_is_passed() {
  while (!given_.empty() && given_.back().index >= path_.size()) miss(given_.back());
  if (path_.empty()) return;
  const Given* const here = find_given(path_.size() - 1, path_.back().chosen);
  if (here != nullptr && !as_given(here->node, path_.back())) miss(*here);
}

void Reduced::miss(const Given& given) {
  missed_.push_back(given.id);
  take_back(given.id);
}

void Reduced::take_back(std::uint32_t id) {
  std::erase_if(given_, [id](const Given& given) { return given.id == id; });
}

void Reduced::hear(std::span<const Notice> notices) {
  beginners_.clear();
  for (const Notice& notice : notices) {
    switch (notice.what) {
      case Notice::What::kWrote:
        path_[notice.node].ways[notice.way].wrote = true;
        break;
      case Notice::What::kWant:
        beginners_.push_back(notice.way);
        if (notice.or_next) break;
        want_one_of(notice.node, beginners_);
        beginners_.clear();
        break;
      case Notice::What::kDiverged:
        diverged_ = true;
        break;
      case Notice::What::kTooLong:
        too_long_ = true;
        break;
      case Notice::What::kLast:
        heard_last_ = true;
        break;
    }
  }
}

void Reduced::end_elsewhere(const ScheduleEnd& end, std::uint64_t tally) {
  ++walked_;
  cut_ = cut_ || end.cut;
  finished_ = too_long_;
  if (too_long_) return;
  if (!end.pruned) behaviours_.insert({tally});
  if (!std::exchange(heard_last_, false)) return;
  if (const auto here = given_here()) take_back(*here);
  move_on();
}

void Reduced::adopt(std::string_view rest) {
  if (const auto here = given_here()) take_back(*here);
  const std::size_t above = path_.size();
  const auto walked = read<std::uint64_t>(rest);
  read_nodes(rest);
  for (std::size_t index = above; index < path_.size(); ++index) {
    path_[index].since += walked_ - walked;
  }
}

// -- A copy -----------------------------------------------------------------------------

void Reduced::explore_only(std::string_view place) {
  path_.clear();
  read_nodes(place);
  above_ = path_.size();
  fresh_ = 0;
  order_.forget_from(0);
  walked_ = 0;
  finished_ = diverged_ = too_long_ = false;
  given_.clear();
  missed_.clear();
  notices_.clear();
  noticed_.clear();
}

// What the walk must know of it beside what the decisions above are to want.
void Reduced::note_end() {
  if (diverged_) notices_.push_back({Notice::What::kDiverged});
  if (too_long_) notices_.push_back({Notice::What::kTooLong});
  if (finished_) notices_.push_back({Notice::What::kLast});
}

std::string Reduced::rest() const {
  std::string bytes;
  write(bytes, walked_);
  for (std::size_t index = above_; index < path_.size(); ++index) {
    write_node(bytes, path_[index]);
  }
  return bytes;
}

}  // namespace interleave
