// short_check.cpp: for example of a read of 4 bytes
//
//     callq ".L__fsan_test_read4 -48(%rbp) 8(%rbx)"
//
// with the thunk
//
//     leaq 16(%rbx,%rbx), %r10
//     jmp "__fsan_test_read4 -48(%rbp)"
//
// where -48(%rbp) is the place of the function's calling context.
#include "instrument/short_check.h"

#include "detector/abi/hooks.h"
#include "instrument/check_assembly.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {
namespace {

using llvm::Value;

class ShortCheck {
 public:
  ShortCheck(const Access& access, const CheckTarget& target)
      : size_(access.size), assembly_(access, target, kScratch) {}

  void emit() {
    auto [base, offset] = near_base();
    const std::string address = assembly_.add_register(base);
    const std::string context = assembly_.add_context();
    const std::string test = "__fsan_test_" + access_name();
    assembly_.target().tails.add(
        test, [&](const std::string& there) { return define_test(test + there, there); });
    const std::string code = "\tleaq " + constant(2 * offset) + "(" + address + "," + address +
                             "), %r10\n\tjmp \"" + test + context + "\"\n";
    assembly_.emit(call_of_thunk(
        "\".L" + test + context + " " + constant(offset) + "(" + address + ")\"", code));
  }

 private:
  static std::string constant(int64_t value) { return value == 0 ? "" : std::to_string(value); }

  std::string access_name() const {
    return (assembly_.is_read() ? "read" : "write") + std::to_string(size_);
  }

  // A register with a constant, so that few thunks serve many accesses.
  std::pair<Value*, int64_t> near_base() {
    constexpr int64_t kLargestOffset = 127;
    const Access& access = assembly_.access();
    const llvm::DataLayout& layout = access.instruction->getModule()->getDataLayout();
    llvm::APInt offset(layout.getIndexTypeSizeInBits(access.address->getType()), access.offset);
    Value* base = access.address->stripAndAccumulateConstantOffsets(layout, offset,
                                                                    /*AllowNonInbounds=*/true);
    const bool is_near = offset.getSExtValue() > 0 && offset.getSExtValue() <= kLargestOffset &&
                         (llvm::isa<llvm::Argument>(base) || llvm::isa<llvm::Instruction>(base)) &&
                         !llvm::isa<llvm::AllocaInst>(base);
    if (is_near) return {base, offset.getSExtValue()};
    return {assembly_.address_of_access(), 0};
  }

  std::string define_test(const std::string& name, const std::string& context) const {
    const std::string quoted = "\"" + name + "\"";
    return "\t.ifndef " + quoted + "\n\t.pushsection .text.fibersan,\"axG\",@progbits," + quoted +
           ",comdat\n\t.weak " + quoted + "\n\t.hidden " + quoted + "\n\t.type " + quoted +
           ", @function\n" + quoted + ":\n\t.cfi_startproc\n" + find_cell() + full_tests() +
           (size_ == kCellSize ? "" : masked_tests()) + miss(context) + "\t.cfi_endproc\n\t.size " +
           quoted + ", . - " + quoted + "\n\t.popsection\n\t.endif\n";
  }

  // r11 = the cell, r10 = our stamp with all bytes.
  std::string find_cell() const {
    const bool is_direct = assembly_.target().for_executable;
    return "\tmovq %r10, " + below(kAddress) + "\n" +
           (is_direct ? "\taddq __fsan_shadow_base(%rip), %r10\n"
                      : "\tmovq __fsan_shadow_base@GOTPCREL(%rip), %r11\n\taddq (%r11), %r10\n") +
           "\tmovabsq $$" + std::to_string(FSAN_SHADOW_MASK) + ", %r11\n\tandq %r10, %r11\n" +
           (is_direct ? "\tmovq %fs:__fsan_running@tpoff, %r10\n"
                      : "\tmovq __fsan_running@gottpoff(%rip), %r10\n\tmovq %fs:(%r10), %r10\n") +
           "\tmovb $$-1, %r10b\n";
  }

  // The detector puts writes into slot 0, reads into slot 1, where it can.
  std::string full_tests() const {
    std::string code = "\tcmpq %r10, (%r11)\n\tjne 1f\n2:\tretq\n1:\n";
    if (assembly_.is_read()) code += "\tbtsq $$63, %r10\n\tcmpq %r10, 8(%r11)\n\tje 2b\n";
    if (size_ < kCellSize) return code;
    if (!assembly_.is_read()) return code + "\tcmpq %r10, 8(%r11)\n\tje 2b\n";
    return code +
           "\tcmpq %r10, (%r11)\n\tje 2b\n\tbtrq $$63, %r10\n\tcmpq %r10, 8(%r11)\n\tje 2b\n";
  }

  // The same with what the access does not need added to the stamps: other bytes, for reads the
  // kind.
  std::string masked_tests() const {
    const unsigned untouched = 0xff & ~((1u << size_) - 1);
    const char* first = assembly_.is_read() ? "8(%r11)" : "(%r11)";
    const char* second = assembly_.is_read() ? "(%r11)" : "8(%r11)";
    return "\tmovq %rax, " + below(kRax) + "\n\tmovq %rcx, " + below(kRcx) + "\n\tmovl " +
           below(kAddress) + ", %ecx\n\tshrl %ecx\n\tmovl $$" + std::to_string(untouched) +
           ", %eax\n\trolb %cl, %al\n\tmovzbl %al, %ecx\n" +
           (assembly_.is_read() ? "\tbtsq $$63, %rcx\n" : "") + masked_test(first) +
           masked_test(second) + "\tjmp 4f\n3:\n" + restored() + "\tretq\n4:\n" + restored();
  }
  static std::string masked_test(const std::string& slot) {
    return "\tmovq " + slot + ", %rax\n\torq %rcx, %rax\n\tcmpq %r10, %rax\n\tje 3f\n";
  }
  static std::string restored() {
    return "\tmovq " + below(kRax) + ", %rax\n\tmovq " + below(kRcx) + ", %rcx\n";
  }

  std::string miss(const std::string& context) const {
    const bool has_context = !context.empty();
    const std::string entry = "__fsan_missed_" + access_name() + (has_context ? "" : "_leaf");
    return "\tmovq %rdi, " + below(has_context ? 24 : 16) + "\n\tmovq " + below(kAddress) +
           ", %rdi\n\tshrq %rdi\n" + (has_context ? hand_over(context) : "") +
           jump_to_detector(entry, assembly_.target());
  }

  static constexpr CheckAssembly::ScratchPair kScratch = {"r10", "r11"};

  // Below rsp.
  static constexpr unsigned kRax = 32, kRcx = 40, kAddress = 48;

  uint64_t size_;
  CheckAssembly assembly_;
};

}  // namespace

bool has_short_check(const Access& access) {
  return is_natural(access, kCellSize) && !access.is_vptr && access.mask == nullptr;
}

void emit_short_check(const Access& access, const CheckTarget& target) {
  ShortCheck(access, target).emit();
}

}  // namespace fibersan::instrument
