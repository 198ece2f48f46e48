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
#include "runtime/fiber.h"
#include "runtime/memory.h"
#include "runtime/park.h"
#include "runtime/processor_use.h"

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
  size_t result_size = 0;
  size_t alignment = 0;
  JoinState* next = nullptr;  // in a cache
};

namespace {

constexpr size_t kRoomForResult = 64;
#if __has_feature(address_sanitizer)
constexpr bool kCached = false;  // a use after the free is to be noticed
#else
constexpr bool kCached = true;
#endif

bool fits_cache(size_t result_size, size_t alignment) {
  return kCached && result_size <= kRoomForResult && alignment <= alignof(JoinState);
}

// The block of a small state, used or new.
void* take_small_block() {
  {
    ProcessorUse use;
    if (use.get() != nullptr && use.get()->join_states.first != nullptr) {
      JoinStateCache& cache = use.get()->join_states;
      --cache.count;
      return std::exchange(cache.first, cache.first->next);
    }
  }
  return allocate(sizeof(JoinState) + kRoomForResult, alignof(JoinState));
}

bool keep_small_block(JoinState* state) {
  ProcessorUse use;
  if (use.get() == nullptr || use.get()->join_states.count == JoinStateCache::kLimit) return false;
  JoinStateCache& cache = use.get()->join_states;
  state->next = std::exchange(cache.first, state);
  ++cache.count;
  return true;
}

void free_state(JoinState* state) {
  if (state->has_result && state->destroy != nullptr) state->destroy(state->result);
  state->exception = nullptr;
  size_t result_size = state->result_size;
  if (fits_cache(result_size, state->alignment)) {
    // Nothing is known of the next result. The Sync will be the next state's (I3).
    if (result_size != 0) __fsan_memory_forgotten(state->result, result_size);
    if (keep_small_block(state)) return;
    result_size = kRoomForResult;
  }
  const auto offset = static_cast<size_t>(state->result - reinterpret_cast<char*>(state));
  const size_t alignment = state->alignment;
  state->~JoinState();
  deallocate(state, offset + result_size, alignment);
}

struct JoinWait {
  JoinState* state;
  Fiber* fiber;
};

void wait_in_join(JoinState* state) {
  JoinWait wait{state, current_fiber()};
  const void* object = state;
  park(
      {FSAN_WAIT_JOIN, &object, 1, false, state->fiber_id},
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
  char* block = static_cast<char*>(fits_cache(size, block_alignment)
                                       ? take_small_block()
                                       : allocate(offset + size, block_alignment));
  auto* state = new (block) JoinState;
  state->destroy = destroy;
  state->result = block + offset;
  state->result_size = size;
  state->alignment = block_alignment;
  return state;
}

void joined_fiber_created(JoinState* state, uint64_t id) { state->fiber_id = id; }

void joined_fiber_failed(JoinState* state) {
  // Relaxed: nobody else knows the state yet.
  state->word.store(JoinState::kDone, std::memory_order_relaxed);
}

uint64_t joined_fiber_id(const JoinState* state) noexcept { return state->fiber_id; }
void* result_place(JoinState* state) noexcept { return state->result; }
void result_constructed(JoinState* state) noexcept { state->has_result = true; }
void keep_exception(JoinState* state) noexcept { state->exception = std::current_exception(); }

void complete_join(JoinState* state) {
  __fsan_fiber_done(state, 0);
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
