// tcp_proxy HOST:PORT TARGET:PORT: each connection to the first address goes on to the second,
// until SIGTERM. Each direction ends on its own, as TCP's halves do.
//
// RUN: %fiber -O2 %s -o %t.plain && %fiber -O2 %S/echo_server.cpp -o %t.echo
// RUN: %python %top/tests/clients/proxy.py %t.plain %t.echo
// RUN: %fibersan %s -o %t && %python %top/tests/clients/proxy.py %t %t.echo
#include <fiber/fiber.h>
#include <fiber/net.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <system_error>

#include "net/server.h"

using namespace std::chrono_literals;

// One direction: until the source ends, then the sink hears of it. An error ends both.
void pump(fiber::TcpStream& from, fiber::TcpStream& to) {
  std::array<char, 16 * 1024> buffer;
  try {
    while (const size_t size = from.read(buffer.data(), buffer.size()))
      to.write(buffer.data(), size);
    to.close_write();
  } catch (const std::system_error&) {
    std::error_code ignored;
    from.close_read(ignored);
    to.close_write(ignored);
    from.close_write(ignored);
    to.close_read(ignored);
  }
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: tcp_proxy HOST:PORT TARGET:PORT\n");
    return 2;
  }
  const std::string target = argv[2];
  const server::StopSignals signals;
  return fiber::run([&] {
    server::serve_until_stopped(signals, argv[1], [&](fiber::TcpStream& client) {
      auto upstream = fiber::dial(target, std::chrono::steady_clock::now() + 5s);
      auto answers = fiber::spawn([&] { pump(upstream, client); });
      pump(client, upstream);
      answers.join();
    });
  });
}
