// page_data.h: documents as the blocks of JSON that page.js reads. Private to html.cpp.
//
// Output:   tables of what many findings share: names, frames, stacks, source lines; an index with
// what
//           the list shows and filters by; findings in blocks of kInBlock, which the page parses
//           when one of them is looked at or searched.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_PAGE_DATA_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_PAGE_DATA_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "detector/report/document.h"
#include "detector/report/render/html.h"
#include "detector/report/render/kinds.h"
#include "detector/report/render/merged.h"
#include "detector/report/render/source_files.h"

namespace fibersan {

// A text as a JSON string that may stand in a <script> (H1).
std::string json_text(std::string_view bytes);

class PageData {
 public:
  static constexpr size_t kInBlock = 256;
  static constexpr uint32_t kContext = 4;  // source lines before and after one

  PageData(std::span<const Document> documents, const RenderOptions& options,
           const HtmlLimits& limits);

  // Valid after the constructor.
  [[nodiscard]] std::string tables() const;
  [[nodiscard]] const std::vector<std::string>& blocks() const { return blocks_; }

 private:
  // Texts by number, in the order in which they came.
  class Names {
   public:
    size_t number_of(const std::string& text);
    [[nodiscard]] std::string json() const;
    [[nodiscard]] std::string short_json() const;  // of functions

   private:
    std::unordered_map<std::string, size_t> numbers_;
    std::vector<const std::string*> texts_;
  };
  struct Shown {  // of a source file
    const SourceFile* file = nullptr;
    std::string name;
    bool is_newer = false;           // than a process that names it
    std::map<uint32_t, bool> lines;  // that are shown
  };

  void add(const MergedFinding& finding);
  void add_to_index(const MergedFinding& finding, const std::vector<size_t>& fibers,
                    std::vector<size_t> files);
  size_t file_number(const std::string& name, const Document& document);
  size_t frame_number(const SourceFrame& frame, const Document& document);
  size_t stack_number(const Trace& trace, const Document& document);
  std::string graph_of(const Report& report);
  std::string sources() const;
  std::string processes() const;
  std::string kinds() const;

  std::span<const Document> documents_;
  HtmlLimits limits_;
  SourceFiles source_files_;
  Names functions_, modules_, fibers_;
  std::vector<FindingKind> kinds_;
  std::unordered_map<std::string, size_t> kind_numbers_;
  std::vector<size_t> kind_counts_;
  std::unordered_map<std::string, size_t> file_numbers_;
  std::vector<Shown> files_;
  std::unordered_map<std::string, size_t> frame_numbers_, stack_numbers_;
  std::string frames_, stacks_;  // JSON, without the brackets
  std::vector<std::vector<size_t>> stack_files_;
  struct {
    std::string kinds, files, lines, functions, processes, fibers, all_files;
  } index_;
  std::vector<std::string> blocks_;
  size_t findings_ = 0;
  size_t graph_bytes_ = 0;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_PAGE_DATA_H
