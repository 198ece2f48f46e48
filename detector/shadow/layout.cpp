#include "detector/shadow/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

extern "C" {
uint64_t __fsan_shadow_base = 0;
}

namespace fibersan {
namespace {

constexpr uintptr_t kTiB = uintptr_t{1} << 40;
constexpr uintptr_t kStep = uintptr_t{1} << 36;
// Between them the kernel puts nothing: position-independent executables start at two
// thirds of the address space plus at most 16 TiB, mappings end at most 17 TiB below its top.
constexpr uintptr_t kMidFrom = uintptr_t{0x5500} << 32;
constexpr uintptr_t kHighFrom = uintptr_t{0x6800} << 32;
constexpr uintptr_t kLowSize = kTiB;
constexpr uintptr_t kMidSize = kTiB;
constexpr uintptr_t kHighRoom = 4 * kTiB;

uintptr_t round_down(uintptr_t address) { return address & ~(kStep - 1); }

bool overlap(const AddressRange& a, const AddressRange& b) {
  return a.low < b.high && b.low < a.high;
}

AddressRange shadow_range(const AddressRange& piece, uint64_t base) {
  if (piece.low == piece.high) return {};
  const uintptr_t low = shadow_of(piece.low, base);
  return {low, low + 2 * (piece.high - piece.low)};
}

bool suits(const ProgramPieces& program, uint64_t base) {
  for (size_t i = 0; i < kPieces; ++i) {
    const AddressRange shadow = shadow_range(program.pieces[i], base);
    if (shadow.low == shadow.high) continue;
    if (shadow.high > kAddressLimit) return false;
    for (size_t j = 0; j < kPieces; ++j) {
      if (overlap(shadow, program.pieces[j])) return false;
      if (j != i && overlap(shadow, shadow_range(program.pieces[j], base))) return false;
    }
  }
  return true;
}

struct Mappings {
  uintptr_t lowest_mid = 0;
  uintptr_t lowest_high = kAddressLimit;
};

void take_line(const char* line, Mappings& mappings) {
  const uintptr_t low = strtoull(line, nullptr, 16);
  if (low >= kHighFrom && low < mappings.lowest_high) mappings.lowest_high = low;
  if (low >= kMidFrom && low < kHighFrom && mappings.lowest_mid == 0) mappings.lowest_mid = low;
}

// Reads /proc/self/maps without allocating. Lines longer than the buffer are cut, which
// loses no address: it stands at their beginning.
Mappings read_mappings() {
  Mappings mappings;
  const int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    dprintf(STDERR_FILENO,
            "FiberSan: cannot read /proc/self/maps (%s), which is needed to place "
            "the shadow. Mount /proc.\n",
            strerror(errno));
    _exit(1);
  }
  char line[64];
  size_t length = 0;
  char buffer[4096];
  for (ssize_t got; (got = read(file, buffer, sizeof buffer)) > 0;) {
    for (ssize_t i = 0; i < got; ++i) {
      if (buffer[i] == '\n') {
        line[length] = 0;
        take_line(line, mappings);
        length = 0;
      } else if (length + 1 < sizeof line) {
        line[length++] = buffer[i];
      }
    }
  }
  close(file);
  return mappings;
}

[[noreturn]] void no_room(uintptr_t bytes, int error) {
  rlimit limit = {};
  getrlimit(RLIMIT_AS, &limit);
  dprintf(STDERR_FILENO, "FiberSan: cannot reserve %zu GiB of address space for the shadow: %s.\n",
          static_cast<size_t>(bytes >> 30), strerror(error));
  if (limit.rlim_cur != RLIM_INFINITY) {
    dprintf(STDERR_FILENO,
            "FiberSan: the address space is limited to %zu MiB; lift it with "
            "'ulimit -v unlimited'. Only what is touched is ever committed.\n",
            static_cast<size_t>(limit.rlim_cur >> 20));
  } else {
    dprintf(STDERR_FILENO,
            "FiberSan: allow it with 'sysctl vm.overcommit_memory=0' (or 1). Only "
            "what is touched is ever committed.\n");
  }
  _exit(1);
}

// False when the place is taken.
bool reserve(const AddressRange& range) {
  if (range.low == range.high) return true;
  void* const wanted = reinterpret_cast<void*>(range.low);
  const size_t size = range.high - range.low;
  void* const got = mmap(wanted, size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == MAP_FAILED) {
    if (errno == EEXIST) return false;
    no_room(size, errno);
  }
  if (got != wanted) {  // a kernel that does not know MAP_FIXED_NOREPLACE
    munmap(got, size);
    return false;
  }
  madvise(got, size, MADV_DONTDUMP);
  madvise(got, size, MADV_NOHUGEPAGE);
  return true;
}

bool reserve_all(const ProgramPieces& program, uint64_t base) {
  for (size_t i = 0; i < kPieces; ++i) {
    if (reserve(shadow_range(program.pieces[i], base))) continue;
    for (size_t j = 0; j < i; ++j) {
      const AddressRange range = shadow_range(program.pieces[j], base);
      if (range.low != range.high)
        munmap(reinterpret_cast<void*>(range.low), range.high - range.low);
    }
    return false;
  }
  return true;
}

}  // namespace

ProgramPieces program_pieces(uintptr_t executable, uintptr_t lowest_high_mapping) {
  ProgramPieces program;
  program.pieces[0] = {0, kLowSize};
  if (executable != 0) {
    const uintptr_t from = round_down(executable);
    program.pieces[1] = {from, from + kMidSize};
  }
  const uintptr_t from = round_down(lowest_high_mapping) - kHighRoom;
  program.pieces[2] = {from, kAddressLimit};
  return program;
}

bool find_shadow_base(const ProgramPieces& program, unsigned& attempt, uint64_t& base) {
  while (attempt < kAddressLimit / kStep) {
    base = kStep * attempt++;
    if (suits(program, base)) return true;
  }
  return false;
}

void reserve_shadow() {
  const Mappings mappings = read_mappings();
  const ProgramPieces program = program_pieces(mappings.lowest_mid, mappings.lowest_high);
  unsigned attempt = 0;
  uint64_t base = 0;
  while (find_shadow_base(program, attempt, base)) {
    if (reserve_all(program, base)) {
      __fsan_shadow_base = base;
      return;
    }
  }
  dprintf(STDERR_FILENO,
          "FiberSan: found no place for the shadow beside the program at %#zx and "
          "its mappings from %#zx on.\n",
          static_cast<size_t>(mappings.lowest_mid), static_cast<size_t>(mappings.lowest_high));
  _exit(1);
}

}  // namespace fibersan
