// server.h: what the servers among the examples share: accept, serve, stop in an orderly way.
//
// Input:    an address, and a function that serves one connection.
// Output:   "listening on <address>" on standard output, so that port 0 can be used.
// Threads:  one fiber for each connection, one for the signals.
//
// Invariants
//   I1  After SIGTERM or SIGINT nobody is accepted any more. A connection that waits for its
//       client ends; one that answers has kGrace to finish, then it is closed.
#ifndef EXAMPLES_NET_SERVER_H
#define EXAMPLES_NET_SERVER_H

#include <fiber/fiber.h>
#include <fiber/net.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>

namespace server {

constexpr std::chrono::seconds kGrace(5);

// SIGTERM and SIGINT as something that a fiber can wait for. To be made before run(), so that
// all its threads have the signals blocked.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    sigprocmask(SIG_BLOCK, &signals_, nullptr);
    descriptor_ = signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK);
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  }
  ~StopSignals() { close(descriptor_); }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  void wait() const {
    std::error_code error;
    // Connections may have taken all descriptors, and a wait needs one.
    while (fiber::wait_readable(descriptor_, fiber::Socket::kNoDeadline, error),
           fiber::is_temporary(error))
      fiber::sleep_for(std::chrono::milliseconds(50));
  }

 private:
  sigset_t signals_;
  int descriptor_;
};

// The connections that are open now.
class Connections {
 public:
  void add(fiber::TcpStream& stream) {
    std::scoped_lock lock(mutex_);
    open_.insert(&stream);
    if (stopping_) stop(stream);
  }
  void remove(fiber::TcpStream& stream) {
    std::scoped_lock lock(mutex_);
    open_.erase(&stream);
  }
  void stop_all() {
    std::scoped_lock lock(mutex_);
    stopping_ = true;
    for (fiber::TcpStream* stream : open_) stop(*stream);
  }
  void close_all() {
    std::scoped_lock lock(mutex_);
    std::error_code ignored;
    for (fiber::TcpStream* stream : open_) stream->close(ignored);
  }

 private:
  static void stop(fiber::TcpStream& stream) {
    std::error_code ignored;     // it may be gone already
    stream.close_read(ignored);  // whoever reads sees the end of the stream
  }

  fiber::Mutex mutex_;
  std::set<fiber::TcpStream*> open_;
  bool stopping_ = false;
};

// Serves until a signal comes. `serve(stream)` may return or throw std::system_error: either
// ends the connection.
template <class Serve>
void serve_until_stopped(const StopSignals& signals, const std::string& address, Serve serve) {
  auto listener = fiber::TcpListener::listen(address);
  std::printf("listening on %s\n", listener.local_address().to_string().c_str());
  std::fflush(stdout);

  Connections connections;
  const fiber::Channel<bool> all_ended;
  auto stop = fiber::spawn({.name = "stop"}, [&] {
    signals.wait();
    listener.close();
    connections.stop_all();
    fiber::select(fiber::on_receive(all_ended, [](std::optional<bool>) {}),
                  fiber::on_timeout(kGrace, [&] { connections.close_all(); }));
  });
  fiber::WaitGroup fibers;
  for (;;) {
    std::error_code error;
    fiber::TcpStream accepted = listener.accept(error);
    if (fiber::is_temporary(error)) continue;  // accept() has paused already
    if (error) break;
    fibers.go([&, stream = std::move(accepted)]() mutable {
      connections.add(stream);
      fiber::Defer remove([&] { connections.remove(stream); });
      try {
        serve(stream);
      } catch (const std::system_error&) {  // the client went away or was too slow
      }
    });
  }
  fibers.wait();
  all_ended.close();
  stop.join();
}

}  // namespace server

#endif  // EXAMPLES_NET_SERVER_H
