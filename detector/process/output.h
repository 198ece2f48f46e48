// output.h: where reports go: standard error, standard output, or <log_path>.<pid>.
//
// Errors:   a log file that cannot be opened or written, such as on a full disk, is one line on
//           standard error, where all goes from then on: nothing is lost in silence.
// Threads:  one caller at a time (the findings lock).
// Not here: reports as JSON, see document_file.h.
#ifndef FIBERSAN_DETECTOR_PROCESS_OUTPUT_H
#define FIBERSAN_DETECTOR_PROCESS_OUTPUT_H

#include <cstdint>
#include <string_view>

#include "detector/process/fixed_text.h"

namespace fibersan {

// At the start: a relative log_path means the folder of that moment.
void note_log_path();
// log_path names a file; as an absolute path.
bool log_is_file();
std::string_view log_path();

// Writes the whole text with as few system calls as the kernel allows. Waits a while for a
// full pipe that does not block. Safe in signal handlers.
void write_report_text(std::string_view text);

// The same for any file; false: not all of it, errno says why. A limit of the file's size is an
// error and no signal.
bool write_all(int file, std::string_view text);

// Says so, with the reason; from then on all output goes to standard error.
void log_is_lost(std::string_view file, int error);

// Whether headings are coloured: option `color`, or a terminal behind the output.
bool output_is_coloured();

// In a forked child: reports go to the child's own log file.
void reopen_output();

// Pieces of text that are written together.
class ReportText {
 public:
  ReportText() = default;
  ~ReportText() { write_report_text(text_.view()); }
  ReportText(const ReportText&) = delete;
  ReportText& operator=(const ReportText&) = delete;

  void add(std::string_view text) {
    if (text_.view().size() + text.size() > FixedText::kMax) {
      write_report_text(text_.view());
      text_ = FixedText();
    }
    if (text.size() > FixedText::kMax)
      write_report_text(text);
    else
      text_.add(text);
  }
  void add(uint64_t number) { add(FixedText().add(number).view()); }

 private:
  FixedText text_;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_OUTPUT_H
