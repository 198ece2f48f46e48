// check_facts.cpp: sorts the accesses by place, finds which covers which, and numbers what is
// worth it.
#include "instrument/check_facts.h"

#include <algorithm>
#include <numeric>

#include "instrument/address_form.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {
namespace {

// The bytes and the kind of one or more accesses.
struct Bytes {
  unsigned form;
  int64_t begin;
  int64_t end;
  AccessKind kind;
  auto operator<=>(const Bytes&) const = default;
};

bool covers(const Bytes& outer, const Bytes& inner) {
  return outer.form == inner.form && outer.begin <= inner.begin && inner.end <= outer.end &&
         (outer.kind == AccessKind::kWrite || inner.kind == AccessKind::kRead);
}

std::vector<Bytes> bytes_of(const std::vector<Access>& accesses) {
  std::vector<Bytes> result;
  if (accesses.empty()) return result;
  AddressForms forms(accesses.front().instruction->getModule()->getDataLayout());
  for (const Access& access : accesses) {
    const AddressForm form = forms.of(access.address);
    const int64_t begin = form.offset + static_cast<int64_t>(access.offset);
    result.push_back({form.number, begin, begin + static_cast<int64_t>(access.size), access.kind});
  }
  return result;
}

// R2 of check_pruning.h.
bool makes_facts(const Access& access) {
  const bool sets_vptr = access.is_vptr && access.kind == AccessKind::kWrite;
  return access.mask == nullptr && !sets_vptr;
}

}  // namespace

CheckFacts::CheckFacts(const std::vector<Access>& accesses)
    : needed_(accesses.size(), kNone), made_(accesses.size()) {
  const std::vector<Bytes> bytes = bytes_of(accesses);
  std::vector<Bytes> distinct = bytes;
  llvm::sort(distinct);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());

  std::vector<unsigned> makers(distinct.size(), 0);
  for (size_t i = 0; i < accesses.size(); ++i) {
    auto first = std::ranges::lower_bound(
        distinct, Bytes{bytes[i].form, bytes[i].begin, INT64_MIN, AccessKind::kRead});
    for (; first != distinct.end() && first->form == bytes[i].form && first->begin < bytes[i].end;
         ++first) {
      const auto fact = static_cast<unsigned>(first - distinct.begin());
      if (*first == bytes[i]) needed_[i] = fact;
      if (!makes_facts(accesses[i]) || !covers(bytes[i], *first)) continue;
      made_[i].push_back(fact);
      ++makers[fact];
    }
  }
  // A masked access makes nothing; one maker is enough to spare it.
  for (size_t i = 0; i < accesses.size(); ++i)
    if (!makes_facts(accesses[i]) && needed_[i] != kNone) ++makers[needed_[i]];

  std::vector<unsigned> numbers(distinct.size(), kNone);  // F3
  auto number = [&](unsigned fact) {
    if (fact != kNone && makers[fact] >= 2 && numbers[fact] == kNone) numbers[fact] = size_++;
    return fact == kNone ? kNone : numbers[fact];
  };
  for (size_t i = 0; i < accesses.size(); ++i) {
    needed_[i] = number(needed_[i]);
    for (unsigned& fact : made_[i]) fact = number(fact);
    llvm::erase(made_[i], kNone);
  }
}

void CheckFacts::shorten(unsigned size) {
  size_ = std::min(size_, size);
  for (unsigned& fact : needed_)
    if (fact >= size_) fact = kNone;
  for (auto& facts : made_) llvm::erase_if(facts, [&](unsigned fact) { return fact >= size_; });
}

std::optional<unsigned> CheckFacts::needed_by(size_t access) const {
  return needed_[access] == kNone ? std::nullopt : std::optional(needed_[access]);
}

}  // namespace fibersan::instrument
