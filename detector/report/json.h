// json.h: documents to JSON and back.
//
// Output:   a text of one document; every field of every Report is kept, whatever its bytes are.
// Input:    a text with one document or several, one after the other or in an array, as
//           `cat P.*` makes it, from this version or an older one. Fields that are not known are
//           left out.
// Errors:   read_documents() says what is wrong with the text, where, and what to do.
// Cost:     of reading: time and memory linear in the text, each byte looked at twice.
// Threads:  any; pure functions.
// Not here: what a process writes while it runs, see json_writer.h.
//
// Invariants
//   J1  read_documents(to_json(document)) is the document.
//   J2  recover_documents() keeps each finding that is whole, and calls nothing complete whose
//       end it did not read.
#ifndef FIBERSAN_DETECTOR_REPORT_JSON_H
#define FIBERSAN_DETECTOR_REPORT_JSON_H

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "detector/report/document.h"

namespace fibersan {

std::string to_json(const Document& document);

struct DocumentsRead {
  std::vector<Document> documents;  // none when there is an error
  std::string error;                // a sentence, without the name of the file
  bool truncated = false;           // the error is that the text ends too early
  bool newer = false;               // the error is that a newer version wrote it
};

DocumentsRead read_documents(std::string_view text);

// All that is whole in a text that was cut, or has other output between its lines. An error only
// when there is no begin of a document.
DocumentsRead recover_documents(std::string_view text);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_JSON_H
