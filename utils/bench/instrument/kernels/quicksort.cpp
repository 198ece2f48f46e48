// Recursive quicksort of ints: data-dependent branches, four-byte accesses, calls.
#include <cstdint>
#include <cstdio>
#include <utility>
#include <vector>

namespace {

void sort(int* first, int* last) {
  while (last - first > 1) {
    const int pivot = first[(last - first) / 2];
    int* low = first;
    int* high = last - 1;
    while (low <= high) {
      while (*low < pivot) ++low;
      while (*high > pivot) --high;
      if (low <= high) std::swap(*low++, *high--);
    }
    sort(first, high + 1);
    first = low;
  }
}

}  // namespace

int main() {
  std::vector<int> values(8'000'000);
  uint64_t state = 1;
  for (int& value : values) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = static_cast<int>(state >> 33);
  }
  sort(values.data(), values.data() + values.size());
  std::printf("%d\n", values[values.size() / 2]);
}
