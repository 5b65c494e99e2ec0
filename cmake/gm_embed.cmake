# gm_embed(target SYMBOL FILE...): the files' bytes, one after the other, become
#   extern const char SYMBOL[]; extern const size_t SYMBOL_size;
# in the target. SYMBOL[] ends with a NUL that SYMBOL_size does not count. Needs nothing but CMake.
set(GM_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(gm_embed target symbol)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE files)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded/${symbol}.c)
  list(JOIN files "|" joined) # a semicolon would not survive the command line
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DGM_EMBED_SYMBOL=${symbol} -DGM_EMBED_OUT=${out}
            "-DGM_EMBED_FILES=${joined}" -P ${GM_EMBED_SCRIPT}
    DEPENDS ${files} ${GM_EMBED_SCRIPT}
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  string(REPLACE "|" ";" files "${GM_EMBED_FILES}")
  set(bytes "")
  foreach(file IN LISTS files)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
    string(APPEND bytes "${hex}\n")
  endforeach()
  file(WRITE ${GM_EMBED_OUT}
       "#include <stddef.h>\nextern const char ${GM_EMBED_SYMBOL}[];\n"
       "extern const size_t ${GM_EMBED_SYMBOL}_size;\n"
       "const char ${GM_EMBED_SYMBOL}[] = {\n${bytes}0};\n"
       "const size_t ${GM_EMBED_SYMBOL}_size = sizeof ${GM_EMBED_SYMBOL} - 1;\n")
endif()
