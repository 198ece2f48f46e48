#include "detector/process/options.h"

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <initializer_list>

#include "detector/abi/hooks.h"
#include "detector/abi/options.h"
#include "detector/clock/limits.h"

namespace fibersan {

constinit Options options;

namespace {

constexpr const char* kVariable = "FIBERSAN_OPTIONS";

#define FSAN_TYPED_flag(value) #value
#define FSAN_TYPED_number(value) #value
#define FSAN_TYPED_text(value) value
#define FSAN_SCOPE_detector(type, name, value, help) \
  {#name, FSAN_OPTION_##type, &options.name, FSAN_TYPED_##type(value), help},
#define FSAN_SCOPE_runtime(type, name, value, help)
#define FSAN_OPTION(scope, type, name, value, help) FSAN_SCOPE_##scope(type, name, value, help)
const fsan_option kTable[] = {
#include "detector/abi/options.def"
};
#undef FSAN_OPTION

void require_one_of(const char* name, const char* value, std::initializer_list<const char*> words) {
  for (const char* word : words) {
    if (strcmp(value, word) == 0) return;
  }
  fprintf(stderr, "FiberSan: unusable value '%s' for option '%s' in %s: expected", value, name,
          kVariable);
  const char* joint = " ";
  for (const char* word : words) {
    fprintf(stderr, "%s%s", joint, word);
    joint = ", ";
  }
  fputc('\n', stderr);
  fflush(stderr);
  _exit(1);
}

void require_between(const char* name, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return;
  fprintf(stderr, "FiberSan: unusable value '%lld' for option '%s' in %s: expected %lld to %lld\n",
          static_cast<long long>(value), name, kVariable, static_cast<long long>(low),
          static_cast<long long>(high));
  fflush(stderr);
  _exit(1);
}

}  // namespace

void read_detector_options(const char* own) {
  fsan_read_options_over("__fibersan_default_options()", own, kVariable, kTable,
                         sizeof kTable / sizeof kTable[0]);
  require_one_of("color", options.color, {"auto", "always", "never"});
  require_one_of("summary", options.summary, {"auto", "always"});
  require_one_of("format", options.format, {"text", "json"});
  require_between("exitcode", options.exitcode, 0, 255);
  // 2^14 events are a quarter of a megabyte for each processor, 2^30 are 16 GiB.
  require_between("history_size", options.history_size, 0, 16);
  // The main thread and a fiber on each of some processors at least.
  require_between("lane_budget", options.lane_budget, options.lane_budget == 0 ? 0 : 16,
                  kLaneLimit);
  require_between("atexit_sleep_ms", options.atexit_sleep_ms, 0, 3'600'000);
  require_between("blocking_ms", options.blocking_ms, 0, 3'600'000);
  require_between("runnable_ms", options.runnable_ms, 0, 3'600'000);
  require_between("lock_held_ms", options.lock_held_ms, 0, 3'600'000);
  require_between("unyielding_ms", options.unyielding_ms, 0, 3'600'000);
  require_between("deadlock_check_ms", options.deadlock_check_ms, 0, 3'600'000);
}

}  // namespace fibersan

extern "C" uint64_t __fsan_warn_after_ms(enum fsan_finding_kind kind) {
  switch (kind) {
    case FSAN_FINDING_BLOCKING_CALL:
      return static_cast<uint64_t>(fibersan::options.blocking_ms);
    case FSAN_FINDING_RUNNABLE_LONG:
      return static_cast<uint64_t>(fibersan::options.runnable_ms);
    case FSAN_FINDING_NEVER_YIELDS:
      return static_cast<uint64_t>(fibersan::options.unyielding_ms);
    default:
      return 0;
  }
}

extern "C" uint64_t __fsan_deadlock_check_ms(void) {
  return static_cast<uint64_t>(fibersan::options.deadlock_check_ms);
}
