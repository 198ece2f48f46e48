#include "detector/process/children.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "detector/findings/findings.h"
#include "detector/heap/inside_detector.h"
#include "detector/process/fixed_text.h"
#include "detector/process/options.h"
#include "detector/process/output.h"

namespace fibersan {
namespace {

constexpr size_t kMostChildren = 4000;
constexpr int kLowestDescriptor = 64;  // programs expect the low ones
constexpr timespec kBetweenLooks = {0, 5'000'000};
constexpr const char* kName = "fibersan-children";

// Of all processes; zero in the beginning. Each number is written by atomic operations, relaxed
// when no order is named: what a child did before it left the list is read after a system call.
struct Shared {
  std::atomic<uint64_t> findings;
  std::atomic<uint32_t> forking;  // on their way from fork() to the list
  std::atomic<pid_t> running[kMostChildren];
};
static_assert(std::atomic<pid_t>::is_always_lock_free);

Shared* shared = nullptr;
bool is_first = false;
int descriptor = -1;  // of the first process
struct stat identity;
uint64_t running_at_end = 0;

int64_t now_ms() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// Not mmap(), which tells the detector of memory of the program's.
bool map(int file) {
  const long place =
      syscall(SYS_mmap, nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0L);
  if (place == -1) return false;
  shared = reinterpret_cast<Shared*>(place);
  return true;
}

// With a zero at its end.
FixedText descriptor_name(pid_t process, int number) {
  FixedText name;
  name.add("/proc/").add(static_cast<uint64_t>(process)).add("/fd/");
  return name.add(static_cast<uint64_t>(number)).add(std::string_view("", 1));
}

// Of a first process that has ended, or closed it, there is nothing or another file.
bool is_shared_page(const char* path) {
  char target[64] = {};
  return readlink(path, target, sizeof target - 1) > 0 && strstr(target, kName) != nullptr;
}

bool join(const char* path) {
  if (!is_shared_page(path)) return false;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  const bool joined = map(file);
  close(file);
  return joined;
}

bool begin() {
  const int low = memfd_create(kName, MFD_CLOEXEC);
  if (low < 0) return false;
  descriptor = fcntl(low, F_DUPFD_CLOEXEC, kLowestDescriptor);
  close(low);
  return descriptor >= 0 && ftruncate(descriptor, sizeof(Shared)) == 0 && map(descriptor);
}

// The program may have closed ours, and the number is another file's now.
bool has_descriptor() {
  struct stat now;
  return descriptor >= 0 && fstat(descriptor, &now) == 0 && now.st_ino == identity.st_ino &&
         now.st_dev == identity.st_dev;
}

void note_first(int number) {
  is_first = true;
  descriptor = number;
  fstat(descriptor, &identity);
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

// Of "/proc/<pid>/fd/<number>", when that is this process: the program before it in this process
// was the first.
int own_descriptor(const char* path) {
  const char* const number = strrchr(path, '/');
  if (number == nullptr) return -1;
  const int own = atoi(number + 1);
  return descriptor_name(getpid(), own).view().data() == std::string_view(path) ? own : -1;
}

void list(pid_t process) {
  for (std::atomic<pid_t>& place : shared->running) {
    pid_t nobody = 0;
    if (place.load(std::memory_order_relaxed) == process ||
        place.compare_exchange_strong(nobody, process, std::memory_order_relaxed))
      return;
  }
}

void unlist(pid_t process) {
  for (std::atomic<pid_t>& place : shared->running) {
    // Only one's own number is taken away.
    if (place.load(std::memory_order_relaxed) == process) place.store(0, std::memory_order_relaxed);
  }
}

// Neither gone nor only waiting for its parent to take note. "pid (name) state ...", where the
// name may have anything in it.
bool runs(pid_t process) {
  FixedText name;
  name.add("/proc/").add(static_cast<uint64_t>(process)).add("/stat");
  name.add(std::string_view("", 1));
  const int file = open(name.view().data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno != ENOENT;
  char text[256];
  const ssize_t length = read(file, text, sizeof text);
  close(file);
  if (length <= 0) return false;
  const std::string_view line(text, static_cast<size_t>(length));
  const size_t state = line.rfind(')');
  return state + 2 >= line.size() || (line[state + 2] != 'Z' && line[state + 2] != 'X');
}

uint64_t count_running() {
  uint64_t count = shared->forking.load(std::memory_order_relaxed);
  for (const std::atomic<pid_t>& place : shared->running) {
    const pid_t process = place.load(std::memory_order_relaxed);
    if (process != 0 && runs(process)) ++count;
  }
  return count;
}

}  // namespace

void share_findings() {
  const char* const path = getenv(kParentVariable);
  if (path != nullptr && join(path)) {
    const int own = own_descriptor(path);
    if (own >= 0)
      note_first(own);
    else
      list(getpid());
    return;
  }
  if (options.children_exitcode == 0) return;
  if (begin()) return note_first(descriptor);
  FixedText line;
  line.add("FiberSan: children_exitcode=1 does not work here: ").add(strerror(errno)).add("\n");
  write_all(STDERR_FILENO, line.view());
  _exit(1);
}

void tell_children_in_environment() {
  if (!is_first) return;
  const InsideDetector inside;
  setenv(kParentVariable, descriptor_name(getpid(), descriptor).view().data(), 1);
}

void count_finding_for_parent() {
  if (shared != nullptr) shared->findings.fetch_add(1, std::memory_order_relaxed);  // C1
}

uint64_t findings_of_children() {
  if (!is_first) return 0;  // C3
  // Ours are counted here before they are counted there.
  const uint64_t own = findings_reported();
  return std::max(shared->findings.load(std::memory_order_relaxed), own) - own;
}

uint64_t children_running() { return is_first ? running_at_end : 0; }

void wait_for_children() {
  if (!is_first) return;
  const int64_t until = now_ms() + options.children_wait_ms;
  while ((running_at_end = count_running()) != 0 && now_ms() < until)
    nanosleep(&kBetweenLooks, nullptr);
}

void tell_parent_of_end(bool nothing_was_checked) {
  if (shared == nullptr || is_first) return;
  if (nothing_was_checked) count_finding_for_parent();
  unlist(getpid());
}

void children_before_fork() {
  if (shared != nullptr) shared->forking.fetch_add(1, std::memory_order_relaxed);  // C2
}

void children_after_fork_in_child() {
  if (shared == nullptr) return;
  list(getpid());
  shared->forking.fetch_sub(1, std::memory_order_relaxed);
  if (is_first && has_descriptor()) close(descriptor);
  is_first = false;
  descriptor = -1;
}

void children_after_failed_fork() {
  if (shared != nullptr) shared->forking.fetch_sub(1, std::memory_order_relaxed);
}

void keep_children_over_exec() {
  if (is_first && has_descriptor()) fcntl(descriptor, F_SETFD, 0);
}

void children_after_failed_exec() {
  if (is_first && has_descriptor()) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

}  // namespace fibersan
