// detector/history/context_cache.h over a weak memory: what is found for a key was put for that
// key, beside who puts others into the same place and who makes the cache larger (H1).
#include "tests/model/memory/detector/detector.h"
// Behind it: atomics are the model's.
#include "detector/history/context_cache.cpp"

namespace {

std::optional<fibersan::ContextCache> cache;

constexpr uint64_t kTag = 7;

uint64_t value_of(uint64_t key) { return kTag << 32 | (key + 100); }
void put(uint64_t key) { cache->put(key, value_of(key)); }
void find(uint64_t key) {
  const uint64_t value = cache->find(key, kTag);
  model::expect(value == 0 || value == value_of(key), "another's value");
}

}  // namespace

int main() {
  const auto set_up = [] { cache.emplace(); };
  const auto look = [] {
    find(1);
    find(3);
  };
  return model::explore("the first context", {.preemptions = 3, .stale = 3},
                        {set_up, {[] { put(1); }, [] { find(1); }}, look}) |
         model::explore("two at once", {.preemptions = 3, .stale = 2},
                        {set_up, {[] { put(1); }, [] { put(3); }}, look}) |
         model::explore("two in one place beside a reader", {.preemptions = 3, .stale = 2},
                        {[&] {
                           set_up();
                           put(5);
                         },
                         {[] { put(1); }, [] { put(3); }, [] { find(1); }},
                         look}) |
         model::explore("a larger cache", {.preemptions = 2, .stale = 2},
                        {[&] {
                           set_up();
                           for (uint64_t key = 5; key < 8; ++key) put(key);
                         },
                         {[] { put(1); },
                          [] {
                            find(5);
                            find(1);
                          }},
                         look});
}
