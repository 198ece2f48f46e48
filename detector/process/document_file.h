// document_file.h: the option format=json: findings as one JSON document for each process.
//
// Output:   to standard error or standard output: the document's lines, begun with the first
//           finding. To <log_path>.<pid>: a document in any case, at first as
//           <log_path>.<pid>.partial.
// Errors:   a file that cannot be made or written is said on standard error, where everything
//           goes as text from then on; what the file has already stays as .partial.
// Threads:  the holder of the findings lock; ending is safe in signal handlers.
// Not here: what is in it, see report/json_writer.h; when a process ends, see end.h.
//
// Invariants
//   J1  A finding is in the file when publish() returns.
//   J2  <log_path>.<pid> is whole: .partial is renamed after its last byte.
//   J3  No file that is there is lost: neither that of an earlier process with this number, nor
//       that of this process before it executed another program.
#ifndef FIBERSAN_DETECTOR_PROCESS_DOCUMENT_FILE_H
#define FIBERSAN_DETECTOR_PROCESS_DOCUMENT_FILE_H

#include <string>
#include <string_view>

#include "detector/report/document.h"

namespace fibersan {

// At the start of the process. A file begins at once.
void begin_document();

// What the options want in the text.
Document::TextShape text_shape();

// The option asks for JSON, and it could be written so far.
bool writes_document();

void add_to_document(const Report& report);
// A line between findings; at the document's end, where it can be told after which.
void add_message_to_document(const std::string& line);

// False: it could not be written, and the text has to say it.
bool end_document(std::string_view by, const Document::Totals& totals, std::string_view precision,
                  bool complete);

// In a forked child: it has a document of its own, begun with its first finding or at its end.
void document_after_fork();

// Another program takes the process over, if it can be executed; else it goes on.
void document_pauses(const Document::Totals& totals, std::string_view precision);
void document_goes_on();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_DOCUMENT_FILE_H
