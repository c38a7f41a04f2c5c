#!/bin/sh
# The keeper's tests where the system allows no pid namespace: without_namespaces_test.sh TEST
set -eu

if ! unshare --map-root-user true 2>/dev/null; then
  echo "skipped: this machine does not let a user forbid namespaces"
  exit 0
fi
exec unshare --map-root-user sh -ec '
  echo 0 >/proc/sys/user/max_pid_namespaces
  ! unshare --pid --fork true 2>/dev/null
  exec "$0" --gtest_filter="Keeper.*:Signals/Kill.*"' "$1"
