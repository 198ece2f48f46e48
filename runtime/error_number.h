// error_number.h: errno of the thread that the fiber is on now.
//
// Never inlined: the compiler would keep the address of one thread's errno across a wait, after
// which the fiber may be on another.
#ifndef FIBERSAN_RUNTIME_ERROR_NUMBER_H
#define FIBERSAN_RUNTIME_ERROR_NUMBER_H

namespace fiber::internal {

int error_number();
void set_error_number(int value);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_ERROR_NUMBER_H
