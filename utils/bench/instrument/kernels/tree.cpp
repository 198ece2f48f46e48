// Builds, walks and frees binary search trees: pointers, calls, malloc and free.
#include <cstdint>
#include <cstdio>
#include <memory>

namespace {

struct Node {
  uint32_t key;
  std::unique_ptr<Node> left, right;
};

void insert(std::unique_ptr<Node>& root, uint32_t key) {
  std::unique_ptr<Node>* place = &root;
  while (*place) place = key < (*place)->key ? &(*place)->left : &(*place)->right;
  *place = std::make_unique<Node>(Node{key, nullptr, nullptr});
}

uint64_t sum(const Node* node) {
  return node ? node->key + sum(node->left.get()) + sum(node->right.get()) : 0;
}

}  // namespace

int main() {
  uint32_t state = 7;
  uint64_t total = 0;
  for (int round = 0; round < 4; ++round) {
    std::unique_ptr<Node> root;
    for (int i = 0; i < 300'000; ++i) {
      state = state * 1664525u + 1013904223u;
      insert(root, state);
    }
    for (int walk = 0; walk < 4; ++walk) total += sum(root.get());
  }
  std::printf("%llu\n", static_cast<unsigned long long>(total));
}
