#include "runtime/observe/trace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "runtime/lock.h"
#include "runtime/observe/trace.h"
#include "runtime/observe/trace_buffer.h"
#include "runtime/observe/trace_text.h"
#include "runtime/options.h"

namespace fiber::internal {
namespace {

constexpr std::string_view kBegin =
    "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"
    "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,\"tid\":0,\"args\":{\"name\":\"processors\"}"
    "},\n"
    "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":2,\"tid\":0,\"args\":{\"name\":\"threads\"}}";
constexpr std::string_view kEnd = "\n],\"otherData\":{\"complete\":\"yes\"}}\n";
constexpr std::string_view kCutEnd =
    "\n],\"otherData\":{\"complete\":\"no: the limit of trace_mb was reached\"}}\n";

class TraceFile {
 public:
  void open(const char* path, uint64_t limit);
  bool append(std::string_view events);

  std::string path;
  uint64_t start = 0;

 private:
  bool write_at(uint64_t offset, std::string_view text) FIBER_REQUIRES(lock_);
  void give_up(const char* what) FIBER_REQUIRES(lock_);

  SpinLock lock_{LockRank::kTraceFile};
  int file_ FIBER_GUARDED_BY(lock_) = -1;
  uint64_t size_ FIBER_GUARDED_BY(lock_) = 0;  // without the end
  uint64_t limit_ FIBER_GUARDED_BY(lock_) = 0;
};

// I4. Written by a child's only thread before it can go on.
constinit bool left_to_parent = false;

// Not destroyed: threads may trace until the process is gone.
[[clang::no_destroy]] TraceFile trace_file;

void TraceFile::open(const char* file_path, uint64_t limit) {
  const int file = ::open(file_path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
  struct stat status = {};
  if (file < 0 || fstat(file, &status) != 0) {
    refuse_option(
        (std::string("trace: cannot write ") + file_path + ": " + std::strerror(errno)).c_str());
  }
  if (!S_ISREG(status.st_mode)) {
    refuse_option((std::string("trace: ") + file_path + " is no regular file").c_str());
  }
  path = file_path;
  start = trace_internal::now();
  SpinGuard guard(lock_);
  file_ = file;
  limit_ = limit;
  size_ = 0;
  if (write_at(0, kBegin)) {
    size_ = kBegin.size();
    write_at(size_, kEnd);
  }
}

bool TraceFile::write_at(uint64_t offset, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = pwrite(file_, text.data(), text.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      give_up(std::strerror(errno));
      return false;
    }
    text.remove_prefix(static_cast<size_t>(done));
    offset += static_cast<uint64_t>(done);
  }
  return true;
}

void TraceFile::give_up(const char* what) {
  trace_internal::on.store(false, std::memory_order_relaxed);
  ::close(file_);
  file_ = -1;
  std::fprintf(stderr, "fiber: the trace %s ends after %llu MiB: %s\n", path.c_str(),
               static_cast<unsigned long long>(size_ >> 20), what);
}

bool TraceFile::append(std::string_view events) {
  SpinGuard guard(lock_);
  if (file_ < 0) return false;
  if (events.empty()) return true;
  if (size_ + events.size() > limit_) {
    if (write_at(size_, kCutEnd)) give_up("the limit of FIBER_OPTIONS=trace_mb was reached");
    return false;
  }
  // In one call: a process killed here leaves the old text or the new one (I1).
  iovec both[] = {{const_cast<char*>(events.data()), events.size()},
                  {const_cast<char*>(kEnd.data()), kEnd.size()}};
  const ssize_t done = pwritev(file_, both, 2, static_cast<off_t>(size_));
  const uint64_t place = std::exchange(size_, size_ + events.size());
  if (done == static_cast<ssize_t>(events.size() + kEnd.size())) return true;
  return write_at(place, events) && write_at(size_, kEnd);
}

}  // namespace

void open_trace(const char* path, uint64_t limit_bytes) {
  trace_file.open(path, limit_bytes);
  // Relaxed: as tracing().
  trace_internal::on.store(true, std::memory_order_relaxed);
}

void begin_trace(uint32_t processors) {
  const ObserveOptions options = observe_options();
  static uint32_t named = 0;  // runs come one after the other
  if (*options.trace == '\0') return;
  if (trace_start() == 0) {
    open_trace(options.trace, static_cast<uint64_t>(options.trace_mb) << 20);
    std::atexit(end_trace);
  }
  for (; named < processors; ++named) append_to_trace(trace_track_name(named));
}

// The file's lock is not asked for in the child: a thread of the parent may have held it.
bool append_to_trace(std::string_view events) {
  return !left_to_parent && trace_file.append(events);
}

uint64_t trace_start() { return trace_file.start; }

void end_trace() {
  // An exchange: one caller writes the end. Relaxed: as tracing().
  if (trace_internal::on.exchange(false, std::memory_order_relaxed)) TraceBuffer::finish_all();
}

void leave_trace_to_parent() {
  // Nothing was opened: a run in the child may trace.
  if (trace_start() == 0) return;
  left_to_parent = true;
  trace_internal::on.store(false, std::memory_order_relaxed);  // one thread
}

}  // namespace fiber::internal
