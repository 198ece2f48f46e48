# What an executable, and nothing else, is linked with: runtime and detector, whole.
#
# clang has no words in a config file for "only when linking an executable". But only an
# executable has a start file (crt1.o, Scrt1.o), which clang looks for below -B first. There
# lie linker scripts with these names: the C library's start file, and one object that holds
# the whole archives. So a shared library links with the same config file, as build systems
# do that have one set of flags, and takes runtime and detector from the executable.
#
# Output:   <build>/lib/fibersan/<config>/: start files and the object, whose name is a long one:
#           the linkers look for it in the user's folder first, then below -L. Its path would
#           break when the installed tree moves.

# Linker scripts name the machine's own start files.
function(find_start_file name variable)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${name}
    OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT IS_ABSOLUTE "${path}")
    set(path "")  # this C library has no such file
  endif()
  set(${variable} "${path}" PARENT_SCOPE)
endfunction()

set(start_files crt1.o Scrt1.o gcrt1.o rcrt1.o grcrt1.o)

function(add_program_start config)
  set(start "${config}.runtime-and-detector.o")
  set(folder "${PROJECT_BINARY_DIR}/lib/fibersan/${config}")
  set(hooks "")
  # What a program may define, see detector/process/start.cpp. Before INPUT: where GNU ld meets a
  # PROVIDE while something has asked for its symbol already, it looks no further.
  if("detector" IN_LIST ARGN)
    set(hooks "PROVIDE(__fibersan_default_options = __fibersan_no_default);\nPROVIDE(__fibersan_default_suppressions = __fibersan_no_default);\n")
  endif()
  foreach(name IN LISTS start_files)
    find_start_file(${name} path)
    if(path)
      file(CONFIGURE OUTPUT "${folder}/${name}" CONTENT "${hooks}INPUT(\"${path}\" ${start})\n")
    endif()
  endforeach()
  set(archives ${ARGN})
  list(TRANSFORM archives REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE files)
  add_custom_command(OUTPUT "${folder}/${start}" DEPENDS ${archives} VERBATIM
    COMMAND ${CMAKE_CXX_COMPILER} -r -nostdlib -fuse-ld=lld -o "${folder}/${start}"
            -Wl,--whole-archive ${files} -Wl,--no-whole-archive
    COMMENT "Linking what programs of ${config} start with")
  add_custom_target(start_of_${config} ALL DEPENDS "${folder}/${start}")
endfunction()

# A library that only a dynamic link finds, with the sentence as its name.
function(add_refusal_of_static_programs config)
  set(folder "${PROJECT_BINARY_DIR}/lib/fibersan/${config}")
  set(sentence "FiberSan_programs_cannot_be_static:_leave_out_-static")
  file(CONFIGURE OUTPUT "${folder}/lib${sentence}.so" CONTENT "/* */\n")
  foreach(name IN LISTS start_files)
    if(EXISTS "${folder}/${name}")
      file(READ "${folder}/${name}" script)
      if(name MATCHES "rcrt1")  # only -static-pie has it
        set(script "")
      endif()
      file(CONFIGURE OUTPUT "${folder}/${name}" CONTENT "INPUT(-l${sentence})\n${script}")
    endif()
  endforeach()
endfunction()
