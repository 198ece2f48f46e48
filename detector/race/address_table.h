// address_table.h: values by address, all of which can be forgotten for a range.
//
// State:    a hash table over blocks of 512 addresses, each bucket with its lock, and a
//           filter that says which blocks never had a value.
// Cost:     one spin lock and a short list; forgetting a range without values is one byte
//           load for each 512 addresses.
// Threads:  any. The bucket's lock is held while a value is used.
//
// Invariants
//   T1  The filter is set before a value can be found and never unset.
#ifndef FIBERSAN_DETECTOR_RACE_ADDRESS_TABLE_H
#define FIBERSAN_DETECTOR_RACE_ADDRESS_TABLE_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "detector/clock/slab.h"
#include "detector/clock/spin_lock.h"

namespace fibersan {

template <typename Value, unsigned kBucketBits>
class AddressTable {
  struct Node {
    uintptr_t address;
    Node* next;
    Value value;
  };
  struct Bucket {
    SpinLock lock;
    Node* first = nullptr;
    // relaxed everywhere: whoever forgets a range is ordered after its uses, or that is a
    // race of the program's own.
    std::atomic<bool> had_value{false};
  };

 public:
  // Holds the lock of one address while it is in scope.
  class FIBERSAN_SCOPED_CAPABILITY Locked {
   public:
    Locked(AddressTable& table, const volatile void* address)
        FIBERSAN_ACQUIRES(table.bucket_of(reinterpret_cast<uintptr_t>(address)).lock)
        : table_(table),
          address_(reinterpret_cast<uintptr_t>(address)),
          bucket_(table.bucket_of(address_)) {
      bucket_.lock.lock();
    }
    ~Locked() FIBERSAN_RELEASES() { bucket_.lock.unlock(); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

    // Null when there is none.
    Value* find() {
      for (Node* node = bucket_.first; found_ == nullptr && node != nullptr; node = node->next) {
        if (node->address == address_) found_ = &node->value;
      }
      return found_;
    }
    Value& make() {
      if (Value* value = find()) return *value;
      bucket_.first = new (table_.slab_.allocate()) Node{address_, bucket_.first, {}};
      bucket_.had_value.store(true, std::memory_order_relaxed);  // T1
      return *(found_ = &bucket_.first->value);
    }

   private:
    AddressTable& table_;
    const uintptr_t address_;
    Bucket& bucket_;
    Value* found_ = nullptr;
  };

  constexpr AddressTable() : slab_(sizeof(Node)) {}

  // Values in [address, address + size) are no more.
  void forget(uintptr_t address, uint64_t size) {
    const uintptr_t high = address + size;
    for (uintptr_t at = address & ~(kBlock - 1); at < high; at += kBlock) {
      Bucket& bucket = bucket_of(at);
      if (!bucket.had_value.load(std::memory_order_relaxed)) continue;
      SpinGuard guard(bucket.lock);
      forget_in(bucket, address, high);
    }
  }

 private:
  static constexpr uintptr_t kBlock = 512;

  Bucket& bucket_of(uintptr_t address) {
    return buckets_[((address / kBlock) * 0x9e3779b97f4a7c15u) >> (64 - kBucketBits)];
  }

  void forget_in(Bucket& bucket, uintptr_t low, uintptr_t high) FIBERSAN_REQUIRES(bucket.lock) {
    for (Node** link = &bucket.first; *link != nullptr;) {
      Node* node = *link;
      if (node->address < low || node->address >= high) {
        link = &node->next;
        continue;
      }
      *link = node->next;
      node->~Node();
      slab_.free(node);
    }
  }

  Bucket buckets_[size_t{1} << kBucketBits];
  Slab slab_;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_ADDRESS_TABLE_H
