// How much processor time the control groups grant this process.
//
//   /proc/self/cgroup      the group's path, in version 1, version 2 or both
//   /proc/self/mountinfo   where the hierarchy is mounted, and from which of its groups on
//   cpu.max                version 2: "50000 100000", or "max 100000" for no limit
//   cpu.cfs_quota_us …     version 1: -1 for no limit
//
// A limit binds every group below it, so all groups up to the mounted root are read, and the
// least counts.
#pragma once

#include <filesystem>
#include <optional>

namespace course::machine {

// The cores' worth of time that may be used, 0.5 for half of one; none if nothing limits it.
// `root` stands before every path, for tests. An unreadable limit counts as none.
[[nodiscard]] std::optional<double> cpu_quota(const std::filesystem::path& root = "/");

}  // namespace course::machine
