#include "detector/history/context.h"

#include <atomic>

#include "detector/clock/spin_lock.h"
#include "detector/history/frames.h"
#include "detector/history/mapping.h"

namespace fibersan {
namespace {

// 2^23 entries of 16 bytes at most, half of them used.
constexpr uint64_t kFirstEntries = 1u << 12;
constexpr uint64_t kMaxEntries = 1u << 23;

struct Entry {
  std::atomic<uint64_t> hash;  // 0: free
  std::atomic<uint32_t> stack;
};
static_assert(sizeof(Entry) == 16);

struct Table {
  uint64_t mask;
  Entry entries[1];  // mask + 1 of them
};

std::atomic<Table*> current{nullptr};
std::atomic<uint64_t> forgotten{0};
SpinLock insert_lock;
uint64_t used FIBERSAN_GUARDED_BY(insert_lock) = 0;

uint64_t hash_of(uint64_t context, uintptr_t pc) {
  uint64_t hash = (context ^ pc * 0xff51afd7ed558ccdu) * 0x9e3779b97f4a7c15u;
  hash ^= hash >> 32;
  return hash == 0 ? 1 : hash;
}

const Entry* find(const Table* table, uint64_t hash) {
  if (table == nullptr) return nullptr;
  for (uint64_t i = hash & table->mask;; i = (i + 1) & table->mask) {
    // acquire [E2]: the stack id was stored before the hash. Pairs with [E1].
    uint64_t seen = table->entries[i].hash.load(std::memory_order_acquire);
    if (seen == hash) return &table->entries[i];
    if (seen == 0) return nullptr;
  }
}

const Entry* find(uint64_t hash) {
  // acquire [T2]: the table's contents come with it. Pairs with the release [T1].
  return find(current.load(std::memory_order_acquire), hash);
}

void put(Table* table, uint64_t hash, StackId stack) {
  uint64_t i = hash & table->mask;
  while (table->entries[i].hash.load(std::memory_order_relaxed) != 0) i = (i + 1) & table->mask;
  table->entries[i].stack.store(stack, std::memory_order_relaxed);
  table->entries[i].hash.store(hash, std::memory_order_release);  // [E1]
}

// The table to insert into, at most half full; null when there is no room.
Table* table_with_room() FIBERSAN_REQUIRES(insert_lock) {
  Table* table = current.load(std::memory_order_relaxed);
  uint64_t entries = table == nullptr ? 0 : table->mask + 1;
  if (used < entries / 2) return table;
  uint64_t more = entries == 0 ? kFirstEntries : entries * 2;
  if (more > kMaxEntries) return nullptr;
  Table* larger = static_cast<Table*>(try_map_memory(sizeof(Table) + more * sizeof(Entry)));
  if (larger == nullptr) return nullptr;
  larger->mask = more - 1;
  for (uint64_t i = 0; i < entries; ++i) {
    uint64_t hash = table->entries[i].hash.load(std::memory_order_relaxed);
    if (hash != 0) put(larger, hash, table->entries[i].stack.load(std::memory_order_relaxed));
  }
  // release [T1]. The old table is not unmapped: a look-up may be in it (C1).
  current.store(larger, std::memory_order_release);
  return larger;
}

StackId insert(uint64_t hash, const Stack& stack) {
  StackId id = add_stack(stack);
  SpinGuard guard(insert_lock);
  if (const Entry* entry = find(hash)) return entry->stack.load(std::memory_order_relaxed);
  Table* table = id == 0 ? nullptr : table_with_room();
  if (table == nullptr) {
    forgotten.fetch_add(1, std::memory_order_relaxed);
    return id;
  }
  ++used;
  put(table, hash, id);
  return id;
}

}  // namespace

uint64_t note_access_context(uint64_t caller_context, uintptr_t pc, const void* frame,
                             StackBounds bounds) {
  uint64_t hash = hash_of(caller_context, pc);
  if (find(hash) == nullptr) insert(hash, walk_frames(frame, pc, bounds));
  return hash;
}

StackId note_stack(uint64_t caller_context, uintptr_t pc, const void* frame, StackBounds bounds) {
  uint64_t hash = hash_of(caller_context, pc);
  if (const Entry* entry = find(hash)) return entry->stack.load(std::memory_order_relaxed);
  return insert(hash, walk_frames(frame, pc, bounds));
}

Stack stack_of(uint64_t hash) {
  const Entry* entry = find(hash);
  return stack_of_id(entry == nullptr ? 0 : entry->stack.load(std::memory_order_relaxed));
}

uint64_t forgotten_contexts() { return forgotten.load(std::memory_order_relaxed); }

}  // namespace fibersan
