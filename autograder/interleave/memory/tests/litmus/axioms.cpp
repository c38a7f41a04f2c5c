#include "interleave/memory/tests/litmus/axioms.hpp"

#include <algorithm>
#include <optional>

#include "interleave/memory/tests/litmus/relation.hpp"

namespace litmus {
namespace {

constexpr std::size_t kNoEvent = ~std::size_t{0};

// An update is two events: its read and its write, next to each other.
struct Event {
  std::size_t thread = kNoEvent;  // kNoEvent: an initial write
  Place place = x;
  bool reads = false;
  bool writes = false;
  bool fence = false;
  bool plain = false;
  MemoryOrder order = rlx;
  std::uint64_t value = 0;
};

// The instruction an event stands for: the read of it, or the write.
struct Slot {
  std::size_t read = kNoEvent;
  std::size_t write = kNoEvent;
};

struct Graph {
  std::vector<Event> events;
  Relation sb, rf, mo, rmw;

  [[nodiscard]] EventSet where(bool (*holds)(const Event&)) const {
    EventSet set = 0;
    for (std::size_t event = 0; event < events.size(); ++event) {
      if (holds(events[event])) set |= only(event);
    }
    return set;
  }

  [[nodiscard]] Relation same_place() const {
    Relation result;
    for (std::size_t one = 0; one < events.size(); ++one) {
      for (std::size_t other = 0; other < events.size(); ++other) {
        if (!events[one].fence && !events[other].fence &&
            events[one].place == events[other].place) {
          result.add(one, other);
        }
      }
    }
    return result;
  }
};

// -- The axioms -------------------------------------------------------------------------

bool is_atomic_write(const Event& event) { return event.writes && !event.plain; }
bool is_atomic_read(const Event& event) { return event.reads && !event.plain; }
bool is_fence(const Event& event) { return event.fence; }
bool is_release(const Event& event) {
  return !event.plain && !event.reads && interleave::releases(event.order);
}
bool is_acquire(const Event& event) {
  return !event.plain && !event.writes && interleave::acquires(event.order);
}
bool is_sc(const Event& event) { return !event.plain && event.order == sc; }
bool is_sc_fence(const Event& event) { return event.fence && event.order == sc; }

Relation reads_before(const Graph& graph) {
  return (graph.rf.inverse() * graph.mo) - Relation(~EventSet{0});
}

Relation synchronizes_with(const Graph& graph) {
  const Relation writes(graph.where(is_atomic_write));
  const Relation reads(graph.where(is_atomic_read));
  const Relation fences(graph.where(is_fence));
  const Relation release(graph.where(is_release));
  const Relation acquire(graph.where(is_acquire));
  const Relation rs = writes * (graph.rf * graph.rmw).star();
  return release * (fences * graph.sb).optional() * rs * graph.rf * reads *
         (graph.sb * fences).optional() * acquire;
}

Relation happens_before(const Graph& graph) {
  return (graph.sb | synchronizes_with(graph)).closure();
}

Relation partial_sc(const Graph& graph, const Relation& hb, const Relation& eco,
                    const Relation& rb) {
  const Relation same = graph.same_place();
  const Relation sb_elsewhere = graph.sb - same;
  const Relation scb =
      graph.sb | sb_elsewhere * hb * sb_elsewhere | (hb & same) | graph.mo | rb;
  const Relation events(graph.where(is_sc));
  const Relation fences(graph.where(is_sc_fence));
  const Relation base =
      (events | fences * hb.optional()) * scb * (events | hb.optional() * fences);
  return base | fences * (hb | hb * eco * hb) * fences;
}

// What [atomics.order] 4 has to precede what in the order S.
Relation standard_order(const Graph& graph, const Relation& hb, const Relation& eco) {
  const Relation all(graph.where(is_sc));
  const Relation fences(graph.where(is_sc_fence));
  const Relation accesses = all - fences;
  const Relation before = graph.sb - graph.rmw;  // an update is one operation
  const Relation strongly =
      (graph.sb | all * synchronizes_with(graph) * all | before * hb * before).closure();
  return all * strongly * all | accesses * eco * accesses | accesses * eco * hb * fences |
         fences * hb * eco * accesses | fences * hb * eco * hb * fences;
}

bool consistent_weak(const Graph& graph, const Relation& hb, Axioms axioms) {
  const Relation rb = reads_before(graph);
  const bool atomic = (graph.rmw & (rb * graph.mo)).empty();
  if (!atomic) return false;
  const Relation eco = (graph.rf | graph.mo | rb).closure();
  const bool coherent = (hb * eco.optional()).irreflexive();
  const bool thin_air_free = (graph.sb | graph.rf).acyclic();
  Relation order = partial_sc(graph, hb, eco, rb);
  if (axioms == Axioms::kStandard) order = order | standard_order(graph, hb, eco);
  return coherent && thin_air_free && order.acyclic();
}

bool consistent_sequential(const Graph& graph) {
  const Relation rb = reads_before(graph);
  return (graph.rmw & (rb * graph.mo)).empty() &&
         (graph.sb | graph.rf | graph.mo | rb).acyclic();
}

// In sequential consistency races are judged by the same happens-before.
bool has_race(const Graph& graph, const Relation& hb) {
  for (std::size_t one = 0; one < graph.events.size(); ++one) {
    for (std::size_t other = 0; other < one; ++other) {
      const Event& first = graph.events[one];
      const Event& second = graph.events[other];
      const bool conflict =
          !first.fence && !second.fence && first.place == second.place &&
          (first.writes || second.writes) && (first.plain || second.plain);
      if (conflict && !hb.has(one, other) && !hb.has(other, one)) return true;
    }
  }
  return false;
}

// -- All graphs -------------------------------------------------------------------------

// A read of the program, and the instruction whose write it is guessed to read.
struct Guess {
  std::size_t thread = 0;
  std::size_t number = 0;
  std::vector<std::pair<std::size_t, std::size_t>> sources;  // thread, instruction
  std::size_t taken = 0;  // 0: the initial write; else sources[taken - 1]
};

class Judge {
 public:
  Judge(const Program& program, Axioms axioms) : program_(program), axioms_(axioms) {
    collect_guesses();
  }

  Executions run() {
    do {
      if (!build()) continue;
      hb_ = happens_before(graph_);  // whatever the modification orders
      order_writes(0);
    } while (next_guess());
    return std::move(executions_);
  }

 private:
  void collect_guesses() {
    for (std::size_t thread = 0; thread < program_.threads.size(); ++thread) {
      guess_of_.emplace_back(program_.threads[thread].size(), kNoEvent);
      for (std::size_t number = 0; number < program_.threads[thread].size(); ++number) {
        const Instruction& instruction = program_.threads[thread][number];
        if (!instruction.reads()) continue;
        guess_of_[thread][number] = guesses_.size();
        guesses_.push_back({thread, number, writes_to(instruction.place), 0});
      }
    }
  }

  std::vector<std::pair<std::size_t, std::size_t>> writes_to(Place place) const {
    std::vector<std::pair<std::size_t, std::size_t>> result;
    for (std::size_t thread = 0; thread < program_.threads.size(); ++thread) {
      for (std::size_t number = 0; number < program_.threads[thread].size(); ++number) {
        const Instruction& instruction = program_.threads[thread][number];
        const bool writes = instruction.act != Act::kLoad &&
                            instruction.act != Act::kFence &&
                            instruction.act != Act::kPlainRead;
        if (writes && instruction.place == place) result.emplace_back(thread, number);
      }
    }
    return result;
  }

  bool next_guess() {
    for (Guess& guess : guesses_) {
      if (++guess.taken <= guess.sources.size()) return true;
      guess.taken = 0;
    }
    return false;
  }

  // The graph of the guesses without modification orders; false if there is none.
  bool build() {
    graph_ = Graph{};
    registers_.clear();
    slots_.clear();
    for (const Code& code : program_.threads) {
      registers_.emplace_back(code.size(), kUnread);
      slots_.emplace_back(code.size());
    }
    for (std::uint32_t place = 0; place < kPlaces; ++place) {
      graph_.events.push_back({.place = Place{place}, .writes = true, .plain = true});
    }
    std::vector<std::size_t> positions(program_.threads.size());
    bool moved = true;
    while (moved) {
      moved = false;
      for (std::size_t thread = 0; thread < positions.size(); ++thread) {
        while (positions[thread] < program_.threads[thread].size()) {
          const auto done = evaluate(thread, positions[thread], positions);
          if (!done) break;
          if (!*done) return false;
          ++positions[thread];
          moved = true;
        }
      }
    }
    for (std::size_t thread = 0; thread < positions.size(); ++thread) {
      // A thread reads, around a cycle, what depends on that read.
      if (positions[thread] < program_.threads[thread].size()) return false;
    }
    sequence();
    return true;
  }

  // Adds the events of one instruction. nullopt: what it reads is not known yet. false:
  // the guess is impossible, or says the same as another.
  std::optional<bool> evaluate(std::size_t thread, std::size_t number,
                               const std::vector<std::size_t>& positions) {
    const Instruction& instruction = program_.threads[thread][number];
    const Guess* guess = guess_of_[thread][number] == kNoEvent
                             ? nullptr
                             : &guesses_[guess_of_[thread][number]];
    if (!is_done(instruction, registers_[thread])) {
      return guess == nullptr || guess->taken == 0;
    }
    std::uint64_t read = 0;
    std::size_t source = instruction.place;
    if (guess != nullptr) {
      if (guess->taken > 0) {
        const auto [writer, write] = guess->sources[guess->taken - 1];
        if (positions[writer] <= write) {
          if (writer == thread) return false;
          return std::nullopt;
        }
        source = slots_[writer][write].write;
        if (source == kNoEvent) return false;
      }
      read = graph_.events[source].value;
    }
    add_events(thread, number, read, source);
    return true;
  }

  void add_events(std::size_t thread, std::size_t number, std::uint64_t read,
                  std::size_t source) {
    const Instruction& instruction = program_.threads[thread][number];
    Slot& slot = slots_[thread][number];
    const bool compares = instruction.act == Act::kCompare;
    const bool fails = compares && read != instruction.expected;
    Event event{.thread = thread,
                .place = instruction.place,
                .plain = instruction.plain(),
                .order = fails ? instruction.failure : instruction.order};
    if (instruction.act == Act::kFence) {
      event.fence = true;
      graph_.events.push_back(event);
      return;
    }
    if (instruction.reads()) {
      event.reads = true;
      event.value = read;
      slot.read = graph_.events.size();
      graph_.events.push_back(event);
      graph_.rf.add(source, slot.read);
      registers_[thread][number] = read;
    }
    const bool writes =
        instruction.act != Act::kLoad && instruction.act != Act::kPlainRead && !fails;
    if (!writes) return;
    event.reads = false;
    event.writes = true;
    event.value = written(instruction, registers_[thread], read);
    slot.write = graph_.events.size();
    graph_.events.push_back(event);
    if (slot.read != kNoEvent) graph_.rmw.add(slot.read, slot.write);
  }

  // Events of a thread were added in its order; the initial writes come before all.
  void sequence() {
    for (std::size_t later = 0; later < graph_.events.size(); ++later) {
      for (std::size_t earlier = 0; earlier < later; ++earlier) {
        const bool initial =
            graph_.events[earlier].thread == kNoEvent && later >= kPlaces;
        if (initial || graph_.events[earlier].thread == graph_.events[later].thread) {
          if (later >= kPlaces) graph_.sb.add(earlier, later);
        }
      }
    }
  }

  void order_writes(std::uint32_t place) {
    if (place == kPlaces) {
      conclude();
      return;
    }
    std::vector<std::size_t> writes;
    for (std::size_t event = kPlaces; event < graph_.events.size(); ++event) {
      if (graph_.events[event].writes && graph_.events[event].place == place) {
        writes.push_back(event);
      }
    }
    const Relation before = graph_.mo;
    do {
      graph_.mo = before;
      for (std::size_t later = 0; later < writes.size(); ++later) {
        graph_.mo.add(place, writes[later]);
        for (std::size_t earlier = 0; earlier < later; ++earlier) {
          graph_.mo.add(writes[earlier], writes[later]);
        }
      }
      order_writes(place + 1);
    } while (std::next_permutation(writes.begin(), writes.end()));
    graph_.mo = before;
  }

  void conclude() {
    const bool holds = axioms_ == Axioms::kSequential
                           ? consistent_sequential(graph_)
                           : consistent_weak(graph_, hb_, axioms_);
    if (!holds) return;
    executions_.race |= has_race(graph_, hb_);
    ++executions_.outcomes[outcome(registers_, last_values())];
  }

  [[nodiscard]] std::vector<std::uint64_t> last_values() const {
    std::vector<std::uint64_t> values(kPlaces);
    for (std::size_t event = 0; event < graph_.events.size(); ++event) {
      if (graph_.events[event].writes && graph_.mo.leads_nowhere(event)) {
        values[graph_.events[event].place] = graph_.events[event].value;
      }
    }
    return values;
  }

  const Program& program_;
  const Axioms axioms_;
  std::vector<Guess> guesses_;
  std::vector<std::vector<std::size_t>> guess_of_;
  Graph graph_;
  Relation hb_;
  Registers registers_;
  std::vector<std::vector<Slot>> slots_;
  Executions executions_;
};

}  // namespace

Executions judge(const Program& program, Axioms axioms) {
  return Judge(program, axioms).run();
}

}  // namespace litmus
