// Gravitation among a few bodies: floating point on the fields of small structs.
#include <cmath>
#include <cstdio>
#include <vector>

namespace {

struct Body {
  double x, y, z, vx, vy, vz, mass;
};

void advance(std::vector<Body>& bodies, double step) {
  for (size_t i = 0; i < bodies.size(); ++i) {
    Body& a = bodies[i];
    for (size_t j = i + 1; j < bodies.size(); ++j) {
      Body& b = bodies[j];
      const double dx = a.x - b.x, dy = a.y - b.y, dz = a.z - b.z;
      const double square = dx * dx + dy * dy + dz * dz + 0.01;
      const double force = step / (square * std::sqrt(square));
      a.vx -= dx * b.mass * force;
      a.vy -= dy * b.mass * force;
      a.vz -= dz * b.mass * force;
      b.vx += dx * a.mass * force;
      b.vy += dy * a.mass * force;
      b.vz += dz * a.mass * force;
    }
  }
  for (Body& body : bodies) {
    body.x += step * body.vx;
    body.y += step * body.vy;
    body.z += step * body.vz;
  }
}

}  // namespace

int main() {
  std::vector<Body> bodies;
  for (int i = 0; i < 8; ++i) {
    const double angle = 0.7 * i;
    bodies.push_back(
        {std::cos(angle) * (i + 1), std::sin(angle) * (i + 1), 0.1 * i, 0, 0, 0, 1.0 / (i + 1)});
  }
  for (int step = 0; step < 1'000'000; ++step) advance(bodies, 0.001);
  std::printf("%.6f\n", bodies[0].x);
}
