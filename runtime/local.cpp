#include "runtime/local.h"

#include <algorithm>
#include <atomic>

#include "fiber/local.h"
#include "runtime/fiber.h"
#include "runtime/park.h"

namespace fiber::internal {
namespace {

thread_local Locals thread_locals;

// 0: never asked for. Two fibers may ask first at once: the number of one is lost.
uint64_t number_of(std::atomic<uint64_t>& key) {
  static constinit std::atomic<uint64_t> last{0};
  // Relaxed: the number is only compared with itself; values are not shared.
  uint64_t number = key.load(std::memory_order_relaxed);
  if (number != 0) return number;
  const uint64_t fresh = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return key.compare_exchange_strong(number, fresh, std::memory_order_relaxed) ? fresh : number;
}

// Not inlined: the address of a thread's variable must not be kept across a switch.
__attribute__((noinline)) Locals* locals_of_thread() {
  asm volatile("");
  return &thread_locals;
}

Locals* locals_to_read() {
  const Fiber* fiber = current_fiber();
  return fiber == nullptr ? locals_of_thread() : fiber->locals;
}

Locals* locals_to_write() {
  Fiber* fiber = current_fiber();
  if (fiber == nullptr) return locals_of_thread();
  if (fiber->locals == nullptr) fiber->locals = new Locals;
  return fiber->locals;
}

}  // namespace

void* Locals::find(uint64_t key) const {
  for (auto row = rows_.rbegin(); row != rows_.rend(); ++row) {
    if (row->key == key) return row->value;
  }
  return nullptr;
}

void Locals::add(uint64_t key, void* value, void (*destroy)(void*)) {
  rows_.push_back({key, value, destroy});
}

void* Locals::remove(uint64_t key) {
  const auto row = std::find_if(rows_.begin(), rows_.end(),
                                [key](const Row& candidate) { return candidate.key == key; });
  if (row == rows_.end()) return nullptr;
  void* value = row->value;
  rows_.erase(row);
  return value;
}

void Locals::destroy_values() {
  while (!rows_.empty()) {
    const Row last = rows_.back();
    rows_.pop_back();  // I1
    last.destroy(last.value);
  }
}

void destroy_locals(Fiber* fiber) noexcept {
  if (fiber->locals == nullptr) return;
  fiber->locals->destroy_values();
  delete fiber->locals;
  fiber->locals = nullptr;
}

void* find_local(std::atomic<uint64_t>* key) {
  const Locals* locals = locals_to_read();
  return locals == nullptr ? nullptr : locals->find(number_of(*key));
}

void add_local(std::atomic<uint64_t>* key, void* value, void (*destroy)(void*)) {
  locals_to_write()->add(number_of(*key), value, destroy);
}

void* remove_local(std::atomic<uint64_t>* key) {
  Locals* locals = locals_to_read();
  return locals == nullptr ? nullptr : locals->remove(number_of(*key));
}

}  // namespace fiber::internal
