# Compiler flags of the whole tree. Sanitizer and fuzz flags are global on purpose: on a single
# target the instrumentation would cover that target only.
add_compile_definitions(_GNU_SOURCE GM_VERSION="${PROJECT_VERSION}")
add_compile_options(-Wall -Wextra -ffp-contract=off)
add_compile_options($<$<COMPILE_LANGUAGE:C>:-Wshadow> $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
                    $<$<COMPILE_LANGUAGE:C>:-Wvla>)

if(GM_NATIVE)
  add_compile_options(-march=native)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-march=x86-64-v3)
endif()
# sqrt() and friends need not set errno; this lets loops with sqrtf vectorise and changes no result.
add_compile_options(-fno-math-errno -fno-trapping-math)

if(GM_SANITIZE)
  add_compile_options(-fsanitize=${GM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GM_SANITIZE})
endif()
if(GM_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
