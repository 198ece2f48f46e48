# What a user sees, once in the build tree and once, by `install`, under the prefix:
#
#   fibersan.cfg fiber.cfg           clang's --config= files, relocatable through <CFGDIR>
#   include/fiber/                   the public headers (in the build tree a link)
#   lib/                             plugin and archives
#   lib/fibersan/libstdc++/          headers that instrumented code sees before libstdc++'s own
#   lib/fibersan/<config>/           what the config file links, see FiberSanProgramStart.cmake
#   lib/cmake/FiberSan/              find_package(FiberSan)
#
# Target:   fibersan, everything that compiling a user's program needs.
include(CMakePackageConfigHelpers)

configure_file(cmake/fibersan.cfg fibersan.cfg COPYONLY)
configure_file(cmake/fiber.cfg fiber.cfg COPYONLY)
file(CREATE_LINK "${PROJECT_SOURCE_DIR}/runtime/include" "${PROJECT_BINARY_DIR}/include" SYMBOLIC)
foreach(header bits/c++config.h ext/atomicity.h)
  configure_file("cmake/libstdc++/${header}" "lib/fibersan/libstdc++/${header}" COPYONLY)
endforeach()

include(FiberSanProgramStart)
add_program_start(fibersan.cfg fiber detector)
add_program_start(fiber.cfg fiber thread_locks no_detector)
add_refusal_of_static_programs(fibersan.cfg)

add_custom_target(fibersan)
add_dependencies(fibersan fibersan-instrument fiber-preemption fiber thread_locks detector
  no_detector start_of_fibersan.cfg start_of_fiber.cfg)

set(package_dir lib/cmake/FiberSan)
configure_file(cmake/FiberSanConfig.cmake "${package_dir}/FiberSanConfig.cmake" COPYONLY)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/${package_dir}/FiberSanConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)

install(FILES "${PROJECT_BINARY_DIR}/fibersan.cfg" "${PROJECT_BINARY_DIR}/fiber.cfg" DESTINATION .)
install(FILES LICENSE DESTINATION share/doc/fibersan)
install(DIRECTORY runtime/include/fiber DESTINATION include)
install(DIRECTORY "cmake/libstdc++" DESTINATION lib/fibersan)
install(DIRECTORY "${PROJECT_BINARY_DIR}/lib/fibersan/fibersan.cfg"
                  "${PROJECT_BINARY_DIR}/lib/fibersan/fiber.cfg" DESTINATION lib/fibersan)
install(TARGETS fibersan-instrument fiber-preemption fiber thread_locks detector no_detector
  LIBRARY DESTINATION lib ARCHIVE DESTINATION lib)
install(FILES
  "${PROJECT_BINARY_DIR}/${package_dir}/FiberSanConfig.cmake"
  "${PROJECT_BINARY_DIR}/${package_dir}/FiberSanConfigVersion.cmake"
  DESTINATION "${package_dir}")
