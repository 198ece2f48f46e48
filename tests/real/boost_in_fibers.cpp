// Third-party code at work in fibers: Boost's JSON parser, a container with several indices, and
// its lock-free queue of one reader and one writer, whose release and acquire are all that orders a
// document. Two fibers that use one document at once are reported.
//
// Not here: Boost's queue of several readers, which has data races: it links free nodes by plain
// writes that a late reader loads.
//
// RUN: %fibersan -O1 -g1 %s -o %t && env FIBER_OPTIONS=preempt_ms=1 %run %t ordered 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=WARNING
// RUN: %exits 66 %run %t 2>&1 | FileCheck %s
#include <fiber/fiber.h>

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index/sequenced_index.hpp>
#include <boost/multi_index_container.hpp>
#include <boost/property_tree/json_parser.hpp>
#include <cstdio>
#include <sstream>
#include <string>

namespace {

using Document = boost::property_tree::ptree;
constexpr int kPairs = 3, kDocuments = 20;

struct Item {
  int key;
  std::string text;
};
namespace by = boost::multi_index;
using Items = by::multi_index_container<
    Item, by::indexed_by<by::sequenced<>, by::ordered_unique<by::member<Item, int, &Item::key>>>>;

Document* parse(int writer, int number) {
  std::ostringstream text;
  text << "{\"writer\": " << writer << ", \"values\": [";
  for (int i = 0; i < 8; ++i) text << (i ? ", " : "") << number * i;
  text << "], \"name\": \"\\u00e4 " << number << "\"}";
  std::istringstream stream(text.str());
  auto* document = new Document;
  boost::property_tree::read_json(stream, *document);
  return document;
}

long sum(const Document& document) {
  long sum = 0;
  for (const auto& [name, value] : document.get_child("values")) sum += value.get_value<int>();
  return sum;
}

__attribute__((noinline)) void rename_document(Document* document, const char* name) {
  document->put("name", name);
}

}  // namespace

int main(int count, char**) {
  const bool ordered = count > 1;
  return fiber::run([=] {
    boost::lockfree::spsc_queue<Document*, boost::lockfree::capacity<8>> queues[kPairs];
    std::atomic<long> total = 0;
    fiber::WaitGroup all;
    for (int pair = 0; pair < kPairs; ++pair) {
      all.go({.name = "writer"}, [&, pair] {
        Items items;
        for (int number = 0; number < kDocuments; ++number) {
          Document* document = parse(pair, number);
          items.push_back({kDocuments - number, document->get<std::string>("name")});
          while (!queues[pair].push(document)) fiber::yield();
        }
        if (items.get<1>().begin()->key != 1) std::abort();
      });
      all.go({.name = "reader"}, [&, pair] {
        for (int number = 0; number < kDocuments; ++number) {
          Document* document;
          while (!queues[pair].pop(document)) fiber::yield();
          rename_document(document, "read");
          total += sum(*document);
          delete document;
        }
      });
    }
    all.wait();
    std::fprintf(stderr, "total %ld\n", total.load());
    if (ordered) return 0;

    // The second one does not wait.
    Document* shared = parse(0, 1);
    fiber::WaitGroup both;
    for (const char* name : {"first", "second"})
      both.go({.name = name}, [=] { rename_document(shared, name); });
    both.wait();
    delete shared;
    return 0;
  });
}
// SILENT: total 15960
// CHECK: total 15960
// CHECK: WARNING: FiberSan: data race
// CHECK: rename_document
// CHECK: reported {{[1-9]}} warnings
