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

#include <string>
#include <string_view>

#include "detector/abi/hooks.h"
#include "instrument/debug_location.h"
#include "instrument/memory_ranges.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/ValueTracking.h"
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

// Where the thunk leads, and what it passes besides address and context.
struct CheckEntry {
  std::string name;
  Value* value;  // null: nothing
};

constexpr std::string_view kCheckPrefix = "__fsan_check_";
constexpr std::string_view kCallPrefix = "__fsan_call_";

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
    // Only the thunk computes the address.
    std::string address = "$" + add_memory(address_of_access());
    emit(code + "2:\n" +
             call_of_thunk(std::string(kCheckPrefix) + entry.name, address, entry.value, target),
         target);
  }

  void emit_call(const CheckEntry& entry, const CheckTarget& target) {
    emit(call_of_thunk(std::string(kCallPrefix) + entry.name, shared_address(), nullptr, target),
         target);
  }

 private:
  void emit(const std::string& code, const CheckTarget& target) {
    constraints_ += ",~{dirflag},~{fpsr},~{flags}";
    auto* type = llvm::FunctionType::get(builder_.getVoidTy(), types_, false);
    auto* assembly = llvm::InlineAsm::get(type, code, constraints_, /*hasSideEffects=*/true,
                                          /*isAlignStack=*/true);
    llvm::CallInst* call = builder_.CreateCall(assembly, operands_);
    for (auto [index, element] : llvm::enumerate(elements_)) {
      if (!types_[index]->isPointerTy()) continue;
      if (element != nullptr)
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

  // Jumps to the access when each cell holds our stamp with all bytes, for reads in either slot,
  // the same one for all cells.
  std::string full_tests(const SharedValues& shared) {
    std::string stamp = "$" + add_operand(shared.stamp, "r", nullptr);
    if (!is_read_) return slot_tests(stamp, "", "2f");
    std::string read_stamp = "$" + add_operand(shared.read_stamp, "r", nullptr);
    return slot_tests(stamp, "", "3f") + "3:\n" + slot_tests(read_stamp, ":H", "2f");
  }

  std::string slot_tests(const std::string& stamp, const std::string& slot, const char* otherwise) {
    std::string code;
    for (const std::string& cell : cells_) {
      code += "\tcmpq " + stamp + ", ${" + cell + slot + "}\n\t";
      code += &cell == &cells_.back() ? "je 1f\n" : std::string("jne ") + otherwise + "\n";
    }
    return code;
  }

  // A thunk is named after all that it does, and defined where it is called first (C4).
  static std::string define_once(const std::string& name, const std::string& code) {
    return "\t.ifndef " + name + "\n" + name + ":\n" + code + "\t.endif\n";
  }
  static std::string below(unsigned bytes) { return "-" + std::to_string(bytes) + "(%rsp)"; }
  // For unwinders: how far rsp is below the caller's, and how far the return address.
  static std::string unwound_by(unsigned depth, unsigned return_address) {
    return "\t.cfi_def_cfa_offset " + std::to_string(depth) + "\n\t.cfi_offset %rip, -" +
           std::to_string(return_address) + "\n";
  }

  std::string call_of_thunk(std::string entry, const std::string& address, Value* value,
                            const CheckTarget& target) {
    const bool has_context = target.context_slot != nullptr;
    const std::string context = has_context ? " $" + add_memory(target.context_slot) : "";
    if (!has_context) entry += "_leaf";
    const std::string more = value == nullptr ? "" : " " + extra(value);
    const std::string name = "\".L" + entry + " " + address + more + context + "\"";
    const bool is_raised = may_be_in_frame();
    const unsigned saved = (has_context ? 24 : 16) + (is_raised ? 8 : 0);
    std::string code = is_raised ? "\tpopq " + below(48) + "\n" + unwound_by(0, 48) : "";
    if (value != nullptr) code += "\tmovq" + more + ", " + below(saved + 8) + "\n";
    code += "\tmovq %rdi, " + below(saved) + "\n\tleaq " + address + ", %rdi\n";
    if (is_raised) code += "\tpushq " + below(48) + "\n" + unwound_by(8, 8);
    code += has_context ? jump_to_tail(entry, context, target) : jump_to(entry, target);
    return "\tcallq " + name + "\n1:\n\t.ifndef " + name +
           "\n\t.pushsection .text.fibersan,\"ax\",@progbits\n" + name + ":\n\t.cfi_startproc\n" +
           code + "\t.cfi_endproc\n\t.popsection\n\t.endif";
  }

  static std::string jump_to(const std::string& entry, const CheckTarget& target) {
    return "\tjmp" + (target.for_executable ? " " + entry : "q *" + entry + "@GOTPCREL(%rip)") +
           "\n";
  }

  // Puts the context above the return address. The full test, where one is to be made, comes
  // before.
  std::string jump_to_tail(std::string entry, const std::string& context,
                           const CheckTarget& target) const {
    const std::string name = "\".L" + entry + " with" + context + "\"";
    std::string test;
    if (entry.starts_with(kCallPrefix) && target.for_executable) {
      test = full_test_and_return();
      entry = std::string(kCheckPrefix) + entry.substr(kCallPrefix.size());
    }
    return "\tjmp " + name + "\n" +
           define_once(name, test + "\tpopq " + below(24) + "\n" + unwound_by(0, 24) + "\tpushq" +
                                 context + "\n\t.cfi_def_cfa_offset 8\n\tpushq " + below(16) +
                                 "\n" + unwound_by(16, 16) + jump_to(entry, target));
  }

  // Of the address in rdi, as the detector's entry makes it, in whose place it stands: a hit has no
  // jump to there, and leaves the return address where it is.
  std::string full_test_and_return() const {
    const std::string restore_scratch = "\tmovq -32(%rsp), %rax\n\tmovq -40(%rsp), %rcx\n";
    std::string code =
        "\tmovq %rax, -32(%rsp)\n\tmovq %rcx, -40(%rsp)\n"
        "\tleaq (%rdi,%rdi), %rcx\n\tmovabsq $$" +
        std::to_string(FSAN_SHADOW_MASK) +
        ", %rax\n\taddq __fsan_shadow_base(%rip), %rcx\n\tandq %rax, %rcx\n"
        "\tmovq %fs:__fsan_running@tpoff, %rax\n\tmovb $$-1, %al\n"
        "\tcmpq %rax, (%rcx)\n\tjne 3f\n2:\n" +
        restore_scratch + "\tmovq -24(%rsp), %rdi\n\tretq\n3:\n";
    if (is_read_) code += "\tbtsq $$63, %rax\n\tcmpq %rax, 8(%rcx)\n\tje 2b\n";
    return code + restore_scratch;
  }

  // C4: the assembler may find rsp in the address.
  bool may_be_in_frame() const {
    const Value* object = llvm::getUnderlyingObject(access_.address, /*MaxLookup=*/0);
    if (auto* argument = llvm::dyn_cast<llvm::Argument>(object))
      return argument->hasPassPointeeByValueCopyAttr();
    return !llvm::isa<llvm::GlobalValue, llvm::LoadInst, llvm::PHINode>(object) &&
           (!llvm::isa<llvm::CallBase>(object) || llvm::isa<llvm::IntrinsicInst>(object));
  }

  Value* address_of_access() {
    return access_.offset == 0
               ? access_.address
               : builder_.CreatePtrAdd(access_.address, builder_.getInt64(access_.offset));
  }

  // In a register with a constant, so that few thunks serve many accesses.
  std::string shared_address() {
    constexpr int64_t kLargestOffset = 127;
    const llvm::DataLayout& layout = access_.instruction->getModule()->getDataLayout();
    llvm::APInt offset(layout.getIndexTypeSizeInBits(access_.address->getType()), access_.offset);
    Value* base = access_.address->stripAndAccumulateConstantOffsets(layout, offset,
                                                                     /*AllowNonInbounds=*/true);
    const bool is_near = offset.getSExtValue() > 0 && offset.getSExtValue() <= kLargestOffset &&
                         (llvm::isa<llvm::Argument>(base) || llvm::isa<llvm::Instruction>(base)) &&
                         !llvm::isa<llvm::AllocaInst>(base);
    std::string reg = "($" + add_operand(is_near ? base : address_of_access(), "r", nullptr) + ")";
    return is_near ? std::to_string(offset.getSExtValue()) + reg : reg;
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
