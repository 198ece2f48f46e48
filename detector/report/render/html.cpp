#include "detector/report/render/html.h"

#include <string_view>

#include "detector/report/render/page_assets.h"
#include "detector/report/render/page_data.h"
#include "detector/report/render/uri.h"

namespace fibersan {
namespace {

// A policy has base64 of what the build computed as hexadecimal digits.
std::string base64_of_hex(std::string_view hex) {
  constexpr const char* kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto value = [](char digit) {
    return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  };
  std::string text;
  unsigned bits = 0, count = 0;
  for (const char digit : hex) {
    bits = bits << 4 | value(digit);
    count += 4;
    if (count < 6) continue;
    count -= 6;
    text += kLetters[bits >> count & 63];
  }
  if (count != 0) text += kLetters[bits << (6 - count) & 63];
  while (text.size() % 4 != 0) text += '=';
  return text;
}

// H2
std::string policy() {
  return "default-src 'none'; script-src 'sha256-" + base64_of_hex(page_assets::kScriptHash) +
         "'; style-src 'sha256-" + base64_of_hex(page_assets::kStyleHash) +
         "'; base-uri 'none'; form-action 'none'";
}

std::string block(const std::string& id, const std::string& json) {
  return "<script type=\"application/json\" id=\"" + id + "\">" + json + "</script>\n";
}

}  // namespace

std::string render_html(std::span<const Document> documents, const RenderOptions& options,
                        const HtmlLimits& limits) {
  const PageData data(documents, options, limits);
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" +
      std::string("<meta http-equiv=\"Content-Security-Policy\" content=\"") + policy() +
      "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>FiberSan report</title>\n<style>" +
      page_assets::kStyle + "</style>\n</head>\n<body>\n" + page_assets::kBody;
  page += block("tables", data.tables());
  for (size_t i = 0; i < data.blocks().size(); ++i)
    page += block("block" + std::to_string(i), data.blocks()[i]);
  page += "<script>";
  page += page_assets::kScript;
  return page + "</script>\n</body>\n</html>\n";
}

}  // namespace fibersan
