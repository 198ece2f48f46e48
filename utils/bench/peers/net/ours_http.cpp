// HTTP "hello": the parser and the accept loop of the examples, and one answer.
#include <fiber/fiber.h>
#include <fiber/net.h>

#include <string>

#include "../../../../examples/http/request.h"
#include "../../../../examples/http/response.h"
#include "../../../../examples/net/server.h"

static void serve(fiber::TcpStream& stream) {
  std::string input;
  http::Request request;
  for (;;) {
    http::Parsed parsed = http::parse(input, {}, request);
    while (parsed.status == 0) {
      char bytes[4096];
      const size_t size = stream.read(bytes, sizeof(bytes));
      if (size == 0) return;
      input.append(bytes, size);
      parsed = http::parse(input, {}, request);
    }
    if (parsed.status != 200) return;
    input.erase(0, parsed.size);
    http::Head head(200);
    head.add("Content-Type", "text/plain; charset=utf-8").add("Content-Length", "6");
    const bool keep_alive = request.keep_alive();
    stream.write(head.finished(keep_alive) + "hello\n");
    if (!keep_alive) return;
  }
}

int main() {
  const server::StopSignals signals;
  return fiber::run([&] { server::serve_until_stopped(signals, "127.0.0.1:0", serve); });
}
