// edges.h: what the detector is told about order through sockets.
//
// Output:   a write happens before the reads of the same connection's other end that come
//           later; a dial before the accepts on that address, a listen before the dials; a
//           datagram before the receives on the address it goes to; a close, and a deadline that
//           is moved, before the failures of the operations that it ends.
// State:    a Sync for each direction of a connection, found by both ends of a connection
//           inside of this process through the pair of addresses, and counted.
// Cost:     nothing without a detector; with one two system calls for each connection.
// Threads:  any.
// Not here: order through other descriptors: what the program itself reads and writes by the C
//           library's functions (detector/libc/descriptor.h), which has Syncs of its own.
//
// Invariants
//   E1  Edges are per connection and direction, yet never fewer than the kernel's: bytes that
//       a read returns are ordered behind the write that sent them.
//   E2  A Sync outlives its first end: who dials, writes and closes before anybody has accepted is
//       ordered before who accepts then.
#ifndef FIBERSAN_RUNTIME_NET_EDGES_H
#define FIBERSAN_RUNTIME_NET_EDGES_H

#include <cstdint>

#include "detector/abi/hooks.h"
#include "fiber/net_address.h"

namespace fiber::internal {

struct Descriptor;

// Where the two ends of something meet. Null is nowhere: no edge.
struct MeetingPoint {
  uint64_t key;
  uint32_t users;
  bool met;    // the other end has been here: nobody else will come
  bool waits;  // without users, for the other end
  char sync;   // its address is the Sync
};

// A detector is linked, the calling fiber has a record there, and io_sync is not 0.
bool edges_wanted();

// A new connection's two directions; `dialled` by this end. Does nothing without a detector.
void connect_edges(Descriptor& descriptor, bool dialled);
// The two ends of a socketpair.
void pair_edges(Descriptor& one, Descriptor& other);
void drop_edges(Descriptor& descriptor);

// Before connect(2), after accept(2), before listen(2), after connect(2).
void dial_begins(const SocketAddress& address);
void accepted(Descriptor& descriptor);
void listen_begins(const SocketAddress& address);
void dial_ended(const SocketAddress& address);

// Before a datagram is sent (to the peer when `receiver` is of no family), and after one came.
void datagram_sent(Descriptor& descriptor, const SocketAddress& receiver);
void datagram_received(Descriptor& descriptor);

inline void bytes_sent(const MeetingPoint* to) {
  if (to != nullptr) __fsan_merge(&to->sync);
}
inline void bytes_received(const MeetingPoint* from) {
  if (from != nullptr) __fsan_acquire(&from->sync);
}

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_NET_EDGES_H
