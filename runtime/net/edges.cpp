#include "runtime/net/edges.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <deque>
#include <string>
#include <unordered_map>

#include "runtime/fiber.h"
#include "runtime/lock.h"
#include "runtime/memory.h"
#include "runtime/net/descriptor.h"
#include "runtime/policy.h"

namespace fiber::internal {
namespace {

// --- meeting points ---

class MeetingPoints {
 public:
  // `is_end`: one of the two that meet here; otherwise any number of passers-by do.
  MeetingPoint* take(uint64_t key, bool is_end) {
    constexpr int kAllTogether = 2;
    if (__fsan_io_sync() == kAllTogether) key = 0;
    SpinGuard guard(lock_);
    MeetingPoint*& point = points_[key];
    if (point == nullptr) {
      point = static_cast<MeetingPoint*>(allocate(sizeof(MeetingPoint), alignof(MeetingPoint)));
      *point = {key, 1, false, false, 0};
    } else {
      ++point->users;
      point->met |= is_end;
    }
    return point;
  }

  void drop(MeetingPoint* point) {
    SpinGuard guard(lock_);
    if (--point->users != 0) return;
    if (point->met) {
      forget(point);
      return;
    }
    // E2. The other end may be in another process and never come: the oldest make room.
    constexpr size_t kMostWaiting = 8192;
    if (!std::exchange(point->waits, true)) waiting_.push_back(point->key);
    if (waiting_.size() <= kMostWaiting) return;
    const auto oldest = points_.find(waiting_.front());
    waiting_.pop_front();
    if (oldest == points_.end()) return;
    oldest->second->waits = false;
    if (oldest->second->users == 0) forget(oldest->second);
  }

 private:
  void forget(MeetingPoint* point) FIBER_REQUIRES(lock_) {
    points_.erase(point->key);
    deallocate(point, sizeof(MeetingPoint), alignof(MeetingPoint));
  }

  SpinLock lock_{LockRank::kMeetingPoints};
  std::unordered_map<uint64_t, MeetingPoint*> points_ FIBER_GUARDED_BY(lock_);
  std::deque<uint64_t> waiting_ FIBER_GUARDED_BY(lock_);
};

MeetingPoints& points() {
  [[clang::no_destroy]] static MeetingPoints points;
  return points;
}

MeetingPoint* take_end(uint64_t key) { return points().take(key, /*is_end=*/true); }

// --- keys ---

enum Purpose : uint64_t { kFirstEnd = 1, kSecondEnd, kDial, kListen, kDatagram, kPair };

uint64_t mixed(uint64_t key, uint64_t value) { return Random::mix(key ^ Random::mix(value)); }

// IPv4 as it looks inside of IPv6: the two ends may see one connection in both ways.
uint64_t key_of(const SocketAddress& address) {
  in6_addr ip{};
  if (address.family() == AF_INET) {
    sockaddr_in ipv4;
    std::memcpy(&ipv4, address.data(), sizeof(ipv4));
    ip.s6_addr[10] = ip.s6_addr[11] = 0xff;
    std::memcpy(&ip.s6_addr[12], &ipv4.sin_addr, 4);
  } else if (address.family() == AF_INET6) {
    sockaddr_in6 ipv6;
    std::memcpy(&ipv6, address.data(), sizeof(ipv6));
    ip = ipv6.sin6_addr;
  } else {
    return std::hash<std::string>()(address.to_string());
  }
  uint64_t halves[2];
  std::memcpy(halves, &ip, sizeof(halves));
  return mixed(mixed(mixed(0, halves[0]), halves[1]), address.port());
}

// Without the IP address: a listener on all addresses is dialled by any of them.
uint64_t key_of_listener(const SocketAddress& address) {
  return address.family() == AF_UNIX ? key_of(address) : mixed(0, address.port());
}

SocketAddress name_of(int fd, int (*get)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage address;
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  return get(fd, generic, &size) == 0 ? SocketAddress(generic, size) : SocketAddress();
}

void merge_at(uint64_t key) {
  MeetingPoint* point = points().take(key, /*is_end=*/false);
  __fsan_merge(&point->sync);
  points().drop(point);
}

void acquire_at(uint64_t key) {
  MeetingPoint* point = points().take(key, /*is_end=*/false);
  __fsan_acquire(&point->sync);
  points().drop(point);
}

}  // namespace

bool edges_wanted() {
  const Fiber* fiber = current_fiber();
  return fiber != nullptr && fiber->detector != nullptr && __fsan_io_sync() != 0;
}

// --- connections ---

// Each direction has the key of its two addresses in the order of the bytes. The dialling end
// of a Unix connection has no address: both directions go by the listener's then, and all
// connections with it share them.
void connect_edges(Descriptor& descriptor, bool dialled) {
  if (!edges_wanted()) return;
  const SocketAddress local = name_of(descriptor.fd, getsockname);
  const SocketAddress remote = name_of(descriptor.fd, getpeername);
  if (local.family() == AF_UNIX) {
    const uint64_t path = key_of(dialled ? remote : local);
    descriptor.sends = take_end(mixed(path, dialled ? kFirstEnd : kSecondEnd));
    descriptor.receives = take_end(mixed(path, dialled ? kSecondEnd : kFirstEnd));
    return;
  }
  const uint64_t from = key_of(local);
  const uint64_t to = key_of(remote);
  descriptor.sends = take_end(mixed(mixed(kFirstEnd, from), to));
  descriptor.receives = take_end(mixed(mixed(kFirstEnd, to), from));
}

void pair_edges(Descriptor& one, Descriptor& other) {
  if (!edges_wanted()) return;
  // Unique while both live, as their addresses are.
  const uint64_t key = mixed(kPair, reinterpret_cast<uintptr_t>(&one));
  one.sends = take_end(mixed(key, kFirstEnd));
  other.receives = take_end(mixed(key, kFirstEnd));
  one.receives = take_end(mixed(key, kSecondEnd));
  other.sends = take_end(mixed(key, kSecondEnd));
}

void drop_edges(Descriptor& descriptor) {
  for (MeetingPoint** point : {&descriptor.sends, &descriptor.receives}) {
    if (*point != nullptr) points().drop(std::exchange(*point, nullptr));
  }
}

void dial_begins(const SocketAddress& address) {
  if (edges_wanted()) merge_at(mixed(kDial, key_of_listener(address)));
}
void accepted(Descriptor& descriptor) {
  if (!edges_wanted()) return;
  acquire_at(mixed(kDial, key_of_listener(name_of(descriptor.fd, getsockname))));
}
void listen_begins(const SocketAddress& address) {
  if (edges_wanted()) merge_at(mixed(kListen, key_of_listener(address)));
}
void dial_ended(const SocketAddress& address) {
  if (edges_wanted()) acquire_at(mixed(kListen, key_of_listener(address)));
}

// --- datagrams ---

void datagram_sent(Descriptor& descriptor, const SocketAddress& receiver) {
  if (!edges_wanted()) return;
  const SocketAddress to = receiver.size() != 0 ? receiver : name_of(descriptor.fd, getpeername);
  merge_at(mixed(kDatagram, key_of_listener(to)));
}

void datagram_received(Descriptor& descriptor) {
  if (!edges_wanted()) return;
  acquire_at(mixed(kDatagram, key_of_listener(name_of(descriptor.fd, getsockname))));
}

}  // namespace fiber::internal
