#include "detector/deadlock/modules.h"

#include <link.h>

#include <algorithm>
#include <iterator>

#include "detector/clock/lane.h"
#include "detector/deadlock/stack_index.h"
#include "detector/history/mapping.h"
#include "detector/race/sync_table.h"
#include "detector/race/thread_rings.h"

namespace fibersan {
namespace {

constexpr size_t kMost = 16384;
constexpr uintptr_t kFurthest = uintptr_t{1} << 20;

}  // namespace

void Modules::read() {
  count_ = 0;
  thread_locals_ = 0;
  complete_ = true;
  if (globals_ == nullptr)
    globals_ = static_cast<AddressRange*>(try_map_memory(kMost * sizeof(AddressRange)));
  if (globals_ != nullptr) dl_iterate_phdr(add_module, this);
}

int Modules::add_module(dl_phdr_info* info, size_t, void* data) {
  Modules& modules = *static_cast<Modules*>(data);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    const uintptr_t low = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) != 0)
      modules.add_without_ours({low, low + segment.p_memsz});
    if (segment.p_type == PT_TLS) modules.add_thread_locals(address_of(info->dlpi_tls_data));
  }
  return 0;
}

// G1
void Modules::add_without_ours(AddressRange range) {
  std::span<const std::byte> ours[] = {worker_rings_memory(),
                                       std::as_bytes(std::span(&sync_table, 1)),
                                       std::as_bytes(std::span(&lane_table, 1))};
  std::sort(std::begin(ours), std::end(ours),
            [](const auto& a, const auto& b) { return a.data() < b.data(); });
  for (const std::span<const std::byte> table : ours) {
    const uintptr_t at = address_of(table.data());
    if (!range.contains(at)) continue;
    add({range.low, at});
    range.low = at + table.size();
  }
  add(range);
}

void Modules::add(AddressRange range) {
  complete_ = complete_ && count_ < kMost;
  if (count_ < kMost) globals_[count_++] = range;
}

void Modules::add_thread_locals(uintptr_t here) {
  const auto pointer = reinterpret_cast<uintptr_t>(__builtin_thread_pointer());
  if (here != 0 && pointer - here < kFurthest)
    thread_locals_ = std::max(thread_locals_, pointer - here);
}

}  // namespace fibersan
