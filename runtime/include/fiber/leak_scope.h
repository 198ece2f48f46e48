// leak_scope.h: which fibers a piece of a program has left behind, such as one test.
//
//     TEST(Server, EndsItsFibers) {
//       fiber::run([] {
//         fiber::LeakScope scope("Server.EndsItsFibers");
//         serve_and_stop();
//         EXPECT_EQ(scope.check(), 0u);
//       });
//     }
//
// Semantics: a fiber belongs to the scope in which its creator was, so to those that were created
//            by the scope's owner while it lasts, and by these in turn; never to what others create
//            at the same time. It leaks when it still waits for another fiber at the end of the
//            scope, and has done so for the second half of a period of grace, which is ten times
//            as long while other fibers can run. One that sleeps, waits with a time-out or for the
//            network, or goes on now and then, is no leak.
// Output:    the number of leaks. Under the detector each is a finding "fiber leak", and those
//            that a suppression names do not count. A plain build does nothing and returns 0: it
//            does not note which waits have a time-out.
// Cost:      of a scope that leaks nothing: one look at all fibers at its end; otherwise
//            the grace. Of a fiber's creation: a load and a store.
// Threads:   made, checked and destroyed by one fiber, or around run() by the thread that
//            calls it; then the leaks are counted when main's function returns. Scopes of
//            different fibers are independent; those of one fiber are nested: what has not leaked
//            from the inner one belongs to the outer one afterwards.
#ifndef FIBER_LEAK_SCOPE_H
#define FIBER_LEAK_SCOPE_H

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

namespace fiber {

namespace internal {
struct LeakScopeState;
}  // namespace internal

class LeakScope {
 public:
  explicit LeakScope(std::string_view name = {},
                     std::chrono::milliseconds grace = std::chrono::milliseconds(100));
  // As check(), but for what that has told already.
  ~LeakScope();
  LeakScope(const LeakScope&) = delete;
  LeakScope& operator=(const LeakScope&) = delete;

  // How many fibers of the scope leak now; returns as soon as all have ended, or after the grace.
  // Around run(): how many did when its function returned. Throws Error when another fiber than
  // the scope's calls it.
  std::size_t check();

 private:
  std::unique_ptr<internal::LeakScopeState> state_;
};

}  // namespace fiber

#endif  // FIBER_LEAK_SCOPE_H
