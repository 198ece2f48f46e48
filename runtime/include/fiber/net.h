// net.h: sockets on which a fiber waits and no thread does. Semantics: Go's package net.
//
// Errors    One rule. Every operation that can fail has two forms: with a std::error_code& as
//           its last argument it stores what happened there (cleared on success), without it
//           throws std::system_error with that code. The end of a stream is no error: a read
//           that returns 0. A name that cannot be resolved has a code of its own category.
// Waiting   Operations that would wait need a fiber. Outside of run() those that succeed at once
//           do, the others fail with NetError::kNeedsFiber.
// Threads   One handle may be used by many fibers at once: reads are done one after the other,
//           writes as well, each write whole; a read and a write do not hinder each other.
//           close() is made for being called while others wait: they fail with
//           NetError::kClosed. Moving from and destroying a handle is not: that must be
//           ordered behind the other fibers' calls, as for any object.
// Deadlines belong to the socket, as Go's do: all operations, also those that wait already,
//           fail with NetError::kDeadlineExceeded once the time has come, until a later
//           deadline is set. They may be set from any fiber at any time.
// SIGPIPE   is never raised: a write to a connection that is gone fails with EPIPE.
#ifndef FIBER_NET_H
#define FIBER_NET_H

#include <fiber/net_address.h>
#include <fiber/time.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace fiber {

enum class NetError {
  kClosed = 1,        // == std::errc::operation_canceled: the handle is empty or was closed
  kDeadlineExceeded,  // == std::errc::timed_out
  kNeedsFiber,        // == std::errc::operation_would_block: it would wait, outside of fibers
  kBadAddress,        // == std::errc::invalid_argument: not of the form host:port
};
std::error_code make_error_code(NetError error) noexcept;

// True for what passes by itself when one goes on accepting: the process or the system has
// run out of descriptors or memory (EMFILE, ENFILE, ENOBUFS, ENOMEM).
bool is_temporary(const std::error_code& error) noexcept;

// --- names ---

// The addresses of "host:port", looked up by getaddrinfo inside of blocking() when host is no
// literal address: on the fiber's stack, which needs about 100 KiB for it. The port is a number or
// a service name; an empty host is every address of this machine.
std::vector<SocketAddress> resolve(std::string_view host_port);
std::vector<SocketAddress> resolve(std::string_view host_port, std::error_code& error);

namespace internal {
struct Descriptor;
}  // namespace internal

// --- what all sockets have ---

class Socket {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  static constexpr Deadline kNoDeadline = Deadline::max();

  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, nullptr)) {}
  Socket& operator=(Socket&& other) noexcept {
    if (this != &other) {
      release();
      descriptor_ = std::exchange(other.descriptor_, nullptr);
    }
    return *this;
  }
  ~Socket() { release(); }

  // False when empty (default-constructed, moved from, failed) or closed.
  bool is_open() const noexcept;
  explicit operator bool() const noexcept { return is_open(); }

  // Fibers that wait on the socket fail with NetError::kClosed. When it returns the
  // descriptor is closed. A second close fails with NetError::kClosed.
  void close();
  void close(std::error_code& error);

  // For reads (accept is one) and writes. kNoDeadline takes it away; a time that has passed
  // makes everything fail at once. No effect on a closed socket.
  void set_deadline(Deadline deadline) noexcept;
  void set_read_deadline(Deadline deadline) noexcept;
  void set_write_deadline(Deadline deadline) noexcept;
  template <typename Rep, typename Period>
  void set_deadline(std::chrono::duration<Rep, Period> from_now) noexcept {
    set_deadline(internal::deadline_after(from_now));
  }
  template <typename Rep, typename Period>
  void set_read_deadline(std::chrono::duration<Rep, Period> from_now) noexcept {
    set_read_deadline(internal::deadline_after(from_now));
  }
  template <typename Rep, typename Period>
  void set_write_deadline(std::chrono::duration<Rep, Period> from_now) noexcept {
    set_write_deadline(internal::deadline_after(from_now));
  }

  // The address that listen(":0") or dial() were given by the system. Of no family when closed.
  SocketAddress local_address() const;

  // Non-blocking; for setsockopt and the like. Still owned by this handle; -1 when closed.
  int native_handle() const noexcept;

 protected:
  Socket() = default;
  explicit Socket(internal::Descriptor* descriptor) : descriptor_(descriptor) {}
  internal::Descriptor* descriptor_ = nullptr;

 private:
  void release() noexcept;
};

// --- streams of bytes: TCP and Unix connections ---

struct ConstBuffer {
  const void* data;
  std::size_t size;
};

class Stream : public Socket {
 public:
  // Waits until there is something, returns how much of it fits. 0: the other side has ended
  // its stream (or size is 0). With an error_code: also 0 on errors.
  std::size_t read(void* buffer, std::size_t size);
  std::size_t read(void* buffer, std::size_t size, std::error_code& error);
  // Reads on until the buffer is full; less only at the end of the stream or on errors.
  std::size_t read_full(void* buffer, std::size_t size);
  std::size_t read_full(void* buffer, std::size_t size, std::error_code& error);

  // Writes all of it. With an error_code: how much was written before the error.
  std::size_t write(const void* data, std::size_t size);
  std::size_t write(const void* data, std::size_t size, std::error_code& error);
  std::size_t write(std::string_view text) { return write(text.data(), text.size()); }
  std::size_t write(std::string_view text, std::error_code& error) {
    return write(text.data(), text.size(), error);
  }
  // All buffers in their order, as one write.
  std::size_t writev(const ConstBuffer* buffers, std::size_t count);
  std::size_t writev(const ConstBuffer* buffers, std::size_t count, std::error_code& error);
  std::size_t writev(std::initializer_list<ConstBuffer> buffers) {
    return writev(buffers.begin(), buffers.size());
  }
  std::size_t writev(std::initializer_list<ConstBuffer> buffers, std::error_code& error) {
    return writev(buffers.begin(), buffers.size(), error);
  }
  // `size` bytes of a file from `offset` on, without a copy through the program; less when the
  // file ends before. The file's own position does not move.
  std::size_t send_file(int file, std::uint64_t offset, std::size_t size);
  std::size_t send_file(int file, std::uint64_t offset, std::size_t size, std::error_code& error);

  // Half-close. After close_write() the other side reads the end of the stream; after
  // close_read() our reads return 0.
  void close_read();
  void close_read(std::error_code& error);
  void close_write();
  void close_write(std::error_code& error);

  SocketAddress remote_address() const;

 protected:
  using Socket::Socket;
  Stream() = default;
};

class TcpStream : public Stream {
 public:
  TcpStream() = default;

  // Connects to the addresses of "host:port", one after the other until one answers; the time
  // until the deadline is shared among them.
  static TcpStream dial(std::string_view host_port, Deadline deadline = kNoDeadline);
  static TcpStream dial(std::string_view host_port, std::error_code& error);
  static TcpStream dial(std::string_view host_port, Deadline deadline, std::error_code& error);
  static TcpStream dial(const SocketAddress& address, Deadline deadline = kNoDeadline);
  static TcpStream dial(const SocketAddress& address, Deadline deadline, std::error_code& error);

  // On by default, as in Go: small writes go out at once.
  void set_no_delay(bool on);
  void set_no_delay(bool on, std::error_code& error);
  // Probes after so long without traffic; on by default with 15 s. Zero turns it off.
  void set_keep_alive(std::chrono::seconds idle);
  void set_keep_alive(std::chrono::seconds idle, std::error_code& error);

 private:
  friend class TcpListener;
  using Stream::Stream;
};

inline TcpStream dial(std::string_view host_port, Socket::Deadline deadline = Socket::kNoDeadline) {
  return TcpStream::dial(host_port, deadline);
}
inline TcpStream dial(std::string_view host_port, std::error_code& error) {
  return TcpStream::dial(host_port, error);
}
inline TcpStream dial(std::string_view host_port, Socket::Deadline deadline,
                      std::error_code& error) {
  return TcpStream::dial(host_port, deadline, error);
}

class UnixStream : public Stream {
 public:
  UnixStream() = default;

  static UnixStream dial(std::string_view path, Deadline deadline = kNoDeadline);
  static UnixStream dial(std::string_view path, Deadline deadline, std::error_code& error);
  // Two streams connected with each other.
  static std::pair<UnixStream, UnixStream> pair();
  static std::pair<UnixStream, UnixStream> pair(std::error_code& error);

 private:
  friend class UnixListener;
  using Stream::Stream;
};

// --- listeners ---

// accept() waits for a connection. When the process or the system has run out of descriptors
// or memory, it pauses 5 ms, each time twice as long up to 1 s (as Go's net/http does), so
// that a loop around it survives that: the throwing form then tries again, the form with an
// error_code reports it (is_temporary) after the pause. This is where the two differ.
// Connections that were broken off before they were accepted are passed over.
class TcpListener : public Socket {
 public:
  TcpListener() = default;

  // "host:port"; port 0 lets the system choose, see local_address(); ":port" listens on every
  // address, IPv4 and IPv6. SO_REUSEADDR is set.
  static TcpListener listen(std::string_view host_port, int backlog = kLongestBacklog);
  static TcpListener listen(std::string_view host_port, std::error_code& error);
  static TcpListener listen(std::string_view host_port, int backlog, std::error_code& error);

  TcpStream accept();
  TcpStream accept(std::error_code& error);

  static constexpr int kLongestBacklog = 4096;  // the system may allow less

 private:
  using Socket::Socket;
};

class UnixListener : public Socket {
 public:
  UnixListener() = default;

  // Creates the socket at `path` (see SocketAddress::unix_path); nothing may be there yet. It
  // is removed when the listener is closed, as in Go.
  static UnixListener listen(std::string_view path, int backlog = TcpListener::kLongestBacklog);
  static UnixListener listen(std::string_view path, std::error_code& error);
  static UnixListener listen(std::string_view path, int backlog, std::error_code& error);

  UnixStream accept();
  UnixStream accept(std::error_code& error);

 private:
  using Socket::Socket;
};

// --- datagrams ---

class DatagramSocket : public Socket {
 public:
  // One datagram; what does not fit is lost. A size of 0 is a valid datagram.
  std::size_t receive(void* buffer, std::size_t size);
  std::size_t receive(void* buffer, std::size_t size, std::error_code& error);
  std::size_t receive_from(void* buffer, std::size_t size, SocketAddress& sender);
  std::size_t receive_from(void* buffer, std::size_t size, SocketAddress& sender,
                           std::error_code& error);
  // To the peer given to connect() or dial().
  void send(const void* data, std::size_t size);
  void send(const void* data, std::size_t size, std::error_code& error);
  void send_to(const void* data, std::size_t size, const SocketAddress& receiver);
  void send_to(const void* data, std::size_t size, const SocketAddress& receiver,
               std::error_code& error);

  // From now on only with this peer. Does not wait.
  void connect(const SocketAddress& peer);
  void connect(const SocketAddress& peer, std::error_code& error);

 protected:
  using Socket::Socket;
  DatagramSocket() = default;
};

class UdpSocket : public DatagramSocket {
 public:
  UdpSocket() = default;

  static UdpSocket bind(std::string_view host_port);
  static UdpSocket bind(std::string_view host_port, std::error_code& error);
  // Connected, from an address that the system chooses.
  static UdpSocket dial(std::string_view host_port);
  static UdpSocket dial(std::string_view host_port, std::error_code& error);

 private:
  using DatagramSocket::DatagramSocket;
};

class UnixDatagram : public DatagramSocket {
 public:
  UnixDatagram() = default;

  static UnixDatagram bind(std::string_view path);
  static UnixDatagram bind(std::string_view path, std::error_code& error);

 private:
  using DatagramSocket::DatagramSocket;
};

// --- any descriptor ---

// Wait until read or write of `fd` would not block: pipes, event, signal and timer
// descriptors, sockets of other libraries; a regular file is always ready. `fd` stays the
// caller's, who must not close it while somebody waits (who does so all the same finds the
// waiters still waiting until their deadline). A wait takes a descriptor of its own meanwhile
// and fails (is_temporary) when none is left. Not for the sockets of this header.
void wait_readable(int fd, Socket::Deadline deadline = Socket::kNoDeadline);
void wait_readable(int fd, Socket::Deadline deadline, std::error_code& error);
void wait_writable(int fd, Socket::Deadline deadline = Socket::kNoDeadline);
void wait_writable(int fd, Socket::Deadline deadline, std::error_code& error);

}  // namespace fiber

template <>
struct std::is_error_code_enum<fiber::NetError> : std::true_type {};

#endif  // FIBER_NET_H
