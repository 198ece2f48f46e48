#include "detector/process/other_sanitizers.h"

#include <stdio.h>
#include <unistd.h>

// Only whether they are there is asked: nothing depends on the order of a link.
extern "C" {
[[gnu::weak]] void __asan_init();
[[gnu::weak]] void __hwasan_init();
[[gnu::weak]] void __lsan_init();
[[gnu::weak]] void __msan_init();
[[gnu::weak]] void __tsan_init();
[[gnu::weak]] void dfsan_set_label();
}

namespace fibersan {

void refuse_other_sanitizers() {
  const struct {
    void (*start)();
    const char* name;
  } sanitizers[] = {{__asan_init, "address"}, {__hwasan_init, "hwaddress"},
                    {__lsan_init, "leak"},    {__msan_init, "memory"},
                    {__tsan_init, "thread"},  {dfsan_set_label, "dataflow"}};
  for (const auto& sanitizer : sanitizers) {
    if (sanitizer.start == nullptr) continue;
    dprintf(STDERR_FILENO,
            "FiberSan: -fsanitize=%s is in this program, too: build one with "
            "--config=fibersan.cfg and another with -fsanitize=%s\n",
            sanitizer.name, sanitizer.name);
    _exit(1);
  }
}

}  // namespace fibersan
