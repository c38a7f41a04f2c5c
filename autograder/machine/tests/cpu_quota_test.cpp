#include "machine/cpu_quota.hpp"

#include "fake_root.hpp"

namespace course::machine {
namespace {

class CpuQuota : public FakeRoot {
 protected:
  void mount_version_2(const std::string& group = "/") const {
    write("proc/self/mountinfo",
          "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n29 23 0:26 " + group +
              " /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw");
  }
  void mount_version_1(const std::string& group = "/") const {
    write("proc/self/mountinfo",
          "31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n33 25 0:30 " +
              group + " /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct");
  }
  void limit_version_1(const std::string& group, const std::string& quota) const {
    const std::string folder = "sys/fs/cgroup/cpu,cpuacct/" + group;
    write(folder + "/cpu.cfs_quota_us", quota);
    write(folder + "/cpu.cfs_period_us", "100000");
  }
};

TEST_F(CpuQuota, IsNoneWhereNothingCanBeRead) {
  EXPECT_EQ(cpu_quota(root_), std::nullopt);
}

TEST_F(CpuQuota, IsReadFromVersion2) {
  mount_version_2();
  write("proc/self/cgroup", "0::/user.slice/course.scope");
  write("sys/fs/cgroup/user.slice/course.scope/cpu.max", "250000 100000");
  EXPECT_EQ(cpu_quota(root_), 2.5);
}

TEST_F(CpuQuota, IsNoneWhereVersion2SaysMax) {
  mount_version_2();
  write("proc/self/cgroup", "0::/user.slice");
  write("sys/fs/cgroup/user.slice/cpu.max", "max 100000");
  EXPECT_EQ(cpu_quota(root_), std::nullopt);
}

TEST_F(CpuQuota, IsTheLeastOnTheWayUp) {
  mount_version_2();
  write("proc/self/cgroup", "0::/a/b/c");
  write("sys/fs/cgroup/a/cpu.max", "300000 100000");
  write("sys/fs/cgroup/a/b/cpu.max", "75000 50000");
  write("sys/fs/cgroup/a/b/c/cpu.max", "max 100000");
  write("sys/fs/cgroup/a/other/cpu.max", "10000 100000");
  EXPECT_EQ(cpu_quota(root_), 1.5);
}

// In a container with its own view of the groups the limit is at the mount point itself.
TEST_F(CpuQuota, IsFoundAtTheRootOfAContainer) {
  mount_version_2();
  write("proc/self/cgroup", "0::/");
  write("sys/fs/cgroup/cpu.max", "100000 100000");
  EXPECT_EQ(cpu_quota(root_), 1);
}

TEST_F(CpuQuota, IsFoundWhereOnlyTheContainersPartIsMounted) {
  mount_version_2("/docker/abc");
  write("proc/self/cgroup", "0::/docker/abc/inner");
  write("sys/fs/cgroup/cpu.max", "400000 100000");
  write("sys/fs/cgroup/inner/cpu.max", "200000 100000");
  EXPECT_EQ(cpu_quota(root_), 2);
  write("proc/self/cgroup", "0::/../elsewhere");
  EXPECT_EQ(cpu_quota(root_), 4);
}

TEST_F(CpuQuota, IsReadFromVersion1) {
  mount_version_1();
  write("proc/self/cgroup", "5:memory:/m\n4:cpu,cpuacct:/a/b\n0::/ignored");
  limit_version_1("a", "150000");
  limit_version_1("a/b", "-1");
  EXPECT_EQ(cpu_quota(root_), 1.5);
}

TEST_F(CpuQuota, IsReadFromVersion1InAContainer) {
  mount_version_1("/docker/abc");
  write("proc/self/cgroup", "4:cpu,cpuacct:/docker/abc");
  limit_version_1(".", "50000");
  EXPECT_EQ(cpu_quota(root_), 0.5);
}

TEST_F(CpuQuota, OfAnotherControllerDoesNotCount) {
  mount_version_1();
  write("proc/self/cgroup", "4:cpuset:/a");
  limit_version_1("a", "50000");
  EXPECT_EQ(cpu_quota(root_), std::nullopt);
}

}  // namespace
}  // namespace course::machine
