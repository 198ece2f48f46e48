// A library that is opened while fibers run: a race on its variable names it. It may be mapped
// where something else was before, unmapped by the C library's own ways: that is no past of its
// own. And what is mapped where it was, as soon as it has gone, keeps its own past.
//
// RUN: %fibersan -DLIBRARY -shared -fPIC %s -o %t.so && %fibersan %s -o %t
// RUN: %exits 66 %run %t %t.so race 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 %run %t %t.so closed 2>&1 | FileCheck %s --check-prefix=CLOSED --implicit-check-not=WARNING
// RUN: %run %t %t.so 2>&1 | FileCheck %s --check-prefix=ORDERED --implicit-check-not=WARNING
#ifdef LIBRARY
#include <cstring>

char of_library[1 << 20];
extern "C" void fill_library(char value) { memset(of_library, value, sizeof of_library); }
#else
#include <dlfcn.h>
#include <fiber/fiber.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <thread>

#include "../../turn.h"

constexpr size_t kData = 1 << 20;
constexpr size_t kRoom = kData + kData / 4;

class Library {
 public:
  explicit Library(const char* path) : handle_(dlopen(path, RTLD_NOW)) {}
  ~Library() { dlclose(handle_); }
  char* data() const { return static_cast<char*>(dlsym(handle_, "of_library")); }
  void fill() const { reinterpret_cast<void (*)(char)>(dlsym(handle_, "fill_library"))(3); }

 private:
  void* handle_;
};

__attribute__((noinline)) void fill(char* memory, char value) { memset(memory, value, kData); }

// As malloc's arenas come and go, which nobody sees.
char* use_unseen_memory() {
  const long room =
      syscall(SYS_mmap, nullptr, kRoom, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char* const memory = reinterpret_cast<char*>(room);
  fill(memory, 1);
  fill(memory + kRoom - kData, 2);
  syscall(SYS_munmap, memory, kRoom);
  return memory;
}

void race(const Library& library) {
  Turn turn;
  fiber::WaitGroup both;
  both.go([&] { library.data()[5] = 1, turn.done(); });
  both.go([&] { turn.after(1), library.data()[5] = 2; });
  both.wait();
}
// CHECK: WARNING: FiberSan: data race
// CHECK: Location is global 'of_library' of size 1048576 at 0x{{[0-9a-f]+}}{{.*}}.so+0x
// CHECK-NEXT: [5 bytes into it]

void write_here(char* memory) { *memory = 1; }

// Unseen, as above.
bool map_if_free(char* memory) {
  return syscall(SYS_mmap, memory, kData / 2, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
                 0) == reinterpret_cast<long>(memory);
}

// A page of the library's data.
char* page_of(const Library& library) {
  constexpr std::uintptr_t kPage = 4096;
  return reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(library.data()) | (kPage - 1)) +
                                 1);
}

// False: somebody else was faster.
bool race_where_it_was(const char* path) {
  enum Step { kBegins, kWaits, kHas, kHasNot };
  std::atomic<Step> step{kBegins};
  std::atomic<bool> closed{false};
  std::optional<Library> library(path);
  library->fill();
  char* const memory = page_of(*library);
  std::thread other([&] {
    step.store(kWaits, std::memory_order_relaxed);
    bool has;
    for (bool last = false; !(has = map_if_free(memory)) && !last;)
      last = closed.load(std::memory_order_relaxed);
    if (has) write_here(memory);
    step.store(has ? kHas : kHasNot, std::memory_order_relaxed);
  });
  while (step.load(std::memory_order_relaxed) == kBegins) std::this_thread::yield();
  library.reset();
  closed.store(true, std::memory_order_relaxed);
  while (step.load(std::memory_order_relaxed) == kWaits) std::this_thread::yield();
  const bool has = step.load(std::memory_order_relaxed) == kHas;
  if (has) *memory = 2;
  other.join();
  return has;
}
// CLOSED: WARNING: FiberSan: data race
// CLOSED: Write of size 1
// CLOSED-NEXT: #0 race_where_it_was
// CLOSED: Previous write of size 1
// CLOSED-NEXT: #0 write_here

int main(int, char** arguments) {
  if (arguments[2] != nullptr && strcmp(arguments[2], "closed") == 0) {
    for (int round = 0; round < 100 && !race_where_it_was(arguments[1]);) ++round;
    return 0;
  }
  return fiber::run([arguments] {
    const char* const path = arguments[1];
    if (arguments[2] != nullptr) return race(Library(path));
    constexpr int kRounds = 100;  // mostly few are enough
    std::atomic<char*> memory{nullptr};
    std::atomic<bool> is_there{false};
    Turn turn;
    const auto in_turns = [&](int first, auto step) {
      for (int round = 0; round < kRounds; ++round) {
        turn.after(2 * round + first);
        if (!is_there.load(std::memory_order_relaxed)) step();
        turn.done();
      }
    };
    fiber::WaitGroup both;
    both.go([&] {
      in_turns(0, [&] { memory.store(use_unseen_memory(), std::memory_order_relaxed); });
    });
    both.go([&] {
      in_turns(1, [&] {
        const Library library(path);
        library.fill();
        const char* const from = memory.load(std::memory_order_relaxed);
        const bool is_inside = library.data() >= from && library.data() < from + kRoom;
        is_there.store(is_inside, std::memory_order_relaxed);
      });
    });
    both.wait();
    std::printf("where memory was: %s\n", is_there ? "yes" : "no");
  });
}
// ORDERED: where memory was: yes
// ORDERED-NOT: FiberSan
#endif
