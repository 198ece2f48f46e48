#include "detector/history/event_chunks.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "detector/clock/check.h"
#include "detector/history/mapping.h"

namespace fibersan {
namespace {

// Each ring may hold one chunk that nobody can take: more than there are threads.
constexpr uint32_t kMoreThanThreads = 1u << 16;
constexpr uint32_t kFewest = 4;

}  // namespace

constinit EventChunks event_chunks;

void EventChunks::start(uint64_t events) {
  if (events_ != nullptr) return;
  const uint64_t chunks = (events + EventChunk::kEvents - 1) / EventChunk::kEvents;
  limit_ = std::max(static_cast<uint32_t>(chunks), kFewest);
  capacity_ = limit_ + kMoreThanThreads;
  const char* purpose = "the access history";
  chunks_ = static_cast<EventChunk*>(map_memory(uint64_t{capacity_} * sizeof(EventChunk), purpose));
  events_ = static_cast<RingEvent*>(map_memory(event_bytes(), purpose));
}

void EventChunks::advise(int advice) const {
  if (events_ != nullptr) syscall(SYS_madvise, events_, event_bytes(), advice);
}

EventChunk* EventChunks::replace(EventChunk* done) {
  SpinGuard guard(lock_);
  if (done != nullptr) push(done);
  const uint32_t used = used_.load(std::memory_order_relaxed);
  EventChunk* chunk = nullptr;
  if (used >= limit_) chunk = pop();  // E2
  if (chunk == nullptr) {
    FIBERSAN_CHECK(used < capacity_, used);
    chunk = &chunks_[used];
    chunk->index = used;
  } else {
    overwritten_.fetch_add(chunk->count.load(std::memory_order_relaxed), std::memory_order_relaxed);
    overwritten_headers_.fetch_add(chunk->headers.load(std::memory_order_relaxed),
                                   std::memory_order_relaxed);
  }
  chunk->count.store(0, std::memory_order_relaxed);
  chunk->headers.store(0, std::memory_order_relaxed);
  chunk->segments.clear();
  // release [S1]: whoever sees the new number sees the index and no old count. Pairs with [S2].
  chunk->sequence.store(++last_sequence_, std::memory_order_release);
  // release fence [E1]: the number changes before the events do (E1). Pairs with the
  // acquire fence in Ring's reader.
  std::atomic_thread_fence(std::memory_order_release);
  // relaxed: readers go by the sequence number.
  if (used_.load(std::memory_order_relaxed) == chunk->index)
    used_.store(chunk->index + 1, std::memory_order_relaxed);
  return chunk;
}

void EventChunks::complete(EventChunk* done) {
  SpinGuard guard(lock_);
  push(done);
}

const EventChunk* EventChunks::begun_before(uint64_t sequence, uint64_t& its_sequence) const {
  const EventChunk* found = nullptr;
  its_sequence = 0;
  // relaxed: one more is either numbered already, or 0.
  const uint32_t used = used_.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < used; ++i) {
    // acquire [S2]: the count belongs to this number or a later one. Pairs with [S1].
    const uint64_t seen = chunks_[i].sequence.load(std::memory_order_acquire);
    if (seen >= sequence || seen <= its_sequence) continue;
    its_sequence = seen;
    found = &chunks_[i];
  }
  return found;
}

uint64_t EventChunks::recorded_accesses() const {
  // relaxed: a count.
  uint64_t events = overwritten_.load(std::memory_order_relaxed);
  uint64_t headers = overwritten_headers_.load(std::memory_order_relaxed);
  const uint32_t used = used_.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < used; ++i) {
    events += chunks_[i].count.load(std::memory_order_relaxed);
    headers += chunks_[i].headers.load(std::memory_order_relaxed);
  }
  return events > headers ? events - headers : 0;
}

void EventChunks::push(EventChunk* chunk) {
  chunk->completed_next = nullptr;
  (newest_ == nullptr ? oldest_ : newest_->completed_next) = chunk;
  newest_ = chunk;
}

EventChunk* EventChunks::pop() {
  EventChunk* chunk = oldest_;
  if (chunk == nullptr) return nullptr;
  oldest_ = chunk->completed_next;
  if (oldest_ == nullptr) newest_ = nullptr;
  return chunk;
}

}  // namespace fibersan
