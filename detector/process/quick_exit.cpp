// quick_exit.cpp: _exit() of the program, in place of the C library's, whose own exit() does not
// come through here.
//
// Not here: what happens then, see end.h.
#include <stdlib.h>
#include <unistd.h>

#include "detector/process/end.h"

extern "C" {
void _exit(int status) { fibersan::leave_process(status); }
void _Exit(int status) noexcept { fibersan::leave_process(status); }
}
