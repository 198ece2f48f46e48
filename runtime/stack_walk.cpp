#include "runtime/stack_walk.h"

#include <cxxabi.h>
#include <dlfcn.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/fiber.h"
#include "runtime/local_symbols.h"

namespace fiber::internal {
namespace {

constexpr size_t kMostFrames = 64;

std::string demangle(const char* name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string result = status == 0 ? text : name;
  std::free(text);
  return result;
}

// Ours, and no template of ours that the user's function was inlined into.
bool is_runtime_frame(const std::string& function) {
  return function.starts_with("fiber::") && !function.starts_with("fiber::run<") &&
         function.find("run_call<") == std::string::npos;
}

bool is_entry_frame(const std::string& function) {
  return function.find("::run_fiber(fiber::internal::Fiber*") != std::string::npos ||
         function.find("::fiber_entry(") != std::string::npos;
}

// A parked fiber's innermost frames are ours; what matters is who called them.
size_t skip_runtime_frames(void* const* addresses, size_t count) {
  size_t first = 0;
  while (first < count && is_runtime_frame(describe_address(addresses[first]).function)) ++first;
  return first == count ? 0 : first;
}

size_t without_entry_frames(void* const* addresses, size_t count) {
  while (count > 0 && is_entry_frame(describe_address(addresses[count - 1]).function)) --count;
  return count;
}

void print_frame(std::FILE* file, size_t number, const void* address) {
  const CodeAddress code = describe_address(address);
  std::fprintf(file, "    #%zu %s (%s+0x%zx)\n", number,
               code.function.empty() ? "??" : code.function.c_str(), code.module.c_str(),
               code.offset);
}

}  // namespace

// The sanitizers would call it an error to read another function's frame, or a stack that is in
// use.
__attribute__((no_sanitize("address", "thread"))) size_t
walk_frames(const void* frame, const void* low, const void* high, void** addresses, size_t most) {
  auto* at = static_cast<void* const*>(frame);
  auto* last = static_cast<void* const*>(high) - 2;
  auto* above = static_cast<void* const*>(low);
  size_t count = 0;
  while (count < most && at >= above && at <= last &&
         reinterpret_cast<uintptr_t>(at) % sizeof(void*) == 0 && at[1] != nullptr) {
    addresses[count++] = at[1];
    above = at + 2;
    at = static_cast<void* const*>(at[0]);
  }
  return count;
}

CodeAddress describe_address(const void* return_address) {
  // The call, not what follows it: that may belong to the next function.
  const char* address = static_cast<const char*>(return_address) - 1;
  CodeAddress code;
  Dl_info info = {};
  if (dladdr(address, &info) == 0) return code;
  const char* slash = std::strrchr(info.dli_fname, '/');
  code.module = slash == nullptr ? info.dli_fname : slash + 1;
  code.offset = static_cast<size_t>(address - static_cast<const char*>(info.dli_fbase));
  const char* name = info.dli_sname;
  Dl_info self = {};
  if (name == nullptr && dladdr(reinterpret_cast<void*>(&describe_address), &self) != 0 &&
      self.dli_fbase == info.dli_fbase) {
    name = find_local_symbol(code.offset);
  }
  if (name != nullptr) code.function = demangle(name);
  return code;
}

void print_stack(std::FILE* file, void* const* addresses, size_t count) {
  count = without_entry_frames(addresses, count);
  const size_t first = skip_runtime_frames(addresses, count);
  for (size_t i = first; i < count; ++i) print_frame(file, i - first, addresses[i]);
}

void print_creation(std::FILE* file, uint64_t creator_id, void* const* addresses, size_t count) {
  if (count == 0) return;
  const size_t first = skip_runtime_frames(addresses, count);
  const CodeAddress at = describe_address(addresses[first]);
  std::fprintf(file, "  created by fiber %" PRIu64 " at %s (%s+0x%zx)\n", creator_id,
               at.function.c_str(), at.module.c_str(), at.offset);
  count = without_entry_frames(addresses, count);
  for (size_t i = first + 1; i < count; ++i) print_frame(file, i - first, addresses[i]);
}

void print_fiber(std::FILE* file, const Fiber& fiber, const char* state, const void* frame) {
  std::fprintf(file, "fiber %" PRIu64, fiber.id);
  if (fiber.name != nullptr) std::fprintf(file, " '%s'", fiber.name);
  std::fprintf(file, " [%s]:\n", state);
  void* addresses[kMostFrames];
  print_stack(file, addresses,
              walk_frames(frame, fiber.stack->low, fiber.stack->high(), addresses, kMostFrames));
  size_t count = 0;
  while (count < Fiber::kCreatorFrames && fiber.created_at[count] != nullptr) ++count;
  print_creation(file, fiber.creator_id, fiber.created_at, count);
}

}  // namespace fiber::internal
