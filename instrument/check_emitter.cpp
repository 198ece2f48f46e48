// check_emitter.cpp: chooses the form of each check; one walk places them and what they share.
#include "instrument/check_emitter.h"

#include <optional>

#include "detector/abi/hooks.h"
#include "instrument/code_frequency.h"
#include "instrument/debug_location.h"
#include "instrument/inline_check.h"
#include "instrument/inline_range.h"
#include "instrument/memory_ranges.h"
#include "instrument/short_check.h"
#include "llvm/ADT/STLExtras.h"
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

// Memory that the thunks alone read occupies no register.
Value* store_in_frame(llvm::Function& function, Value* context) {
  IRBuilder<> builder(&*function.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
  Value* slot = builder.CreateAlloca(context->getType(), nullptr, "context.slot");
  builder.SetInsertPoint(llvm::cast<llvm::Instruction>(context)->getNextNode());
  builder.SetCurrentDebugLocation(debug_location_near(*builder.GetInsertPoint()));
  builder.CreateStore(context, slot);
  return slot;
}

enum class Form : uint8_t { kInline, kShort, kHook };

struct Forms {
  std::vector<Form> accesses;
  std::vector<Form> ranges;

  bool has(Form form) const {
    return llvm::is_contained(accesses, form) || llvm::is_contained(ranges, form);
  }
};

Forms choose_forms(llvm::Function& function, const FunctionPlan& plan) {
  Forms forms = {std::vector(plan.accesses.size(), Form::kHook),
                 std::vector(plan.ranges.size(), Form::kHook)};
  if (emits_calls_only()) return forms;
  const CodeFrequency frequency(function);
  for (auto [access, form] : llvm::zip(plan.accesses, forms.accesses)) {
    if (!is_checked_inline(access)) continue;
    // What stands for accesses in a loop is worth its bytes, as for ranges.
    const bool is_hot = frequency.is_hot(*access.instruction->getParent()) ||
                        (access.has_moved && !frequency.is_cold_function());
    form = is_hot || !has_short_check(access) ? Form::kInline : Form::kShort;
  }
  for (auto [range, form] : llvm::zip(plan.ranges, forms.ranges)) {
    if (!range.has_moved) continue;
    form = frequency.is_cold_function() ? Form::kShort : Form::kInline;
  }
  return forms;
}

// The checks of one function.
class Emission {
 public:
  Emission(HookTable& hooks, RunningState& state, llvm::Function& function, const Forms& forms,
           Value* context, bool has_calls, Statistics& statistics)
      : hooks_(hooks),
        state_(state),
        context_(context),
        statistics_(statistics),
        tails_(has_calls && (forms.has(Form::kInline) || forms.has(Form::kShort))
                   ? store_in_frame(function, context)
                   : nullptr),
        target_{tails_.context_slot(), state.for_executable(), tails_},
        shadow_base_(forms.has(Form::kInline) ? load_shadow_base(state, function) : nullptr),
        placement_(state, shadow_base_) {}

  void define_tails_in(llvm::Function& function) const { tails_.define_in(function); }

  void emit(const Access& access, Form form) {
    statistics_.emitted(form == Form::kInline ? CheckForm::kInline : CheckForm::kCall,
                        *access.instruction, access.has_moved);
    if (form == Form::kInline)
      return emit_inline_check(access, placement_.place_for(access), shadow_base_, target_);
    if (form == Form::kShort) return emit_short_check(access, target_);
    IRBuilder<> builder(access.instruction);
    builder.SetCurrentDebugLocation(debug_location_near(*access.instruction));
    emit_access_hook(builder, hooks_, access, context_);
  }

  void emit(const RangeAccess& range, Form form) {
    statistics_.emitted(CheckForm::kRange, *range.instruction, range.has_moved);
    if (form == Form::kHook) return emit_range_check(hooks_, range, context_);
    if (form == Form::kShort) return emit_short_range(range, target_);
    IRBuilder<> builder(range.instruction);
    builder.SetCurrentDebugLocation(debug_location_near(*range.instruction));
    emit_inline_range(range, state_.load_stamp(builder), shadow_base_, target_);
  }

 private:
  HookTable& hooks_;
  RunningState& state_;
  Value* context_;
  Statistics& statistics_;
  SharedTails tails_;
  CheckTarget target_;
  Value* shadow_base_;
  SharedValuePlacement placement_;
};

}  // namespace

void emit_checks(HookTable& hooks, RunningState& state, const FunctionPlan& plan, Value* context,
                 bool has_calls, Statistics& statistics) {
  if (plan.accesses.empty() && plan.ranges.empty()) return;
  llvm::Function& function = *llvm::cast<llvm::Instruction>(context)->getFunction();
  const Forms forms = choose_forms(function, plan);
  Emission emission(hooks, state, function, forms, context, has_calls, statistics);
  for (auto [access, form] : llvm::zip(plan.accesses, forms.accesses)) emission.emit(access, form);
  for (auto [range, form] : llvm::zip(plan.ranges, forms.ranges)) emission.emit(range, form);
  emission.define_tails_in(function);
}

}  // namespace fibersan::instrument
