// inline_check.cpp: one statement of assembly for each check, for example of a read of 4 bytes
//
//     cmpq stamp, slot 0;  je 1f
//     cmpq read_stamp, slot 1;  jne 2f
//   1:                                           the access follows
//     .subsection 1                              behind the functions of this section
//   2: movq %rdi, …(%rsp);  leaq address, %rdi;  pushq context;  callq __fsan_check_read4;  jmp 1b
//     .previous
#include "instrument/inline_check.h"

#include <string>

#include "detector/abi/hooks.h"
#include "instrument/debug_location.h"
#include "instrument/memory_ranges.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/ModRef.h"

namespace fibersan::instrument {
namespace {

using llvm::IRBuilder;
using llvm::Value;

Value* add(IRBuilder<>& builder, Value* value, uint64_t constant) {
  return constant == 0 ? value : builder.CreateAdd(value, builder.getInt64(constant));
}

bool is_natural(const Access& access, uint64_t largest) {
  return llvm::isPowerOf2_64(access.size) && access.size <= largest &&
         access.alignment.value() >= access.size;
}

// What the stub calls, and what it passes besides address and context.
struct CheckEntry {
  std::string name;
  Value* value;  // null: nothing
};

// The assembly of one check, piece by piece.
class CheckAssembly {
 public:
  explicit CheckAssembly(const Access& access)
      : access_(access),
        is_read_(access.kind == AccessKind::kRead),
        location_(debug_location_near(*access.instruction)),
        builder_(access.instruction) {
    builder_.SetCurrentDebugLocation(location_);
  }

  void emit_inline(const SharedValues& shared, Value* shadow_base, const CheckEntry& entry,
                   const CheckTarget& target) {
    find_cells(shared, shadow_base);
    std::string code = full_tests(shared);
    code += "1:\n\t.subsection 1\n" + other_slots_ + "2:\n" + stub(entry, target);
    emit(code + "\tjmp 1b\n\t.previous", "", target);
  }

  void emit_call(const CheckEntry& entry, const CheckTarget& target) {
    emit(call("__fsan_call_" + entry.name, target), ",~{rdi},~{rax},~{rcx}", target);
  }

 private:
  void emit(const std::string& code, const char* clobbers, const CheckTarget& target) {
    constraints_ += clobbers;
    constraints_ += ",~{dirflag},~{fpsr},~{flags}";
    auto* type = llvm::FunctionType::get(builder_.getVoidTy(), types_, false);
    auto* assembly = llvm::InlineAsm::get(type, code, constraints_, /*hasSideEffects=*/true,
                                          /*isAlignStack=*/true);
    llvm::CallInst* call = builder_.CreateCall(assembly, operands_);
    for (auto [index, element] : llvm::enumerate(elements_)) {
      if (element == nullptr) continue;
      call->addParamAttr(
          index, llvm::Attribute::get(call->getContext(), llvm::Attribute::ElementType, element));
      call->addParamAttr(index, llvm::Attribute::NoCapture);
      call->addParamAttr(index, operands_[index] == target.context_slot
                                    ? llvm::Attribute::ReadOnly
                                    : llvm::Attribute::ReadNone);
    }
    mark_as_check(*call);
  }

  void find_cells(const SharedValues& shared, Value* shadow_base) {
    uint64_t cells = llvm::divideCeil(access_.size, kCellSize);
    for (uint64_t cell = 0; cell < cells; ++cell)
      add_cell(add(builder_, shared.shadow, 2 * kCellSize * cell));
    // Unaligned, the last byte may lie in one cell more.
    if (!is_natural(access_, kCellSize) && access_.alignment.value() < kCellSize)
      add_cell(
          shadow_of(builder_, access_.address, access_.offset + access_.size - 1, shadow_base));
  }

  void add_cell(Value* shadow) {
    cells_.push_back(add_memory(builder_.CreateIntToPtr(shadow, builder_.getPtrTy())));
  }

  std::string add_operand(Value* value, const char* constraint, llvm::Type* element) {
    operands_.push_back(value);
    types_.push_back(value->getType());
    elements_.push_back(element);
    if (!constraints_.empty()) constraints_ += ",";
    constraints_ += constraint;
    return std::to_string(operands_.size() - 1);
  }
  std::string add_memory(Value* address) {
    return add_operand(address, "*m", builder_.getInt64Ty());
  }

  // Falls through to the access when each cell holds our stamp with all bytes, for reads in either
  // slot, the same one for all cells.
  std::string full_tests(const SharedValues& shared) {
    std::string stamp = "$" + add_operand(shared.stamp, "r", nullptr);
    std::string code;
    if (!is_read_) {
      for (const std::string& cell : cells_)
        code += "\tcmpq " + stamp + ", $" + cell + "\n\tjne 2f\n";
      return code;
    }
    std::string read_stamp = "$" + add_operand(shared.read_stamp, "r", nullptr);
    if (cells_.size() == 1) {
      return "\tcmpq " + stamp + ", $" + cells_[0] + "\n\tje 1f\n\tcmpq " + read_stamp + ", ${" +
             cells_[0] + ":H}\n\tjne 2f\n";
    }
    for (const std::string& cell : cells_) {
      code += "\tcmpq " + stamp + ", $" + cell + "\n\tjne 3f\n";
      other_slots_ += "\tcmpq " + read_stamp + ", ${" + cell + ":H}\n\tjne 2f\n";
    }
    other_slots_ = "3:\n" + other_slots_ + "\tjmp 1b\n";
    return code;
  }

  // As detector/race/check_entry.h has it.
  std::string stub(const CheckEntry& entry, const CheckTarget& target) {
    unsigned below = target.context_slot == nullptr ? 0 : 8;
    std::string code;
    if (entry.value != nullptr)
      code += "\tmovq " + extra(entry.value) + ", -" + std::to_string(below + 32) + "(%rsp)\n";
    code += "\tmovq %rdi, -" + std::to_string(below + 24) + "(%rsp)\n";
    return code + call("__fsan_check_" + entry.name, target);
  }

  std::string call(std::string name, const CheckTarget& target) {
    Value* address = access_.offset == 0 ? access_.address
                                         : builder_.CreatePtrAdd(access_.address,
                                                                 builder_.getInt64(access_.offset));
    std::string code = "\tleaq $" + add_memory(address) + ", %rdi\n";
    if (target.context_slot != nullptr)
      code += "\tpushq $" + add_memory(target.context_slot) + "\n";
    else
      name += "_leaf";
    return code + "\tcallq " + (target.for_executable ? name : "*" + name + "@GOTPCREL(%rip)") +
           "\n";
  }

  std::string extra(Value* value) {
    if (auto* constant = llvm::dyn_cast<llvm::ConstantInt>(value))
      return "$$" + std::to_string(constant->getZExtValue());
    return "$" + add_operand(value, "r", nullptr);
  }

  const Access& access_;
  bool is_read_;
  llvm::DebugLoc location_;
  IRBuilder<> builder_;
  std::vector<std::string> cells_;  // operand of slot 0 of each cell
  std::string other_slots_;         // second tests of a read of several cells
  std::string constraints_;
  llvm::SmallVector<Value*, 8> operands_;
  llvm::SmallVector<llvm::Type*, 8> types_;
  llvm::SmallVector<llvm::Type*, 8> elements_;  // of memory operands
};

Value* pointer_to_store(IRBuilder<>& builder, const Access& access) {
  auto* store = llvm::cast<llvm::StoreInst>(access.instruction);
  Value* stored = store->getValueOperand();
  return stored->getType()->isPointerTy()
             ? stored
             : builder.CreateBitOrPointerCast(stored, builder.getPtrTy());
}

CheckEntry entry_for(const Access& access) {
  IRBuilder<> builder(access.instruction);
  std::string verb = access.kind == AccessKind::kRead ? "read" : "write";
  if (access.mask != nullptr) {
    unsigned elements = llvm::cast<llvm::FixedVectorType>(access.mask->getType())->getNumElements();
    Value* bits = builder.CreateBitCast(access.mask, builder.getIntNTy(elements));
    return {verb + "_masked" + std::to_string(masked_element_size(access)),
            builder.CreateZExt(bits, builder.getInt64Ty())};
  }
  if (access.is_vptr)
    return {verb + "_vptr", verb == "read" ? nullptr : pointer_to_store(builder, access)};
  if (is_natural(access, kCellSize)) return {verb + std::to_string(access.size), nullptr};
  return {verb + "_range", builder.getInt64(access.size)};
}

}  // namespace

void mark_as_check(llvm::CallInst& assembly) {
  // C3. Shadow and stamps are nothing that user code can name.
  assembly.setMemoryEffects(llvm::MemoryEffects::inaccessibleMemOnly() |
                            llvm::MemoryEffects::argMemOnly(llvm::ModRefInfo::Ref));
  assembly.setDoesNotThrow();
  assembly.addFnAttr(llvm::Attribute::WillReturn);
  assembly.addFnAttr(llvm::Attribute::NoMerge);
}

Value* shadow_of(IRBuilder<>& builder, Value* address, uint64_t offset, Value* shadow_base) {
  // (2 * address + base) & mask: the low bits of the address fall to the mask, because the
  // base is a multiple of 16.
  Value* integer = add(builder, builder.CreatePtrToInt(address, builder.getInt64Ty()), offset);
  Value* sum = builder.CreateAdd(builder.CreateShl(integer, 1), shadow_base);
  return builder.CreateAnd(sum, FSAN_SHADOW_MASK, "shadow");
}

uint64_t masked_element_size(const Access& access) {
  auto* mask = llvm::cast<llvm::FixedVectorType>(access.mask->getType());
  uint64_t size = access.size / mask->getNumElements();
  return llvm::isPowerOf2_64(size) && size <= kCellSize ? size : 0;
}

bool has_call_form(const Access& access) {
  return is_natural(access, kCellSize) && !access.is_vptr && access.mask == nullptr;
}

void emit_inline_check(const Access& access, const SharedValues& shared, Value* shadow_base,
                       const CheckTarget& target) {
  CheckAssembly(access).emit_inline(shared, shadow_base, entry_for(access), target);
}

void emit_short_check(const Access& access, const CheckTarget& target) {
  CheckAssembly(access).emit_call(entry_for(access), target);
}

void emit_access_hook(IRBuilder<>& builder, HookTable& hooks, const Access& access,
                      Value* context) {
  if (access.mask != nullptr) {
    emit_masked_hooks(hooks, access, context, &*builder.GetInsertPoint());
    return;
  }
  static constexpr Hook kReads[] = {Hook::read1, Hook::read2, Hook::read4, Hook::read8,
                                    Hook::read16};
  static constexpr Hook kWrites[] = {Hook::write1, Hook::write2, Hook::write4, Hook::write8,
                                     Hook::write16};
  bool is_read = access.kind == AccessKind::kRead;
  Value* address = access.offset == 0
                       ? access.address
                       : builder.CreatePtrAdd(access.address, builder.getInt64(access.offset));
  if (access.is_vptr && is_read) {
    hooks.call(builder, Hook::read_vptr, {address, context});
  } else if (access.is_vptr) {
    hooks.call(builder, Hook::write_vptr, {address, pointer_to_store(builder, access), context});
  } else if (is_natural(access, 16)) {
    unsigned index = llvm::Log2_64(access.size);
    hooks.call(builder, is_read ? kReads[index] : kWrites[index], {address, context});
  } else {
    hooks.call(builder, is_read ? Hook::read_range : Hook::write_range,
               {address, builder.getInt64(access.size), context});
  }
}

}  // namespace fibersan::instrument
