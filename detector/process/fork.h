// fork.h: a forked child is a process of its own.
//
// Invariants
//   F1  The child does not inherit the verdict: it counts its own findings from zero, and
//       writes to its own log file.
//   F2  No lock of report code is held by a thread that the child does not have.
//   F3  Where other threads could be within a hook at the fork, the child is not checked: all
//       locks of the detector would have to be taken for it. That is said in its last line if it
//       comes to anything that would have been checked: most children only exec.
#ifndef FIBERSAN_DETECTOR_PROCESS_FORK_H
#define FIBERSAN_DETECTOR_PROCESS_FORK_H

namespace fibersan {

// Once, at start-up.
void handle_forks();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_FORK_H
