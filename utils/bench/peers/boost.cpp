// Boost.Fiber. --scheduler round_robin runs everything on one thread; shared_work and
// work_stealing use --procs threads.
//
// Stacks are malloc'ed and small: the library's pool serves one thread only, and the mmap'ed
// ones end at the kernel's limit of mappings, far below a million.
#include <malloc.h>

#include <boost/fiber/all.hpp>
#include <climits>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "measure.h"

namespace peer {

namespace fibers = boost::fibers;
using fibers::fiber;
using Mutex = fibers::mutex;

constexpr int64_t kCutoff = 12;
constexpr size_t kStackSize = 16 * 1024;

template <class F>
fiber spawn(F&& function) {
  return fiber(std::allocator_arg, fibers::fixedsize_stack(kStackSize), std::forward<F>(function));
}

template <class F>
void go(F&& function) {
  spawn(std::forward<F>(function)).detach();
}

inline void yield() { boost::this_fiber::yield(); }

template <class Duration>
void sleep_for(Duration duration) {
  boost::this_fiber::sleep_for(duration);
}

class Group {
 public:
  template <class F>
  void go(F&& function) {
    fibers_.push_back(spawn(std::forward<F>(function)));
  }
  void wait() {
    for (fiber& one : fibers_) one.join();
  }

 private:
  std::vector<fiber> fibers_;
};

template <class Channel>
class Wrapped {
 public:
  using Value = typename Channel::value_type;
  template <class... Args>
  explicit Wrapped(Args... args) : channel_(args...) {}
  void send(Value value) { channel_.push(value); }
  bool receive(Value& value) { return channel_.pop(value) == fibers::channel_op_status::success; }
  void close() { channel_.close(); }

 private:
  Channel channel_;
};

template <class T>
using Unbuffered = Wrapped<fibers::unbuffered_channel<T>>;
template <class T>
using Buffered = Wrapped<fibers::buffered_channel<T>>;

inline void join_scheduler(const measure::Settings& settings) {
  if (settings.scheduler == "work_stealing") {
    fibers::use_scheduling_algorithm<fibers::algo::work_stealing>(settings.procs);
  } else if (settings.scheduler == "shared_work") {
    fibers::use_scheduling_algorithm<fibers::algo::shared_work>();
  } else {
    fibers::use_scheduling_algorithm<fibers::algo::round_robin>();
  }
}

template <class F>
void run(const measure::Settings& settings, F&& function) {
  mallopt(M_TRIM_THRESHOLD, INT_MAX);  // else stacks of 1000 ended fibers go back and fault again
  const unsigned threads = settings.scheduler == "round_robin" ? 1 : settings.procs;
  fibers::mutex mutex;
  fibers::condition_variable end;
  for (unsigned i = 1; i < threads; ++i) {
    std::thread([&] {
      join_scheduler(settings);
      std::unique_lock lock(mutex);
      end.wait(lock);  // never notified: the process ends first
    }).detach();
  }
  join_scheduler(settings);
  spawn(std::forward<F>(function)).join();  // the thread's own fiber would be bound to it
}

inline std::map<std::string, std::function<void(const measure::Settings&, const std::string&)>>
own_operations() {
  return {};
}

}  // namespace peer

#include "operations.h"
