// first_answer FILE: each line of the file is "question milliseconds milliseconds ...", how long
// each replica of a service takes. A fiber asks each of them, and the first answer counts.
// Nobody receives the other answers: their fibers wait for ever. A LeakScope, as a test of the
// program would have it, names them. -DFIXED gives the channel room for all answers.
//
// RUN: %fibersan %s -o %t && %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=0 %run %t %S/data/replicas.txt 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed %S/data/replicas.txt 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using std::chrono::milliseconds;

struct Answer {
  std::string question;
  std::size_t replica;
};
using Answers = fiber::Channel<Answer>;

// Some replica's work.
Answer ask(const std::string& question, std::size_t replica, milliseconds takes) {
  fiber::sleep_for(takes);
  return {question, replica};
}

Answer first_answer(const std::string& question, const std::vector<milliseconds>& replicas) {
#ifdef FIXED
  Answers answers(replicas.size());
#else
  Answers answers;
#endif
  for (std::size_t i = 0; i < replicas.size(); ++i)
    fiber::go([=] { answers.send(ask(question, i, replicas[i])); });
  return *answers.receive();
}

std::map<std::string, std::vector<milliseconds>> read(std::istream& file) {
  std::map<std::string, std::vector<milliseconds>> questions;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string question;
    words >> question;
    for (int takes; words >> takes;) questions[question].emplace_back(takes);
  }
  return questions;
}

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s FILE\n", arguments[0]);
    return 2;
  }
  std::ifstream file(arguments[1]);
  if (!file) {
    std::perror(arguments[1]);
    return 2;
  }
  const auto questions = read(file);
  return fiber::run([&] {
    const fiber::LeakScope scope("first answers");
    for (const auto& [question, replicas] : questions) {
      const Answer answer = first_answer(question, replicas);
      if (answer.replica < replicas.size()) std::printf("%s: answered\n", answer.question.c_str());
    }
    std::fflush(stdout);
  });
}
// CHECK: answered
// CHECK: WARNING: FiberSan: fiber leak
// CHECK: chan send
// CHECK: {{.*}}first_answer.cpp:[[@LINE-38]]
// CHECK: created in leak scope 'first answers' and still blocked at its end
// FIXED: population: answered
// FIXED: weather: answered
// FIXED-NOT: {{.}}
