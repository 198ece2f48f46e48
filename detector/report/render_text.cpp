#include "detector/report/render_text.h"

#include <cctype>
#include <cstdio>

namespace fibersan {
namespace {

constexpr const char* kRule = "==================\n";

std::string hex(uint64_t number) {
  char text[32];
  snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

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

std::string module_place(const SourceFrame& frame) {
  return "(" + (frame.module.empty() ? "?" : frame.module) + "+" + hex(frame.module_offset) + ")";
}

std::string quoted(const std::string& name) { return name.empty() ? "" : " '" + name + "'"; }

class TextRenderer {
 public:
  TextRenderer(const Report& report, TextStyle style) : report_(report), style_(style) {}

  std::string render() {
    text_ = kRule;
    line("\033[1;31m",
         "WARNING: FiberSan: " + report_.kind + " (pid=" + std::to_string(report_.pid) + ")");
    bool first = true;
    for (const ReportAccess& access : report_.accesses) {
      add(access, first);
      first = false;
    }
    if (report_.object && report_.accesses.empty()) add(*report_.object);
    if (report_.location) add(*report_.location);
    for (const ReportMutex& mutex : report_.mutexes) add(mutex);
    for (const ReportWaiters& waiters : report_.waiters) add(waiters);
    if (report_.object && !report_.accesses.empty() && !is_held(*report_.object)) {
      add(*report_.object);
    }
    for (const ReportFiber& fiber : report_.fibers) add(fiber);
    for (const std::string& note : report_.notes) text_ += "  [" + note + "]\n";
    add_summary();
    return text_ + kRule;
  }

 private:
  void line(const char* color, const std::string& heading) {
    text_ += style_.color ? color + heading + "\033[0m\n" : heading + "\n";
  }

  void add(const Trace& trace) {
    unsigned number = 0;
    for (const SourceFrame& frame : trace.frames) {
      text_ += "    #" + std::to_string(number++) + " " + render_frame(frame) + "\n";
    }
    if (trace.cut) text_ += "    [outer frames cut]\n";
    if (!trace.lost_why.empty()) text_ += "    [" + trace.lost_why + "]\n";
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
    std::string heading = "  " + verb(access, first);
    if (access.kind == ReportAccess::Kind::kOperation) {
      if (report_.object) {
        heading += " on " + report_.object->kind + " " + address(report_.object->address) +
                   quoted(report_.object->name);
      }
    } else {
      heading += " of size " + std::to_string(access.size) + " at " + address(access.address);
    }
    heading += " by " + render_fiber(access.fiber) + held(access.mutexes) + ":";
    line("\033[1;34m", heading);
    add(access.stack);
  }

  void add(const ReportLocation& location) {
    switch (location.kind) {
      case ReportLocation::Kind::kHeapBlock:
        line("\033[1;32m", "  Location is heap block of size " + std::to_string(location.size) +
                               " at " + address(location.address) + " allocated by " +
                               render_fiber(location.fiber) + ":");
        add(location.allocated);
        if (location.offset != 0 || location.freed) add_note(in_block(location));
        if (location.free) add(*location.free);
        break;
      case ReportLocation::Kind::kGlobal:
        line("\033[1;32m", "  Location is global '" + location.global + "' of size " +
                               std::to_string(location.size) + " at " + address(location.address) +
                               declared(location.where));
        if (location.offset != 0) add_note(in_block(location));
        break;
      case ReportLocation::Kind::kStack:
        line("\033[1;32m",
             "  Location is stack of " + render_fiber(location.fiber) + in_frame(location));
        if (location.offset != 0) add_note(in_block(location));
        break;
      case ReportLocation::Kind::kThreadLocal:
        line("\033[1;32m", "  Location is thread_local " + thread_local_variable(location) +
                               " of " + thread(location.fiber));
        if (location.offset != 0) add_note(in_block(location));
        break;
      case ReportLocation::Kind::kMapped:
        line("\033[1;32m", "  Location is mapped memory of size " + std::to_string(location.size) +
                               " at " + address(location.address) + quoted(location.mapping));
        break;
    }
  }

  void add(const ReportFree& free) {
    line("\033[1;32m", "  Heap block freed by " + render_fiber(free.fiber) + " at:");
    add(free.stack);
  }

  void add_note(const std::string& note) { text_ += "    [" + note + "]\n"; }

  static std::string in_block(const ReportLocation& location) {
    std::string text;
    if (location.offset != 0) text = std::to_string(location.offset) + " bytes into it";
    if (location.freed) text += text.empty() ? "freed by now" : ", freed by now";
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
    return where.module.empty() ? text : text + " " + module_place(where);
  }

  void add_created(const std::string& what, const std::optional<FiberName>& creator,
                   const Trace& created) {
    std::string heading = what;
    bool known = !created.frames.empty() || !created.lost_why.empty();
    if (creator) heading += " created by " + render_fiber(*creator);
    if (known) heading += creator ? " at:" : " created at:";
    line("\033[1;36m", heading);
    add(created);
  }

  void add(const ReportMutex& mutex) {
    const ReportObject& object = mutex.object;
    std::string heading = "  Mutex M" + std::to_string(mutex.number) + " (" +
                          address(object.address) + ")" + quoted(object.name);
    bool told = !object.created.frames.empty();
    if (told) add_created(heading, std::nullopt, object.created);
    for (const ReportAccess& access : report_.accesses) {
      for (const HeldMutex& held : access.mutexes) {
        if (held.number != mutex.number || held.acquired.frames.empty()) continue;
        line("\033[1;36m", (told ? "  Mutex M" + std::to_string(mutex.number) : heading) +
                               " acquired by " + render_fiber(access.fiber) + " at:");
        add(held.acquired);
        told = true;
      }
    }
    if (!told) line("\033[1;36m", heading);
  }

  bool is_held(const ReportObject& object) const {
    for (const ReportMutex& mutex : report_.mutexes) {
      if (mutex.object.address == object.address) return true;
    }
    return false;
  }

  void add(const ReportObject& object) {
    add_created(
        "  " + capitalised(object.kind) + " " + address(object.address) + quoted(object.name),
        object.creator, object.created);
  }

  void add(const ReportFiber& fiber) {
    const char* state = fiber.state == ReportFiber::State::kRunning ? " (running)"
                        : fiber.state == ReportFiber::State::kFinished
                            ? " (finished)"
                            : " (finished, no longer known)";
    add_created("  " + capitalised(render_fiber(fiber.fiber)) + state, fiber.creator,
                fiber.created);
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
    std::string who = "  " + group(waiters);
    std::string heading = who + (waiters.count == 1 ? " waits: " : " wait: ") + waiters.reason;
    const char* joint = " on ";
    for (const ReportObject& object : waiters.objects) {
      heading += joint + object.kind + " " + address(object.address) + quoted(object.name);
      if (!object.created.frames.empty()) {
        heading += " (created at: " + render_place(object.created.frames[0]) + ")";
      }
      joint = ", ";
    }
    if (!waiters.holders.empty()) heading += ", held by ";
    for (const FiberName& holder : waiters.holders) {
      if (&holder != &waiters.holders[0]) heading += ", ";
      heading += render_fiber(holder);
    }
    line("\033[1;34m", heading);
    add(waiters.stack);
    if (waiters.creator) add_created(who, waiters.creator, waiters.created);
  }

  void add_summary() {
    std::string summary = "SUMMARY: FiberSan: " + report_.kind;
    const SourceFrame& where = report_.summary;
    if (!where.file.empty() || !where.module.empty()) summary += " " + render_place(where);
    if (!where.function.empty()) summary += " in " + where.function;
    text_ += summary + "\n";
  }

  const Report& report_;
  TextStyle style_;
  std::string text_;
};

}  // namespace

std::string render_frame(const SourceFrame& frame) {
  std::string text = frame.function;
  if (!frame.file.empty()) text += (text.empty() ? "" : " ") + render_place(frame);
  return text + (text.empty() ? "" : " ") + module_place(frame);
}

std::string render_place(const SourceFrame& frame) {
  if (frame.file.empty()) return module_place(frame);
  std::string text = frame.file;
  if (frame.line != 0) text += ":" + std::to_string(frame.line);
  if (frame.line != 0 && frame.column != 0) text += ":" + std::to_string(frame.column);
  return text;
}

std::string render_fiber(const FiberName& fiber) {
  if (fiber.kind == FiberName::Kind::kMainThread) return "main thread";
  if (fiber.kind == FiberName::Kind::kUnknown) return "a fiber no longer known";
  const char* what = fiber.kind == FiberName::Kind::kThread ? "thread " : "fiber ";
  return what + std::to_string(fiber.id) + quoted(fiber.name);
}

std::string render_text(const Report& report, TextStyle style) {
  return TextRenderer(report, style).render();
}

}  // namespace fibersan
