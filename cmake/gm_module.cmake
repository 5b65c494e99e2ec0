# gm_module(path [NEEDS module...] [PACKAGES target...])
# Builds src/<path>/**.c (and .cc) as library gm_<module>, and each *_test.c in it as one test.
# The module's name is the last part of its path. NEEDS is all that the module may include; the
# test "layers" holds it to that. A main.c in it belongs to a program, see gm_program().
function(gm_module path)
  cmake_parse_arguments(PARSE_ARGV 1 M "" "" "NEEDS;PACKAGES")
  get_filename_component(name ${path} NAME)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${path}/*.c ${path}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.c$")
  list(FILTER tests INCLUDE REGEX "_test\\.c$")
  list(TRANSFORM M_NEEDS PREPEND gm_ OUTPUT_VARIABLE needs)

  if(sources)
    add_library(gm_${name} STATIC ${sources})
    set(scope PUBLIC)
  else() # a module of headers alone
    add_library(gm_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(gm_${name} ${scope} base formats engine twins app
                             ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(gm_${name} ${scope} ${needs} ${M_PACKAGES} Threads::Threads m)
  set_property(GLOBAL APPEND_STRING PROPERTY gm_layers "${path} ${M_NEEDS}\n")
  set_property(GLOBAL APPEND PROPERTY gm_modules gm_${name})
  get_property(layers GLOBAL PROPERTY gm_layers)
  file(WRITE ${PROJECT_BINARY_DIR}/layers.txt "${layers}")

  if(BUILD_TESTING)
    foreach(source ${tests})
      gm_test(${source} ${name})
    endforeach()
  endif()
endfunction()

# gm_test(source module...): one test program, named after its file, linked to the modules.
function(gm_test source first)
  get_filename_component(test ${source} NAME_WE)
  add_executable(${test} ${source})
  set(modules ${first} ${ARGN})
  list(TRANSFORM modules PREPEND gm_)
  target_link_libraries(${test} ${modules} gm_testing)
  target_compile_definitions(${test} PRIVATE GM_SHARED_DIR="${GM_SHARED_DIR}"
                             GM_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${first}/${test} COMMAND ${test})
endfunction()

# gm_program(name path): the program of src/<path>/main.c, at the root of the build folder, with its
# manual page and completion made from the tables of its verbs.
function(gm_program name path)
  get_filename_component(module ${path} NAME)
  add_executable(${name} ${path}/main.c)
  target_link_libraries(${name} gm_${module})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  set(made ${PROJECT_BINARY_DIR}/docs/${name}.1 ${PROJECT_BINARY_DIR}/docs/${name}.bash)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/docs)
  add_custom_command(OUTPUT ${made} DEPENDS ${name}
    COMMAND ${name} help --man > ${PROJECT_BINARY_DIR}/docs/${name}.1
    COMMAND ${name} completion bash > ${PROJECT_BINARY_DIR}/docs/${name}.bash)
  add_custom_target(${name}_docs ALL DEPENDS ${made})
  install(TARGETS ${name} RUNTIME DESTINATION bin)
  install(FILES ${PROJECT_BINARY_DIR}/docs/${name}.1 DESTINATION share/man/man1)
  install(FILES ${PROJECT_BINARY_DIR}/docs/${name}.bash RENAME ${name}
          DESTINATION share/bash-completion/completions)
endfunction()

# gm_shared_library(name path): lib<name>.so of the module at src/<path> and all it needs; only the
# functions of include/<name>/ are visible from outside.
function(gm_shared_library name path)
  get_filename_component(module ${path} NAME)
  set(exports ${PROJECT_BINARY_DIR}/lib${name}.map)
  file(WRITE ${exports} "{ global: ${name}_*; local: *; };\n")
  file(WRITE ${PROJECT_BINARY_DIR}/empty.c "")
  add_library(lib${name} SHARED ${PROJECT_BINARY_DIR}/empty.c)
  target_link_libraries(lib${name} PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,gm_${module}>")
  target_link_options(lib${name} PRIVATE -Wl,--version-script=${exports})
  target_include_directories(lib${name} INTERFACE ${PROJECT_SOURCE_DIR}/include)
  set_target_properties(lib${name} PROPERTIES OUTPUT_NAME ${name} VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} LINK_DEPENDS ${exports}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  file(WRITE ${PROJECT_BINARY_DIR}/${name}.pc "prefix=\${pcfiledir}/../..\n"
    "Name: ${name}\nDescription: ${PROJECT_DESCRIPTION}\nVersion: ${PROJECT_VERSION}\n"
    "Cflags: -I\${prefix}/include\nLibs: -L\${prefix}/lib -l${name}\n")
  install(TARGETS lib${name} LIBRARY DESTINATION lib)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/${name} DESTINATION include)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION lib/pkgconfig)
endfunction()
