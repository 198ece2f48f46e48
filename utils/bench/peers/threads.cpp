// std::thread in the place of a fiber: what a program has without any library.
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "measure.h"

namespace peer {

using Mutex = std::mutex;
using std::this_thread::sleep_for;
using std::this_thread::yield;

constexpr int64_t kCutoff = 20;  // with 12 there were 75 000 threads

template <class F>
std::thread spawn(F&& function) {
  return std::thread(std::forward<F>(function));
}

template <class F>
void go(F&& function) {
  spawn(std::forward<F>(function)).detach();
}

class Group {
 public:
  template <class F>
  void go(F&& function) {
    threads_.emplace_back(std::forward<F>(function));
  }
  void wait() {
    for (std::thread& one : threads_) one.join();
  }

 private:
  std::vector<std::thread> threads_;
};

template <class T>
class Buffered {
 public:
  explicit Buffered(size_t capacity) : capacity_(capacity) {}
  void send(T value) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return values_.size() < capacity_; });
    values_.push_back(value);
    filled_.notify_one();
  }
  bool receive(T& value) {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return !values_.empty() || closed_; });
    if (values_.empty()) return false;
    value = values_.front();
    values_.pop_front();
    room_.notify_one();
    return true;
  }
  void close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    filled_.notify_all();
  }

 private:
  size_t capacity_;
  bool closed_ = false;
  std::deque<T> values_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable filled_;
};

// A buffer of one: the sender does not wait until the value is taken, which is kinder.
template <class T>
class Unbuffered : public Buffered<T> {
 public:
  Unbuffered() : Buffered<T>(1) {}
};

template <class F>
void run(const measure::Settings&, F&& function) {
  function();
}

inline std::map<std::string, std::function<void(const measure::Settings&, const std::string&)>>
own_operations() {
  return {};
}

}  // namespace peer

#include "operations.h"
