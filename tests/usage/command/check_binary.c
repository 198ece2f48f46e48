// The proof of instrumentation: notes of each object file, which all linkers append to each
// other and keep, whatever else they drop. Four functions are checked: work, a weak work that it
// replaces, unused_work (which --gc-sections drops, but which is counted) and main; one is opted
// out.
//
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: %fibersan_c -DLIBRARY -c %s -o part.o && %fibersan_c -c %s -o main.o
// RUN: %command check-binary part.o main.o | FileCheck %s --check-prefix=OBJECTS
// OBJECTS: part.o: object file instrumented by FiberSan {{[0-9.]+}}: 2 functions in 1 object file, options: default{{$}}
// OBJECTS: main.o: object file instrumented by FiberSan {{[0-9.]+}}: 2 functions in 1 object file, options: default{{$}}
//
// Linkers.
// DEFINE: %{proof} = %command check-binary program | FileCheck %s
// RUN: %fibersan_c part.o main.o -o program && %{proof}
// RUN: %fibersan_c -fuse-ld=lld part.o main.o -o program && %{proof}
// RUN: %fibersan_c -fuse-ld=gold part.o main.o -o program && %{proof}
// RUN: ld.lld-19 -r part.o main.o -o both.o && %fibersan_c both.o -o program && %{proof}
// RUN: %fibersan_c -r part.o main.o -o both.o && %fibersan_c both.o -o program && %{proof}
// CHECK: program: program instrumented by FiberSan {{[0-9.]+}}: 4 functions in 2 object files, options: default, with the detector of FiberSan {{[0-9.]+$}}
//
// Dropping what is not used, and what is not needed to run.
// DEFINE: %{sections} = %fibersan_c -ffunction-sections -fdata-sections
// RUN: %{sections} -DLIBRARY -c %s -o part.o && %{sections} -c %s -o main.o
// RUN: %{sections} -Wl,--gc-sections part.o main.o -o program && strip program && %{proof}
// RUN: %{sections} -fuse-ld=lld -Wl,--gc-sections -Wl,--icf=all part.o main.o -o program && llvm-strip-19 --strip-sections program && %{proof}
// RUN: %{sections} -fuse-ld=gold -Wl,--gc-sections part.o main.o -o program && %{proof}
//
// LTO of both kinds.
// DEFINE: %{flto} =
// DEFINE: %{lto} = %fibersan_c -O2 %{flto} -fuse-ld=lld -Wl,--gc-sections
// REDEFINE: %{flto} = -flto
// RUN: %{lto} -DLIBRARY -c %s -o part.o && %{lto} -c %s -o main.o && %{lto} part.o main.o -o program && %{proof}
// RUN: %exits 2 %command check-binary part.o 2>&1 | FileCheck %s --check-prefix=BITCODE
// BITCODE: fibersan: 'part.o' is LLVM bitcode, made with -flto; check the program or library that it is linked into
// REDEFINE: %{flto} = -flto=thin
// RUN: %{lto} -DLIBRARY -c %s -o part.o && %{lto} -c %s -o main.o && %{lto} part.o main.o -o program && %{proof}
// RUN: %exits 2 %command check-binary part.o 2>&1 | FileCheck %s --check-prefix=BITCODE
// RUN: llvm-ar-19 rcs bitcode.a part.o && %exits 2 %command check-binary bitcode.a 2>&1 | FileCheck %s --check-prefix=MEMBER
// MEMBER: fibersan: 'bitcode.a' has a member 'part.o', which is LLVM bitcode, made with -flto; check the program or library that it is linked into
//
// Shared libraries and archives, thin ones too.
// RUN: %fibersan_c -DLIBRARY -c %s -o part.o && %fibersan_c -c %s -o main.o && %fibersan_c -DLIBRARY -shared -fPIC %s -o part.so && strip part.so
// RUN: clang-19 -c %s -o plain.o && llvm-ar-19 rcs whole.a part.o main.o && llvm-ar-19 rcsT thin.a part.o main.o && ar rcs partly.a part.o plain.o
// RUN: %command check-binary part.so whole.a thin.a | FileCheck %s --check-prefix=LIBRARIES
// LIBRARIES: part.so: shared library instrumented by FiberSan {{[0-9.]+}}: 2 functions in 1 object file, options: default{{$}}
// LIBRARIES: whole.a: archive instrumented by FiberSan {{[0-9.]+}}: 4 functions in 2 object files
// LIBRARIES: thin.a: archive instrumented by FiberSan {{[0-9.]+}}: 4 functions in 2 object files
// RUN: %exits 1 %command check-binary partly.a | FileCheck %s --check-prefix=PARTLY
// PARTLY: partly.a: archive, not instrumented: 1 of its 2 members with code were compiled without --config=fibersan.cfg: plain.o
//
// The options of the pass.
// RUN: %fibersan_c -mllvm -fibersan-without=later -c -DLIBRARY %s -o one.o && %fibersan_c one.o main.o -o program
// RUN: %command check-binary --format json program | FileCheck %s --check-prefix=JSON
// JSON: "file": "program"
// JSON: "instrumented": true
// JSON: "functions": 4
// JSON: "options": [
// JSON-NEXT: "-fibersan-without=later"
//
// Not instrumented: plain, linked only, all opted out, no code.
// RUN: %fiber_c plain.o -o program && %exits 1 %command check-binary program | FileCheck %s --check-prefix=PLAIN
// PLAIN: program: program, not instrumented: compile and link it with --config=fibersan.cfg
// RUN: %fibersan_c plain.o -o program && %exits 1 %command check-binary program | FileCheck %s --check-prefix=LINKED
// LINKED: not instrumented: the detector is linked in, but no function was compiled for it: say --config=fibersan.cfg when compiling, not only when linking
// RUN: %fibersan_c -mllvm -fibersan-ignore-all %s -o program && %exits 1 %command check-binary program | FileCheck %s --check-prefix=OPTED_OUT
// OPTED_OUT: not instrumented: compiled with --config=fibersan.cfg, but no function is checked
// RUN: %fibersan_c -DDATA -c %s -o data.o && %exits 1 %command check-binary data.o | FileCheck %s --check-prefix=DATA
// DATA: data.o: object file, not instrumented: it has no code
//
// No answer: 2, whatever the other files are.
// RUN: head -c 5000 part.so > cut.so && %exits 2 %command check-binary cut.so part.so %s . missing 2>&1 | FileCheck %s --check-prefix=BAD
// BAD-DAG: fibersan: 'cut.so' is cut off
// BAD-DAG: check_binary.c' is not an ELF file; expected is a program
// BAD-DAG: fibersan: cannot read '.': Is a directory; name a file in it
// BAD-DAG: fibersan: cannot read 'missing': No such file or directory; is the name right?
// BAD-DAG: part.so: shared library instrumented
#ifdef DATA
int data = 1;
#elif defined(LIBRARY)
int work(int* number) { return ++*number; }
int unused_work(int* number) { return --*number; }
#else
__attribute__((weak)) int work(int* number) { return *number; }
__attribute__((disable_sanitizer_instrumentation)) int ignored(int* number) { return ++*number; }
int main(int argc, char** argv) { return work(&argc) + ignored(&argc) > 100 && argv != 0; }
#endif
