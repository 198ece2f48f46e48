// Dense matrix product of doubles: vectorised loads and stores, three nested loops.
#include <cstdio>
#include <vector>

namespace {

using Matrix = std::vector<double>;

Matrix filled(int n, double scale) {
  Matrix m(static_cast<size_t>(n) * n);
  for (size_t i = 0; i < m.size(); ++i) m[i] = scale * static_cast<double>(i % 17);
  return m;
}

void multiply(const Matrix& a, const Matrix& b, Matrix& product, int n) {
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < n; ++k)
      for (int j = 0; j < n; ++j) product[i * n + j] += a[i * n + k] * b[k * n + j];
}

}  // namespace

int main() {
  constexpr int kSize = 512;
  const Matrix a = filled(kSize, 0.5);
  const Matrix b = filled(kSize, 0.25);
  Matrix product(static_cast<size_t>(kSize) * kSize);
  for (int round = 0; round < 4; ++round) multiply(a, b, product, kSize);
  std::printf("%.1f\n", product[kSize + 1]);
}
