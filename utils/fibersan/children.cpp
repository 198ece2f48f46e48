#include "utils/fibersan/children.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "utils/fibersan/command.h"

extern char** environ;

namespace fibersan::command {
namespace {

volatile std::sig_atomic_t interrupt = 0;

void on_interrupt(int) { interrupt = 1; }

// VARIABLE=<what is there>:<more>.
std::string extended(const char* variable, const std::string& more) {
  const char* const old = getenv(variable);
  std::string text = std::string(variable) + "=";
  if (old != nullptr && *old != '\0') text += std::string(old) + ":";
  return text + more;
}

std::vector<std::string> environment_of(uint64_t seed, const std::string& prefix) {
  std::vector<std::string> entries = {
      extended("FIBER_OPTIONS", "seed=" + std::to_string(seed)),
      extended("FIBERSAN_OPTIONS", "format=json:log_path=\"" + prefix + "\"")};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with("FIBER_OPTIONS=") && !text.starts_with("FIBERSAN_OPTIONS="))
      entries.emplace_back(text);
  }
  return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string how_it_ended(int status, bool timed_out) {
  if (timed_out) return "took too long and was killed (--timeout)";
  if (WIFSIGNALED(status))
    return "was killed by signal " + std::to_string(WTERMSIG(status)) + ", " +
           strsignal(WTERMSIG(status));
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Children::Children(std::vector<std::string> command, unsigned seconds)
    : command_(std::move(command)), limit_(seconds) {
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

Children::~Children() {
  kill_all();
  while (!running_.empty()) wait_for_one();
}

void Children::start(uint64_t seed, const std::string& prefix) {
  std::vector<std::string> environment = environment_of(seed, prefix);
  const std::vector<char*> arguments = pointers_to(command_);
  const std::vector<char*> entries = pointers_to(environment);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, (prefix + ".out").c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0666);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A group of its own, so that its children are killed with it.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, command_.front().c_str(), &files, &attributes,
                                 arguments.data(), entries.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0)
    throw Unusable("cannot run '" + command_.front() + "': " + strerror(error) +
                   "; is the path right, and may it be executed?");
  running_.push_back({pid, seed, Clock::now()});
}

void Children::kill_all() {
  for (const Running& child : running_) kill(-child.pid, SIGKILL);
}

void Children::kill_overdue() {
  if (limit_.count() == 0) return;
  for (Running& child : running_) {
    if (child.timed_out || Clock::now() - child.started < limit_) continue;
    child.timed_out = true;
    kill(-child.pid, SIGKILL);
  }
}

FinishedChild Children::wait_for_one() {
  for (;;) {
    for (auto child = running_.begin(); child != running_.end(); ++child) {
      int status = 0;
      if (waitpid(child->pid, &status, WNOHANG) != child->pid) continue;
      const FinishedChild finished = {child->seed, WIFEXITED(status) && WEXITSTATUS(status) == 0,
                                      how_it_ended(status, child->timed_out)};
      running_.erase(child);
      return finished;
    }
    if (interrupted()) kill_all();
    kill_overdue();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

bool Children::interrupted() const { return interrupt != 0; }

}  // namespace fibersan::command
