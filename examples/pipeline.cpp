// pipeline FILE: reads measurements, smooths them and prints them, a fiber for each stage.
// The printing stage returns at the first reading that the sensor marks as lost (-999);
// the stages before it go on sending to nobody, and main waits for them: a deadlock.
// -DFIXED gives the stages a channel that is closed when nobody listens any more.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t %S/data/readings.txt 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed %S/data/readings.txt 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain %S/data/readings.txt 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <cstdio>
#include <fstream>

constexpr double kLost = -999;

using Readings = fiber::Channel<double>;
struct Nothing {};
using Stop = fiber::Channel<Nothing>;

// False when nobody listens any more.
bool pass_on(Readings& out, double reading, Stop& stopped) {
#ifdef FIXED
  return fiber::select(fiber::on_send(out, reading, [] {}),
                       fiber::on_receive(stopped, [](auto) {})) == 0;
#else
  out.send(reading);
  // CHECK: WARNING: FiberSan: global deadlock
  // CHECK-DAG: pass_on({{.*}}pipeline.cpp:[[@LINE-2]]:
  static_cast<void>(stopped);
  return true;
#endif
}

void read(const char* path, Readings out, Stop stopped) {
  std::ifstream file(path);
  for (double reading; file >> reading;)
    if (!pass_on(out, reading, stopped)) break;
  // CHECK-DAG: read({{.*}}pipeline.cpp:[[@LINE-1]]:
  out.close();
}

void smooth(Readings in, Readings out, Stop stopped) {
  double smoothed = 0;
  bool first = true;
  for (double reading : in) {
    if (reading != kLost) smoothed = first ? reading : smoothed * 0.5 + reading * 0.5;
    first = false;
    if (!pass_on(out, reading == kLost ? kLost : smoothed, stopped)) break;
    // CHECK-DAG: smooth({{.*}}pipeline.cpp:[[@LINE-1]]:
  }
  out.close();
}

void print(Readings in, Stop stopped) {
  for (double reading : in) {
    if (reading == kLost) break;  // the stage returns early
    std::printf("%.2f\n", reading);
  }
#ifdef FIXED
  stopped.close();
#else
  static_cast<void>(stopped);
#endif
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: pipeline FILE\n");
    return 2;
  }
  return fiber::run([&] {
    Readings raw, smoothed;
    Stop stopped;
    fiber::WaitGroup stages;
    stages.go(fiber::FiberOptions{.name = "read"}, [=] { read(argv[1], raw, stopped); });
    stages.go(fiber::FiberOptions{.name = "smooth"}, [=] { smooth(raw, smoothed, stopped); });
    stages.go(fiber::FiberOptions{.name = "print"}, [=] { print(smoothed, stopped); });
    stages.wait();
    std::printf("done\n");
  });
}
// CHECK-DAG: Fiber 1 waits: waitgroup wait on waitgroup 0x
// CHECK-DAG: Fiber {{[0-9]+}} 'read' waits: chan send on channel 0x
// CHECK-DAG: Fiber {{[0-9]+}} 'smooth' waits: chan send on channel 0x
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: 12.50
// FIXED-NEXT: 12.70
// FIXED-NEXT: 13.05
// FIXED-NEXT: 13.07
// FIXED-NEXT: 12.94
// FIXED-NEXT: done
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN-DAG: fiber 1{{.*}}waitgroup wait
// PLAIN-DAG: 'read'{{.*}}chan send
// PLAIN-DAG: 'smooth'{{.*}}chan send
