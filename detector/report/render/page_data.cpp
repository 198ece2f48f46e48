#include "detector/report/render/page_data.h"

#include <algorithm>
#include <set>
#include <utility>

#include "detector/report/render/headline.h"
#include "detector/report/render/primary_frame.h"
#include "detector/report/render/timeline.h"
#include "detector/report/render/uri.h"
#include "detector/report/render_text.h"
#include "detector/report/sections.h"
#include "detector/report/utf8.h"
#include "detector/report/wait_graph.h"

namespace fibersan {
namespace {

std::string number(uint64_t value) { return std::to_string(value); }

void append(std::string& list, const std::string& item) {
  if (!list.empty()) list += ',';
  list += item;
}

template <class Numbers>
std::string array(const Numbers& numbers) {
  std::string text;
  for (const auto value : numbers) append(text, std::to_string(value));
  return "[" + text + "]";
}

std::string text_array(const std::vector<std::string>& texts) {
  std::string text;
  for (const std::string& one : texts) append(text, json_text(one));
  return "[" + text + "]";
}

// 0x… of (module+0x…)
std::string offset_of(const SourceFrame& frame) {
  const std::string text = render_module(frame);
  const size_t begin = text.rfind('+') + 1;
  return text.substr(begin, text.size() - 1 - begin);
}

std::string json_of(const Timeline& timeline, const std::vector<size_t>& lane_names) {
  std::string lanes, events;
  for (size_t i = 0; i < timeline.lanes.size(); ++i)
    append(lanes, "[" + number(lane_names[i]) + "," +
                      number(static_cast<uint64_t>(timeline.lanes[i].end)) + "]");
  for (const Timeline::Event& event : timeline.events) {
    append(events, "[" + number(event.lane) + "," + number(event.column) + "," +
                       number(static_cast<uint64_t>(event.kind)) + "," + json_text(event.text) +
                       "," + (event.from ? number(*event.from) : "-1") + "]");
  }
  return "{\"lanes\":[" + lanes + "],\"events\":[" + events +
         "],\"columns\":" + number(timeline.columns) + ",\"left\":" + number(timeline.left_out) +
         "}";
}

std::string json_of(const Document::Suppression& suppression) {
  return "{\"pattern\":" + json_text(suppression.type + ":" + suppression.pattern) +
         ",\"matches\":" + number(suppression.matches) +
         ",\"reason\":" + json_text(suppression.reason) + "}";
}

std::string json_of(const Document& document) {
  const Document::Process& process = document.process;
  const Document::Totals& totals = document.totals;
  std::string command, messages, suppressions;
  for (const std::string& argument : process.arguments)
    command += (command.empty() ? "" : " ") + argument;
  for (const Document::Message& message : document.messages)
    append(messages, json_text(message.text));
  for (const Document::Suppression& one : document.suppressions) {
    if (one.matches != 0) append(suppressions, json_of(one));
  }
  return "{\"pid\":" + std::to_string(process.pid) +
         ",\"parent\":" + std::to_string(process.parent_pid) +
         ",\"executable\":" + json_text(process.executable) + ",\"command\":" + json_text(command) +
         ",\"directory\":" + json_text(process.directory) +
         ",\"started\":" + json_text(process.started_ms == 0 ? "" : utc_time(process.started_ms)) +
         ",\"duration\":" +
         json_text(process.duration_ms <= 0
                       ? ""
                       : render_duration(static_cast<uint64_t>(process.duration_ms))) +
         ",\"seed\":" + json_text(number(process.seed)) +
         ",\"processors\":" + number(process.processors) +
         ",\"options\":" + json_text(process.options) +
         ",\"fiber_options\":" + json_text(process.runtime_options) +
         ",\"ended\":" + json_text(process.ended_by) +
         ",\"complete\":" + (document.complete ? "true" : "false") +
         ",\"precision\":" + json_text(document.precision) +
         ",\"findings\":" + number(document.findings.size()) +
         ",\"duplicates\":" + number(totals.duplicates) +
         ",\"suppressed\":" + number(totals.suppressed) + ",\"fibers\":" + number(totals.fibers) +
         ",\"accesses\":" + number(totals.accesses) +
         ",\"functions\":" + number(totals.instrumented_functions) +
         ",\"of_children\":" + number(totals.findings_of_children) +
         ",\"children_running\":" + number(totals.children_running) + ",\"messages\":[" + messages +
         "],\"suppressions\":[" + suppressions + "]}";
}

}  // namespace

std::string json_text(std::string_view bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text = "\"";
  for (const char letter : to_utf8(bytes)) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      text += '\\';
      text += letter;
    } else if (byte < 0x20 || letter == '<') {
      text += "\\u00";
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    } else {
      text += letter;
    }
  }
  return text + "\"";
}

size_t PageData::Names::number_of(const std::string& text) {
  const auto [place, is_new] = numbers_.try_emplace(text, texts_.size());
  if (is_new) texts_.push_back(&place->first);  // keys do not move
  return place->second;
}

std::string PageData::Names::json() const {
  std::string list;
  for (const std::string* text : texts_) append(list, json_text(*text));
  return "[" + list + "]";
}

// 0: the same.
std::string PageData::Names::short_json() const {
  std::string list;
  for (const std::string* text : texts_) {
    const std::string name = short_function(*text);
    append(list, name == *text ? "0" : json_text(name));
  }
  return "[" + list + "]";
}

PageData::PageData(std::span<const Document> documents, const RenderOptions& options,
                   const HtmlLimits& limits)
    : documents_(documents), limits_(limits), source_files_(options.sources) {
  for (const MergedFinding& finding : merged(documents)) add(finding);
  if (!blocks_.empty()) blocks_.back() += "]";
}

size_t PageData::file_number(const std::string& name, const Document& document) {
  const auto [place, is_new] =
      file_numbers_.try_emplace(name + '\0' + document.process.directory, files_.size());
  if (is_new) {
    Shown shown;
    if (!name.empty()) {
      shown.file = &source_files_.file(name, document.process.directory);
      shown.name = shown.file->path;
    }
    files_.push_back(std::move(shown));
  }
  Shown& shown = files_[place->second];
  if (shown.file != nullptr && document.process.started_ms != 0 &&
      shown.file->changed_ms > document.process.started_ms)
    shown.is_newer = true;
  return place->second;
}

size_t PageData::frame_number(const SourceFrame& frame, const Document& document) {
  const size_t file = file_number(frame.file, document);
  const std::string json = "[" + number(functions_.number_of(frame.function)) + "," + number(file) +
                           "," + number(frame.line) + "," + number(frame.column) + "," +
                           number(modules_.number_of(frame.module)) + ",\"" + offset_of(frame) +
                           (frame.inlined ? "i" : "") + "\"]";
  const auto [place, is_new] = frame_numbers_.try_emplace(json, frame_numbers_.size());
  if (!is_new) return place->second;
  append(frames_, json);
  if (frame.line != 0 && files_[file].file != nullptr && files_[file].file->found) {
    const uint32_t first = frame.line > kContext ? frame.line - kContext : 1;
    for (uint32_t line = first; line <= frame.line + kContext; ++line) files_[file].lines[line];
  }
  return place->second;
}

// Stacks of one finding after the other are mostly the same.
size_t PageData::stack_number(const Trace& trace, const Document& document) {
  std::string numbers;
  std::set<size_t> files;
  for (const SourceFrame& frame : trace.frames) {
    append(numbers, number(frame_number(frame, document)));
    if (!frame.file.empty()) files.insert(file_number(frame.file, document));
  }
  const std::string json =
      "[[" + numbers + "]," + (trace.cut ? "1," : "0,") + json_text(trace.lost_why) + "]";
  const auto [place, is_new] = stack_numbers_.try_emplace(json, stack_numbers_.size());
  if (is_new) {
    append(stacks_, json);
    stack_files_.emplace_back(files.begin(), files.end());
  }
  return place->second;
}

std::string PageData::graph_of(const Report& report) {
  if (report.waiters.empty() && report.lock_cycle.empty()) return "null";
  const WaitGraph graph = wait_graph_of(report);
  if (graph.nodes.empty()) return "null";
  if (graph.nodes.size() > limits_.graph_nodes)
    return number(graph.nodes.size());  // the page says so
  if (graph_bytes_ > limits_.graph_bytes) return "0";
  std::string json = json_text(render_svg(graph));
  graph_bytes_ += json.size();
  return json;
}

void PageData::add(const MergedFinding& finding) {
  const Report& report = *finding.report;
  const Document& document = documents_[finding.documents[0]];
  std::set<size_t> files;
  std::string sections;
  for (const ReportSection& section : sections_of(report)) {
    std::string stack = "-1";
    const bool has_stack = section.stack != nullptr &&
                           (!section.stack->frames.empty() || !section.stack->lost_why.empty());
    if (has_stack) {
      const size_t known = stack_number(*section.stack, document);
      files.insert(stack_files_[known].begin(), stack_files_[known].end());
      stack = number(known);
    }
    append(sections, "[" + number(static_cast<uint64_t>(section.role)) + "," +
                         json_text(section.heading) + "," + stack + "," +
                         text_array(section.notes) + "]");
  }
  const Timeline timeline = timeline_of(report);
  std::vector<size_t> fibers;
  for (const Timeline::Lane& lane : timeline.lanes)
    fibers.push_back(fibers_.number_of(render_fiber(lane.fiber)));
  std::string json = "{\"headline\":" + json_text(headline(report)) +
                     ",\"fingerprint\":" + json_text(report.fingerprint) +
                     ",\"processes\":" + array(finding.documents) +
                     ",\"summary\":" + number(frame_number(report.summary, document)) +
                     ",\"sections\":[" + sections + "],\"notes\":" + text_array(report.notes) +
                     ",\"time\":" + json_of(timeline, fibers) + ",\"graph\":" + graph_of(report);
  if (report.at_ms != 0) json += ",\"at\":" + json_text(render_duration(report.at_ms));
  json += "}";
  if (findings_ % kInBlock == 0) {
    if (!blocks_.empty()) blocks_.back() += "]";
    blocks_.push_back("[" + json);
  } else {
    blocks_.back() += ",\n" + json;
  }
  ++findings_;
  add_to_index(finding, fibers, {files.begin(), files.end()});
}

void PageData::add_to_index(const MergedFinding& finding, const std::vector<size_t>& fibers,
                            std::vector<size_t> files) {
  const Report& report = *finding.report;
  const Document& document = documents_[finding.documents[0]];
  const auto [kind, is_new] = kind_numbers_.try_emplace(report.kind, kinds_.size());
  if (is_new) {
    kinds_.push_back(kind_of(report.kind));
    kind_counts_.push_back(0);
  }
  ++kind_counts_[kind->second];
  const SourceFrame& where = primary_frame(report, document.process.directory, source_files_);
  append(index_.kinds, number(kind->second));
  append(index_.files, number(file_number(where.file, document)));
  append(index_.lines, number(where.line));
  append(index_.functions, number(functions_.number_of(where.function)));
  append(index_.processes, number(finding.documents.size()));
  append(index_.fibers, array(fibers));
  append(index_.all_files, array(files));
}

// H3
std::string PageData::sources() const {
  std::string list;
  size_t room = limits_.source_bytes;
  for (const Shown& shown : files_) {
    std::string lines, why;
    bool is_full = false;
    if (shown.file != nullptr && !shown.file->found) why = shown.file->why_not;
    for (const auto& [line, unused] : shown.lines) {
      if (shown.file == nullptr) break;
      const auto text = shown.file->line(line);
      if (!text) continue;
      if (text->size() > room) {
        is_full = true;
        break;
      }
      room -= text->size();
      append(lines, "\"" + number(line) + "\":" + json_text(*text));
    }
    if (is_full) why = "is left out: the sources of this page would be too large";
    append(list, "{\"name\":" + json_text(shown.name) + ",\"why\":" + json_text(why) +
                     ",\"newer\":" + (shown.is_newer ? "true" : "false") + ",\"lines\":{" + lines +
                     "}}");
  }
  return "[" + list + "]";
}

std::string PageData::processes() const {
  std::string list;
  for (const Document& document : documents_) append(list, json_of(document));
  return "[" + list + "]";
}

std::string PageData::kinds() const {
  std::string list;
  for (size_t i = 0; i < kinds_.size(); ++i) {
    append(list, "{\"id\":" + json_text(kinds_[i].id) + ",\"text\":" + json_text(kinds_[i].text) +
                     ",\"help\":" + json_text(kinds_[i].help) +
                     ",\"level\":" + json_text(level_text(kinds_[i].level)) +
                     ",\"count\":" + number(kind_counts_[i]) + "}");
  }
  return "[" + list + "]";
}

std::string PageData::tables() const {
  const std::string version = documents_.empty() ? "" : documents_[0].tool_version;
  return "{\"version\":" + json_text(version) + ",\"count\":" + number(findings_) +
         ",\"inBlock\":" + number(kInBlock) + ",\n\"processes\":" + processes() +
         ",\n\"kinds\":" + kinds() + ",\n\"files\":" + sources() +
         ",\n\"functions\":" + functions_.json() + ",\n\"shorts\":" + functions_.short_json() +
         ",\n\"modules\":" + modules_.json() + ",\n\"fibers\":" + fibers_.json() +
         ",\n\"frames\":[" + frames_ + "],\n\"stacks\":[" + stacks_ + "],\n\"index\":{\"kinds\":[" +
         index_.kinds + "],\"files\":[" + index_.files + "],\"lines\":[" + index_.lines +
         "],\"functions\":[" + index_.functions + "],\"processes\":[" + index_.processes +
         "],\"fibers\":[" + index_.fibers + "],\"allFiles\":[" + index_.all_files + "]}}";
}

}  // namespace fibersan
