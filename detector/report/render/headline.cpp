#include "detector/report/render/headline.h"

#include <cctype>
#include <string_view>

#include "detector/report/render_text.h"

namespace fibersan {
namespace {

const char* verb_of(ReportAccess::Kind kind) {
  switch (kind) {
    case ReportAccess::Kind::kRead:
      return "read";
    case ReportAccess::Kind::kWrite:
      return "write";
    case ReportAccess::Kind::kFree:
      return "free";
    case ReportAccess::Kind::kOperation:
      return "operation";
  }
  return "";
}

// The program's innermost function; only without one that of a library.
std::string in_function(const Trace& stack) {
  std::string of_library;
  for (const SourceFrame& frame : stack.frames) {
    if (frame.function.empty()) continue;
    const std::string name = short_function(frame.function);
    if (!is_of_library(name)) return " in " + name;
    if (of_library.empty()) of_library = " in " + name;
  }
  return of_library;
}

std::string named(const ReportObject& object) {
  return object.kind + (object.name.empty() ? "" : " '" + object.name + "'");
}

std::string described(const Report& report, const ReportAccess& access, bool first) {
  std::string text = first ? "" : "previous ";
  if (access.atomic) text += "atomic ";
  text += verb_of(access.kind);
  if (access.kind != ReportAccess::Kind::kOperation) {
    text += " of size " + std::to_string(access.size);
  } else if (report.object) {
    text += " on " + named(*report.object);
  }
  return text + " by " + render_fiber(access.fiber) + in_function(access.stack);
}

std::string described(const ReportWaiters& waiters) {
  std::string text = waiters.count == 1 ? render_fiber(waiters.fiber) + " waits: "
                                        : std::to_string(waiters.count) + " fibers wait: ";
  text += waiters.reason;
  if (!waiters.objects.empty()) text += " on " + named(waiters.objects[0]);
  if (waiters.objects.size() > 1)
    text += " and " + std::to_string(waiters.objects.size() - 1) + " more";
  return text + in_function(waiters.stack);
}

bool is_operator(const std::string& function, size_t at) {
  return (at == 0 || function[at - 1] == ':' || function[at - 1] == ' ') &&
         std::string_view(function).substr(at).starts_with("operator");
}

// What follows may be < or (), which mean something else elsewhere.
std::string operator_name(std::string_view text) {
  size_t length = std::string_view("operator").size();
  if (text.substr(length).starts_with("()")) return std::string(text.substr(0, length + 2));
  constexpr std::string_view kSigns = "<>=-+*/%^&|~!,[]";
  while (length < text.size() && kSigns.find(text[length]) != std::string_view::npos) ++length;
  return std::string(text.substr(0, length));
}

// Functions that were templates begin with their type. Spaces after `operator` and in brackets or
// quotes belong to the name.
size_t return_type_length(const std::string& text) {
  size_t length = 0;
  unsigned depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_operator(text, i)) break;
    if (text[i] == '(') ++depth;
    if (text[i] == ')') --depth;
    if (text[i] == ' ' && depth == 0) length = i + 1;
  }
  return length;
}

}  // namespace

std::string short_function(const std::string& function) {
  std::string text;
  unsigned depth = 0;  // of < >
  for (size_t i = 0; i < function.size(); ++i) {
    const std::string_view rest = std::string_view(function).substr(i);
    if (depth == 0 && is_operator(function, i)) {
      const std::string name = operator_name(rest);
      text += name;
      i += name.size() - 1;
    } else if (function[i] == '<') {
      ++depth;
    } else if (function[i] == '>' && depth != 0) {
      --depth;
    } else if (depth != 0) {
      continue;
    } else if (rest.starts_with("(anonymous namespace)")) {
      text += "(anonymous namespace)";
      i += 20;
    } else if (function[i] == '(') {
      // Parameters of an outer function whose lambda it is are left out, too.
      unsigned open = 0;
      for (; i < function.size(); ++i) {
        if (function[i] == '(') ++open;
        if (function[i] == ')' && --open == 0) break;
      }
    } else {
      text += function[i];
    }
  }
  for (size_t at = text.find(" const::"); at != std::string::npos; at = text.find(" const::"))
    text.erase(at, std::string_view(" const").size());
  for (const std::string_view suffix : {" const", " volatile", " &", " &&"}) {
    if (text.ends_with(suffix)) text.resize(text.size() - suffix.size());
  }
  text.erase(0, return_type_length(text));
  return text.empty() ? function : text;
}

bool is_of_library(std::string_view short_name) {
  return short_name.starts_with("fiber::") || short_name.starts_with("std::") ||
         short_name.starts_with("__");
}

std::vector<HeadlinePart> headline_parts(const Report& report, size_t most) {
  std::vector<HeadlinePart> parts;
  for (const ReportAccess& access : report.accesses)
    parts.push_back({described(report, access, parts.empty()), &access.stack});
  for (const ReportParty& party : report.parties)
    parts.push_back({party.doing + " by " + render_fiber(party.fiber) + in_function(party.stack),
                     &party.stack});
  for (const ReportLockStep& step : report.lock_cycle)
    parts.push_back({render_fiber(step.fiber) + " takes M" + std::to_string(step.taken) +
                         " while it holds M" + std::to_string(step.held) +
                         in_function(step.taken_at),
                     &step.taken_at});
  for (const ReportWaiters& waiters : report.waiters)
    parts.push_back({described(waiters), &waiters.stack});
  if (parts.empty() && report.object)
    parts.push_back({named(*report.object), &report.object->created});
  if (parts.size() > most) {
    const size_t left = parts.size() - most;
    parts.resize(most);
    parts.push_back({"and " + std::to_string(left) + " more", nullptr});
  }
  return parts;
}

std::string headline(const Report& report) {
  std::string text = capitalised(report.kind.empty() ? "finding" : report.kind);
  const char* joint = ": ";
  for (const HeadlinePart& part : headline_parts(report)) {
    text += joint + part.text;
    joint = "; ";
  }
  return text;
}

std::string capitalised(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(toupper(static_cast<unsigned char>(text[0])));
  return text;
}

}  // namespace fibersan
