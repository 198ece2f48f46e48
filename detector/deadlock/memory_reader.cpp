#include "detector/deadlock/memory_reader.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "detector/page.h"
#include "detector/shadow/touched_pages.h"

namespace fibersan {
namespace {

constexpr uintptr_t kWord = sizeof(uintptr_t);

}  // namespace

void MemoryReader::copy(uintptr_t low, uintptr_t high, Visit visit, void* data) {
  const pid_t self = getpid();
  while (low < high && !failed_) {
    const size_t wanted = std::min<size_t>(high - low, kChunk);
    iovec to = {buffer_, wanted};
    iovec from = {reinterpret_cast<void*>(low), wanted};
    const ssize_t got = process_vm_readv(self, &to, 1, &from, 1, 0);
    if (got < 0 && errno != EFAULT) {
      failed_ = true;
      return;
    }
    const size_t bytes = got < 0 ? 0 : static_cast<size_t>(got) / kWord * kWord;
    if (bytes != 0) visit(buffer_, bytes / kWord, data);
    low += bytes;
    if (bytes < wanted) low = (low & ~(kPage - 1)) + kPage;  // D1
  }
}

void MemoryReader::find_touched(AddressRange range, void (*visit)(AddressRange, void*),
                                void* data) {
  struct Pass {
    void (*visit)(AddressRange, void*);
    void* data;
  } pass{visit, data};
  for_each_touched(
      reinterpret_cast<Cell*>(range.low), reinterpret_cast<Cell*>(range.high),
      [](Cell* from, Cell* to, void* argument) {
        const Pass& pass = *static_cast<Pass*>(argument);
        const auto high = reinterpret_cast<uintptr_t>(to);
        for (auto low = reinterpret_cast<uintptr_t>(from); low < high; low += kLarge / 2)
          pass.visit({low, std::min<uintptr_t>(low + kLarge / 2, high)}, pass.data);
      },
      &pass);
}

void MemoryReader::read(AddressRange range, Visit visit, void* data) {
  const int saved = errno;
  range.low = (range.low + kWord - 1) & ~(kWord - 1);
  range.high &= ~(kWord - 1);
  if (range.high - range.low < kLarge) {
    if (range.low < range.high) copy(range.low, range.high, visit, data);
  } else {
    struct Pass {
      MemoryReader* reader;
      Visit visit;
      void* data;
    } pass{this, visit, data};
    for_each_touched(
        reinterpret_cast<Cell*>(range.low), reinterpret_cast<Cell*>(range.high),
        [](Cell* from, Cell* to, void* argument) {
          const Pass& pass = *static_cast<Pass*>(argument);
          pass.reader->copy(reinterpret_cast<uintptr_t>(from), reinterpret_cast<uintptr_t>(to),
                            pass.visit, pass.data);
        },
        &pass);
  }
  errno = saved;
}

}  // namespace fibersan
