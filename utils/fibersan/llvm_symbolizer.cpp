#include "utils/fibersan/llvm_symbolizer.h"

#include <cxxabi.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "detector/report/trace_frames.h"
#include "utils/fibersan/command.h"

extern char** environ;

namespace fibersan::command {
namespace {

constexpr const char* kOfLlvm19 = "/usr/lib/llvm-19/bin/llvm-symbolizer";

// llvm-symbolizer leaves some names mangled.
std::string readable(std::string name) {
  if (!name.starts_with("_Z")) return without_copy_suffix(std::move(name));
  name = without_copy_suffix(std::move(name));
  int status = 0;
  char* const text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  if (text == nullptr) return name;
  name = text;
  free(text);
  return without_copy_suffix(std::move(name));
}

std::string text_of(const nlohmann::json& value, const char* name) {
  const auto found = value.find(name);
  return found != value.end() && found->is_string() ? found->get<std::string>() : "";
}

uint32_t number_of(const nlohmann::json& value, const char* name) {
  const auto found = value.find(name);
  return found != value.end() && found->is_number_unsigned() ? found->get<uint32_t>() : 0;
}

// "0x1f" in a text.
uint64_t hex_of(const nlohmann::json& value, const char* name) {
  return strtoull(text_of(value, name).c_str(), nullptr, 16);
}

}  // namespace

LlvmSymbolizer::~LlvmSymbolizer() {
  if (questions_ != nullptr) fclose(questions_);
  if (answers_ != nullptr) fclose(answers_);
  if (pid_ != 0) waitpid(pid_, nullptr, 0);
}

void LlvmSymbolizer::start() {
  if (program_.empty()) program_ = access(kOfLlvm19, X_OK) == 0 ? kOfLlvm19 : "llvm-symbolizer";
  std::array<int, 2> in{}, out{};
  if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0)
    throw Unusable(std::string("cannot make a pipe: ") + strerror(errno) + "; close some files");
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
  std::array<std::string, 2> words = {program_, "--output-style=JSON"};
  std::array<char*, 3> arguments = {words[0].data(), words[1].data(), nullptr};
  const int error =
      posix_spawnp(&pid_, program_.c_str(), &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  close(in[0]);
  close(out[1]);
  questions_ = fdopen(in[1], "w");
  answers_ = fdopen(out[0], "r");
  if (error != 0) {
    pid_ = 0;
    throw Unusable("cannot run '" + program_ + "': " + strerror(error) +
                   "; install the Debian package llvm-19, or name one with --symbolizer");
  }
}

std::string LlvmSymbolizer::ask(const char* what, const std::string& file, uint64_t offset) {
  if (questions_ == nullptr) start();
  fprintf(questions_, "%s \"%s\" 0x%llx\n", what, file.c_str(),
          static_cast<unsigned long long>(offset));
  fflush(questions_);
  char* line = nullptr;
  size_t size = 0;
  const ssize_t length = getline(&line, &size, answers_);
  const std::string text = length > 0 ? std::string(line, static_cast<size_t>(length)) : "";
  free(line);
  if (text.empty())
    throw Unusable("'" + program_ +
                   "' ended without an answer; is it LLVM's, of version 13 or newer?");
  return text;
}

std::optional<LlvmSymbolizer::Global> LlvmSymbolizer::data(const std::string& file,
                                                           uint64_t offset) {
  const nlohmann::json answer =
      nlohmann::json::parse(ask("DATA", file, offset), nullptr, /*allow_exceptions=*/false);
  const auto data = answer.find("Data");
  if (!answer.is_object() || data == answer.end() || !data->is_object()) return std::nullopt;
  const Global global = {text_of(*data, "Name"), hex_of(*data, "Start"), hex_of(*data, "Size")};
  const bool has_place = offset >= global.start && offset - global.start < global.size;
  return global.name.empty() || !has_place ? std::nullopt : std::optional(global);
}

std::vector<SourceFrame> LlvmSymbolizer::code(const std::string& file, uint64_t offset) {
  const std::string text = ask("CODE", file, offset);
  const nlohmann::json answer = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  std::vector<SourceFrame> frames;
  const auto symbols = answer.find("Symbol");
  if (!answer.is_object() || symbols == answer.end() || !symbols->is_array()) return frames;
  for (const nlohmann::json& symbol : *symbols) {
    SourceFrame frame;
    frame.function = readable(text_of(symbol, "FunctionName"));
    frame.file = text_of(symbol, "FileName");
    frame.line = number_of(symbol, "Line");
    frame.column = number_of(symbol, "Column");
    frame.inlined = true;
    frames.push_back(std::move(frame));
  }
  if (!frames.empty()) frames.back().inlined = false;
  std::erase_if(frames, [](const SourceFrame& frame) {
    return frame.function.empty() && frame.file.empty();
  });
  return frames;
}

}  // namespace fibersan::command
