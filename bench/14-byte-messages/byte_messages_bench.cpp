// Lesson 14's benchmarks: the exercises' solutions beside their peers.
//
// The codecs make bytes of an order and an order of the bytes, which they do not trust: what
// a peer has for that, a verifier or its bounds, is used. Schemas are written by hand with
// each library's low-level calls, so that no schema compiler is needed.
//
// The ways between two processes are each used by a sender on one core and a receiver on
// another, which reads each byte. All of them sleep when there is nothing to do, but for the
// ring that says that it looks.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "../../solutions/14-byte-messages/message_ring.hpp"
#include "../../solutions/14-byte-messages/wire_codec.hpp"
#include "byte_messages.hpp"
#include "child.hpp"
#include "course/stay_on.hpp"
#include "machine/usable_cores.hpp"
#include "shared_memory.hpp"

#if COURSE_HAS_FLATBUFFERS
#include <flatbuffers/flatbuffers.h>
#endif
#if COURSE_HAS_CAPNPROTO
#include <capnp/any.h>
#include <capnp/message.h>
#include <capnp/serialize.h>
#endif
#if COURSE_HAS_MSGPACK
#define MSGPACK_NO_BOOST
#include <msgpack.hpp>
#endif
#if COURSE_HAS_BOOST_INTERPROCESS
#include <boost/interprocess/ipc/message_queue.hpp>
#endif
#if COURSE_HAS_ZEROMQ
#include <zmq.h>
#endif

namespace {

// --- Codecs: each with the same three functions ------------------------------------------

// Bytes of a message, and the order in some of them; throws where they are none.
struct Ours {
  using Message = std::vector<std::byte>;
  static Message made_of(const Order& order) { return encode(order); }
  static Bytes bytes_of(const Message& message) { return message; }
  static Order order_of(Bytes bytes) { return std::get<Order>(decode(bytes)); }
};

#if COURSE_HAS_FLATBUFFERS
struct FlatBuffers {
  using Message = flatbuffers::DetachedBuffer;

  struct FlatFill {
    std::uint64_t price;
    std::uint32_t quantity;
    std::uint32_t unused;
  };
  // Where a table's fields are, as flatc would number them.
  enum Slot : flatbuffers::voffset_t {
    kId = 4,
    kSide = 6,
    kQuantity = 8,
    kSymbol = 10,
    kFills = 12
  };
  struct Table : private flatbuffers::Table {
    [[nodiscard]] bool Verify(flatbuffers::Verifier& verifier) const {
      return VerifyTableStart(verifier) && VerifyField<std::uint64_t>(verifier, kId, 8) &&
             VerifyField<std::uint8_t>(verifier, kSide, 1) &&
             VerifyField<std::uint32_t>(verifier, kQuantity, 4) &&
             VerifyOffset(verifier, kSymbol) && verifier.VerifyString(symbol()) &&
             VerifyOffset(verifier, kFills) && verifier.VerifyVector(fills()) &&
             verifier.EndTable();
    }
    [[nodiscard]] std::uint64_t id() const { return GetField<std::uint64_t>(kId, 0); }
    [[nodiscard]] std::uint8_t side() const { return GetField<std::uint8_t>(kSide, 0); }
    [[nodiscard]] std::uint32_t quantity() const {
      return GetField<std::uint32_t>(kQuantity, 0);
    }
    [[nodiscard]] const flatbuffers::String* symbol() const {
      return GetPointer<const flatbuffers::String*>(kSymbol);
    }
    [[nodiscard]] const flatbuffers::Vector<const FlatFill*>* fills() const {
      return GetPointer<const flatbuffers::Vector<const FlatFill*>*>(kFills);
    }
  };

  static Message made_of(const Order& order) {
    flatbuffers::FlatBufferBuilder builder(128 + 16 * order.fills.size());
    FlatFill* fills = nullptr;
    const auto vector =
        builder.CreateUninitializedVectorOfStructs<FlatFill>(order.fills.size(), &fills);
    for (const Fill& fill : order.fills) *fills++ = {fill.price, fill.quantity, 0};
    const auto symbol = builder.CreateString(order.symbol);
    const auto start = builder.StartTable();
    builder.AddElement<std::uint64_t>(kId, order.id, 0);
    builder.AddOffset(kFills, vector);
    builder.AddOffset(kSymbol, symbol);
    builder.AddElement<std::uint32_t>(kQuantity, order.quantity, 0);
    builder.AddElement<std::uint8_t>(kSide, static_cast<std::uint8_t>(order.side), 0);
    builder.Finish(flatbuffers::Offset<Table>(builder.EndTable(start)));
    return builder.Release();
  }
  static Bytes bytes_of(const Message& message) {
    return std::as_bytes(std::span(message.data(), message.size()));
  }
  static Order order_of(Bytes bytes) {
    const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    flatbuffers::Verifier verifier(data, bytes.size());
    if (!verifier.VerifyBuffer<Table>(nullptr)) throw std::runtime_error("no order");
    const auto* const table = flatbuffers::GetRoot<Table>(data);
    Order order{table->id(), static_cast<Side>(table->side()), table->quantity(), {}, {}};
    order.symbol.assign(table->symbol()->data(), table->symbol()->size());
    order.fills.reserve(table->fills()->size());
    for (const FlatFill* fill : *table->fills()) {
      order.fills.push_back({fill->price, fill->quantity});
    }
    return order;
  }
};
#endif

#if COURSE_HAS_CAPNPROTO
struct CapnProto {
  using Message = kj::Array<capnp::word>;

  template <typename T>
  static void set(kj::ArrayPtr<capnp::byte> data, std::size_t at, T value) {
    std::memcpy(data.begin() + at, &value, sizeof value);
  }
  template <typename T>
  static T get(kj::ArrayPtr<const capnp::byte> data, std::size_t at) {
    T value{};
    if (data.size() < at + sizeof value) throw std::runtime_error("no order");
    std::memcpy(&value, data.begin() + at, sizeof value);
    return value;
  }

  static Message made_of(const Order& order) {
    capnp::MallocMessageBuilder builder(
        static_cast<capnp::uint>(16 + 2 * order.fills.size()));
    auto root = builder.getRoot<capnp::AnyPointer>().initAsAnyStruct(2, 2);
    set(root.getDataSection(), 0, order.id);
    set(root.getDataSection(), 8, order.quantity);
    set(root.getDataSection(), 12, static_cast<std::uint8_t>(order.side));
    auto pointers = root.getPointerSection();
    pointers[0].setAs<capnp::Text>(
        capnp::Text::Reader(order.symbol.c_str(), order.symbol.size()));
    auto fills = pointers[1].initAsListOfAnyStruct(
        2, 0, static_cast<capnp::uint>(order.fills.size()));
    for (capnp::uint i = 0; i < fills.size(); ++i) {
      set(fills[i].getDataSection(), 0, order.fills[i].price);
      set(fills[i].getDataSection(), 8, order.fills[i].quantity);
    }
    return capnp::messageToFlatArray(builder);
  }
  static Bytes bytes_of(const Message& message) {
    return std::as_bytes(std::span(message.begin(), message.size()));
  }
  static Order order_of(Bytes bytes) {
    capnp::FlatArrayMessageReader reader(
        kj::arrayPtr(reinterpret_cast<const capnp::word*>(bytes.data()),
                     bytes.size() / sizeof(capnp::word)));
    const auto root = reader.getRoot<capnp::AnyPointer>().getAs<capnp::AnyStruct>();
    const auto data = root.getDataSection();
    Order order{get<std::uint64_t>(data, 0),
                static_cast<Side>(get<std::uint8_t>(data, 12)),
                get<std::uint32_t>(data, 8),
                {},
                {}};
    const auto pointers = root.getPointerSection();
    const auto symbol = pointers[0].getAs<capnp::Text>();
    order.symbol.assign(symbol.begin(), symbol.size());
    const auto fills =
        pointers[1].getAs<capnp::AnyList>().as<capnp::List<capnp::AnyStruct>>();
    order.fills.reserve(fills.size());
    for (const auto fill : fills) {
      const auto of_fill = fill.getDataSection();
      order.fills.push_back(
          {get<std::uint64_t>(of_fill, 0), get<std::uint32_t>(of_fill, 8)});
    }
    return order;
  }
};
#endif

#if COURSE_HAS_MSGPACK
struct MessagePack {
  using Message = msgpack::sbuffer;

  static Message made_of(const Order& order) {
    msgpack::sbuffer buffer(64 + 16 * order.fills.size());
    msgpack::packer<msgpack::sbuffer> packer(buffer);
    packer.pack_array(5);
    packer.pack_uint64(order.id);
    packer.pack_uint8(static_cast<std::uint8_t>(order.side));
    packer.pack_uint32(order.quantity);
    packer.pack_str(static_cast<std::uint32_t>(order.symbol.size()));
    packer.pack_str_body(order.symbol.data(),
                         static_cast<std::uint32_t>(order.symbol.size()));
    packer.pack_array(static_cast<std::uint32_t>(2 * order.fills.size()));
    for (const Fill& fill : order.fills) {
      packer.pack_uint64(fill.price);
      packer.pack_uint32(fill.quantity);
    }
    return buffer;
  }
  static Bytes bytes_of(const Message& message) {
    return std::as_bytes(std::span(message.data(), message.size()));
  }
  static Order order_of(Bytes bytes) {
    const msgpack::object_handle handle =
        msgpack::unpack(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::vector<msgpack::object>& fields =
        handle.get().as<std::vector<msgpack::object>>();
    Order order{fields.at(0).as<std::uint64_t>(),
                static_cast<Side>(fields.at(1).as<std::uint8_t>()),
                fields.at(2).as<std::uint32_t>(),
                fields.at(3).as<std::string>(),
                {}};
    const msgpack::object& fills = fields.at(4);
    if (fills.type != msgpack::type::ARRAY) throw std::runtime_error("no order");
    order.fills.reserve(fills.via.array.size / 2);
    for (std::uint32_t i = 0; i + 1 < fills.via.array.size; i += 2) {
      order.fills.push_back({fills.via.array.ptr[i].as<std::uint64_t>(),
                             fills.via.array.ptr[i + 1].as<std::uint32_t>()});
    }
    return order;
  }
};
#endif

Order order_with(std::int64_t fills) {
  Order order{0x123456789abcdef, Side::kSell, 1'000'000, "ACME", {}};
  for (std::int64_t i = 0; i < fills; ++i) {
    order.fills.push_back({1'000'000'000'000 + static_cast<std::uint64_t>(i),
                           100'000 + static_cast<std::uint32_t>(i)});
  }
  return order;
}

template <typename Codec>
void round_trip(benchmark::State& state) {
  const Order order = order_with(state.range(0));
  constexpr int batch = 200;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < batch; ++i) {
      const auto message = Codec::made_of(order);
      benchmark::DoNotOptimize(Codec::order_of(Codec::bytes_of(message)));
    }
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    state.SetIterationTime(seconds);
  }
  const auto message = Codec::made_of(order);
  if (!(Codec::order_of(Codec::bytes_of(message)) == order)) {
    state.SkipWithError("an order did not come back");
  }
  state.SetItemsProcessed(state.iterations() * batch);
  state.SetLabel("orders per second");
}

template <typename Codec>
void bytes_of_a_message(benchmark::State& state) {
  const auto message = Codec::made_of(order_with(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(state.iterations());
  state.counters["items_per_second"] =
      static_cast<double>(Codec::bytes_of(message).size());
  state.SetLabel("bytes");
}

void by_fills(benchmark::internal::Benchmark* plot) {
  plot->ArgName("fills")->Arg(1)->Arg(16)->Arg(256);
}
void timed(benchmark::internal::Benchmark* plot) {
  plot->Apply(by_fills)->UseManualTime()->MinTime(0.2);
}
void once(benchmark::internal::Benchmark* plot) { plot->Apply(by_fills)->Iterations(1); }

BENCHMARK(round_trip<Ours>)->Name("Orders to bytes and back/ours")->Apply(timed);
BENCHMARK(bytes_of_a_message<Ours>)->Name("Bytes of an order/wire_codec")->Apply(once);
#if COURSE_HAS_FLATBUFFERS
BENCHMARK(round_trip<FlatBuffers>)
    ->Name("Orders to bytes and back/FlatBuffers")
    ->Apply(timed);
BENCHMARK(bytes_of_a_message<FlatBuffers>)
    ->Name("Bytes of an order/FlatBuffers")
    ->Apply(once);
#endif
#if COURSE_HAS_CAPNPROTO
BENCHMARK(round_trip<CapnProto>)
    ->Name("Orders to bytes and back/Cap'n Proto")
    ->Apply(timed);
BENCHMARK(bytes_of_a_message<CapnProto>)
    ->Name("Bytes of an order/Cap'n Proto")
    ->Apply(once);
#endif
#if COURSE_HAS_MSGPACK
BENCHMARK(round_trip<MessagePack>)
    ->Name("Orders to bytes and back/MessagePack")
    ->Apply(timed);
BENCHMARK(bytes_of_a_message<MessagePack>)
    ->Name("Bytes of an order/MessagePack")
    ->Apply(once);
#endif
// --- Ways between two processes, each with the same functions ----------------------------

// Of words of eight bytes: all sizes here are so many of them.
std::uint64_t sum_of(Bytes bytes) {
  std::uint64_t sum = 0;
  for (; bytes.size() >= sizeof sum; bytes = bytes.subspan(sizeof sum)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    sum += word;
  }
  return sum;
}

// Bytes of shared memory for the ways that have some.
constexpr std::size_t way_size = 1 << 20;

// Each is constructed before the fork. Then one process calls `send`, the other `receive`,
// which gives the sum of the message's words.
class Ring {
 public:
  explicit Ring(std::size_t) {}
  void send(Bytes message) { sender_.send(message); }
  std::uint64_t receive() {
    std::uint64_t sum = 0;
    if (!receiver_.receive([&](Bytes bytes) { sum = sum_of(bytes); })) {
      throw std::runtime_error("no message");
    }
    return sum;
  }

 protected:
  SharedMemory memory_{sizeof(MessageRing) + way_size};
  MessageRing& ring_ = MessageRing::create(memory_.bytes());
  MessageSender sender_{ring_};
  MessageReceiver receiver_{ring_};
};

class LookingRing : public Ring {
 public:
  using Ring::Ring;
  void send(Bytes message) {
    until([&] { return sender_.try_send(message); });
  }
  std::uint64_t receive() {
    std::uint64_t sum = 0;
    until(
        [&] { return receiver_.try_receive([&](Bytes bytes) { sum = sum_of(bytes); }); });
    return sum;
  }

 private:
  template <typename Look>
  static void until(Look look) {
    for (unsigned looks = 1; !look(); ++looks) {
      if (looks % 1024 == 0) std::this_thread::yield();
    }
  }
};

// The lesson's reference: a stream socket, a length before each message.
class UnixSocket {
 public:
  explicit UnixSocket(std::size_t) : ends_(ByteChannel::pair()) {}
  void send(Bytes message) { ends_.first.send(message); }
  std::uint64_t receive() { return sum_of(ends_.second.receive().value()); }

 private:
  std::pair<ByteChannel, ByteChannel> ends_;
};

// A socket that keeps messages apart itself.
class PacketSocket {
 public:
  explicit PacketSocket(std::size_t size) : buffer_(size) {
    or_throw(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_),
             "socketpair");
    here_ = Descriptor(ends_[0]);
    there_ = Descriptor(ends_[1]);
  }
  void send(Bytes message) {
    or_throw(static_cast<int>(
                 ::send(here_.number(), message.data(), message.size(), MSG_NOSIGNAL)),
             "send");
  }
  std::uint64_t receive() {
    const int count = or_throw(
        static_cast<int>(::recv(there_.number(), buffer_.data(), buffer_.size(), 0)),
        "recv");
    return sum_of(Bytes(buffer_).first(static_cast<std::size_t>(count)));
  }

 private:
  int ends_[2] = {-1, -1};
  Descriptor here_;
  Descriptor there_;
  std::vector<std::byte> buffer_;
};

// Every message has the size that both sides know: the fastest that a pipe can be.
class Pipe {
 public:
  explicit Pipe(std::size_t size) : buffer_(size) {
    int ends[2];
    or_throw(::pipe2(ends, O_CLOEXEC), "pipe");
    from_ = Descriptor(ends[0]);
    to_ = Descriptor(ends[1]);
  }
  void send(Bytes message) {
    while (!message.empty()) {
      const ssize_t count = ::write(to_.number(), message.data(), message.size());
      or_throw(count < 0 ? -1 : 0, "write");
      message = message.subspan(static_cast<std::size_t>(count));
    }
  }
  std::uint64_t receive() {
    for (std::size_t have = 0; have < buffer_.size();) {
      const ssize_t count =
          ::read(from_.number(), buffer_.data() + have, buffer_.size() - have);
      or_throw(count <= 0 ? -1 : 0, "read");
      have += static_cast<std::size_t>(count);
    }
    return sum_of(buffer_);
  }

 private:
  Descriptor from_;
  Descriptor to_;
  std::vector<std::byte> buffer_;
};

std::string unique_name() {
  static int number = 0;
  return "/course-14-" + std::to_string(::getpid()) + "-" + std::to_string(++number);
}

// Of ten messages at most, and 8 KiB each, where the administrator allows no more.
class PosixQueue {
 public:
  explicit PosixQueue(std::size_t size) : buffer_(size) {
    mq_attr attributes{};
    attributes.mq_maxmsg = 10;
    attributes.mq_msgsize = static_cast<long>(size);
    const std::string name = unique_name();
    queue_ =
        ::mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attributes);
    or_throw(queue_, "mq_open");
    ::mq_unlink(name.c_str());
  }
  ~PosixQueue() { ::mq_close(queue_); }
  PosixQueue(const PosixQueue&) = delete;
  PosixQueue& operator=(const PosixQueue&) = delete;

  void send(Bytes message) {
    or_throw(::mq_send(queue_, reinterpret_cast<const char*>(message.data()),
                       message.size(), 0),
             "mq_send");
  }
  std::uint64_t receive() {
    const int count = or_throw(
        static_cast<int>(::mq_receive(queue_, reinterpret_cast<char*>(buffer_.data()),
                                      buffer_.size(), nullptr)),
        "mq_receive");
    return sum_of(Bytes(buffer_).first(static_cast<std::size_t>(count)));
  }

 private:
  mqd_t queue_;
  std::vector<std::byte> buffer_;
};

#if COURSE_HAS_BOOST_INTERPROCESS
// A lock and two conditions in shared memory.
class BoostQueue {
 public:
  explicit BoostQueue(std::size_t size)
      : name_(unique_name().substr(1)),
        queue_(boost::interprocess::create_only, name_.c_str(),
               std::min<std::size_t>(way_size / size, 4096), size),
        buffer_(size) {
    boost::interprocess::message_queue::remove(name_.c_str());
  }
  void send(Bytes message) { queue_.send(message.data(), message.size(), 0); }
  std::uint64_t receive() {
    std::size_t size = 0;
    unsigned priority = 0;
    queue_.receive(buffer_.data(), buffer_.size(), size, priority);
    return sum_of(Bytes(buffer_).first(size));
  }

 private:
  std::string name_;
  boost::interprocess::message_queue queue_;
  std::vector<std::byte> buffer_;
};
#endif

#if COURSE_HAS_ZEROMQ
// Sockets with a thread of the library's own on each side, which must start after the fork.
class ZeroMq {
 public:
  explicit ZeroMq(std::size_t) : address_("ipc://@" + unique_name().substr(1)) {}
  ~ZeroMq() {
    if (socket_ == nullptr) return;
    const int at_once = 0;
    ::zmq_setsockopt(socket_, ZMQ_LINGER, &at_once, sizeof at_once);
    ::zmq_close(socket_);
    ::zmq_ctx_term(context_);
  }
  ZeroMq(const ZeroMq&) = delete;
  ZeroMq& operator=(const ZeroMq&) = delete;

  void send(Bytes message) {
    if (socket_ == nullptr) open(ZMQ_PUSH);
    or_throw(::zmq_send(socket_, message.data(), message.size(), 0), "zmq_send");
  }
  std::uint64_t receive() {
    if (socket_ == nullptr) open(ZMQ_PULL);
    zmq_msg_t message;
    ::zmq_msg_init(&message);
    or_throw(::zmq_msg_recv(&message, socket_, 0), "zmq_msg_recv");
    const std::uint64_t sum = sum_of(std::as_bytes(std::span(
        static_cast<const char*>(::zmq_msg_data(&message)), ::zmq_msg_size(&message))));
    ::zmq_msg_close(&message);
    return sum;
  }

 private:
  void open(int kind) {
    context_ = ::zmq_ctx_new();
    socket_ = ::zmq_socket(context_, kind);
    or_throw(kind == ZMQ_PULL ? ::zmq_bind(socket_, address_.c_str())
                              : ::zmq_connect(socket_, address_.c_str()),
             "zmq_bind or zmq_connect");
  }

  std::string address_;
  void* context_ = nullptr;
  void* socket_ = nullptr;
};
#endif

// Keeps the calling thread on one core; different numbers, different cores, while there are.
void stay_on(std::size_t which) {
  static const std::vector<unsigned> cores = course::machine::allowed_cores();
  course::stay_on(cores[which % cores.size()]);
}

// What the receiver gets of a message whose bytes are all 1.
std::uint64_t sum_of_one(std::size_t size) { return size / 8 * 0x0101010101010101; }

// Seconds from the first message to the last.
template <typename Way>
double seconds_of_stream(std::size_t size, std::int64_t messages) {
  Way way(size);
  Child sender([&] {
    stay_on(1);
    const std::vector<std::byte> message(size, std::byte{1});
    for (std::int64_t i = 0; i <= messages; ++i) way.send(message);
    ::pause();  // what was sent is still on its way: this ends with its owner
  });
  std::uint64_t sum = way.receive();  // the first: the sender is there
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < messages; ++i) sum += way.receive();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (sum != sum_of_one(size) * static_cast<std::size_t>(messages + 1)) {
    throw std::runtime_error("a message was lost, or not whole");
  }
  return seconds;
}

template <typename Way>
void stream(benchmark::State& state) {
  const std::size_t size = static_cast<std::size_t>(state.range(0));
  const std::int64_t messages = size > 10'000 ? 2'000 : 20'000;
  stay_on(0);
  try {
    for (auto _ : state) {
      const double seconds = seconds_of_stream<Way>(size, messages);
      state.SetIterationTime(seconds);
    }
  } catch (const std::exception& error) {
    return state.SkipWithError(error.what());
  }
  state.SetItemsProcessed(state.iterations() * messages);
  state.SetLabel("messages per second");
}

void by_size(benchmark::internal::Benchmark* plot) {
  plot->ArgName("bytes")->Arg(8)->Arg(256)->Arg(8'192)->Arg(65'536);
}
void up_to_8_kib(benchmark::internal::Benchmark* plot) {
  plot->ArgName("bytes")->Arg(8)->Arg(256)->Arg(8'192)->UseManualTime()->MinTime(0.2);
}
void streamed(benchmark::internal::Benchmark* plot) {
  plot->Apply(by_size)->UseManualTime()->MinTime(0.2);
}

BENCHMARK(stream<Ring>)
    ->Name("Messages between processes that sleep/ours")
    ->Apply(streamed);
BENCHMARK(stream<LookingRing>)
    ->Name("Messages between processes that look again and again/message_ring")
    ->Apply(streamed);
BENCHMARK(stream<Pipe>)
    ->Name("Messages between processes that sleep/pipe")
    ->Apply(streamed);
BENCHMARK(stream<UnixSocket>)
    ->Name("Messages between processes that sleep/Unix socket, reference")
    ->Apply(streamed);
BENCHMARK(stream<PacketSocket>)
    ->Name("Messages between processes that sleep/Unix socket of packets")
    ->Apply(streamed);
BENCHMARK(stream<PosixQueue>)
    ->Name("Messages between processes that sleep/POSIX queue")
    ->Apply(up_to_8_kib);
#if COURSE_HAS_BOOST_INTERPROCESS
BENCHMARK(stream<BoostQueue>)
    ->Name("Messages between processes that sleep/Boost.Interprocess")
    ->Apply(streamed);
#endif
#if COURSE_HAS_ZEROMQ
BENCHMARK(stream<ZeroMq>)
    ->Name("Messages between processes that sleep/ZeroMQ ipc")
    ->Apply(streamed);
#endif
// --- There and back -----------------------------------------------------------------------

template <typename Way>
void there_and_back(benchmark::State& state) {
  const std::size_t size = 64;
  const std::vector<std::byte> message(size, std::byte{1});
  stay_on(0);
  try {
    Way there(size);
    Way back(size);
    Child echo([&] {
      stay_on(1);
      while (there.receive() == sum_of_one(size)) back.send(message);
    });
    // The first finds out that the other side is there.
    for (int i = 0; i < 3; ++i) {
      there.send(message);
      benchmark::DoNotOptimize(back.receive());
    }
    for (auto _ : state) {
      there.send(message);
      benchmark::DoNotOptimize(back.receive());
    }
  } catch (const std::exception& error) {
    return state.SkipWithError(error.what());
  }
}

void one_message(benchmark::internal::Benchmark* plot) {
  plot->ArgName("messages")->Arg(1)->UseRealTime()->MinTime(0.2);
}

BENCHMARK(there_and_back<Ring>)
    ->Name("There and back, 64 bytes/ours")
    ->Apply(one_message);
BENCHMARK(there_and_back<LookingRing>)
    ->Name("There and back, 64 bytes, looking again and again/message_ring")
    ->Apply(one_message);
BENCHMARK(there_and_back<Pipe>)
    ->Name("There and back, 64 bytes/pipe")
    ->Apply(one_message);
BENCHMARK(there_and_back<UnixSocket>)
    ->Name("There and back, 64 bytes/Unix socket, reference")
    ->Apply(one_message);
BENCHMARK(there_and_back<PacketSocket>)
    ->Name("There and back, 64 bytes/Unix socket of packets")
    ->Apply(one_message);
BENCHMARK(there_and_back<PosixQueue>)
    ->Name("There and back, 64 bytes/POSIX queue")
    ->Apply(one_message);
#if COURSE_HAS_BOOST_INTERPROCESS
BENCHMARK(there_and_back<BoostQueue>)
    ->Name("There and back, 64 bytes/Boost.Interprocess")
    ->Apply(one_message);
#endif
#if COURSE_HAS_ZEROMQ
BENCHMARK(there_and_back<ZeroMq>)
    ->Name("There and back, 64 bytes/ZeroMQ ipc")
    ->Apply(one_message);
#endif

}  // namespace
