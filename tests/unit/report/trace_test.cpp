// Which frames of a stack a reader gets to see, and which one the summary names.
#include "detector/report/trace_frames.h"

#include <gtest/gtest.h>

namespace fibersan {
namespace {

std::vector<std::string> trimmed(std::vector<std::string> functions,
                                 TraceOf what = TraceOf::kEvent) {
  std::vector<SourceFrame> frames;
  for (const std::string& function : functions) {
    SourceFrame frame;
    frame.function = function;
    frames.push_back(frame);
  }
  trim_frames(frames, what);
  std::vector<std::string> left;
  for (const SourceFrame& frame : frames) left.push_back(frame.function);
  return left;
}

using List = std::vector<std::string>;

TEST(WithoutReturnType, FindsTheName) {
  EXPECT_EQ(without_return_type("main"), "main");
  EXPECT_EQ(without_return_type("a::b(int, char)"), "a::b(int, char)");
  EXPECT_EQ(without_return_type("void a::b<int>(char)"), "a::b<int>(char)");
  EXPECT_EQ(without_return_type("std::vector<int, std::allocator<int> > f<int>(int)"),
            "f<int>(int)");
  EXPECT_EQ(without_return_type("unsigned long fiber::detail::x<a b>()"),
            "fiber::detail::x<a b>()");
  EXPECT_EQ(without_return_type("(anonymous namespace)::f(int)"), "(anonymous namespace)::f(int)");
  EXPECT_EQ(without_return_type("void (anonymous namespace)::f<int>(int)"),
            "(anonymous namespace)::f<int>(int)");
  EXPECT_EQ(without_return_type("decltype(::new((void*)(0)) A(declval<B>())) std::make<A>(B&&)"),
            "std::make<A>(B&&)");
  EXPECT_EQ(without_return_type("decltype(auto) f(int)"), "f(int)");
  EXPECT_EQ(without_return_type("decltype("), "decltype(");
  EXPECT_EQ(without_return_type("operator new(unsigned long)"), "operator new(unsigned long)");
  EXPECT_EQ(without_return_type("A::operator bool() const"), "A::operator bool() const");
  EXPECT_EQ(without_return_type("bool A::operator<(A const&) const"),
            "A::operator<(A const&) const");
  EXPECT_EQ(without_return_type("main::$_0::operator()(int) const"),
            "main::$_0::operator()(int) const");
  EXPECT_EQ(without_return_type("f(int)::$_0 std::__invoke_impl<f()::$_0>(f()::$_0&&)"),
            "std::__invoke_impl<f()::$_0>(f()::$_0&&)");
  EXPECT_EQ(without_return_type("main::$_0::operator()() const::'lambda'() std::invoke<a>(a)"),
            "std::invoke<a>(a)");
  EXPECT_EQ(without_return_type("f()::$_0::operator()() const::'lambda'(int)::operator()() const"),
            "f()::$_0::operator()() const::'lambda'(int)::operator()() const");
  EXPECT_EQ(without_return_type(""), "");
}

TEST(TrimFrames, MainStack) {
  EXPECT_EQ(trimmed({"f(int)", "main", "__libc_start_call_main", "__libc_start_main", "_start"}),
            (List{"f(int)", "main"}));
}

TEST(TrimFrames, FiberStack) {
  EXPECT_EQ(trimmed({"user()", "main::$_0::operator()() const", "void std::__invoke_impl<a>()",
                     "fiber::detail::call<main::$_0>(void*)", "fiber::internal::Fiber::run()",
                     "void fiber::internal::entry(transfer_t)", "make_fcontext"}),
            (List{"user()", "main::$_0::operator()() const"}));
}

TEST(TrimFrames, ClosuresOfThePublicHeadersLeadToTheFibersFunction) {
  EXPECT_EQ(trimmed({"work()", "fiber::go<void (&)()>(void (&)())::'lambda'()::operator()()",
                     "fiber::internal::entry()"}),
            (List{"work()"}));
}

TEST(TrimFrames, InnerInsides) {
  EXPECT_EQ(trimmed({"__fsan_misuse", "fiber::internal::close(State*)",
                     "fiber::Channel<int>::close()", "producer()", "fiber::internal::entry()"}),
            (List{"fiber::Channel<int>::close()", "producer()"}));
  EXPECT_EQ(trimmed({"operator new(unsigned long)", "make()", "main"}), (List{"make()", "main"}));
  EXPECT_EQ(trimmed({"malloc", "make()", "main"}), (List{"make()", "main"}));
}

TEST(TrimFrames, OfTheLibraryOnlyTheCallThatTheProgramMade) {
  List frames = {"fiber::Mutex::lock_slow(unsigned long)", "fiber::Mutex::lock()", "user()",
                 "fiber::internal::entry()"};
  EXPECT_EQ(trimmed(frames), (List{"fiber::Mutex::lock()", "user()"}));
  EXPECT_EQ(trimmed(frames, TraceOf::kCreation), (List{"user()"}));
  EXPECT_EQ(trimmed({"void fiber::go<a>(a)", "void fiber::WaitGroup::go<a>(a)", "user()", "main"},
                    TraceOf::kCreation),
            (List{"user()", "main"}));
}

TEST(TrimFrames, WhatLiesBetweenUserFramesStays) {
  List frames = {"callback()", "fiber::internal::dispatch()", "std::sort<int*>(int*, int*)",
                 "user()"};
  EXPECT_EQ(trimmed(frames), frames);
}

TEST(TrimFrames, StandardFramesOfAnotherThreadStayWithoutAnEntry) {
  EXPECT_EQ(trimmed({"f()", "std::apply<g>()"}), (List{"f()", "std::apply<g>()"}));
  EXPECT_EQ(trimmed({"f()", "std::thread::_State_impl<x>::_M_run()",
                     "execute_native_thread_routine", "start_thread", "clone3"}),
            (List{"f()"}));
}

TEST(TrimFrames, WhatCallsTheHandlerOfASignalIsNotShown) {
  EXPECT_EQ(trimmed({"on_timer(int)", "fibersan::(anonymous namespace)::deliver(int)", ""}),
            (List{"on_timer(int)"}));
  EXPECT_EQ(trimmed({"f()", ""}), (List{"f()", ""}));
}

// As a program without debug information has them.
TEST(TrimFrames, WhatWasInlinedIntoTheEntryStandsForItself) {
  const char* const entry = "fiber::internal::(anonymous namespace)::run_fiber(a*, void*)";
  EXPECT_EQ(
      trimmed({"void fiber::internal::run_call<fiber::internal::JoinableCall<fiber::internal::"
               "Stored<f(int, A<1>)::$_0, int>, void>>(void*)",
               entry}),
      (List{"f(int, A<1>)::$_0::operator()"}));
  EXPECT_EQ(
      trimmed({"fiber::internal::create_fiber(a*)", "fiber::internal::start_joinable(a*)",
               "void fiber::internal::run_call<fiber::internal::Stored<fiber::WaitGroup::Task<"
               "fiber::internal::Stored<main::$_0::operator()() const::'lambda'()>>>>(void*)",
               entry},
              TraceOf::kCreation),
      (List{"main::$_0::operator()() const::'lambda'()::operator()"}));
  EXPECT_EQ(trimmed({"std::thread::_State_impl<std::thread::_Invoker<std::tuple<g()::$_0>>>::"
                     "_M_run()",
                     "start_thread"}),
            (List{"g()::$_0::operator()"}));
  EXPECT_EQ(
      trimmed({"add(int*)", "f()::$_0::operator()() const",
               "void fiber::internal::run_call<fiber::internal::Stored<f()::$_0>>(void*)", entry}),
      (List{"add(int*)", "f()::$_0::operator()() const"}))
      << "it has a frame";
  EXPECT_EQ(
      trimmed({"add(int*)",
               "void fiber::internal::run_call<fiber::internal::Stored<f()::$_0>>(void*)", entry}),
      (List{"add(int*)", "f()::$_0::operator()"}));
  const List by_pointer = {
      "void fiber::internal::run_call<fiber::internal::Stored<void (*)(int), "
      "int>>(void*)",
      entry};
  EXPECT_EQ(trimmed(by_pointer), by_pointer);
}

TEST(TrimFrames, ThreadsAreCreatedByTheProgram) {
  const List frames = {"std::thread::_M_start_thread(a)", "std::thread::thread<f()::$_0, void>(b)",
                       "f()", "main"};
  EXPECT_EQ(trimmed(frames, TraceOf::kCreation), (List{"f()", "main"}));
  EXPECT_EQ(trimmed(frames), frames);
}

TEST(MakeTrace, MembersOfTheLibrarysBasesHaveTheirPublicNames) {
  EXPECT_EQ(public_name("fiber::internal::Sending<int, fiber::Channel<int>>::send(int) const"),
            "fiber::Channel<int>::send(int) const");
  EXPECT_EQ(public_name("std::optional<A<1, 2>> fiber::internal::Receiving<A<1, 2>, "
                        "fiber::ReceiveChannel<A<1, 2>>>::receive() const"),
            "std::optional<A<1, 2>> fiber::ReceiveChannel<A<1, 2>>::receive() const");
  for (const char* other : {"fiber::internal::Sending<int", "fiber::internal::Sending<int>::f()",
                            "fiber::Mutex::lock()", ""})
    EXPECT_EQ(public_name(other), other);
}

TEST(TrimFrames, NothingLeftMeansNothingDropped) {
  List frames = {"fiber::internal::a()", "fiber::internal::b()"};
  EXPECT_EQ(trimmed(frames), frames);
  EXPECT_EQ(trimmed({}), List{});
}

TEST(SummaryFrame, IsTheProgramsOwn) {
  std::vector<SourceFrame> frames(3);
  frames[0].function = "int& std::vector<int>::emplace_back<int>(int&&)";
  frames[1].function = "fiber::Channel<int>::send(int)";
  frames[2].function = "user()";
  EXPECT_EQ(summary_frame(frames).function, "user()");
  frames.pop_back();
  EXPECT_EQ(summary_frame(frames).function, frames[0].function);
  EXPECT_EQ(summary_frame({}).function, "");
}

}  // namespace
}  // namespace fibersan
