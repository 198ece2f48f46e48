# `cpack -G DEB` in a build tree: a Debian package of what `install` lays out, below /usr/lib/fibersan.
#
# Output:   fibersan_<version>_amd64.deb, whose links let the command, CMake and pkg-config be found
#           without being told (FiberSanPackageLinks.cmake).
# Needs:    dpkg-dev and file, which find out what the plugin and the command are linked with.
# Test:     tests/deb_on_clean_root, by hand.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME fibersan)
set(CPACK_PACKAGE_VENDOR FiberSan)
# A package needs somebody to write to; who publishes one says whom.
set(FIBERSAN_MAINTAINER "FiberSan developers <developers@fibersan.invalid>" CACHE STRING
  "Maintainer of the .deb, as Name <address>")
set(CPACK_PACKAGE_CONTACT "${FIBERSAN_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "finds data races and deadlocks in C++ programs of fibers")
set(CPACK_PACKAGE_DESCRIPTION "A plugin for clang 19, a fiber runtime and a detector:
programs compiled with its config file report their data races and deadlocks.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr/lib/fibersan)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/cmake/FiberSanPackageLinks.cmake")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# clang-19: the compiler that loads the plugin. llvm-19: llvm-symbolizer. The others: what the config
# files link (libboost_context.a, libatomic) and include.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "clang-19, llvm-19, libboost-context-dev, libstdc++-12-dev")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake, ninja-build, pkgconf, llvm-19-tools")
include(CPack)
