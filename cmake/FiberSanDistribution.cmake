# What a user sees, once in the build tree and once, by `install`, under the prefix:
#
#   fibersan.cfg fiber.cfg           clang's --config= files, relocatable through <CFGDIR>
#   include/fiber/                   the public headers (in the build tree a link)
#   lib/                             plugins; in the build tree archives, too
#   lib/fibersan/libstdc++/          headers that instrumented code sees before libstdc++'s own
#   lib/fibersan/<config>/           what the config file links, see FiberSanProgramStart.cmake
#   lib/fibersan/lit/                the lit module
#   lib/cmake/FiberSan/              find_package(FiberSan)
#   lib/pkgconfig/                   fiber.pc fibersan.pc
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
foreach(file FiberSanConfig.cmake FiberSanTesting.cmake)
  configure_file("cmake/${file}" "${package_dir}/${file}" COPYONLY)
endforeach()
write_basic_package_version_file("${PROJECT_BINARY_DIR}/${package_dir}/FiberSanConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)

foreach(config fibersan fiber)
  configure_file("cmake/${config}.pc.in" "lib/pkgconfig/${config}.pc" @ONLY)
endforeach()
file(CREATE_LINK "${PROJECT_SOURCE_DIR}/utils/lit" "${PROJECT_BINARY_DIR}/lib/fibersan/lit" SYMBOLIC)

install(FILES "${PROJECT_BINARY_DIR}/fibersan.cfg" "${PROJECT_BINARY_DIR}/fiber.cfg" DESTINATION .)
install(FILES LICENSE DESTINATION share/doc/fibersan)
install(DIRECTORY runtime/include/fiber DESTINATION include)
install(DIRECTORY "cmake/libstdc++" DESTINATION lib/fibersan)
install(DIRECTORY "${PROJECT_BINARY_DIR}/lib/fibersan/fibersan.cfg"
                  "${PROJECT_BINARY_DIR}/lib/fibersan/fiber.cfg" DESTINATION lib/fibersan)
# Runtime and detector are within the start files' objects.
install(TARGETS fibersan-instrument fiber-preemption LIBRARY DESTINATION lib)
install(FILES
  "${PROJECT_BINARY_DIR}/${package_dir}/FiberSanConfig.cmake"
  "${PROJECT_BINARY_DIR}/${package_dir}/FiberSanTesting.cmake"
  "${PROJECT_BINARY_DIR}/${package_dir}/FiberSanConfigVersion.cmake"
  DESTINATION "${package_dir}")
install(DIRECTORY "${PROJECT_BINARY_DIR}/lib/pkgconfig" DESTINATION lib)
install(DIRECTORY utils/lit DESTINATION lib/fibersan USE_SOURCE_PERMISSIONS
  PATTERN __pycache__ EXCLUDE)
