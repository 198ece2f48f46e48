// epoll_echo THREADS: the echo server that somebody writes by hand, the yardstick: a thread for
// each CPU with an epoll of its own, connections dealt out in turn, level-triggered, and nothing
// that a real server would need beyond that.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

void loop(int epoll) {
  epoll_event events[256];
  char buffer[16 * 1024];
  for (;;) {
    const int count = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      const int socket = events[i].data.fd;
      const ssize_t size = read(socket, buffer, sizeof(buffer));
      // Blocking: a client that does not read stops the others. A real server needs more here.
      if (size <= 0 || write(socket, buffer, static_cast<size_t>(size)) != size) close(socket);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, any, size) != 0 || listen(listener, 4096) != 0 ||
      getsockname(listener, any, &size) != 0) {
    std::perror("listen");
    return 1;
  }
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);

  std::vector<int> epolls;
  for (int i = 0; i < threads; ++i) {
    epolls.push_back(epoll_create1(0));
    std::thread(loop, epolls.back()).detach();
  }
  for (size_t next = 0;; ++next) {
    const int socket = accept(listener, nullptr, nullptr);
    if (socket < 0) continue;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    epoll_event event{EPOLLIN, {}};
    event.data.fd = socket;
    epoll_ctl(epolls[next % epolls.size()], EPOLL_CTL_ADD, socket, &event);
  }
}
