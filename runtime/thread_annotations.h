// thread_annotations.h: clang's -Wthread-safety attributes under short names.
//
// Not here: the locks themselves, see lock.h.
#ifndef FIBERSAN_RUNTIME_THREAD_ANNOTATIONS_H
#define FIBERSAN_RUNTIME_THREAD_ANNOTATIONS_H

#define FIBER_CAPABILITY(x) __attribute__((capability(x)))
#define FIBER_SCOPED_CAPABILITY __attribute__((scoped_lockable))
#define FIBER_GUARDED_BY(x) __attribute__((guarded_by(x)))
#define FIBER_REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define FIBER_ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define FIBER_TRY_ACQUIRE(...) __attribute__((try_acquire_capability(__VA_ARGS__)))
#define FIBER_RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))
#define FIBER_EXCLUDES(...) __attribute__((locks_excluded(__VA_ARGS__)))
// For a function that takes a lock here and lets another one release it (park).
#define FIBER_NO_THREAD_SAFETY_ANALYSIS __attribute__((no_thread_safety_analysis))

#endif  // FIBERSAN_RUNTIME_THREAD_ANNOTATIONS_H
