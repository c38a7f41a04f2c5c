// Map and reduce over values: each call gets copies, gives a value, and shares nothing.
//
//   values   [ a b c | d e f | g h ]      pieces of at most `cut_off` elements
//                |       |      |  copied
//              call    call   call        on lesson 1's workers, in any order
//                |       |      |  futures
//              value   value  value  -->  put together from left to right
//
// Threads     Any thread that is not one of `workers`: it sleeps until the calls have
//             ended, and a worker that slept would keep them waiting.
// Progress    Blocking. The caller waits for its calls; a call waits for nothing.
//
// Invariants
//   I1  A call reads its own copies and nothing else, and writes only what it returns.
//   I2  The results are put together in the order of the values, whichever call ends
//       first. So `combine` must be associative; it need not be commutative.
//
// Edges       Those of lesson 1: SUBMIT brings a call its copies, RESULT brings its value.
//
// Left out    Calls that make calls (exercise 11.1), a queue for each worker (exercise
//             11.2), calls that wait for other calls' results (exercise 11.3).
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <future>
#include <utility>
#include <vector>

#include "../01-parallel-workers/parallel_workers.hpp"

//> region calls
// The futures of `call(piece)` for each piece of `values`, in the order of the pieces. The
// cut-off is at least 1. A call owns its piece and its copy of `call`.
template <typename Element, typename Result, typename Call>
[[nodiscard]] std::vector<std::future<Result>> call_on_pieces(
    ParallelWorkers<Result>& workers, const std::vector<Element>& values,
    std::size_t cut_off, const Call& call) {
  std::vector<std::future<Result>> results;
  for (std::size_t first = 0; first < values.size();) {
    const std::size_t last = first + std::min(cut_off, values.size() - first);
    std::vector<Element> piece(values.data() + first, values.data() + last);
    results.push_back(
        workers.submit([call, piece = std::move(piece)] { return call(piece); }));
    first = last;
  }
  return results;
}
//<

//> region map
// `function(value)` for each of `values`, in their order. Throws what the first call in
// that order threw; those behind it still run, on their own copies.
template <typename Input, typename Output, typename Function>
[[nodiscard]] std::vector<Output> map(ParallelWorkers<std::vector<Output>>& workers,
                                      const std::vector<Input>& values,
                                      std::size_t cut_off, const Function& function) {
  const auto map_piece = [function](const std::vector<Input>& piece) {
    std::vector<Output> outputs;
    outputs.reserve(piece.size());
    for (const Input& value : piece) outputs.push_back(function(value));
    return outputs;
  };
  std::vector<Output> all;
  all.reserve(values.size());
  for (auto& outputs : call_on_pieces(workers, values, cut_off, map_piece)) {
    for (Output& output : outputs.get()) all.push_back(std::move(output));
  }
  return all;
}
//<

//> region reduce
// `values` combined from left to right, `identity` where there are none. `combine` is
// associative, and combining with `identity` changes nothing. Errors as in `map`.
template <typename Value, typename Combine>
[[nodiscard]] Value reduce(ParallelWorkers<Value>& workers,
                           const std::vector<Value>& values, std::size_t cut_off,
                           const Value& identity, const Combine& combine) {
  const auto reduce_piece = [combine, identity](const std::vector<Value>& piece) {
    Value sum = identity;
    for (const Value& value : piece) sum = combine(std::move(sum), value);
    return sum;
  };
  Value sum = identity;
  for (auto& piece_sum : call_on_pieces(workers, values, cut_off, reduce_piece)) {
    sum = combine(std::move(sum), piece_sum.get());
  }
  return sum;
}
//<
