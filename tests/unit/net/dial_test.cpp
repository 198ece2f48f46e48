// Dialling and listening: what fails and why, addresses, options, both families.
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

TEST(Tcp, DialSaysWhyItFails) {
  in_fibers([] {
    auto listener = TcpListener::listen("127.0.0.1:0");
    const auto address = listener.local_address();
    listener.close();
    std::error_code error;
    TcpStream::dial(address, TcpStream::kNoDeadline, error);
    EXPECT_EQ(error, std::errc::connection_refused);
    fiber::dial("no port", error);
    EXPECT_EQ(error, NetError::kBadAddress);
    fiber::dial(address.to_string(), std::chrono::steady_clock::now() - 1s, error);
    EXPECT_EQ(error, NetError::kDeadlineExceeded);
  });
}

// A listener whose queue is full answers nobody: the dialer waits for its deadline.
TEST(Tcp, DialTimesOut) {
  in_fibers([] {
    auto listener = TcpListener::listen("127.0.0.1:0", 1);
    std::vector<TcpStream> queued;
    std::error_code error;
    for (int i = 0; i < 20 && !error; ++i) {
      queued.push_back(TcpStream::dial(listener.local_address(),
                                       std::chrono::steady_clock::now() + 30ms, error));
    }
    EXPECT_EQ(error, NetError::kDeadlineExceeded);
  });
}

TEST(Tcp, AddressesAreThoseOfTheOtherEnd) {
  in_fibers([] {
    Connection c;
    EXPECT_EQ(c.client.local_address(), c.server.remote_address());
    EXPECT_EQ(c.server.local_address(), c.client.remote_address());
    EXPECT_EQ(c.client.local_address().ip(), "127.0.0.1");
    EXPECT_NE(c.client.local_address().port(), 0);
  });
}

TEST(Tcp, OptionsAreGosDefaultsAndCanBeChanged) {
  in_fibers([] {
    Connection c;
    for (TcpStream* end : {&c.client, &c.server}) {
      const auto option = [&](int level, int name) {
        int value = -1;
        socklen_t size = sizeof(value);
        EXPECT_EQ(getsockopt(end->native_handle(), level, name, &value, &size), 0);
        return value;
      };
      EXPECT_NE(option(IPPROTO_TCP, TCP_NODELAY), 0);
      EXPECT_NE(option(SOL_SOCKET, SO_KEEPALIVE), 0);
      EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 15);
      end->set_no_delay(false);
      EXPECT_EQ(option(IPPROTO_TCP, TCP_NODELAY), 0);
      end->set_keep_alive(std::chrono::seconds(7));
      EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 7);
      end->set_keep_alive(std::chrono::seconds(0));
      EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 0);
    }
  });
}

TEST(Tcp, ListensOnBothFamilies) {
  in_fibers([] {
    auto listener = TcpListener::listen(":0");
    const std::string port = std::to_string(listener.local_address().port());
    for (const char* host : {"127.0.0.1:", "[::1]:"}) {
      std::error_code error;
      auto client = fiber::dial(host + port, error);
      if (error == std::errc::address_not_available) continue;  // no IPv6 here
      EXPECT_FALSE(error) << host << error.message();
      client.write("x");
      char byte;
      EXPECT_EQ(listener.accept().read(&byte, 1), 1U);
    }
  });
}

}  // namespace
