// render_sample FORMAT SAMPLE FOLDER: a document of samples.h on the standard output, for tests
// that look at it with other programs. Its sources are written to FOLDER.
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "detector/report/render/github.h"
#include "detector/report/render/html.h"
#include "detector/report/render/junit.h"
#include "detector/report/render/sarif.h"
#include "tests/unit/render/samples.h"

namespace fibersan {
namespace {

std::vector<Document> documents_of(const std::string& sample, const std::string& folder) {
  if (sample == "none") return {};
  if (sample == "bank") return {samples::bank(folder)};
  if (sample == "hostile") return {samples::hostile(folder)};
  if (sample == "clean" || sample == "children") {
    Document document = samples::bank(folder);
    document.findings.clear();
    document.totals.findings = 0;
    document.totals.findings_of_children = sample == "children" ? 1 : 0;
    return {document};
  }
  if (sample == "processes") {
    std::vector<Document> documents;
    for (int i = 0; i < 30; ++i) {
      documents.push_back(samples::bank(folder));
      documents.back().process.pid += i;
      documents.back().complete = i % 7 != 3;
    }
    return documents;
  }
  const size_t count = std::strtoull(sample.c_str(), nullptr, 10);
  if (count != 0) return {samples::many(folder, count)};
  std::cerr << "no sample " << sample
            << ": none, bank, hostile, clean, children, processes, or a number of findings\n";
  std::exit(2);
}

std::string rendered(const std::string& format, const std::vector<Document>& documents,
                     const RenderOptions& options) {
  if (format == "sarif") return render_sarif(documents, options);
  if (format == "junit") return render_junit(documents, options);
  if (format == "html") return render_html(documents, options);
  if (format == "github") return render_github(documents, options);
  std::cerr << "no format " << format << "\n";
  std::exit(2);
}

}  // namespace
}  // namespace fibersan

int main(int count, char** arguments) {
  if (count != 4) {
    std::cerr << "render_sample FORMAT SAMPLE FOLDER\n";
    return 2;
  }
  const std::string folder = arguments[3];
  fibersan::samples::write_sources(folder);
  fibersan::RenderOptions options;
  options.sources.root = folder;
  std::cout << fibersan::rendered(arguments[1], fibersan::documents_of(arguments[2], folder),
                                  options);
  return 0;
}
