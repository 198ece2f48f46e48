// address_form.cpp: through pointer arithmetic to the base, through index arithmetic to terms.
#include "instrument/address_form.h"

#include <algorithm>

#include "llvm/ADT/MapVector.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Operator.h"
#include "llvm/IR/PatternMatch.h"

namespace fibersan::instrument {
namespace {

using llvm::dyn_cast;
using llvm::Value;

constexpr unsigned kMostSteps = 8;
constexpr size_t kMostTerms = 4;

// Products and sums of addresses wrap; here without undefined behaviour.
int64_t product(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}
int64_t sum(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

// value == rest + constant, by an addition that does not wrap where it must not.
bool splits(const Value* value, bool no_signed_wrap, bool no_unsigned_wrap, const Value*& rest,
            int64_t& constant) {
  auto* operation = dyn_cast<llvm::BinaryOperator>(value);
  if (operation == nullptr) return false;
  auto* number = dyn_cast<llvm::ConstantInt>(operation->getOperand(1));
  if (number == nullptr || number->getBitWidth() > 64) return false;
  if (operation->getOpcode() == llvm::Instruction::Add) {
    if (no_signed_wrap && !operation->hasNoSignedWrap()) return false;
    if (no_unsigned_wrap && !operation->hasNoUnsignedWrap()) return false;
  } else {
    // Without common bits it is an addition, and one that wraps in no way.
    auto* disjoint = dyn_cast<llvm::PossiblyDisjointInst>(operation);
    if (disjoint == nullptr || !disjoint->isDisjoint()) return false;
    if (no_signed_wrap && number->isNegative()) return false;
  }
  rest = operation->getOperand(0);
  constant =
      no_unsigned_wrap ? static_cast<int64_t>(number->getZExtValue()) : number->getSExtValue();
  return true;
}

}  // namespace

void AddressForms::add_term(Term term, Sum& into) const {
  const unsigned width = layout_.getPointerSizeInBits();
  for (unsigned step = 0; step < kMostSteps; ++step) {
    const Value* rest = nullptr;
    int64_t constant = 0;
    if (splits(term.value, term.extension == Extension::kSigned,
               term.extension == Extension::kUnsigned, rest, constant)) {
      into.offset = sum(into.offset, product(term.scale, constant));
      term.value = rest;
    } else if (term.extension == Extension::kNone && llvm::isa<llvm::SExtInst>(term.value)) {
      term.value = llvm::cast<llvm::SExtInst>(term.value)->getOperand(0);
      term.extension = Extension::kSigned;
    } else if (term.extension == Extension::kNone && llvm::isa<llvm::ZExtInst>(term.value)) {
      term.value = llvm::cast<llvm::ZExtInst>(term.value)->getOperand(0);
      term.extension = Extension::kUnsigned;
    } else if (uint64_t bits = 0; term.extension == Extension::kNone &&
                                  llvm::PatternMatch::match(
                                      term.value, llvm::PatternMatch::m_Shl(
                                                      llvm::PatternMatch::m_Value(rest),
                                                      llvm::PatternMatch::m_ConstantInt(bits))) &&
                                  bits < width) {
      term.scale = static_cast<int64_t>(static_cast<uint64_t>(term.scale) << bits);
      term.value = rest;
    } else {
      break;
    }
  }
  auto same = std::ranges::find_if(into.terms, [&](const Term& known) {
    return known.value == term.value && known.extension == term.extension;
  });
  if (same == into.terms.end())
    into.terms.push_back(term);
  else
    same->scale = sum(same->scale, term.scale);
}

bool AddressForms::add_pointer_step(const Value*& pointer, Sum& into) const {
  auto* step = dyn_cast<llvm::GEPOperator>(pointer);
  if (step == nullptr || step->getType()->isVectorTy()) return false;
  const unsigned width = layout_.getIndexTypeSizeInBits(step->getType());
  if (width != 64) return false;
  llvm::MapVector<Value*, llvm::APInt> variable;
  llvm::APInt constant(width, 0);
  if (!step->collectOffset(layout_, width, variable, constant)) return false;
  if (into.terms.size() + variable.size() > kMostTerms) return false;
  for (const auto& [index, scale] : variable)
    if (index->getType()->getScalarSizeInBits() > width) return false;
  into.offset = sum(into.offset, constant.getSExtValue());
  for (const auto& [index, scale] : variable) {
    const bool is_narrow = index->getType()->getScalarSizeInBits() < width;
    add_term({index, is_narrow ? Extension::kSigned : Extension::kNone, scale.getSExtValue()},
             into);
  }
  pointer = step->getPointerOperand();
  return true;
}

AddressForms::Sum AddressForms::sum_of(const Value* address) const {
  Sum result{address, {}, 0};
  for (unsigned step = 0; step < kMostSteps; ++step)
    if (!add_pointer_step(result.base, result)) break;
  std::ranges::sort(result.terms);
  return result;
}

AddressForm AddressForms::of(const Value* address) {
  auto [entry, is_new] = known_.try_emplace(address, AddressForm{0, 0});
  if (is_new) {
    Sum sum = sum_of(address);
    auto [number, is_first] = numbers_.try_emplace(Key{sum.base, std::move(sum.terms)},
                                                   static_cast<unsigned>(numbers_.size()));
    entry->second = {number->second, sum.offset};
  }
  return entry->second;
}

}  // namespace fibersan::instrument
