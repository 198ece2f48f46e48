// threads.h: the threads of this process, as the kernel lists them.
//
// Output:   their numbers; whether one still answers signals.
// Cost:     a system call for each thousand threads; one look at a thread three system calls.
// Threads:  one caller at a time. Takes no lock, allocates nothing: all others may stand still.
//
// Invariants
//   I1  A list is complete: as many as the kernel counts, or it is read again.
#ifndef FIBERSAN_RUNTIME_WORLD_THREADS_H
#define FIBERSAN_RUNTIME_WORLD_THREADS_H

namespace fiber::internal {

// Calls visit(thread, argument) for each. False: the kernel does not say.
[[nodiscard]] bool for_each_thread(void (*visit)(int thread, void* argument), void* argument);

enum class ThreadCondition : unsigned char {
  kGone,     // it has ended, or is about to: it runs no code any more
  kRuns,     // or could, if it were its turn
  kBlocked,  // it has blocked the signal, or waits in the kernel for something undisturbed
};
ThreadCondition condition_of(int thread, int signal);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORLD_THREADS_H
