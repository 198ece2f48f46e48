// reports.h: the reports that a command line names.
//
// Input:    files; "-" for standard input; folders, with the reports in them; P, where P.<pid> of
//           several processes are. JSON of a document or several; text, where that is enough.
// Output:   what each file says; what is not whole as far as it goes, with a sentence that says so.
// Errors:   of one file a sentence with its name, what is wrong and what to do; the others are read
//           all the same. A name that leads to no report is an error.
//
// Invariants
//   L1  Files of a folder or a P are read in the order of their names, with numbers as numbers.
//   L2  Each file is read once, whoever names it.
#ifndef FIBERSAN_UTILS_FIBERSAN_REPORTS_H
#define FIBERSAN_UTILS_FIBERSAN_REPORTS_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detector/report/document.h"

namespace fibersan::command {

// What a log of text says that the gate can use.
struct TextLog {
  std::vector<std::string> fingerprints;  // that it shows (verbosity=1)
  uint64_t findings = 0;                  // it shows
  bool has_last_line = false;             // so its process came to its end
  std::optional<uint64_t> functions;      // instrumented ones, if it says how many
};

struct ReportFile {
  std::string path;
  std::vector<Document> documents;
  std::optional<TextLog> text;  // instead of documents
  std::string not_whole;        // why; a sentence without the name
};

struct Reports {
  std::vector<ReportFile> files;
  std::vector<std::string> errors;

  // All of them, one after the other.
  [[nodiscard]] std::vector<Document> documents() const;
};

enum class TextLogs { kRefused, kRead };

Reports read_reports(const std::vector<std::string>& names, TextLogs text = TextLogs::kRefused);

// Prints the errors and what is not whole; whether there was an error.
bool tell_problems(const Reports& reports);

TextLog read_text_log(std::string_view text);

}  // namespace fibersan::command

#endif  // FIBERSAN_UTILS_FIBERSAN_REPORTS_H
