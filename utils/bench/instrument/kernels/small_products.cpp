// Products of 4 x 4 matrices whose size the compiler does not know: loops of four iterations.
#include <cstdio>
#include <vector>

namespace {

__attribute__((noinline)) void multiply(const float* a, const float* b, float* c, int n) {
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      float s = 0;
      for (int k = 0; k < n; ++k) s += a[i * n + k] * b[k * n + j];
      c[i * n + j] = s * 0.5f;
    }
}

}  // namespace

int main() {
  std::vector<float> a(16, 0.4f), b(16, 0.5f), c(16);
  for (int round = 0; round < 4'000'000; ++round) {
    multiply(a.data(), b.data(), c.data(), 4);
    b[round % 16] = c[3] + 0.1f;
  }
  std::printf("%.6f\n", c[5]);
}
