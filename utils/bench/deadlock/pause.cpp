// How long everybody stands still for one look for fibers that can never run again, by how much
// heap lives and how many fibers wait.
//
//   clang++-19 --config=build/fibersan.cfg -O2 utils/bench/deadlock/pause.cpp -o pause
//   export FIBERSAN_OPTIONS=deadlock_check_ms=0:exitcode=0
//   for mib in 1 64 256 1024; do ./pause $mib 1 2>/dev/null; done
//   for fibers in 1000 10000 100000; do ./pause 1 $fibers 2>/dev/null; done
//
// Input:    MiB of heap, number of fibers that wait.
// Output:   both, and the ms that everybody stands still for each look, the least and the most of
//           five checks; the first one, which meets cold memory, is none of them.
//
// The heap is one tree of small objects, all of it reachable from a global variable. The fibers
// wait for channels that live, but for one that has been lost since the last check: it keeps the
// search from ending early. FIBERSAN_OPTIONS=...:deadlock_copy=0 measures searches in place.
#include <fiber/fiber.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

struct Node {
  Node* children[4] = {};
  char bytes[32] = {};
};
Node* root;
std::vector<fiber::Channel<int>> channels;

// Breadth first, so that neighbours in memory are not neighbours in the tree.
void grow(size_t bytes) {
  std::vector<Node*> nodes{root = new Node};
  for (size_t parent = 0; nodes.size() * 80 < bytes; ++parent) {
    for (Node*& child : nodes[parent]->children) nodes.push_back(child = new Node);
  }
}

double pause_ms() {
  fiber::spawn([] { fiber::go([] { fiber::Channel<int>().receive(); }); }).join();
  fiber::sleep_for(std::chrono::milliseconds(1));
  const fiber::Stats before = fiber::stats();
  fiber::deadlock::check();
  const fiber::Stats after = fiber::stats();
  return static_cast<double>(after.deadlock_pause.sum_nanoseconds -
                             before.deadlock_pause.sum_nanoseconds) /
         1e6 / static_cast<double>(after.deadlock_checks - before.deadlock_checks);
}

void measure(size_t mib, int fibers) {
  fiber::run([=] {
    channels.clear();
    grow(mib << 20);
    for (int i = 0; i < fibers; ++i) {
      channels.emplace_back();
      fiber::go([channel = channels.back()] { channel.receive(); });
    }
    fiber::sleep_for(std::chrono::milliseconds(200));
    pause_ms();
    double least = 1e9, most = 0;
    for (int i = 0; i < 5; ++i) {
      const double pause = pause_ms();
      least = std::min(least, pause);
      most = std::max(most, pause);
    }
    std::printf("%6zu MiB %7d fibers: %8.2f to %8.2f ms\n", mib, fibers, least, most);
    std::fflush(stdout);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: pause <MiB of heap> <fibers>\n");
    return 1;
  }
  measure(static_cast<size_t>(std::atol(argv[1])), std::atoi(argv[2]));
}
