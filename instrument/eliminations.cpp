// eliminations.cpp: the options, the counters and the summary.
#include "instrument/eliminations.h"

#include <algorithm>
#include <string>

#include "instrument/remarks.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace fibersan::instrument {
namespace {

namespace cl = llvm::cl;

struct Rule {
  llvm::StringLiteral text;
  bool is_optional;
};

constexpr Rule kRules[] = {
#define FIBERSAN_ELIMINATION(id, name, text) {text, true},
#define FIBERSAN_NECESSITY(id, name, text) {text, false},
#include "instrument/eliminations.def"
#undef FIBERSAN_NECESSITY
#undef FIBERSAN_ELIMINATION
};

constexpr llvm::StringLiteral kForms[] = {"inline", "call", "range"};
constexpr llvm::StringLiteral kMoved = "before loops";

// One above the rules.
constexpr Elimination kAllRules{kEliminations};

cl::list<Elimination> without("fibersan-without", cl::CommaSeparated,
                              cl::desc("Rules that leave out no checks"),
                              cl::values(
#define FIBERSAN_ELIMINATION(id, name, text) clEnumValN(Elimination::id, name, text),
#define FIBERSAN_NECESSITY(id, name, text)
#include "instrument/eliminations.def"
#undef FIBERSAN_NECESSITY
#undef FIBERSAN_ELIMINATION
                                  clEnumValN(kAllRules, "all", "every one of these")));

cl::opt<bool> calls_only("fibersan-calls-only", cl::ZeroOrMore,
                         cl::desc("Every check is a plain call of its hook"));

cl::opt<std::string> stats(
    "fibersan-stats", cl::ValueOptional, cl::ZeroOrMore, cl::value_desc("file"),
    cl::desc("Print what became of each module's accesses, or append it to the file as JSON"));

void print_row(llvm::raw_ostream& out, llvm::StringRef label, uint64_t count) {
  out << llvm::formatv("  {0,-24} {1,10}\n", label, count);
}

}  // namespace

bool is_enabled(Elimination rule) {
  auto names_it = [rule](Elimination off) { return off == rule || off == kAllRules; };
  return !kRules[static_cast<size_t>(rule)].is_optional || std::ranges::none_of(without, names_it);
}

bool emits_calls_only() { return calls_only; }

std::string elimination_options() {
  std::string text;
  for (const Elimination rule : without) {
    text += text.empty() ? "-fibersan-without=" : ",";
    text += rule == kAllRules ? "all" : kEliminationNames[static_cast<size_t>(rule)].str();
  }
  if (calls_only) text += text.empty() ? "-fibersan-calls-only" : " -fibersan-calls-only";
  return text;
}

void Statistics::seen(const llvm::Instruction&) { ++seen_; }

void Statistics::eliminated(Elimination rule, const llvm::Instruction& access) {
  const auto index = static_cast<size_t>(rule);
  ++eliminated_[index];
  remark_eliminated(access, kEliminationNames[index], kRules[index].text);
}

void Statistics::emitted(CheckForm form, const llvm::Instruction& instruction, bool has_moved) {
  const auto index = static_cast<size_t>(form);
  ++(has_moved ? moved_ : emitted_[index]);
  remark_checked(instruction, has_moved ? kMoved : kForms[index]);
}

void Statistics::print(const llvm::Module& module) const {
  if (stats.getNumOccurrences() == 0) return;
  std::string text;
  llvm::raw_string_ostream out(text);
  if (stats.empty()) {
    out << "FiberSan: " << module.getSourceFileName() << '\n';
    print_row(out, "accesses seen", seen_);
    for (size_t i = 0; i < kCheckForms; ++i)
      print_row(out, ("checks: " + kForms[i]).str(), emitted_[i]);
    print_row(out, ("checks: " + kMoved).str(), moved_);
    for (size_t i = 0; i < kEliminations; ++i)
      print_row(out, ("without: " + kEliminationNames[i]).str(), eliminated_[i]);
    llvm::errs() << text;
    return;
  }
  llvm::json::OStream json(out);
  json.object([&] {
    json.attribute("module", llvm::json::fixUTF8(module.getSourceFileName()));
    json.attribute("seen", seen_);
    json.attributeObject("checks", [&] {
      for (size_t i = 0; i < kCheckForms; ++i) json.attribute(kForms[i], emitted_[i]);
    });
    json.attribute(kMoved, moved_);
    json.attributeObject("without", [&] {
      for (size_t i = 0; i < kEliminations; ++i)
        json.attribute(kEliminationNames[i], eliminated_[i]);
    });
  });
  out << '\n';
  // Compilers that run at the same time append whole lines.
  std::error_code error;
  llvm::raw_fd_ostream file(stats, error, llvm::sys::fs::OF_Append);
  if (!error) {
    file.SetBufferSize(text.size() + 1);
    file << text;
    file.flush();
    error = file.error();
    file.clear_error();
  }
  if (error)
    module.getContext().emitError("-fibersan-stats: cannot write '" + stats +
                                  "': " + error.message());
}

}  // namespace fibersan::instrument
