// borrowed.h: from here on a header of the runtime is compiled for the model; see atomic.h.
#define atomic modelled_atomic
#define atomic_thread_fence modelled_thread_fence
#define internal modelled
