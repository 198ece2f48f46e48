// Deadlines of TCP connections, also those that are moved while a fiber waits.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <numeric>
#include <vector>

#include "tests/unit/net/loopback.h"

namespace {

using namespace fiber_test;
using fiber::NetError;
using fiber::TcpListener;
using fiber::TcpStream;

TEST(Tcp, DeadlineEndsAWaitAndCanBeMoved) {
  on_processors([] {
    Connection c;
    char byte;
    std::error_code error;
    const auto begin = std::chrono::steady_clock::now();
    c.client.set_read_deadline(5ms);
    EXPECT_EQ(c.client.read(&byte, 1, error), 0U);
    EXPECT_EQ(error, NetError::kDeadlineExceeded);
    EXPECT_EQ(error, std::errc::timed_out);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 5ms);

    c.server.write("a");
    c.client.read(&byte, 1, error);
    EXPECT_EQ(error, NetError::kDeadlineExceeded) << "it stays passed, even when there is data";
    c.client.write("b", error);
    EXPECT_FALSE(error) << "writes have their own";
    c.client.set_read_deadline(TcpStream::kNoDeadline);
    EXPECT_EQ(c.client.read(&byte, 1), 1U);
  });
}

TEST(Tcp, DeadlineMayBeMovedWhileAFiberWaits) {
  on_processors([] {
    Connection c;
    const auto read = [&] {
      char byte;
      std::error_code error;
      c.client.read(&byte, 1, error);
      return error;
    };
    auto none_to_soon = fiber::spawn(read);
    let_others_block();
    c.client.set_deadline(1ms);
    EXPECT_EQ(none_to_soon.join(), NetError::kDeadlineExceeded);

    c.client.set_deadline(1h);
    auto late_to_past = fiber::spawn(read);
    let_others_block();
    c.client.set_deadline(std::chrono::steady_clock::now() - 1s);
    EXPECT_EQ(late_to_past.join(), NetError::kDeadlineExceeded);

    c.client.set_deadline(5ms);
    auto soon_to_late = fiber::spawn(read);
    c.client.set_deadline(1h);
    fiber::sleep_for(10ms);
    c.server.write("x");
    EXPECT_EQ(soon_to_late.join(), std::error_code());

    c.client.set_deadline(1h);
    auto late_to_soon = fiber::spawn(read);
    let_others_block();
    c.client.set_deadline(1ms);
    EXPECT_EQ(late_to_soon.join(), NetError::kDeadlineExceeded);
  });
}

// Data and deadline arrive together, again and again: nothing is lost and nobody hangs.
TEST(Tcp, DeadlinePassesWhileDataArrives) {
  on_processors([] {
    Connection c;
    constexpr int kBytes = 400;
    auto writer = fiber::spawn([&] {
      for (int i = 0; i < kBytes; ++i) {
        fiber::sleep_for(std::chrono::microseconds(50 + i % 7 * 10));
        c.server.write("x");
      }
    });
    int received = 0;
    while (received < kBytes) {
      c.client.set_read_deadline(100us);
      char bytes[4];
      std::error_code error;
      const size_t n = c.client.read(bytes, sizeof(bytes), error);
      ASSERT_TRUE(error ? error == NetError::kDeadlineExceeded : n > 0);
      received += static_cast<int>(n);
    }
    EXPECT_EQ(received, kBytes);
    writer.join();
  });
}

TEST(Tcp, WriteDeadlineSaysHowMuchWasWritten) {
  in_fibers([] {
    Connection c;
    const std::string much(64 << 20, 'x');
    std::error_code error;
    c.client.set_write_deadline(20ms);
    const size_t written = c.client.write(much, error);
    EXPECT_EQ(error, NetError::kDeadlineExceeded);
    EXPECT_GT(written, 0U);
    c.client.close();
    std::string received(much.size(), 0);
    EXPECT_EQ(c.server.read_full(received.data(), received.size()), written);
  });
}

TEST(Tcp, AcceptHasADeadline) {
  in_fibers([] {
    auto listener = TcpListener::listen("127.0.0.1:0");
    listener.set_deadline(3ms);
    EXPECT_THROW(listener.accept(), std::system_error);
    listener.set_deadline(TcpListener::kNoDeadline);
    auto client = TcpStream::dial(listener.local_address());
    EXPECT_EQ(listener.accept().local_address(), client.remote_address());
  });
}

}  // namespace
