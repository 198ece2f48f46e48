// What the parts of fibers' lives cost. Built plain and with the detector, see README.md.
//
// Usage:    lives            nanoseconds of CPU time, best of many batches of 32
//           lives PART       one batch of that part between two breakpoints, for the program steps
// Run it with FIBER_OPTIONS=procs=1:preempt_ms=0.
#include <fiber/fiber.h>

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace {

constexpr int kBatch = 32;
constexpr int kBatches = 400;  // the last one is counted

double now() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// Between begin() and end() of each batch.
class Part {
 public:
  Part(const char* name, const char* counted) : name_(name) {
    is_counted_ = counted != nullptr && std::strcmp(name, counted) == 0;
    prints_ = counted == nullptr;
  }
  ~Part() {
    if (prints_) std::printf("%-18s %8.1f\n", name_, best_ / kBatch);
  }
  void begin(int batch) {
    if (is_counted_ && batch == kBatches - 1) asm volatile("int3" ::: "memory");
    begun_ = now();
  }
  void end(int batch) {
    best_ = std::min(best_, now() - begun_);
    if (is_counted_ && batch == kBatches - 1) asm volatile("int3" ::: "memory");
  }

 private:
  const char* name_;
  bool is_counted_ = false;
  bool prints_ = false;
  double begun_ = 0;
  double best_ = 1e300;
};

void in_turn(const char* counted) {
  Part part("spawn+join", counted);
  for (int batch = 0; batch < kBatches; ++batch) {
    part.begin(batch);
    for (int i = 0; i < kBatch; ++i) fiber::spawn([] {}).join();
    part.end(batch);
  }
}

void together(const char* counted) {
  Part spawn("spawn", counted), run("run", counted), join("join", counted);
  for (int batch = 0; batch < kBatches; ++batch) {
    fiber::Handle<void> handles[kBatch];
    spawn.begin(batch);
    for (fiber::Handle<void>& handle : handles) handle = fiber::spawn([] {});
    spawn.end(batch);
    run.begin(batch);
    fiber::yield();
    run.end(batch);
    join.begin(batch);
    for (fiber::Handle<void>& handle : handles) handle.join();
    join.end(batch);
  }
}

void alone(const char* counted) {
  Part go("go", counted), run("run of go", counted);
  for (int batch = 0; batch < kBatches; ++batch) {
    go.begin(batch);
    for (int i = 0; i < kBatch; ++i) fiber::go([] {});
    go.end(batch);
    run.begin(batch);
    fiber::yield();
    run.end(batch);
  }
}

void in_groups(const char* counted) {
  Part part("WaitGroup", counted);
  for (int batch = 0; batch < kBatches; ++batch) {
    part.begin(batch);
    {
      fiber::WaitGroup group;
      for (int i = 0; i < kBatch; ++i) group.go([] {});
      group.wait();
    }
    part.end(batch);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const char* const counted = count > 1 ? arguments[1] : nullptr;
  return fiber::run([&] {
    in_turn(counted);
    together(counted);
    alone(counted);
    in_groups(counted);
  });
}
