// How the numbers come about. A read of a location with one store has two writes to read
// from, so that n such reads give 2^n executions; from those the forbidden ones are taken.
// Two stores to one location double the number (two modification orders), except where
// coherence lets a read or a store in the same thread decide.
#include "interleave/memory/tests/litmus/litmus_table.hpp"

namespace litmus {
namespace {

std::vector<Litmus> published() {
  return {
      // 4; 0,0 needs each load before the other thread's store.
      {{"SB", {{store(x, 1), load(y)}, {store(y, 1), load(x)}}}, 3, 4, {"0 | 0 ;"}},
      // 4; 1,0 would read y's release and miss what was before it.
      {{"MP", {{store(x, 1), store(y, 1)}, {load(y), load(x)}}}, 3, 3, {}, {"| 1 0 ;"}},
      // 4; 1,1 is a cycle of sb and rf.
      {{"LB", {{load(y), store(x, 1)}, {load(x), store(y, 1)}}}, 3, 3, {}, {"1 | 1 ;"}},
      // 9; 1,0 and 2,0 and 2,1 go back in modification order.
      {{"CoRR", {{store(x, 1), store(x, 2)}, {load(x), load(x)}}}, 6, 6, {}, {"| 2 1 ;"}},
      // 4 pairs of orders; both first stores last is a cycle of sb and mo.
      {{"2+2W", {{store(x, 1), store(y, 2)}, {store(y, 1), store(x, 2)}}},
       3,
       4,
       {"| ; 1 1"}},
      // 4: y read or not, times two orders of x. Reading y with x=1 before x=2 is weak.
      {{"S", {{store(x, 2, rlx), store(y, 1, rlx)}, {load(y, rlx), store(x, 1, rlx)}}},
       3,
       4,
       {"| 1 ; 2 1"}},
      // 8; 1,1,0 misses a store two releases back.
      {{"ISA2",
        {{store(x, 1, rlx), store(y, 1)},
         {load(y), store(z, 1)},
         {load(z), load(x, rlx)}}},
       7,
       7,
       {},
       {"| 1 | 1 0 ;"}},
      // 16; the readers disagree on which store was first. With acquire first loads the
      // seq_cst of the stores does not reach the seq_cst second loads.
      {{"IRIW",
        {{store(x, 1, sc)},
         {store(y, 1, sc)},
         {load(x, acq), load(y, sc)},
         {load(y, acq), load(x, sc)}}},
       15,
       16,
       {"| | 1 0 | 1 0 ;"}},
  };
}

// Store buffering: 4 executions, 0,0 among them if nothing orders a store before a load.
std::vector<Litmus> store_buffering() {
  return {
      {{"SB+sc", {{store(x, 1, sc), load(y, sc)}, {store(y, 1, sc), load(x, sc)}}},
       3,
       3,
       {},
       {"0 | 0 ;"}},
      // A fence before the load: the thread whose fence is second sees the other's store.
      {{"SB+fences",
        {{store(x, 1, rlx), fence(sc), load(y, rlx)},
         {store(y, 1, rlx), fence(sc), load(x, rlx)}}},
       3,
       3,
       {},
       {"0 | 0 ;"}},
      // One fence alone has nothing to be ordered with.
      {{"SB+fence",
        {{store(x, 1, rlx), fence(sc), load(y, rlx)}, {store(y, 1, rlx), load(x, rlx)}}},
       3,
       4,
       {"0 | 0 ;"}},
      // Only seq_cst fences order a store before a later load.
      {{"SB+acq_rel fences",
        {{store(x, 1, rlx), fence(acq_rel), load(y, rlx)},
         {store(y, 1, rlx), fence(acq_rel), load(x, rlx)}}},
       3,
       4,
       {"0 | 0 ;"}},
      // fence -rb-> y=1 -sb-> load x -rb-> x=1 -sb-> fence: a cycle of psc.
      {{"SB+fence+sc",
        {{store(x, 1, rlx), fence(sc), load(y, rlx)}, {store(y, 1, sc), load(x, sc)}}},
       3,
       3,
       {},
       {"0 | 0 ;"}},
      // seq_cst stores do not order relaxed loads after them.
      {{"SB+sc stores",
        {{store(x, 1, sc), load(y, rlx)}, {store(y, 1, sc), load(x, rlx)}}},
       3,
       4,
       {"0 | 0 ;"}},
      // Updates of different locations order no more than stores, seq_cst or not, as long
      // as the loads are weaker.
      {{"SB+exchanges",
        {{exchange(x, 1, acq_rel), load(y)}, {exchange(y, 1, acq_rel), load(x)}}},
       3,
       4,
       {"0 0 | 0 0 ;"}},
      {{"SB+sc exchanges",
        {{exchange(x, 1, sc), load(y)}, {exchange(y, 1, sc), load(x)}}},
       3,
       4,
       {"0 0 | 0 0 ;"}},
      // Updates of one location are a fence: one reads the other's. Two orders; after the
      // first update its thread may read 0 or 1 (2), after the second only 1.
      {{"SB+updates of z",
        {{store(x, 1, rlx), add(z, 0), load(y, rlx)},
         {store(y, 1, rlx), add(z, 0), load(x, rlx)}}},
       4,
       4,
       {},
       {"0 0 | 0 0 ;"}},
      // An update reads the newest store of its own location only: both may come before
      // the other thread's store of it.
      {{"SB+reading updates",
        {{store(x, 1, rlx), add(y, 0, rlx)}, {store(y, 1, rlx), add(x, 0, rlx)}}},
       3,
       4,
       {"0 | 0 ;"}},
      // 8; every thread reads 0.
      {{"3.SB", {{store(x, 1), load(y)}, {store(y, 1), load(z)}, {store(z, 1), load(x)}}},
       7,
       8,
       {"0 | 0 | 0 ;"}},
      {{"3.SB+sc",
        {{store(x, 1, sc), load(y, sc)},
         {store(y, 1, sc), load(z, sc)},
         {store(z, 1, sc), load(x, sc)}}},
       7,
       7,
       {},
       {"0 | 0 | 0 ;"}},
  };
}

// Message passing: 4 executions, 1,0 among them unless the store of y releases x and the
// load of y acquires it.
std::vector<Litmus> message_passing() {
  const std::vector<std::string> missed = {"| 1 0 ;"};
  return {
      {{"MP+rlx", {{store(x, 1, rlx), store(y, 1, rlx)}, {load(y, rlx), load(x, rlx)}}},
       3,
       4,
       missed},
      {{"MP+rel", {{store(x, 1, rlx), store(y, 1)}, {load(y, rlx), load(x, rlx)}}},
       3,
       4,
       missed},
      {{"MP+acq", {{store(x, 1, rlx), store(y, 1, rlx)}, {load(y), load(x, rlx)}}},
       3,
       4,
       missed},
      {{"MP+fences",
        {{store(x, 1, rlx), fence(rel), store(y, 1, rlx)},
         {load(y, rlx), fence(acq), load(x, rlx)}}},
       3,
       3,
       {},
       missed},
      {{"MP+rel+fence",
        {{store(x, 1, rlx), store(y, 1)}, {load(y, rlx), fence(acq), load(x, rlx)}}},
       3,
       3,
       {},
       missed},
      // The release fence must come before the store of y,
      {{"MP+late fence",
        {{store(x, 1, rlx), store(y, 1, rlx), fence(rel)},
         {load(y, rlx), fence(acq), load(x, rlx)}}},
       3,
       4,
       missed},
      // ... the acquire fence after the load of y.
      {{"MP+early fence",
        {{store(x, 1, rlx), fence(rel), store(y, 1, rlx)},
         {fence(acq), load(y, rlx), load(x, rlx)}}},
       3,
       4,
       missed},
      // A compare-exchange that fails is a load with its failure order. y=0: it succeeds,
      // x is 0 or 1; y=1: it fails, x is 1.
      {{"MP+failed compare",
        {{store(x, 1, rlx), store(y, 1)}, {compare(y, 0, 2, rlx, acq), load(x, rlx)}}},
       3,
       3,
       {},
       missed},
      {{"MP+relaxed failure",
        {{store(x, 1, rlx), store(y, 1)}, {compare(y, 0, 2, acq, rlx), load(x, rlx)}}},
       3,
       4,
       missed},
      // Plain data behind a flag that is looked at: y=0 and nothing, or y=1 and x=1.
      {{"MP+plain",
        {{plain_write(x, 1), store(y, 1)}, {load(y), given(0, 1, plain_read(x))}}},
       2,
       2,
       {},
       missed},
      {.program = {"MP+plain+rlx",
                   {{plain_write(x, 1), store(y, 1, rlx)},
                    {load(y), given(0, 1, plain_read(x))}}},
       .race = true},
      {.program = {"MP+plain, not looked at",
                   {{plain_write(x, 1), store(y, 1)}, {load(y), plain_read(x)}}},
       .race = true},
      // A try-lock round plain data. One succeeds and the other fails (2); or one after the
      // other (2).
      {{"lock+plain",
        {{compare(y, 0, 1, acq, rlx), given(0, 0, plain_write(x, 1)),
          given(0, 0, store(y, 0))},
         {compare(y, 0, 1, acq, rlx), given(0, 0, plain_read(x)),
          given(0, 0, store(y, 0))}}},
       4,
       4},
      {.program = {"lock+plain, relaxed unlock",
                   {{compare(y, 0, 1, acq, rlx), given(0, 0, plain_write(x, 1)),
                     given(0, 0, store(y, 0, rlx))},
                    {compare(y, 0, 1, acq, rlx), given(0, 0, plain_read(x)),
                     given(0, 0, store(y, 0, rlx))}}},
       .race = true},
  };
}

// Load buffering: RC11 has none, whatever the orders.
std::vector<Litmus> load_buffering() {
  return {
      {{"LB+rlx", {{load(y, rlx), store(x, 1, rlx)}, {load(x, rlx), store(y, 1, rlx)}}},
       3,
       3,
       {},
       {"1 | 1 ;"}},
      // Values out of thin air: the threads copy x and y to each other. The same graphs.
      {{"LB+data",
        {{load(y, rlx), plus(store(x, 0, rlx), 0)},
         {load(x, rlx), plus(store(y, 0, rlx), 0)}}},
       3,
       3,
       {},
       {"1 | 1 ;"}},
      // 8, without the cycle.
      {{"3.LB",
        {{load(y, rlx), store(x, 1, rlx)},
         {load(z, rlx), store(y, 1, rlx)},
         {load(x, rlx), store(z, 1, rlx)}}},
       7,
       7,
       {},
       {"1 | 1 | 1 ;"}},
  };
}

// Causality over three threads: 8 executions, less the one that breaks it.
std::vector<Litmus> causality() {
  return {
      // The store of y releases what its thread has read.
      {{"WRC",
        {{store(x, 1, rlx)}, {load(x, rlx), store(y, 1)}, {load(y), load(x, rlx)}}},
       7,
       7,
       {},
       {"| 1 | 1 0 ;"}},
      {{"WRC+rlx",
        {{store(x, 1, rlx)},
         {load(x, rlx), store(y, 1, rlx)},
         {load(y, rlx), load(x, rlx)}}},
       7,
       8,
       {"| 1 | 1 0 ;"}},
      // As SB, with the store of x in a thread of its own.
      {{"RWC", {{store(x, 1)}, {load(x), load(y)}, {store(y, 1), load(x)}}},
       7,
       8,
       {"| 1 0 | 0 ;"}},
      {{"RWC+sc",
        {{store(x, 1, sc)}, {load(x, sc), load(y, sc)}, {store(y, 1, sc), load(x, sc)}}},
       7,
       7,
       {},
       {"| 1 0 | 0 ;"}},
      // psc's hb? eco hb?: fence -rb-> y=1 -sb-> fence -rb-> x=1 -rf-> load -sb-> fence.
      {{"RWC+fences",
        {{store(x, 1, rlx)},
         {load(x, rlx), fence(sc), load(y, rlx)},
         {store(y, 1, rlx), fence(sc), load(x, rlx)}}},
       7,
       7,
       {},
       {"| 1 0 | 0 ;"}},
      {{"W+RWC",
        {{store(x, 1, rlx), store(z, 1)}, {load(z), load(y)}, {store(y, 1), load(x)}}},
       7,
       8,
       {"| 1 0 | 0 ;"}},
      // x=1 -sb≠loc-> z=1 -sw-> load z -sb≠loc-> load y -rb-> y=1 -sb-> load x -rb-> x=1.
      {{"W+RWC+sc",
        {{store(x, 1, sc), store(z, 1)},
         {load(z), load(y, sc)},
         {store(y, 1, sc), load(x, sc)}}},
       7,
       7,
       {},
       {"| 1 0 | 0 ;"}},
      {{"W+RWC+fences",
        {{store(x, 1, rlx), store(z, 1)},
         {load(z), fence(sc), load(y, rlx)},
         {store(y, 1, rlx), fence(sc), load(x, rlx)}}},
       7,
       7,
       {},
       {"| 1 0 | 0 ;"}},
      {{"ISA2+rlx",
        {{store(x, 1, rlx), store(y, 1, rlx)},
         {load(y, rlx), store(z, 1, rlx)},
         {load(z, rlx), load(x, rlx)}}},
       7,
       8,
       {"| 1 | 1 0 ;"}},
      // One link of the chain does not acquire.
      {{"ISA2+broken chain",
        {{store(x, 1, rlx), store(y, 1)},
         {load(y, rlx), store(z, 1)},
         {load(z), load(x, rlx)}}},
       7,
       8,
       {"| 1 | 1 0 ;"}},
      // ... unless a fence does.
      {{"ISA2+fence",
        {{store(x, 1, rlx), store(y, 1)},
         {load(y, rlx), fence(acq_rel), store(z, 1, rlx)},
         {load(z), load(x, rlx)}}},
       7,
       7,
       {},
       {"| 1 | 1 0 ;"}},
      // 2 orders of y, 2 reads of z, 2 of x; y=1 before y=2, z read, x missed: mo does not
      // synchronise.
      {{"Z6",
        {{store(x, 1), store(y, 1)}, {store(y, 2), store(z, 1)}, {load(z), load(x)}}},
       7,
       8,
       {"| | 1 0 ; 1 2 1"}},
  };
}

// Independent reads of independent writes: 16 executions, one where the readers disagree.
std::vector<Litmus> independent_reads() {
  const std::vector<std::string> disagree = {"| | 1 0 | 1 0 ;"};
  return {
      {{"IRIW+acq_rel",
        {{store(x, 1)}, {store(y, 1)}, {load(x), load(y)}, {load(y), load(x)}}},
       15,
       16,
       disagree},
      {{"IRIW+rlx",
        {{store(x, 1, rlx)},
         {store(y, 1, rlx)},
         {load(x, rlx), load(y, rlx)},
         {load(y, rlx), load(x, rlx)}}},
       15,
       16,
       disagree},
      {{"IRIW+sc",
        {{store(x, 1, sc)},
         {store(y, 1, sc)},
         {load(x, sc), load(y, sc)},
         {load(y, sc), load(x, sc)}}},
       15,
       15,
       {},
       disagree},
      // fence -rb-> y=1 -rf-> load -sb-> fence, and back by x.
      {{"IRIW+fences",
        {{store(x, 1, rlx)},
         {store(y, 1, rlx)},
         {load(x, rlx), fence(sc), load(y, rlx)},
         {load(y, rlx), fence(sc), load(x, rlx)}}},
       15,
       15,
       {},
       disagree},
      {{"IRIW+fence",
        {{store(x, 1, rlx)},
         {store(y, 1, rlx)},
         {load(x, rlx), fence(sc), load(y, rlx)},
         {load(y), load(x)}}},
       15,
       16,
       disagree},
  };
}

// Coherence: one location behaves sequentially, however weak the orders.
std::vector<Litmus> coherence() {
  return {
      // The thread's own order is the modification order.
      {{"CoWW", {{store(x, 1, rlx), store(x, 2, rlx)}}}, 1, 1, {}, {"; 1"}},
      // x=2 is before x=1 (the load reads 1) or after it (it reads 1 or 2).
      {{"CoWR", {{store(x, 1, rlx), load(x, rlx)}, {store(x, 2, rlx)}}},
       3,
       3,
       {},
       {"0 | ;", "2 | ; 1"}},
      // The load reads 0 (two orders) or 2, and then x=1 is behind it.
      {{"CoRW", {{load(x, rlx), store(x, 1, rlx)}, {store(x, 2, rlx)}}},
       3,
       3,
       {},
       {"2 | ; 2"}},
      // Both read 0 (two orders); or one reads the other's (two). Both others' is a cycle.
      {{"CoRW2", {{load(x, rlx), store(x, 1, rlx)}, {load(x, rlx), store(x, 2, rlx)}}},
       4,
       4,
       {},
       {"2 | 1 ;"}},
      {{"CoRR1", {{store(x, 1, rlx)}, {load(x, rlx), load(x, rlx)}}},
       3,
       3,
       {},
       {"| 1 0 ;"}},
      // In each of 2 orders each reader sees one of 6 pairs that do not go back: 2*6*6.
      {{"CoRR2",
        {{store(x, 1, rlx)},
         {store(x, 2, rlx)},
         {load(x, rlx), load(x, rlx)},
         {load(x, rlx), load(x, rlx)}}},
       72,
       72,
       {},
       {"| | 1 2 | 2 1 ;"}},
      // seq_cst adds nothing where there is one location.
      {{"CoRR2+sc",
        {{store(x, 1, sc)},
         {store(x, 2, sc)},
         {load(x, sc), load(x, sc)},
         {load(x, sc), load(x, sc)}}},
       72,
       72,
       {},
       {"| | 1 2 | 2 1 ;"}},
  };
}

// Stores against stores: 2 modification orders times 2 reads, or 2 times 2 orders.
std::vector<Litmus> modification_orders() {
  return {
      // y=2 last and x missed.
      {{"R", {{store(x, 1), store(y, 1)}, {store(y, 2), load(x)}}}, 3, 4, {"| 0 ; 1 2"}},
      {{"R+sc", {{store(x, 1, sc), store(y, 1, sc)}, {store(y, 2, sc), load(x, sc)}}},
       3,
       3,
       {},
       {"| 0 ; 1 2"}},
      {{"R+fences",
        {{store(x, 1, rlx), fence(sc), store(y, 1, rlx)},
         {store(y, 2, rlx), fence(sc), load(x, rlx)}}},
       3,
       3,
       {},
       {"| 0 ; 1 2"}},
      // What is released happens before x=1, and so is before it in modification order.
      {{"S+rel", {{store(x, 2, rlx), store(y, 1)}, {load(y), store(x, 1, rlx)}}},
       3,
       3,
       {},
       {"| 1 ; 2 1"}},
      {{"S+fences",
        {{store(x, 2, rlx), fence(rel), store(y, 1, rlx)},
         {load(y, rlx), fence(acq), store(x, 1, rlx)}}},
       3,
       3,
       {},
       {"| 1 ; 2 1"}},
      {{"2+2W+sc",
        {{store(x, 1, sc), store(y, 2, sc)}, {store(y, 1, sc), store(x, 2, sc)}}},
       3,
       3,
       {},
       {"| ; 1 1"}},
      {{"2+2W+fences",
        {{store(x, 1, rlx), fence(sc), store(y, 2, rlx)},
         {store(y, 1, rlx), fence(sc), store(x, 2, rlx)}}},
       3,
       3,
       {},
       {"| ; 1 1"}},
      // seq_cst in one thread alone is release.
      {{"2+2W+half sc", {{store(x, 1, sc), store(y, 2, sc)}, {store(y, 1), store(x, 2)}}},
       3,
       4,
       {"| ; 1 1"}},
  };
}

std::vector<Litmus> updates() {
  return {
      // A chain: one of n! orders.
      {{"two adds", {{add(x, 1, rlx)}, {add(x, 1, rlx)}}}, 2, 2, {}, {"0 | 0 ;"}},
      {{"three adds", {{add(x, 1, rlx)}, {add(x, 1, rlx)}, {add(x, 1, rlx)}}},
       6,
       6,
       {},
       {"0 | 0 |", "0 | 1 | 1 ;"}},
      // The first wins, the other reads its value: it may not read the 0 that was replaced.
      {{"two compares", {{compare(x, 0, 1, rlx, rlx)}, {compare(x, 0, 2, rlx, rlx)}}},
       2,
       2,
       {},
       {"0 | 0 ;"}},
      {{"add and store", {{add(x, 1, rlx)}, {store(x, 5, rlx)}}},
       2,
       2,
       {},
       {"0 | ; 5 1"}},
      // x=5 before the add (reads 6), after it (reads 1 or 5); never between 0 and the add.
      {{"add and read", {{add(x, 1, rlx), load(x, rlx)}, {store(x, 5, rlx)}}}, 3, 3},
      // A load and a store are no update: both read 0 (two orders), or one after the other.
      {{"lost update",
        {{load(x, rlx), plus(store(x, 1, rlx), 0)},
         {load(x, rlx), plus(store(x, 1, rlx), 0)}}},
       4,
       4},
  };
}

// Release sequences: who acquires through an update, or a store, in between.
std::vector<Litmus> release_sequences() {
  return {
      // y: the add is before y=1 (the load reads 0, 1 or the add's 1) or behind it (0, 1
      // or 2): 6 reads; x is 0 or 1 unless the load synchronises: it does by reading the
      // store (either order) or the add behind it. 3 that do, 3 that do not: 3 + 3*2.
      {{"RS",
        {{store(x, 1, rlx), store(y, 1)}, {add(y, 1, rlx)}, {load(y), load(x, rlx)}}},
       9,
       9,
       {},
       {"| 1 | 2 0 ;"}},
      // Another thread's store never continued a release sequence. y read as 0 (then no
      // y=2): y is 0 or 1 (2). y read as 1: 0, 1, or 2 with x 0 or 1 (4).
      {{"RS+other thread's store",
        {{store(x, 1, rlx), store(y, 1)},
         {load(y, rlx), given(0, 1, store(y, 2, rlx))},
         {load(y), given(0, 2, load(x, rlx))}}},
       5,
       6,
       {"| 1 | 2 0 ;"}},
      // Until C++17 y=2 belonged to the release sequence of y=1, and x could only be 1.
      {{"RS of C++11",
        {{store(x, 1, rlx), store(y, 1), store(y, 2, rlx)},
         {load(y), given(0, 2, load(x, rlx))}}},
       3,
       4,
       {"| 2 0 ;"}},
      // An update in the same thread continues it still.
      {{"RS+own update",
        {{store(x, 1, rlx), store(y, 1), add(y, 1, rlx)},
         {load(y), given(0, 2, load(x, rlx))}}},
       3,
       3,
       {},
       {"1 | 2 0 ;"}},
      // A fence before a relaxed update heads a sequence of its own. y=0 (2 reads of x),
      // y=1 (1).
      {{"RS+fence",
        {{store(x, 1, rlx), fence(rel), add(y, 1, rlx)}, {load(y), load(x, rlx)}}},
       3,
       3,
       {},
       {"0 | 1 0 ;"}},
  };
}

// Where RC11 and its neighbours part.
std::vector<Litmus> particular() {
  return {
      // From "Repairing Sequential Consistency in C/C++11": x=1 happens before the load of x=0
      // through the add, but a seq_cst add that directly synchronises with a release does
      // not order its thread's later loads in psc. POWER shows 1 3 | 0.
      {{"Z6.U",
        {{store(x, 1, sc), store(y, 1)},
         {add(y, 1, sc), load(y, rlx)},
         {store(y, 3, sc), load(x, sc)}}},
       18,
       24,
       {"| 1 3 | 0 ;"}},
      // The fence reads x=2 late by a relaxed load. C++20 calls x=1 coherence-ordered
      // before that load, and so x=1 before the fence, a cycle with z; RC11 does not.
      // 2 orders of x, 3 reads of x, 2 of z: 12; x=2 last, and read: z must be 1 in
      // sequential consistency; x=1 read: z must be 1 (2 orders).
      {{"C++20 but not RC11",
        {{store(z, 1, sc), store(x, 1, sc)},
         {store(x, 2, rlx)},
         {load(x, rlx), fence(sc), load(z, rlx)}}},
       9,
       10,
       {"| | 2 0 ; 2 0 1"}},
  };
}

}  // namespace

const std::vector<Litmus>& litmus_table() {
  static const std::vector<Litmus> table = [] {
    std::vector<Litmus> all;
    for (const auto& part :
         {published(), store_buffering(), message_passing(), load_buffering(),
          causality(), independent_reads(), coherence(), modification_orders(), updates(),
          release_sequences(), particular()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return table;
}

}  // namespace litmus
