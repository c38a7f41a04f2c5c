// The place where the newest version is found: readers look at it, writers replace it whole.
//
//   newest_ ----> box [ version ]
//   seats_  ----> [ looking at ] --> [ looking at ] --> ...         one seat for each reader
//   read:   looking at = newest_; is it still the newest? look at the version; looking at = 0
//   store:  newest_ = next; the box that was there is deleted once no reader looks at it
//
// What std::atomic<std::shared_ptr> is for. libstdc++'s ends a load with a relaxed
// operation: nothing then orders the load's plain read before the next store's plain write.
//
// Threads     load, store, compare_exchange, Reader's constructor: any thread. A Reader: one
//             thread at a time. Construct and destroy while no call is running and no Reader
//             is left.
// Progress    read: lock-free; it looks again if a store came between its two steps, so
//             steady writers can delay it. It writes to its own seat alone: readers do not
//             slow each other down. load also counts an owner, as every copy of a shared_ptr
//             does, and the last owner frees a whole version, whichever it is. store,
//             compare_exchange: lock-free.
//
// Invariants
//   I1  newest_ names the current box. A box that has left it never comes back.
//   I2  A box is deleted by a writer that took it out of newest_ or of retired_, and found
//       it in no seat after that.
//   I3  A seat names a box only while its reader looks, or is about to ask whether that is
//       still the newest; only the second kind may name one that was deleted.
//   I4  Seats are added and never removed; their number is that of Readers alive at once.
//
// Edges       PUBLISH   store, compare_exchange write newest_  -->  a reader finds the box
//             ANNOUNCE  a reader writes its seat, then reads newest_; a writer writes
//                       newest_, then reads the seats. seq_cst: one of the two sees the
//                       other (lesson 2, P5b).
//             LEAVE     a reader clears its seat  -->  the writer that then deletes the box
//
// The seats are the hazard pointers of M. Michael, "Hazard Pointers: Safe Memory Reclamation
// for Lock-Free Objects" (2004).
#pragma once

#include <atomic>
#include <memory>
#include <utility>

template <typename T>
class AtomicRoot {
  struct Box;
  struct Seat;

 public:
  using Pointer = std::shared_ptr<const T>;

  // One thread's way to look at versions. Making one costs an update of a line that other
  // Readers update too: keep it for as long as the thread reads.
  class Reader {
   public:
    explicit Reader(const AtomicRoot& root) : root_(root), seat_(root.take_seat()) {}
    // LEAVE is done; release, so that the seat's next reader finds it empty.
    ~Reader() { seat_.taken.store(false, std::memory_order_release); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    //> region read
    // What `look` returns for the current version, which stays while `look` runs. `look`
    // must not use this Reader, and must not return a reference into the version.
    template <typename Look>
    auto read(Look look) {
      const Visit visit(*this);
      return look(static_cast<const T&>(*visit.box->value));
    }
    //<

    // The current version, which lives at least as long as the pointer that is returned.
    [[nodiscard]] Pointer load() {
      const Visit visit(*this);
      return visit.box->value;
    }

   private:
    friend class AtomicRoot;

    // Keeps the box that was the newest when it began.
    struct Visit {
      explicit Visit(Reader& reader) : seat(reader.seat_), box(reader.announce()) {}
      // LEAVE, release: what was read in the box was read before this.
      ~Visit() { seat.looking_at.store(nullptr, std::memory_order_release); }
      Visit(const Visit&) = delete;
      Visit& operator=(const Visit&) = delete;

      Seat& seat;
      Box* const box;
    };

    //> region announce
    // Names the newest box in this reader's seat, and returns it.
    Box* announce() {
      // relaxed: a guess, which the loop checks before anything is read through it.
      Box* box = root_.newest_.load(std::memory_order_relaxed);
      while (true) {
        // ANNOUNCE, seq_cst, both: were the load to overtake the store, a writer could
        // replace the box, find no seat that names it, and delete it in between.
        seat_.looking_at.store(box, std::memory_order_seq_cst);
        // PUBLISH: finding the box means finding what is in it; seq_cst is acquire too.
        Box* const newest = root_.newest_.load(std::memory_order_seq_cst);
        if (newest == box) return box;
        box = newest;
      }
    }
    //<

    const AtomicRoot& root_;
    Seat& seat_;
  };

  explicit AtomicRoot(Pointer first) : newest_(new Box{std::move(first)}) {
    Reader(*this);  // leaves the first seat
  }
  ~AtomicRoot() {
    // relaxed: no call is running.
    delete newest_.load(std::memory_order_relaxed);
    delete_all(retired_.load(std::memory_order_relaxed));
    delete_all(seats_.load(std::memory_order_relaxed));
  }
  AtomicRoot(const AtomicRoot&) = delete;
  AtomicRoot& operator=(const AtomicRoot&) = delete;

  // The current version, which lives at least as long as the pointer that is returned. For a
  // thread that reads again and again, a Reader costs less.
  [[nodiscard]] Pointer load() const { return Reader(*this).load(); }

  //> region store
  // Makes `desired` the current version, whatever was there.
  void store(Pointer desired) {
    // PUBLISH, and this side of ANNOUNCE: seq_cst, or the look at the seats might come first.
    retire(newest_.exchange(new Box{std::move(desired)}, std::memory_order_seq_cst));
  }
  //<

  // If the current version is `expected`, makes `desired` the current one and returns true.
  // Else writes the current version to `expected` and returns false.
  [[nodiscard]] bool compare_exchange(Pointer& expected, Pointer desired) {
    Box* replaced = nullptr;
    {
      Reader reader(*this);
      const typename Reader::Visit visit(reader);
      // While a seat names the box its address cannot come again in newest_.
      if (visit.box->value == expected) replaced = visit.box;
      if (replaced == nullptr || !replace(replaced, std::move(desired))) {
        replaced = nullptr;
      }
    }
    if (replaced == nullptr) {
      expected = load();
      return false;
    }
    retire(replaced);
    return true;
  }

 private:
  struct Box {
    explicit Box(Pointer first) : value(std::move(first)) {}

    const Pointer value;
    Box* next = nullptr;  // in retired_
  };

  // On a cache line of its own: a reader's announcement disturbs no other reader.
  struct alignas(64) Seat {
    std::atomic<Box*> looking_at = nullptr;  // written by its reader, read by writers
    std::atomic<bool> taken = true;
    Seat* next = nullptr;  // in seats_; written once
  };

  // Makes a box of `desired` the newest if `box` still is.
  bool replace(Box* box, Pointer desired) {
    auto next = std::make_unique<Box>(std::move(desired));
    // PUBLISH and ANNOUNCE, as in store. relaxed on failure: nothing was found out but that.
    if (!newest_.compare_exchange_strong(box, next.get(), std::memory_order_seq_cst,
                                         std::memory_order_relaxed)) {
      return false;
    }
    static_cast<void>(next.release());
    return true;
  }

  //> region retire
  // Deletes `box`, and every box that waits for it, unless a reader looks at it; keeps those.
  void retire(Box* box) {
    // acquire: the boxes in the list were put there by others.
    box->next = retired_.exchange(nullptr, std::memory_order_acquire);
    while (box != nullptr) {
      Box* const next = box->next;
      if (is_looked_at(box)) {
        keep(box);
      } else {
        delete box;
      }
      box = next;
    }
  }
  //<

  bool is_looked_at(const Box* box) const {
    // acquire: the seat is as it was made.
    const Seat* seat = seats_.load(std::memory_order_seq_cst);
    for (; seat != nullptr; seat = seat->next) {
      // ANNOUNCE, the writer's look. LEAVE, acquire: a reader that has left read the box
      // before it is deleted.
      if (seat->looking_at.load(std::memory_order_seq_cst) == box) return true;
    }
    return false;
  }

  void keep(Box* box) {
    box->next = retired_.load(std::memory_order_relaxed);
    // release: box->next, for the thread that takes the list.
    while (!retired_.compare_exchange_weak(box->next, box, std::memory_order_release,
                                           std::memory_order_relaxed)) {
    }
  }

  // A seat that no other reader has; a new one if all are taken.
  Seat& take_seat() const {
    // acquire: the seats of others are as they were made.
    for (Seat* seat = seats_.load(std::memory_order_acquire); seat != nullptr;
         seat = seat->next) {
      // A look first, without writing to a line that a reader uses.
      if (!seat->taken.load(std::memory_order_relaxed) &&
          !seat->taken.exchange(true, std::memory_order_acquire)) {
        return *seat;
      }
    }
    auto seat = std::make_unique<Seat>();
    seat->next = seats_.load(std::memory_order_relaxed);
    // seq_cst, as its first announcement: a writer that does not find the seat has replaced
    // the box before this reader looks.
    while (!seats_.compare_exchange_weak(
        seat->next, seat.get(), std::memory_order_seq_cst, std::memory_order_relaxed)) {
    }
    return *seat.release();
  }

  template <typename Node>
  static void delete_all(Node* node) {
    while (node != nullptr) delete std::exchange(node, node->next);
  }

  // Written by writers.
  std::atomic<Box*> newest_;
  std::atomic<Box*> retired_ = nullptr;  // replaced, and perhaps still looked at

  // Written by a thread that becomes a reader; mutable, because looking needs a seat.
  alignas(64) mutable std::atomic<Seat*> seats_ = nullptr;
};
