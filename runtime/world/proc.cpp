#include "runtime/world/proc.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace fiber::internal {
namespace {

// As the kernel writes it (getdents64(2)).
struct Entry {
  uint64_t inode;
  int64_t next;
  uint16_t size;
  unsigned char type;
  char name[1];  // and more
};

alignas(8) constinit char entries[32 * 1024] = {};

}  // namespace

ProcFile::ProcFile(const char* path, int flags)
    : number_(static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | flags))) {
}

ProcFile::~ProcFile() {
  if (number_ >= 0) syscall(SYS_close, number_);
}

size_t ProcFile::read(char* bytes, size_t most) const {
  const long size = syscall(SYS_read, number_, bytes, most);
  return size > 0 ? static_cast<size_t>(size) : 0;
}

long for_each_number(const ProcFile& folder, void (*visit)(int, void*), void* argument) {
  if (syscall(SYS_lseek, folder.number(), 0, SEEK_SET) != 0) return -1;
  long count = 0;
  for (;;) {
    const long size = syscall(SYS_getdents64, folder.number(), entries, sizeof(entries));
    if (size <= 0) return size < 0 ? -1 : count;
    for (long at = 0; at < size;) {
      const Entry* entry = reinterpret_cast<const Entry*>(entries + at);
      at += entry->size;
      if (entry->name[0] < '0' || entry->name[0] > '9') continue;
      ++count;
      visit(std::atoi(entry->name), argument);
    }
  }
}

}  // namespace fiber::internal
