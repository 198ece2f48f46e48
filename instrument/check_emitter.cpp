// check_emitter.cpp: chooses the form of each check; one walk places them and what they share.
#include "instrument/check_emitter.h"

#include <algorithm>
#include <optional>

#include "detector/abi/hooks.h"
#include "instrument/code_frequency.h"
#include "instrument/debug_location.h"
#include "instrument/inline_check.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {
namespace {

using llvm::IRBuilder;
using llvm::Value;

// More would only keep registers busy.
constexpr size_t kAnchors = 16;

class SharedValuePlacement {
 public:
  SharedValuePlacement(RunningState& state, Value* shadow_base)
      : state_(state), shadow_base_(shadow_base) {}

  SharedValues place_for(const Access& access) {
    IRBuilder<> builder(access.instruction);
    builder.SetCurrentDebugLocation(debug_location_near(*access.instruction));
    if (stretch_ != access.stretch) start_stretch(builder, access.stretch);
    if (access.kind == AccessKind::kRead && read_stamp_ == nullptr)
      read_stamp_ = RunningState::read_stamp(builder, stamp_);
    return {stamp_, read_stamp_, shadow_for(builder, access)};
  }

 private:
  // An address whose shadow is computed already.
  struct Anchor {
    const Value* base;
    int64_t offset;  // from the base
    bool is_cell_aligned;
    Value* shadow;
  };

  void start_stretch(IRBuilder<>& builder, unsigned stretch) {
    stretch_ = stretch;
    anchors_.clear();
    stamp_ = state_.load_stamp(builder);
    read_stamp_ = nullptr;
  }

  Value* shadow_for(IRBuilder<>& builder, const Access& access) {
    const llvm::DataLayout& layout = access.instruction->getModule()->getDataLayout();
    llvm::APInt offset(layout.getIndexTypeSizeInBits(access.address->getType()), access.offset);
    const Value* base = access.address->stripAndAccumulateConstantOffsets(
        layout, offset, /*AllowNonInbounds=*/true);
    for (const Anchor& anchor : anchors_) {
      int64_t distance = offset.getSExtValue() - anchor.offset;
      bool is_whole_cells = distance % static_cast<int64_t>(kCellSize) == 0;
      if (anchor.base != base || !(is_whole_cells || anchor.is_cell_aligned)) continue;
      int64_t cells = (distance & ~static_cast<int64_t>(kCellSize - 1));
      return cells == 0 ? anchor.shadow
                        : builder.CreateAdd(anchor.shadow, builder.getInt64(2 * cells));
    }
    Value* shadow = shadow_of(builder, access.address, access.offset, shadow_base_);
    if (anchors_.size() == kAnchors) anchors_.erase(anchors_.begin());
    anchors_.push_back(
        {base, offset.getSExtValue(), access.alignment.value() >= kCellSize, shadow});
    return shadow;
  }

  RunningState& state_;
  Value* shadow_base_;
  std::optional<unsigned> stretch_;
  Value* stamp_ = nullptr;
  Value* read_stamp_ = nullptr;
  std::vector<Anchor> anchors_;
};

bool is_checked_inline(const Access& access) {
  return access.size <= kLargestInlineCheck &&
         (access.mask == nullptr || masked_element_size(access) != 0);
}

Value* load_shadow_base(RunningState& state, llvm::Function& function) {
  IRBuilder<> builder(&*function.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
  builder.SetCurrentDebugLocation(debug_location_near(*builder.GetInsertPoint()));
  return state.load_shadow_base(builder);
}

// Memory that the stubs alone read occupies no register.
Value* store_in_frame(llvm::Function& function, Value* context) {
  IRBuilder<> builder(&*function.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
  Value* slot = builder.CreateAlloca(context->getType(), nullptr, "context.slot");
  builder.SetInsertPoint(llvm::cast<llvm::Instruction>(context)->getNextNode());
  builder.SetCurrentDebugLocation(debug_location_near(*builder.GetInsertPoint()));
  builder.CreateStore(context, slot);
  return slot;
}

enum class Form : uint8_t { kInline, kShort, kHook };

std::vector<Form> choose_forms(llvm::Function& function, const std::vector<Access>& accesses) {
  std::vector<Form> forms(accesses.size(), Form::kHook);
  if (emits_calls_only()) return forms;
  const CodeFrequency frequency(function);
  for (size_t i = 0; i < accesses.size(); ++i) {
    if (!is_checked_inline(accesses[i])) continue;
    bool is_hot = frequency.is_hot(*accesses[i].instruction->getParent());
    forms[i] = is_hot || !has_call_form(accesses[i]) ? Form::kInline : Form::kShort;
  }
  return forms;
}

}  // namespace

void emit_checks(HookTable& hooks, RunningState& state, const std::vector<Access>& accesses,
                 Value* context, bool has_calls, Statistics& statistics) {
  if (accesses.empty()) return;
  llvm::Function& function = *accesses.front().instruction->getFunction();
  const std::vector<Form> forms = choose_forms(function, accesses);
  CheckTarget target = {nullptr, state.for_executable()};
  if (has_calls && std::ranges::any_of(forms, [](Form form) { return form != Form::kHook; }))
    target.context_slot = store_in_frame(function, context);
  Value* shadow_base = nullptr;
  if (std::ranges::find(forms, Form::kInline) != forms.end())
    shadow_base = load_shadow_base(state, function);

  SharedValuePlacement placement(state, shadow_base);
  for (size_t i = 0; i < accesses.size(); ++i) {
    const Access& access = accesses[i];
    statistics.emitted(forms[i] == Form::kInline ? CheckForm::kInline : CheckForm::kCall,
                       *access.instruction, access.has_moved);
    if (forms[i] == Form::kInline) {
      emit_inline_check(access, placement.place_for(access), shadow_base, target);
    } else if (forms[i] == Form::kShort) {
      emit_short_check(access, target);
    } else {
      IRBuilder<> builder(access.instruction);
      builder.SetCurrentDebugLocation(debug_location_near(*access.instruction));
      emit_access_hook(builder, hooks, access, context);
    }
  }
}

}  // namespace fibersan::instrument
