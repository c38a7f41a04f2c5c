#include "machine/cpu_quota.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

namespace course::machine {
namespace {

namespace fs = std::filesystem;
using Quota = std::optional<double>;

// A hierarchy of groups as it is mounted here.
struct Mount {
  fs::path group;  // which of its groups is at the mount point
  fs::path point;
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

bool has_cpu(const std::string& controllers) {
  const auto names = split(controllers, ',');
  return std::find(names.begin(), names.end(), "cpu") != names.end();
}

// The first mount of `type` whose options `suits`: "36 25 0:31 GROUP POINT … - TYPE
// SOURCE OPTIONS".
std::optional<Mount> find_mount(const fs::path& root, const std::string& type,
                                const std::function<bool(const std::string&)>& suits) {
  std::ifstream mounts(root / "proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const auto words = split(line, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 5 || words.end() - dash < 4) continue;
    if (*(dash + 1) == type && suits(*(dash + 3))) return Mount{words[3], words[4]};
  }
  return std::nullopt;
}

// The group of this process: "0::/PATH" in version 2, "4:cpu,cpuacct:/PATH" in version 1.
std::optional<fs::path> find_group(const fs::path& root,
                                   const std::function<bool(const std::string&)>& suits) {
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    if (suits(line.substr(first + 1, second - first - 1))) return line.substr(second + 1);
  }
  return std::nullopt;
}

Quota share(double quota, double period) {
  if (quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

Quota read_version_2(const fs::path& folder) {
  std::ifstream file(folder / "cpu.max");
  double quota = 0;
  double period = 0;
  if (!(file >> quota >> period)) return std::nullopt;  // "max" is no number
  return share(quota, period);
}

Quota read_version_1(const fs::path& folder) {
  double quota = 0;
  double period = 0;
  std::ifstream(folder / "cpu.cfs_quota_us") >> quota;
  std::ifstream(folder / "cpu.cfs_period_us") >> period;
  return share(quota, period);
}

Quota least(Quota one, Quota other) {
  if (!one) return other;
  return other ? std::min(*one, *other) : one;
}

// The least quota from the group of this process up to the mount point.
Quota least_up_from(const fs::path& root, const Mount& mount, const fs::path& group,
                    Quota (*read)(const fs::path&)) {
  const fs::path point = root / mount.point.relative_path();
  fs::path below = group.lexically_relative(mount.group);
  // A group that lies outside what is mounted (a container's own view): its root is ours.
  if (below.empty() || *below.begin() == "..") below = ".";
  Quota quota = read(point);
  fs::path folder = point;
  for (const fs::path& name : below) {
    folder /= name;
    quota = least(quota, read(folder));
  }
  return quota;
}

}  // namespace

Quota cpu_quota(const fs::path& root) {
  const auto any = [](const std::string&) { return true; };
  const auto unnamed = [](const std::string& controllers) { return controllers.empty(); };
  Quota quota;
  const auto unified = find_mount(root, "cgroup2", any);
  const auto unified_group = find_group(root, unnamed);
  if (unified && unified_group) {
    quota = least_up_from(root, *unified, *unified_group, read_version_2);
  }
  const auto legacy = find_mount(root, "cgroup", has_cpu);
  const auto legacy_group = find_group(root, has_cpu);
  if (legacy && legacy_group) {
    quota = least(quota, least_up_from(root, *legacy, *legacy_group, read_version_1));
  }
  return quota;
}

}  // namespace course::machine
