// Jacobi iteration on a small grid: two nested counted loops, the inner one vectorised.
#include <cstdio>
#include <utility>
#include <vector>

namespace {

void relax(const std::vector<float>& from, std::vector<float>& to, int width, int height) {
  for (int y = 1; y + 1 < height; ++y)
    for (int x = 1; x + 1 < width; ++x) {
      const float* at = &from[static_cast<size_t>(y) * width + x];
      to[static_cast<size_t>(y) * width + x] = 0.25f * (at[-1] + at[1] + at[-width] + at[width]);
    }
}

}  // namespace

int main() {
  constexpr int kWidth = 200, kHeight = 200;
  std::vector<float> grid(kWidth * kHeight), next(kWidth * kHeight);
  for (int i = 0; i < kWidth; ++i) grid[i] = next[i] = 1;
  for (int round = 0; round < 30'000; ++round) {
    relax(grid, next, kWidth, kHeight);
    std::swap(grid, next);
  }
  std::printf("%.6f\n", grid[kWidth * 20 + 20]);
}
