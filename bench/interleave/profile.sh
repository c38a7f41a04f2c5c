#!/bin/sh
# Where the explorer's time goes: bench/interleave/profile.sh
#
# Samples three threads that add under pct3, the case of the bar, and writes profile.txt
# beside this script, which the explorer's README quotes. Needs perf, and the program that
# `autograder/course bench interleave` builds.
set -eu

here=$(dirname "$(readlink -f "$0")")
root=$(dirname "$(dirname "$here")")
program=$root/.build/bench/bench/interleave/interleave-schedules-bench
samples=$(mktemp)
trap 'rm -f "$samples"' EXIT

perf record --quiet -F 5000 -o "$samples" "$program" --benchmark_min_time=2 \
  --benchmark_filter='Under pct3.*/an addition and a sum under a lock/threads:3' >/dev/null 2>&1

perf report -i "$samples" --stdio --no-children --sort symbol 2>/dev/null |
  sed -n 's/^ *\([0-9.]*\)%  \[.\] \(.*\)/\1 \2/p' |
  sed 's/(anonymous namespace):\?:\?//g; s/(.*//; s/interleave:\?:\?//g; s/  *- *-\? *$//' |
  awk '
    { share = $1; $1 = ""; name = substr($0, 2); total[room(name)] += share
      if (shown < 14 && share >= 1) line[++shown] = sprintf("  %5.1f %%  %s", share, name) }
    BEGIN {
      memory = "MemoryModel|RaceDetector|Histories|SeqCstOrder|ShadowPages|SyncObjects|ClockRows"
      search = "Pct|SideChoices"
      runtime = "Engine|Scheduler|Tracer|Probe|ThreadList|Exploration|Arena|Spin|AddressMap" \
        "|__tsan|pthread_|malloc|free|mem|own_|interleave_|plain_access|update|load|store" \
        "|create|join|lock_mutex|unlock_mutex|allocate|release|switch_fiber|prepare_fiber" \
        "|reset_thread_locals|take_own|expect_alive|conclude|arrive|check_alive|obtain|took" \
        "|gave_back|hooked|Thread|Operation|operator|is_own|known_lock"
    }
    function room(name) {
      if (name ~ "^(" memory ")") return "memory/"
      if (name ~ "^(" search ")") return "search/"
      if (name ~ "^(" runtime ")") return "runtime/"
      return "the body, libraries, the kernel"
    }
    END {
      for (i = 1; i <= shown; ++i) print line[i]
      print ""
      n = split("memory/,runtime/,search/,the body%c libraries%c the kernel", rooms, ",")
      for (i = 1; i <= n; ++i) {
        gsub("%c", ",", rooms[i])
        printf "  %5.1f %%  in all: %s\n", total[rooms[i]], rooms[i]
      }
    }' >"$here/profile.body"
{
  echo "command   bench/interleave/profile.sh"
  echo "machine   $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores"
  echo "date      $(date +%Y-%m-%d)"
  echo
  cat "$here/profile.body"
} >"$here/profile.txt"
rm "$here/profile.body"
echo "wrote $here/profile.txt; next: autograder/course author weave"
