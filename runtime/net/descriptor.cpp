#include "runtime/net/descriptor.h"

#include <unistd.h>

namespace fiber::internal {

Descriptor* Descriptor::open(int fd) {
  struct CloseOnFailure {
    int fd;
    ~CloseOnFailure() {
      if (fd >= 0) ::close(fd);
    }
  } owner{fd};
  auto* descriptor = new Descriptor(fd);
  owner.fd = -1;
  return descriptor;
}

Descriptor::~Descriptor() {
  drop_edges(*this);
  __fsan_memory_forgotten(this, sizeof(*this));
}

std::error_code Descriptor::close() {
  will_end_others();
  bytes_sent(sends);  // the end of the stream is something that the other end reads
  if (!lock.close_begins()) return NetError::kClosed;
  record->evict();
  if (lock.leave_shared()) {
    finish_close();  // the handle calls us, so this does not free it
  } else if (current_fiber() != nullptr) {
    lock.wait_until_closed();
  }
  return {};
}

void Descriptor::release(Descriptor* descriptor) noexcept {
  if (!descriptor->lock.closed()) bytes_sent(descriptor->sends);
  if (descriptor->lock.close_begins()) {
    descriptor->record->evict();
    if (descriptor->lock.leave_shared()) descriptor->finish_close();
  }
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDelete): one of close_done() and abandon() is true
  if (descriptor->lock.abandon()) delete descriptor;
}

// By the last one inside.
void Descriptor::finish_close() {
  PollRecord::give(std::exchange(record, nullptr));
  if (!unlink_path.empty()) unlink(unlink_path.c_str());
  // Its errors come too late for anybody; Linux closes the descriptor whatever it returns.
  ::close(fd);
  if (lock.close_done()) delete this;
}

Inside::Inside(Descriptor* descriptor, Direction direction, std::error_code& error)
    : direction_(direction), error_(error) {
  if (descriptor == nullptr) {
    error = NetError::kClosed;
    return;
  }
  const Entry entry = descriptor->lock.enter(direction);
  if (entry != Entry::kEntered) {
    if (entry == Entry::kClosed) descriptor->ended_by_others();
    error = entry == Entry::kClosed ? NetError::kClosed : NetError::kNeedsFiber;
    return;
  }
  descriptor_ = descriptor;
  error = descriptor->record->status(direction);
  if (!error) return;
  descriptor->ended_by_others();
  descriptor_ = nullptr;
  descriptor->leave(direction);
}

}  // namespace fiber::internal
