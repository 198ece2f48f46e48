#include "detector/history/context_cache.h"

#include "detector/history/mapping.h"

namespace fibersan {
namespace {

constexpr unsigned kFirstShift = 64 - 10;
constexpr unsigned kLastShift = 64 - 16;
constexpr unsigned kShiftStep = 2;

}  // namespace

void ContextCache::put(uint64_t key, uint64_t value) {
  const uint64_t puts = puts_.fetch_add(1, std::memory_order_relaxed);
  Lines* lines = lines_.load(std::memory_order_acquire);  // [K2]
  if (__builtin_expect(lines == nullptr || puts > 4 * lines->count(), 0)) {
    SpinGuard guard(lock_);
    if (lines == lines_.load(std::memory_order_relaxed)) grow();
    lines = lines_.load(std::memory_order_relaxed);
    if (lines == nullptr) return;
  }
  Line& line = lines->of(key);
  Entry* place = nullptr;
  for (Entry& entry : line.entries) {
    if (place == nullptr && entry.value.load(std::memory_order_relaxed) == 0) place = &entry;
  }
  if (place == nullptr) place = &line.entries[puts % 4];
  // relaxed: two plain stores, see H1.
  place->key_and_value.store(key ^ value, std::memory_order_relaxed);
  place->value.store(value, std::memory_order_relaxed);
}

void ContextCache::grow() {
  Lines* const old = lines_.load(std::memory_order_relaxed);
  if (old != nullptr && old->shift == kLastShift) return;
  const unsigned shift = old == nullptr ? kFirstShift : old->shift - kShiftStep;
  auto* larger = static_cast<Lines*>(
      try_map_memory(sizeof(Lines) + (uint64_t{1} << (64 - shift)) * sizeof(Line)));
  if (larger == nullptr) return;  // the smaller one does
  larger->shift = shift;
  puts_.store(0, std::memory_order_relaxed);
  lines_.store(larger, std::memory_order_release);  // [K1]
  // A find() may still be in the old one: its addresses stay, its memory does not. What stays of
  // it is true.
  if (old != nullptr) give_back_pages(&old->line[1], (old->count() - 1) * sizeof(Line));
}

}  // namespace fibersan
