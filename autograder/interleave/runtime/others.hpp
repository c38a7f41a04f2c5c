// What a body shares with other processes: files, names of sockets, descriptors that were opened
// outside it. Of such a body no schedules may run side by side, since one would see what another
// does.
//
// Threads     None: one process each, with one thread.
#pragma once

namespace interleave {

struct Others {
  bool noticed =
      false;  // since the exploration began: the body did something they could see
  bool kept_out =
      false;  // this process is to leave nothing behind: what it writes is lost
};

[[gnu::visibility("hidden")]] extern Others the_others;
[[nodiscard]] inline Others& others() { return the_others; }

// The body is about to do such a thing. Does not return where that may not be.
[[gnu::visibility("hidden")]] void notice_others();

}  // namespace interleave
