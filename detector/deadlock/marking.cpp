#include "detector/deadlock/marking.h"

#include <algorithm>
#include <new>

#include "detector/deadlock/pointers.h"
#include "detector/fiber.h"
#include "detector/page.h"

namespace fibersan {
namespace {

constexpr uintptr_t kRedZone = 128;
// Of a thread's control block, with which its stack ends.
constexpr uintptr_t kControlBlock = kPage;
constexpr uintptr_t kLargestStack = uintptr_t{1} << 30;
// Of a stack that nobody knows.
constexpr uintptr_t kUnknownStack = uintptr_t{64} << 20;
// More modules with thread-local memory than this are taken for something else.
constexpr uintptr_t kMostModules = 4096;
// From here on a block's pages may be unreadable, or untouched.
constexpr uint64_t kReadCarefully = kPage;

void* allocate_marks(size_t bytes, void* scratch) {
  return static_cast<Scratch*>(scratch)->array<char>(bytes);
}

MemoryReader& make_reader(Scratch& scratch) {
  static MemoryReader unusable;  // without memory, the search is not complete anyway
  auto* const place = scratch.array<MemoryReader>(1);
  return place == nullptr ? unusable : *new (place) MemoryReader;
}

AddressRange hull(AddressRange a, AddressRange b) {
  if (a.low == a.high) return b;
  if (b.low == b.high) return a;
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

// R3
bool is_named(const fsan_world_fiber& fiber) {
  // relaxed: nobody moves.
  return fiber.fiber != nullptr && fiber.fiber->waiting.reported.load(std::memory_order_relaxed);
}

AddressRange as_addresses(const fsan_range& range) {
  return {address_of(range.low), address_of(range.high)};
}

}  // namespace

Marking::Marking(const fsan_world& world, const Surroundings& surroundings, const BlockTable& table,
                 Scratch& scratch)
    : world_(world),
      surroundings_(surroundings),
      scratch_(scratch),
      blocks_(table, allocate_marks, &scratch),
      stacks_(world, scratch),
      waits_(world, blocks_, stacks_, scratch),
      reader_(make_reader(scratch)),
      to_read_(scratch),
      records_(scratch),
      to_mark_(scratch),
      reached_(scratch.array<uint8_t>(world.fiber_count + 1)),
      left_(waits_.suspects()),
      complete_(!table.is_incomplete()) {
  for (uint32_t i = 0; reached_ != nullptr && i < world.fiber_count; ++i)
    if (waits_.may_be_dead(i)) note_suspect(i);
  pointers_[0] = blocks_.places()[0];
  pointers_[1] = hull(blocks_.places()[1], stacks_.place());
}

bool Marking::complete() const {
  return complete_ && !scratch_.failed() && !blocks_.failed() && !reader_.failed();
}

void Marking::note_suspect(uint32_t fiber) {
  uint8_t bits = kSuspect;
  if (is_named(world_.fibers[fiber])) {
    bits |= kNamed;
  } else if (world_.fibers[fiber].waits_briefly != 0) {
    bits |= kBrief;
  }
  if (bits != kSuspect) --left_;
  reached_[fiber] = bits;
}

void Marking::run() { static_cast<void>(run_for(~uint64_t{0} / 2)); }

bool Marking::run_for(uint64_t work) {
  enough_ = work_done() + work;
  while (left_ != 0 && complete()) {
    if (stage_ == Stage::kFirstRoots) {
      stage_ = Stage::kMappings;
      mark_first_roots();
      if (!drain()) return false;
    } else if (!drain()) {
      return false;
    } else if (stage_ == Stage::kMappings) {
      stage_ = Stage::kLast;
      for (const AddressRange& range : surroundings_.mapped) also_read(range);
    } else {
      return true;
    }
  }
  return true;
}

void Marking::mark_first_roots() {
  for (uint32_t i = 0; i < world_.fiber_count; ++i) {
    if (world_.fibers[i].activity != FSAN_ACTIVITY_GONE && (reached_[i] & kSuspect) == 0)
      make_live(i);
  }
  for (size_t i = 0; i < world_.thread_count; ++i) mark_thread(world_.threads[i]);
  for (size_t i = 0; i < world_.root_count; ++i) read(as_addresses(world_.roots[i]));
  for (const AddressRange& range : surroundings_.globals) also_read(range);
}

void Marking::mark_thread(const fsan_world_thread& thread) {
  settle_all();
  const auto registers = as_addresses(thread.registers);
  may_wake_ = thread.may_be_waking != 0;
  look_at(reinterpret_cast<const uintptr_t*>(registers.low),
          (registers.high - registers.low) / sizeof(uintptr_t));
  const uintptr_t stack = address_of(thread.stack_pointer);
  const uint32_t fiber = stacks_.find(stack);
  bool own_stack = false;
  if (fiber != kNoFiber) {
    make_live(fiber);  // whatever it says, it runs
    read({stack - kRedZone, address_of(world_.fibers[fiber].stack_high)});
  } else if (stack != 0) {
    own_stack = mark_thread_stack(stack, thread);
  }
  const uintptr_t own = address_of(thread.own_stack_pointer);
  if (own != 0 && !own_stack) own_stack = mark_thread_stack(own, thread);
  if (!own_stack) mark_own_stack(thread);
  settle_all();
  may_wake_ = false;
  mark_thread_locals(address_of(thread.thread_pointer));
}

// False: it is another stack than the thread began with.
bool Marking::mark_thread_stack(uintptr_t from, const fsan_world_thread& thread) {
  const uintptr_t pointer = address_of(thread.thread_pointer);
  const AddressRange main_stack = surroundings_.main_stack;
  if (main_stack.contains(from)) {
    read({from - kRedZone, main_stack.high});
    return true;
  }
  const LiveBlock block = blocks_.find(from);
  if (block.address != 0) {  // the program has made it
    reach_block(block);
    read({from, block.address + block.size});
    return false;
  }
  // The C library puts the control block at its end.
  const bool own = from < pointer && pointer - from < kLargestStack;
  read({from - kRedZone, own ? pointer + kControlBlock : from + kUnknownStack});
  return own;
}

// Where in it the thread was is not known: in a handler on another stack.
void Marking::mark_own_stack(const fsan_world_thread& thread) {
  const uintptr_t pointer = address_of(thread.thread_pointer);
  if (pointer == 0) return;
  read({pointer - kUnknownStack, pointer});
  if (thread.thread_id == surroundings_.main_thread) read(surroundings_.main_stack);
}

void Marking::mark_thread_locals(uintptr_t thread_pointer) {
  if (thread_pointer == 0) return;
  read({thread_pointer - surroundings_.thread_locals, thread_pointer + kControlBlock});
  // The second word of the control block leads to those of modules that came later; before
  // them is their number.
  const uintptr_t vector = reinterpret_cast<const uintptr_t*>(thread_pointer)[1];
  if (vector % sizeof(uintptr_t) != 0 || vector < kPage) return;
  constexpr uintptr_t kEntry = 2 * sizeof(uintptr_t);
  const uintptr_t count = *reinterpret_cast<const uintptr_t*>(vector - kEntry);
  if (count < kMostModules) read({vector, vector + (count + 1) * kEntry});
}

bool Marking::drain() {
  while (left_ != 0) {
    if (work_done() >= enough_) return false;
    if (left_ <= size_t{2} * Ring<uintptr_t>::kSize) settle_all();  // perhaps it is over
    if (!to_mark_.empty()) {
      mark_live_fiber(to_mark_.pop());
    } else if (!read_next()) {
      if (words_.empty() && unmarked_.empty()) return true;
      settle_all();
    }
  }
  return true;
}

bool Marking::read_next() {
  if (to_read_.empty() && next_to_read_.empty() && !records_.empty()) to_read_.push(records_.pop());
  while (!to_read_.empty() && !next_to_read_.full()) {
    const Range range = to_read_.pop();
    __builtin_prefetch(reinterpret_cast<const void*>(range.low));
    next_to_read_.push(range);
  }
  if (next_to_read_.empty()) return false;
  read_own(next_to_read_.pop());
  return true;
}

// What is large is read in pieces: it may be enough in the middle.
void Marking::read_own(Range range) {
  if (range.high - range.low >= MemoryReader::kLarge) {
    MemoryReader::find_touched(
        {range.low, range.high},
        [](AddressRange piece, void* marking) { static_cast<Marking*>(marking)->also_read(piece); },
        this);
    return;
  }
  if (range.high - range.low >= kReadCarefully) return read({range.low, range.high});
  const uintptr_t low = (range.low + 7) & ~uintptr_t{7};
  if (low >= range.high) return;
  known_ = {range.low, range.high};
  look_at(reinterpret_cast<const uintptr_t*>(low), (range.high - low) / sizeof(uintptr_t));
  known_ = {};
}

void Marking::read(AddressRange range) {
  if (left_ == 0 || range.low >= range.high) return;
  reader_.read(
      range,
      [](const uintptr_t* words, size_t count, void* marking) {
        static_cast<Marking*>(marking)->look_at(words, count);
      },
      this);
}

void Marking::look_at(const uintptr_t* words, size_t count) {
  bytes_read_ += count * sizeof(uintptr_t);
  for_each_pointer(words, count, pointers_, [this](uintptr_t word) {
    if (!known_.contains(word)) look_at_word(word);
  });
  // What may be woken is decided while the thread is looked at (R2).
  if (may_wake_) settle_all();
}

// In two steps: mostly pointers are to the begin of a block that is marked already.
void Marking::look_at_word(uintptr_t word) {
  if (words_.full()) look_up(words_.pop());
  blocks_.ask_for_mark(word);
  words_.push(word);
}

void Marking::look_up(uintptr_t word) {
  if (blocks_.marked(word)) return;
  if (unmarked_.full()) settle(unmarked_.pop());
  blocks_.ask_for_block(word);
  unmarked_.push(word);
}

void Marking::settle_all() {
  while (!words_.empty()) look_up(words_.pop());
  while (!unmarked_.empty()) settle(unmarked_.pop());
}

void Marking::settle(uintptr_t word) {
  const uint32_t fiber = stacks_.find(word);
  if (fiber != kNoFiber) {
    const fsan_world_fiber& of = world_.fibers[fiber];
    if (word >= address_of(of.user_low) && word < address_of(of.user_high)) {
      reach_stack(fiber);
    } else if (may_wake_) {
      make_live(fiber);  // R2
    }
    return;
  }
  const LiveBlock block = blocks_.find(word);
  if (block.address != 0) reach_block(block);
}

void Marking::reach_block(const LiveBlock& block) {
  if (!blocks_.mark(block.address)) return;
  ++blocks_reached_;
  to_read_.push({block.address, block.address + block.size});
  waits_.block_reached(block.address, [this](uint32_t fiber) { make_live(fiber); });
}

void Marking::reach_stack(uint32_t fiber) {
  if ((reached_[fiber] & kStack) != 0) return;
  reached_[fiber] |= kStack;
  const fsan_world_fiber& of = world_.fibers[fiber];
  to_read_.push({address_of(of.user_low), address_of(of.user_high)});
  waits_.stack_reached(fiber, [this](uint32_t waiter) { make_live(waiter); });
}

void Marking::make_live(uint32_t fiber) {
  if ((reached_[fiber] & kLife) != 0) return;
  if ((reached_[fiber] & (kSuspect | kNotAskedFor)) == kSuspect) --left_;
  reached_[fiber] |= kLife;
  waits_.set_live(fiber);
  to_mark_.push(fiber);
}

// Its whole stack: what the runtime keeps there leads to what it holds for the fiber.
void Marking::mark_live_fiber(uint32_t fiber) {
  const fsan_world_fiber& of = world_.fibers[fiber];
  if (stacks_.find(address_of(of.stack_pointer)) == fiber) {
    reach_stack(fiber);
    to_read_.push({address_of(of.stack_pointer), address_of(of.user_low)});
  } else if (of.fiber != nullptr) {
    to_read_.push({of.fiber->stack.low, of.fiber->stack.high});
  }
  records_.push({address_of(of.user_high), address_of(of.stack_high)});
  if (of.belongings.low < of.belongings.high)
    to_read_.push({address_of(of.belongings.low), address_of(of.belongings.high)});
  const uintptr_t exception = address_of(of.caught_exceptions) & kPointerBits;
  if (exception != 0) look_at_word(exception);
  waits_.fiber_lives(fiber, [this](uint32_t waiter) { make_live(waiter); });
}

}  // namespace fibersan
