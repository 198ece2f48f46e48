// atomic.h: std::atomic's interface over the model's memory, and how a header of the runtime is
// compiled with it.
//
// A header under test is included between borrowed.h and returned.h: `std::atomic` in it then
// means model::Atomic, and its namespace is fiber::modelled, so that nothing is confused with
// the library's. The header itself is read as it is.
#ifndef FIBERSAN_TESTS_MODEL_MEMORY_ATOMIC_H
#define FIBERSAN_TESTS_MODEL_MEMORY_ATOMIC_H

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>

#include "runtime/check.h"
#include "tests/model/memory/machine.h"

namespace model {

inline bool acquires(std::memory_order order) {
  return order == std::memory_order_acquire || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}
inline bool releases(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}
inline bool sequential(std::memory_order order) { return order == std::memory_order_seq_cst; }

class Sequential {
 public:
  Sequential(std::memory_order order, uint32_t location)
      : needed_(sequential(order)), location_(location) {
    if (needed_) Machine::current->sequential_begins(location_);
  }
  ~Sequential() {
    if (needed_) Machine::current->sequential_ends(location_);
  }
  Sequential(const Sequential&) = delete;
  Sequential& operator=(const Sequential&) = delete;

 private:
  bool needed_;
  uint32_t location_;
};

template <typename T>
constexpr uint64_t to_bits(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return value == nullptr ? 0 : std::bit_cast<uint64_t>(value);
  } else {
    return static_cast<uint64_t>(value);
  }
}
template <typename T>
constexpr T from_bits(uint64_t bits) {
  if constexpr (std::is_pointer_v<T>) {
    return std::bit_cast<T>(bits);
  } else {
    return static_cast<T>(bits);
  }
}

template <typename T>
class Atomic {
 public:
  using Order = std::memory_order;

  constexpr Atomic(T value = T()) : initial_(bits(value)) {}  // NOLINT: as std::atomic's
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load(Order order) const {
    const Sequential around(order, location());
    return value(Machine::current->load(location(), acquires(order)));
  }
  void store(T desired, Order order) {
    const Sequential around(order, location());
    Machine::current->store(location(), bits(desired), releases(order));
  }
  T exchange(T desired, Order order) {
    return modify(order, [desired](T) { return desired; });
  }
  T fetch_add(T by, Order order) {
    return modify(order, [by](T old) { return static_cast<T>(old + by); });
  }
  T fetch_sub(T by, Order order) {
    return modify(order, [by](T old) { return static_cast<T>(old - by); });
  }
  T fetch_or(T bits, Order order) {
    return modify(order, [bits](T old) { return static_cast<T>(old | bits); });
  }
  bool compare_exchange_strong(T& expected, T desired, Order success, Order failure) {
    const Sequential around(success, location());
    uint64_t seen = bits(expected);
    const bool done = Machine::current->compare_exchange(
        location(), seen, bits(desired), acquires(success), releases(success), acquires(failure));
    if (!done) expected = value(seen);
    return done;
  }
  bool compare_exchange_strong(T& expected, T desired, Order order) {
    return compare_exchange_strong(
        expected, desired, order,
        releases(order) ? (acquires(order) ? std::memory_order_acquire : std::memory_order_relaxed)
                        : order);
  }
  // Never fails for no reason: that only repeats a loop.
  bool compare_exchange_weak(T& expected, T desired, Order success, Order failure) {
    return compare_exchange_strong(expected, desired, success, failure);
  }

  // For conditions of Machine::wait_until() and for the end.
  T last() const { return value(Machine::current->last(location())); }
  // By the scenario's set_up(), in whatever order: locations are numbered by it.
  void begin() { static_cast<void>(location()); }

 private:
  static constexpr uint64_t bits(T value) { return to_bits(value); }
  static constexpr T value(uint64_t bits) { return from_bits<T>(bits); }
  template <typename Change>
  T modify(Order order, Change change) {
    const Sequential around(order, location());
    return value(Machine::current->modify(location(), acquires(order), releases(order),
                                          [&](uint64_t old, uint64_t& next) {
                                            next = bits(change(value(old)));
                                            return true;
                                          }));
  }
  // The first access of an execution numbers the location: it begins with the initial value,
  // also in globals and in fresh zeroed memory.
  uint32_t location() const {
    if (numbered_in_ != Machine::current->execution()) {
      numbered_in_ = Machine::current->execution();
      location_ = Machine::current->new_location(initial_);
    }
    return location_;
  }

  mutable uint64_t numbered_in_ = 0;
  mutable uint32_t location_ = 0;
  uint64_t initial_;
};

// What the runtime leaves to the order of its atomics.
class Plain {
 public:
  Plain() : location_(Machine::current->new_location(0)) {}
  uint64_t read() const { return Machine::current->read_plain(location_); }
  void write(uint64_t value) { Machine::current->write_plain(location_, value); }

 private:
  uint32_t location_;
};

// A variable of the code under test that is not atomic: its declaration is replaced by this.
template <typename T>
class Tracked {
 public:
  constexpr Tracked(T value = T()) : initial_(value) {}  // NOLINT: as the T itself
  Tracked(const Tracked& other) : Tracked(static_cast<T>(other)) {}
  Tracked& operator=(const Tracked& other) { return *this = static_cast<T>(other); }
  operator T() const {  // NOLINT: as the T itself
    return from_bits<T>(Machine::current->read_plain(location()));
  }
  Tracked& operator=(T value) {
    Machine::current->write_plain(location(), to_bits(value));
    return *this;
  }
  T operator++(int) {
    const T old = *this;
    *this = static_cast<T>(old + 1);
    return old;
  }

 private:
  uint32_t location() const {
    if (numbered_in_ != Machine::current->execution()) {
      numbered_in_ = Machine::current->execution();
      location_ = Machine::current->new_location(to_bits(initial_));
    }
    return location_;
  }

  mutable uint64_t numbered_in_ = 0;
  mutable uint32_t location_ = 0;
  T initial_;
};

inline void fence(std::memory_order order) {
  Machine::current->fence(acquires(order), releases(order), sequential(order));
}

}  // namespace model

namespace std {  // NOLINT: seen only by the headers under test
template <typename T>
using modelled_atomic = model::Atomic<T>;
inline void modelled_thread_fence(memory_order order) { model::fence(order); }
}  // namespace std

namespace fiber::modelled {
[[noreturn]] inline void check_failed(const char*, int, const char* condition, uint64_t) {
  model::Machine::current->fail(condition);
  __builtin_unreachable();  // its execution is abandoned
}
}  // namespace fiber::modelled

#endif  // FIBERSAN_TESTS_MODEL_MEMORY_ATOMIC_H
