// What the program's calls mean in a running body. The hooks come here once they know the
// calling thread.
//
// Return values and errors are those of the functions they stand for (an errno value, 0
// for success).
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include <cstdint>
#include <string>

#include "interleave/runtime/engine.hpp"

namespace interleave {

// -- Locks ------------------------------------------------------------------------------

// How long to try: once, until a point in virtual time, or for ever.
struct Patience {
  bool once = false;
  std::uint64_t deadline = kNever;
};

int lock_mutex(Thread& self, pthread_mutex_t* mutex, Patience patience,
               ProgramCounter pc);
int unlock_mutex(Thread& self, pthread_mutex_t* mutex, ProgramCounter pc);
int destroy_mutex(Thread& self, pthread_mutex_t* mutex, ProgramCounter pc);
// Before the C library makes it, or makes a lock for readers and writers.
void make_mutex(Thread& self, pthread_mutex_t* mutex, ProgramCounter pc);
void make_readers_writer(Thread& self, pthread_rwlock_t* lock, ProgramCounter pc);

int lock_for_writing(Thread& self, pthread_rwlock_t* lock, Patience patience,
                     ProgramCounter pc);
int lock_for_reading(Thread& self, pthread_rwlock_t* lock, Patience patience,
                     ProgramCounter pc);
int unlock_readers_writer(Thread& self, pthread_rwlock_t* lock, ProgramCounter pc);
int destroy_readers_writer(Thread& self, pthread_rwlock_t* lock, ProgramCounter pc);

// -- Waiting ----------------------------------------------------------------------------

int wait_on_condition(Thread& self, pthread_cond_t* condition, pthread_mutex_t* mutex,
                      std::uint64_t deadline, ProgramCounter pc);
int notify_condition(Thread& self, pthread_cond_t* condition, bool all,
                     ProgramCounter pc);
int destroy_condition(Thread& self, pthread_cond_t* condition, ProgramCounter pc);
void make_condition(Thread& self, pthread_cond_t* condition, ProgramCounter pc);

// -1 with errno set, or the number of threads woken, as the system call does.
long wait_on_futex(Thread& self, const int* word, int expected, std::uint64_t deadline,
                   ProgramCounter pc);
long wake_futex(Thread& self, const int* word, int most, ProgramCounter pc);

int wait_on_semaphore(Thread& self, sem_t* semaphore, Patience patience,
                      ProgramCounter pc);
int post_semaphore(Thread& self, sem_t* semaphore, ProgramCounter pc);

int make_barrier(Thread& self, pthread_barrier_t* barrier, unsigned count,
                 ProgramCounter pc);
int wait_at_barrier(Thread& self, pthread_barrier_t* barrier, ProgramCounter pc);
int destroy_barrier(Thread& self, pthread_barrier_t* barrier, ProgramCounter pc);

// A call that makes no sense: the schedule fails with "worker 1 " and `what`. `object` is the
// lock or the like that it is about.
[[noreturn]] void misuse(Thread& self, ProgramCounter pc, Address object,
                         const std::string& what);
// The life of an object begins. A second beginning where nothing ended is a mistake, but on a
// stack, where a variable ends without a call.
void begin_life(Thread& self, Life& life, Address object, const char* what,
                ProgramCounter pc);

// -- Threads and time -------------------------------------------------------------------

int create(Thread& self, pthread_t* handle, const pthread_attr_t* attributes,
           void* (*routine)(void*), void* argument, ProgramCounter pc);
int join(Thread& self, pthread_t handle, void** result, std::uint64_t deadline,
         ProgramCounter pc);
int detach(Thread& self, pthread_t handle, ProgramCounter pc);
[[nodiscard]] pthread_t handle_of(const Thread& thread);
// Thread-specific values in the manner of C, for keys that were made anywhere.
void note_key(unsigned key, void (*destructor)(void*));
void set_own_value(Thread& self, unsigned key, const void* value);
[[nodiscard]] void* own_value(const Thread& self, unsigned key);
// One that a destructor waits for is taken out; the destructor is to be called.
[[nodiscard]] bool take_own_value(Thread& self, ExitHandler& destructor);

void yield(Thread& self, ProgramCounter pc);
void sleep_until(Thread& self, std::uint64_t deadline, ProgramCounter pc);

// Reading a clock takes a little virtual time, more and more for a thread that does nothing else.
timespec read_clock(Thread& self, clockid_t clock, ProgramCounter pc);
// Virtual nanoseconds of a time on that clock, for deadlines.
[[nodiscard]] std::uint64_t virtual_time(clockid_t clock, const timespec& time);
[[nodiscard]] std::uint64_t nanoseconds(const timespec& duration);

// -- Once -------------------------------------------------------------------------------

// True if the caller is the one to run it; then end_once must follow.
bool begin_once(Thread& self, Address flag, bool (*is_done)(Address), ProgramCounter pc);
void end_once(Thread& self, Address flag);

// -- Memory -----------------------------------------------------------------------------

// A plain access of the calling thread; none outside a body.
void plain_access(const void* object, std::uint64_t size, bool write, ProgramCounter pc);

// A lock or a condition is about to be used by the operation, which is the next step: fails if
// it lies in memory that was freed, or that another thread may free at the same time.
void expect_alive(Thread& self, const Operation& operation);

Value load(Thread& self, Address address, std::uint8_t size, MemoryOrder order,
           ProgramCounter pc);
void store(Thread& self, Address address, std::uint8_t size, MemoryOrder order,
           Value value, ProgramCounter pc);
// Returns what was there; `change` says what to write for it.
Value update(Thread& self, Address address, std::uint8_t size, MemoryOrder order,
             Value (*change)(Value old, Value operand), Value operand, ProgramCounter pc);
struct CompareResult {
  bool succeeded;
  Value found;
};
CompareResult compare_exchange(Thread& self, Address address, std::uint8_t size,
                               MemoryOrder success, MemoryOrder failure, Value expected,
                               Value desired, bool weak, ProgramCounter pc);
void fence(Thread& self, MemoryOrder order, ProgramCounter pc);

// What the bytes hold in real memory.
[[nodiscard]] Value held_at(Address address, std::uint8_t size);
void put(Address address, std::uint8_t size, Value value);

// Between runs: clears libstdc++'s count of the threads that wait in atomic::wait, which
// threads of a run that was given up never leave.
void forget_waiters();

void* allocate(Thread& self, std::size_t size, std::size_t alignment, ProgramCounter pc);
void release(Thread& self, void* block, ProgramCounter pc);

}  // namespace interleave
