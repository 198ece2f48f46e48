// descriptor.h: what the kernel orders between calls on file descriptors.
//
// Input:    a descriptor, before bytes go in and after bytes came out.
// Output:   happens-before edges: what goes into a pipe, file or connection happens before
//           what comes out of it later; `io_sync` says how much of that counts (options.def).
// State:    a Sync for each of kSlots hashes of what the descriptor refers to. Two that share a
//           slot are ordered more than they need be: a race may hide, none is invented.
// Cost:     one fstat for each call, for sockets up to three system calls.
// Threads:  any. errno is kept.
// Not here: sockets of <fiber/net.h>, whose edges the runtime makes itself.
//
// Invariants
//   D1  Both ends of a pipe, and all descriptors of one file, are the same inode: one key.
//   D2  A socket's two directions have a key each, from its two addresses or, for a socketpair,
//       from the other end's inode. Sockets whose other end is not known share one key.
//   D3  Inodes of event, timer and epoll descriptors are all the same one: the number is the key.
#ifndef FIBERSAN_DETECTOR_LIBC_DESCRIPTOR_H
#define FIBERSAN_DETECTOR_LIBC_DESCRIPTOR_H

namespace fibersan {

void note_bytes_sent(int fd);
void note_bytes_received(int fd);
// Both directions: it is closed or shut down, and readers will see the end.
void note_end(int fd);

void note_socketpair(const int fds[2]);
// All connections go through one key: a connect before the accepts that come later.
void note_connect();
void note_accept();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_LIBC_DESCRIPTOR_H
