#include "detector/report/fingerprint.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "detector/report/function_name.h"

namespace fibersan {
namespace {

// FNV-1a of 64 bits: what it gives must never change.
class Hash {
 public:
  // Each text ends, so that two do not read as one.
  Hash& add(std::string_view text) {
    for (const char letter : text) add_byte(static_cast<unsigned char>(letter));
    add_byte(0xff);
    return *this;
  }
  Hash& add(uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) add_byte(number >> shift & 0xff);
    return *this;
  }
  Hash& add(const Trace& trace) {
    for (const SourceFrame& frame : trace.frames)
      add(frame.function.empty() ? frame.module : lasting_name(frame.function));
    return add("");
  }
  // F2
  Hash& add_unordered(std::vector<uint64_t> hashes) {
    std::ranges::sort(hashes);
    for (const uint64_t hash : hashes) add(hash);
    return *this;
  }
  uint64_t value() const { return value_; }

 private:
  void add_byte(uint64_t byte) { value_ = (value_ ^ byte) * 0x100000001b3u; }
  uint64_t value_ = 0xcbf29ce484222325u;
};

}  // namespace

std::string fingerprint_of(const Report& report) {
  std::vector<uint64_t> accesses, waiters;
  for (const ReportAccess& access : report.accesses) {
    const uint64_t kind = static_cast<uint64_t>(access.kind) * 2 + (access.atomic ? 1 : 0);
    accesses.push_back(Hash().add(kind).add(access.stack).value());
  }
  for (const ReportWaiters& waiter : report.waiters)
    waiters.push_back(Hash().add(waiter.reason).add(waiter.stack).value());
  // Of the lock held how much is shown depends on an option.
  std::vector<uint64_t> steps;
  for (const ReportLockStep& step : report.lock_cycle)
    steps.push_back(Hash().add(step.taken_at).value());
  Hash hash;
  hash.add(report.kind).add_unordered(std::move(accesses)).add_unordered(std::move(waiters));
  hash.add_unordered(std::move(steps));
  // Two lambdas of one function have one name: what they race for tells them apart.
  if (report.location && !report.location->global.empty())
    hash.add(lasting_name(report.location->global));
  if (report.object) hash.add(report.object->kind).add(report.object->created);
  char digits[17];
  snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash.value()));
  return digits;
}

}  // namespace fibersan
