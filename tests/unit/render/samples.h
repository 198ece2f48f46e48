// samples.h: documents for tests of renderers: one of each shape of finding, names that want to
// break out, and as many findings as one likes.
#ifndef FIBERSAN_TESTS_UNIT_RENDER_SAMPLES_H
#define FIBERSAN_TESTS_UNIT_RENDER_SAMPLES_H

#include <cstddef>
#include <string>

#include "detector/report/document.h"

namespace fibersan::samples {

// bank.cpp and channel.cpp, which the findings name, for tests that show sources.
void write_sources(const std::string& folder);

// One finding of each shape: a race, a deadlock, a lock order, a misuse, a leak; sources in
// `folder`.
Document bank(const std::string& folder);

// The same with markup, quotes, line breaks, control characters and no UTF-8 in each text.
Document hostile(const std::string& folder);

// Races between a few thousand different lines.
Document many(const std::string& folder, size_t findings);

}  // namespace fibersan::samples

#endif  // FIBERSAN_TESTS_UNIT_RENDER_SAMPLES_H
