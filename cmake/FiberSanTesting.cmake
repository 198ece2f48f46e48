# Tests of fiber programs by CTest; find_package(FiberSan) includes this file.
#
#   fibersan_discover_tests(target                  # a GoogleTest program: each TEST is a test of CTest
#     [SEEDS seed...]                               # each once with each of these schedules
#     [OPTIONS key=value...]                        # added to FIBERSAN_OPTIONS
#     [FIBER_OPTIONS key=value...]                  # added to FIBER_OPTIONS
#     [LABELS label...]                             # besides "fibersan", for ctest -L
#     [argument of gtest_discover_tests...])        # TEST_PREFIX, EXTRA_ARGS, DISCOVERY_TIMEOUT, PROPERTIES, ...
#   fibersan_test_options(test... [OPTIONS ...] [FIBER_OPTIONS ...] [LABELS ...])   # the same for add_test()
#   fibersan_gate(name                              # a test <name> that fails for findings that are
#     [TESTS test...]                               # not in the baseline, and only for these: of tests by
#     [DISCOVERED target...]                        # add_test(), and by fibersan_discover_tests() before it
#     [BASELINE file])
#
# A test fails when anything is found in its process, whatever its assertions say: the options
# exitcode and report_bugs that the caller's environment may hold are overruled. What else is in
# the environment's two variables stays. Each test is a process of its own, so a deadlock ends no other one.
include_guard(GLOBAL)
include(GoogleTest)

# The two variables as a value of the property ENVIRONMENT_MODIFICATION; the later option counts.
function(fibersan_environment variable options fiber_options)
  set(list "")
  foreach(option IN LISTS options)
    list(APPEND list "FIBERSAN_OPTIONS=path_list_append:${option}")
  endforeach()
  foreach(option IN LISTS fiber_options)
    list(APPEND list "FIBER_OPTIONS=path_list_append:${option}")
  endforeach()
  set(${variable} "${list}" PARENT_SCOPE)
endfunction()

function(fibersan_check_is_instrumented target)
  get_target_property(instrumented ${target} FIBERSAN_INSTRUMENTED)
  if(NOT instrumented)
    message(FATAL_ERROR "fibersan_discover_tests(${target}): ${target} is not instrumented, so nothing "
      "would be found: call fibersan_instrument(${target}).")
  endif()
endfunction()

set(FiberSan_verdict_options exitcode=66 report_bugs=1)

# The tests' names are known when ctest runs: a script of its own gives them their properties.
# gtest_discover_tests itself flattens values that are lists.
function(fibersan_set_properties_when_discovered list environment labels)
  set(script "${CMAKE_CURRENT_BINARY_DIR}/${list}_properties.cmake")
  file(CONFIGURE OUTPUT "${script}" @ONLY CONTENT [=[
foreach(test IN LISTS @list@)
  set_tests_properties("${test}" PROPERTIES
    ENVIRONMENT_MODIFICATION [==[@environment@]==] LABELS [==[@labels@]==])
endforeach()
]=])
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${script}")
endfunction()

function(fibersan_discover_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SEEDS;OPTIONS;FIBER_OPTIONS;LABELS")
  cmake_language(EVAL CODE "cmake_language(DEFER CALL fibersan_check_is_instrumented ${target})")
  set(seeds ${arg_SEEDS})
  if(NOT DEFINED arg_SEEDS)
    set(seeds any)
  endif()
  foreach(seed IN LISTS seeds)
    set(fiber_options ${arg_FIBER_OPTIONS})
    set(suffix "")
    if(NOT seed STREQUAL "any")
      list(APPEND fiber_options "seed=${seed}")
      set(suffix TEST_SUFFIX ".seed${seed}")
    endif()
    fibersan_environment(environment "${FiberSan_verdict_options};${arg_OPTIONS}" "${fiber_options}")
    set(list "${target}_tests_seed_${seed}")
    gtest_discover_tests(${target} ${suffix} ${arg_UNPARSED_ARGUMENTS} TEST_LIST ${list})
    fibersan_set_properties_when_discovered(${list} "${environment}" "fibersan;${arg_LABELS}")
    # For a gate, which cannot ask for the properties of such tests.
    set_property(TARGET ${target} APPEND PROPERTY FIBERSAN_TEST_LISTS ${list})
    set_property(TARGET ${target} PROPERTY FIBERSAN_ENVIRONMENT_${list} "${environment}")
  endforeach()
endfunction()

function(fibersan_test_options)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "OPTIONS;FIBER_OPTIONS;LABELS")
  fibersan_environment(environment "${FiberSan_verdict_options};${arg_OPTIONS}" "${arg_FIBER_OPTIONS}")
  foreach(test IN LISTS arg_UNPARSED_ARGUMENTS)
    set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT_MODIFICATION "${environment}")
    set_property(TEST ${test} APPEND PROPERTY LABELS fibersan ${arg_LABELS})
  endforeach()
endfunction()

# The tests of the targets, whose names are known when ctest runs.
function(fibersan_gate_discovered gate environment)
  foreach(target IN LISTS ARGN)
    get_target_property(lists ${target} FIBERSAN_TEST_LISTS)
    if(NOT lists)
      message(FATAL_ERROR "fibersan_gate(${gate} DISCOVERED ${target}): call fibersan_discover_tests(${target}) first.")
    endif()
    get_target_property(folder ${target} SOURCE_DIR)
    foreach(list IN LISTS lists)
      get_target_property(own ${target} FIBERSAN_ENVIRONMENT_${list})
      set(script "${CMAKE_CURRENT_BINARY_DIR}/${gate}_${list}.cmake")
      file(CONFIGURE OUTPUT "${script}" @ONLY CONTENT [=[
foreach(test IN LISTS @list@)
  set_tests_properties("${test}" PROPERTIES
    ENVIRONMENT_MODIFICATION [==[@own@;@environment@]==] FIXTURES_REQUIRED @gate@)
endforeach()
]=])
      set_property(DIRECTORY "${folder}" APPEND PROPERTY TEST_INCLUDE_FILES "${script}")
    endforeach()
  endforeach()
endfunction()

# The tests write their reports to a folder that is emptied before the first of them (test
# <name>.begin) and judged after the last one: fixtures of CTest. Findings no longer fail the
# tests themselves, whose assertions do as before.
function(fibersan_gate name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "BASELINE" "TESTS;DISCOVERED")
  if(NOT (arg_TESTS OR arg_DISCOVERED) OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "fibersan_gate(${name} [TESTS test...] [DISCOVERED target...] [BASELINE file]): no tests, or not understood: "
      "${arg_UNPARSED_ARGUMENTS}")
  endif()
  set(reports "${CMAKE_CURRENT_BINARY_DIR}/${name}.reports")
  set(baseline "")
  if(DEFINED arg_BASELINE)
    cmake_path(ABSOLUTE_PATH arg_BASELINE)
    set(baseline --baseline "${arg_BASELINE}")
  endif()
  file(CONFIGURE OUTPUT "${reports}.cmake" @ONLY
    CONTENT "file(REMOVE_RECURSE [==[@reports@]==])\nfile(MAKE_DIRECTORY [==[@reports@]==])\n")
  add_test(NAME ${name}.begin COMMAND "${CMAKE_COMMAND}" -P "${reports}.cmake")
  add_test(NAME ${name} COMMAND "${FiberSan_ROOT_DIR}/bin/fibersan" gate --require-instrumented ${baseline} "${reports}")
  set_tests_properties(${name}.begin PROPERTIES FIXTURES_SETUP ${name})
  set_tests_properties(${name} PROPERTIES FIXTURES_CLEANUP ${name} LABELS fibersan)
  fibersan_environment(environment "exitcode=0;report_bugs=1;format=json;log_path=\"${reports}/report\"" "")
  list(APPEND environment "FIBERSAN_GATE=set:${name}")  # for listeners of test frameworks
  fibersan_gate_discovered(${name} "${environment}" ${arg_DISCOVERED})
  foreach(test IN LISTS arg_TESTS)
    set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT_MODIFICATION "${environment}")
    set_property(TEST ${test} APPEND PROPERTY FIXTURES_REQUIRED ${name})
    set_property(TEST ${test} APPEND PROPERTY LABELS fibersan)
  endforeach()
endfunction()
