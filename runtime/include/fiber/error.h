// error.h: what fiber code throws when it is used wrongly.
//
// Every one of these is a mistake of the program (Go panics there); what() says what
// to do. Under the detector the mistake has been reported before it is thrown.
#ifndef FIBER_ERROR_H
#define FIBER_ERROR_H

#include <stdexcept>

namespace fiber {

class Error : public std::logic_error {
 public:
  using std::logic_error::logic_error;
  ~Error() override;
};

// A send on a closed channel, or a second close.
class ClosedChannel : public Error {
 public:
  using Error::Error;
  ~ClosedChannel() override;
};

// More done() than add() announced.
class NegativeWaitGroup : public Error {
 public:
  using Error::Error;
  ~NegativeWaitGroup() override;
};

class UnlockOfUnlocked : public Error {
 public:
  using Error::Error;
  ~UnlockOfUnlocked() override;
};

// A wait that can never end, found at the moment of waiting.
class Deadlock : public Error {
 public:
  using Error::Error;
  ~Deadlock() override;
};

}  // namespace fiber

#endif  // FIBER_ERROR_H
