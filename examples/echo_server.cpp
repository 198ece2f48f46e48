// echo_server [HOST:PORT]: sends back what it receives, each connection in a fiber of its own,
// until SIGTERM. A client that has ended its half still gets what is on its way.
//
// RUN: %fiber -O2 %s -o %t.plain && %python %top/tests/clients/echo.py %t.plain
// RUN: %fibersan %s -o %t && %python %top/tests/clients/echo.py %t
#include <fiber/fiber.h>
#include <fiber/net.h>

#include <array>

#include "net/server.h"

void echo(fiber::TcpStream& stream) {
  std::array<char, 16 * 1024> buffer;
  while (const size_t size = stream.read(buffer.data(), buffer.size()))
    stream.write(buffer.data(), size);
}

int main(int argc, char** argv) {
  const server::StopSignals signals;
  return fiber::run(
      [&] { server::serve_until_stopped(signals, argc > 1 ? argv[1] : "127.0.0.1:0", echo); });
}
