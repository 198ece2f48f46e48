// Datagrams, and Unix sockets of both kinds.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/unit/net/loopback.h"

namespace {

using namespace fiber_test;
using fiber::NetError;
using fiber::UdpSocket;
using fiber::UnixDatagram;
using fiber::UnixListener;
using fiber::UnixStream;

// A folder that goes with its sockets.
struct Folder {
  Folder() { EXPECT_NE(mkdtemp(path), nullptr); }
  ~Folder() { EXPECT_EQ(rmdir(path), 0) << "a socket was left behind"; }
  std::string operator/(const char* name) const { return std::string(path) + "/" + name; }
  char path[32] = "/tmp/fiber_net_XXXXXX";
};

TEST(Udp, DatagramsKeepTheirBoundsAndSender) {
  on_processors([] {
    auto server = UdpSocket::bind("127.0.0.1:0");
    auto echo = fiber::spawn([&] {
      char buffer[100];
      for (;;) {
        fiber::SocketAddress sender;
        const size_t n = server.receive_from(buffer, sizeof(buffer), sender);
        server.send_to(buffer, n, sender);
        if (n == 0) return;
      }
    });
    auto client = UdpSocket::dial(server.local_address().to_string());
    for (const std::string sent : {"one", "three", ""}) {
      client.send(sent.data(), sent.size());
      char buffer[100];
      fiber::SocketAddress sender;
      const size_t n = client.receive_from(buffer, sizeof(buffer), sender);
      EXPECT_EQ(std::string(buffer, n), sent);
      EXPECT_EQ(sender, server.local_address());
    }
    echo.join();
    client.send("four", 4);
    char two[2];
    EXPECT_EQ(server.receive(two, 2), 2U) << "the rest is lost";
  });
}

TEST(Udp, WaitsEndByDeadlineAndClose) {
  on_processors([] {
    auto socket = UdpSocket::bind("127.0.0.1:0");
    char byte;
    std::error_code error;
    socket.set_read_deadline(2ms);
    socket.receive(&byte, 1, error);
    EXPECT_EQ(error, NetError::kDeadlineExceeded);
    socket.set_read_deadline(UdpSocket::kNoDeadline);
    auto waits = fiber::spawn([&] { return socket.receive(&byte, 1, error); });
    let_others_block();
    socket.close();
    waits.join();
    EXPECT_EQ(error, NetError::kClosed);
  });
}

TEST(Unix, StreamsThroughAPathWhichGoesWithTheListener) {
  on_processors([] {
    const Folder folder;
    auto listener = UnixListener::listen(folder / "socket");
    EXPECT_EQ(listener.local_address().to_string(), folder / "socket");
    EXPECT_THROW(UnixListener::listen(folder / "socket"), std::system_error);
    auto accepted = fiber::spawn([&] { return listener.accept(); });
    auto client = UnixStream::dial(folder / "socket");
    auto server = accepted.join();
    client.write("hello");
    client.close_write();
    char text[10];
    EXPECT_EQ(server.read_full(text, sizeof(text)), 5U);
    listener.close();
    std::error_code error;
    UnixStream::dial(folder / "socket", UnixStream::kNoDeadline, error);
    EXPECT_EQ(error, std::errc::no_such_file_or_directory);
  });
}

TEST(Unix, AbstractNamesAndTooLongPaths) {
  in_fibers([] {
    const std::string name = "@fiber_net_test_" + std::to_string(getpid());
    auto listener = UnixListener::listen(name);
    EXPECT_EQ(listener.local_address().to_string(), name);
    auto client = UnixStream::dial(name);
    client.write("x");
    char byte;
    EXPECT_EQ(listener.accept().read(&byte, 1), 1U);
    std::error_code error;
    UnixListener::listen(std::string(200, 'x'), error);
    EXPECT_EQ(error, std::errc::filename_too_long);
  });
}

// A queue of one: the others wait for their turn.
TEST(Unix, DialWaitsForRoomInTheQueue) {
  in_fibers([] {
    const std::string name = "@fiber_net_queue_" + std::to_string(getpid());
    auto listener = UnixListener::listen(name, 1);
    fiber::WaitGroup dialers;
    for (int i = 0; i < 10; ++i) {
      dialers.go([&] {
        char byte;
        EXPECT_EQ(UnixStream::dial(name).read(&byte, 1), 1U);
      });
    }
    for (int i = 0; i < 10; ++i) {
      fiber::sleep_for(1ms);
      listener.accept().write("x");
    }
    dialers.wait();
  });
}

TEST(Unix, PairsCarryMuchBothWays) {
  on_processors([] {
    auto [one, other] = UnixStream::pair();
    const std::string much(1 << 20, 'm');
    fiber::WaitGroup writers;
    writers.go([&, &end = one] { end.write(much); });
    writers.go([&, &end = other] { end.write(much); });
    std::string received(much.size(), 0);
    EXPECT_EQ(one.read_full(received.data(), received.size()), much.size());
    EXPECT_TRUE(received == much);
    EXPECT_EQ(other.read_full(received.data(), received.size()), much.size());
    writers.wait();
  });
}

TEST(Unix, Datagrams) {
  in_fibers([] {
    const Folder folder;
    auto receiver = UnixDatagram::bind(folder / "receiver");
    auto sender = UnixDatagram::bind(folder / "sender");
    sender.connect(receiver.local_address());
    sender.send("hello", 5);
    char text[10];
    fiber::SocketAddress from;
    EXPECT_EQ(receiver.receive_from(text, sizeof(text), from), 5U);
    EXPECT_EQ(from.to_string(), folder / "sender");
  });
}

}  // namespace
