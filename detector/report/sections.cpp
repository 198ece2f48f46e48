#include "detector/report/sections.h"

#include <cctype>
#include <cstdio>
#include <optional>
#include <utility>

#include "detector/report/render_text.h"

namespace fibersan {
namespace {

using Role = ReportSection::Role;

// Twelve digits, so that addresses stand in columns.
std::string address(uint64_t number) {
  char text[32];
  snprintf(text, sizeof text, "0x%012llx", static_cast<unsigned long long>(number));
  return text;
}

std::string capitalised(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(toupper(static_cast<unsigned char>(text[0])));
  return text;
}

class SectionMaker {
 public:
  explicit SectionMaker(const Report& report) : report_(report) {}

  std::vector<ReportSection> make() {
    bool first = true;
    for (const ReportAccess& access : report_.accesses) {
      add(access, first);
      first = false;
    }
    for (const ReportParty& party : report_.parties) add(party);
    if (report_.object && report_.accesses.empty()) add(*report_.object);
    if (!report_.lock_cycle.empty()) add_lock_cycle();
    if (report_.location) add(*report_.location);
    for (const ReportWaiters& waiters : report_.waiters) add(waiters);
    for (const ReportMutex& mutex : report_.mutexes) add(mutex);
    if (report_.object && !report_.accesses.empty() && !is_held(*report_.object))
      add(*report_.object);
    for (const ReportFiber& fiber : report_.fibers) add(fiber);
    return std::move(sections_);
  }

 private:
  ReportSection& add(Role role, std::string heading, const Trace* stack = nullptr,
                     const FiberName* fiber = nullptr) {
    return sections_.emplace_back(ReportSection{role, std::move(heading), stack, fiber, {}});
  }

  static std::string verb(const ReportAccess& access, bool first) {
    std::string verb = first ? "" : "previous ";
    if (access.atomic) verb += "atomic ";
    switch (access.kind) {
      case ReportAccess::Kind::kRead:
        return capitalised(verb + "read");
      case ReportAccess::Kind::kWrite:
        return capitalised(verb + "write");
      case ReportAccess::Kind::kFree:
        return capitalised(verb + "free");
      case ReportAccess::Kind::kOperation:
        return capitalised(verb + "operation");
    }
    return "";
  }

  static std::string held(const std::vector<HeldMutex>& mutexes) {
    std::string text;
    for (const HeldMutex& mutex : mutexes) {
      text += text.empty() ? " (mutexes: " : ", ";
      text += (mutex.write ? "write M" : "read M") + std::to_string(mutex.number);
    }
    return text.empty() ? text : text + ")";
  }

  void add(const ReportAccess& access, bool first) {
    std::string heading = verb(access, first);
    if (access.kind == ReportAccess::Kind::kOperation) {
      if (report_.object) {
        heading += " on " + report_.object->kind + " " + address(report_.object->address) +
                   in_quotes(report_.object->name);
      }
    } else {
      heading += " of size " + std::to_string(access.size) + " at " + address(access.address);
    }
    heading += " by " + render_fiber(access.fiber) + held(access.mutexes) + ":";
    add(Role::kAccess, heading, &access.stack, &access.fiber);
  }

  std::string mutex(unsigned number) const {
    for (const ReportMutex& mutex : report_.mutexes) {
      if (mutex.number == number)
        return "M" + std::to_string(number) + " (" + address(mutex.object.address) + ")" +
               in_quotes(mutex.object.name);
    }
    return "M" + std::to_string(number);
  }

  void add_lock_cycle() {
    std::string heading = "Cycle in lock order: ";
    for (const ReportLockStep& step : report_.lock_cycle) heading += mutex(step.held) + " => ";
    add(Role::kHeading, heading + "M" + std::to_string(report_.lock_cycle[0].held));
    for (const ReportLockStep& step : report_.lock_cycle) {
      const std::string held = "M" + std::to_string(step.held);
      add(Role::kLockStep,
          "Mutex M" + std::to_string(step.taken) + locked(step.taken_for_writing) + "by " +
              render_fiber(step.fiber) + " while it held " + held + ":",
          &step.taken_at, &step.fiber);
      ReportSection& before = add(Role::kLockStep,
                                  "Mutex " + held + locked(step.held_for_writing) + "before by " +
                                      render_fiber(step.fiber) + ":",
                                  &step.held_at, &step.fiber);
      if (step.held_at_hidden)
        before.notes.emplace_back("second_deadlock_stack=1 shows the outer frames");
    }
  }

  static std::string locked(bool for_writing) {
    return for_writing ? " acquired " : " acquired for reading ";
  }

  void add(const ReportParty& party) {
    const bool known = !party.stack.frames.empty();
    add(Role::kParty,
        capitalised(party.doing) + " by " + render_fiber(party.fiber) + (known ? " at:" : ""),
        &party.stack, &party.fiber);
  }

  void add(const ReportLocation& location) {
    ReportSection& section = add(Role::kLocation, "Location is " + described(location));
    const std::string note = in_block(location);
    if (!note.empty()) section.notes.push_back(note);
    if (location.kind != ReportLocation::Kind::kHeapBlock) return;
    section.stack = &location.allocated;
    section.fiber = &location.fiber;
    if (location.free) {
      add(Role::kLocation, "Heap block freed by " + render_fiber(location.free->fiber) + " at:",
          &location.free->stack, &location.free->fiber);
    }
  }

  static std::string described(const ReportLocation& location) {
    const std::string size_and_address =
        "of size " + std::to_string(location.size) + " at " + address(location.address);
    switch (location.kind) {
      case ReportLocation::Kind::kHeapBlock:
        return "heap block " + size_and_address + " allocated by " + render_fiber(location.fiber) +
               ":";
      case ReportLocation::Kind::kGlobal:
        if (location.global.empty())
          return "global memory at " + address(location.address) + declared(location.where);
        return "global '" + location.global + "' " + size_and_address + declared(location.where);
      case ReportLocation::Kind::kStack:
        return "stack of " + render_fiber(location.fiber) + in_frame(location);
      case ReportLocation::Kind::kThreadLocal:
        return "thread_local " + thread_local_variable(location) + " of " + thread(location.fiber);
      case ReportLocation::Kind::kMapped:
        return "mapped memory " + size_and_address + in_quotes(location.mapping);
    }
    return "";
  }

  // What lies in a mapping is told by its address alone.
  static std::string in_block(const ReportLocation& location) {
    std::string text;
    if (location.kind == ReportLocation::Kind::kMapped) return text;
    if (location.offset != 0) text = std::to_string(location.offset) + " bytes into it";
    if (location.kind == ReportLocation::Kind::kHeapBlock && location.freed)
      text += text.empty() ? "freed by now" : ", freed by now";
    return text;
  }

  static std::string thread_local_variable(const ReportLocation& location) {
    if (location.variable.empty()) return "memory";
    return "'" + location.variable + "' of size " + std::to_string(location.size) + " at " +
           address(location.address);
  }

  static std::string thread(const FiberName& fiber) {
    if (fiber.kind == FiberName::Kind::kFiber) return "the thread of " + render_fiber(fiber);
    if (fiber.kind == FiberName::Kind::kUnknown) return "another thread that runs fibers";
    return render_fiber(fiber);
  }

  static std::string in_frame(const ReportLocation& location) {
    std::string text;
    if (!location.variable.empty()) {
      text = ", variable '" + location.variable + "' of size " + std::to_string(location.size) +
             " in " + location.function;
    } else if (!location.function.empty()) {
      text = ", frame of " + location.function;
    }
    return location.where.file.empty() ? text : text + " " + render_place(location.where);
  }

  static std::string declared(const SourceFrame& where) {
    std::string text = where.file.empty() ? "" : " " + render_place(where);
    return where.module.empty() ? text : text + " " + render_module(where);
  }

  void add_created(const std::string& what, const std::optional<FiberName>& creator,
                   const Trace& created) {
    std::string heading = what;
    const bool known = !created.frames.empty() || !created.lost_why.empty();
    if (creator) heading += " created by " + render_fiber(*creator);
    if (known) heading += creator ? " at:" : " created at:";
    add(Role::kCreation, heading, &created, creator ? &*creator : nullptr);
  }

  void add(const ReportMutex& mutex) {
    const ReportObject& object = mutex.object;
    const std::string name = "Mutex M" + std::to_string(mutex.number);
    const std::string heading =
        name + " (" + address(object.address) + ")" + in_quotes(object.name);
    bool told = !object.created.frames.empty();
    if (told) add_created(heading, std::nullopt, object.created);
    const auto add_acquired = [&](const FiberName& fiber, const std::vector<HeldMutex>& mutexes) {
      for (const HeldMutex& held : mutexes) {
        if (held.number != mutex.number || held.acquired.frames.empty()) continue;
        add(Role::kCreation,
            (told ? name : heading) + " acquired by " + render_fiber(fiber) + " at:",
            &held.acquired, &fiber);
        told = true;
      }
    };
    for (const ReportAccess& access : report_.accesses) add_acquired(access.fiber, access.mutexes);
    for (const ReportWaiters& waiters : report_.waiters)
      add_acquired(waiters.fiber, waiters.mutexes);
    if (!told) add(Role::kCreation, heading);
  }

  bool is_held(const ReportObject& object) const {
    for (const ReportMutex& mutex : report_.mutexes) {
      if (mutex.object.address == object.address) return true;
    }
    return false;
  }

  void add(const ReportObject& object) {
    add_created(capitalised(object.kind) + " " + address(object.address) + in_quotes(object.name),
                object.creator, object.created);
  }

  void add(const ReportFiber& fiber) {
    const char* state = fiber.state == ReportFiber::State::kRunning ? " (running)"
                        : fiber.state == ReportFiber::State::kFinished
                            ? " (finished)"
                            : " (finished, no longer known)";
    add_created(capitalised(render_fiber(fiber.fiber)) + state, fiber.creator, fiber.created);
  }

  static std::string about(const ReportObject& object) {
    std::string text;
    if (!object.created.frames.empty())
      text = "created at: " + render_place(object.created.frames[0]);
    if (!object.state.empty()) text += (text.empty() ? "" : "; ") + object.state;
    return text.empty() ? text : " (" + text + ")";
  }

  static std::string group(const ReportWaiters& waiters) {
    if (waiters.count == 1) return capitalised(render_fiber(waiters.fiber));
    std::string text = "Fibers";
    const char* joint = " ";
    for (const ReportWaiters::Ids& ids : waiters.ids) {
      text += joint + std::to_string(ids.first);
      if (ids.last != ids.first) text += "-" + std::to_string(ids.last);
      joint = ", ";
    }
    return text + " (" + std::to_string(waiters.count) + " in all)";
  }

  void add(const ReportWaiters& waiters) {
    const std::string who = group(waiters);
    std::string heading = who + (waiters.count == 1 ? " waits: " : " wait: ") + waiters.reason;
    const char* joint = " on ";
    for (const ReportObject& object : waiters.objects) {
      heading += joint + object.kind + " " + address(object.address) + in_quotes(object.name);
      heading += about(object);
      joint = ", ";
    }
    if (!waiters.holders.empty()) heading += ", held by ";
    for (const FiberName& holder : waiters.holders) {
      if (&holder != &waiters.holders[0]) heading += ", ";
      heading += render_fiber(holder);
    }
    ReportSection& section =
        add(Role::kWaiting, heading + held(waiters.mutexes), &waiters.stack, &waiters.fiber);
    if (waiters.waited_ms != 0)
      section.notes.push_back("has waited for " + render_duration(waiters.waited_ms));
    for (const std::string& why : waiters.why) section.notes.push_back(why);
    if (waiters.creator) add_created(who, waiters.creator, waiters.created);
  }

  const Report& report_;
  std::vector<ReportSection> sections_;
};

}  // namespace

std::string in_quotes(const std::string& name) { return name.empty() ? "" : " '" + name + "'"; }

std::vector<ReportSection> sections_of(const Report& report) { return SectionMaker(report).make(); }

}  // namespace fibersan
