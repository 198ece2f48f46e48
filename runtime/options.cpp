#include "runtime/options.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iterator>
#include <string>

#include "detector/abi/options.h"
#include "fiber/error.h"
#include "runtime/cpus.h"
#include "runtime/policy.h"
#include "runtime/scheduler.h"
#include "runtime/stack_pool.h"
#include "runtime/worker_threads.h"

namespace fiber::internal {
namespace {

// FSAN_OPTION rows of scope `runtime` become members and table rows; the detector's none.
#define FSAN_MEMBER_flag int64_t
#define FSAN_MEMBER_number int64_t
#define FSAN_MEMBER_text const char*
struct Environment {
#define FSAN_ROW_runtime(type, name, value) FSAN_MEMBER_##type name;
#define FSAN_ROW_detector(type, name, value)
#define FSAN_OPTION(scope, type, name, value, help) FSAN_ROW_##scope(type, name, value)
#include "detector/abi/options.def"
#undef FSAN_OPTION
#undef FSAN_ROW_runtime
};

constinit Environment environment{};
constinit int64_t default_stack_size = 0;

__attribute__((constructor(200))) void read_environment() {
#define FSAN_DEFAULT_flag(value) #value
#define FSAN_DEFAULT_number(value) #value
#define FSAN_DEFAULT_text(value) value
#define FSAN_ROW_runtime(type, name, value, help) \
  {#name, FSAN_OPTION_##type, &environment.name, FSAN_DEFAULT_##type(value), help},
#undef FSAN_ROW_detector
#define FSAN_ROW_detector(type, name, value, help)
#define FSAN_OPTION(scope, type, name, value, help) FSAN_ROW_##scope(type, name, value, help)
  const fsan_option table[] = {
#include "detector/abi/options.def"
  };
#undef FSAN_OPTION
  for (const fsan_option& row : table) {
    if (std::strcmp(row.name, "stack_size") == 0)
      default_stack_size = std::atoll(row.default_value);
  }
  fsan_read_options("FIBER_OPTIONS", table, std::size(table));
  if (environment.procs < 0 || environment.procs > Scheduler::kMostProcessors)
    refuse_option("procs must be from 0 to 1024");
  if (environment.preempt_ms < 0 || environment.preempt_ms > 3'600'000)
    refuse_option("preempt_ms must be from 0 (never) to 3600000");
  if (environment.max_threads < 1 || environment.max_threads > WorkerThreads::kMostThreads)
    refuse_option("max_threads must be from 1 to 16384");
  if (environment.stack_size < 0 || static_cast<size_t>(environment.stack_size) > kLargestStack)
    refuse_option("stack_size must be from 0 to 1073741824");
  if (environment.schedtrace < 0) refuse_option("schedtrace must not be negative");
  if (environment.trace_mb < 1 || environment.trace_mb > 1 << 20)
    refuse_option("trace_mb must be from 1 to 1048576");
  if (std::strcmp(environment.quit_dump, "exit") != 0 &&
      std::strcmp(environment.quit_dump, "continue") != 0)
    refuse_option("quit_dump must be exit or continue");
}

uint64_t fresh_seed() {
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed)) {
    timespec now = {};
    clock_gettime(CLOCK_MONOTONIC, &now);
    seed =
        Random::mix(static_cast<uint64_t>(now.tv_nsec) ^ (static_cast<uint64_t>(getpid()) << 32));
  }
  // It is printed and typed again as a signed number; 0 means none.
  seed &= INT64_MAX;
  return seed == 0 ? 1 : seed;
}

}  // namespace

void refuse_option(const char* what) {
  std::fflush(nullptr);
  std::fprintf(stderr, "FIBER_OPTIONS: %s\n", what);
  _exit(1);
}

ObserveOptions observe_options() {
  return {environment.schedtrace, environment.scheddetail, environment.trace, environment.trace_mb,
          environment.quit_dump};
}

Settings settings_for(const Options& options) {
  Settings settings = {};
  settings.procs_follow_machine = environment.procs == 0 && options.procs == 0;
  settings.procs = environment.procs != 0 ? static_cast<uint32_t>(environment.procs)
                   : options.procs != 0   ? options.procs
                                          : std::min(usable_cpus(), Scheduler::kMostProcessors);
  if (settings.procs > Scheduler::kMostProcessors) {
    throw Error("fiber: Options::procs is " + std::to_string(settings.procs) + ", the most is " +
                std::to_string(Scheduler::kMostProcessors));
  }
  settings.seed = environment.seed != 0 ? static_cast<uint64_t>(environment.seed)
                  : options.seed != 0   ? options.seed
                                        : fresh_seed();
  settings.time_slice = std::chrono::milliseconds(environment.preempt_ms);
  settings.max_threads = static_cast<uint32_t>(environment.max_threads);
  settings.migrate = environment.migrate != 0;
  const bool typed = environment.stack_size != default_stack_size && environment.stack_size != 0;
  size_t stack_size = static_cast<size_t>(default_stack_size);
  if (typed) {
    stack_size = static_cast<size_t>(environment.stack_size);
  } else if (options.stack_size != 0) {
    stack_size = options.stack_size;
  }
  settings.stack_class = StackPool::class_of(stack_size);
  return settings;
}

}  // namespace fiber::internal
