// hook_table.cpp: two ways to the type of a hook. Pass hooks spell their types as the
// tokens of FSAN_FOR_EACH_TYPE; of the runtime hooks the pass needs those that take
// pointers only, and their types are read off the C declarations.
#include "instrument/hook_table.h"

#include "detector/abi/hooks.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/CallingConv.h"

namespace fibersan::instrument {
namespace {

using llvm::Type;

enum class AbiType {
#define FSAN_ABI_TYPE(token) token##_,
  FSAN_FOR_EACH_TYPE(FSAN_ABI_TYPE)
#undef FSAN_ABI_TYPE
};

struct Row {
  const char* name;
  bool saves_registers;  // FSAN_COLD
  AbiType result;
  llvm::SmallVector<AbiType, 7> parameters;
};

template <typename... Parameters>
constexpr bool only_pointers(void (*)(Parameters...)) {
  return (std::is_pointer_v<Parameters> && ...);
}
static_assert(only_pointers(__fsan_acquire) && only_pointers(__fsan_release),
              "the static-guard wrapper calls these two with the guard's address");

#define T(token) AbiType::token##_
#define FSAN_COLD_HOOK2(r, n, t1, p1, t2, p2) {"__fsan_" #n, true, T(r), {T(t1), T(t2)}},
#define FSAN_COLD_HOOK3(r, n, t1, p1, t2, p2, t3, p3) \
  {"__fsan_" #n, true, T(r), {T(t1), T(t2), T(t3)}},
#define FSAN_PASS_HOOK2(r, n, t1, p1, t2, p2) {"__fsan_" #n, false, T(r), {T(t1), T(t2)}},
#define FSAN_PASS_HOOK3(r, n, t1, p1, t2, p2, t3, p3) \
  {"__fsan_" #n, false, T(r), {T(t1), T(t2), T(t3)}},
#define FSAN_PASS_HOOK4(r, n, t1, p1, t2, p2, t3, p3, t4, p4) \
  {"__fsan_" #n, false, T(r), {T(t1), T(t2), T(t3), T(t4)}},
#define FSAN_PASS_HOOK5(r, n, t1, p1, t2, p2, t3, p3, t4, p4, t5, p5) \
  {"__fsan_" #n, false, T(r), {T(t1), T(t2), T(t3), T(t4), T(t5)}},
#define FSAN_PASS_HOOK6(r, n, t1, p1, t2, p2, t3, p3, t4, p4, t5, p5, t6, p6) \
  {"__fsan_" #n, false, T(r), {T(t1), T(t2), T(t3), T(t4), T(t5), T(t6)}},
#define FSAN_PASS_HOOK7(r, n, t1, p1, t2, p2, t3, p3, t4, p4, t5, p5, t6, p6, t7, p7) \
  {"__fsan_" #n, false, T(r), {T(t1), T(t2), T(t3), T(t4), T(t5), T(t6), T(t7)}},
#define FSAN_RUNTIME_HOOK(result, n, parameters) \
  {"__fsan_" #n, false, AbiType::fsan_void_, {AbiType::fsan_ptr_}},

const Row& row_of(Hook hook) {
  static const Row rows[] = {
#include "detector/abi/hooks.def"
  };
  return rows[static_cast<unsigned>(hook)];
}

Type* llvm_type(llvm::LLVMContext& context, AbiType type) {
  switch (type) {
    case AbiType::fsan_void_:
      return Type::getVoidTy(context);
    case AbiType::fsan_ptr_:
      return llvm::PointerType::get(context, 0);
    case AbiType::fsan_u8_:
      return Type::getInt8Ty(context);
    case AbiType::fsan_u16_:
      return Type::getInt16Ty(context);
    case AbiType::fsan_u32_:
      return Type::getInt32Ty(context);
    case AbiType::fsan_u64_:
      return Type::getInt64Ty(context);
    case AbiType::fsan_u128_:
      return Type::getInt128Ty(context);
  }
  llvm_unreachable("every token of FSAN_FOR_EACH_TYPE has a case");
}

// The x86-64 C ABI widens small integers at the caller, and clang's callees rely on it.
bool is_widened(AbiType type) { return type == AbiType::fsan_u8_ || type == AbiType::fsan_u16_; }

}  // namespace

llvm::Function* HookTable::declaration(Hook hook) {
  const Row& row = row_of(hook);
  if (llvm::Function* known = module_.getFunction(row.name)) return known;

  llvm::LLVMContext& context = module_.getContext();
  llvm::SmallVector<Type*, 7> parameters;
  for (AbiType type : row.parameters) parameters.push_back(llvm_type(context, type));
  auto* type = llvm::FunctionType::get(llvm_type(context, row.result), parameters, false);
  auto* function =
      llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, row.name, module_);
  function->setDoesNotThrow();
  if (row.saves_registers) function->setCallingConv(llvm::CallingConv::PreserveMost);
  if (is_widened(row.result)) function->addRetAttr(llvm::Attribute::ZExt);
  for (auto [index, type] : llvm::enumerate(row.parameters))
    if (is_widened(type)) function->addParamAttr(index, llvm::Attribute::ZExt);
  return function;
}

llvm::CallInst* HookTable::call(llvm::IRBuilder<>& builder, Hook hook,
                                llvm::ArrayRef<llvm::Value*> arguments) {
  llvm::Function* function = declaration(hook);
  llvm::CallInst* call = builder.CreateCall(function, arguments);
  call->setCallingConv(function->getCallingConv());
  call->setAttributes(function->getAttributes());
  call->addFnAttr(llvm::Attribute::NoMerge);
  return call;
}

}  // namespace fibersan::instrument
