// What a server must survive: no descriptors left, connections that are gone, SIGPIPE.
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tests/unit/needs_descriptors.h"
#include "tests/unit/net/loopback.h"

namespace {

using namespace fiber_test;
using fiber::TcpListener;
using fiber::TcpStream;

// In a child process: descriptors run out while clients dial; once some are closed the loop
// goes on, as if nothing had happened.
void accept_with_few_descriptors(bool throwing) {
  const rlimit few{40, 40};
  setrlimit(RLIMIT_NOFILE, &few);
  fiber::run([throwing] {
    auto listener = TcpListener::listen("127.0.0.1:0");
    fiber::Channel<int> ran_out(100);
    fiber::go([&] {
      for (;;) {
        std::error_code error;
        TcpStream stream = throwing ? listener.accept() : listener.accept(error);
        if (error) {
          if (!fiber::is_temporary(error)) std::_Exit(3);
          ran_out.try_send(1);
          continue;
        }
        fiber::go([stream = std::move(stream)]() mutable {
          char byte;
          if (stream.read(&byte, 1) == 1) stream.write(&byte, 1);
          stream.read(&byte, 1);
        });
      }
    });
    const int reserve = dup(2);
    std::vector<TcpStream> clients;
    std::error_code error;
    const auto dial = [&] {
      auto client = TcpStream::dial(listener.local_address(), TcpStream::kNoDeadline, error);
      if (client) clients.push_back(std::move(client));
    };
    while (!error) dial();
    if (error != std::errc::too_many_files_open) std::_Exit(4);
    // One more: it takes the last number, or accept() does for one it could not take before.
    close(reserve);
    dial();
    if (throwing) {
      fiber::sleep_for(20ms);
    } else {
      ran_out.receive();
    }
    TcpStream last = std::move(clients.back());
    last.write("x");
    clients.clear();
    char byte;
    std::_Exit(last.read(&byte, 1) == 1 ? 0 : 5);  // the loop is still accepting
  });
}

TEST(Limits, AcceptLoopSurvivesRunningOutOfDescriptors) {
  SKIP_WHERE_CHECKS_NEED_DESCRIPTORS();
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(accept_with_few_descriptors(false), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(accept_with_few_descriptors(true), testing::ExitedWithCode(0), "");
}

// Connections may take the last descriptors before anybody has waited: the poller must have
// its own by then, or the first reads fail.
void wait_first_without_descriptors() {
  const rlimit few{32, 32};
  setrlimit(RLIMIT_NOFILE, &few);
  fiber::run([] {
    auto listener = TcpListener::listen("127.0.0.1:0");
    auto [stream, other] = fiber::UnixStream::pair();
    while (dup(2) >= 0) {
    }
    stream.set_deadline(1ms);
    std::error_code error;
    char byte;
    stream.read(&byte, 1, error);
    std::_Exit(error == fiber::NetError::kDeadlineExceeded ? 0 : 3);
  });
}

TEST(Limits, WhereAListenerIsNoWaitNeedsAnotherDescriptor) {
  SKIP_WHERE_CHECKS_NEED_DESCRIPTORS();
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(wait_first_without_descriptors(), testing::ExitedWithCode(0), "");
}

// A listener that pauses for want of descriptors still closes at once.
void close_while_accept_pauses() {
  const rlimit few{32, 32};
  setrlimit(RLIMIT_NOFILE, &few);
  fiber::run([] {
    auto listener = TcpListener::listen("127.0.0.1:0");
    std::vector<int> taken;
    auto client = TcpStream::dial(listener.local_address());
    for (int fd = 0; (fd = dup(2)) >= 0;) taken.push_back(fd);
    auto accepts = fiber::spawn([&] {
      for (std::error_code error;;) {
        listener.accept(error);
        if (!fiber::is_temporary(error)) return error;
      }
    });
    fiber::sleep_for(200ms);  // the pause is 160 ms by now
    const auto begin = std::chrono::steady_clock::now();
    listener.close();
    if (accepts.join() != fiber::NetError::kClosed) std::_Exit(3);
    if (std::chrono::steady_clock::now() - begin > 100ms) std::_Exit(4);
  });
  std::_Exit(0);
}

TEST(Limits, CloseEndsThePause) {
  SKIP_WHERE_CHECKS_NEED_DESCRIPTORS();
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(close_while_accept_pauses(), testing::ExitedWithCode(0), "");
}

// Each way to write to a connection that is gone; a signal would end the child.
void write_to_closed() {
  fiber::run([] {
    std::signal(SIGPIPE, SIG_DFL);
    std::FILE* file = std::tmpfile();
    std::fputs("contents", file);
    std::fflush(file);
    for (int how = 0; how < 3; ++how) {
      Connection c;
      c.server.close();
      std::error_code error;
      for (int i = 0; i < 1000 && !error; ++i) {
        if (how == 0) c.client.write("x", error);
        if (how == 1) c.client.writev({{"x", 1}}, error);
        if (how == 2) c.client.send_file(fileno(file), 0, 8, error);
        if (!error) fiber::sleep_for(100us);
      }
      if (error != std::errc::broken_pipe && error != std::errc::connection_reset) std::_Exit(3);
      c.client.write("x", error);
      if (error != std::errc::broken_pipe) std::_Exit(4);
      c.client.send_file(fileno(file), 0, 8, error);
      if (error != std::errc::broken_pipe) std::_Exit(5);
    }
    sigset_t pending;
    sigpending(&pending);
    if (sigismember(&pending, SIGPIPE) != 0) std::_Exit(6);
  });
  std::_Exit(0);
}

TEST(Limits, SigpipeNeverKills) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(write_to_closed(), testing::ExitedWithCode(0), "");
}

TEST(SendFile, SendsAPartOfAFile) {
  on_processors([] {
    Connection c;
    std::FILE* file = std::tmpfile();
    std::string contents;
    for (int i = 0; contents.size() < 3'000'000; ++i) contents += std::to_string(i) + ' ';
    ASSERT_EQ(std::fwrite(contents.data(), 1, contents.size(), file), contents.size());
    std::fflush(file);
    auto sender = fiber::spawn([&] {
      const size_t sent = c.client.send_file(fileno(file), 1000, 10 * contents.size());
      c.client.close_write();
      return sent;
    });
    std::string received(contents.size(), 0);
    received.resize(c.server.read_full(received.data(), received.size()));
    EXPECT_TRUE(received == contents.substr(1000));
    EXPECT_EQ(sender.join(), contents.size() - 1000);
    std::fclose(file);
  });
}

}  // namespace
