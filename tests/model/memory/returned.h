// returned.h: the end of what borrowed.h began.
#undef atomic
#undef atomic_thread_fence
#undef internal
