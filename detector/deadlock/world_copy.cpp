#include "detector/deadlock/world_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "detector/heap/program_mappings.h"
#include "detector/history/event_chunks.h"
#include "detector/history/mapping.h"
#include "detector/page.h"
#include "detector/shadow/advice.h"

namespace fibersan {
namespace {

constexpr size_t kMostShared = size_t{16} << 20;  // bytes that are copied by hand (Y1)
constexpr size_t kMoreHolds = 65536;
constexpr int kFailed = 1;

uint64_t now_ms() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1'000'000;
}

// Of the calling thread: which signals wait. Returns what was. Not by
// pthread_sigmask(), which leaves those of the C library's own out.
uint64_t set_waiting_signals(uint64_t set) {
  uint64_t before = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, &before, sizeof before);
  return before;
}

long wait_for(pid_t process, int* status, int how) {
  return syscall(SYS_wait4, process, status, __WALL | how, nullptr);
}

// What the search does not look at, and the program writes all the time.
void advise_unneeded(int advice) {
  advise_shadow(advice);
  event_chunks.advise(advice);
}

[[noreturn]] void exit_process(int status) {
  for (;;) syscall(SYS_exit_group, status);
}

// When memory is short the copy goes first.
void be_killed_first() {
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  constexpr char kFirst[] = "1000";
  const ssize_t written = write(file, kFirst, sizeof(kFirst) - 1);
  static_cast<void>(written);
  close(file);
}

}  // namespace

// Shared by both processes; the arrays follow.
struct WorldCopy::Result {
  std::atomic<uint32_t> complete;
  size_t dead_room;
  size_t dead_count;
  size_t hold_room;
  size_t hold_count;

  DeadFiber* dead() { return reinterpret_cast<DeadFiber*>(this + 1); }
  Hold* holds() { return reinterpret_cast<Hold*>(dead() + dead_room); }
};

bool WorldCopy::prepare(size_t fibers) {
  const size_t holds = fibers + kMoreHolds;
  result_bytes_ = sizeof(Result) + fibers * sizeof(DeadFiber) + holds * sizeof(Hold);
  const long memory = syscall(SYS_mmap, nullptr, result_bytes_, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);
  if (memory == -1) return false;
  result_ = reinterpret_cast<Result*>(memory);
  result_->dead_room = fibers;
  result_->hold_room = holds;
  return copy_shared_mappings();
}

// Y1
bool WorldCopy::copy_shared_mappings() {
  if (program_mappings.hides_from_copies()) return false;
  size_t bytes = 0;
  for (const AddressRange& range : shared_mappings.all()) bytes += range.high - range.low;
  if (bytes > kMostShared || shared_mappings.is_incomplete()) return false;
  if (bytes == 0) return true;
  shared_ = static_cast<char*>(try_map_memory(bytes));
  if (shared_ == nullptr) return false;
  shared_room_ = bytes;
  const pid_t self = getpid();
  for (const AddressRange& range : shared_mappings.all()) {
    // By pages: one that cannot be read ends a call.
    for (uintptr_t page = range.low; page < range.high; page += kPage) {
      iovec to = {shared_ + shared_bytes_, kPage};
      iovec from = {reinterpret_cast<void*>(page), kPage};
      const ssize_t got = process_vm_readv(self, &to, 1, &from, 1, 0);
      if (got < 0 && errno != EFAULT) return false;
      if (got > 0) shared_bytes_ += kPage;
    }
  }
  return true;
}

WorldCopy::Side WorldCopy::make(size_t fibers) {
  drop();
  const int saved = errno;
  const pid_t original = getpid();
  long made = -1;
  if (failures_ < kMostFailures && prepare(fibers)) {
    const uint64_t waiting = set_waiting_signals(~uint64_t{0});
    advise_unneeded(MADV_DONTFORK);
    made = syscall(SYS_clone, CLONE_FILES | CLONE_UNTRACED, nullptr, nullptr, nullptr, nullptr);
    if (made == 0) {
      begin_here(original);
      return Side::kCopy;
    }
    advise_unneeded(MADV_DOFORK);
    set_waiting_signals(waiting);
  }
  errno = saved;
  if (made < 0) {
    drop();
    return Side::kNone;
  }
  process_ = static_cast<pid_t>(made);
  deadline_ = now_ms() + kLongestSearch;
  state_ = State::kSearches;
  return Side::kOriginal;
}

void WorldCopy::begin_here(pid_t original) {
  constexpr unsigned kUnshare = 2;  // CLOSE_RANGE_UNSHARE, since Linux 5.9
  here_ = true;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != original) exit_process(kFailed);
  prctl(PR_SET_NAME, "fibersan-search");
  if (syscall(SYS_close_range, 0U, ~0U, kUnshare) != 0) exit_process(kFailed);
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  be_killed_first();
}

AddressRange WorldCopy::shared_words() const {
  const auto low = reinterpret_cast<uintptr_t>(shared_);
  return {low, low + shared_bytes_};
}

void WorldCopy::end(const Found* found) {
  if (found == nullptr || found->dead.size() > result_->dead_room) exit_process(kFailed);
  result_->dead_count = found->dead.size();
  std::copy(found->dead.begin(), found->dead.end(), result_->dead());
  result_->hold_count = std::min(found->holds.size(), result_->hold_room);
  std::copy_n(found->holds.begin(), result_->hold_count, result_->holds());
  // release [R1]: the lists. Pairs with [A1].
  result_->complete.store(1, std::memory_order_release);
  exit_process(0);
}

WorldCopy::State WorldCopy::state() {
  if (state_ != State::kSearches) return state_;
  int status = 0;
  const long ended = wait_for(process_, &status, WNOHANG);
  if (ended == 0 && now_ms() < deadline_) return state_;
  if (ended == 0) {
    drop();
    ++failures_;
    return state_ = State::kFailed;
  }
  // Somebody who waits for everything may have been first: then the word must
  // do.
  const bool in_order = ended < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
  process_ = 0;
  // acquire [A1]: pairs with [R1].
  const bool complete = result_->complete.load(std::memory_order_acquire) != 0;
  failures_ = in_order && complete ? 0 : failures_ + 1;
  return state_ = failures_ == 0 ? State::kDone : State::kFailed;
}

WorldCopy::Found WorldCopy::found() const {
  return {{result_->dead(), result_->dead_count}, {result_->holds(), result_->hold_count}};
}

void WorldCopy::reap() {
  if (process_ == 0) return;
  syscall(SYS_kill, process_, SIGKILL);
  while (wait_for(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  process_ = 0;
}

void WorldCopy::drop() {
  const int saved = errno;
  reap();
  if (result_ != nullptr) unmap_memory(result_, result_bytes_);
  if (shared_ != nullptr) unmap_memory(shared_, shared_room_);
  result_ = nullptr;
  shared_ = nullptr;
  shared_bytes_ = shared_room_ = 0;
  state_ = State::kNone;
  errno = saved;
}

}  // namespace fibersan
