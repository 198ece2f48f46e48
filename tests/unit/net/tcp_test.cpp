// TCP connections: data both ways, the ends of streams, closing while others wait, many at once.
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

TEST(Tcp, EchoesOnEveryNumberOfProcessors) {
  on_processors([] {
    EchoServer server;
    fiber::WaitGroup clients;
    for (int c = 0; c < 20; ++c) {
      clients.go([&] {
        auto stream = TcpStream::dial(server.address());
        for (int i = 0; i < 50; ++i) {
          const std::string sent = "message " + std::to_string(i);
          stream.write(sent);
          std::string received(sent.size(), 0);
          ASSERT_EQ(stream.read_full(received.data(), received.size()), sent.size());
          EXPECT_EQ(received, sent);
        }
      });
    }
    clients.wait();
    server.stop();
  });
}

TEST(Tcp, BigTransferArrivesWhole) {
  on_processors([] {
    Connection c;
    std::vector<uint32_t> sent(1 << 20);
    std::iota(sent.begin(), sent.end(), 1);
    const size_t size = sent.size() * sizeof(uint32_t);
    fiber::WaitGroup both;
    both.go([&] {
      EXPECT_EQ(c.client.write(sent.data(), size), size);
      c.client.close_write();
    });
    std::vector<uint32_t> received(sent.size());
    EXPECT_EQ(c.server.read_full(received.data(), size), size);
    char more;
    EXPECT_EQ(c.server.read(&more, 1), 0U);
    EXPECT_EQ(c.server.read(&more, 1), 0U) << "the end stays the end";
    both.wait();
    EXPECT_TRUE(sent == received);
  });
}

TEST(Tcp, VectoredWriteKeepsTheOrderAcrossPartialWrites) {
  in_fibers([] {
    Connection c;
    std::vector<std::string> parts;
    std::string all;
    for (int i = 0; i < 300; ++i) {
      parts.push_back(
          std::string(static_cast<size_t>(i * 37 % 9000), static_cast<char>('a' + i % 26)));
      all += parts.back();
    }
    std::vector<fiber::ConstBuffer> buffers;
    for (const auto& part : parts) buffers.push_back({part.data(), part.size()});
    auto writer = fiber::spawn([&] { return c.client.writev(buffers.data(), buffers.size()); });
    std::string received(all.size(), 0);
    EXPECT_EQ(c.server.read_full(received.data(), received.size()), all.size());
    EXPECT_EQ(writer.join(), all.size());
    EXPECT_TRUE(received == all);
    EXPECT_EQ(c.client.writev({{"ab", 2}, {nullptr, 0}, {"c", 1}}), 3U);
    EXPECT_EQ(c.client.writev({}), 0U);
    char three[3];
    c.server.read_full(three, 3);
    EXPECT_EQ(std::string(three, 3), "abc");
  });
}

// Two writers: each write stays in one piece.
TEST(Tcp, ConcurrentWritesDoNotMix) {
  on_processors([] {
    Connection c;
    constexpr size_t kSize = 1 << 20;
    fiber::WaitGroup writers;
    for (char letter : {'x', 'y', 'z'}) {
      writers.go([&c, letter] { c.client.write(std::string(kSize, letter)); });
    }
    for (int i = 0; i < 3; ++i) {
      std::string piece(kSize, 0);
      ASSERT_EQ(c.server.read_full(piece.data(), kSize), kSize);
      EXPECT_EQ(piece.find_first_not_of(piece[0]), std::string::npos);
    }
    writers.wait();
  });
}

TEST(Tcp, HalfClosedConnectionStillCarriesTheOtherDirection) {
  in_fibers([] {
    Connection c;
    c.client.write("question");
    c.client.close_write();
    std::string question(100, 0);
    question.resize(c.server.read_full(question.data(), question.size()));
    EXPECT_EQ(question, "question");
    c.server.write("answer");
    c.server.close();
    std::string answer(100, 0);
    answer.resize(c.client.read_full(answer.data(), answer.size()));
    EXPECT_EQ(answer, "answer");
    std::error_code error;
    c.client.write("more", error);
    EXPECT_EQ(error, std::errc::broken_pipe);
  });
}

TEST(Tcp, CloseReadEndsAReaderThatWaits) {
  on_processors([] {
    Connection c;
    auto reader = fiber::spawn([&] {
      char byte;
      return c.client.read(&byte, 1);
    });
    let_others_block();
    c.client.close_read();
    EXPECT_EQ(reader.join(), 0U);
  });
}

// --- closing ---

TEST(Tcp, CloseWakesReadersWritersAndAccepters) {
  on_processors([] {
    auto listener = TcpListener::listen("127.0.0.1:0");
    Connection c;
    fiber::WaitGroup blocked;
    for (int i = 0; i < 3; ++i) {
      blocked.go([&] {
        std::error_code error;
        listener.accept(error);
        EXPECT_EQ(error, NetError::kClosed);
        EXPECT_EQ(error, std::errc::operation_canceled);
      });
      blocked.go([&] {
        char byte;
        std::error_code error;
        EXPECT_EQ(c.client.read(&byte, 1, error), 0U);
        EXPECT_EQ(error, NetError::kClosed);
      });
      blocked.go([&] {
        const std::string much(64 << 20, 'x');
        std::error_code error;
        EXPECT_LT(c.client.write(much, error), much.size());
        EXPECT_EQ(error, NetError::kClosed);
      });
    }
    let_others_block();
    listener.close();
    c.client.close();
    blocked.wait();
    std::error_code error;
    listener.close(error);
    EXPECT_EQ(error, NetError::kClosed);
    EXPECT_FALSE(listener.is_open());
    EXPECT_EQ(listener.native_handle(), -1);
  });
}

TEST(Tcp, ClosedPortCanBeListenedOnAtOnce) {
  on_processors([] {
    auto listener = TcpListener::listen("127.0.0.1:0");
    for (int i = 0; i < 20; ++i) {
      const std::string address = listener.local_address().to_string();
      auto accepter = fiber::spawn([&] {
        std::error_code error;
        listener.accept(error);
        EXPECT_EQ(error, NetError::kClosed);
      });
      if (i % 2 == 0) let_others_block();
      listener.close();
      auto next = TcpListener::listen(address);  // throws unless the port is free
      accepter.join();
      listener = std::move(next);
    }
  });
}

// While one fiber waits for a descriptor it is closed, and the number goes to another
// connection with data: that data is not for the old waiter.
TEST(Tcp, ReusedDescriptorNumberDoesNotWakeTheOldWaiter) {
  on_processors([] {
    auto listener = TcpListener::listen("127.0.0.1:0");
    int reused = 0;
    for (int round = 0; round < 30; ++round) {
      Connection old(listener);
      const int number = old.client.native_handle();
      auto reader = fiber::spawn([&] {
        char byte;
        std::error_code error;
        EXPECT_EQ(old.client.read(&byte, 1, error), 0U);
        return error;
      });
      if (round % 3 == 0) let_others_block();
      old.client.close();
      Connection fresh(listener);
      reused += fresh.client.native_handle() == number || fresh.server.native_handle() == number;
      fresh.client.write("x");
      fresh.server.write("y");
      EXPECT_EQ(reader.join(), NetError::kClosed);
      char byte;
      EXPECT_EQ(fresh.client.read(&byte, 1), 1U);
      EXPECT_EQ(byte, 'y');
      EXPECT_EQ(fresh.server.read(&byte, 1), 1U);
      EXPECT_EQ(byte, 'x');
    }
    EXPECT_EQ(reused, 30);
  });
}

TEST(Tcp, EmptyHandlesAreClosed) {
  TcpStream stream;
  std::error_code error;
  char byte;
  EXPECT_EQ(stream.read(&byte, 1, error), 0U);
  EXPECT_EQ(error, NetError::kClosed);
  stream.write("x", error);
  EXPECT_EQ(error, NetError::kClosed);
  stream.set_deadline(1ms);
  EXPECT_THROW(stream.close(), std::system_error);
  EXPECT_EQ(stream.local_address().to_string(), "");
  EXPECT_FALSE(stream);
}

// --- many ---

TEST(Tcp, ThousandConnections) {
  for (unsigned procs : {1U, 4U}) {
    fiber::run(
        [] {
          EchoServer server;
          fiber::WaitGroup clients;
          std::atomic<int> done{0};
          for (int c = 0; c < 1000; ++c) {
            clients.go([&] {
              auto stream = TcpStream::dial(server.address());
              for (int i = 0; i < 5; ++i) {
                char message[16] = "0123456789abcde";
                stream.write(message, sizeof(message));
                char answer[16];
                ASSERT_EQ(stream.read_full(answer, sizeof(answer)), sizeof(answer));
              }
              ++done;
            });
          }
          clients.wait();
          EXPECT_EQ(done, 1000);
          server.stop();
        },
        {.procs = procs});
  }
}

// A run may end while fibers are in the middle of operations; the sockets outlive it.
TEST(Tcp, SocketsOutliveARunThatStopsTheirUsers) {
  TcpListener listener;
  TcpStream client;
  for (int round = 0; round < 3; ++round) {
    in_fibers([&] {
      if (!listener) listener = TcpListener::listen("127.0.0.1:0");
      client = TcpStream::dial(listener.local_address());
      auto server = listener.accept();
      fiber::go([&] { listener.accept(); });
      fiber::go([&] { listener.accept(); });
      fiber::go([&] {
        char byte;
        client.read(&byte, 1);
      });
      let_others_block();
    });
  }
}

}  // namespace
