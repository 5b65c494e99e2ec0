# Every outside library, each once. The Debian package that brings it stands in scripts/setup.sh.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(libxml2 REQUIRED IMPORTED_TARGET libxml-2.0)
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(cairo REQUIRED IMPORTED_TARGET cairo)
pkg_check_modules(crypto REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(nlopt REQUIRED IMPORTED_TARGET nlopt)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)

# DCMTK: only the parser. Its pkg-config file asks for libraries that Debian does not install with it.
find_path(DCMTK_INCLUDE dcmtk/dcmdata/dctk.h REQUIRED)
add_library(gm_dcmtk INTERFACE)
target_include_directories(gm_dcmtk SYSTEM INTERFACE ${DCMTK_INCLUDE})
foreach(name dcmdata oflog ofstd)
  find_library(DCMTK_${name} ${name} REQUIRED)
  target_link_libraries(gm_dcmtk INTERFACE ${DCMTK_${name}})
endforeach()

# EDFlib: an oracle of tests alone; without it they say so.
find_library(EDFLIB edf)
