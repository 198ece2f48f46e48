// children.h: findings of child processes in the exit status of the process that began it all.
//
// Input:    options children_exitcode and children_wait_ms; forks, findings, ends of all processes.
// Output:   for the first process, what the others have found and whether they still run.
// State:    a page that the processes share: by fork it is inherited; other programs find it
//           through FIBERSAN_PARENT in their environment, with any programs between, as long as the
//           first process lives. Later nobody wants to know.
// Cost:     nothing without the option.
// Threads:  any. Nothing here allocates or takes a lock, but for what happens before main.
//
// Invariants
//   C1  A finding is counted when it is reported, so the end of its process does not matter.
//   C2  A child is known to run before fork() returns in its parent.
//   C3  One process asks, the first: what one child finds is no failure of another.
//       A program that was spawned otherwise is known once it has begun.
//   C4  More than kMostChildren at once are counted, but not waited for.
#ifndef FIBERSAN_DETECTOR_PROCESS_CHILDREN_H
#define FIBERSAN_DETECTOR_PROCESS_CHILDREN_H

#include <cstdint>

namespace fibersan {

inline constexpr const char* kParentVariable = "FIBERSAN_PARENT";

// At the start. An error ends the process with one line and status 1.
void share_findings();
// Once the C library has its environment.
void tell_children_in_environment();

void count_finding_for_parent();

// In the first process: what others found, and how many of them ran when wait_for_children() ended.
// 0 in every other.
uint64_t findings_of_children();
uint64_t children_running();
// At most children_wait_ms.
void wait_for_children();

// This process says no more.
void tell_parent_of_end(bool nothing_was_checked);

void children_before_fork();
void children_after_fork_in_child();
void children_after_failed_fork();

// The first process stays the first with another program.
void keep_children_over_exec();
void children_after_failed_exec();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_CHILDREN_H
