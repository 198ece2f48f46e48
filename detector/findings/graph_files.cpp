#include "detector/findings/graph_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "detector/process/options.h"
#include "detector/report/wait_graph.h"

namespace fibersan {
namespace {

bool write_all(int file, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    done += static_cast<size_t>(count);
  }
  return true;
}

void write_file(const std::string& name, const std::string& text) {
  const int file = open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = file >= 0 && write_all(file, text);
  const int why = errno;
  if (file >= 0) close(file);
  if (!written) fprintf(stderr, "FiberSan: cannot write %s: %s\n", name.c_str(), strerror(why));
}

bool is_deadlock(fsan_finding_kind kind) {
  return kind == FSAN_FINDING_GLOBAL_DEADLOCK || kind == FSAN_FINDING_PARTIAL_DEADLOCK ||
         kind == FSAN_FINDING_LOCK_ORDER || kind == FSAN_FINDING_FIBER_LEAK;
}

}  // namespace

void write_graph_files(fsan_finding_kind kind, const Report& report, const std::string& text) {
  if (options.deadlock_graph[0] == '\0' || !is_deadlock(kind)) return;
  const WaitGraph graph = wait_graph_of(report);
  if (graph.nodes.empty()) return;
  static unsigned number = 0;
  const std::string name = std::string(options.deadlock_graph) + "." + std::to_string(report.pid) +
                           "." + std::to_string(++number);
  write_file(name + ".dot", render_dot(graph));
  write_file(name + ".html", render_page(graph, "FiberSan: " + report.kind, text));
}

}  // namespace fibersan
