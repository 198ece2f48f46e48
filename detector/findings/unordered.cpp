#include "detector/findings/unordered.h"

#include <cstdio>
#include <optional>
#include <string_view>

#include "detector/findings/describe.h"
#include "detector/race/objects.h"
#include "detector/race/sync_note.h"
#include "detector/race/thread_records.h"
#include "detector/report/render_text.h"
#include "detector/symbolize/trace.h"

namespace fibersan {
namespace {

struct LastSync {
  const void* object = nullptr;  // null: there was none
  Stack stack;
  uint32_t epoch = 0;
  bool has_ended = false;   // the fiber
  bool is_its_end = false;  // the sync
};

LastSync last_sync(const void* object, StackId place, uint32_t epoch, bool has_ended) {
  const bool is_its_end = place == kAtItsEnd;
  return {object, is_its_end ? Stack{} : stack_of_id(place), epoch, has_ended, is_its_end};
}

LastSync read_note(const SyncNote& note) {
  return last_sync(note.sync.load(std::memory_order_relaxed),
                   note.stack.load(std::memory_order_relaxed),
                   note.epoch.load(std::memory_order_relaxed), false);
}

LastSync last_release_of(uint64_t id) {
  LastSync last;
  const auto read = [](const fsan_fiber& fiber, void* data) {
    *static_cast<LastSync*>(data) = read_note(fiber.last_release);
  };
  if (visit_live_fiber(id, read, &last) || visit_live_thread(id, read, &last)) return last;
  const std::optional<KnownFiber> info = find_fiber(id);
  if (!info || info->released_object == nullptr) return {};
  return last_sync(info->released_object, info->released, info->released_epoch, true);
}

// "fiber::Channel::send()" of its full signature. Empty for what is not for users.
std::string operation_name(const std::string& function) {
  std::string_view name = without_return_type(function);
  if (!name.starts_with("fiber::") && !name.starts_with("std::")) return "";
  std::string text;
  constexpr std::string_view kBaseOfAtomics = "std::__atomic_base<";
  if (name.starts_with(kBaseOfAtomics)) {
    text = "std::atomic";
    name.remove_prefix(kBaseOfAtomics.size() - 1);
  }
  int depth = 0;
  for (const char letter : name) {
    if (depth == 0 && letter == '(') break;
    if (letter == '<') ++depth;
    if (depth == 0) text += letter;
    if (letter == '>') --depth;
  }
  return text.find("::internal::") == text.npos && text.find("::detail::") == text.npos
             ? text + "()"
             : "";
}

bool is_users(const SourceFrame& frame) {
  const std::string_view name = without_return_type(frame.function);
  return !name.starts_with("fiber::") && !name.starts_with("std::") &&
         !name.starts_with("__gthread_");
}

std::string object_name(FindingScope& scope, const void* sync) {
  // A lock's readers have the Sync beside it.
  const void* aligned = reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(sync) & ~7ul);
  const ReportObject object = describe_object(scope, aligned, FSAN_OBJECT_KIND_COUNT);
  if (object.kind == "object" && object.name.empty()) return "";
  char address[32];
  snprintf(address, sizeof address, "0x%012llx", static_cast<unsigned long long>(object.address));
  const std::string kind = object.kind == "object" ? "" : object.kind + " ";
  return kind + (object.name.empty() ? address : "'" + object.name + "'");
}

// What the program called: of the fiber library the innermost frame, of the standard one the
// outermost.
std::string called_operation(const std::vector<SourceFrame>& frames) {
  std::string name = operation_name(frames[0].function);
  for (const SourceFrame& frame : frames) {
    if (name.starts_with("fiber::") || is_users(frame)) break;
    const std::string outer = operation_name(frame.function);
    if (!outer.empty()) name = outer;
  }
  return name;
}

// Without debug information the function is all that is known.
std::string words_of(const SourceFrame& place) {
  if (place.line != 0) return render_place(place);
  SourceFrame bare = place;
  bare.file.clear();
  return render_frame(bare);
}

std::string in_words(FindingScope& scope, const LastSync& last) {
  const Trace trace = make_trace(scope.symbolizer(), last.stack);
  std::string text = last.object == &kOtherFiber ? "" : object_name(scope, last.object);
  if (last.is_its_end) return text.empty() ? "as it ended" : text + " as it ended";
  if (trace.frames.empty()) return text.empty() ? "at a place that is forgotten" : text;
  const auto add = [&text](const char* joint, const std::string& part) {
    if (!part.empty()) text += (text.empty() ? "" : " ") + std::string(joint) + part;
  };
  const SourceFrame place = summary_frame(trace.frames);
  if (!is_users(place) && last.has_ended)
    return text.empty() ? "as it ended" : text + " as it ended";
  add("in ", called_operation(trace.frames));
  if (is_users(place)) add("at ", words_of(place));
  return text.empty() ? "somewhere in the runtime" : text;
}

}  // namespace

std::string why_unordered(FindingScope& scope, uint64_t previous, uint32_t epoch,
                          const fsan_fiber& current) {
  std::string text = "why no happens-before: " + render_fiber(fiber_name(previous));
  const LastSync released = last_release_of(previous);
  if (released.object == nullptr) {
    text += " has released nothing";
  } else if (released.epoch > epoch) {
    text += " last released " + in_words(scope, released);
  } else {
    text += " has released nothing since, before that " + in_words(scope, released);
  }
  text += "; " + render_fiber(fiber_name(current.info->id));
  const LastSync acquired = read_note(current.last_acquire);
  if (acquired.object == nullptr) return text + " has acquired nothing since it began";
  text += " last acquired " + in_words(scope, acquired);
  if (acquired.object == released.object && acquired.object != &kOtherFiber &&
      released.epoch > epoch)
    text += ", before that release";
  return text;
}

}  // namespace fibersan
