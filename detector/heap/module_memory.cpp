#include "detector/heap/module_memory.h"

#include <dlfcn.h>
#include <link.h>

#include "detector/abi/hooks.h"
#include "detector/heap/allocate.h"
#include "detector/heap/real_function.h"

extern "C" void __cxa_finalize(void* module);

namespace fibersan {
namespace {

FIBERSAN_REAL(dlclose);
FIBERSAN_REAL(__cxa_finalize);

struct Module {
  uintptr_t low;
  uintptr_t high;
};

// Modules beyond the array are not forgotten.
struct Modules {
  static constexpr unsigned kMost = 512;
  unsigned count = 0;
  Module list[kMost];
};

int add_module(dl_phdr_info* info, size_t, void* data) {
  Modules& modules = *static_cast<Modules*>(data);
  Module module{UINTPTR_MAX, 0};
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    const uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
    if (begin < module.low) module.low = begin;
    if (begin + segment.p_memsz > module.high) module.high = begin + segment.p_memsz;
  }
  if (module.high != 0 && modules.count < Modules::kMost) modules.list[modules.count++] = module;
  return 0;
}

// The module that the address is in, with all its variables.
void forget_module_around(uintptr_t address) {
  Modules loaded;
  dl_iterate_phdr(add_module, &loaded);
  for (unsigned i = 0; i < loaded.count; ++i) {
    const Module& module = loaded.list[i];
    if (address < module.low || address >= module.high) continue;
    __fsan_memory_forgotten(reinterpret_cast<const void*>(module.low), module.high - module.low);
  }
}

constinit thread_local unsigned closing __attribute__((tls_model("initial-exec"))) = 0;

}  // namespace

void module_is_fresh(uintptr_t address) {
  if (heap_is_tracked()) forget_module_around(address);  // else the program begins
}

}  // namespace fibersan

extern "C" {

int dlclose(void* handle) noexcept {
  ++fibersan::closing;
  const int result = fibersan::real_dlclose(handle);
  --fibersan::closing;
  return result;
}

// The last thing that a module does, about itself.
void __cxa_finalize(void* module) {
  fibersan::real___cxa_finalize(module);
  if (fibersan::closing != 0 && module != nullptr)
    fibersan::forget_module_around(reinterpret_cast<uintptr_t>(module));
}
}
