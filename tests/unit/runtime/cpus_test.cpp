// How many processors: the limits of control groups in made-up trees, the rule, the mask.
#include "runtime/cpus.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace fiber::internal {
namespace {

// A directory in the place of "/".
class Tree : public testing::Test {
 protected:
  Tree() {
    std::string name = testing::TempDir() + "cpus_XXXXXX";
    root_ = mkdtemp(name.data());
  }
  ~Tree() override { std::filesystem::remove_all(root_); }

  void file(const std::string& path, const std::string& text) {
    const std::filesystem::path full = root_ + path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << text;
  }
  void groups(const std::string& text) { file("/proc/self/cgroup", text); }
  void mounts(const std::string& text) {
    file("/proc/self/mountinfo",
         "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n" + text);
  }
  void quota_v1(const std::string& folder, const char* quota, const char* period = "100000\n") {
    file(folder + "/cpu.cfs_quota_us", quota);
    file(folder + "/cpu.cfs_period_us", period);
  }
  std::optional<double> limit() const { return CpuQuota(root_).read(); }

  std::string root_;
};

constexpr char kUnified[] =
    "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 master:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr char kVersion1[] =
    "31 22 0:27 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
    "32 22 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";
constexpr char kVersion1Groups[] =
    "9:cpuset:/\n5:cpu,cpuacct:/box/inner\n1:name=systemd:/elsewhere\n";

TEST_F(Tree, WithoutAnyFileThereIsNoLimit) { EXPECT_EQ(limit(), std::nullopt); }

TEST_F(Tree, WithoutMountsThereIsNoLimit) {
  groups("0::/app\n");
  mounts("");
  file("/sys/fs/cgroup/app/cpu.max", "150000 100000\n");
  EXPECT_EQ(limit(), std::nullopt);
}

TEST_F(Tree, Version2) {
  groups("0::/app\n");
  mounts(kUnified);
  file("/sys/fs/cgroup/app/cpu.max", "150000 100000\n");
  EXPECT_EQ(limit(), 1.5);
}

TEST_F(Tree, Version2WithoutLimitOrFile) {
  groups("0::/app\n");
  mounts(kUnified);
  EXPECT_EQ(limit(), std::nullopt);
  file("/sys/fs/cgroup/app/cpu.max", "max 100000\n");
  EXPECT_EQ(limit(), std::nullopt);
}

TEST_F(Tree, TheSmallestOfAllAncestorsCounts) {
  groups("0::/slice/app/worker\n");
  mounts(kUnified);
  file("/sys/fs/cgroup/slice/app/worker/cpu.max", "400000 100000\n");
  file("/sys/fs/cgroup/slice/app/cpu.max", "max 100000\n");
  file("/sys/fs/cgroup/slice/cpu.max", "50000 20000\n");
  EXPECT_EQ(limit(), 2.5);
  file("/sys/fs/cgroup/cpu.max", "100000 100000\n");  // a container's own root
  EXPECT_EQ(limit(), 1);
}

TEST_F(Tree, OtherGroupsDoNotCount) {
  groups("0::/app\n");
  mounts(kUnified);
  file("/sys/fs/cgroup/application/cpu.max", "100000 100000\n");
  file("/sys/fs/cgroup/app/child/cpu.max", "100000 100000\n");
  EXPECT_EQ(limit(), std::nullopt);
}

TEST_F(Tree, Version1) {
  groups(kVersion1Groups);
  mounts(kVersion1);
  quota_v1("/sys/fs/cgroup/cpu,cpuacct/box/inner", "-1\n");
  quota_v1("/sys/fs/cgroup/cpu,cpuacct/box", "300000\n");
  quota_v1("/sys/fs/cgroup/cpuset/box", "100000\n");  // not its hierarchy
  quota_v1("/sys/fs/cgroup/cpu,cpuacct/elsewhere", "100000\n");
  EXPECT_EQ(limit(), 3);
}

TEST_F(Tree, Version1WithoutLimit) {
  groups(kVersion1Groups);
  mounts(kVersion1);
  quota_v1("/sys/fs/cgroup/cpu,cpuacct/box/inner", "-1\n");
  EXPECT_EQ(limit(), std::nullopt);
  file("/sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us", "100000\n");  // no period
  EXPECT_EQ(limit(), std::nullopt);
}

TEST_F(Tree, HybridTakesTheLimitWhereTheControllerIs) {
  groups("5:cpu,cpuacct:/box\n0::/user\n");
  mounts(std::string(kVersion1) + "33 22 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  quota_v1("/sys/fs/cgroup/cpu,cpuacct/box", "250000\n");
  std::filesystem::create_directories(root_ + "/sys/fs/cgroup/unified/user");
  EXPECT_EQ(limit(), 2.5);
  file("/sys/fs/cgroup/unified/user/cpu.max", "100000 100000\n");
  EXPECT_EQ(limit(), 1);
}

// A container without a namespace of its own: the host's path in /proc, its group mounted.
TEST_F(Tree, AGroupMountedAsTheRoot) {
  groups("5:cpu,cpuacct:/docker/abc/sub\n");
  mounts("32 22 0:28 /docker/abc /sys/fs/cgroup/cpu rw,nosuid - cgroup cgroup rw,cpu,cpuacct\n");
  quota_v1("/sys/fs/cgroup/cpu", "200000\n");
  EXPECT_EQ(limit(), 2);
  quota_v1("/sys/fs/cgroup/cpu/sub", "120000\n");
  EXPECT_EQ(limit(), 1.2);
}

TEST_F(Tree, AMountThatDoesNotHoldOurGroupIsLeftAlone) {
  quota_v1("/sys/fs/cgroup/cpu", "100000\n");
  mounts("32 22 0:28 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
  groups("5:cpu:/docker/abcdef\n");
  EXPECT_EQ(limit(), std::nullopt);
  groups("5:cpu:/docker/../../other\n");
  EXPECT_EQ(limit(), std::nullopt);
  groups("5:cpu:\n");
  EXPECT_EQ(limit(), std::nullopt);
}

TEST_F(Tree, AMountPointWithBlanks) {
  groups("0::/app\n");
  mounts("30 22 0:26 / /run/c\\040group\\134 rw - cgroup2 none rw\n");
  file("/run/c group\\/app/cpu.max", "700000 100000\n");
  EXPECT_EQ(limit(), 7);
}

TEST_F(Tree, NonsenseIsNoLimit) {
  groups("0::/app\nnonsense\n\n:::\n");
  mounts(std::string("nonsense\n - \n - cgroup2\n") + kUnified);
  for (const char* text : {"", "\n", "abc 100000\n", "100000\n", "100000 0\n", "-5 100000\n",
                           "100000 abc\n", "99999999999999999999 100000\n"}) {
    file("/sys/fs/cgroup/app/cpu.max", text);
    EXPECT_EQ(limit(), std::nullopt) << text;
  }
}

TEST_F(Tree, AChangedLimitAndAChangedGroupAreSeen) {
  groups("0::/app\n");
  mounts(kUnified);
  file("/sys/fs/cgroup/app/cpu.max", "300000 100000\n");
  file("/sys/fs/cgroup/other/cpu.max", "500000 100000\n");
  const CpuQuota quota(root_);
  EXPECT_EQ(quota.read(), 3);
  file("/sys/fs/cgroup/app/cpu.max", "400000 100000\n");
  EXPECT_EQ(quota.read(), 4);
  groups("0::/other\n");
  EXPECT_EQ(quota.read(), 5);
}

TEST(Cpus, TheLimitIsRoundedUpAndAtLeastTwo) {
  EXPECT_EQ(cpus_within(8, std::nullopt), 8u);
  EXPECT_EQ(cpus_within(8, 100.0), 8u);
  EXPECT_EQ(cpus_within(8, 8.0), 8u);
  EXPECT_EQ(cpus_within(8, 3.0), 3u);
  EXPECT_EQ(cpus_within(8, 2.01), 3u);
  EXPECT_EQ(cpus_within(8, 0.1), 2u);
  EXPECT_EQ(cpus_within(1, 0.1), 1u);
  EXPECT_EQ(cpus_within(2, 1e18), 2u);
}

TEST(Cpus, FollowTheMaskOfTheThreadThatAsked) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  if (CPU_COUNT(&before) < 2) GTEST_SKIP() << "the tests may use one CPU only";
  std::thread([&before] {
    const uint32_t all = usable_cpus();
    EXPECT_FALSE(cpu_limit_changed());
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu) {
      if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
    }
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    std::thread([] { EXPECT_TRUE(cpu_limit_changed()); }).join();
    EXPECT_FALSE(cpu_limit_changed());
    EXPECT_EQ(usable_cpus(), 1u);
    ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
    EXPECT_TRUE(cpu_limit_changed());
    EXPECT_EQ(usable_cpus(), all);
  }).join();
  EXPECT_FALSE(cpu_limit_changed());  // who asked is gone
}

}  // namespace
}  // namespace fiber::internal
