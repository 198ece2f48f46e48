// loader.cpp: the plugin that the compiler loads. It uses no symbol of LLVM, so every
// compiler can load it; it loads the real one next to it only into the LLVM it was built
// for, and otherwise says so in one sentence.
//
// Built twice, because a plugin has no other way to tell which config file named it:
// fibersan-instrument.so (all passes) and fiber-preemption.so (polls and thread-locals).
// FIBERSAN_PLUGIN is the name, FIBERSAN_PLUGIN_ENTRY the real plugin's function for it.
//
// Named by -fpass-plugin it answers llvmGetPassPluginInfo. clang asks that after it has read
// -mllvm; so that the pass's own options are known by then, the config files name the plugin
// by -fplugin besides, and merely being loaded brings the real one in.
//
// Rejected: the pass itself as the plugin. Another LLVM then fails in the dynamic linker
// with the mangled name of some missing symbol, or loads a second LLVM and crashes.
#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr unsigned kBuiltForLlvm = 19;
constexpr const char* kRealPlugin = "fibersan-instrument-llvm19.so";

// llvm/Passes/PassPlugin.h, API version 1.
struct PassPluginLibraryInfo {
  uint32_t api_version;
  const char* plugin_name;
  const char* plugin_version;
  void (*register_callbacks)(void* pass_builder);
};
using GetPluginInfo = PassPluginLibraryInfo (*)();

[[noreturn]] void fail(const std::string& sentence) {
  std::fprintf(stderr, "error: " FIBERSAN_PLUGIN ".so: %s\n", sentence.c_str());
  std::fflush(stderr);
  _exit(1);
}

// libLLVM-14.so.1, libLLVM.so.19.1: the number is the version.
int version_in_library_name(struct dl_phdr_info* info, size_t, void* version) {
  const char* name = std::strstr(info->dlpi_name, "libLLVM");
  if (name == nullptr) return 0;
  name += std::strcspn(name, "0123456789");
  *static_cast<unsigned*>(version) = static_cast<unsigned>(std::atoi(name));
  return 1;
}

// 0 when the host does not tell.
unsigned llvm_version_of_host() {
  unsigned version = 0;
  using GetVersion = void (*)(unsigned*, unsigned*, unsigned*);
  if (auto get = reinterpret_cast<GetVersion>(dlsym(RTLD_DEFAULT, "LLVMGetVersion")))
    get(&version, nullptr, nullptr);
  else
    dl_iterate_phdr(version_in_library_name, &version);
  return version;
}

std::string path_of_real_plugin() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&path_of_real_plugin), &self) == 0)
    fail("cannot find the folder it was loaded from");
  std::string path = self.dli_fname;
  return path.substr(0, path.rfind('/') + 1) + kRealPlugin;
}

// The real plugin stays loaded: the compiler keeps pointers to its options.
void* load_real_plugin() {
  unsigned version = llvm_version_of_host();
  if (version != 0 && version != kBuiltForLlvm)
    fail("built for LLVM " + std::to_string(kBuiltForLlvm) + " but loaded by LLVM " +
         std::to_string(version) + "; compile with clang++-" + std::to_string(kBuiltForLlvm) + ".");
  std::string path = path_of_real_plugin();
  void* plugin = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) {
    if (access(path.c_str(), R_OK) != 0) fail("its other half is missing: " + path);
    fail("built for LLVM " + std::to_string(kBuiltForLlvm) +
         " but loaded by a compiler that cannot use it; compile with clang++-" +
         std::to_string(kBuiltForLlvm) + ".");
  }
  return plugin;
}

__attribute__((constructor)) void register_options() { load_real_plugin(); }

}  // namespace

extern "C" __attribute__((visibility("default"))) PassPluginLibraryInfo llvmGetPassPluginInfo() {
  void* plugin = load_real_plugin();
  return reinterpret_cast<GetPluginInfo>(dlsym(plugin, FIBERSAN_PLUGIN_ENTRY))();
}
