#include "detector/shadow/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "detector/page.h"
#include "detector/shadow/advice.h"

extern "C" {
uint64_t __fsan_shadow_base = 0;
const uint8_t __fsan_listening = 1;
}

namespace fibersan {
namespace {

constexpr uintptr_t kTiB = uintptr_t{1} << 40;
constexpr uintptr_t kStep = uintptr_t{1} << 36;
constexpr uintptr_t kLowSize = kTiB;
constexpr uintptr_t kBrkRoom = kTiB;
constexpr uintptr_t kStackRoom = kTiB;
constexpr uintptr_t kMappingRoom = 4 * kTiB;
// Mappings above this end at the gap below the stack, whose size is the stack's limit:
// they and the stack are one piece.
constexpr uintptr_t kTopFrom = uintptr_t{0x6800} << 32;

constinit ProgramPieces shadowed;

bool overlap(const AddressRange& a, const AddressRange& b) {
  return a.low < b.high && b.low < a.high;
}

AddressRange shadow_range(const AddressRange& piece, uint64_t base) {
  const uintptr_t low = shadow_of(piece.low, base);
  return {low, low + 2 * (piece.high - piece.low)};
}

bool suits(const ProgramPieces& program, uint64_t base) {
  for (size_t i = 0; i < program.count; ++i) {
    const AddressRange shadow = shadow_range(program.pieces[i], base);
    if (shadow.high > kAddressLimit) return false;
    for (size_t j = 0; j < program.count; ++j) {
      if (overlap(shadow, program.pieces[j])) return false;
      if (j != i && overlap(shadow, shadow_range(program.pieces[j], base))) return false;
    }
  }
  return true;
}

bool close_by(const AddressRange& a, const AddressRange& b) {
  return a.low < b.high + kStep && b.low < a.high + kStep;
}

void remove_piece(ProgramPieces& program, size_t index) {
  program.pieces[index] = program.pieces[--program.count];
}

// L2
void add_piece(ProgramPieces& program, AddressRange added) {
  for (size_t i = 0; i < program.count;) {
    const AddressRange piece = program.pieces[i];
    if (!close_by(piece, added)) {
      ++i;
      continue;
    }
    if (piece.low < added.low) added.low = piece.low;
    if (piece.high > added.high) added.high = piece.high;
    remove_piece(program, i);
    i = 0;  // what is larger now may overlap one that was passed
  }
  if (program.count == ProgramPieces::kLimit) {
    program.complete = false;
    return;
  }
  program.pieces[program.count++] = added;
}

// "<low>-<high> ..."
void take_line(const char* line, ProgramPieces& program) {
  char* end = nullptr;
  const uintptr_t low = strtoull(line, &end, 16);
  if (*end == '-') add_mapping(program, {low, strtoull(end + 1, nullptr, 16)});
}

// Reads /proc/self/maps without allocating. Lines longer than the buffer are cut, which
// loses no address: it stands at their beginning.
void read_mappings(ProgramPieces& program) {
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
        take_line(line, program);
        length = 0;
      } else if (length + 1 < sizeof line) {
        line[length++] = buffer[i];
      }
    }
  }
  close(file);
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
  for (size_t i = 0; i < program.count; ++i) {
    if (reserve(shadow_range(program.pieces[i], base))) continue;
    for (size_t j = 0; j < i; ++j) {
      const AddressRange range = shadow_range(program.pieces[j], base);
      munmap(reinterpret_cast<void*>(range.low), range.high - range.low);
    }
    return false;
  }
  return true;
}

// Larger than the holes between libraries, so that it comes to lie where mappings grow.
AddressRange probe_mappings() {
  constexpr size_t kSize = size_t{1} << 30;
  void* const got =
      mmap(nullptr, kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (got == MAP_FAILED) no_room(kSize, errno);
  munmap(got, kSize);
  return {reinterpret_cast<uintptr_t>(got), reinterpret_cast<uintptr_t>(got) + kSize};
}

[[noreturn]] void no_place(const ProgramPieces& program) {
  dprintf(STDERR_FILENO,
          "FiberSan: found no place for the shadow: it takes twice the addresses of the program, "
          "which is mapped in");
  for (size_t i = 0; i < program.count; ++i) {
    dprintf(STDERR_FILENO, " %#zx-%#zx", static_cast<size_t>(program.pieces[i].low),
            static_cast<size_t>(program.pieces[i].high));
  }
  dprintf(STDERR_FILENO,
          ". Start it with the usual layout: 'ulimit -s 8192', without "
          "'setarch --addr-compat-layout'.\n");
  _exit(1);
}

}  // namespace

const ProgramPieces& shadowed_pieces() { return shadowed; }

void add_mapping(ProgramPieces& program, AddressRange mapping) {
  // Those above the limit are the kernel's ([vsyscall]).
  if (mapping.high > kLowSize && mapping.low < kAddressLimit) add_piece(program, mapping);
}

void add_brk(ProgramPieces& program, uintptr_t brk) {
  const uintptr_t from = brk & ~(kPage - 1);
  add_mapping(program, {from, from + kBrkRoom});
}

void add_future_mappings(ProgramPieces& program, AddressRange probe) {
  uintptr_t below = probe.low;
  uintptr_t above = kAddressLimit - probe.high;
  for (size_t i = 0; i < program.count; ++i) {
    const AddressRange& piece = program.pieces[i];
    // A group with holes has mappings on both sides of the probe, and grows where less is.
    if (piece.low >= probe.high)
      above = piece.low - probe.high < above ? piece.low - probe.high : above;
    if (piece.high <= probe.low)
      below = probe.low - piece.high < below ? probe.low - piece.high : below;
  }
  if (below < above) {
    add_mapping(program, {probe.low, probe.high + kMappingRoom});
    return;
  }
  const uintptr_t low = probe.low > kLowSize + kMappingRoom ? probe.low - kMappingRoom : kLowSize;
  add_mapping(program, {low, probe.low >= kTopFrom ? kAddressLimit : probe.high});
}

void add_stack(ProgramPieces& program, uintptr_t stack) {
  add_mapping(program, {(stack & ~(kPage - 1)) - kStackRoom, kAddressLimit});
}

// With an unlimited stack mappings grow down from a sixth of the address space, and
// executables are from two thirds on: exactly half the address space apart, so that their
// shadows meet whatever the base. Without randomisation they share some pages: those of
// the loader's own variables, and those of the executable's headers.
void give_up_headers(ProgramPieces& program) {
  constexpr uintptr_t kHeaders = 4 * kPage;
  for (size_t i = 0; i < program.count; ++i) {
    for (size_t j = 0; j < program.count; ++j) {
      const uintptr_t end = program.pieces[j].high + kAddressLimit / 2;
      uintptr_t& low = program.pieces[i].low;
      if (low < end && end <= low + kHeaders) low = end;
    }
  }
}

bool find_shadow_base(const ProgramPieces& program, unsigned& attempt, uint64_t& base) {
  while (attempt < kAddressLimit / kStep) {
    base = kStep * attempt++;
    if (suits(program, base)) return true;
  }
  return false;
}

void reserve_shadow() {
  ProgramPieces& program = shadowed;
  read_mappings(program);
  add_brk(program, static_cast<uintptr_t>(syscall(SYS_brk, 0)));
  add_future_mappings(program, probe_mappings());
  add_stack(program, reinterpret_cast<uintptr_t>(__builtin_frame_address(0)));
  give_up_headers(program);
  unsigned attempt = 0;
  uint64_t base = 0;
  while (program.complete && find_shadow_base(program, attempt, base)) {
    if (!reserve_all(program, base)) continue;
    __fsan_shadow_base = base;
    return;
  }
  no_place(program);
}

void advise_shadow(int advice) {
  for (size_t i = 0; i < shadowed.count; ++i) {
    const AddressRange range = shadow_range(shadowed.pieces[i], __fsan_shadow_base);
    syscall(SYS_madvise, range.low, range.high - range.low, advice);
  }
}

}  // namespace fibersan
