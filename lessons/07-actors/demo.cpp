// Lesson 7's experiments: one for each claim about actors.
#include "course/demo.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "../../solutions/04-stateless-workers/optimistic_update.hpp"
#include "../../solutions/04-stateless-workers/sqlite_store.hpp"
#include "../../solutions/07-actors/activation.hpp"
#include "../../solutions/07-actors/mailbox.hpp"
#include "../04-stateless-workers/memory_store.hpp"
#include "../04-stateless-workers/temporary_folder.hpp"
#include "actors.hpp"
#include "interleave/interleave.hpp"
#include "ledger_actor.hpp"
#include "resident_memory.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void must_be(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error(what);
}

std::string count(std::size_t number) {
  return course::count(static_cast<std::int64_t>(number));
}

// --- A5: processing lines ----------------------------------------------------------------

//> region stations
// A parcel on its way: which actors it has still to see, and which it has seen.
struct Parcel;
using Station = Actor<Parcel>;

struct Parcel {
  int number;
  std::vector<Station*> way;  // the next one at the end
  std::string seen = {};
};

// Does its part of a parcel and sends it where the parcel says: the line is in the message.
auto station(char name, std::set<std::thread::id>& threads) {
  return [name, &threads](Parcel parcel) {
    threads.insert(std::this_thread::get_id());
    parcel.seen += name;
    if (parcel.way.empty()) return;
    Station& next = *parcel.way.back();
    parcel.way.pop_back();
    next.send(std::move(parcel));
  };
}
//<

// What came out at the end of one line.
struct Arrived {
  int parcels = 0;
  bool in_order = true;
  std::string seen = {};

  void add(const Parcel& parcel) {
    in_order = in_order && parcel.number == parcels;
    ++parcels;
    seen = parcel.seen;
  }
};

MEASURED("A5", "Two processing lines built of the same three actors", table) {
  const int parcels = course::quick() ? 100 : 200'000;
  std::array<std::set<std::thread::id>, 3> threads;
  std::array<Arrived, 2> arrived;
  const auto start = Clock::now();
  {
    // The ends first: they are destroyed last. The stations are empty when both leaders are
    // done and every parcel has arrived.
    std::promise<void> orders_done;
    std::promise<void> returns_done;
    Station orders([&](const Parcel& parcel) {
      arrived[0].add(parcel);
      if (arrived[0].parcels == parcels) orders_done.set_value();
    });
    Station returns([&](const Parcel& parcel) {
      arrived[1].add(parcel);
      if (arrived[1].parcels == parcels) returns_done.set_value();
    });
    Station check(station('c', threads[0]));
    Station stock(station('s', threads[1]));
    Station money(station('m', threads[2]));
    {
      std::jthread orders_come([&] {
        for (int i = 0; i < parcels; ++i) check.send({i, {&orders, &money, &stock}});
      });
      for (int i = 0; i < parcels; ++i) check.send({i, {&returns, &stock, &money}});
    }
    orders_done.get_future().wait();
    returns_done.get_future().wait();
  }
  const double seconds = seconds_since(start);
  table.columns({"line", "its actors, in order", "parcels in", "out", "in their order"});
  const std::array<const char*, 2> names = {"orders", "returns"};
  const std::array<const char*, 2> ways = {"check, stock, money", "check, money, stock"};
  for (std::size_t i = 0; i < 2; ++i) {
    must_be(arrived[i].seen == (i == 0 ? "csm" : "cms"), "a parcel went another way");
    table.row({names[i], ways[i], count(static_cast<std::size_t>(parcels)),
               count(static_cast<std::size_t>(arrived[i].parcels)),
               arrived[i].in_order ? "yes" : "no"});
  }
  std::string touched;
  for (const auto& one : threads)
    touched += (touched.empty() ? "" : ", ") + count(one.size());
  table.verbatim("  Threads that touched the state of check, stock and money: " +
                 touched + ".\n  Messages handled in a second, by all actors: " +
                 course::number(8.0 * parcels / seconds) + ".");
  table.look_at(
      "the second column: the two lines share their actors and differ in their messages");
}

// --- A7: no shared state, so no shared-state bugs ------------------------------------------

// "70 and 130"
std::string words(const std::vector<Cents>& balances) {
  std::string text;
  for (const Cents balance : balances) {
    text += (text.empty() ? "" : " and ") + std::to_string(balance);
  }
  return text;
}

// Two tellers send one message each; what the accounts hold when the actor has ended.
std::string balances_after(const Transfer& one, const Transfer& other) {
  Balances balances(2, 100);
  {
    Actor<LedgerMessage> ledger{std::ref(balances)};
    std::jthread teller([&] { ledger.send(one); });
    ledger.send(other);
  }
  Audit audit;
  auto left = audit.reply.get_future();
  balances(std::move(audit));  // no thread is left that could be in it
  return words(left.get());
}

std::string transfers_that_commute() {
  return balances_after(Transfer{0, 1, 10}, Transfer{0, 1, 20});
}

std::string opposite_transfers() {
  return balances_after(Transfer{0, 1, 30}, Transfer{1, 0, 10});
}

std::string the_last_of_the_money() {
  return balances_after(Transfer{0, 1, 100}, Transfer{0, 1, 60});
}

// What an audit can see while a teller transfers.
std::string an_audit_meanwhile() {
  std::future<std::vector<Cents>> seen;
  {
    Actor<LedgerMessage> ledger{Balances(2, 100)};
    std::jthread teller([&] { ledger.send(Transfer{0, 1, 30}); });
    seen = ledger.ask(Audit{});
  }
  return words(seen.get());
}

// Lesson 2's total of 1: one adds 10, one doubles it.
std::string add_and_double() {
  int total = 1;
  {
    Actor<int> actor([&](int add) { total = add > 0 ? total + add : total * 2; });
    std::jthread adds([&] { actor.send(10); });
    actor.send(0);
  }
  return std::to_string(total);
}

//> region ask_each_other
struct Question {
  std::promise<int> reply = {};
};

// Each answers by asking the other, and waits for it inside its message.
std::string asking_each_other() {
  Actor<Question>* left = nullptr;
  Actor<Question> right(
      [&](Question question) { question.reply.set_value(left->ask(Question{}).get()); });
  Actor<Question> asks_right(
      [&](Question question) { question.reply.set_value(right.ask(Question{}).get()); });
  left = &asks_right;
  return std::to_string(left->ask(Question{}).get());
}
//<

// Every behaviour of a small body: partial-order reduction alone, for as long as it takes.
interleave::Options to_the_end() {
  interleave::Options options;
  options.strategy = "reduced";
  options.schedules = course::quick() ? 1000 : 10'000'000;
  options.seconds = course::quick() ? 5 : 120;
  return options;
}

std::string reached(const interleave::Outcomes& outcomes) {
  std::string which;
  for (const auto& entry : outcomes.seen)
    which += (which.empty() ? "" : ", or ") + entry.first;
  return which;
}

std::string everything(const interleave::Outcomes& outcomes) {
  return outcomes.exhaustive ? "yes, " + count(outcomes.executions) + " executions"
                             : "not shown";
}

EXPLORED("A7", "Lesson 2's ledger as one actor: what can be left in the end", table) {
  struct Case {
    const char* what;
    std::string (*body)();
  };
  constexpr std::array<Case, 5> cases = {
      {{"two transfers from one account, 10 and 20", transfers_that_commute},
       {"two opposite transfers", opposite_transfers},
       {"an audit during a transfer of 30", an_audit_meanwhile},
       {"two transfers, 100 and 60, of the same 100", the_last_of_the_money},
       {"add 10, double, on a total of 1", add_and_double}}};
  table.columns({"two messages at the same time", "outcomes", "which", "races",
                 "is that everything?"});
  for (const Case& one : cases) {
    const auto found = interleave::outcomes(one.body, to_the_end());
    table.row({one.what, std::to_string(found.seen.size()), reached(found),
               found.seen.contains("<data race>") ? "found" : "none", everything(found)});
  }
  table.look_at(
      "the third column: no state is torn; where messages do not commute, their order "
      "still decides");
}

EXPLORED("A7b", "Two actors that ask each other, and wait", table) {
  interleave::Options options;
  options.schedules = course::quick() ? 100 : 1000;
  const auto found = interleave::outcomes(asking_each_other, options);
  table.columns({"how it ends", "schedules"});
  for (const auto& [end, schedules] : found.seen) table.row({end, count(schedules)});
  table.verbatim(
      interleave::find_failure([] { static_cast<void>(asking_each_other()); }).picture);
  table.look_at("the last steps: each of the two sleeps in its own message");
}

// --- What is checked of the exercises ------------------------------------------------------

std::string two_producers() {
  Mailbox<int> mailbox;
  int sum = 0;
  {
    std::jthread producer1([&] { mailbox.push(1); });
    std::jthread producer2([&] { mailbox.push(2); });
    sum = mailbox.pop();
  }
  sum += mailbox.try_pop().value_or(0);
  return std::to_string(sum);
}

std::string two_senders() {
  RunQueue ready;
  int sum = 0;
  PooledActor<int> actor(ready, [&](int message) { sum += message; });
  std::jthread sender1([&] { actor.send(1); });
  std::jthread sender2([&] { actor.send(2); });
  RunQueue::Worker worker(ready);
  while (sum < 3) {  // for ever asleep, a deadlock, if a message is lost
    Runnable* const next = worker.next();
    if (next->run(8)) ready.push(*next);
  }
  return std::to_string(sum);
}

EXPLORED("A7c", "Two senders of one message each, 1 and 2, and one receiver", table) {
  struct Case {
    const char* what;
    std::string (*body)();
  };
  constexpr std::array<Case, 2> cases = {
      {{"7.1, the mailbox without a lock", two_producers},
       {"7.2, an actor that is activated", two_senders}}};
  table.columns({"exercise", "received in all", "is that everything?"});
  for (const Case& one : cases) {
    const auto found = interleave::outcomes(one.body, to_the_end());
    table.row({one.what, reached(found), everything(found)});
  }
  table.look_at("the second column: 3 is both messages, each once");
}

// --- A8: state in the actor, or in a store ---------------------------------------------------

// Adds an amount to one of a number of accounts.
struct Payment {
  std::size_t account;
  std::int64_t amount;
};

constexpr std::size_t kAccounts = 100;

std::vector<Payment> stream_of(std::size_t payments) {
  std::vector<Payment> stream;
  std::uint64_t random = 1;
  for (std::size_t i = 0; i < payments; ++i) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    stream.push_back({(random >> 33) % kAccounts, static_cast<std::int64_t>(i % 100)});
  }
  return stream;
}

std::int64_t sum_of(const std::vector<Payment>& stream) {
  std::int64_t sum = 0;
  for (const Payment& payment : stream) sum += payment.amount;
  return sum;
}

//> region bank
// Has the balances; a message brings some payments.
class Bank {
 public:
  struct Total {
    std::promise<std::int64_t> reply = {};
  };
  using Message = std::variant<std::vector<Payment>, Total>;

  void operator()(Message message) {
    if (auto* payments = std::get_if<std::vector<Payment>>(&message)) {
      for (const Payment& payment : *payments)
        balances_[payment.account] += payment.amount;
    } else {
      std::int64_t sum = 0;
      for (const std::int64_t balance : balances_) sum += balance;
      std::get<Total>(message).reply.set_value(sum);
    }
  }

 private:
  std::array<std::int64_t, kAccounts> balances_{};
};
//<

// The payments in a second, sent by one thread to one actor, `batch` in a message.
double speed_of_actor(const std::vector<Payment>& stream, std::size_t batch) {
  const auto start = Clock::now();
  Actor<Bank::Message> bank{Bank()};
  for (auto at = stream.begin(); at != stream.end();) {
    const auto left = static_cast<std::size_t>(stream.end() - at);
    const auto end = at + static_cast<std::ptrdiff_t>(std::min(batch, left));
    bank.send(std::vector<Payment>(at, end));
    at = end;
  }
  const std::int64_t total = bank.ask(Bank::Total{}).get();
  const double speed = static_cast<double>(stream.size()) / seconds_since(start);
  must_be(total == sum_of(stream), "the actor lost a payment");
  return speed;
}

// The same by the leader itself: no message, no actor.
double speed_of_array(const std::vector<Payment>& stream) {
  const auto start = Clock::now();
  std::array<std::int64_t, kAccounts> balances{};
  for (const Payment& payment : stream) balances[payment.account] += payment.amount;
  const std::int64_t total = std::accumulate(balances.begin(), balances.end(), 0LL);
  const double speed = static_cast<double>(stream.size()) / seconds_since(start);
  must_be(total == sum_of(stream), "the leader lost a payment");
  return speed;
}

std::vector<std::string> names_of_accounts() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kAccounts; ++i) {
    names.push_back("account " + std::to_string(i));
  }
  return names;
}

std::string paid(const std::string& balance, std::int64_t amount) {
  return std::to_string((balance.empty() ? 0 : std::stoll(balance)) + amount);
}

// The same payments by two workers, which read the balance from the store for each.
double speed_of_store(Store& store, const std::vector<Payment>& stream) {
  constexpr std::size_t kWorkers = 2;
  const std::vector<std::string> names = names_of_accounts();
  const auto start = Clock::now();
  {
    std::vector<std::jthread> workers;
    for (std::size_t worker = 0; worker < kWorkers; ++worker) {
      workers.emplace_back([&, worker] {
        const auto session = store.connect();
        for (std::size_t i = worker; i < stream.size(); i += kWorkers) {
          const std::int64_t amount = stream[i].amount;
          const auto pay =
              [amount](const std::string& balance) -> std::optional<std::string> {
            return paid(balance, amount);
          };
          static_cast<void>(optimistic_update(*session, names[stream[i].account], pay));
        }
      });
    }
  }
  return static_cast<double>(stream.size()) / seconds_since(start);
}

// The median of several tries.
template <typename Try>
double typical(Try one_try) {
  std::vector<double> speeds;
  for (int i = 0; i < (course::quick() ? 1 : 5); ++i) speeds.push_back(one_try());
  std::sort(speeds.begin(), speeds.end());
  return speeds[speeds.size() / 2];
}

MEASURED("A8", "The same payments, with the balances in an actor and in a store", table) {
  const TemporaryFolder folder;
  MemoryStore memory;
  SqliteStore sqlite(folder.file("state.db"));
  const auto stream = stream_of(course::quick() ? 500 : 400'000);
  const auto short_stream = stream_of(course::quick() ? 200 : 20'000);
  const double in_memory = typical([&] { return speed_of_store(memory, stream); });
  const double in_sqlite = typical([&] { return speed_of_store(sqlite, short_stream); });
  table.columns({"the balances are in", "payments a message", "payments/s",
                 "times the memory store", "times SQLite"});
  const auto row = [&](const char* where, const std::string& batch, double speed) {
    table.row({where, batch, course::number(speed), course::number(speed / in_memory),
               course::number(speed / in_sqlite)});
  };
  row("SQLite, two workers", "-", in_sqlite);
  row("shared memory, two workers", "-", in_memory);
  for (const std::size_t batch : {1, 2, 4, 16, 64, 256}) {
    row("an actor, one leader", std::to_string(batch),
        typical([&] { return speed_of_actor(stream, batch); }));
  }
  row("the leader's own array", "no message",
      typical([&] { return speed_of_array(stream); }));
  table.look_at(
      "the payments a second from the first row of the actor to the last row of all: "
      "what "
      "lies between them is the price of a message");
}

// --- Many actors ---------------------------------------------------------------------------

// What starting some actors took.
struct Start {
  std::size_t started = 0;
  double seconds = 0;
  double bytes = 0;
};

// A number that the system has in a file, or `otherwise`.
std::size_t limit_in(const char* file, std::size_t otherwise) {
  std::ifstream stream(file);
  std::size_t number = 0;
  return stream >> number ? number : otherwise;
}

// How many threads this experiment takes at most: half of what the system allows, so that
// other programs can still start some. A stack is two mappings: itself and its guard.
std::size_t most_threads() {
  const std::size_t all = std::min({limit_in("/proc/sys/kernel/pid_max", 32'768),
                                    limit_in("/proc/sys/kernel/threads-max", 32'768),
                                    limit_in("/proc/sys/vm/max_map_count", 65'530) / 2});
  return all / 2;
}

Start start_threads(std::size_t actors) {
  Start result;
  const double before = resident_bytes();
  const auto start = Clock::now();
  std::vector<std::unique_ptr<Actor<int>>> all;
  try {
    while (all.size() < std::min(actors, most_threads())) {
      all.push_back(std::make_unique<Actor<int>>([](int) {}));
    }
  } catch (const std::system_error&) {
    // As far as it goes.
  }
  result.seconds = seconds_since(start);
  result.started = all.size();
  result.bytes = resident_bytes() - before;
  return result;
}

Start start_activations(std::size_t actors) {
  Start result;
  const double before = resident_bytes();
  const auto start = Clock::now();
  ActorPool pool(std::max(2u, course::usable_cores()));
  for (std::size_t i = 0; i < actors; ++i) pool.spawn<int>([](int) {});
  result.seconds = seconds_since(start);
  result.started = actors;
  result.bytes = resident_bytes() - before;
  return result;
}

MEASURED("A5b", "What 1, 1,000 and 100,000 actors that do nothing take", table) {
  table.columns({"actors", "each is", "started", "ms in all", "us each", "bytes each"});
  for (const std::size_t actors : {1, 1000, 100'000}) {
    const std::size_t wanted =
        course::quick() ? std::min<std::size_t>(actors, 100) : actors;
    const auto row = [&](const char* what, const Start& start) {
      table.row({count(actors), what, count(start.started),
                 course::number(start.seconds * 1e3),
                 course::number(start.seconds * 1e6 / static_cast<double>(start.started)),
                 actors == 1 ? "-"
                             : count(static_cast<std::size_t>(
                                   start.bytes / static_cast<double>(start.started)))});
    };
    row("a thread", start_threads(wanted));
    row("activated", start_activations(wanted));
  }
  table.verbatim("  Of 100,000 threads no more than " + count(most_threads()) +
                 " are started: half of what this system allows.\n"
                 "  Main memory only: a thread's stack in the kernel is not counted.");
  table.look_at("the last two columns: an actor need not cost a thread");
}

}  // namespace
