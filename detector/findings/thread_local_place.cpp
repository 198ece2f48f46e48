#include "detector/findings/thread_local_place.h"

#include <link.h>
#include <sys/uio.h>
#include <unistd.h>

#include "detector/page.h"
#include "detector/symbolize/modules.h"

namespace fibersan {
namespace {

// More than segments of modules take.
constexpr uintptr_t kFurthest = uintptr_t{1} << 20;

uintptr_t own_thread_pointer() { return reinterpret_cast<uintptr_t>(__builtin_thread_pointer()); }

// The calling thread's copies of thread_local variables.
std::optional<ThreadLocalPlace> find_here(uintptr_t address) {
  struct Search {
    uintptr_t address;
    std::optional<ThreadLocalPlace> found;
  } search{address, {}};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto& wanted = *static_cast<Search*>(data);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          if (info->dlpi_phdr[i].p_type != PT_TLS) continue;
          const auto low = reinterpret_cast<uintptr_t>(info->dlpi_tls_data);
          if (low == 0 || wanted.address - low >= info->dlpi_phdr[i].p_memsz) continue;
          wanted.found = {module_path(info->dlpi_name), wanted.address - low, own_thread_pointer()};
          return 1;
        }
        return 0;
      },
      &search);
  return search.found;
}

// By the system, which says no where nothing can be read.
bool read_page(uintptr_t page, void* copy) {
  iovec to = {copy, kPage};
  iovec from = {reinterpret_cast<void*>(page), kPage};
  return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == ssize_t{kPage};
}

// Segments lie below the thread's control block, whose first and third words point to itself.
uintptr_t thread_pointer_above(uintptr_t address) {
  constexpr uintptr_t kAlignment = 64;
  uintptr_t words[kPage / sizeof(uintptr_t)];
  for (uintptr_t page = address & ~(kPage - 1); page < address + kFurthest; page += kPage) {
    if (!read_page(page, words)) return 0;
    for (uintptr_t offset = 0; offset < kPage; offset += kAlignment) {
      const uintptr_t* const block = words + offset / sizeof(uintptr_t);
      const uintptr_t at = page + offset;
      if (at > address && block[0] == at && block[2] == at) return at;
    }
  }
  return 0;
}

}  // namespace

std::optional<ThreadLocalPlace> find_thread_local_place(uintptr_t address) {
  if (auto place = find_here(address)) return place;
  const uintptr_t other = thread_pointer_above(address);
  const uintptr_t here = own_thread_pointer();
  if (other == 0 || other == here) return std::nullopt;
  auto place = find_here(here - (other - address));
  if (place) place->thread_pointer = other;
  return place;
}

}  // namespace fibersan
