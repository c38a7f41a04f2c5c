// What chosen schedules need of the machine; without it a build ends here.
#pragma once

#if !defined(__x86_64__) || !defined(__linux__)
#error "interleave: chosen schedules need Linux on x86-64; link interleave::stress here"
#endif
