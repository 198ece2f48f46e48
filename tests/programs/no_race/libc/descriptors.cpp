// What goes into a pipe, a connection or a file happens before what comes out of it, as its
// end does; and nothing more: an unrelated pipe, the other direction of a socket. Each of two
// fibers takes its turn, so that no call blocks; the turns themselves order nothing.
//
// RUN: %fibersan %s -o %t
// RUN: %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBERSAN_OPTIONS=io_sync=2 %run %t other_pipe other_direction 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 %run %t other_pipe 2>&1 | FileCheck %s --check-prefix=RACE
// RUN: %exits 66 %run %t other_direction 2>&1 | FileCheck %s --check-prefix=RACE
// RUN: %exits 66 env FIBERSAN_OPTIONS=io_sync=0 %run %t pipe 2>&1 | FileCheck %s --check-prefix=RACE
// RUN: %exits 66 env FIBERSAN_OPTIONS=io_sync=0 %run %t runtime 2>&1 | FileCheck %s --check-prefix=RACE
// CHECK: done
// RACE: WARNING: FiberSan: data race
#include <arpa/inet.h>
#include <fcntl.h>
#include <fiber/fiber.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "../../turn.h"

namespace {

char byte = 'x';  // what is sent

void require(bool works) {
  if (!works) std::abort();
}

// `before` sends, then `after` receives.
template <typename Before, typename After>
void check(Before before, After after) {
  int value = 0;
  Turn turn;
  fiber::WaitGroup both;
  both.go([&] {
    value = 1;
    before();
    turn.done();
  });
  both.go([&] {
    turn.after(1);
    char to[8] = "";
    after(to);
    require(value == 1);
  });
  both.wait();
}

struct Pipe {
  Pipe() { require(::pipe(ends) == 0); }
  int ends[2];
};
struct Pair {
  explicit Pair(int type = SOCK_STREAM) { require(socketpair(AF_UNIX, type, 0, ends) == 0); }
  int ends[2];
};

void pipe() {
  Pipe p;
  check([&] { require(write(p.ends[1], &byte, 1) == 1); },
        [&](char* to) { require(read(p.ends[0], to, 1) == 1); });
  iovec part = {&byte, 1};
  check([&] { require(writev(p.ends[1], &part, 1) == 1); },
        [&](char* to) {
          iovec into = {to, 1};
          require(readv(p.ends[0], &into, 1) == 1);
        });
  const int copy = dup(p.ends[1]);
  close(p.ends[1]);
  check([&] { require(write(copy, &byte, 1) == 1); },
        [&](char* to) { require(read(p.ends[0], to, 8) == 1); });
  check([&] { close(copy); }, [&](char* to) { require(read(p.ends[0], to, 1) == 0); });
}

void pair() {
  Pair p;
  check([&] { require(send(p.ends[0], &byte, 1, 0) == 1); },
        [&](char* to) { require(recv(p.ends[1], to, 1, 0) == 1); });
  check([&] { require(write(p.ends[1], &byte, 1) == 1); },
        [&](char* to) { require(recvfrom(p.ends[0], to, 1, 0, nullptr, nullptr) == 1); });
  check([&] { shutdown(p.ends[0], SHUT_WR); },
        [&](char* to) { require(read(p.ends[1], to, 1) == 0); });
  Pair messages(SOCK_SEQPACKET);
  check(
      [&] {
        iovec part = {&byte, 1};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        require(sendmsg(messages.ends[0], &message, 0) == 1);
      },
      [&](char* to) {
        iovec part = {to, 1};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        require(recvmsg(messages.ends[1], &message, 0) == 1);
      });
}

void internet() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  require(bind(listener, generic, size) == 0 && listen(listener, 4) == 0);
  require(getsockname(listener, generic, &size) == 0);
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  int server = -1;
  check([&] { require(connect(client, generic, sizeof(address)) == 0); },
        [&](char*) { server = accept(listener, nullptr, nullptr); });
  check([&] { require(write(client, &byte, 1) == 1); },
        [&](char* to) { require(read(server, to, 1) == 1); });
  check([&] { require(write(server, &byte, 1) == 1); },
        [&](char* to) { require(read(client, to, 1) == 1); });
  check([&] { close(client); }, [&](char* to) { require(read(server, to, 1) == 0); });
}

void files() {
  std::FILE* file = std::tmpfile();
  const std::string name = "/proc/self/fd/" + std::to_string(fileno(file));
  const int other = open(name.c_str(), O_RDWR);
  check([&] { require(pwrite(fileno(file), &byte, 1, 0) == 1); },
        [&](char* to) { require(pread(other, to, 1, 0) == 1); });

  Pipe p;
  std::FILE* in = fdopen(p.ends[0], "r");
  std::FILE* out = fdopen(p.ends[1], "w");
  check(
      [&] {
        std::fprintf(out, "line\n");
        std::fflush(out);
      },
      [&](char* to) { require(std::fgets(to, 8, in) != nullptr); });
}

void events() {
  const int event = eventfd(0, 0);
  check([&] { require(eventfd_write(event, 1) == 0); },
        [&](char* to) { require(read(event, to, 8) == 8); });
  const int epoll = epoll_create1(0);
  Pipe p;
  require(write(p.ends[1], &byte, 1) == 1);
  check(
      [&] {
        epoll_event wanted{};
        wanted.events = EPOLLIN;
        require(epoll_ctl(epoll, EPOLL_CTL_ADD, p.ends[0], &wanted) == 0);
      },
      [&](char*) {
        epoll_event came;
        require(epoll_wait(epoll, &came, 1, 0) == 1);
      });
}

void runtime() {
  auto ends = fiber::UnixStream::pair();
  check([&] { ends.first.write("x"); }, [&](char* to) { ends.second.read(to, 1); });
}

// --- no order ---

void other_pipe() {
  Pipe p;
  Pipe other;
  require(write(other.ends[1], &byte, 1) == 1);
  check([&] { require(write(p.ends[1], &byte, 1) == 1); },
        [&](char* to) { require(read(other.ends[0], to, 1) == 1); });
}
void other_direction() {
  Pair p;
  require(write(p.ends[1], &byte, 1) == 1);
  check([&] { require(write(p.ends[0], &byte, 1) == 1); },
        [&](char* to) { require(read(p.ends[0], to, 1) == 1); });
}

const std::map<std::string, void (*)()> cases = {
    {"pipe", pipe},
    {"pair", pair},
    {"internet", internet},
    {"files", files},
    {"events", events},
    {"runtime", runtime},
    {"other_pipe", other_pipe},
    {"other_direction", other_direction},
};

}  // namespace

int main(int count, char** arguments) {
  return fiber::run([&] {
    for (int i = 1; i < count; ++i) cases.at(arguments[i])();
    if (count == 1)
      for (auto* run : {pipe, pair, internet, files, events, runtime}) run();
    std::puts("done");
  });
}
