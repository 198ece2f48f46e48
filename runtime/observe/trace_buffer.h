// trace_buffer.h: what one thread has recorded and not yet written to the trace.
//
// Input:    records from the thread that owns the buffer.
// Output:   text in the trace's file, when the buffer is full or the trace is flushed.
// State:    kCapacity records of 80 bytes, the slice that is going on, a text buffer.
// Threads:  append(), begin_slice(), end_slice(), flush(): the owner. cut_slice(): any. finish():
// whoever ends
//           the process.
//
// Invariants
//   I1  Records below count_ are complete; they are written, and the buffer is emptied, only
//       under lock_, emptied only by the owner.
//   I2  A buffer is never freed: a thread that has ended leaves it to the next one.
//   I3  What is below written_ stands in the file.
#ifndef FIBERSAN_RUNTIME_OBSERVE_TRACE_BUFFER_H
#define FIBERSAN_RUNTIME_OBSERVE_TRACE_BUFFER_H

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/lock.h"
#include "runtime/observe/trace.h"

namespace fiber::internal {

// Where an event is shown: a processor's index, or a thread's number above these.
using TraceTrack = uint32_t;
inline constexpr TraceTrack kNoTrack = UINT32_MAX;
inline constexpr TraceTrack kThreadTracks = 1 << 20;
// Of what the calling thread does now.
TraceTrack current_track();

enum class TraceShape : uint8_t { kMoment, kSpan, kSlice };

// Times in nanoseconds of the steady clock.
struct TraceRecord {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t argument = 0;  // a slice's fiber id
  uint64_t woken_at = 0;  // slice: when it was made runnable, 0: unknown
  TraceTrack track = 0;
  TraceTrack woken_from = kNoTrack;
  TraceShape shape = TraceShape::kMoment;
  uint8_t kind = 0;    // TraceKind; of a slice: why it ended, see trace_fibers.h
  char name[38] = {};  // of a slice's fiber, cut
};
static_assert(sizeof(TraceRecord) == 80);

class TraceBuffer {
 public:
  static constexpr size_t kCapacity = 1024;

  // The calling thread's.
  static TraceBuffer& mine();
  static void flush_all();
  static void finish_all();

  // The track of a thread without a processor.
  TraceTrack thread_track() const { return kThreadTracks + number_; }

  void append(const TraceRecord& record);
  // The slice is appended at its end; finish() cuts it off.
  void begin_slice(const TraceRecord& slice);
  // By whoever takes the processor from the thread: the slice ends on its track now.
  void cut_slice();
  // False: there was none, for instance because tracing began in its middle.
  bool end_slice(TraceRecord& slice);
  // Where no lock is held, on a thread's own stack: makes room before it is needed.
  void flush_if_half_full();

 private:
  struct Ownership;

  void flush();
  void write_new() FIBER_REQUIRES(lock_);
  void finish();

  SpinLock lock_{LockRank::kTraceBuffer};
  std::atomic<size_t> count_{0};
  size_t written_ FIBER_GUARDED_BY(lock_) = 0;
  TraceRecord slice_ FIBER_GUARDED_BY(lock_);
  bool slice_is_open_ FIBER_GUARDED_BY(lock_) = false;
  std::array<char, 32768> text_ FIBER_GUARDED_BY(lock_);
  std::array<TraceRecord, kCapacity> records_;
  TraceBuffer* next_ = nullptr;
  uint64_t flow_ FIBER_GUARDED_BY(lock_) = 0;
  uint32_t number_ = 0;
  std::atomic<bool> owned_{true};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_TRACE_BUFFER_H
