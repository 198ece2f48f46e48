// page_assets.h: page.html, page.css and page.js as the build found them.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_PAGE_ASSETS_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_PAGE_ASSETS_H

namespace fibersan::page_assets {

extern const char* const kBody;
extern const char* const kStyle;
extern const char* const kStyleHash;  // SHA-256, hexadecimal
extern const char* const kScript;
extern const char* const kScriptHash;

}  // namespace fibersan::page_assets

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_PAGE_ASSETS_H
