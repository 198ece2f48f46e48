#include "runtime/world/threads.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/world/proc.h"

namespace fiber::internal {
namespace {

constinit char status[4096] = {};

const char* line_of(const char* name) {
  const char* at = std::strstr(status, name);
  return at == nullptr ? nullptr : at + std::strlen(name);
}

}  // namespace

bool for_each_thread(void (*visit)(int, void*), void* argument) {
  constexpr int kMostAttempts = 100;  // threads come and go all the time
  const ProcFile folder("/proc/self/task", O_DIRECTORY);
  if (!folder.is_open()) return false;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const long count = for_each_number(folder, visit, argument);
    struct stat about = {};
    if (count < 0 || fstat(folder.number(), &about) != 0) return false;
    if (static_cast<long>(about.st_nlink) == count + 2) return true;  // "." and ".."
  }
  return false;
}

ThreadCondition condition_of(int thread, int signal) {
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/self/task/%d/status", thread);
  const ProcFile file(path);
  const size_t size = file.is_open() ? file.read(status, sizeof(status) - 1) : 0;
  if (size == 0) return ThreadCondition::kGone;
  status[size] = '\0';
  const char* state = line_of("State:\t");
  if (state != nullptr && (*state == 'Z' || *state == 'X')) return ThreadCondition::kGone;
  if (state != nullptr && *state == 'D') return ThreadCondition::kBlocked;
  const char* blocked = line_of("SigBlk:\t");
  if (blocked == nullptr) return ThreadCondition::kRuns;
  const uint64_t mask = std::strtoull(blocked, nullptr, 16);
  return (mask >> (signal - 1) & 1) != 0 ? ThreadCondition::kBlocked : ThreadCondition::kRuns;
}

}  // namespace fiber::internal
