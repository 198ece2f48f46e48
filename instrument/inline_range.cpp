#include "instrument/inline_range.h"

#include <string>

#include "instrument/debug_location.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/Support/ModRef.h"

namespace fibersan::instrument {
namespace {

using llvm::IRBuilder;
using llvm::Value;

constexpr uint64_t kMostInlineCells = 64;

class RangeAssembly {
 public:
  RangeAssembly(const RangeAccess& access, const CheckTarget& target)
      : is_read_(access.kind == AccessKind::kRead), target_(target), builder_(access.instruction) {
    builder_.SetCurrentDebugLocation(debug_location_near(*access.instruction));
    size_ = builder_.CreateZExtOrTrunc(access.size, builder_.getInt64Ty());
    address_ = access.address;
  }

  void emit_inline(Value* stamp, Value* shadow_base) {
    Value* first = shadow_of(builder_, address_, 0, shadow_base);
    Value* end = builder_.CreatePtrAdd(address_, size_);
    Value* last = shadow_of(builder_, end, ~uint64_t{0}, shadow_base);
    add_result("=&{rdx}");
    add_result("=&{r8}");
    add_operand("0", first);
    add_operand("1", last);
    add_input();
    std::string wanted = add_operand("r", stamp);
    std::string code;
    if (is_read_) {
      code = "\tmovq " + wanted + ", %rax\n\tcmpq %rax, (%rdx)\n\tje 5f\n" +
             "\tbtsq $$63, %rax\n\taddq $$8, %rdx\n\taddq $$8, %r8\n5:\n";
      wanted = "%rax";
    }
    code += "\tcmpq %rdx, %r8\n\tje 4f\n\tleaq -" +
            std::to_string(2 * kCellSize * kMostInlineCells) +
            "(%r8), %rcx\n\tcmpq %rcx, %rdx\n\tjb 2f\n3:\tcmpq " + wanted +
            ", (%rdx)\n\tjne 2f\n\tcmpq " + wanted +
            ", 16(%rdx)\n\tjne 2f\n\taddq $$32, %rdx\n\tcmpq %r8, %rdx\n\tjb 3b\n4:\tcmpq " +
            wanted + ", (%r8)\n\tjne 2f\n1:\n\t.subsection 1\n2:\n";
    emit(code + call("__fsan_check_") + "\tjmp 1b\n\t.previous", ",~{rax},~{rcx},~{r9}");
  }

  void emit_call() {
    add_input();
    emit(call("__fsan_call_"), ",~{rax},~{rcx},~{rdx},~{r8},~{r9}");
  }

 private:
  void add_input() {
    address_index_ = static_cast<unsigned>(operands_.size());
    add_operand("{rdi}", address_);
    add_operand("{rsi}", size_);
  }
  void add_result(const char* constraint) {
    add_constraint(constraint);
    ++results_;
  }
  std::string add_operand(const char* constraint, Value* value) {
    add_constraint(constraint);
    operands_.push_back(value);
    types_.push_back(value->getType());
    return "$" + std::to_string(results_ + operands_.size() - 1);
  }
  void add_constraint(const char* constraint) {
    if (!constraints_.empty()) constraints_ += ",";
    constraints_ += constraint;
  }

  std::string call(std::string name) {
    std::string code;
    name += is_read_ ? "read_loop" : "write_loop";
    if (target_.context_slot != nullptr)
      code = "\tpushq " + add_operand("*m", target_.context_slot) + "\n";
    else
      name += "_leaf";
    return code + "\tcallq " + (target_.for_executable ? name : "*" + name + "@GOTPCREL(%rip)") +
           "\n";
  }

  void emit(const std::string& code, const char* clobbers) {
    constraints_ += clobbers;
    // Where the processor has them; no other code of the function does without AVX-512.
    constraints_ += ",~{xmm16},~{xmm17},~{xmm18},~{xmm19},~{k1}";
    constraints_ += ",~{flags}";
    llvm::Type* i64 = builder_.getInt64Ty();
    llvm::Type* result = results_ == 0 ? builder_.getVoidTy()
                                       : llvm::StructType::get(builder_.getContext(), {i64, i64});
    auto* assembly = llvm::InlineAsm::get(llvm::FunctionType::get(result, types_, false), code,
                                          constraints_, /*hasSideEffects=*/true,
                                          /*isAlignStack=*/true);
    llvm::CallInst* call = builder_.CreateCall(assembly, operands_);
    if (target_.context_slot != nullptr)
      call->addParamAttr(
          static_cast<unsigned>(operands_.size()) - 1,
          llvm::Attribute::get(call->getContext(), llvm::Attribute::ElementType, i64));
    call->addParamAttr(address_index_, llvm::Attribute::NoCapture);
    call->addParamAttr(address_index_, llvm::Attribute::ReadNone);
    mark_as_check(*call);
  }

  bool is_read_;
  const CheckTarget& target_;
  IRBuilder<> builder_;
  Value* address_;
  Value* size_;
  std::string constraints_;
  unsigned results_ = 0;
  unsigned address_index_ = 0;
  llvm::SmallVector<Value*, 8> operands_;
  llvm::SmallVector<llvm::Type*, 8> types_;
};

}  // namespace

void emit_inline_range(const RangeAccess& access, Value* stamp, Value* shadow_base,
                       const CheckTarget& target) {
  RangeAssembly(access, target).emit_inline(stamp, shadow_base);
}

void emit_short_range(const RangeAccess& access, const CheckTarget& target) {
  RangeAssembly(access, target).emit_call();
}

}  // namespace fibersan::instrument
