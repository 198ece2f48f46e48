#include "runtime/join.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <utility>

#include "detector/abi/hooks.h"
#include "fiber/error.h"
#include "runtime/check.h"
#include "runtime/fatal.h"
#include "runtime/memory.h"
#include "runtime/park.h"

namespace fiber::internal {

struct JoinState {
  // `word` holds one of these or the waiting Fiber's address.
  static constexpr uintptr_t kRunning = 0;
  static constexpr uintptr_t kDone = 1;
  static constexpr uintptr_t kDetached = 2;

  std::atomic<uintptr_t> word{kRunning};
  uint64_t fiber_id = 0;
  std::exception_ptr exception;
  bool has_result = false;
  void (*destroy)(void*) = nullptr;
  char* result = nullptr;
  size_t size = 0;  // of the block, result included
  size_t alignment = 0;
};

namespace {

void free_state(JoinState* state) {
  if (state->has_result && state->destroy != nullptr) state->destroy(state->result);
  __fsan_object_destroyed(state, sizeof(JoinState));
  const size_t size = state->size;
  const size_t alignment = state->alignment;
  state->~JoinState();
  deallocate(state, size, alignment);
}

struct JoinWait {
  JoinState* state;
  Fiber* fiber;
};

void wait_in_join(JoinState* state) {
  JoinWait wait{state, current_fiber()};
  const void* object = state;
  park(
      {FSAN_WAIT_JOIN, &object, 1, false},
      [](void* argument) {
        auto* wait = static_cast<JoinWait*>(argument);
        uintptr_t seen = JoinState::kRunning;
        // release [R1]: the parked fiber. Pairs with [A1] in complete_join().
        if (!wait->state->word.compare_exchange_strong(
                seen, reinterpret_cast<uintptr_t>(wait->fiber), std::memory_order_release,
                std::memory_order_relaxed)) {
          ready(wait->fiber);
        }
      },
      &wait);
}

}  // namespace

JoinState* make_join_state(size_t size, size_t alignment, void (*destroy)(void*)) {
  const size_t block_alignment = std::max(alignment, alignof(JoinState));
  const size_t offset = (sizeof(JoinState) + alignment - 1) / alignment * alignment;
  char* block = static_cast<char*>(allocate(offset + size, block_alignment));
  auto* state = new (block) JoinState;
  state->destroy = destroy;
  state->result = block + offset;
  state->size = offset + size;
  state->alignment = block_alignment;
  return state;
}

void joined_fiber_created(JoinState* state, uint64_t id) {
  state->fiber_id = id;
  __fsan_object_created(state, sizeof(JoinState), FSAN_OBJECT_FIBER);
}

void joined_fiber_failed(JoinState* state) {
  // Relaxed: nobody else knows the state yet.
  state->word.store(JoinState::kDone, std::memory_order_relaxed);
}

uint64_t joined_fiber_id(const JoinState* state) noexcept { return state->fiber_id; }
void* result_place(JoinState* state) noexcept { return state->result; }
void result_constructed(JoinState* state) noexcept { state->has_result = true; }
void keep_exception(JoinState* state) noexcept { state->exception = std::current_exception(); }

void complete_join(JoinState* state) {
  __fsan_release(state);
  // release [R2]: the result. Pairs with [A2]. acquire [A1]: pairs with [R1] and with the
  // detaching Handle's [R3].
  const uintptr_t seen = state->word.exchange(JoinState::kDone, std::memory_order_acq_rel);
  if (seen == JoinState::kRunning) return;
  if (seen != JoinState::kDetached) {
    ready(reinterpret_cast<Fiber*>(seen));
    return;
  }
  if (state->exception) fatal_unjoined_exception(state->fiber_id, state->exception);
  free_state(state);
}

void join_fiber(JoinState* state, bool needs_result) {
  if (state == nullptr) throw Error("fiber: join() on a Handle that holds no fiber");
  // acquire [A2]: the result. Pairs with [R2].
  if (state->word.load(std::memory_order_acquire) != JoinState::kDone) {
    if (current_fiber() == nullptr) {
      throw Error("fiber: join() outside of fiber::run on a fiber that has not ended");
    }
    wait_in_join(state);
    // acquire [A2]: again, through the scheduler or directly.
    FIBERSAN_CHECK(state->word.load(std::memory_order_acquire) == JoinState::kDone, 0);
  }
  __fsan_acquire(state);
  if (state->exception) std::rethrow_exception(std::exchange(state->exception, nullptr));
  if (needs_result && !state->has_result) {
    throw Error("fiber: the joined fiber left by exit_fiber() and has no result");
  }
}

void drop_handle(JoinState* state) noexcept {
  uintptr_t seen = JoinState::kRunning;
  // release [R3]: what the holder did with the state. acquire [A2]: the result.
  if (state->word.compare_exchange_strong(seen, JoinState::kDetached, std::memory_order_acq_rel,
                                          std::memory_order_acquire)) {
    return;
  }
  if (state->has_result && state->destroy != nullptr) __fsan_acquire(state);  // I2
  if (state->exception) fatal_unjoined_exception(state->fiber_id, state->exception);
  free_state(state);
}

}  // namespace fiber::internal
