# Run by cpack when the tree lies where it will be packed: links from where Debian looks.
set(root "${CPACK_TEMPORARY_INSTALL_DIRECTORY}")
set(tree "${root}${CPACK_PACKAGING_INSTALL_PREFIX}")

# A link in the folder (below /usr) to a file or folder of the tree, if that is there.
function(link folder path)
  if(NOT EXISTS "${tree}/${path}")
    return()
  endif()
  get_filename_component(name "${path}" NAME)
  file(MAKE_DIRECTORY "${root}/usr/${folder}")
  file(RELATIVE_PATH target "${root}/usr/${folder}" "${tree}/${path}")
  file(CREATE_LINK "${target}" "${root}/usr/${folder}/${name}" SYMBOLIC)
endfunction()

link(bin bin/fibersan)
link(lib/cmake lib/cmake/FiberSan)
link(share/man/man1 share/man/man1/fibersan.1)
link(share/bash-completion/completions share/bash-completion/completions/fibersan)
link(share/zsh/vendor-completions share/zsh/site-functions/_fibersan)

# pkg-config takes the folder of a link for the file's own: copies, which name the tree.
file(MAKE_DIRECTORY "${root}/usr/share/pkgconfig" "${root}/usr/share/doc/fibersan")
foreach(name fiber fibersan)
  file(READ "${tree}/lib/pkgconfig/${name}.pc" text)
  string(REGEX REPLACE "prefix=[^\n]*" "prefix=${CPACK_PACKAGING_INSTALL_PREFIX}" text "${text}")
  file(WRITE "${root}/usr/share/pkgconfig/${name}.pc" "${text}")
endforeach()
configure_file("${tree}/share/doc/fibersan/LICENSE" "${root}/usr/share/doc/fibersan/copyright" COPYONLY)
