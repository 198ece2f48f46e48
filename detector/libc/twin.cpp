#include "detector/libc/twin.h"

#include <errno.h>

#include "detector/race/access_fast.h"

namespace fibersan {
namespace {

// The real function may have set errno already, or leaves it as it was.
[[gnu::noinline]] void check_slowly(const Access& access, const Caller& caller) {
  int saved = errno;
  access_range(access, caller);
  errno = saved;
}

[[gnu::always_inline]] inline void check(const void* address, size_t size, AccessKind kind,
                                         const Caller& caller) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  if (size == 0 || short_range_is_covered(at, size, kind)) return;
  check_slowly({.address = at, .size = size, .kind = kind}, caller);
}

}  // namespace

void check_read(const void* address, size_t size) {
  check(address, size, AccessKind::kRead, FIBERSAN_CALLER(__fsan_running.context));
}

void check_write(const void* address, size_t size) {
  check(address, size, AccessKind::kWrite, FIBERSAN_CALLER(__fsan_running.context));
}

// Every row of the table has a twin, or programs would not link.
#define FSAN_LIBC(name, signature) extern "C" void __fsan_libc_##name();
#define FSAN_LIBC_ALIAS(name, twin, signature)
#include "detector/abi/libc_functions.def"
#undef FSAN_LIBC
#define FSAN_LIBC(name, signature) __fsan_libc_##name,
extern void (*const libc_twins[])();
void (*const libc_twins[])() = {
#include "detector/abi/libc_functions.def"
};
#undef FSAN_LIBC
#undef FSAN_LIBC_ALIAS

}  // namespace fibersan
