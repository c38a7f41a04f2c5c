#include "interleave/memory/tests/litmus/program.hpp"

#include <array>
#include <sstream>

namespace litmus {
namespace {

constexpr std::array<const char*, 6> kOrders = {"rlx", "consume", "acq",
                                                "rel", "acq_rel", "sc"};
constexpr std::array<const char*, kPlaces> kNames = {"x", "y", "z"};

void describe(std::ostream& out, const Instruction& instruction) {
  const char* place = kNames[instruction.place];
  const char* order = kOrders[static_cast<std::size_t>(instruction.order)];
  if (instruction.guard != kNoRegister) {
    out << "if r" << instruction.guard << "==" << instruction.guarded << " ";
  }
  switch (instruction.act) {
    case Act::kLoad:
      out << "load(" << place << ", " << order << ")";
      break;
    case Act::kStore:
      out << "store(" << place << ", " << instruction.value << ", " << order << ")";
      break;
    case Act::kAdd:
      out << "add(" << place << ", " << instruction.value << ", " << order << ")";
      break;
    case Act::kExchange:
      out << "exchange(" << place << ", " << instruction.value << ", " << order << ")";
      break;
    case Act::kCompare:
      out << "compare(" << place << ", " << instruction.expected << ", "
          << instruction.value << ", " << order << ", "
          << kOrders[static_cast<std::size_t>(instruction.failure)] << ")";
      break;
    case Act::kFence:
      out << "fence(" << order << ")";
      break;
    case Act::kPlainRead:
      out << "plain_read(" << place << ")";
      break;
    case Act::kPlainWrite:
      out << "plain_write(" << place << ", " << instruction.value << ")";
      break;
  }
  if (instruction.added != kNoRegister) out << "+r" << instruction.added;
}

}  // namespace

std::string outcome(const Registers& registers, const std::vector<std::uint64_t>& end) {
  std::ostringstream out;
  for (std::size_t thread = 0; thread < registers.size(); ++thread) {
    if (thread > 0) out << "| ";
    for (const std::uint64_t value : registers[thread]) {
      if (value != kUnread) out << value << " ";
    }
  }
  out << ";";
  for (const std::uint64_t value : end) out << " " << value;
  return out.str();
}

std::uint64_t Executions::count() const {
  std::uint64_t total = 0;
  for (const auto& [text, executions] : outcomes) total += executions;
  return total;
}

bool Executions::has(const std::string& registers) const {
  const auto found = outcomes.lower_bound(registers);
  return found != outcomes.end() && found->first.starts_with(registers);
}

std::string text(const Program& program) {
  std::ostringstream out;
  out << program.name << "\n";
  for (const Code& code : program.threads) {
    out << "  thread:";
    for (const Instruction& instruction : code) {
      out << "  ";
      describe(out, instruction);
      out << ";";
    }
    out << "\n";
  }
  return out.str();
}

}  // namespace litmus
