#include "detector/report/suppressions.h"

#include <algorithm>
#include <iterator>

namespace fibersan {
namespace {

constexpr std::string_view kTypes[] = {"race",   "race_top", "deadlock", "leak",
                                       "misuse", "fiber",    "created",  "fingerprint"};
constexpr const char* kTypesInWords =
    "race, race_top, deadlock, leak, misuse, fiber, created, fingerprint";

std::string_view without_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Pieces between stars, each after the one before; the last one may have to reach the end.
bool matches_from(std::string_view pattern, std::string_view name, bool anchored, bool to_end) {
  size_t at = 0;
  bool first = true;
  for (;;) {
    const size_t star = pattern.find('*');
    const std::string_view piece = pattern.substr(0, star);
    const bool last = star == std::string_view::npos;
    if (last && to_end) {
      const size_t from =
          name.size() < piece.size() ? std::string_view::npos : name.size() - piece.size();
      if (from == std::string_view::npos || from < at || name.substr(from) != piece) return false;
      return !first || !anchored || from == 0;
    }
    const size_t found = name.find(piece, at);
    if (found == std::string_view::npos || (first && anchored && found != 0)) return false;
    if (last) return true;
    at = found + piece.size();
    pattern.remove_prefix(star + 1);
    first = false;
  }
}

bool matches(const std::string& pattern, const SourceFrame& frame) {
  return suppression_matches(pattern, frame.function) || suppression_matches(pattern, frame.file) ||
         suppression_matches(pattern, frame.module);
}

bool matches(const std::string& pattern, const Trace& trace) {
  return std::any_of(trace.frames.begin(), trace.frames.end(),
                     [&](const SourceFrame& frame) { return matches(pattern, frame); });
}

bool matches_held(const std::string& pattern, const std::vector<HeldMutex>& mutexes) {
  return std::any_of(mutexes.begin(), mutexes.end(),
                     [&](const HeldMutex& held) { return matches(pattern, held.acquired); });
}

bool matches_access(const std::string& pattern, const Report& report) {
  return std::any_of(report.accesses.begin(), report.accesses.end(),
                     [&](const ReportAccess& access) { return matches(pattern, access.stack); });
}

bool matches_race(const std::string& pattern, const Report& report) {
  if (matches_access(pattern, report)) return true;
  if (report.location && (matches(pattern, report.location->allocated) ||
                          suppression_matches(pattern, report.location->global)))
    return true;
  return std::any_of(report.fibers.begin(), report.fibers.end(),
                     [&](const ReportFiber& fiber) { return matches(pattern, fiber.created); });
}

bool matches_top(const std::string& pattern, const Report& report) {
  return std::any_of(
      report.accesses.begin(), report.accesses.end(), [&](const ReportAccess& access) {
        return !access.stack.frames.empty() && matches(pattern, access.stack.frames.front());
      });
}

bool matches_waiters(const std::string& pattern, const Report& report) {
  return std::any_of(report.waiters.begin(), report.waiters.end(),
                     [&](const ReportWaiters& waiters) {
                       return matches(pattern, waiters.stack) || matches(pattern, waiters.created);
                     });
}

bool matches_lock_cycle(const std::string& pattern, const Report& report) {
  return std::any_of(report.lock_cycle.begin(), report.lock_cycle.end(),
                     [&](const ReportLockStep& step) {
                       return matches(pattern, step.taken_at) || matches(pattern, step.held_at);
                     });
}

bool matches_deadlock(const std::string& pattern, const Report& report) {
  if (matches_waiters(pattern, report) || matches_access(pattern, report) ||
      matches_lock_cycle(pattern, report))
    return true;
  for (const ReportWaiters& waiters : report.waiters) {
    if (matches_held(pattern, waiters.mutexes)) return true;
  }
  return std::any_of(report.mutexes.begin(), report.mutexes.end(), [&](const ReportMutex& mutex) {
    return matches(pattern, mutex.object.created);
  });
}

bool matches_fiber(const std::string& pattern, const Report& report) {
  const auto named = [&](const auto& part) {
    return suppression_matches(pattern, part.fiber.name);
  };
  return std::any_of(report.accesses.begin(), report.accesses.end(), named) ||
         std::any_of(report.waiters.begin(), report.waiters.end(), named) ||
         std::any_of(report.fibers.begin(), report.fibers.end(), named) ||
         std::any_of(report.lock_cycle.begin(), report.lock_cycle.end(), named) ||
         std::any_of(report.parties.begin(), report.parties.end(), named);
}

bool matches_created(const std::string& pattern, const Report& report) {
  const auto created = [&](const auto& part) { return matches(pattern, part.created); };
  return std::any_of(report.waiters.begin(), report.waiters.end(), created) ||
         std::any_of(report.fibers.begin(), report.fibers.end(), created);
}

bool is_for(SuppressionType line, SuppressionType type) {
  return line == type || line >= SuppressionType::kFiber ||
         (line == SuppressionType::kRaceTop && type == SuppressionType::kRace);
}

bool matches(SuppressionType type, const std::string& pattern, const Report& report) {
  switch (type) {
    case SuppressionType::kRace:
      return matches_race(pattern, report);
    case SuppressionType::kRaceTop:
      return matches_top(pattern, report);
    case SuppressionType::kDeadlock:
      return matches_deadlock(pattern, report);
    case SuppressionType::kLeak:
      return matches_waiters(pattern, report);
    case SuppressionType::kMisuse:
      return matches_access(pattern, report);
    case SuppressionType::kFiber:
      return matches_fiber(pattern, report);
    case SuppressionType::kCreated:
      return matches_created(pattern, report);
    case SuppressionType::kFingerprint:
      return pattern == report.fingerprint;
  }
  return false;
}

bool is_day(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-dd";
  if (text.size() != kForm.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kForm[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != kForm[i]) return false;
  }
  const auto number = [&](size_t at) { return (text[at] - '0') * 10 + text[at + 1] - '0'; };
  return number(5) >= 1 && number(5) <= 12 && number(8) >= 1 && number(8) <= 31;
}

// A comment that means something; what is wrong with it, or empty.
std::string read_comment(std::string_view text, Document::Suppression& next) {
  text = without_space(text.substr(1));
  constexpr std::string_view kExpires = "expires:", kReason = "reason:";
  if (text.starts_with(kReason)) next.reason = without_space(text.substr(kReason.size()));
  if (!text.starts_with(kExpires)) return "";
  next.expires = without_space(text.substr(kExpires.size()));
  if (is_day(next.expires)) return "";
  return "'" + next.expires + "' is no day: expected # expires: YYYY-MM-DD";
}

// What is wrong with it; empty: nothing.
std::string read_line(std::string_view text, Document::Suppression& line) {
  const size_t colon = text.find(':');
  const std::string_view type = without_space(text.substr(0, colon));
  const auto* const known = std::find(std::begin(kTypes), std::end(kTypes), type);
  if (colon == std::string_view::npos || known == std::end(kTypes)) {
    return "'" + std::string(text) + "': expected type:pattern, where type is one of " +
           kTypesInWords;
  }
  const std::string_view pattern = without_space(text.substr(colon + 1));
  if (pattern.find_first_not_of("*^$") == std::string_view::npos)
    return "'" + std::string(text) + "': the pattern is empty, or matches everything";
  line.type = type;
  line.pattern = pattern;
  return "";
}

SuppressionType type_of(std::string_view text) {
  return static_cast<SuppressionType>(std::find(std::begin(kTypes), std::end(kTypes), text) -
                                      std::begin(kTypes));
}

}  // namespace

bool suppression_matches(std::string_view pattern, std::string_view name) {
  if (name.empty()) return false;
  const bool anchored = !pattern.empty() && pattern.front() == '^';
  if (anchored) pattern.remove_prefix(1);
  const bool to_end = !pattern.empty() && pattern.back() == '$';
  if (to_end) pattern.remove_suffix(1);
  return matches_from(pattern, name, anchored, to_end);
}

std::optional<std::string> Suppressions::parse(std::string_view text, std::string_view file,
                                               std::string_view today) {
  Document::Suppression next;  // what comments said of it
  for (unsigned number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = without_space(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    std::string wrong;
    if (line.empty()) {
      next = {};
    } else if (line.front() == '#') {
      wrong = read_comment(line, next);
    } else {
      Document::Suppression& added = lines_.emplace_back(next);
      wrong = read_line(line, added);
      added.file = file;
      added.line = number;
      added.expired = !today.empty() && !added.expires.empty() && added.expires < today;
      types_.push_back(type_of(added.type));
    }
    if (!wrong.empty()) return "line " + std::to_string(number) + ": " + wrong;
  }
  return std::nullopt;
}

const Document::Suppression* Suppressions::match(SuppressionType type, const Report& report) {
  for (size_t i = 0; i < lines_.size(); ++i) {
    Document::Suppression& line = lines_[i];
    if (line.expired || !is_for(types_[i], type) || !matches(types_[i], line.pattern, report))
      continue;
    ++line.matches;
    return &line;
  }
  return nullptr;
}

SuppressionType suppression_type_of(std::string_view kind) {
  constexpr std::string_view kRaces[] = {"data race", "heap-use-after-free race",
                                         "data race on vptr",
                                         "data race of atomic and plain access"};
  constexpr std::string_view kDeadlocks[] = {"global deadlock", "partial deadlock",
                                             "lock-order inversion (potential deadlock)",
                                             "recursive read lock (potential deadlock)"};
  if (std::find(std::begin(kRaces), std::end(kRaces), kind) != std::end(kRaces))
    return SuppressionType::kRace;
  if (std::find(std::begin(kDeadlocks), std::end(kDeadlocks), kind) != std::end(kDeadlocks))
    return SuppressionType::kDeadlock;
  return kind == "fiber leak" ? SuppressionType::kLeak : SuppressionType::kMisuse;
}

std::string_view type_text(SuppressionType type) { return kTypes[static_cast<size_t>(type)]; }

}  // namespace fibersan
