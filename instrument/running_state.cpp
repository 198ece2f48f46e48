// running_state.cpp: the assembly, once for executables (local-exec) and once for shared
// libraries (initial-exec).
#include "instrument/running_state.h"

#include <cstddef>
#include <string>

#include "detector/abi/hooks.h"
#include "instrument/thread_address.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Metadata.h"
#include "llvm/Support/ModRef.h"

namespace fibersan::instrument {
namespace {

constexpr const char* kOffsetToRegister = "movq __fsan_running@gottpoff(%rip), $0\n\tmovq ";

std::string displacement(unsigned offset) {
  return offset == 0 ? std::string() : "+" + std::to_string(offset);
}

}  // namespace

RunningState::RunningState(llvm::Module& module)
    : module_(module), for_executable_(is_for_executable(module)) {}

llvm::Value* RunningState::load(llvm::IRBuilder<>& builder, unsigned offset, const char* more) {
  std::string code = for_executable_
                         ? "movq %fs:__fsan_running@tpoff" + displacement(offset) + ", $0"
                         : kOffsetToRegister + ("%fs:" + std::to_string(offset)) + "($0), $0";
  code += more;
  auto* type = llvm::FunctionType::get(builder.getInt64Ty(), false);
  // The memory clobber keeps code generation from moving it, which knows no attributes.
  auto* assembly = llvm::InlineAsm::get(type, code, "=r,~{memory}", /*hasSideEffects=*/false);
  llvm::CallInst* call = builder.CreateCall(assembly);
  call->setMemoryEffects(llvm::MemoryEffects::inaccessibleMemOnly(llvm::ModRefInfo::Ref));
  call->setDoesNotThrow();
  call->addFnAttr(llvm::Attribute::WillReturn);
  return call;
}

llvm::Value* RunningState::load_stamp(llvm::IRBuilder<>& builder) {
  llvm::Value* stamp = load(builder, offsetof(fsan_running_state, stamp), "\n\tmovb $$-1, ${0:b}");
  stamp->setName("stamp");
  return stamp;
}

llvm::Value* RunningState::read_stamp(llvm::IRBuilder<>& builder, llvm::Value* stamp) {
  static_assert(FSAN_STAMP_READ == uint64_t{1} << 63);
  llvm::Type* i64 = builder.getInt64Ty();
  auto* type = llvm::FunctionType::get(i64, {i64}, false);
  auto* assembly = llvm::InlineAsm::get(type, "btsq $$63, $0", "=r,0,~{flags}",
                                        /*hasSideEffects=*/false);
  llvm::CallInst* call = builder.CreateCall(assembly, {stamp}, "read.stamp");
  call->setDoesNotAccessMemory();
  call->setDoesNotThrow();
  call->addFnAttr(llvm::Attribute::WillReturn);
  return call;
}

llvm::Value* RunningState::load_context(llvm::IRBuilder<>& builder) {
  return load(builder, offsetof(fsan_running_state, context), "");
}

void RunningState::store_context(llvm::IRBuilder<>& builder, llvm::Value* context) {
  constexpr unsigned kOffset = offsetof(fsan_running_state, context);
  llvm::Type* i64 = builder.getInt64Ty();
  llvm::CallInst* call;
  if (for_executable_) {
    auto* type = llvm::FunctionType::get(builder.getVoidTy(), {i64}, false);
    call = builder.CreateCall(
        llvm::InlineAsm::get(type, "movq $0, %fs:__fsan_running@tpoff" + displacement(kOffset),
                             "r,~{memory}", /*hasSideEffects=*/true),
        {context});
  } else {
    auto* type = llvm::FunctionType::get(i64, {i64}, false);
    call = builder.CreateCall(
        llvm::InlineAsm::get(type,
                             kOffsetToRegister + ("$1, %fs:" + std::to_string(kOffset)) + "($0)",
                             "=&r,r,~{memory}", /*hasSideEffects=*/true),
        {context});
  }
  call->setMemoryEffects(llvm::MemoryEffects::inaccessibleMemOnly());
  call->setDoesNotThrow();
  call->addFnAttr(llvm::Attribute::WillReturn);
}

llvm::Value* RunningState::load_shadow_base(llvm::IRBuilder<>& builder) {
  llvm::Type* i64 = builder.getInt64Ty();
  auto* base =
      llvm::cast<llvm::GlobalVariable>(module_.getOrInsertGlobal("__fsan_shadow_base", i64));
  // The detector is linked statically into the executable.
  base->setDSOLocal(for_executable_);
  llvm::LoadInst* load = builder.CreateAlignedLoad(i64, base, llvm::Align(8), "shadow.base");
  load->setMetadata(llvm::LLVMContext::MD_invariant_load,
                    llvm::MDNode::get(builder.getContext(), {}));
  return load;
}

}  // namespace fibersan::instrument
