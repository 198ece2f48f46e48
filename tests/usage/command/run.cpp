// fibersan run: a command again and again with other seeds, findings merged; the seed to repeat
// them; what fails otherwise is told, and what writes no report is an error.
//
// RUN: %fibersan %s -o %t && rm -rf %t.kept
// RUN: %exits 1 %command run -n 6 -j 3 --keep %t.kept -o %t.json -- %t sometimes > %t.out && FileCheck %s --check-prefix=SOME < %t.out
// SOME: WARNING: FiberSan: data race
// SOME: in 2 of 6 runs; again with FIBER_OPTIONS=seed=3
// SOME-NEXT: 6 runs: 1 finding{{$}}
// RUN: ls %t.kept | grep -c "run-.*[.]out" | grep -x 6
// RUN: %command report %t.json | FileCheck %s --check-prefix=MERGED --implicit-check-not=WARNING
// MERGED: WARNING: FiberSan: data race
// MERGED: FiberSan: reported 1 warnings; precision: exact
//
// RUN: %exits 1 %command run -n 100 --seed 2 --until-found %t sometimes | tail -n 1 | grep -x "2 runs: 1 finding"
// RUN: %command run -n 2 %t never | grep -x "2 runs: 0 findings"
// RUN: %exits 1 %command run -n 1 %t fails | FileCheck %s --check-prefix=FAILS
// FAILS: the run with seed 1 ended with status 3
// FAILS-NEXT: it fails
// FAILS-NEXT: 1 run: 0 findings, 1 failed otherwise
// RUN: %exits 1 %command run -n 1 --timeout 1 %t hangs | FileCheck %s --check-prefix=HANGS
// HANGS: the run with seed 1 took too long and was killed (--timeout)
//
// RUN: %exits 2 %command run true 2>&1 | FileCheck %s --check-prefix=TRUE
// TRUE: fibersan: no run wrote a report; is 'true' compiled and linked with --config=fibersan.cfg?
// RUN: %exits 2 %command run %t.missing 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: fibersan: cannot run '{{.*}}.missing': No such file or directory
// RUN: %exits 2 %command run -n 3 2>&1 | FileCheck %s --check-prefix=NOTHING
// NOTHING: fibersan: there is no command to run; write it behind --
#include <fiber/fiber.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

int total;

int main(int, char** arguments) {
  const bool sometimes = strcmp(arguments[1], "sometimes") == 0;
  if (strcmp(arguments[1], "fails") == 0) {
    std::puts("it fails");
    return 3;
  }
  if (strcmp(arguments[1], "hangs") == 0) pause();
  return fiber::run([&] {
    const int seed = std::atoi(strstr(getenv("FIBER_OPTIONS"), "seed=") + 5);
    fiber::WaitGroup both;
    for (int i = 0; i < 2; ++i)
      both.go([&] {
        if (sometimes && seed % 3 == 0) ++total;
      });
    both.wait();
  });
}
