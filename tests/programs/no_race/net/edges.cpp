// Everything that a socket orders: bytes, the end of a stream, dial before accept, datagrams,
// a close and a deadline before the failures that they cause.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fcntl.h>
#include <fiber/fiber.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

template <typename Before, typename After>
void check(const char* name, Before before, After after) {
  int value = 0;
  fiber::WaitGroup both;
  both.go([&] {
    value = 1;
    before();
  });
  both.go([&] {
    after();
    std::printf("%s: %d\n", name, value);
  });
  both.wait();
}

int main() {
  return fiber::run([] {
    char byte = 0;
    std::error_code error;
    auto listener = fiber::TcpListener::listen("127.0.0.1:0");
    const auto address = listener.local_address();
    fiber::TcpStream client, server;
    check(
        "dial", [&] { client = fiber::TcpStream::dial(address); },
        [&] { server = listener.accept(); });
    check("bytes", [&] { client.write("x"); }, [&] { server.read(&byte, 1); });
    check("vectors", [&] { server.writev({{"x", 1}}); }, [&] { client.read_full(&byte, 1); });
    check("end", [&] { client.close_write(); }, [&] { server.read(&byte, 1); });
    // It is over before anybody accepts.
    check(
        "dialled, written, closed", [&] { fiber::TcpStream::dial(address).write("x"); },
        [&] {
          auto late = listener.accept();
          late.read(&byte, 1);
        });
    check(
        "deadline", [&] { client.set_deadline(fiber::Socket::Deadline()); },
        [&] {
          do client.read(&byte, 1, error);
          while (!error);
        });
    check("close", [&] { listener.close(); }, [&] { listener.accept(error); });

    auto receiver = fiber::UdpSocket::bind("127.0.0.1:0");
    auto sender = fiber::UdpSocket::dial(receiver.local_address().to_string());
    check("datagram", [&] { sender.send("x", 1); }, [&] { receiver.receive(&byte, 1); });

    auto pair = fiber::UnixStream::pair();
    check("pair", [&] { pair.first.write("x"); }, [&] { pair.second.read(&byte, 1); });
    const int file = open("/proc/self/exe", O_RDONLY);
    check("file", [&] { pair.first.send_file(file, 0, 1); }, [&] { pair.second.read(&byte, 1); });
    check("own readers", [&] { pair.second.close_read(); }, [&] { pair.second.read(&byte, 1); });
    check("closed", [&] { pair.second.close(); }, [&] { pair.first.read(&byte, 1); });

    const std::string path = "edges" + std::to_string(getpid()) + ".socket";
    fiber::UnixListener late;
    check(
        "listen", [&] { late = fiber::UnixListener::listen(path); },
        [&] {
          do fiber::UnixStream::dial(path, fiber::Socket::kNoDeadline, error);
          while (error);
        });
  });
}
// CHECK: dial: 1
// CHECK: bytes: 1
// CHECK: vectors: 1
// CHECK: end: 1
// CHECK: dialled, written, closed: 1
// CHECK: deadline: 1
// CHECK: close: 1
// CHECK: datagram: 1
// CHECK: pair: 1
// CHECK: file: 1
// CHECK: own readers: 1
// CHECK: closed: 1
// CHECK: listen: 1
