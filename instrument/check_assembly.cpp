#include "instrument/check_assembly.h"

#include "instrument/debug_location.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {

using llvm::Value;

// Scratch registers are results that nobody uses: LLVM compares what is said to be clobbered with
// the names of all registers, twice, and goes on when it has found it.
CheckAssembly::CheckAssembly(const Access& access, const CheckTarget& target,
                             std::optional<ScratchPair> scratch)
    : access_(access),
      target_(target),
      builder_(access.instruction),
      result_type_(builder_.getVoidTy()) {
  builder_.SetCurrentDebugLocation(debug_location_near(*access.instruction));
  if (!scratch) return;
  for (const char* name : *scratch)
    add_constraint("=&{" + std::string(name) + "}");  // no operand may be there
  result_type_ = llvm::StructType::get(builder_.getInt64Ty(), builder_.getInt64Ty());
  results_ = scratch->size();
}

std::string CheckAssembly::add_register(Value* value) { return add_operand(value, "r", nullptr); }

std::string CheckAssembly::add_memory(Value* address) {
  return add_operand(address, "*m", builder_.getInt64Ty());
}

std::string CheckAssembly::add_context() {
  return target_.context_slot == nullptr ? "" : " " + add_memory(target_.context_slot);
}

std::string CheckAssembly::add_extra(Value* value) {
  if (auto* constant = llvm::dyn_cast<llvm::ConstantInt>(value))
    return "$$" + std::to_string(constant->getZExtValue());
  return add_register(value);
}

std::string CheckAssembly::add_operand(Value* value, const char* constraint, llvm::Type* element) {
  operands_.push_back(value);
  types_.push_back(value->getType());
  elements_.push_back(element);
  add_constraint(constraint);
  return "$" + std::to_string(results_ + operands_.size() - 1);
}

void CheckAssembly::add_constraint(const std::string& constraint) {
  if (!constraints_.empty()) constraints_ += ",";
  constraints_ += constraint;
}

void CheckAssembly::emit(const std::string& code) {
  add_constraint("~{flags}");
  auto* type = llvm::FunctionType::get(result_type_, types_, false);
  auto* assembly = llvm::InlineAsm::get(type, code, constraints_, /*hasSideEffects=*/true,
                                        /*isAlignStack=*/true);
  llvm::CallInst* call = builder_.CreateCall(assembly, operands_);
  for (auto [index, element] : llvm::enumerate(elements_)) {
    if (!types_[index]->isPointerTy()) continue;
    if (element != nullptr)
      call->addParamAttr(
          index, llvm::Attribute::get(call->getContext(), llvm::Attribute::ElementType, element));
    call->addParamAttr(index, llvm::Attribute::NoCapture);
    call->addParamAttr(index, operands_[index] == target_.context_slot ? llvm::Attribute::ReadOnly
                                                                       : llvm::Attribute::ReadNone);
  }
  mark_as_check(*call);
}

Value* CheckAssembly::address_of_access() {
  return access_.offset == 0
             ? access_.address
             : builder_.CreatePtrAdd(access_.address, builder_.getInt64(access_.offset));
}

bool is_natural(const Access& access, uint64_t largest) {
  return llvm::isPowerOf2_64(access.size) && access.size <= largest &&
         access.alignment.value() >= access.size;
}

std::string below(unsigned bytes) { return "-" + std::to_string(bytes) + "(%rsp)"; }

std::string unwound_by(unsigned depth, unsigned return_address) {
  return "\t.cfi_def_cfa_offset " + std::to_string(depth) + "\n\t.cfi_offset %rip, -" +
         std::to_string(return_address) + "\n";
}

std::string jump_to_detector(const std::string& entry, const CheckTarget& target) {
  return "\tjmp" + (target.for_executable ? " " + entry : "q *" + entry + "@GOTPCREL(%rip)") + "\n";
}

std::string hand_over(const std::string& context) {
  return "\tpopq " + below(24) + "\n" + unwound_by(0, 24) + "\tpushq" + context +
         "\n\t.cfi_def_cfa_offset 8\n\tpushq " + below(16) + "\n" + unwound_by(16, 16);
}

std::string define_thunk(const std::string& name, const std::string& code) {
  return "\t.ifndef " + name + "\n\t.pushsection .text.fibersan,\"ax\",@progbits\n" + name +
         ":\n\t.cfi_startproc\n" + code + "\t.cfi_endproc\n\t.popsection\n\t.endif\n";
}

std::string call_of_thunk(const std::string& name, const std::string& code) {
  return "\tcallq " + name + "\n1:\n" + define_thunk(name, code);
}

}  // namespace fibersan::instrument
