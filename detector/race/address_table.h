// address_table.h: values by address, all of which can be forgotten for a range.
//
// State:    stripes, each with a lock and a hash table of its own that grows with what is in
//           it; a filter that says which blocks of 512 addresses never had a value.
// Cost:     a spin lock, and a list as long as a cache line has values, however many there are.
//           Forgetting a range without values is a look at one word for each 32768 addresses,
//           or at every value where these are fewer.
// Threads:  any. The stripe's lock is held while a value is used. All values of one block are
//           in the same stripe.
//
// Invariants
//   T1  The filter is set before a value can be found and never unset.
//   T2  A stripe's buckets are its own four, or memory from the system, and twice as many when
//       it has more values than buckets. They are never fewer again.
//   T3  A table without values is all zero: 2 MB of each program that need not be in its file.
#ifndef FIBERSAN_DETECTOR_RACE_ADDRESS_TABLE_H
#define FIBERSAN_DETECTOR_RACE_ADDRESS_TABLE_H

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "detector/clock/slab.h"
#include "detector/clock/spin_lock.h"
#include "detector/history/mapping.h"

namespace fibersan {

template <typename Value>
class AddressTable {
  struct Node {
    uintptr_t address;
    Node* next;
    Value value;
  };
  // A cache line: a look-up in a small table touches this and the value.
  struct alignas(64) Stripe {
    static constexpr uint32_t kOwn = 4;
    static constexpr uint32_t kFirstMapped = 512;

    SpinLock lock;
    uint32_t mapped_count = 0;
    // Changes under the lock. relaxed without it: whoever forgets a range is ordered after its
    // uses, or that is a race of the program's own.
    std::atomic<uint32_t> values{0};
    Node** mapped = nullptr;
    Node* own[kOwn] = {};

    // Under the lock, as all that follows: Locked has it where the analysis does not see it.
    Node** buckets() { return mapped == nullptr ? own : mapped; }
    uint32_t bucket_count() const { return mapped == nullptr ? kOwn : mapped_count; }
    Node*& bucket_of(uintptr_t address) {
      return buckets()[(mixed(address / kLine) >> 32) & (bucket_count() - 1)];
    }
  };

 public:
  // Holds the lock of one address while it is in scope.
  class FIBERSAN_SCOPED_CAPABILITY Locked {
   public:
    Locked(AddressTable& table, const volatile void* address)
        FIBERSAN_ACQUIRES(table.stripe_of(reinterpret_cast<uintptr_t>(address)).lock)
        : table_(table),
          address_(reinterpret_cast<uintptr_t>(address)),
          stripe_(table.stripe_of(address_)) {
      stripe_.lock.lock();
    }
    ~Locked() FIBERSAN_RELEASES() { stripe_.lock.unlock(); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

    // Null when there is none.
    Value* find() {
      if (found_ != nullptr) return found_;
      for (Node* node = stripe_.bucket_of(address_); node != nullptr; node = node->next) {
        if (node->address == address_) return found_ = &node->value;
      }
      return nullptr;
    }
    // At another address of the same cache line. Null when there is none.
    Value* find_beside(const volatile void* other) {
      const auto address = reinterpret_cast<uintptr_t>(other);
      if (address / kLine != address_ / kLine) return nullptr;
      for (Node* node = stripe_.bucket_of(address); node != nullptr; node = node->next) {
        if (node->address == address) return &node->value;
      }
      return nullptr;
    }
    [[gnu::always_inline]] Value& make() {
      if (Value* value = find()) return *value;
      return *(found_ = &table_.add(stripe_, address_));
    }

   private:
    AddressTable& table_;
    const uintptr_t address_;
    Stripe& stripe_;
    Value* found_ = nullptr;
  };

  constexpr AddressTable() = default;

  // Values in [address, address + size) are no more.
  void forget(uintptr_t address, uint64_t size) {
    const uintptr_t high = address + size;
    if (size / kGroup > kManyGroups && size / kGroup > values())
      return forget_walking(address, high);
    for (uintptr_t at = address & ~(kBlock - 1); at < high;) {
      const uintptr_t group_end = std::min((at & ~(kGroup - 1)) + kGroup, high);
      // relaxed: as Stripe::values.
      const uint64_t word = filter_word_of(at).load(std::memory_order_relaxed);
      for (; word != 0 && at < group_end; at += kBlock) {
        if ((word & filter_bit_of(at)) == 0) continue;
        Stripe& stripe = stripe_of(at);
        if (stripe.values.load(std::memory_order_relaxed) == 0) continue;
        SpinGuard guard(stripe.lock);
        forget_in(stripe, std::max(at, address), std::min(at + kBlock, high));
      }
      at = group_end;
    }
  }

 private:
  static constexpr uintptr_t kBlock = 512;
  static constexpr uintptr_t kLine = 64;
  static constexpr unsigned kStripeBits = 10;
  // Many stacks are one such group each, and a word has room for the blocks of a few.
  static constexpr uintptr_t kGroup = 64 * kBlock;
  static constexpr unsigned kFilterWordBits = 18;
  static constexpr uint64_t kManyGroups = 1024;
  using FilterWord = std::atomic<uint64_t>;

  static uint64_t mixed(uint64_t value) { return value * 0x9e3779b97f4a7c15u; }

  Stripe& stripe_of(uintptr_t address) {
    return stripes_[mixed(address / kBlock) >> (64 - kStripeBits)];
  }
  FilterWord& filter_word_of(uintptr_t address) {
    return filter_[mixed(address / kGroup) >> (64 - kFilterWordBits)];
  }
  // Turned by a number of the group's own: places of stacks are alike.
  static uint64_t filter_bit_of(uintptr_t address) {
    return uint64_t{1} << ((address / kBlock + (mixed(address / kGroup) >> 24)) & 63);
  }

  [[gnu::noinline]] Value& add(Stripe& stripe, uintptr_t address) {
    // relaxed: as Stripe::values.
    filter_word_of(address).fetch_or(filter_bit_of(address), std::memory_order_relaxed);  // T1
    const uint32_t values = stripe.values.load(std::memory_order_relaxed) + 1;
    stripe.values.store(values, std::memory_order_relaxed);
    if (values > stripe.bucket_count()) grow(stripe);
    Node*& bucket = stripe.bucket_of(address);
    bucket = new (slab_.allocate()) Node{address, bucket, {}};
    return bucket->value;
  }

  // T2. Without memory the lists get longer.
  void grow(Stripe& stripe) {
    const uint32_t old_count = stripe.bucket_count();
    Node** const old = stripe.buckets();
    const uint32_t count = stripe.mapped == nullptr ? Stripe::kFirstMapped : old_count * 2;
    auto** const larger = static_cast<Node**>(try_map_memory(count * sizeof(Node*)));
    if (larger == nullptr) return;
    stripe.mapped = larger;
    stripe.mapped_count = count;
    for (uint32_t i = 0; i < old_count; ++i) {
      while (Node* node = old[i]) {
        old[i] = node->next;
        Node*& bucket = stripe.bucket_of(node->address);
        node->next = bucket;
        bucket = node;
      }
    }
    if (old != stripe.own) unmap_memory(old, old_count * sizeof(Node*));
  }

  uint64_t values() const {
    uint64_t sum = 0;
    for (const Stripe& stripe : stripes_) sum += stripe.values.load(std::memory_order_relaxed);
    return sum;
  }

  // For a range so large that there are fewer values than blocks to look at.
  void forget_walking(uintptr_t low, uintptr_t high) {
    for (Stripe& stripe : stripes_) {
      if (stripe.values.load(std::memory_order_relaxed) == 0) continue;
      SpinGuard guard(stripe.lock);
      for (uint32_t i = 0; i < stripe.bucket_count(); ++i)
        unlink(stripe, stripe.buckets()[i], low, high);
    }
  }

  // The range lies in one block.
  void forget_in(Stripe& stripe, uintptr_t low, uintptr_t high) FIBERSAN_REQUIRES(stripe.lock) {
    for (uintptr_t line = low & ~(kLine - 1); line < high; line += kLine)
      unlink(stripe, stripe.bucket_of(line), low, high);
  }

  void unlink(Stripe& stripe, Node*& bucket, uintptr_t low, uintptr_t high)
      FIBERSAN_REQUIRES(stripe.lock) {
    for (Node** link = &bucket; *link != nullptr;) {
      Node* node = *link;
      if (node->address < low || node->address >= high) {
        link = &node->next;
        continue;
      }
      *link = node->next;
      node->~Node();
      slab_.free(node);
      const uint32_t values = stripe.values.load(std::memory_order_relaxed);
      stripe.values.store(values - 1, std::memory_order_relaxed);
    }
  }

  Stripe stripes_[size_t{1} << kStripeBits];
  FilterWord filter_[size_t{1} << kFilterWordBits] = {};
  static constinit inline Slab slab_{sizeof(Node)};  // all tables' of this kind; apart for T3
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_ADDRESS_TABLE_H
