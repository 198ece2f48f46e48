// needs_descriptors.h: tests in which no descriptor is left.
#ifndef FIBERSAN_TESTS_UNIT_NEEDS_DESCRIPTORS_H
#define FIBERSAN_TESTS_UNIT_NEEDS_DESCRIPTORS_H

#include <gtest/gtest.h>

// The vptr check reads an object's memory by way of a pipe: without a descriptor left it takes
// every object for broken.
#if __has_feature(undefined_behavior_sanitizer)
#define SKIP_WHERE_CHECKS_NEED_DESCRIPTORS() \
  GTEST_SKIP() << "UndefinedBehaviorSanitizer needs descriptors itself"
#else
#define SKIP_WHERE_CHECKS_NEED_DESCRIPTORS() static_cast<void>(0)
#endif

#endif  // FIBERSAN_TESTS_UNIT_NEEDS_DESCRIPTORS_H
