#include "machine/usable_cores.hpp"

#include <sched.h>

#include <thread>

#include "fake_root.hpp"

namespace course::machine {
namespace {

using Cores = std::vector<unsigned>;

class UsableCores : public FakeRoot {
 protected:
  void quota(const std::string& text) const {
    write("proc/self/mountinfo", "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw");
    write("proc/self/cgroup", "0::/");
    write("sys/fs/cgroup/cpu.max", text);
  }
  void siblings(unsigned core, const std::string& list) const {
    write(
        "sys/devices/system/cpu/cpu" + std::to_string(core) + "/topology/core_cpus_list",
        list);
  }
  void four_cores_of_two_threads() const {
    for (unsigned core = 0; core < 8; ++core) {
      const unsigned first = core % 4;
      siblings(core, std::to_string(first) + "," + std::to_string(first + 4));
    }
  }

  const Cores eight_ = {0, 1, 2, 3, 4, 5, 6, 7};
};

TEST_F(UsableCores, AreTheMaskWithoutAQuota) {
  EXPECT_EQ(usable_cores(eight_, root_), 8U);
  EXPECT_EQ(gate_cores(eight_, root_), eight_);
}

TEST_F(UsableCores, AreRoundedDownToTheQuota) {
  quota("290000 100000");
  EXPECT_EQ(usable_cores(eight_, root_), 2U);
  EXPECT_EQ(usable_cores({3}, root_), 1U);
}

TEST_F(UsableCores, AreAtLeastOne) {
  quota("20000 100000");
  EXPECT_EQ(usable_cores(eight_, root_), 1U);
  EXPECT_EQ(gate_cores(eight_, root_), Cores{0});
}

TEST_F(UsableCores, ForGatesAreOneThreadOfEachCore) {
  four_cores_of_two_threads();
  EXPECT_EQ(usable_cores(eight_, root_), 8U);
  EXPECT_EQ(gate_cores(eight_, root_), (Cores{0, 1, 2, 3}));
  EXPECT_EQ(gate_cores({2, 5, 6}, root_), (Cores{2, 5}));
}

TEST_F(UsableCores, ForGatesStayWithinTheQuotaToo) {
  four_cores_of_two_threads();
  quota("250000 100000");
  EXPECT_EQ(gate_cores(eight_, root_), (Cores{0, 1}));
}

TEST_F(UsableCores, AreReadFromAnOldKernel) {
  write("sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0-1");
  write("sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "0-1");
  EXPECT_EQ(gate_cores({0, 1}, root_), Cores{0});
}

TEST(UsableCoresHere, FollowTheAffinityMask) {
  std::thread([] {
    const unsigned last = allowed_cores().back();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(allowed_cores(), Cores{last});
    EXPECT_EQ(usable_cores(), 1U);
  }).join();
}

}  // namespace
}  // namespace course::machine
