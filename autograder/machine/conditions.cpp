#include "machine/conditions.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <system_error>
#include <thread>

#include "machine/cpu_quota.hpp"

namespace course::machine {
namespace {

namespace fs = std::filesystem;

std::string first_word(const fs::path& file) {
  std::string word;
  std::ifstream(file) >> word;
  return word;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none))
    found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<Condition> power(const fs::path& root) {
  bool known = false;
  bool on_battery = false;
  for (const fs::path& supply : entries(root / "sys/class/power_supply")) {
    const std::string type = first_word(supply / "type");
    const std::string online = first_word(supply / "online");
    known = known || type == "Mains" || type == "Battery";
    if (type == "Battery" && first_word(supply / "status") == "Discharging")
      on_battery = true;
    if (type == "Mains" && online == "0") on_battery = true;
  }
  if (!known) return std::nullopt;
  if (!on_battery) return Condition{"power", "mains", ""};
  return Condition{"power", "battery", "plug it in: on battery the speed varies"};
}

std::optional<Condition> governor(const fs::path& root) {
  std::set<std::string> governors;
  for (const fs::path& cpu : entries(root / "sys/devices/system/cpu")) {
    const std::string name = first_word(cpu / "cpufreq/scaling_governor");
    if (!name.empty()) governors.insert(name);
  }
  if (governors.empty()) return std::nullopt;
  Condition condition{"governor", "", ""};
  for (const std::string& name : governors) {
    condition.value += (condition.value.empty() ? "" : ", ") + name;
  }
  if (governors.contains("powersave") || governors.contains("conservative")) {
    condition.advice = "cpupower frequency-set -g performance keeps the speed steady";
  }
  return condition;
}

// "cpu user nice system idle iowait irq softirq steal …", in ticks since the machine started.
std::optional<Condition> stolen_time(const fs::path& root) {
  std::ifstream file(root / "proc/stat");
  std::string name;
  std::vector<double> ticks(8);
  file >> name;
  for (double& tick : ticks) file >> tick;
  if (!file || name != "cpu") return std::nullopt;
  double all = 0;
  for (const double tick : ticks) all += tick;
  const double share = all > 0 ? ticks[7] / all : 0;
  Condition condition{"steal", percent(share), ""};
  if (share > 0.01) condition.advice = "other virtual machines take time from this one";
  return condition;
}

// "some avg10=1.53 avg60=0.42 …": percent of the last 10 s in which a thread waited for a core.
std::optional<Condition> pressure(const fs::path& root) {
  std::ifstream file(root / "proc/pressure/cpu");
  std::string some;
  std::string average;
  if (!(file >> some >> average) || !average.starts_with("avg10=")) return std::nullopt;
  double value = 0;
  std::istringstream(average.substr(6)) >> value;
  Condition condition{"pressure", percent(value / 100), ""};
  if (value > 5) condition.advice = "close what else is running: threads wait for a core";
  return condition;
}

std::optional<Condition> quota(const fs::path& root) {
  const auto cores = cpu_quota(root);
  if (!cores) return std::nullopt;
  char text[32];
  std::snprintf(text, sizeof text, "%.2f cores", *cores);
  return Condition{"quota", text,
                   "measurements stall when the group has used up its time"};
}

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double late_wake_up() {
  double worst = 0;
  for (int i = 0; i < 30; ++i) {
    const auto start = Clock::now();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    worst = std::max(worst, milliseconds_since(start) - 1);
  }
  return worst;
}

double piece_of_work() {
  const auto start = Clock::now();
  volatile std::uint64_t value = 1;
  for (int i = 0; i < 200'000; ++i) value = value * 6364136223846793005 + 1;
  return milliseconds_since(start);
}

}  // namespace

std::vector<Condition> conditions(const fs::path& root) {
  std::vector<Condition> found;
  for (const auto read : {power, governor, stolen_time, pressure, quota}) {
    if (auto condition = read(root)) found.push_back(std::move(*condition));
  }
  return found;
}

Condition timer_noise() {
  std::vector<double> pieces(100);
  for (double& piece : pieces) piece = piece_of_work();
  std::sort(pieces.begin(), pieces.end());
  const double spread = pieces.back() / pieces.front();
  const double late = late_wake_up();
  char text[96];
  std::snprintf(text, sizeof text,
                "wakes up to %.1f ms late, equal work takes up to %.1f times", late,
                spread);
  Condition condition{"timer noise", text, ""};
  if (late > 5 || spread > 3) condition.advice = "close what else is running";
  return condition;
}

}  // namespace course::machine
