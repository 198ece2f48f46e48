// load PORT CONNECTIONS SECONDS THREADS: keeps so many connections busy with 64 bytes there and
// back, and prints `requests` (in that time), `p50` and `p99` (microseconds).
//
// An epoll loop in each thread, two system calls for a request: what the server can do has to be
// the limit, not this. Threads take the CPUs that the caller left them.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kSize = 64;

struct Connection {
  int socket = -1;
  size_t missing = kSize;  // of the answer
  Clock::time_point sent;
};

struct Result {
  long requests = 0;
  std::vector<float> latencies;  // microseconds
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int connect_to(uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) fail("connect");
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return socket;
}

void send_one(Connection& connection) {
  static const char message[kSize] = {};
  connection.missing = kSize;
  connection.sent = Clock::now();
  if (write(connection.socket, message, kSize) != kSize) fail("write");
}

Result drive(std::vector<Connection> connections, Clock::time_point end) {
  const int epoll = epoll_create1(0);
  for (Connection& connection : connections) {
    epoll_event event{EPOLLIN, {&connection}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection.socket, &event) != 0) fail("epoll_ctl");
    send_one(connection);
  }
  Result result;
  epoll_event events[256];
  while (Clock::now() < end) {
    const int count = epoll_wait(epoll, events, 256, 100);
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(events[i].data.ptr);
      char answer[kSize];
      const ssize_t size = read(connection.socket, answer, connection.missing);
      if (size <= 0) fail("read");
      connection.missing -= static_cast<size_t>(size);
      if (connection.missing != 0) continue;
      const std::chrono::duration<float, std::micro> latency = Clock::now() - connection.sent;
      result.latencies.push_back(latency.count());
      ++result.requests;
      send_one(connection);
    }
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const auto port = static_cast<uint16_t>(std::atoi(argv[1]));
  const int count = std::atoi(argv[2]);
  const int threads = std::atoi(argv[4]);
  std::vector<std::vector<Connection>> shares(static_cast<size_t>(threads));
  for (int i = 0; i < count; ++i)
    shares[static_cast<size_t>(i % threads)].push_back({connect_to(port), kSize, {}});

  const auto begin = Clock::now();
  const auto end = begin + std::chrono::milliseconds(static_cast<long>(std::atof(argv[3]) * 1e3));
  std::vector<Result> results(shares.size());
  std::vector<std::thread> drivers;
  for (size_t i = 0; i < shares.size(); ++i)
    drivers.emplace_back([&, i] { results[i] = drive(std::move(shares[i]), end); });
  for (std::thread& driver : drivers) driver.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();

  std::vector<float> latencies;
  for (const Result& result : results)
    latencies.insert(latencies.end(), result.latencies.begin(), result.latencies.end());
  std::sort(latencies.begin(), latencies.end());
  if (latencies.empty()) return 1;
  std::printf("requests %zu\nper_second %.0f\np50 %.1f\np99 %.1f\n", latencies.size(),
              static_cast<double>(latencies.size()) / seconds, latencies[latencies.size() / 2],
              latencies[latencies.size() * 99 / 100]);
}
