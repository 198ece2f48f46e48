#include "operation.h"

#include <algorithm>

namespace channel_model {

namespace {

Patience random_patience(Generator& random, const Mix& mix, bool may_block) {
  if (!may_block) return below(random, 3) == 0 ? Patience::kZero : Patience::kNone;
  switch (below(random, 8)) {
    case 0:
      return Patience::kNone;
    case 1:
      return Patience::kZero;
    case 2:
      return Patience::kLong;
    case 3:
      return mix.short_waits ? Patience::kShort : Patience::kForever;
    default:
      return Patience::kForever;
  }
}

}  // namespace

Operation random_operation(Generator& random, const Mix& mix, bool may_block, int& next_value) {
  const int live = mix.channels - 1;
  if (below(random, 1000) < mix.closes_in_1000) {
    const int channel = below(random, 8) == 0 ? live : below(random, live);
    return {Verb::kClose, Patience::kNone, {{true, channel, 0}}};
  }
  Operation operation{Verb::kSelect, random_patience(random, mix, may_block), {}};
  const int kind = below(random, 5);
  if (kind < 2) operation.verb = Verb::kSend;
  if (kind == 2) operation.verb = below(random, 2) == 0 ? Verb::kReceive : Verb::kReceiveInto;
  const int count = operation.verb == Verb::kSelect ? 1 + below(random, mix.most_cases) : 1;
  bool only_nil = true;
  for (int i = 0; i < count; ++i) {
    const bool send =
        operation.verb == Verb::kSelect ? below(random, 2) == 0 : operation.verb == Verb::kSend;
    const int channel = below(random, 12) == 0 ? live : below(random, live);
    only_nil = only_nil && channel == live;
    operation.cases.push_back({send, channel, next_value++});
  }
  if (only_nil && !mix.nil_for_ever && operation.may_block()) operation.patience = Patience::kNone;
  operation.extra = static_cast<size_t>(below(random, count + 1));
  return operation;
}

std::string text_of(const Operation& operation) {
  if (operation.verb == Verb::kClose) return "close c" + std::to_string(operation.cases[0].channel);
  static constexpr const char* kPatience[] = {"", " or not", " within 0", " soon", " within 1 h"};
  std::string text = operation.verb == Verb::kSelect ? "select" : "";
  for (const Case& c : operation.cases) {
    text += c.send ? " c" + std::to_string(c.channel) + "<-" + std::to_string(c.value)
                   : " <-c" + std::to_string(c.channel);
  }
  return text + kPatience[static_cast<int>(operation.patience)];
}

std::string text_of(const Outcome& outcome) {
  static constexpr const char* kKinds[] = {"done",    "closed", "not ready",
                                           "nothing", "thrown", "VALUE LOST"};
  return std::string(kKinds[outcome.kind]) + " case " + std::to_string(outcome.taken) + " value " +
         std::to_string(outcome.value);
}

}  // namespace channel_model
