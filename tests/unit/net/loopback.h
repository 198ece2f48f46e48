// loopback.h: worlds of fibers with connections inside of this machine.
#ifndef FIBERSAN_TESTS_UNIT_NET_LOOPBACK_H
#define FIBERSAN_TESTS_UNIT_NET_LOOPBACK_H

#include <fiber/fiber.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <system_error>

#include "tests/unit/worlds.h"

namespace fiber_test {

using namespace std::chrono_literals;

inline void on_processors(const std::function<void()>& body) { on_each_of({1, 2, 4, 8}, body); }

// Long enough for other fibers to reach their wait; nothing depends on it but what is tried.
inline void let_others_block() {
  for (int i = 0; i < 50; ++i) fiber::yield();
  fiber::sleep_for(2ms);
}

// Two ends of one TCP connection.
struct Connection {
  Connection() : Connection(fiber::TcpListener::listen("127.0.0.1:0")) {}
  explicit Connection(fiber::TcpListener&& listener) : Connection(listener) {}
  explicit Connection(fiber::TcpListener& listener) {
    auto accepted = fiber::spawn([&] { return listener.accept(); });
    client = fiber::TcpStream::dial(listener.local_address());
    server = accepted.join();
  }
  fiber::TcpStream client;
  fiber::TcpStream server;
};

// Echoes on every connection until the listener is closed.
class EchoServer {
 public:
  EchoServer() : listener_(fiber::TcpListener::listen("127.0.0.1:0")) {
    all_.go([this] {
      std::error_code error;
      for (;;) {
        auto stream = listener_.accept(error);
        if (error) break;
        all_.go([stream = std::move(stream)]() mutable {
          char buffer[4096];
          std::error_code broken;
          while (const size_t n = stream.read(buffer, sizeof(buffer), broken))
            if (stream.write(buffer, n, broken) != n) break;
        });
      }
      EXPECT_EQ(error, fiber::NetError::kClosed);
    });
  }
  fiber::SocketAddress address() const { return listener_.local_address(); }
  // When all connections have been closed by the other side.
  void stop() {
    listener_.close();
    all_.wait();
  }

 private:
  fiber::TcpListener listener_;
  fiber::WaitGroup all_;
};

}  // namespace fiber_test

#endif  // FIBERSAN_TESTS_UNIT_NET_LOOPBACK_H
