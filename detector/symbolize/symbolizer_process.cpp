#include "detector/symbolize/symbolizer_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "detector/history/mapping.h"

extern char** environ;

namespace fibersan {
namespace {

constexpr int kLowestDescriptor = 64;  // Y1
constexpr size_t kLongestAnswer = size_t{1} << 20;
constexpr size_t kChildStack = size_t{64} * 1024;

std::string search_path(const char* program) {
  const char* path = getenv("PATH");
  std::string folders = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  for (size_t begin = 0; begin <= folders.size();) {
    size_t end = std::min(folders.find(':', begin), folders.size());
    std::string candidate = folders.substr(begin, end - begin) + "/" + program;
    if (candidate[0] == '/' && access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return "";
}

bool is_variable(const char* entry, const char* name) {
  size_t length = strlen(name);
  return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

// The environment without what would change the child's behaviour (Y2).
std::vector<char*> child_environment() {
  std::vector<char*> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (is_variable(*entry, "LD_PRELOAD") || is_variable(*entry, "DEBUGINFOD_URLS") ||
        is_variable(*entry, "LLVM_SYMBOLIZER_OPTS")) {
      continue;
    }
    entries.push_back(*entry);
  }
  entries.push_back(nullptr);
  return entries;
}

struct ChildPlan {
  const char* path;
  char* const* arguments;
  char* const* environment;
  int socket;
  char* child_stack = nullptr;
  pid_t pid = -1;
  int error = 0;
};

// Runs in the child, on memory shared with the parent, which waits until exec.
int run_child(void* data) {
  auto& plan = *static_cast<ChildPlan*>(data);
  struct sigaction defaults = {};
  defaults.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &defaults, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (dup2(plan.socket, STDIN_FILENO) >= 0 && dup2(plan.socket, STDOUT_FILENO) >= 0 &&
      (nowhere < 0 || dup2(nowhere, STDERR_FILENO) >= 0)) {
    close_range(STDERR_FILENO + 1, ~0u, 0);
    execve(plan.path, plan.arguments, plan.environment);
  }
  plan.error = errno;
  _exit(127);
}

int run_parent_of_child(void* data) {
  auto& plan = *static_cast<ChildPlan*>(data);
  plan.pid = clone(run_child, plan.child_stack, CLONE_VM | CLONE_VFORK, data);
  if (plan.pid < 0) plan.error = errno;
  _exit(0);
}

// Two generations, both like vfork: the program would see a child of its own, by SIGCHLD and
// in wait(). The first one ends at once and has exit signal 0, which hides it from both; the
// second is an orphan then. (exec gives a process back its SIGCHLD, so one would not do.)
void spawn(ChildPlan& plan) {
  char* stacks = static_cast<char*>(try_map_memory(2 * kChildStack));
  if (stacks == nullptr) {
    plan.error = ENOMEM;
    return;
  }
  plan.child_stack = stacks + kChildStack;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  // No handler of the program may run in the children while they share our memory.
  pthread_sigmask(SIG_BLOCK, &all, &before);
  pid_t parent =
      clone(run_parent_of_child, stacks + 2 * kChildStack, CLONE_VM | CLONE_VFORK, &plan);
  if (parent < 0) plan.error = errno;
  if (parent > 0) waitpid(parent, nullptr, __WALL);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  unmap_memory(stacks, 2 * kChildStack);
}

int64_t now_ms() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

int raise_descriptor(int descriptor) {
  int raised = fcntl(descriptor, F_DUPFD_CLOEXEC, kLowestDescriptor);
  close(descriptor);
  return raised;
}

}  // namespace

std::string find_symbolizer(const std::string& external_symbolizer_path) {
  if (!external_symbolizer_path.empty()) return external_symbolizer_path;
  std::string path = search_path("llvm-symbolizer-19");
  if (!path.empty()) return path;
  const char* of_package = "/usr/lib/llvm-19/bin/llvm-symbolizer";
  if (access(of_package, X_OK) == 0) return of_package;
  return search_path("llvm-symbolizer");
}

bool SymbolizerProcess::start() {
  std::string path = find_symbolizer(path_);
  if (path.empty()) {
    failure_ = "not on PATH";
    return false;
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    failure_ = std::string("no socket for it: ") + strerror(errno);
    return false;
  }
  socket_ = raise_descriptor(ends[0]);
  int theirs = raise_descriptor(ends[1]);
  const char* arguments[] = {path.c_str(),      "--inlines",           "--demangle",
                             "--no-debuginfod", "--output-style=LLVM", nullptr};
  std::vector<char*> environment = child_environment();
  ChildPlan plan{path.c_str(), const_cast<char* const*>(arguments), environment.data(), theirs};
  spawn(plan);
  pid_ = plan.pid;
  close(theirs);
  was_started_ = pid_ > 0 && plan.error == 0;
  if (was_started_) return true;
  failure_ = "'" + path + "' cannot be run: " + strerror(plan.error);
  stop();
  return false;
}

// The end of its input ends it.
void SymbolizerProcess::stop() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
  pid_ = -1;
}

bool SymbolizerProcess::send_all(const std::string& text) {
  size_t sent = 0;
  while (sent < text.size()) {
    ssize_t n = send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

bool SymbolizerProcess::receive(std::string& text, int64_t deadline_ms) {
  const int64_t left = deadline_ms - now_ms();
  pollfd readable = {socket_, POLLIN, 0};
  const int ready = left <= 0 ? 0 : poll(&readable, 1, static_cast<int>(left));
  if (ready < 0) return errno == EINTR;
  if (ready == 0 || text.size() > kLongestAnswer) {
    kill(pid_, SIGKILL);  // it runs, so the number is still its own
    failure_ = ready == 0 ? "it gave no answer in " + std::to_string(timeout_ms_ / 1000) + " s"
                          : "its answer has no end";
    return false;
  }
  char buffer[4096];
  const ssize_t n = recv(socket_, buffer, sizeof buffer, 0);
  if (n < 0) return errno == EINTR;
  text.append(buffer, static_cast<size_t>(n));
  return n > 0;
}

std::optional<std::vector<std::string>> SymbolizerProcess::read_answer() {
  const int64_t deadline = now_ms() + timeout_ms_;
  std::string text;
  while (text.size() < 2 || text.compare(text.size() - 2, 2, "\n\n") != 0) {
    if (!receive(text, deadline)) return std::nullopt;
  }
  std::vector<std::string> lines;
  for (size_t begin = 0; begin + 1 < text.size();) {
    size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::optional<std::vector<std::string>> SymbolizerProcess::ask(const std::string& question) {
  while (failure_.empty()) {
    if (socket_ >= 0 || start()) {
      if (send_all(question + "\n")) {
        std::optional<std::vector<std::string>> answer = read_answer();
        if (answer) return answer;
      }
      stop();
      if (tried_again_ && failure_.empty())
        failure_ = "it ended in the middle of a question, twice";
      tried_again_ = true;
    }
  }
  return std::nullopt;
}

}  // namespace fibersan
