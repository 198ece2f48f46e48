// options.h: what the renderers of this folder need to know besides the documents.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_OPTIONS_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_OPTIONS_H

#include <string>

#include "detector/report/render/source_files.h"

namespace fibersan {

struct RenderOptions {
  SourceRoots sources;  // files below the root are named relative to it
  std::string
      help_uri;  // where kinds are explained; #<kind's id> is added. Empty: the pages of CWE
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_OPTIONS_H
