// Another LLVM gets one sentence. This program plays a compiler: it loads the plugin as
// LLVM does and says that it is LLVM 14.
//
// RUN: clang-19 -rdynamic %s -o %t -ldl
// RUN: not %t %build/lib/fibersan-instrument.so > %t.out 2>&1
// RUN: FileCheck %s --input-file=%t.out --implicit-check-not={{.}}
// CHECK: error: fibersan-instrument.so: built for LLVM 19 but loaded by LLVM 14; compile with clang++-19.
#include <dlfcn.h>
#include <stdio.h>

void LLVMGetVersion(unsigned* major, unsigned* minor, unsigned* patch) {
  (void)minor, (void)patch;
  *major = 14;
}

struct PluginInfo {
  unsigned api;
  const char *name, *version;
  void (*callbacks)(void*);
};

int main(int argc, char** argv) {
  void* plugin = argc > 1 ? dlopen(argv[1], RTLD_LAZY | RTLD_GLOBAL) : NULL;
  if (plugin == NULL) return puts(dlerror()), 2;
  struct PluginInfo (*get)(void) =
      (struct PluginInfo(*)(void))dlsym(plugin, "llvmGetPassPluginInfo");
  return get().api == 1 ? 0 : 3;
}
