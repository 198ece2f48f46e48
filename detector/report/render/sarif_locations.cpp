// sarif_locations.cpp: frames as SARIF's locations.
#include <algorithm>
#include <filesystem>
#include <string_view>

#include "detector/report/render/primary_frame.h"
#include "detector/report/render/sarif_parts.h"
#include "detector/report/render/uri.h"
#include "detector/report/render/utf16.h"
#include "detector/report/utf8.h"

namespace fibersan {
namespace {

constexpr const char* kSourceRoot = "%SRCROOT%";

// Without a source file: where in which binary.
SarifObject place_in_module(const SourceFrame& frame, const Document& document) {
  const std::string& executable = document.process.executable;
  const bool is_executable = std::filesystem::path(executable).filename() == frame.module;
  return {{"artifactLocation",
           {{"uri", is_executable ? file_uri(executable) : uri_of_path(frame.module)}}},
          {"address", {{"relativeAddress", frame.module_offset}, {"kind", "instruction"}}}};
}

}  // namespace

const SourceFile* SarifLocations::file_of(const SourceFrame& frame, const Document& document) {
  return frame.file.empty() ? nullptr : &sources_.file(frame.file, document.process.directory);
}

bool SarifLocations::in_root(const SourceFrame& frame, const Document& document) {
  return is_in_root(frame, document.process.directory, sources_);
}

const SourceFrame* SarifLocations::best_frame(const Trace& trace, const Document& document) {
  const auto& frames = trace.frames;
  auto best = std::ranges::find_if(
      frames, [&](const SourceFrame& frame) { return in_root(frame, document); });
  if (best == frames.end())
    best =
        std::ranges::find_if(frames, [](const SourceFrame& frame) { return !frame.file.empty(); });
  if (best == frames.end()) best = frames.begin();
  return best == frames.end() ? nullptr : &*best;
}

SarifObject SarifLocations::location(const SourceFrame& frame, const Document& document,
                                     bool with_line) {
  SarifObject physical;
  if (const SourceFile* file = file_of(frame, document)) {
    SarifObject& artifact = physical["artifactLocation"];
    const bool is_absolute = file->path.starts_with('/');
    artifact["uri"] = is_absolute ? file_uri(file->path) : uri_of_path(file->path);
    if (file->in_root) artifact["uriBaseId"] = kSourceRoot;
    if (frame.line != 0) physical["region"] = region(frame, *file, with_line);
  } else if (!frame.module.empty()) {
    physical = place_in_module(frame, document);
  } else {
    return nullptr;
  }
  SarifObject location = {{"physicalLocation", std::move(physical)}};
  if (!frame.function.empty()) {
    location["logicalLocations"] = SarifObject::array(
        {{{"fullyQualifiedName", to_utf8(frame.function)}, {"kind", "function"}}});
  }
  return location;
}

// From the column to the end of its line, as far as these are known. Columns of compilers count
// bytes, those of SARIF are units of UTF-16.
SarifObject SarifLocations::region(const SourceFrame& frame, const SourceFile& file,
                                   bool with_line) {
  SarifObject region = {{"startLine", frame.line}};
  const auto line = file.line(frame.line);
  if (!line) {
    if (frame.column != 0) region["startColumn"] = frame.column;
    return region;
  }
  const size_t before = std::min<size_t>(frame.column == 0 ? 0 : frame.column - 1, line->size());
  region["startColumn"] = utf16_length(line->substr(0, before)) + 1;
  region["endLine"] = frame.line;
  region["endColumn"] = utf16_length(*line) + 1;
  if (with_line) region["snippet"] = {{"text", to_utf8(*line)}};
  return region;
}

}  // namespace fibersan
