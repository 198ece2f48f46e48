; The machine code of a hit for each width: a comparison for each cell that the access touches, of one
; slot for writes; reads look into the other slot when the first one misses.
; RUN: %opt_fsan -fibersan-hot-percent=0 %s | llc-19 -mtriple=x86_64-linux-gnu -mattr=+avx -O2 -frame-pointer=all -filetype=obj -o %t.o
; RUN: llvm-objdump-19 -d --no-show-raw-insn --no-leading-addr %t.o | FileCheck %s
; The write stamp in slot 0, the read stamp in slot 1.
; CHECK-LABEL: <read1>:
; CHECK-NEXT: pushq
; CHECK-NEXT: movq
; CHECK-NEXT: leaq
; CHECK-NEXT: addq
; CHECK-NEXT: movq %fs:0x0, %
; CHECK-NEXT: movb
; CHECK-NEXT: movq
; CHECK-NEXT: btsq $0x3f, %
; CHECK-NEXT: movabsq $0x7ffffffffff0, %
; CHECK-NEXT: andq
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, (%
; CHECK-NEXT: je
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x8(%
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: movzbl (%rdi), %eax
; CHECK-NEXT: popq
; CHECK-NEXT: retq
define i8 @read1(ptr %p) {
  %v = load i8, ptr %p, align 1
  ret i8 %v
}
; CHECK-LABEL: <read2>:
; CHECK-NEXT: pushq
; CHECK-NEXT: movq
; CHECK-NEXT: leaq
; CHECK-NEXT: addq
; CHECK-NEXT: movq %fs:0x0, %
; CHECK-NEXT: movb
; CHECK-NEXT: movq
; CHECK-NEXT: btsq $0x3f, %
; CHECK-NEXT: movabsq $0x7ffffffffff0, %
; CHECK-NEXT: andq
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, (%
; CHECK-NEXT: je
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x8(%
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: movzwl (%rdi), %eax
; CHECK-NEXT: popq
; CHECK-NEXT: retq
define i16 @read2(ptr %p) {
  %v = load i16, ptr %p, align 2
  ret i16 %v
}
; CHECK-LABEL: <read8>:
; CHECK-NEXT: pushq
; CHECK-NEXT: movq
; CHECK-NEXT: leaq
; CHECK-NEXT: addq
; CHECK-NEXT: movq %fs:0x0, %
; CHECK-NEXT: movb
; CHECK-NEXT: movq
; CHECK-NEXT: btsq $0x3f, %
; CHECK-NEXT: movabsq $0x7ffffffffff0, %
; CHECK-NEXT: andq
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, (%
; CHECK-NEXT: je
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x8(%
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: movq (%rdi), %rax
; CHECK-NEXT: popq
; CHECK-NEXT: retq
define i64 @read8(ptr %p) {
  %v = load i64, ptr %p, align 8
  ret i64 %v
}
; Two cells, one slot each.
; CHECK-LABEL: <write16>:
; CHECK-NEXT: pushq
; CHECK-NEXT: movq
; CHECK-NEXT: leaq
; CHECK-NEXT: addq
; CHECK-NEXT: movq %fs:0x0, %
; CHECK-NEXT: movb
; CHECK-NEXT: movabsq $0x7ffffffffff0, %
; CHECK-NEXT: andq
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, (%
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x10(%
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: vmovups %xmm0, (%rdi)
; CHECK-NEXT: popq
; CHECK-NEXT: retq
define void @write16(ptr %p, <4 x float> %v) {
  store <4 x float> %v, ptr %p, align 8
  ret void
}
; All cells in one slot, or all in the other.
; CHECK-LABEL: <read32>:
; CHECK-NEXT: pushq
; CHECK-NEXT: movq
; CHECK-NEXT: leaq
; CHECK-NEXT: addq
; CHECK-NEXT: movq %fs:0x0, %
; CHECK-NEXT: movb
; CHECK-NEXT: movq
; CHECK-NEXT: btsq $0x3f, %
; CHECK-NEXT: movabsq $0x7ffffffffff0, %
; CHECK-NEXT: andq
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, (%
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x10(%
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x20(%
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x30(%
; CHECK-NEXT: je
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x8(%
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x18(%
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x28(%
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x38(%
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: vmovups (%rdi), %ymm0
; CHECK-NEXT: popq
; CHECK-NEXT: retq
define <8 x float> @read32(ptr %p) {
  %v = load <8 x float>, ptr %p, align 8
  ret <8 x float> %v
}
; CHECK-LABEL: <write32>:
; CHECK-NEXT: pushq
; CHECK-NEXT: movq
; CHECK-NEXT: leaq
; CHECK-NEXT: addq
; CHECK-NEXT: movq %fs:0x0, %
; CHECK-NEXT: movb
; CHECK-NEXT: movabsq $0x7ffffffffff0, %
; CHECK-NEXT: andq
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, (%
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x10(%
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x20(%
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x30(%
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: vmovups %ymm0, (%rdi)
; CHECK-NEXT: popq
; CHECK-NEXT: vzeroupper
; CHECK-NEXT: retq
define void @write32(ptr %p, <8 x float> %v) {
  store <8 x float> %v, ptr %p, align 8
  ret void
}
; Where it begins and where it ends.
; CHECK-LABEL: <read4_anywhere>:
; CHECK-NEXT: pushq
; CHECK-NEXT: movq
; CHECK-NEXT: movq
; CHECK-NEXT: movq %fs:0x0, %
; CHECK-NEXT: movb
; CHECK-NEXT: movq
; CHECK-NEXT: btsq $0x3f, %
; CHECK-NEXT: leaq
; CHECK-NEXT: movabsq $0x7ffffffffff0, %
; CHECK-NEXT: andq
; CHECK-NEXT: leaq
; CHECK-NEXT: andq
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, (%
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, (%
; CHECK-NEXT: je
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x8(%
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, 0x8(%
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: movl (%rdi), %eax
; CHECK-NEXT: popq
; CHECK-NEXT: retq
define i32 @read4_anywhere(ptr %p) {
  %v = load i32, ptr %p, align 1
  ret i32 %v
}
; CHECK-LABEL: <write8_anywhere>:
; CHECK-NEXT: pushq
; CHECK-NEXT: movq
; CHECK-NEXT: movq
; CHECK-NEXT: movq %fs:0x0, %
; CHECK-NEXT: movb
; CHECK-NEXT: leaq
; CHECK-NEXT: movabsq $0x7ffffffffff0, %
; CHECK-NEXT: andq
; CHECK-NEXT: leaq
; CHECK-NEXT: andq
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, (%
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %{{[a-z0-9]+}}, (%
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: movq %rsi, (%rdi)
; CHECK-NEXT: popq
; CHECK-NEXT: retq
define void @write8_anywhere(ptr %p, i64 %v) {
  store i64 %v, ptr %p, align 1
  ret void
}
