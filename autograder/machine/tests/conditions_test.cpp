#include "machine/conditions.hpp"

#include "fake_root.hpp"

namespace course::machine {
namespace {

class Conditions : public FakeRoot {
 protected:
  // The only condition this machine reports.
  Condition only() const {
    const auto found = conditions(root_);
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? Condition{} : found.front();
  }
};

TEST_F(Conditions, AreNoneWhereNothingCanBeRead) {
  EXPECT_TRUE(conditions(root_).empty());
}

TEST_F(Conditions, SeeALaptopOnBattery) {
  write("sys/class/power_supply/BAT0/type", "Battery");
  write("sys/class/power_supply/BAT0/status", "Full");
  write("sys/class/power_supply/AC/type", "Mains");
  write("sys/class/power_supply/AC/online", "1");
  EXPECT_EQ(only().value, "mains");
  EXPECT_EQ(only().advice, "");
  write("sys/class/power_supply/BAT0/status", "Discharging");
  EXPECT_EQ(only().value, "battery");
  EXPECT_NE(only().advice, "");
}

TEST_F(Conditions, SeeTheGovernor) {
  write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance");
  EXPECT_EQ(only().value, "performance");
  EXPECT_EQ(only().advice, "");
  write("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave");
  EXPECT_EQ(only().value, "performance, powersave");
  EXPECT_NE(only().advice, "");
}

TEST_F(Conditions, SeeStolenTime) {
  write("proc/stat", "cpu  40 0 10 40 0 0 0 10 0 0\ncpu0 1 2 3");
  EXPECT_EQ(only().name, "steal");
  EXPECT_EQ(only().value, "10.0 %");
  EXPECT_NE(only().advice, "");
}

TEST_F(Conditions, SeePressure) {
  write("proc/pressure/cpu", "some avg10=42.50 avg60=1.00 avg300=0.10 total=1");
  EXPECT_EQ(only().value, "42.5 %");
  EXPECT_NE(only().advice, "");
}

TEST_F(Conditions, SeeTheQuota) {
  write("proc/self/mountinfo", "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw");
  write("proc/self/cgroup", "0::/");
  write("sys/fs/cgroup/cpu.max", "150000 100000");
  EXPECT_EQ(only().value, "1.50 cores");
}

TEST(TimerNoise, IsSaidInNumbers) {
  const Condition noise = timer_noise();
  EXPECT_EQ(noise.name, "timer noise");
  EXPECT_NE(noise.value.find("ms late"), std::string::npos) << noise.value;
}

}  // namespace
}  // namespace course::machine
