# Thin over the presets of CMakePresets.json; see README.md.
#   make run    build, then fit a heart to a real ECG       make test   build and run all tests
#   make bench  print the speed of the kernels              make fuzz   60 s on each reader
# GM_SHARED_DIR=... names the folder of reference data if it is not ../shared.

CONFIGURE := $(if $(GM_SHARED_DIR),-DGM_SHARED_DIR=$(GM_SHARED_DIR))
# Continuous integration treats warnings as errors; a newer compiler's new warning stops nobody else.
STRICT := -DCMAKE_COMPILE_WARNING_AS_ERROR=$(if $(CI),ON,OFF)
FUZZ_SECONDS ?= 60
DESTINATION ?= /usr/local

.PHONY: run build test bench fuzz install clean

run:
	@scripts/setup.sh run
	@mkdir -p build && cmake --preset release $(CONFIGURE) >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build --preset release --target gemel
	build/release/gemel heart demo -o out/demo
	build/release/gemel heart keep out/demo --lab out/lab --twin heart:demo

build:
	@scripts/setup.sh run
	cmake --preset release $(CONFIGURE)
	cmake --build --preset release

test:
	scripts/setup.sh test
	scripts/check.sh
	cmake --preset release $(CONFIGURE) $(STRICT)
	cmake --build --preset release
	ctest --preset release

bench:
	scripts/setup.sh test
	cmake --preset release $(CONFIGURE)
	cmake --build --preset release --target benches
	scripts/bench.sh

fuzz:
	scripts/setup.sh test
	GM_CMAKE_ARGS="$(CONFIGURE)" scripts/fuzz.sh $(FUZZ_SECONDS)

install: build
	cmake --install build/release --prefix $(DESTINATION)

clean:
	rm -rf build
