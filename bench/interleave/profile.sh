#!/bin/sh
# Where the instructions of a schedule go: bench/interleave/profile.sh
#
# Counts those of three threads that add under pct3, the case of the bar, and writes profile.txt
# beside this script, which the explorer's README quotes. Callgrind counts them whatever else the
# machine does; it hides FSGSBASE, so `runtime/` exchanges thread-local variables here. Needs
# valgrind, and the program that `autograder/course bench interleave` builds.
set -eu

here=$(dirname "$(readlink -f "$0")")
root=$(dirname "$(dirname "$here")")
program=$root/.build/bench/bench/interleave/interleave-schedules-bench
few=1000 many=3000  # schedules: what only the start takes is in both counts
counts=$(mktemp -d)
trap 'rm -r "$counts"' EXIT

# counted NAME BODY: writes $counts/NAME.few and .many.
counted() {
  for schedules in $few $many; do
    INTERLEAVE_SCHEDULES=$schedules valgrind --tool=callgrind \
      --callgrind-out-file="$counts/$1.$schedules" "$program" --benchmark_min_time=0.000001 \
      --benchmark_filter="Under pct3, by.*/$2/threads:3" >"$counts/log" 2>&1 || {
      cat "$counts/log" >&2
      exit 1
    }
  done
}

a_schedule() {
  cat "$counts/$1.$few" "$counts/$1.$many" | sed -n 's/^summary: //p' |
    awk -v schedules=$((many - few)) '
      NR == 1 { start = $1 } NR == 2 { printf "%d", ($1 - start) / schedules }'
}

counted add "an addition and a sum under a lock"
counted nothing nothing

# Callgrind's format: a name stands behind its number once; the line behind `calls=COUNT` has what
# the callee took, all others what the function itself did.
awk -v few=$few -v many=$many -v nothing="$(a_schedule nothing)" '
  BEGIN {
    split("plain,atomic,choose,rest,body", groups, ",")
    title["plain"] = "plain accesses: whether the memory is alive, whether two race"
    title["atomic"] = "atomics, locks: what may be read, what they order"
    title["choose"] = "choosing the next thread, and noticing spins"
    title["rest"] = "threads, the heap, the trace, the end of a schedule"
    title["body"] = "the body and the libraries"
  }
  function group_of(name, object) {
    if (object !~ /libinterleave_runtime/) return "body"
    if (name ~ /^(plain_access|RaceDetector|ShadowPages)/ ||
        name ~ /^MemoryModel::(read|write|State::plain)/) return "plain"
    if (name ~ /^(MemoryModel|Histories|SeqCstOrder|SyncObjects|ClockRows|AddressMap<Lock>)/ ||
        name ~ /^(update|conclude|lock_mutex|unlock_mutex|obtain|took|gave_back|known_lock)/)
      return "atomic"
    if (name ~ /^(Scheduler|Pct|SideChoices|Spin|arrive)/) return "choose"
    return "rest"
  }
  FNR == 1 { weight = weight == "" ? -1 : 1 }
  /^c?ob=/ {
    number = $1; sub(/^c?ob=/, "", number); number = weight number
    if (NF > 1) objects[number] = $2
    if (/^ob=/) object = objects[number]
    next
  }
  /^c?fn=/ {
    number = $1; sub(/^c?fn=/, "", number); number = weight number
    if (NF > 1) {
      name = $0; sub(/^[^ ]* /, "", name); gsub(/interleave::|\(anonymous namespace\)::/, "", name)
      sub(/\x27[0-9]+$/, "", name); names[number] = name
    }
    if (/^cfn=/) { called = names[number]; next }
    short = names[number]; sub(/\(.*/, "", short)
    group = group_of(names[number], object)
    next
  }
  /^calls=/ {
    split($1, parts, "="); if (called ~ /^plain_access\(/) accesses += weight * parts[2]
    skip = 1; next
  }
  /^[-+*0-9]/ {
    if (skip) { skip = 0; next }
    own[short] += weight * $2; total[group] += weight * $2; all += weight * $2
  }
  END {
    schedules = many - few
    printf "Three threads that add: %d instructions a schedule\n", all / schedules
    printf "Three that do nothing:  %d\n", nothing
    printf "Plain accesses: %d a schedule, of %d instructions each\n\n",
           accesses / schedules, total["plain"] / accesses
    for (i = 1; i <= 5; ++i)
      printf "  %5.1f %%  %s\n", 100 * total[groups[i]] / all, title[groups[i]]
    print ""
    for (shown = 0; shown < 14; ++shown) {
      best = ""
      for (name in own) if (best == "" || own[name] > own[best]) best = name
      printf "  %5.1f %%  %s\n", 100 * own[best] / all, best
      delete own[best]
    }
  }' "$counts/add.$few" "$counts/add.$many" >"$counts/table"
{
  echo "command   bench/interleave/profile.sh"
  echo "machine   any, without FSGSBASE; compiled by $("${CXX:-c++}" --version | head -n 1)"
  echo "date      $(date +%Y-%m-%d)"
  echo
  cat "$counts/table"
} >"$here/profile.txt"
echo "wrote $here/profile.txt; next: autograder/course author weave"
