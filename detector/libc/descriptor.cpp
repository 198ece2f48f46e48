#include "detector/libc/descriptor.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <cstring>

#include "detector/abi/hooks.h"
#include "detector/process/options.h"
#include "detector/race/thread.h"

namespace fibersan {
namespace {

constexpr int64_t kNone = 0;
constexpr int64_t kGlobal = 2;  // of io_sync

enum Purpose : uint64_t { kWholeInode = 1, kNumber, kReceiver, kDirection, kUnknownPeer, kConnect };

uint64_t mixed(uint64_t key, uint64_t value) {
  key = (key ^ value) * 0x9e3779b97f4a7c15u;
  return key ^ key >> 29;
}

// --- keys to Syncs ---

// Addresses that no program has, each in a block of its own of the table of Syncs.
constexpr uintptr_t kFirstSlot = uintptr_t{1} << 62;
constexpr uint64_t kSlots = uint64_t{1} << 16;
constexpr uintptr_t kSlotSize = 512;

const void* sync_of(uint64_t key) {
  const uint64_t slot = options.io_sync == kGlobal ? 0 : mixed(key, 0) >> 48;
  static_assert(kSlots == uint64_t{1} << 16);
  return reinterpret_cast<const void*>(kFirstSlot + slot * kSlotSize);
}

bool wanted() { return options.io_sync != kNone && this_thread.fiber != nullptr; }

// --- socketpairs ---

// relaxed everywhere: a pair is handed from fiber to fiber by the program. Newer pairs push
// older ones out, which then have the key of unknown peers (D2).
class Pairs {
 public:
  void add(uint64_t one, uint64_t other) {
    place(one).store(one << 32 | other, std::memory_order_relaxed);
    place(other).store(other << 32 | one, std::memory_order_relaxed);
  }
  // 0: not known.
  uint64_t other_end(uint64_t inode) {
    const uint64_t entry = place(inode).load(std::memory_order_relaxed);
    return entry >> 32 == inode ? entry & 0xffffffff : 0;
  }

 private:
  static constexpr size_t kPlaces = 4096;
  std::atomic<uint64_t>& place(uint64_t inode) { return places_[inode % kPlaces]; }
  std::atomic<uint64_t> places_[kPlaces] = {};
};
constinit Pairs pairs;

// --- what a descriptor refers to ---

struct Keys {
  uint64_t sends;
  uint64_t receives;
};

struct Name {
  sockaddr_storage address;
  socklen_t size = sizeof(address);

  bool take(int fd, int (*get)(int, sockaddr*, socklen_t*)) {
    return get(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  }
  bool is_internet() const { return address.ss_family == AF_INET || address.ss_family == AF_INET6; }
  // IPv4 as it looks inside of IPv6: the two ends may see one connection in both ways.
  uint64_t key() const {
    in6_addr ip{};
    uint16_t port;
    if (address.ss_family == AF_INET) {
      sockaddr_in v4;
      memcpy(&v4, &address, sizeof(v4));
      ip.s6_addr[10] = ip.s6_addr[11] = 0xff;
      memcpy(&ip.s6_addr[12], &v4.sin_addr, 4);
      port = v4.sin_port;
    } else {
      sockaddr_in6 v6;
      memcpy(&v6, &address, sizeof(v6));
      ip = v6.sin6_addr;
      port = v6.sin6_port;
    }
    uint64_t halves[2];
    memcpy(halves, &ip, sizeof(halves));
    return mixed(mixed(mixed(0, halves[0]), halves[1]), port);
  }
};

Keys keys_of_socket(int fd, uint64_t inode) {
  if (const uint64_t other = pairs.other_end(inode); other != 0)
    return {mixed(kReceiver, other), mixed(kReceiver, inode)};
  Name own;
  Name peer;
  if (own.take(fd, getsockname) && own.is_internet() && peer.take(fd, getpeername) &&
      peer.is_internet()) {
    const uint64_t here = own.key();
    const uint64_t there = peer.key();
    return {mixed(mixed(kDirection, here), there), mixed(mixed(kDirection, there), here)};
  }
  return {kUnknownPeer, kUnknownPeer};
}

Keys keys_of(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return {kNumber, kNumber};
  if (S_ISSOCK(status.st_mode)) return keys_of_socket(fd, status.st_ino);
  uint64_t key = mixed(mixed(kWholeInode, status.st_dev), status.st_ino);
  // D3: no type in the mode.
  if ((status.st_mode & S_IFMT) == 0) key = mixed(kNumber, static_cast<uint64_t>(fd));
  return {key, key};
}

class KeptErrno {
 public:
  KeptErrno() = default;
  ~KeptErrno() { errno = saved_; }
  KeptErrno(const KeptErrno&) = delete;
  KeptErrno& operator=(const KeptErrno&) = delete;

 private:
  int saved_ = errno;
};

}  // namespace

void note_bytes_sent(int fd) {
  if (!wanted()) return;
  const KeptErrno kept;
  __fsan_merge(sync_of(keys_of(fd).sends));
}

void note_bytes_received(int fd) {
  if (!wanted()) return;
  const KeptErrno kept;
  __fsan_acquire(sync_of(keys_of(fd).receives));
}

void note_end(int fd) {
  if (!wanted()) return;
  const KeptErrno kept;
  const Keys keys = keys_of(fd);
  __fsan_merge(sync_of(keys.sends));
  if (keys.receives != keys.sends) __fsan_merge(sync_of(keys.receives));
}

void note_socketpair(const int fds[2]) {
  const KeptErrno kept;
  struct stat one;
  struct stat other;
  if (fstat(fds[0], &one) == 0 && fstat(fds[1], &other) == 0) pairs.add(one.st_ino, other.st_ino);
}

void note_connect() {
  if (wanted()) __fsan_merge(sync_of(kConnect));
}
void note_accept() {
  if (wanted()) __fsan_acquire(sync_of(kConnect));
}

}  // namespace fibersan

extern "C" int __fsan_io_sync(void) { return static_cast<int>(fibersan::options.io_sync); }
