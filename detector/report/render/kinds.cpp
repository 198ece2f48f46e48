#include "detector/report/render/kinds.h"

#include <cctype>
#include <utility>

namespace fibersan {
namespace {

enum class Row : uint8_t {
#define FSAN_FINDING_KIND(identifier, text, help) identifier,
#include "detector/abi/finding_kinds.def"
#undef FSAN_FINDING_KIND
};

struct Traits {
  Level level;
  const char* family;
  unsigned weakness;
};

// No default: the compiler asks for the traits of a new row.
Traits traits_of(Row row) {
  switch (row) {
    case Row::DATA_RACE:
    case Row::VPTR_RACE:
      return {Level::kError, "race", 362};
    case Row::USE_AFTER_FREE_RACE:
      return {Level::kError, "race", 416};
    case Row::ATOMIC_RACE:
      return {Level::kError, "race", 366};
    case Row::GLOBAL_DEADLOCK:
    case Row::PARTIAL_DEADLOCK:
      return {Level::kError, "deadlock", 833};
    case Row::LOCK_ORDER:
      return {Level::kWarning, "deadlock", 833};
    case Row::DOUBLE_LOCK:
      return {Level::kError, "deadlock", 764};
    case Row::RECURSIVE_READ_LOCK:
      return {Level::kWarning, "deadlock", 764};
    case Row::FIBER_LEAK:
      return {Level::kWarning, "leak", 772};
    case Row::SEND_ON_CLOSED:
      return {Level::kError, "misuse", 672};
    case Row::CLOSE_OF_CLOSED:
      return {Level::kError, "misuse", 1341};
    case Row::CLOSE_OF_NIL:
      return {Level::kError, "misuse", 476};
    case Row::UNLOCK_OF_UNLOCKED:
      return {Level::kError, "misuse", 832};
    case Row::UNLOCK_BY_NON_OWNER:
    case Row::ENDED_HOLDING_LOCK:
    case Row::DESTROYED_IN_USE:
    case Row::COPIED_OBJECT:
      return {Level::kError, "misuse", 667};
    case Row::NEGATIVE_WAITGROUP:
    case Row::WAITGROUP_MISUSE:
    case Row::WAITGROUP_REUSED:
      return {Level::kError, "misuse", 821};
    case Row::CONDITION_WITHOUT_LOCK:
      return {Level::kError, "misuse", 820};
    case Row::THREAD_LOCK_OVER_PARK:
    case Row::LOCK_HELD_LONG:
      return {Level::kNote, "performance", 667};
    case Row::BLOCKING_CALL:
    case Row::RUNNABLE_LONG:
    case Row::NEVER_YIELDS:
      return {Level::kNote, "performance", 1322};
  }
  return {};
}

bool is_letter(char letter) { return isalnum(static_cast<unsigned char>(letter)) != 0; }

// Words of letters and digits, small, with a dash between two.
std::string id_of(std::string_view text) {
  std::string id;
  for (const char letter : text) {
    if (is_letter(letter)) {
      id += static_cast<char>(tolower(static_cast<unsigned char>(letter)));
    } else if (!id.empty() && id.back() != '-') {
      id += '-';
    }
  }
  while (!id.empty() && id.back() == '-') id.pop_back();
  return id.empty() ? "unknown" : id;
}

std::string name_of(std::string_view id) {
  std::string name;
  bool begins = true;
  for (const char letter : id) {
    if (letter != '-')
      name += begins ? static_cast<char>(toupper(static_cast<unsigned char>(letter))) : letter;
    begins = letter == '-';
  }
  return name;
}

FindingKind make(std::string_view identifier, std::string text, std::string help, Traits traits) {
  FindingKind kind;
  kind.id = id_of(identifier);
  kind.name = name_of(kind.id);
  kind.text = std::move(text);
  kind.help = std::move(help);
  kind.level = traits.level;
  kind.weakness = traits.weakness;
  kind.tags = {"concurrency", traits.family};
  if (traits.weakness != 0)
    kind.tags.push_back("external/cwe/cwe-" + std::to_string(traits.weakness));
  return kind;
}

std::vector<FindingKind> table() {
  return {
#define FSAN_FINDING_KIND(identifier, text, help) \
  make(#identifier, text, help, traits_of(Row::identifier)),
#include "detector/abi/finding_kinds.def"
#undef FSAN_FINDING_KIND
  };
}

}  // namespace

const char* level_text(Level level) {
  switch (level) {
    case Level::kError:
      return "error";
    case Level::kWarning:
      return "warning";
    case Level::kNote:
      return "note";
  }
  return "none";
}

std::span<const FindingKind> finding_kinds() {
  static const std::vector<FindingKind> kinds = table();
  return kinds;
}

FindingKind kind_of(std::string_view text) {
  for (const FindingKind& kind : finding_kinds()) {
    if (kind.text == text) return kind;
  }
  const std::string name(text.empty() ? std::string_view("unknown finding") : text);
  return make(name, name, "This version of FiberSan does not know this kind of finding.",
              {Level::kError, "unknown", 0});
}

}  // namespace fibersan
