// local.h: what belongs to one fiber, as thread_local belongs to one thread.
#ifndef FIBER_LOCAL_H
#define FIBER_LOCAL_H

#include <atomic>
#include <cstdint>

namespace fiber {

namespace internal {

// The values of the calling fiber, outside of fibers those of the calling thread. `key` becomes
// a number that no other FiberLocal of the process has or will have.
void* find_local(std::atomic<uint64_t>* key);  // null: none yet
void add_local(std::atomic<uint64_t>* key, void* value, void (*destroy)(void*));
void* remove_local(std::atomic<uint64_t>* key);  // the value, now the caller's; null: none

}  // namespace internal

//   fiber::FiberLocal<std::string> buffer;              // a global, a static or a member
//   buffer->append("...");                              // this fiber's own
//   fiber::FiberLocal<int> depth([] { return 100; });   // made by a function, not by T()
//
// The value is made when a fiber first asks for it and destroyed when the fiber ends, the last
// one made first, before join() returns; destructors may use other FiberLocals, and block. It
// stays at its address while the fiber moves between threads, which thread_local variables do
// not. Outside of fibers each thread has a value, destroyed when the thread ends. A fiber that
// is stopped with its run never ends: its values are not destroyed.
//
// Destroying the FiberLocal leaves the values to their fibers. Looking a value up costs a
// comparison for each FiberLocal that the fiber has used; fibers that use none pay nothing.
template <typename T>
class FiberLocal {
 public:
  constexpr FiberLocal() noexcept : make_([] { return T(); }) {}
  constexpr explicit FiberLocal(T (*make)()) noexcept : make_(make) {}
  FiberLocal(const FiberLocal&) = delete;
  FiberLocal& operator=(const FiberLocal&) = delete;

  T& get() {
    if (void* value = internal::find_local(&key_)) return *static_cast<T*>(value);
    T* value = new T(make_());
    try {
      internal::add_local(&key_, value, [](void* made) { delete static_cast<T*>(made); });
    } catch (...) {
      delete value;
      throw;
    }
    return *value;
  }
  T& operator*() { return get(); }
  T* operator->() { return &get(); }

  // Is there a value already?
  bool has_value() { return internal::find_local(&key_) != nullptr; }
  // Destroys it; the next use makes a new one.
  void reset() { delete static_cast<T*>(internal::remove_local(&key_)); }

 private:
  std::atomic<uint64_t> key_{0};
  T (*make_)();
};

// While one of these exists the calling fiber stays on its thread, and no other fiber runs
// there: for libraries that keep state for each thread (graphics, some database clients). They
// nest: the last one to be destroyed ends it. A switch to or from such a fiber wakes a thread:
// tens of microseconds. Without an effect outside of fibers. Semantics: Go's LockOSThread, but a
// fiber that ends without having destroyed it leaves the thread to others; Go ends the thread.
class LockThread {
 public:
  LockThread();
  ~LockThread();  // in the fiber that made it
  LockThread(const LockThread&) = delete;
  LockThread& operator=(const LockThread&) = delete;

 private:
  bool locked_ = false;
};

}  // namespace fiber

#endif  // FIBER_LOCAL_H
