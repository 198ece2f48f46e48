// local.h: the values that one fiber, or one thread outside of fibers, has in FiberLocals.
//
// State:    a row for each value, in the order they were made.
// Cost:     finding one is a comparison for each row, from the last one on.
// Threads:  the fiber or thread it belongs to.
//
// Invariants
//   I1  A row is gone before its value's destructor runs: that may ask for values, make new
//       ones, park and go on with another thread.
#ifndef FIBERSAN_RUNTIME_LOCAL_H
#define FIBERSAN_RUNTIME_LOCAL_H

#include <cstdint>
#include <vector>

namespace fiber::internal {

class Fiber;

class Locals {
 public:
  Locals() = default;
  Locals(const Locals&) = delete;
  Locals& operator=(const Locals&) = delete;
  ~Locals() { destroy_values(); }

  void* find(uint64_t key) const;
  void add(uint64_t key, void* value, void (*destroy)(void*));
  void* remove(uint64_t key);
  // Until there is none, the last one made first.
  void destroy_values();

 private:
  struct Row {
    uint64_t key;
    void* value;
    void (*destroy)(void*);
  };
  std::vector<Row> rows_;
};

// On the fiber's own stack, at its end.
void destroy_locals(Fiber* fiber) noexcept;

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_LOCAL_H
