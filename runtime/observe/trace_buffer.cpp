#include "runtime/observe/trace_buffer.h"

#include "runtime/observe/trace_file.h"
#include "runtime/observe/trace_text.h"
#include "runtime/observe/wait_reason.h"
#include "runtime/timers.h"

namespace fiber::internal {
namespace {

// Newest first; grows in front (I2).
constinit std::atomic<TraceBuffer*> all_buffers{nullptr};

}  // namespace

// A thread's buffer for as long as it lives.
struct TraceBuffer::Ownership {
  TraceBuffer* buffer;

  Ownership() {
    // acquire [A2]: the list. Pairs with [R2].
    for (buffer = all_buffers.load(std::memory_order_acquire); buffer != nullptr;
         buffer = buffer->next_) {
      bool free = false;
      // acquire [A3]: what the last owner left. Pairs with [R3].
      if (buffer->owned_.compare_exchange_strong(free, true, std::memory_order_acquire,
                                                 std::memory_order_relaxed))
        return;
    }
    buffer = new TraceBuffer;
    TraceBuffer* first = all_buffers.load(std::memory_order_relaxed);
    do {
      buffer->next_ = first;
      buffer->number_ = first == nullptr ? 0 : first->number_ + 1;
      // release [R2]: the buffer.
    } while (!all_buffers.compare_exchange_weak(first, buffer, std::memory_order_release,
                                                std::memory_order_acquire));
    append_to_trace(trace_track_name(buffer->thread_track()));
  }
  // release [R3].
  ~Ownership() { buffer->owned_.store(false, std::memory_order_release); }
};

__attribute__((noinline)) TraceBuffer& TraceBuffer::mine() {
  asm volatile("");  // not to be merged with a call on another thread
  thread_local Ownership ownership;
  return *ownership.buffer;
}

void TraceBuffer::append(const TraceRecord& record) {
  if (count_.load(std::memory_order_relaxed) == kCapacity) flush();
  const size_t count = count_.load(std::memory_order_relaxed);
  records_[count] = record;
  // release [R1]: the record (I1). Pairs with [A1].
  count_.store(count + 1, std::memory_order_release);
}

void TraceBuffer::begin_slice(const TraceRecord& slice) {
  SpinGuard guard(lock_);
  slice_ = slice;
  slice_is_open_ = true;
}

void TraceBuffer::cut_slice() {
  SpinGuard guard(lock_);
  if (slice_is_open_ && slice_.end == 0) slice_.end = trace_internal::now();
}

bool TraceBuffer::end_slice(TraceRecord& slice) {
  SpinGuard guard(lock_);
  if (!slice_is_open_) return false;
  slice_is_open_ = false;
  slice = slice_;
  return true;
}

void TraceBuffer::write_new() {
  // acquire [A1]: pairs with [R1].
  const size_t count = count_.load(std::memory_order_acquire);
  const uint64_t start = trace_start();
  char* end = text_.data();
  for (; written_ < count; ++written_) {
    if (end + kLongestEvent > text_.data() + text_.size()) {
      append_to_trace({text_.data(), end});
      end = text_.data();
    }
    end = write_trace_record(end, records_[written_], start, (uint64_t{number_} << 40) + flow_++);
  }
  append_to_trace({text_.data(), end});
}

void TraceBuffer::flush() {
  const uint64_t begin = trace_internal::now();
  {
    SpinGuard guard(lock_);
    write_new();
    written_ = 0;
    count_.store(0, std::memory_order_relaxed);  // read under lock_
  }
  trace_internal::record_span(TraceKind::kTraceWritten, begin, 0);
}

void TraceBuffer::flush_if_half_full() {
  if (count_.load(std::memory_order_relaxed) > kCapacity / 2) flush();
}

void TraceBuffer::finish() {
  SpinGuard guard(lock_);
  write_new();
  if (!slice_is_open_) return;
  slice_is_open_ = false;
  if (slice_.end == 0) slice_.end = trace_internal::now();
  slice_.kind = kSliceCut;
  append_to_trace({text_.data(), write_trace_record(text_.data(), slice_, trace_start(),
                                                    (uint64_t{number_} << 40) + flow_++)});
}

void TraceBuffer::flush_all() {
  // acquire [A2].
  for (TraceBuffer* buffer = all_buffers.load(std::memory_order_acquire); buffer != nullptr;
       buffer = buffer->next_) {
    SpinGuard guard(buffer->lock_);
    buffer->write_new();
  }
}

void TraceBuffer::finish_all() {
  // acquire [A2].
  for (TraceBuffer* buffer = all_buffers.load(std::memory_order_acquire); buffer != nullptr;
       buffer = buffer->next_)
    buffer->finish();
}

}  // namespace fiber::internal
