// inline_check.cpp: one statement of assembly for each check, for example of a read of 4 bytes
//
//     cmpq stamp, slot 0;  je 1f
//     cmpq read_stamp, slot 1;  je 1f
//     callq ".L__fsan_check_read4 8(%rbx) -48(%rbp)"
//   1:                                           the access follows
//
// and, unless an earlier check of this object file has it already, the thunk of that name:
//
//     popq …(%rsp);  movq %rdi, …(%rsp);  leaq 8(%rbx), %rdi;  pushq -48(%rbp);  pushq …(%rsp)
//     jmp __fsan_check_read4
//
// all that follows the address being a tail that thunks share.
#include "instrument/inline_check.h"

#include "detector/abi/hooks.h"
#include "instrument/check_assembly.h"
#include "instrument/memory_ranges.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/ModRef.h"

namespace fibersan::instrument {
namespace {

using llvm::IRBuilder;
using llvm::Value;

Value* add(IRBuilder<>& builder, Value* value, uint64_t constant) {
  return constant == 0 ? value : builder.CreateAdd(value, builder.getInt64(constant));
}

// Where the thunk leads, and what it passes besides address and context.
struct CheckEntry {
  std::string name;
  Value* value;  // null: nothing
};

class InlineCheck {
 public:
  InlineCheck(const Access& access, const CheckTarget& target) : assembly_(access, target) {}

  void emit(const SharedValues& shared, Value* shadow_base, const CheckEntry& entry) {
    find_cells(shared, shadow_base);
    const std::string code = full_tests(shared);
    assembly_.emit(code + "2:\n" + call_of_entry(entry));
  }

 private:
  void find_cells(const SharedValues& shared, Value* shadow_base) {
    const Access& access = assembly_.access();
    uint64_t cells = llvm::divideCeil(access.size, kCellSize);
    for (uint64_t cell = 0; cell < cells; ++cell)
      add_cell(add(assembly_.builder(), shared.shadow, 2 * kCellSize * cell));
    // Unaligned, the last byte may lie in one cell more.
    if (!is_natural(access, kCellSize) && access.alignment.value() < kCellSize)
      add_cell(shadow_of(assembly_.builder(), access.address, access.offset + access.size - 1,
                         shadow_base));
  }

  void add_cell(Value* shadow) {
    IRBuilder<>& builder = assembly_.builder();
    const std::string operand =
        assembly_.add_memory(builder.CreateIntToPtr(shadow, builder.getPtrTy()));
    cells_.push_back("${" + operand.substr(1));
  }

  // Jumps to the access when each cell holds our stamp with all bytes, for reads in either slot,
  // the same one for all cells.
  std::string full_tests(const SharedValues& shared) {
    const std::string stamp = assembly_.add_register(shared.stamp);
    if (!assembly_.is_read()) return slot_tests(stamp, "}", "2f");
    const std::string read_stamp = assembly_.add_register(shared.read_stamp);
    return slot_tests(stamp, "}", "3f") + "3:\n" + slot_tests(read_stamp, ":H}", "2f");
  }

  std::string slot_tests(const std::string& stamp, const char* slot, const char* otherwise) {
    std::string code;
    for (const std::string& cell : cells_) {
      code += "\tcmpq " + stamp + ", " + cell + slot + "\n\t";
      code += &cell == &cells_.back() ? "je 1f\n" : std::string("jne ") + otherwise + "\n";
    }
    return code;
  }

  std::string call_of_entry(const CheckEntry& to) {
    // Only the thunk computes the address.
    const std::string address = assembly_.add_memory(assembly_.address_of_access());
    const std::string context = assembly_.add_context();
    const std::string value = to.value == nullptr ? "" : " " + assembly_.add_extra(to.value);
    const bool has_context = !context.empty();
    const std::string entry = "__fsan_check_" + to.name + (has_context ? "" : "_leaf");
    const bool is_raised = may_be_in_frame();
    const unsigned saved = (has_context ? 24 : 16) + (is_raised ? 8 : 0);
    std::string code = is_raised ? "\tpopq " + below(48) + "\n" + unwound_by(0, 48) : "";
    if (to.value != nullptr) code += "\tmovq" + value + ", " + below(saved + 8) + "\n";
    code += "\tmovq %rdi, " + below(saved) + "\n\tleaq " + address + ", %rdi\n";
    if (is_raised) code += "\tpushq " + below(48) + "\n" + unwound_by(8, 8);
    code +=
        has_context ? jump_to_tail(entry, context) : jump_to_detector(entry, assembly_.target());
    return call_of_thunk("\".L" + entry + " " + address + value + context + "\"", code);
  }

  // What comes behind the address is shared by thunks.
  std::string jump_to_tail(const std::string& entry, const std::string& context) {
    const CheckTarget& target = assembly_.target();
    const std::string name = ".L" + entry + " with";
    target.tails.add(name, [&](const std::string& there) {
      return define_thunk("\"" + name + there + "\"",
                          hand_over(there) + jump_to_detector(entry, target));
    });
    return "\tjmp \"" + name + context + "\"\n";
  }

  // C4: the assembler may find rsp in the address.
  bool may_be_in_frame() const {
    const Value* object = llvm::getUnderlyingObject(assembly_.access().address, /*MaxLookup=*/0);
    if (auto* argument = llvm::dyn_cast<llvm::Argument>(object))
      return argument->hasPassPointeeByValueCopyAttr();
    return !llvm::isa<llvm::GlobalValue, llvm::LoadInst, llvm::PHINode>(object) &&
           (!llvm::isa<llvm::CallBase>(object) || llvm::isa<llvm::IntrinsicInst>(object));
  }

  CheckAssembly assembly_;
  std::vector<std::string> cells_;  // operand of slot 0 of each cell, without its end
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

Value* shadow_of(IRBuilder<>& builder, Value* address, uint64_t offset, Value* shadow_base,
                 uint64_t mask) {
  // (2 * address + base) & mask: the low bits of the address fall to the mask, because the
  // base is a multiple of 16.
  Value* integer = add(builder, builder.CreatePtrToInt(address, builder.getInt64Ty()), offset);
  Value* sum = builder.CreateAdd(builder.CreateShl(integer, 1), shadow_base);
  return builder.CreateAnd(sum, mask, "shadow");
}

uint64_t masked_element_size(const Access& access) {
  auto* mask = llvm::cast<llvm::FixedVectorType>(access.mask->getType());
  uint64_t size = access.size / mask->getNumElements();
  return llvm::isPowerOf2_64(size) && size <= kCellSize ? size : 0;
}

void emit_inline_check(const Access& access, const SharedValues& shared, Value* shadow_base,
                       const CheckTarget& target) {
  InlineCheck(access, target).emit(shared, shadow_base, entry_for(access));
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
