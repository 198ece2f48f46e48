// Walks along linked lists that fit into the cache: one load for each step.
#include <cstdint>
#include <cstdio>
#include <vector>

struct Node {
  const Node* next;
  uint64_t value;
};

int main() {
  std::vector<Node> nodes(4096);
  for (size_t i = 0; i < nodes.size(); ++i)
    nodes[i] = {i + 1 < nodes.size() ? &nodes[(i * 1025 + 1) % 4096] : nullptr, i};
  uint64_t total = 0;
  for (size_t round = 0; round < 200'000; ++round)
    for (const Node* at = &nodes[(round * 7) % 4096]; at != nullptr && at->value != 2048;
         at = at->next)
      total += at->value;
  std::printf("%llu\n", static_cast<unsigned long long>(total));
}
