#include "detector/race/lock_set.h"

#include <algorithm>
#include <atomic>

#include "detector/clock/spin_lock.h"
#include "detector/history/mapping.h"

namespace fibersan {
namespace {

// A set in memory: this, then its locks.
struct Set {
  uint32_t count;
  LockSetId next_in_bucket;
  const HeldLock* locks() const { return reinterpret_cast<const HeldLock*>(this + 1); }
};
static_assert(alignof(HeldLock) <= sizeof(Set));

// Ids are places in units of 8 bytes in one reserved range of 512 MiB.
constexpr size_t kUnit = 8;
constexpr size_t kUnits = size_t{1} << kLockSetBits;
constexpr unsigned kBucketBits = 16;

SpinLock sets_lock;  // rank 7
std::atomic<char*> memory{nullptr};
size_t used_units FIBERSAN_GUARDED_BY(sets_lock) = 1;
LockSetId buckets[1u << kBucketBits] FIBERSAN_GUARDED_BY(sets_lock);

const Set& set_at(LockSetId id) {
  // acquire [A1], pairs with the release [R1] of whoever mapped it. Set and id come together.
  return *reinterpret_cast<const Set*>(memory.load(std::memory_order_acquire) + id * kUnit);
}

bool same_lock(const HeldLock& a, const HeldLock& b) {
  return a.lock == b.lock && a.write == b.write && a.acquired == b.acquired;
}

uint32_t hash_of(std::span<const HeldLock> locks) {
  uint64_t hash = 0;
  for (const HeldLock& lock : locks) {
    hash = (hash ^ reinterpret_cast<uintptr_t>(lock.lock)) * 0x9e3779b97f4a7c15u;
    hash = (hash ^ lock.acquired ^ (uint64_t{lock.write} << 32)) * 0x9e3779b97f4a7c15u;
  }
  return static_cast<uint32_t>(hash >> (64 - kBucketBits));
}

LockSetId make_set(std::span<const HeldLock> locks, LockSetId next) FIBERSAN_REQUIRES(sets_lock) {
  const size_t units = (sizeof(Set) + locks.size_bytes()) / kUnit;
  if (used_units + units > kUnits) return 0;
  char* base = memory.load(std::memory_order_relaxed);
  if (base == nullptr) {
    base = static_cast<char*>(try_map_memory(kUnits * kUnit));
    if (base == nullptr) return 0;
    memory.store(base, std::memory_order_release);  // [R1]
  }
  const auto id = static_cast<LockSetId>(used_units);
  used_units += units;
  Set* set = reinterpret_cast<Set*>(base + id * kUnit);
  *set = {static_cast<uint32_t>(locks.size()), next};
  std::copy(locks.begin(), locks.end(), reinterpret_cast<HeldLock*>(set + 1));
  return id;
}

}  // namespace

LockSetId add_lock_set(std::span<const HeldLock> locks) {
  if (locks.empty()) return 0;
  const uint32_t hash = hash_of(locks);
  SpinGuard guard(sets_lock);
  for (LockSetId id = buckets[hash]; id != 0; id = set_at(id).next_in_bucket) {
    const Set& set = set_at(id);
    if (std::equal(locks.begin(), locks.end(), set.locks(), set.locks() + set.count, same_lock))
      return id;
  }
  const LockSetId id = make_set(locks, buckets[hash]);
  if (id != 0) buckets[hash] = id;
  return id;
}

std::span<const HeldLock> lock_set(LockSetId id) {
  if (id == 0) return {};
  const Set& set = set_at(id);
  return {set.locks(), set.count};
}

}  // namespace fibersan
