// Stats as Prometheus' text exposition format.
#include <charconv>
#include <string_view>

#include "fiber/debug.h"

namespace fiber {
namespace {

std::string number(double value) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof(text), value).ptr);
}

class Exposition {
 public:
  void metric(std::string_view name, std::string_view type, std::string_view help, uint64_t value) {
    header(name, type, help);
    line(name, "", std::to_string(value));
  }
  void histogram(const std::string& name, std::string_view help, const Histogram& histogram) {
    header(name, "histogram", help);
    uint64_t below = 0;
    for (size_t i = 0; i < Histogram::kBuckets; ++i) {
      below += histogram.counts[i];
      const bool last = i + 1 == Histogram::kBuckets;
      const double bound = static_cast<double>(Histogram::bound(i)) / 1e9;
      line(name + "_bucket", "{le=\"" + (last ? "+Inf" : number(bound)) + "\"}",
           std::to_string(below));
    }
    line(name + "_sum", "", number(static_cast<double>(histogram.sum_nanoseconds) / 1e9));
    line(name + "_count", "", std::to_string(below));
  }
  std::string text;

 private:
  void header(std::string_view name, std::string_view type, std::string_view help) {
    text.append("# HELP ").append(name).append(" ").append(help).append(".\n");
    text.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  }
  void line(std::string_view name, const std::string& labels, const std::string& value) {
    text.append(name).append(labels).append(" ").append(value).append("\n");
  }
};

}  // namespace

std::string stats_prometheus() {
  const Stats now = stats();
  Exposition out;
#define FIBER_COUNTER(id, member, metric_name, help) \
  out.metric("fiber_" #metric_name "_total", "counter", help, now.member);
#include "runtime/observe/counters.def"
#undef FIBER_COUNTER
  out.metric("fiber_live", "gauge", "Fibers created and not ended", now.fibers_live);
  out.metric("fiber_running", "gauge", "Fibers that a thread executes", now.fibers_running);
  out.metric("fiber_runnable", "gauge", "Fibers in run queues", now.fibers_runnable);
  out.metric("fiber_waiting", "gauge", "Fibers that wait", now.fibers_waiting);
  out.metric("fiber_stopped", "gauge", "Fibers that ended runs have left where they were",
             now.fibers_stopped);
  out.metric("fiber_processors", "gauge", "Fibers that can run at once", now.processors);
  out.metric("fiber_processors_idle", "gauge", "Processors without work", now.processors_idle);
  out.metric("fiber_threads", "gauge", "Threads that run fibers or wait to", now.threads);
  out.metric("fiber_threads_spinning", "gauge", "Threads that look for work", now.threads_spinning);
  out.metric("fiber_timers_armed", "gauge", "Timers that are armed", now.timers_armed);
  out.metric("fiber_stacks", "gauge", "Stacks in use or free", now.stacks);
  out.metric("fiber_stack_addresses_bytes", "gauge", "Address space of the stacks",
             now.stack_addresses_bytes);
  out.histogram("fiber_lifetime_seconds",
                "Time from creation to the end, of one fiber in 256 on average", now.lifetime);
  out.histogram("fiber_run_queue_delay_seconds",
                "Time from runnable to running, of one time in 256 on average",
                now.run_queue_delay);
  out.histogram("fiber_deadlock_pause_seconds",
                "Time for which all threads stood still for a deadlock check", now.deadlock_pause);
  return out.text;
}

void write_prometheus(std::FILE* file) {
  const std::string text = stats_prometheus();
  std::fwrite(text.data(), 1, text.size(), file);
}

}  // namespace fiber
