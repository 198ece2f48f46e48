// A lock is copied by its bytes while it is locked, as realloc or a memcpy of the object around it
// does: the copy says that we hold it, though nobody ever locked it there. -DFIXED points to it.
// The types refuse to be copied or moved by the language.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not="double lock"
// RUN: %exits 66 %run %t again 2>&1 | FileCheck %s --check-prefix=AGAIN --implicit-check-not="double lock"
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: not %fibersan -DCOPY %s -o %t.copy 2>&1 | FileCheck %s --check-prefix=COPY
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>

template <typename... Types>
constexpr bool kStayInPlace =
    (!(std::is_copy_constructible_v<Types> || std::is_copy_assignable_v<Types> ||
       std::is_move_constructible_v<Types> || std::is_move_assignable_v<Types>) &&
     ...);
static_assert(kStayInPlace<fiber::Mutex, fiber::RwMutex, fiber::ConditionVariable, fiber::Once,
                           fiber::Semaphore, fiber::Barrier, fiber::Latch, fiber::WaitGroup>);

int main(int count, char**) {
  return fiber::run([count] {
    auto* mutex = new (std::malloc(sizeof(fiber::Mutex))) fiber::Mutex;
    mutex->lock();
#ifdef FIXED
    auto* copy = mutex;
#else
    auto* copy = static_cast<fiber::Mutex*>(std::malloc(sizeof(fiber::Mutex)));
    std::memcpy(static_cast<void*>(copy), static_cast<const void*>(mutex), sizeof(*mutex));
#endif
    if (count > 1) copy->lock();
    copy->unlock();
#ifdef COPY
    fiber::Mutex other = *mutex;
#endif
    std::puts("done");
    std::fflush(stdout);
#ifndef FIXED
    mutex->unlock();
#endif
  });
}
// CHECK: WARNING: FiberSan: use of a copied lock
// CHECK: Operation on mutex 0x{{[0-9a-f]+}} by fiber 1 (mutexes: write M1):
// CHECK: copied_lock.cpp:[[@LINE-13]]
// CHECK: Mutex M1 {{.*}}acquired by fiber 1 at:
// CHECK: copied_lock.cpp:[[@LINE-23]]
// CHECK: reported 1 warnings
// AGAIN: WARNING: FiberSan: use of a copied lock
// AGAIN: copied_lock.cpp:[[@LINE-19]]
// AGAIN: WARNING: FiberSan: global deadlock
// FIXED: done
// COPY: error: call to deleted constructor of 'fiber::Mutex'
