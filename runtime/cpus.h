// cpus.h: how many processors this process may use.
//
// Input:    the CPU mask of a thread; the CPU bandwidth limits of the control groups, version 1
//           (cpu.cfs_quota_us, cpu.cfs_period_us), version 2 (cpu.max) or both, of the process's
//           own group and of every ancestor up to the mount.
// Output:   min(CPUs in the mask, limit), where the limit is the smallest quota divided by its
//           period, rounded up and at least 2, as Go 1.25 does it: with one processor a garbage
//           collector, and here a fiber that does not yield, would stop everything else. Unlike
//           Go, which reads the own group only, all ancestors count, since the kernel charges all.
// Cost:     two system calls for the mask, and for the groups about three for each level and
//           file: 20 to 100 us; nothing is kept open, so a program may close every descriptor.
// Threads:  any.
// Not here: FIBER_OPTIONS=procs and Options::procs, which come first: see options.h.
#ifndef FIBERSAN_RUNTIME_CPUS_H
#define FIBERSAN_RUNTIME_CPUS_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiber::internal {

// CPUs' worth of time that control groups leave to this process.
class CpuQuota {
 public:
  // What `root` holds in the place of "/": empty in production, a made-up tree in tests. Reads
  // the mounts, which stay as they are; read() looks up the process's group again each time.
  explicit CpuQuota(std::string root);

  // None when no group limits it, or no group can be read.
  std::optional<double> read() const;

 private:
  struct Mount {
    bool unified;       // version 2
    std::string group;  // the group that is mounted
    std::string point;
  };

  void add_mount(std::string_view line);
  std::optional<double> limit_of(const Mount& mount, std::string_view group) const;
  std::optional<double> limit_in(bool unified, const std::string& folder) const;

  std::string root_;
  std::vector<Mount> mounts_;
};

// The rule above. `mask` is at least 1.
uint32_t cpus_within(uint32_t mask, std::optional<double> quota);

// For the calling thread, now; at least 1.
uint32_t usable_cpus();

// Has the answer changed since usable_cpus() or this function gave it last? The mask asked for is
// that of the thread that called usable_cpus() last, wherever this is called; once that thread
// has ended the answer stays.
bool cpu_limit_changed();
// The answer that one of the two came to last.
uint32_t cpu_limit();

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_CPUS_H
