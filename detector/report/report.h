// report.h: one finding, as plain data that knows nothing of the detector.
//
// Input:    filled in by whoever finds something, symbolized already.
// Output:   read by the renderers, which add words and layout and decide nothing.
// Not here: when something is a finding, what is a duplicate, where the text goes.
//
// Invariants
//   P1  What is not known is empty, zero or absent; a renderer leaves it out.
//   P2  Stacks begin with the innermost frame and contain no frame of FiberSan's insides.
#ifndef FIBERSAN_DETECTOR_REPORT_REPORT_H
#define FIBERSAN_DETECTOR_REPORT_REPORT_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fibersan {

struct SourceFrame {
  std::string function;  // demangled
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;
  std::string module;  // file name without folders
  uint64_t module_offset = 0;
  bool inlined = false;    // into the next frame, with which it shares its address
  bool c_library = false;  // a function of the C library, seen through its checked twin
};

struct Trace {
  std::vector<SourceFrame> frames;
  bool cut = false;      // there were more frames
  std::string lost_why;  // why there is no stack although there was a call
};

struct FiberName {
  enum class Kind { kFiber, kMainThread, kThread, kUnknown };  // kUnknown: nobody knows any more
  Kind kind = Kind::kFiber;
  uint64_t id = 0;
  std::string name;
};

// A mutex of this report: shown as M<number>.
struct HeldMutex {
  unsigned number = 0;
  bool write = true;
  Trace acquired;
};

struct ReportAccess {
  enum class Kind { kRead, kWrite, kFree, kOperation };
  Kind kind = Kind::kRead;
  bool atomic = false;
  uint64_t address = 0;
  uint64_t size = 0;
  FiberName fiber;
  std::vector<HeldMutex> mutexes;
  Trace stack;
};

struct ReportObject {
  std::string kind;  // a word of object_kinds.def
  uint64_t address = 0;
  std::string name;
  std::optional<FiberName> creator;
  Trace created;
};

struct ReportMutex {
  unsigned number = 0;
  ReportObject object;
};

// The end of a heap block that lies further back than the accesses.
struct ReportFree {
  FiberName fiber;
  Trace stack;
};

struct ReportLocation {
  enum class Kind { kHeapBlock, kGlobal, kStack, kThreadLocal, kMapped };
  Kind kind = Kind::kHeapBlock;
  uint64_t address = 0;  // of the block or global
  uint64_t size = 0;
  FiberName fiber;      // who allocated the block, whose stack it is
  Trace allocated;      // heap block
  std::string global;   // its name
  SourceFrame where;    // global: module and declaration; stack: of the variable or function
  uint64_t offset = 0;  // of the access in the block or variable
  bool freed = false;   // heap block: it is by now, by neither of the accesses
  std::optional<ReportFree> free;
  std::string variable;  // stack: a local variable's name; thread_local: its name
  std::string function;  // stack: whose frame
  std::string mapping;   // mapped memory: the file; empty: none
};

struct ReportFiber {
  enum class State { kRunning, kFinished, kForgotten };
  FiberName fiber;
  State state = State::kRunning;
  std::optional<FiberName> creator;
  Trace created;
};

// Fibers that wait in the same way at the same place.
struct ReportWaiters {
  struct Ids {
    uint64_t first = 0;
    uint64_t last = 0;
  };
  FiberName fiber;       // of a group: its first
  uint64_t count = 1;    // in the group
  std::vector<Ids> ids;  // of a group: all of them
  std::string reason;    // a word of wait_reasons.def
  std::vector<ReportObject> objects;
  std::vector<FiberName> holders;  // of the lock it waits for
  Trace stack;
  std::optional<FiberName> creator;
  Trace created;
};

struct Report {
  std::string kind;  // a text of finding_kinds.def
  int64_t pid = 0;
  std::vector<ReportAccess> accesses;  // the newest first
  std::optional<ReportObject> object;  // that was misused
  std::optional<ReportLocation> location;
  std::vector<ReportMutex> mutexes;
  std::vector<ReportWaiters> waiters;
  std::vector<ReportFiber> fibers;
  std::vector<std::string> notes;  // such as why there is no happens-before
  SourceFrame summary;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_REPORT_H
