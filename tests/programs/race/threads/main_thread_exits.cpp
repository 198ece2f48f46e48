// The main thread leaves by pthread_exit() while another goes on. Who joins it is ordered after
// it, destructors of its thread-specific data included; who only runs later is not.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <pthread.h>

#include <atomic>
#include <cstdio>

namespace {

int before = 0;
int destroyed = 0;
std::atomic<int> is_over = 0;

void destroy(void* count) {
  destroyed += *static_cast<int*>(count);
  is_over.store(1, std::memory_order_relaxed);
}

void* outlive(void* main_thread) {
#ifdef FIXED
  pthread_join(*static_cast<pthread_t*>(main_thread), nullptr);
#else
  while (is_over.load(std::memory_order_relaxed) == 0) {
  }
#endif
  // CHECK-COUNT-2: Read of size 4 {{.*}} by thread 1
  // CHECK-NOT: Read of
  std::fprintf(stderr, "%d\n", before + destroyed);  // FIXED: {{^2$}}
  return nullptr;
}

}  // namespace

int main() {
  static pthread_t self = pthread_self();
  static int count = 1;
  pthread_key_t key;
  pthread_key_create(&key, destroy);
  pthread_setspecific(key, &count);
  pthread_t other;
  pthread_create(&other, nullptr, outlive, &self);
  before += count;
  pthread_exit(nullptr);
}
