// harness.cpp: runs each scenario of a generated file once for each view of it.
//
// Output:   on standard error, between the detector's reports: which view begins (@run), where the
//           exposed memory lies (@target), and in a reference build what must race (@expect).
// Cost:     a view takes some ten microseconds, a report some hundred.
//
// Never instrumented: what it does gives no report and, but for operations of the runtime, no
// order.
#define WITH_FIBERS
#include "harness.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "probes.h"

namespace sound {

int flags[2][kSlots];
int pause_phase;
int pauses_wanted;

namespace {

// How the probe looks at a body.
struct View {
  enum Kind { kAfter, kBefore, kPaused } kind;
  int slot;  // -1: no order at all
};

struct Event {
  enum Kind { kRead, kWrite, kAtomicRead, kAtomicWrite, kMaybe, kRelease, kAcquire, kExpose } kind;
  uintptr_t address;
  size_t size;
};

Table table;
const Scenario* scenario;
View view;
std::unique_ptr<Slot[]> released;
std::unique_ptr<Slot[]> acquired;
std::vector<Target> targets;
std::vector<Event> events;
fiber::Mutex private_mutex;
int phase;  // 0; 1 the probe may look (or, in kBefore, has looked); 2 the probe has looked
bool lingered;
size_t looked_at;      // targets
unsigned view_number;  // of the scenario
constexpr unsigned kSitesOfView = 192;

void print(const char* format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (write(STDERR_FILENO, line, static_cast<size_t>(length)) != length) abort();
}

void wait_for(const int& variable, int value) {
  while (__atomic_load_n(&variable, __ATOMIC_RELAXED) != value) fiber::yield();
}

void set(int& variable, int value) { __atomic_store_n(&variable, value, __ATOMIC_RELAXED); }

std::string name_of(const View& v) {
  const char* kind = v.kind == View::kAfter    ? "after"
                     : v.kind == View::kBefore ? "before"
                                               : "paused";
  return kind + (v.slot < 0 ? std::string() : std::to_string(v.slot));
}

// Every byte of what is small, first and last byte of each word of the rest.
bool is_probed(const Target& target, size_t offset) {
  return target.size <= 48 || offset % 4 == 0 || offset % 4 == 3;
}

void look() {
  looked_at = targets.size();
  unsigned site = view_number * kSitesOfView;
  for (size_t t = 0; t < targets.size(); ++t) {
    print("@target %zu %p %zu\n", t, targets[t].address, targets[t].size);
    if (table.is_reference) continue;
    for (size_t offset = 0; offset < targets[t].size; ++offset)
      if (is_probed(targets[t], offset))
        touch(site++, static_cast<char*>(targets[t].address) + offset);
  }
  if (site > (view_number + 1) * kSitesOfView) abort();
}

void acquire_from_body(int slot) {
  acquire_flag(slot);
  Slot& s = released[slot];
  {
    std::scoped_lock lock(s.mutex);
  }
  while (s.channel.try_receive()) {
  }
  while (s.semaphore.try_acquire()) {
  }
  s.group.done();
  s.group.wait();
}

void release_to_body(int slot) {
  Slot& s = acquired[slot];
  {
    std::scoped_lock lock(s.mutex);
  }
  s.channel.send(1);
  s.semaphore.release();
  s.group.done();
  s.fiber = fiber::spawn([] {});
  release_flag(slot);
}

void probe() {
  if (view.kind == View::kBefore) {
    look();
    if (view.slot >= 0) release_to_body(view.slot);
    set(phase, 1);
    return;
  }
  if (view.kind == View::kPaused) {
    wait_for(pause_phase, 1);
    set(pauses_wanted, 0);
    look();
    set(phase, 2);
    set(pause_phase, 2);
    return;
  }
  wait_for(phase, 1);
  if (view.slot >= 0) acquire_from_body(view.slot);
  look();
  set(phase, 2);
}

void body() {
  if (view.kind == View::kBefore) wait_for(phase, 1);
  try {
    scenario->body();
  } catch (int) {
  }
  linger();
  if (view.kind != View::kPaused) return;
  // A body that does not come to its pause.
  set(pause_phase, 1);
  wait_for(phase, 2);
}

// What plain and atomic accesses did to a byte: 0, 1 read, 2 written.
struct Footprint {
  int plain = 0;
  int atomic = 0;
  int maybe = 0;
};

void add(Footprint& footprint, const Event& event, uintptr_t byte) {
  if (byte < event.address || byte >= event.address + event.size) return;
  if (event.kind == Event::kMaybe) footprint.maybe = 2;
  bool is_atomic = event.kind == Event::kAtomicRead || event.kind == Event::kAtomicWrite;
  bool is_write = event.kind == Event::kWrite || event.kind == Event::kAtomicWrite;
  if (event.kind > Event::kAtomicWrite) return;
  int& level = is_atomic ? footprint.atomic : footprint.plain;
  level = std::max(level, is_write ? 2 : 1);
}

void expect() {
  size_t begin = 0;
  size_t end = events.size();
  bool is_acquired = false;
  for (size_t i = 0; i < events.size(); ++i) {
    bool is_slot = view.slot >= 0 && events[i].address == static_cast<uintptr_t>(view.slot);
    if (view.kind == View::kAfter && events[i].kind == Event::kRelease && is_slot) begin = i;
    if (view.kind == View::kBefore && events[i].kind == Event::kAcquire && is_slot &&
        !is_acquired) {
      end = i;
      is_acquired = true;
    }
  }
  for (size_t t = 0; t < looked_at; ++t) {
    for (size_t offset = 0; offset < targets[t].size; ++offset) {
      if (!is_probed(targets[t], offset)) continue;
      const uintptr_t byte = reinterpret_cast<uintptr_t>(targets[t].address) + offset;
      Footprint footprint;
      Footprint published;  // since others can know the address
      for (size_t i = begin; i < end; ++i) {
        if (events[i].kind == Event::kExpose && events[i].address == byte - offset) published = {};
        add(footprint, events[i], byte);
        add(published, events[i], byte);
      }
      if (footprint.plain + footprint.atomic + footprint.maybe > 0)
        print("@expect %zu %zu %d %d %d %d %d\n", t, offset, footprint.plain, footprint.atomic,
              footprint.maybe, published.plain, published.atomic);
    }
  }
}

void run_view(const Scenario& which, View how) {
  scenario = &which;
  view = how;
  released = std::make_unique<Slot[]>(kSlots);
  acquired = std::make_unique<Slot[]>(kSlots);
  // Taken off by the probe: who adds to a group that is waited for may not begin at zero.
  if (view.slot >= 0) (view.kind == View::kAfter ? released : acquired)[view.slot].group.add(1);
  events.clear();
  targets.assign(which.targets, which.targets + which.target_count);
  for (const Target& target : targets) memset(target.address, 0, target.size);
  which.prepare();
  events.clear();
  phase = 0;
  pause_phase = 0;
  pauses_wanted = how.kind == View::kPaused;
  lingered = false;
  print("@run %s %s\n", which.name, name_of(how).c_str());
  auto probing = fiber::spawn(fiber::FiberOptions{.name = "probe"}, probe);
  auto running = fiber::spawn(fiber::FiberOptions{.name = "body"}, body);
  probing.join();
  running.join();
  if (table.is_reference) expect();
}

void run_views(const Scenario& which, const char* only) {
  std::vector<View> views;
  if (!which.is_last) views.push_back({View::kAfter, -1});
  if (which.is_last) views.push_back({View::kBefore, -1});
  for (int slot = 0; slot < which.releases && !which.is_last; ++slot)
    views.push_back({View::kAfter, slot});
  for (int slot = 0; slot < which.acquires; ++slot) views.push_back({View::kBefore, slot});
  if (which.is_observed) views.push_back({View::kPaused, -1});
  for (view_number = 0; view_number < views.size(); ++view_number)
    if (only == nullptr || name_of(views[view_number]) == only) run_view(which, views[view_number]);
}

void add_event(Event::Kind kind, const void* address, size_t size) {
  events.push_back({kind, reinterpret_cast<uintptr_t>(address), size});
}

}  // namespace

void opaque() {}
void yield() { fiber::yield(); }
void fail(int number) { throw number; }
void call(void (*function)(void*), void* argument) { function(argument); }
int identity(int number) { return number; }
void* same(void* pointer) { return pointer; }
void* allocate(size_t size) { return malloc(size); }

void expose(const void* address, size_t size) {
  targets.push_back({const_cast<void*>(address), size});
  events.push_back({Event::kExpose, reinterpret_cast<uintptr_t>(address), size});
}

void linger() {
  if (lingered) return;
  lingered = true;
  if (view.kind != View::kAfter) return;
  set(phase, 1);
  wait_for(phase, 2);
}

void end_process() {
  if (table.is_reference) expect();
  exit(0);
}

Slot& of_body(int slot) { return released[slot]; }
Slot& of_probe(int slot) { return acquired[slot]; }

void unlock_slot(int slot) { std::scoped_lock lock(released[slot].mutex); }
void send_slot(int slot) { released[slot].channel.try_send(1); }
void post_slot(int slot) { released[slot].semaphore.release(); }
void spawn_slot(int slot) {
  // The fiber has run when the body goes on; that is no order for the body.
  int is_done = 0;
  fiber::go([slot, &is_done] {
    store_flag(slot);
    set(is_done, 1);
  });
  wait_for(is_done, 1);
}
void lock_slot(int slot) { std::scoped_lock lock(acquired[slot].mutex); }
void receive_slot(int slot) { acquired[slot].channel.try_receive(); }
void join_slot(int slot) {
  if (!acquired[slot].fiber) return;
  acquired[slot].fiber->join();
  acquired[slot].fiber.reset();
}
void own_mutex() { std::scoped_lock lock(private_mutex); }

void log_read(const void* address, size_t size) { add_event(Event::kRead, address, size); }
void log_write(const void* address, size_t size) { add_event(Event::kWrite, address, size); }
void log_atomic_read(const void* address, size_t size) {
  add_event(Event::kAtomicRead, address, size);
}
void log_atomic_write(const void* address, size_t size) {
  add_event(Event::kAtomicWrite, address, size);
}
void log_maybe(const void* address, size_t size) { add_event(Event::kMaybe, address, size); }
void log_release(int slot) { events.push_back({Event::kRelease, static_cast<uintptr_t>(slot), 0}); }
void log_acquire(int slot) { events.push_back({Event::kAcquire, static_cast<uintptr_t>(slot), 0}); }

}  // namespace sound

// harness LIBRARY [SCENARIO [VIEW]]: without a scenario every one that lets the process live.
int main(int count, char** words) {
  void* library = count > 1 ? dlopen(words[1], RTLD_NOW) : nullptr;
  void* symbol = library != nullptr ? dlsym(library, "sound_table") : nullptr;
  if (symbol == nullptr) {
    fprintf(stderr, "harness: no library of scenarios: %s\n", dlerror());
    return 2;
  }
  sound::table = reinterpret_cast<sound::Table (*)()>(symbol)();
  return fiber::run([&] {
    for (int i = 0; i < sound::table.count; ++i) {
      const sound::Scenario& which = sound::table.scenarios[i];
      if (count > 2 ? which.name == std::string(words[2]) : !which.is_last)
        sound::run_views(which, count > 3 ? words[3] : nullptr);
    }
  });
}
