// Waiting for descriptors that are not sockets of the library.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "tests/unit/net/loopback.h"

namespace {

using namespace fiber_test;
using fiber::NetError;
using std::chrono::steady_clock;

struct Pipe {
  Pipe() { EXPECT_EQ(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0); }
  ~Pipe() { close(ends[0]), close(ends[1]); }
  void write(const char* text) const {
    EXPECT_EQ(::write(ends[1], text, strlen(text)), static_cast<ssize_t>(strlen(text)));
  }
  int reader() const { return ends[0]; }
  int ends[2];
};

TEST(WaitFd, PipeBecomesReadable) {
  on_processors([] {
    const Pipe pipe;
    fiber::WaitGroup readers;  // both wait for one descriptor
    for (int i = 0; i < 2; ++i) {
      readers.go([&] {
        char byte;
        while (read(pipe.reader(), &byte, 1) != 1) fiber::wait_readable(pipe.reader());
      });
    }
    let_others_block();
    pipe.write("xy");
    readers.wait();
  });
}

TEST(WaitFd, PipeBecomesWritable) {
  on_processors([] {
    const Pipe pipe;
    std::array<char, 65536> much{};
    while (write(pipe.ends[1], much.data(), much.size()) > 0) {
    }
    auto reader = fiber::spawn([&] {
      fiber::sleep_for(1ms);
      while (read(pipe.reader(), much.data(), much.size()) > 0) {
      }
    });
    fiber::wait_writable(pipe.ends[1]);
    EXPECT_EQ(write(pipe.ends[1], "x", 1), 1);
    reader.join();
  });
}

TEST(WaitFd, DeadlineAndWhatNeedsNoWait) {
  in_fibers([] {
    const Pipe pipe;
    std::error_code error;
    fiber::wait_readable(pipe.reader(), steady_clock::now() + 2ms, error);
    EXPECT_EQ(error, NetError::kDeadlineExceeded);
    fiber::wait_readable(pipe.reader(), steady_clock::now() - 2ms, error);
    EXPECT_EQ(error, NetError::kDeadlineExceeded);
    pipe.write("x");
    fiber::wait_readable(pipe.reader(), steady_clock::now() - 2ms, error);
    EXPECT_FALSE(error) << "what is ready needs no time";

    std::FILE* file = std::tmpfile();
    fiber::wait_readable(fileno(file));
    fiber::wait_writable(fileno(file));
    std::fclose(file);

    const int event = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    fiber::wait_readable(event);
    close(event);
    fiber::wait_readable(event, steady_clock::time_point::max(), error);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
  });
}

// The other end goes away: readable, and read() says what there is.
TEST(WaitFd, HangUpIsReadable) {
  in_fibers([] {
    Pipe pipe;
    auto waits = fiber::spawn([&] {
      fiber::wait_readable(pipe.reader());
      char byte;
      return read(pipe.reader(), &byte, 1);
    });
    let_others_block();
    close(pipe.ends[1]);
    EXPECT_EQ(waits.join(), 0);
    pipe.ends[1] = dup(pipe.ends[0]);
  });
}

// The number gets another meaning: the waiter stays with what it meant, and events of the new
// one are not for it.
TEST(WaitFd, ReusedNumberDoesNotWakeTheOldWaiter) {
  on_processors([] {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    std::error_code error;
    auto waits =
        fiber::spawn([&] { fiber::wait_readable(ends[0], steady_clock::now() + 30ms, error); });
    let_others_block();
    const Pipe other;
    ASSERT_EQ(dup3(other.reader(), ends[0], O_CLOEXEC), ends[0]);
    other.write("x");
    fiber::wait_readable(ends[0]);
    waits.join();
    EXPECT_EQ(error, NetError::kDeadlineExceeded);
    close(ends[0]);
    close(ends[1]);
  });
}

}  // namespace
