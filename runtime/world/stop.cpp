#include "runtime/world/stop.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

#include "runtime/hooks.h"
#include "runtime/monitor.h"
#include "runtime/preempt.h"
#include "runtime/worker.h"
#include "runtime/world/threads.h"

namespace fiber::internal {
namespace {

using std::chrono::milliseconds;

enum Answer : uint64_t { kNone, kAsked, kAnswering, kAnswered };

uint64_t state_of(uint32_t stop, Answer answer) { return uint64_t{stop} << 2 | answer; }

// --- what handlers read ---

// The number of the stop that is on, which handlers sleep on; 0: none.
constinit std::atomic<uint32_t> standing{0};
// Changes with each answer.
constinit std::atomic<uint32_t> answers{0};
constinit uint32_t last_stop = 0;

// Slots come in chunks that are never given back: a late handler may look at one.
constexpr size_t kChunk = 1024;
constexpr size_t kMostChunks = 4096;  // the kernel has 2^22 threads at most
constinit std::atomic<StoppedThread*> chunks[kMostChunks] = {};

StoppedThread* slot_at(size_t index) {
  if (index >= kChunk * kMostChunks) return nullptr;
  // acquire [A1]: the slots. Pairs with [R1].
  StoppedThread* chunk = chunks[index / kChunk].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : chunk + index % kChunk;
}

template <class T>
T* map_array(size_t count) {
  const hooks::OwnWork own_work;  // what lies there is no root
  void* memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<T*>(memory);
}

void futex_wait(const std::atomic<uint32_t>& word, uint32_t value, const timespec* limit) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, limit, nullptr, 0);
}
void futex_wake(const std::atomic<uint32_t>& word, int most) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, most, nullptr, nullptr, 0);
}

// Who has been asked in this stop, by number.
class ThreadSet {
 public:
  static constexpr size_t kMost = size_t{1} << 22;  // PID_MAX_LIMIT
  // False: it was there.
  [[nodiscard]] bool add(int id) {
    const size_t bit = static_cast<size_t>(id) % kMost;
    uint64_t& word = words_[bit / 64];
    const bool is_new = (word >> (bit % 64) & 1) == 0;
    word |= uint64_t{1} << (bit % 64);
    return is_new;
  }
  void remove(int id) {
    const size_t bit = static_cast<size_t>(id) % kMost;
    words_[bit / 64] &= ~(uint64_t{1} << (bit % 64));
  }
  [[nodiscard]] bool prepare() {
    if (words_ == nullptr) words_ = map_array<uint64_t>(kMost / 64);
    return words_ != nullptr;
  }

 private:
  uint64_t* words_ = nullptr;
};
constinit ThreadSet asked;

// --- the handler ---

const void* thread_pointer() {
#if defined(__x86_64__)
  const void* pointer;
  asm("movq %%fs:0, %0" : "=r"(pointer));
  return pointer;
#else
  return __builtin_thread_pointer();
#endif
}

// The frame that the kernel has made: general registers, then the others, in one piece.
fsan_range registers_in(const ucontext_t& context) {
  const char* high = reinterpret_cast<const char*>(&context + 1);
#if defined(__x86_64__)
  if (const auto* fp = reinterpret_cast<const char*>(context.uc_mcontext.fpregs)) {
    constexpr size_t kLegacy = 512;
    constexpr size_t kSoftware = 464;  // struct _fpx_sw_bytes
    uint32_t words[2];
    std::memcpy(words, fp + kSoftware, sizeof(words));
    const size_t size = words[0] == 0x46505853 ? words[1] : kLegacy;  // FP_XSTATE_MAGIC1
    if (fp + size > high) high = fp + size;
  }
#endif
  return {&context, high};
}

void describe(StoppedThread& slot, const ucontext_t& context) {
#if defined(__x86_64__)
  const auto& saved = context.uc_mcontext.gregs;
  slot.pc = reinterpret_cast<const void*>(saved[REG_RIP]);
  slot.stack_pointer = reinterpret_cast<const char*>(saved[REG_RSP]) - 128;  // the red zone
  slot.frame = reinterpret_cast<const void*>(saved[REG_RBP]);
#elif defined(__aarch64__)
  const auto& saved = context.uc_mcontext;
  slot.pc = reinterpret_cast<const void*>(saved.pc);
  slot.stack_pointer = reinterpret_cast<const void*>(saved.sp);
  slot.frame = reinterpret_cast<const void*>(saved.regs[29]);
#endif
  slot.thread_pointer = thread_pointer();
  slot.registers = registers_in(context);
  slot.locks_held = locks_held();
  slot.worker = current_worker();
}

// Ours by what the signal carries; by the thread's number where the kernel had no room for that.
StoppedThread* own_slot(const siginfo_t& info, uint32_t stop) {
  if (info.si_code == SI_QUEUE) {
    const auto value = reinterpret_cast<uintptr_t>(info.si_value.sival_ptr);
    if (static_cast<uint32_t>(value >> 32) == stop) return slot_at(static_cast<uint32_t>(value));
    return nullptr;
  }
  const int id = static_cast<int>(syscall(SYS_gettid));
  for (size_t i = 0; StoppedThread* slot = slot_at(i); ++i) {
    // acquire [A2]: its number. Pairs with [R2].
    const uint64_t state = slot->state.load(std::memory_order_acquire);
    if (state == state_of(stop, kAsked) && slot->id == id) return slot;
  }
  return nullptr;
}

}  // namespace

void Stop::on_signal(int, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  __fsan_thread_interrupted();
  // acquire [A3]: pairs with [R3].
  const uint32_t stop = standing.load(std::memory_order_acquire);
  StoppedThread* slot = stop == 0 ? nullptr : own_slot(*info, stop);
  uint64_t expected = state_of(stop, kAsked);
  // acquire [A2]: the slot is ours (I1). Pairs with [R2].
  if (slot != nullptr &&
      slot->state.compare_exchange_strong(expected, state_of(stop, kAnswering),
                                          std::memory_order_acquire, std::memory_order_relaxed)) {
    describe(*slot, *static_cast<const ucontext_t*>(context));
    // release [R4]: the answer, and all that the thread did before. Pairs with [A4].
    slot->state.store(state_of(stop, kAnswered), std::memory_order_release);
    answers.fetch_add(1, std::memory_order_release);
    futex_wake(answers, 1);
    // acquire [A5]: what the caller did meanwhile. Pairs with [R5].
    while (standing.load(std::memory_order_acquire) == stop) futex_wait(standing, stop, nullptr);
  }
  errno = saved_errno;
}

// --- the caller ---

const StoppedThread& Stop::thread(size_t index) const { return *slot_at(index); }

bool Stop::stands_still(size_t index) const {
  // acquire: as [A4].
  return slot_at(index)->state.load(std::memory_order_acquire) == state_of(last_stop, kAnswered);
}

const void* Stop::own_thread_pointer() { return thread_pointer(); }

bool Stop::stop(int signal, Patience patience) {
  if (!asked.prepare()) return false;
  signal_ = signal;
  patience_ = patience;
  own_id_ = static_cast<int>(syscall(SYS_gettid));
  monitor_id_ = monitor.thread_id();
  count_ = answered_ = 0;
  out_of_memory_ = false;
  begun_ = sent_again_ = Clock::now();
  if (++last_stop == 0) ++last_stop;
  // release [R3]: pairs with [A3].
  standing.store(last_stop, std::memory_order_release);
  for (;;) {
    const size_t known = count_;
    if (!ask_others()) break;
    if (count_ == known) return true;
    Clock::time_point now = Clock::now();
    while (!await_answers(now)) {
      now = Clock::now();
      if (!look_for_silent(now)) {
        go_on();
        return false;
      }
    }
  }
  go_on();
  return false;
}

void Stop::go_on() {
  withdraw();
  // release [R5]: pairs with [A5].
  standing.store(0, std::memory_order_release);
  futex_wake(standing, INT_MAX);
  for (size_t i = 0; i < count_; ++i) asked.remove(slot_at(i)->id);
}

// False: the threads cannot be listed, or there is no memory for one.
bool Stop::ask_others() {
  const bool listed = for_each_thread(
      [](int id, void* self) {
        auto* stop = static_cast<Stop*>(self);
        if (id != stop->own_id_ && id != stop->monitor_id_ && asked.add(id)) stop->ask(id);
      },
      this);
  return listed && !out_of_memory_;
}

void Stop::ask(int id) {
  std::atomic<StoppedThread*>& chunk = chunks[count_ / kChunk];
  if (chunk.load(std::memory_order_relaxed) == nullptr) {
    auto* slots = map_array<StoppedThread>(kChunk);
    if (slots == nullptr) {
      out_of_memory_ = true;
      asked.remove(id);
      return;
    }
    // release [R1]: pairs with [A1]. Zero is a slot that is not in use.
    chunk.store(slots, std::memory_order_release);
  }
  const size_t index = count_++;
  StoppedThread& slot = *slot_at(index);
  slot.id = id;
  // release [R2]: pairs with [A2].
  slot.state.store(state_of(last_stop, kAsked), std::memory_order_release);
  if (!send(slot, index)) slot.state.store(0, std::memory_order_relaxed);
}

// False: the thread has ended.
bool Stop::send(const StoppedThread& slot, size_t index) const {
  siginfo_t info = {};
  info.si_signo = signal_;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_ptr = reinterpret_cast<void*>(uint64_t{last_stop} << 32 | index);
  if (syscall(SYS_rt_tgsigqueueinfo, info.si_pid, slot.id, signal_, &info) == 0) return true;
  if (errno == ESRCH) return false;
  // No room for what it carries: a real-time signal is refused then. Later, perhaps.
  return syscall(SYS_tgkill, info.si_pid, slot.id, signal_) == 0 || errno != ESRCH;
}

// True when everybody who was asked has answered or is gone; waits for a millisecond.
bool Stop::await_answers(Clock::time_point now) {
  const timespec millisecond = {0, 1'000'000};
  for (const Clock::time_point limit = now + milliseconds(1);;) {
    // acquire: as [A4].
    const uint32_t seen = answers.load(std::memory_order_acquire);
    while (answered_ < count_) {
      // acquire [A4]: pairs with [R4].
      const uint64_t state = slot_at(answered_)->state.load(std::memory_order_acquire);
      if (state != state_of(last_stop, kAnswered) && state != 0) break;
      ++answered_;
    }
    if (answered_ == count_) return true;
    if (Clock::now() >= limit) return false;
    futex_wait(answers, seen, &millisecond);
  }
}

// False: not any longer. A thread may have ended since, and signals of one number that come
// together are one: the other may have been first.
bool Stop::look_for_silent(Clock::time_point now) {
  const bool again = now - sent_again_ >= milliseconds(5);
  if (again) sent_again_ = now;
  const Clock::duration longest = patience_ == Patience::kLong ? kLongPatience : kPatience;
  if (now - begun_ >= longest) return false;
  for (size_t i = answered_; i < count_; ++i) {
    StoppedThread& slot = *slot_at(i);
    uint64_t state = slot.state.load(std::memory_order_relaxed);
    if (state != state_of(last_stop, kAsked)) continue;
    const ThreadCondition condition = condition_of(slot.id, signal_);
    const bool gone = condition == ThreadCondition::kGone || (again && !send(slot, i));
    if (gone) {
      // Fails when it answers all the same.
      slot.state.compare_exchange_strong(state, 0, std::memory_order_relaxed);
    } else if (condition == ThreadCondition::kBlocked && now - begun_ >= kPatience) {
      return false;
    }
  }
  return true;
}

// Handlers that come from now on find nothing; those that have begun are waited for.
void Stop::withdraw() {
  for (size_t i = answered_; i < count_; ++i) {
    StoppedThread& slot = *slot_at(i);
    uint64_t state = state_of(last_stop, kAsked);
    if (slot.state.compare_exchange_strong(state, 0, std::memory_order_relaxed)) continue;
    while (slot.state.load(std::memory_order_acquire) == state_of(last_stop, kAnswering))
      sched_yield();
  }
}

}  // namespace fiber::internal
