// intrusive.h: lists and hash tables of objects that carry their own links.
//
// Cost:     no memory but a table's buckets, which are mapped and grow with what is in it.
// Threads:  as their owner's.
// Not here: the objects' memory.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_INTRUSIVE_H
#define FIBERSAN_DETECTOR_DEADLOCK_INTRUSIVE_H

#include <cstddef>
#include <cstdint>

#include "detector/history/mapping.h"

namespace fibersan {

template <typename T>
struct Link {
  T* next = nullptr;
  T** place = nullptr;  // what points here
};

template <auto link, typename T>
void put_first(T*& head, T& object) {
  Link<T>& own = object.*link;
  own.next = head;
  own.place = &head;
  if (head != nullptr) (head->*link).place = &own.next;
  head = &object;
}

template <auto link, typename T>
void take_out(T& object) {
  Link<T>& own = object.*link;
  *own.place = own.next;
  if (own.next != nullptr) (own.next->*link).place = own.place;
}

// Of objects with the members `uint64_t key` and `Link<T> in_table`. Several may have one key.
template <typename T>
class KeyTable {
 public:
  constexpr KeyTable() = default;

  // One that has the key and of which `is_it` holds; null: none.
  template <typename Is>
  T* find(uint64_t key, Is is_it) const {
    if (buckets_ == nullptr) return nullptr;
    for (T* object = *bucket_of(key); object != nullptr; object = object->in_table.next) {
      if (object->key == key && is_it(*object)) return object;
    }
    return nullptr;
  }
  T* find(uint64_t key) const {
    return find(key, [](const T&) { return true; });
  }
  // False: there is no memory for it.
  [[nodiscard]] bool add(T& object) {
    if (count_ >= bucket_count_ && !grow() && buckets_ == nullptr) return false;
    put_first<&T::in_table>(*bucket_of(object.key), object);
    ++count_;
    return true;
  }
  void remove(T& object) {
    take_out<&T::in_table>(object);
    --count_;
  }
  [[nodiscard]] size_t size() const { return count_; }

 private:
  static constexpr size_t kFirst = 512;

  T** bucket_of(uint64_t key) const {
    return &buckets_[(key * 0x9e3779b97f4a7c15u >> 20) & (bucket_count_ - 1)];
  }

  bool grow() {
    const size_t old_count = bucket_count_;
    T** const old = buckets_;
    const size_t count = old == nullptr ? kFirst : old_count * 2;
    auto** const larger = static_cast<T**>(try_map_memory(count * sizeof(T*)));
    if (larger == nullptr) return false;
    buckets_ = larger;
    bucket_count_ = count;
    if (old == nullptr) return true;
    for (size_t i = 0; i < old_count; ++i) {
      while (T* object = old[i]) {
        take_out<&T::in_table>(*object);
        put_first<&T::in_table>(*bucket_of(object->key), *object);
      }
    }
    unmap_memory(old, old_count * sizeof(T*));
    return true;
  }

  T** buckets_ = nullptr;
  size_t bucket_count_ = 0;
  size_t count_ = 0;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_INTRUSIVE_H
