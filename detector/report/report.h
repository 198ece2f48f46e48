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
  bool operator==(const SourceFrame&) const = default;
};

struct Trace {
  std::vector<SourceFrame> frames;
  bool cut = false;      // there were more frames
  std::string lost_why;  // why there is no stack although there was a call
  bool operator==(const Trace&) const = default;
};

struct FiberName {
  enum class Kind { kFiber, kMainThread, kThread, kUnknown };  // kUnknown: nobody knows any more
  Kind kind = Kind::kFiber;
  uint64_t id = 0;
  std::string name;
  bool operator==(const FiberName&) const = default;
};

// A mutex of this report: shown as M<number>.
struct HeldMutex {
  unsigned number = 0;
  bool write = true;
  Trace acquired;
  bool operator==(const HeldMutex&) const = default;
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
  bool operator==(const ReportAccess&) const = default;
};

// Somebody else whose doing belongs to it: who closed the channel, who holds the lock.
struct ReportParty {
  std::string doing;  // such as "closed", before "by fiber 1 at:"
  FiberName fiber;
  Trace stack;
  bool operator==(const ReportParty&) const = default;
};

struct ReportObject {
  std::string kind;  // a word of object_kinds.def
  uint64_t address = 0;
  std::string name;
  std::string state;  // such as: capacity 2, 2 in it
  std::optional<FiberName> creator;
  Trace created;
  bool operator==(const ReportObject&) const = default;
};

struct ReportMutex {
  unsigned number = 0;
  ReportObject object;
  bool operator==(const ReportMutex&) const = default;
};

// The end of a heap block that lies further back than the accesses.
struct ReportFree {
  FiberName fiber;
  Trace stack;
  bool operator==(const ReportFree&) const = default;
};

struct ReportLocation {
  enum class Kind { kHeapBlock, kGlobal, kStack, kThreadLocal, kMapped };
  Kind kind = Kind::kHeapBlock;
  uint64_t address = 0;  // of the block or global
  uint64_t size = 0;
  FiberName fiber;      // who allocated the block, whose stack it is
  Trace allocated;      // heap block
  std::string global;   // its name; empty: not looked for, and `address` is the access's
  SourceFrame where;    // global: module and declaration; stack: of the variable or function
  uint64_t offset = 0;  // of the access in the block or variable
  bool freed = false;   // heap block: it is by now, by neither of the accesses
  std::optional<ReportFree> free;
  std::string variable;  // stack: a local variable's name; thread_local: its name
  std::string function;  // stack: whose frame
  std::string mapping;   // mapped memory: the file; empty: none
  bool operator==(const ReportLocation&) const = default;
};

struct ReportFiber {
  enum class State { kRunning, kFinished, kForgotten };
  FiberName fiber;
  State state = State::kRunning;
  std::optional<FiberName> creator;
  Trace created;
  bool operator==(const ReportFiber&) const = default;
};

// Fibers that wait in the same way at the same place.
struct ReportWaiters {
  struct Ids {
    uint64_t first = 0;
    uint64_t last = 0;
    bool operator==(const Ids&) const = default;
  };
  FiberName fiber;       // of a group: its first
  uint64_t count = 1;    // in the group
  std::vector<Ids> ids;  // of a group: all of them
  std::string reason;    // a word of wait_reasons.def
  std::vector<ReportObject> objects;
  std::optional<FiberName> waits_for;  // whom it joins, or who runs its Once
  std::vector<FiberName> holders;      // of the lock it waits for
  std::vector<std::string> why;        // nobody wakes it, such as what became of who could have
  uint64_t waited_ms = 0;              // of a group: its first; 0: not long, or not known
  std::vector<HeldMutex> mutexes;      // that matter to the others of the report
  Trace stack;
  std::optional<FiberName> creator;
  Trace created;
  bool operator==(const ReportWaiters&) const = default;
};

// One fiber's part of locks that are taken in a circle: it held one and took another one.
struct ReportLockStep {
  unsigned held = 0;  // numbers of mutexes
  unsigned taken = 0;
  bool held_for_writing = true;
  bool taken_for_writing = true;
  FiberName fiber;
  Trace taken_at;
  Trace held_at;
  bool held_at_hidden = false;  // its outer frames are left out
  bool operator==(const ReportLockStep&) const = default;
};

struct Report {
  std::string kind;  // a text of finding_kinds.def
  int64_t pid = 0;
  uint64_t at_ms = 0;                  // after the process began
  std::vector<ReportAccess> accesses;  // the newest first
  std::optional<ReportObject> object;  // that was misused
  std::optional<ReportLocation> location;
  std::vector<ReportLockStep> lock_cycle;  // each takes what the next one holds
  std::vector<ReportParty> parties;
  std::vector<ReportMutex> mutexes;
  std::vector<ReportWaiters> waiters;
  std::vector<ReportFiber> fibers;
  std::string fingerprint;         // fingerprint.h
  std::vector<std::string> notes;  // such as why there is no happens-before
  SourceFrame summary;
  bool operator==(const Report&) const = default;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_REPORT_H
