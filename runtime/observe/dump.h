// dump.h: all fibers, what they do, and where.
//
// Input:    the stacks of the pool, the workers.
// Output:   text: each fiber by itself; beyond kMostSingle of them those with equal stacks
//           together, the largest groups first, and how many were left out.
// Cost:     0.3 us a fiber to look at it; names of functions are looked up once for each
//           address. Memory for kMostGroups stacks, however many fibers there are.
// Threads:  any, one at a time; nobody is stopped, see fiber_snapshot.h.
#ifndef FIBERSAN_RUNTIME_OBSERVE_DUMP_H
#define FIBERSAN_RUNTIME_OBSERVE_DUMP_H

#include <cstdint>
#include <cstdio>
#include <unordered_map>
#include <vector>

#include "runtime/observe/fiber_snapshot.h"

namespace fiber::internal {

class Dump {
 public:
  static constexpr size_t kMostSingle = 64;
  static constexpr size_t kMostGroups = 256;  // kept
  static constexpr size_t kMostPrinted = 64;  // of the groups
  static constexpr size_t kMostIds = 8;

  void collect();
  void print(std::FILE* file) const;

 private:
  // Fibers that are at the same place for the same reason.
  struct Group {
    FiberSnapshot sample;
    uint64_t count = 0;
    uint64_t ids[kMostIds] = {};
    int64_t longest = 0;  // waiting, ns
    int64_t shortest = 0;
  };

  void add(const FiberSnapshot& snapshot);
  void add_to_group(const FiberSnapshot& snapshot);
  void read_running_stacks();
  void print_counts(std::FILE* file) const;
  void print_single(std::FILE* file, const FiberSnapshot& fiber) const;
  void print_group(std::FILE* file, const Group& group) const;
  void print_groups(std::FILE* file) const;
  int64_t waiting_time(const FiberSnapshot& fiber) const;

  int64_t now_ = 0;
  uint64_t waiting_ = 0;
  uint64_t runnable_ = 0;
  uint64_t running_ = 0;
  uint64_t left_out_ = 0;
  std::vector<FiberSnapshot> single_;
  std::vector<FiberSnapshot> active_;  // that ran when they were looked at
  std::unordered_map<uint64_t, Group> groups_;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_DUMP_H
