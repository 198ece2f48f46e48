# find_package(FiberSan): fiber programs, plain or instrumented, in a CMake project.
#
#   find_package(FiberSan REQUIRED)
#   add_executable(app app.cpp)
#   target_link_libraries(app PRIVATE FiberSan::fiber)   # the fiber runtime
#   fibersan_instrument(app)                             # and the detector
#   fibersan_instrument(app IGNORELIST ignored.txt)      # without the functions and files named there
#   fibersan_discover_tests(app_tests)                   # its GoogleTests, see FiberSanTesting.cmake
#
# FIBERSAN_INSTRUMENT OFF, as a property of a target or of a source file, takes all of its
# accesses out of the check. What it orders (atomics, locks, channels) still counts.
#
# Both work through the two --config= files, so that a CMake build and a build by hand
# compile and link the same way. Needs clang 19 as C and C++ compiler.
# REALPATH: the .deb has a link to this file's folder where CMake looks.
get_filename_component(FiberSan_ROOT_DIR "${CMAKE_CURRENT_LIST_DIR}" REALPATH)
get_filename_component(FiberSan_ROOT_DIR "${FiberSan_ROOT_DIR}/../../.." ABSOLUTE)

foreach(language IN ITEMS C CXX)
  if(CMAKE_${language}_COMPILER_LOADED AND NOT (CMAKE_${language}_COMPILER_ID STREQUAL "Clang"
      AND CMAKE_${language}_COMPILER_VERSION MATCHES "^19\\."))
    set(FiberSan_FOUND FALSE)
    set(FiberSan_NOT_FOUND_MESSAGE
      "FiberSan needs clang 19: set CMAKE_C_COMPILER=clang-19 and CMAKE_CXX_COMPILER=clang++-19 "
      "(now ${CMAKE_${language}_COMPILER}).")
    return()
  endif()
endforeach()

# A target property decides between the two files at generation time, so
# fibersan_instrument() may come before or after target_link_libraries().
if(NOT TARGET FiberSan::fiber)
  add_library(FiberSan::fiber INTERFACE IMPORTED)
  set(FiberSan_config
    "$<IF:$<BOOL:$<TARGET_PROPERTY:FIBERSAN_INSTRUMENTED>>,fibersan.cfg,fiber.cfg>")
  set(FiberSan_option "--config=${FiberSan_ROOT_DIR}/${FiberSan_config}")
  set(FiberSan_value "$<TARGET_PROPERTY:FIBERSAN_INSTRUMENT>")
  set(FiberSan_is_off "$<NOT:$<OR:$<STREQUAL:${FiberSan_value},>,$<BOOL:${FiberSan_value}>>>")
  set(FiberSan_is_c "$<COMPILE_LANGUAGE:C,CXX>")
  set_target_properties(FiberSan::fiber PROPERTIES
    INTERFACE_COMPILE_OPTIONS
      "${FiberSan_option};SHELL:$<$<AND:${FiberSan_is_off},${FiberSan_is_c}>:-mllvm -fibersan-ignore-all>"
    INTERFACE_LINK_OPTIONS "${FiberSan_option}")
endif()

# Compiles the targets' sources with the checks and links the detector. Libraries whose
# accesses should be seen are named too; without it they are simply not checked.
# A source that becomes known later (target_sources) counts too: called at the directory's end.
function(fibersan_apply_source_properties target)
  get_target_property(sources ${target} SOURCES)
  get_target_property(folder ${target} SOURCE_DIR)
  foreach(source IN LISTS sources)
    if(source MATCHES "^\\$<")
      continue()
    endif()
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${folder}")
    get_source_file_property(value "${source}" TARGET_DIRECTORY ${target} FIBERSAN_INSTRUMENT)
    if(NOT value AND NOT value STREQUAL "NOTFOUND")
      set_property(SOURCE "${source}" TARGET_DIRECTORY ${target} APPEND PROPERTY
        COMPILE_OPTIONS -mllvm -fibersan-ignore-all)
    endif()
  endforeach()
endfunction()

# A changed list has to compile the target again. Its digest is part of the command, so that
# every generator and every compiler cache notices.
function(fibersan_use_ignore_list target file)
  if(NOT EXISTS "${file}")
    message(FATAL_ERROR "fibersan_instrument(${target} IGNORELIST): there is no file '${file}'.")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  file(SHA256 "${file}" digest)
  string(SUBSTRING "${digest}" 0 16 digest)
  target_compile_definitions(${target} PRIVATE FIBERSAN_IGNORELIST_DIGEST=0x${digest})
  target_compile_options(${target} PRIVATE
    "SHELL:$<$<COMPILE_LANGUAGE:C,CXX>:-mllvm \"-fibersan-ignorelist=${file}\">")
endfunction()

function(fibersan_instrument)
  cmake_parse_arguments(PARSE_ARGV 0 fibersan "" "IGNORELIST" "")
  foreach(target IN LISTS fibersan_UNPARSED_ARGUMENTS)
    set_target_properties(${target} PROPERTIES FIBERSAN_INSTRUMENTED ON)
    target_link_libraries(${target} PRIVATE FiberSan::fiber)
    if(DEFINED fibersan_IGNORELIST)
      cmake_path(ABSOLUTE_PATH fibersan_IGNORELIST NORMALIZE OUTPUT_VARIABLE list)
      fibersan_use_ignore_list(${target} "${list}")
    endif()
    cmake_language(EVAL CODE "cmake_language(DEFER CALL fibersan_apply_source_properties ${target})")
  endforeach()
endfunction()

include("${CMAKE_CURRENT_LIST_DIR}/FiberSanTesting.cmake")
