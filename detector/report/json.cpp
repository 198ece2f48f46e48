#include "detector/report/json.h"

#include <algorithm>
#include <optional>

#include "detector/report/json_reader.h"
#include "detector/report/json_writer.h"

namespace fibersan {
namespace {

constexpr const char* kHow =
    "FIBERSAN_OPTIONS=format=json:log_path=P makes a process write reports to P.<pid>";

struct StringSink {
  std::string text;
  void add(std::string_view more) { text += more; }
};

// What says whether the rest can be read at all.
struct Header {
  int64_t schema_version = 0;
  bool has_findings = false;
  std::string tool_version;
};

void read_tool(JsonReader& reader, std::string& version) {
  reader.object([&](std::string_view name) {
    if (name == "version")
      reader.read(version);
    else
      reader.skip();
  });
}

Header read_header(JsonReader& reader) {
  Header header;
  reader.object([&](std::string_view name) {
    if (name == "schema_version") return reader.read(header.schema_version);
    if (name == "tool") return read_tool(reader, header.tool_version);
    header.has_findings |= name == "findings";
    reader.skip();
  });
  return header;
}

void read_process(JsonReader& reader, Document::Process& process) {
  reader.object([&](std::string_view name) {
    if (name == "pid") return reader.read(process.pid);
    if (name == "parent_pid") return reader.read(process.parent_pid);
    if (name == "executable") return reader.read(process.executable);
    if (name == "arguments") return reader.read(process.arguments);
    if (name == "directory") return reader.read(process.directory);
    if (name == "started_ms") return reader.read(process.started_ms);
    if (name == "options") return reader.read(process.options);
    if (name == "runtime_options") return reader.read(process.runtime_options);
    reader.skip();
  });
}

void read_end(JsonReader& reader, Document::Process& process) {
  reader.object([&](std::string_view name) {
    if (name == "by") return reader.read(process.ended_by);
    if (name == "duration_ms") return reader.read(process.duration_ms);
    if (name == "seed") return reader.read_digits(process.seed);
    if (name == "processors") return reader.read(process.processors);
    if (name == "pid") return reader.read(process.pid);
    reader.skip();
  });
}

void read_findings(JsonReader& reader, std::vector<Report>& findings) {
  reader.array([&] {
    Report report;
    reader.read(report);
    if (reader.ok() && (report.fingerprint.empty() || report.kind.empty()))
      reader.fail("a finding needs a fingerprint and a kind");
    if (reader.ok()) findings.push_back(std::move(report));
  });
}

// What was read before an error stays in the document.
void read_document(JsonReader& reader, Document& document) {
  reader.object([&](std::string_view name) {
    if (name == "tool") return read_tool(reader, document.tool_version);
    if (name == "process") return read_process(reader, document.process);
    if (name == "text") return reader.read(document.text);
    if (name == "findings") return read_findings(reader, document.findings);
    if (name == "end") return read_end(reader, document.process);
    if (name == "messages") return reader.read(document.messages);
    if (name == "suppressions") return reader.read(document.suppressions);
    if (name == "totals") return reader.read(document.totals);
    if (name == "precision") return reader.read(document.precision);
    if (name == "complete") return reader.read(document.complete);
    reader.skip();
  });
}

// Calls one() for each document, which begins where the reader is.
template <class One>
void each_document(JsonReader& reader, One one) {
  if (reader.peek() == '[') {
    reader.array(one);
    if (reader.ok() && reader.peek() != '\0') reader.fail("expected nothing after the array");
    return;
  }
  do {
    one();
  } while (reader.ok() && reader.peek() != '\0');
}

std::string wrong_kind(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return std::string("it is empty; ") + kHow;
  text.remove_prefix(begin);
  if (text.starts_with("\x7f"
                       "ELF"))
    return std::string("it is a program or library, not a report of one; ") + kHow;
  const bool is_text = text.find("WARNING: FiberSan: ") != std::string_view::npos ||
                       text.find("FiberSan: reported ") != std::string_view::npos;
  if (text[0] != '{' && text[0] != '[') {
    return (is_text ? "it is a report as text, and what is needed is JSON; "
                    : "it is no report of FiberSan's: that is JSON; ") +
           std::string(kHow);
  }
  return "";
}

std::string no_report(std::string_view text) {
  if (text.substr(0, 4096).find("sarif") != std::string_view::npos)
    return "it is SARIF, which is made from reports and cannot be turned back; give the JSON that "
           "it was made from";
  return std::string(
             "it is JSON, but no report of FiberSan's: schema_version or findings are "
             "missing; ") +
         kHow;
}

std::string newer(const Header& header) {
  return "its schema_version is " + std::to_string(header.schema_version) +
         ", and this FiberSan knows " + std::to_string(Document::kSchemaVersion) +
         (header.schema_version < 1 ? "" : " at most") + ": use " +
         (header.tool_version.empty() ? "the FiberSan that wrote it"
                                      : "FiberSan " + header.tool_version + ", which wrote it") +
         ", or a newer one";
}

std::string broken(const JsonReader& reader) {
  if (!reader.truncated()) return "it is damaged: at " + reader.error();
  return "it ends too early, at " + reader.error() +
         "; its process was killed or is still running, or the copy is not whole";
}

// Empty: the text can be read.
std::string survey(std::string_view text, DocumentsRead& result) {
  std::string error = wrong_kind(text);
  if (!error.empty()) return error;
  JsonReader reader(text);
  bool any = false;
  each_document(reader, [&] {
    any = true;
    const Header header = read_header(reader);
    if (!error.empty()) return;
    const bool known =
        header.schema_version >= 1 && header.schema_version <= Document::kSchemaVersion;
    result.newer |= header.schema_version != 0 && !known;
    if (result.newer) error = newer(header);
    if (!reader.ok() || result.newer) return;
    if (header.schema_version == 0 || !header.has_findings) error = no_report(text);
  });
  if (reader.ok() && !any) error = no_report(text);
  if (!error.empty() || reader.ok()) return error;
  result.truncated = reader.truncated();
  return broken(reader);
}

// A line of a stream that a process wrote, from its mark on.
class Recovery {
 public:
  void line(std::string_view line) {
    if (const size_t at = line.find("{\"schema_version\":"); at != std::string_view::npos)
      return begin(line.substr(at));
    if (const size_t at = line.find("{\"fingerprint\":\""); at != std::string_view::npos)
      return finding(line.substr(at));
    if (const size_t at = line.find("],\"end\":"); at != std::string_view::npos)
      end(line.substr(at));
  }
  std::vector<Document> take() {
    for (Document& document : documents_) {
      if (!document.complete) document.totals.findings = document.findings.size();
    }
    return std::move(documents_);
  }

 private:
  void begin(std::string_view line) {
    Document document;
    JsonReader whole(line);
    read_document(whole, document);  // what is not whole fails at the end of the line
    if (whole.ok() || whole.truncated()) documents_.push_back(std::move(document));
  }
  void finding(std::string_view line) {
    Report report;
    JsonReader reader(line);
    reader.read(report);
    if (!reader.ok() || report.kind.empty()) return;
    if (Document* document = of(report.pid)) document->findings.push_back(std::move(report));
  }
  void end(std::string_view line) {
    const std::string text = "{" + std::string(line.substr(2));
    Document ended;
    JsonReader reader(text);
    read_document(reader, ended);
    Document* document = of(ended.process.pid);
    if (!reader.ok() || document == nullptr) return;
    JsonReader again(text);
    read_document(again, *document);
  }
  // The latest of that process.
  Document* of(int64_t pid) {
    const auto found =
        std::find_if(documents_.rbegin(), documents_.rend(),
                     [pid](const Document& document) { return document.process.pid == pid; });
    return found == documents_.rend() ? nullptr : &*found;
  }

  std::vector<Document> documents_;
};

}  // namespace

std::string to_json(const Document& document) {
  StringSink sink;
  write_begin(sink, document.tool_version, document.process, document.text);
  for (const Report& report : document.findings)
    write_finding(sink, report, &report == document.findings.data());
  write_end(sink,
            {document.process.pid, document.process.ended_by, document.process.duration_ms,
             document.process.seed, document.process.processors, document.totals,
             document.precision, document.messages, document.suppressions, document.complete});
  return std::move(sink.text);
}

DocumentsRead read_documents(std::string_view text) {
  DocumentsRead result;
  result.error = survey(text, result);
  if (!result.error.empty()) return result;
  JsonReader reader(text);
  each_document(reader, [&] { read_document(reader, result.documents.emplace_back()); });
  if (!reader.ok()) {
    result.error = broken(reader);
    result.documents.clear();
  }
  return result;
}

DocumentsRead recover_documents(std::string_view text) {
  DocumentsRead result = read_documents(text);
  if (result.error.empty() || result.newer) return result;
  Recovery recovery;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = rest.find('\n');
    recovery.line(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  result.documents = recovery.take();
  const bool laid_out_anew =
      std::all_of(result.documents.begin(), result.documents.end(),
                  [](const Document& document) { return document.findings.empty(); });
  if (laid_out_anew && wrong_kind(text).empty()) {
    std::vector<Document> documents;
    JsonReader reader(text);
    each_document(reader, [&] {
      Document document;
      read_document(reader, document);
      if (!document.findings.empty() || document.process.pid != 0) {
        if (!reader.ok()) document.complete = false;
        documents.push_back(std::move(document));
      }
    });
    if (!documents.empty()) result.documents = std::move(documents);
  }
  if (!result.documents.empty()) result.error.clear();
  return result;
}

}  // namespace fibersan
