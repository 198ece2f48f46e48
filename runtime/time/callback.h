// callback.h: a callable of the program that the runtime keeps, and runs in fibers of its own.
//
// State:    the callable behind the record, in one block; who made it, for dumps.
// Threads:  make() and destroy() where the program's code may run: in a fiber, or where the
//           program drops its last handle; start() anywhere.
//
// Invariants
//   B1  The callable is destroyed after all its calls, and the detector knows it: each call's
//       end merges into the record, its destroyer acquires that.
//   B2  On a worker's stack only start() is called: it runs no code of the program.
#ifndef FIBERSAN_RUNTIME_TIME_CALLBACK_H
#define FIBERSAN_RUNTIME_TIME_CALLBACK_H

#include <cstdint>

#include "fiber/time.h"
#include "runtime/fiber.h"
#include "runtime/time/armed_sync.h"

namespace fiber::internal {

class Callback {
 public:
  // What a call keeps alive: it is released in the fiber when the call is over.
  struct Owner {
    void* object;
    void (*release)(void* object);
  };

  // Throws what the callable's constructor throws.
  static Callback* make(const CallbackType& type, void* source);
  static void destroy(Callback* callback);

  // Starts a fiber that acquires `armed`, of which it takes over a reference, and calls.
  // `armed_at`: hooks::place_of_creation() then.
  // Without a stack for it the process ends: nobody waits for an error here.
  void start(ArmedSync* armed, uint64_t armed_at, Owner owner) noexcept;

 private:
  struct Call {
    Callback* callback;
    ArmedSync* armed;
    Owner owner;
  };
  explicit Callback(const CallbackType& type);
  void* callable() { return reinterpret_cast<char*>(this) + offset_of(type_); }
  static size_t offset_of(const CallbackType& type);
  static size_t alignment_of(const CallbackType& type);
  static void run(void* call, JoinState*);

  const CallbackType& type_;
  uint64_t creator_id_ = 0;
  uint32_t leak_scope_ = 0;  // the creator's
  void* created_at_[Fiber::kCreatorFrames] = {};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_TIME_CALLBACK_H
