// start.cpp: the detector's beginning, before any constructor of the program.
//
// Threads:  the main thread, which is the only one.
//
// Invariants
//   P1  .preinit_array of the executable runs before the constructors of every module.
//   P2  process_ends() is registered before anything else can register an exit function,
//       so it runs after all of them, destructors of libraries included.
#include <stdlib.h>
#include <unistd.h>

#include "detector/clock/lane.h"
#include "detector/deadlock/lock_order.h"
#include "detector/findings/suppression_file.h"
#include "detector/heap/allocate.h"
#include "detector/heap/inside_detector.h"
#include "detector/history/history.h"
#include "detector/process/children.h"
#include "detector/process/deadly_signals.h"
#include "detector/process/document_file.h"
#include "detector/process/end.h"
#include "detector/process/fork.h"
#include "detector/process/main_thread.h"
#include "detector/process/options.h"
#include "detector/process/other_sanitizers.h"
#include "detector/process/output.h"
#include "detector/race/thread.h"
#include "detector/shadow/layout.h"

// What a program may define. Where it does not, the linker script of the start file has the third
// in their place: so they are not weak, and a definition in an archive is linked as well.
extern "C" {
const char* __fibersan_default_options();
const char* __fibersan_default_suppressions();
const char* __fibersan_no_default() { return nullptr; }
}

namespace fibersan {
namespace {

constexpr unsigned kHistoryBase = 16;  // history_size=0: 2^16 events

void start_detector(int, char**, char** environment) {
  // The C library sets environ in its own constructor, which comes after this.
  if (environ == nullptr) environ = environment;
  const InsideDetector inside;
  refuse_other_sanitizers();
  read_detector_options(__fibersan_default_options());
  note_log_path();
  reserve_shadow();
  if (options.lane_budget != 0) lane_table.set_budget(static_cast<LaneId>(options.lane_budget));
  start_history(uint64_t{1} << (kHistoryBase + static_cast<unsigned>(options.history_size)));
  want_lock_order(options.detect_deadlocks != 0);
  start_main_thread(find_main_thread_stack());
  load_suppressions(__fibersan_default_suppressions());
  note_process();
  share_findings();
  begin_document();
  atexit(process_ends);  // P2
  at_quick_exit(process_quick_exits);
  handle_deadly_signals();
  handle_forks();
  start_heap_tracking();
}

__attribute__((section(".preinit_array"), used)) void (*const start)(int, char**,
                                                                     char**) = start_detector;

// The first constructor of the executable: before it the C library forgets what was put into the
// environment.
__attribute__((constructor(101))) void environment_is_there() { tell_children_in_environment(); }

}  // namespace
}  // namespace fibersan
