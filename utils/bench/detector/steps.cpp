// How many instructions a program executes between two of its breakpoints, function by function:
// counted one by one, so that the figure is the same on a busy machine and where the system has no
// counters.
//
// Usage:    steps DIVISOR PROGRAM [argument...]
// Output:   instructions and calls of each function, divided; the program is then killed.
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace {

struct Symbol {
  unsigned long address;
  std::string name;
};
struct Count {
  long steps = 0;
  long calls = 0;
};

constexpr long kOffsetOfRip = 16 * 8;
constexpr unsigned char kBreakpoint = 0xcc;

// The thread that hits the first breakpoint; the others go on.
pid_t run_to_breakpoint(pid_t leader) {
  for (int status;;) {
    const pid_t thread = waitpid(-1, &status, __WALL);
    const bool ended = WIFEXITED(status) || WIFSIGNALED(status);
    if (thread < 0 || (thread == leader && ended)) return 0;
    if (!WIFSTOPPED(status)) continue;
    const int signal = WSTOPSIG(status);
    if (signal == SIGTRAP && status >> 16 == 0) return thread;
    ptrace(PTRACE_CONT, thread, 0, signal == SIGTRAP || signal == SIGSTOP ? 0 : signal);
  }
}

std::vector<Symbol> symbols_of(const std::string& file) {
  std::vector<Symbol> symbols;
  FILE* const lines = popen(("nm -C '" + file + "' | grep -i ' [tw] '").c_str(), "r");
  char* line = nullptr;
  size_t size = 0;
  while (getline(&line, &size, lines) > 0) {
    line[strcspn(line, "\n")] = 0;
    const char* const name = strchr(line, ' ');
    if (name != nullptr && strlen(name) > 3)
      symbols.push_back({strtoul(line, nullptr, 16), name + 3});
  }
  pclose(lines);
  std::sort(symbols.begin(), symbols.end(),
            [](const Symbol& a, const Symbol& b) { return a.address < b.address; });
  return symbols;
}

unsigned long base_of(const std::string& file, pid_t process) {
  FILE* const maps = fopen(("/proc/" + std::to_string(process) + "/maps").c_str(), "r");
  char line[PATH_MAX + 128];
  unsigned long base = 0;
  while (base == 0 && fgets(line, sizeof line, maps) != nullptr)
    if (strstr(line, file.c_str()) != nullptr) base = strtoul(line, nullptr, 16);
  fclose(maps);
  return base;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return fprintf(stderr, "usage: steps DIVISOR PROGRAM [argument...]\n"), 2;
  const double divisor = atof(arguments[1]);
  const pid_t leader = fork();
  if (leader == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execv(arguments[2], arguments + 2);
    _exit(127);
  }
  waitpid(leader, nullptr, 0);
  ptrace(PTRACE_SETOPTIONS, leader, 0, PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL);
  ptrace(PTRACE_CONT, leader, 0, 0);
  const pid_t thread = run_to_breakpoint(leader);
  if (thread == 0) return fprintf(stderr, "steps: no breakpoint was met\n"), 1;

  const std::string file = realpath(arguments[2], nullptr);
  const std::vector<Symbol> symbols = symbols_of(file);
  const unsigned long base = base_of(file, leader);
  std::map<std::string, Count> counts;
  long total = 0;
  for (int status = 0, signal = 0;;) {
    ptrace(PTRACE_SINGLESTEP, thread, 0, signal);
    waitpid(thread, &status, __WALL);
    if (!WIFSTOPPED(status)) break;
    signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    const unsigned long pc = ptrace(PTRACE_PEEKUSER, thread, kOffsetOfRip, 0);
    if ((ptrace(PTRACE_PEEKTEXT, thread, pc, 0) & 0xff) == kBreakpoint) break;
    ++total;
    const auto next = std::upper_bound(
        symbols.begin(), symbols.end(), pc - base,
        [](unsigned long address, const Symbol& symbol) { return address < symbol.address; });
    const bool is_known = next != symbols.begin() && next != symbols.end();
    Count& here = counts[is_known ? std::prev(next)->name : "(elsewhere)"];
    ++here.steps;
    if (is_known && std::prev(next)->address == pc - base) ++here.calls;
  }
  std::vector<std::pair<std::string, Count>> sorted(counts.begin(), counts.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.second.steps > b.second.steps; });
  printf("%8.1f total\n", static_cast<double>(total) / divisor);
  for (const auto& [name, of] : sorted)
    printf("%8.1f %6.2f %.100s\n", static_cast<double>(of.steps) / divisor,
           static_cast<double>(of.calls) / divisor, name.c_str());
  kill(leader, SIGKILL);
}
