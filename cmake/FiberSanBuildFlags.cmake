# fibersan_build_flags: what every target of ours is compiled with, as a usage requirement.
#
# Options:  FIBERSAN_WERROR    warnings are errors (the dev preset and the check)
#           FIBERSAN_SANITIZE  a value for -fsanitize=, for our own unit tests
#
# fibersan_add_precompiled(<name> [PIC] LIBRARIES <target>... HEADERS <header>...)
#   A target that only parses headers, once, with the flags of the libraries;
#   others take them with target_precompile_headers(<target> REUSE_FROM <name>).
#
# Not here: what users' programs are compiled with, see fibersan.cfg.
option(FIBERSAN_WERROR "Treat warnings in FiberSan's own sources as errors" OFF)
set(FIBERSAN_SANITIZE "" CACHE STRING "Build our own code with -fsanitize=<this>")

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

add_library(fibersan_build_flags INTERFACE)
target_compile_features(fibersan_build_flags INTERFACE cxx_std_20)
# Includes are spelled from the top of the checkout ("detector/abi/hooks.h"), so that the
# layer test can read off them who depends on whom.
target_include_directories(fibersan_build_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(fibersan_build_flags INTERFACE
  -Wall -Wextra -Wpedantic
  -Wno-gnu-zero-variadic-macro-arguments  # the .def tables end in optional arguments
  -Wthread-safety -Werror=thread-safety
  # Stacks are walked by frame pointers, through our own frames too.
  -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer
  $<$<BOOL:${FIBERSAN_WERROR}>:-Werror>)
target_link_libraries(fibersan_build_flags INTERFACE Threads::Threads)

# A sanitized plugin could not be loaded into a plain clang, so modules go without.
if(FIBERSAN_SANITIZE)
  set(is_plugin "$<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>")
  set(sanitize "-fsanitize=${FIBERSAN_SANITIZE};-fno-sanitize-recover=all")
  target_compile_options(fibersan_build_flags INTERFACE "$<$<NOT:${is_plugin}>:${sanitize}>")
  target_link_options(fibersan_build_flags INTERFACE "$<$<NOT:${is_plugin}>:${sanitize}>")
endif()

function(fibersan_add_precompiled name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "PIC" "" "LIBRARIES;HEADERS")
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  file(CONFIGURE OUTPUT "${source}" CONTENT "")
  add_library(${name} OBJECT EXCLUDE_FROM_ALL "${source}")
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ${arg_PIC})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()
