// fork.h: the child of a fork() that was called while a run is on.
//
// In the child there is one thread, the caller's; the fibers and threads of the parent are not
// there. If the caller was a fiber, it goes on alone:
//   - exec, _exit, exit, system calls, and what else may follow a fork() in a process with
//     threads: as ever. posix_spawn(), system() and popen() are not concerned.
//   - yield() returns; locks and channels work as long as nothing has to be waited for; what
//     wakes a fiber of the parent does nothing.
//   - go(), spawn() and run() throw Error; a wait, and a runtime lock that another thread held at
//     the fork, end the child with a message. So does the end of the main fiber, for run()
//     returns in the parent only. The end of another fiber is exit(0), as the end of a process's
//     last thread is.
//   - the execution trace goes on in the parent only, also when fork() was called between two
//     runs; SIGQUIT does what it did before the run.
// Rejected: a run with one processor in the child. Fibers that were running on other threads
// would be lost with the locks they hold, and every other fiber would go on twice, writing to the
// same descriptors.
//
// Cost:     one load for each fiber that begins and each that ends.
// Threads:  any; in the child there is one.
#ifndef FIBERSAN_RUNTIME_FORK_H
#define FIBERSAN_RUNTIME_FORK_H

namespace fiber::internal {

class Fiber;

// Exists while a run is on.
class RunMark {
 public:
  RunMark();
  ~RunMark();
  RunMark(const RunMark&) = delete;
  RunMark& operator=(const RunMark&) = delete;
};

// Written by the child's only thread before anybody can read it.
extern bool forked_from_run;
inline bool in_forked_child() { return forked_from_run; }

// "fatal error: ..." with what was tried, status 2.
[[noreturn]] void fatal_in_forked_child(const char* what);

// The fiber that called fork() is on no stack: itself when it can go on at once. Ends the child
// when it would have to wait.
Fiber* alone_in_forked_child();

// On the stack of the fiber whose function has returned.
[[noreturn]] void end_of_forked_child(const Fiber& fiber);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_FORK_H
