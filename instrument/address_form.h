// address_form.h: addresses as a sum, so that equal ones are known although they are computed
// apart.
//
//     p->items[i + 2].y   ->   form {p, 16 * i}, offset 44
//
// Input:    addresses of one function.
// Output:   for each a number that stands for base and variable terms, and a constant offset.
// Cost:     a few instructions looked through for each address; remembered.
// Not here: aliasing. Two forms may well name the same bytes.
//
// Invariants
//   A1  Where the SSA values of two addresses of one form have the same values, the addresses
//       differ by the difference of their offsets, modulo 2^64.
//   A2  Forms are numbered in the order in which they are asked for, so that the pass gives the
//       same code each time.
#ifndef FIBERSAN_INSTRUMENT_ADDRESS_FORM_H
#define FIBERSAN_INSTRUMENT_ADDRESS_FORM_H

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/Value.h"

namespace fibersan::instrument {

struct AddressForm {
  unsigned number;
  int64_t offset;
};

class AddressForms {
 public:
  explicit AddressForms(const llvm::DataLayout& layout) : layout_(layout) {}

  AddressForm of(const llvm::Value* address);

 private:
  enum class Extension : uint8_t { kNone, kSigned, kUnsigned };
  // scale * extended(value)
  struct Term {
    const llvm::Value* value;
    Extension extension;
    int64_t scale;
    auto operator<=>(const Term&) const = default;
  };
  struct Sum {
    const llvm::Value* base;
    std::vector<Term> terms;  // sorted
    int64_t offset = 0;
  };
  using Key = std::pair<const llvm::Value*, std::vector<Term>>;

  Sum sum_of(const llvm::Value* address) const;
  bool add_pointer_step(const llvm::Value*& pointer, Sum& sum) const;
  void add_term(Term term, Sum& sum) const;

  const llvm::DataLayout& layout_;
  std::map<Key, unsigned> numbers_;
  llvm::DenseMap<const llvm::Value*, AddressForm> known_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_ADDRESS_FORM_H
