# fibersan_add_unit_test(<name> SOURCES <file>... [LIBRARIES <target>...] [TIMEOUT <seconds>]
#                        [PLAIN_ONLY <reason>] [NOT_UNDER_TSAN <reason>])
#
# Builds the GoogleTest executable unit_<name> into <build>/tests/unit, links it with
# gtest_main, gmock and the libraries, and lists it in <build>/tests/unit/list.txt, from
# which utils/check runs it. TIMEOUT (300) bounds the whole executable. PLAIN_ONLY leaves it
# out of the builds with sanitizers, NOT_UNDER_TSAN of that with ThreadSanitizer, and utils/check
# says that it was skipped and why.
#
# Target:   fibersan_unit_tests, all that are listed.
find_package(GTest REQUIRED)
add_custom_target(fibersan_unit_tests)

# What every test includes, parsed once: a third of a test's compile time.
fibersan_add_precompiled(unit_precompiled
  LIBRARIES fibersan_build_flags GTest::gmock GTest::gtest_main
  HEADERS <gtest/gtest.h> <gmock/gmock.h>)
# Lines without variables: a fifth of a test's compile time.
target_compile_options(unit_precompiled PRIVATE -g1)

function(fibersan_add_unit_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;PLAIN_ONLY;NOT_UNDER_TSAN" "SOURCES;LIBRARIES")
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "fibersan_add_unit_test(${name} SOURCES ... LIBRARIES ... TIMEOUT ...): "
      "no sources, or not understood: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_executable(unit_${name} ${arg_SOURCES})
  set_target_properties(unit_${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/unit")
  target_link_libraries(unit_${name} PRIVATE
    fibersan_build_flags ${arg_LIBRARIES} GTest::gmock GTest::gtest_main)
  target_compile_options(unit_${name} PRIVATE -g1)
  target_precompile_headers(unit_${name} REUSE_FROM unit_precompiled)
  if(FIBERSAN_SANITIZE AND arg_PLAIN_ONLY)
    set(left_out "${arg_PLAIN_ONLY}")
  elseif(FIBERSAN_SANITIZE STREQUAL "thread" AND arg_NOT_UNDER_TSAN)
    set(left_out "${arg_NOT_UNDER_TSAN}")
  endif()
  if(left_out)
    set_target_properties(unit_${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    set_property(GLOBAL APPEND_STRING PROPERTY FIBERSAN_UNIT_TESTS_LEFT_OUT
      "unit_${name} ${left_out}\n")
    return()
  endif()
  add_dependencies(fibersan_unit_tests unit_${name})
  set_property(GLOBAL APPEND_STRING PROPERTY FIBERSAN_UNIT_TESTS
    "unit_${name} ${arg_TIMEOUT}\n")
endfunction()

# Once all tests are known: the lists that utils/check reads.
function(fibersan_write_unit_test_list)
  get_property(tests GLOBAL PROPERTY FIBERSAN_UNIT_TESTS)
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/tests/unit/list.txt" CONTENT "${tests}" @ONLY)
  get_property(left_out GLOBAL PROPERTY FIBERSAN_UNIT_TESTS_LEFT_OUT)
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/tests/unit/left_out.txt" CONTENT "${left_out}" @ONLY)
endfunction()
