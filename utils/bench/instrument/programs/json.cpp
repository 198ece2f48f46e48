// Builds a document with nlohmann::json, writes it as text, parses it and adds it up.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

int main() {
  nlohmann::json document;
  for (int i = 0; i < 12000; ++i) {
    document["items"].push_back({{"id", i},
                                 {"name", "item " + std::to_string(i * 7919 % 4001)},
                                 {"price", i * 0.25},
                                 {"tags", {"a", "b", i % 2 == 0}}});
  }
  const std::string text = document.dump(2);
  double sum = 0;
  for (int round = 0; round < 3; ++round) {
    const auto parsed = nlohmann::json::parse(text);
    for (const auto& item : parsed["items"]) sum += item["price"].get<double>();
  }
  std::printf("%zu %.2f\n", text.size(), sum);
}
