// Addresses and names. No name here needs a server outside of this machine.
#include <netdb.h>

#include "tests/unit/net/loopback.h"

namespace {

using namespace fiber_test;
using fiber::NetError;
using fiber::SocketAddress;

TEST(Address, TextBothWays) {
  for (const char* text : {"127.0.0.1:80", "[::1]:0", "[2001:db8::1]:65535", "0.0.0.0:1"})
    EXPECT_EQ(SocketAddress::parse(text).to_string(), text);
  EXPECT_EQ(SocketAddress::parse(":80").to_string(), "[::]:80");
  EXPECT_EQ(SocketAddress::parse("[::1]:7").ip(), "::1");
  EXPECT_EQ(SocketAddress::parse("[::1]:7").port(), 7);
  EXPECT_EQ(SocketAddress().to_string(), "");
  auto address = SocketAddress::parse("127.0.0.1:80");
  address.set_port(81);
  EXPECT_EQ(address, SocketAddress::parse("127.0.0.1:81"));
  EXPECT_NE(address, SocketAddress::parse("127.0.0.2:81"));
}

TEST(Address, WhatIsNone) {
  for (const char* text : {"", "127.0.0.1", "::1:80", "1.2.3.4:65536", "1.2.3.4:-1",
                           "1.2.3.4:", "[::1:80", "[]:1x", "name:80"})
    EXPECT_THROW(SocketAddress::parse(text), std::system_error) << text;
  EXPECT_EQ(SocketAddress::unix_path("/tmp/x").to_string(), "/tmp/x");
  EXPECT_EQ(SocketAddress::unix_path("@x").to_string(), "@x");
  EXPECT_THROW(SocketAddress::unix_path(std::string(108, 'x')), std::system_error);
}

TEST(Resolve, Localhost) {
  addrinfo* known = nullptr;
  if (getaddrinfo("localhost", nullptr, nullptr, &known) != 0)
    GTEST_SKIP() << "this machine has no name localhost (/etc/hosts)";
  freeaddrinfo(known);
  on_processors([] {
    fiber::WaitGroup all;
    for (int i = 0; i < 4; ++i) {
      all.go([] {
        const auto addresses = fiber::resolve("localhost:80");
        ASSERT_FALSE(addresses.empty());
        for (const auto& address : addresses) {
          EXPECT_TRUE(address.ip() == "127.0.0.1" || address.ip() == "::1") << address.ip();
          EXPECT_EQ(address.port(), 80);
        }
      });
    }
    all.wait();
  });
}

// .invalid never exists (RFC 6761). Without a network the answer is "try again".
TEST(Resolve, NameThatDoesNotExist) {
  in_fibers([] {
    std::error_code error;
    EXPECT_TRUE(fiber::resolve("no-such-host.invalid:80", error).empty());
    EXPECT_STREQ(error.category().name(), "fiber.resolve");
    fiber::resolve("no-such-host.invalid", error);
    EXPECT_EQ(error, NetError::kBadAddress);
    fiber::dial("no-such-host.invalid:80", error);
    EXPECT_STREQ(error.category().name(), "fiber.resolve");
    EXPECT_THROW(fiber::resolve("localhost:no-such-service"), std::system_error);
  });
}

TEST(Errors, SayWhatToDo) {
  const std::error_code needs_fiber = NetError::kNeedsFiber;
  EXPECT_EQ(needs_fiber.message(), "it would have to wait: call it from a fiber");
  EXPECT_EQ(needs_fiber, std::errc::operation_would_block);
  EXPECT_TRUE(fiber::is_temporary({EMFILE, std::system_category()}));
  EXPECT_FALSE(fiber::is_temporary({EINVAL, std::system_category()}));
  EXPECT_FALSE(fiber::is_temporary({}));
  // Outside of run() what need not wait works, and the rest says so.
  auto listener = fiber::TcpListener::listen("127.0.0.1:0");
  std::error_code error;
  listener.accept(error);
  EXPECT_EQ(error, NetError::kNeedsFiber);
  EXPECT_FALSE(fiber::resolve("127.0.0.1:1").empty());
  listener.close();
}

}  // namespace
