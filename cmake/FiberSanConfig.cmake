# find_package(FiberSan): fiber programs, plain or instrumented, in a CMake project.
#
#   find_package(FiberSan REQUIRED)
#   add_executable(app app.cpp)
#   target_link_libraries(app PRIVATE FiberSan::fiber)   # the fiber runtime
#   fibersan_instrument(app)                             # and the detector
#
# Both work through the two --config= files, so that a CMake build and a build by hand
# compile and link the same way. Needs clang 19 as C and C++ compiler.
get_filename_component(FiberSan_ROOT_DIR "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

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
  set_target_properties(FiberSan::fiber PROPERTIES
    INTERFACE_COMPILE_OPTIONS "${FiberSan_option}"
    INTERFACE_LINK_OPTIONS "${FiberSan_option}")
endif()

# Compiles the targets' sources with the checks and links the detector. Libraries whose
# accesses should be seen are named too; without it they are simply not checked.
function(fibersan_instrument)
  foreach(target IN LISTS ARGN)
    set_target_properties(${target} PROPERTIES FIBERSAN_INSTRUMENTED ON)
    target_link_libraries(${target} PRIVATE FiberSan::fiber)
  endforeach()
endfunction()
