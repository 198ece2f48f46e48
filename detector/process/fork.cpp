#include "detector/process/fork.h"

#include <pthread.h>

#include "detector/findings/findings.h"
#include "detector/heap/allocate.h"
#include "detector/process/children.h"
#include "detector/process/end.h"
#include "detector/race/thread.h"

namespace fibersan {

namespace {

void before() {
  children_before_fork();
  findings_before_fork();
}

void in_child() {
  note_process();
  children_after_fork_in_child();
  findings_after_fork_in_child();
  // What other threads did just then is unfinished, and their locks are never released (F3).
  if (!accesses_are_parallel.load(std::memory_order_relaxed)) return;
  stop_heap_tracking();
  stop_checking();
}

}  // namespace

void handle_forks() { pthread_atfork(before, findings_after_fork_in_parent, in_child); }

}  // namespace fibersan
