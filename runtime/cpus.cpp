#include "runtime/cpus.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <utility>

namespace fiber::internal {
namespace {

// Files of /proc and of control groups; empty when it cannot be read.
std::string read_file(const std::string& path) {
  std::string text;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(file, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer, static_cast<size_t>(got));
  }
  close(file);
  return text;
}

// Takes what stands before the separator off the front, and the separator.
std::string_view next_field(std::string_view& rest, char separator) {
  const size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return field;
}

bool has_option(std::string_view options, std::string_view wanted) {
  while (!options.empty()) {
    if (next_field(options, ',') == wanted) return true;
  }
  return false;
}

std::optional<double> number(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return static_cast<double>(value);
}

// "max" and -1, which stand for no limit, are no positive numbers.
std::optional<double> ratio(std::optional<double> quota, std::optional<double> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return *quota / *period;
}

void take_smaller(std::optional<double>& limit, std::optional<double> other) {
  if (other && (!limit || *other < *limit)) limit = other;
}

// proc(5): blanks and backslashes in a mount's paths are written as octal numbers.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 1] + 3, value, 8).ptr == &text[i + 1] + 3) {
      plain += static_cast<char>(value);
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// The group's path below the mounted one; none when it lies elsewhere, as it does when the group
// is outside of our control group namespace ("/../..").
std::optional<std::string> path_below(std::string_view group, std::string_view mounted) {
  if (group.empty() || group.front() != '/') return std::nullopt;
  if (group.find("/..") != std::string_view::npos) return std::nullopt;
  if (mounted != "/") {
    if (group.substr(0, mounted.size()) != mounted) return std::nullopt;
    group.remove_prefix(mounted.size());
    if (!group.empty() && group.front() != '/') return std::nullopt;
  }
  return std::string(group == "/" ? "" : group);
}

// 0 when it cannot be asked, as when the thread has ended.
uint32_t cpus_in_mask(pid_t thread) {
  for (size_t cpus = CPU_SETSIZE; cpus <= (size_t{1} << 16); cpus *= 2) {
    cpu_set_t* set = CPU_ALLOC(cpus);
    if (set == nullptr) break;
    const size_t size = CPU_ALLOC_SIZE(cpus);
    const bool got = sched_getaffinity(thread, size, set) == 0;
    const bool too_small = !got && errno == EINVAL;
    const int count = got ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (count > 0) return static_cast<uint32_t>(count);
    if (!too_small) break;
  }
  return 0;
}

const CpuQuota& machine_quota() {
  static const CpuQuota& quota = *new CpuQuota("");  // the monitor may outlive static objects
  return quota;
}

uint32_t online_cpus() {
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? static_cast<uint32_t>(online) : 1;
}

// Relaxed: hints of a value that the system may change at any time.
constinit std::atomic<uint32_t> last_answer{0};
constinit std::atomic<pid_t> last_asker{0};

}  // namespace

CpuQuota::CpuQuota(std::string root) : root_(std::move(root)) {
  const std::string text = read_file(root_ + "/proc/self/mountinfo");
  std::string_view rest = text;
  while (!rest.empty()) add_mount(next_field(rest, '\n'));
}

// proc(5): "36 35 98:0 /group /mount/point rw,noatime shared:1 - cgroup cgroup rw,cpu,cpuacct"
void CpuQuota::add_mount(std::string_view line) {
  const size_t dash = line.find(" - ");
  if (dash == std::string_view::npos) return;
  std::string_view system = line.substr(dash + 3);
  const std::string_view type = next_field(system, ' ');
  if (type != "cgroup" && type != "cgroup2") return;
  next_field(system, ' ');  // the source
  if (type == "cgroup" && !has_option(system, "cpu")) return;
  for (int skipped = 0; skipped < 3; ++skipped) next_field(line, ' ');
  std::string group = unescaped(next_field(line, ' '));
  std::string point = unescaped(next_field(line, ' '));
  mounts_.push_back({type == "cgroup2", std::move(group), std::move(point)});
}

// "4:cpu,cpuacct:/group" of version 1, "0::/group" of version 2.
std::optional<double> CpuQuota::read() const {
  std::optional<double> limit;
  if (mounts_.empty()) return limit;
  const std::string text = read_file(root_ + "/proc/self/cgroup");
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view group = next_field(rest, '\n');
    const std::string_view hierarchy = next_field(group, ':');
    const std::string_view controllers = next_field(group, ':');
    const bool unified = hierarchy == "0" && controllers.empty();
    if (!unified && !has_option(controllers, "cpu")) continue;
    for (const Mount& mount : mounts_) {
      if (mount.unified == unified) take_smaller(limit, limit_of(mount, group));
    }
  }
  return limit;
}

std::optional<double> CpuQuota::limit_of(const Mount& mount, std::string_view group) const {
  std::optional<double> limit;
  std::optional<std::string> path = path_below(group, mount.group);
  if (!path) return limit;
  for (;;) {
    take_smaller(limit, limit_in(mount.unified, root_ + mount.point + *path));
    if (path->empty()) return limit;
    path->resize(std::min(path->rfind('/'), path->size()));
  }
}

std::optional<double> CpuQuota::limit_in(bool unified, const std::string& folder) const {
  if (!unified) {
    return ratio(number(read_file(folder + "/cpu.cfs_quota_us")),
                 number(read_file(folder + "/cpu.cfs_period_us")));
  }
  const std::string text = read_file(folder + "/cpu.max");
  std::string_view rest = text;
  const std::string_view quota = next_field(rest, ' ');
  return ratio(number(quota), number(rest));
}

uint32_t cpus_within(uint32_t mask, std::optional<double> quota) {
  if (!quota || *quota >= mask) return mask;
  return std::min(mask, std::max(2U, static_cast<uint32_t>(std::ceil(*quota))));
}

uint32_t usable_cpus() {
  const pid_t asker = gettid();
  const uint32_t mask = cpus_in_mask(asker);
  const uint32_t answer = cpus_within(mask != 0 ? mask : online_cpus(), machine_quota().read());
  last_asker.store(asker, std::memory_order_relaxed);
  last_answer.store(answer, std::memory_order_relaxed);
  return answer;
}

uint32_t cpu_limit() { return last_answer.load(std::memory_order_relaxed); }

bool cpu_limit_changed() {
  const uint32_t mask = cpus_in_mask(last_asker.load(std::memory_order_relaxed));
  if (mask == 0) return false;
  const uint32_t answer = cpus_within(mask, machine_quota().read());
  return last_answer.exchange(answer, std::memory_order_relaxed) != answer;
}

}  // namespace fiber::internal
