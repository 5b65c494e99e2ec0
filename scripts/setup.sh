#!/bin/sh
# setup.sh [run|test] - installs the Debian 12 packages that Gemel is built with, and no others.
#
#   run   (default) what `make run` needs: to build the program and run it
#   test  also what `make test`, `make bench` and `make fuzz` need
#
# Asks nothing. Does nothing, and needs neither root nor network, when all is there.
set -eu
cd "$(dirname "$0")/.."

# ---- the list: one package a line, with what it is for ------------------------------------------
run_packages='
gcc               # C17
g++               # the DICOM boundary is C++
libc6-dev
cmake
ninja-build
pkg-config
libjansson-dev    # JSON
libxml2-dev       # VTU
zlib1g-dev        # compressed VTU
libcairo2-dev     # drawings
libssl-dev        # SHA-256
libnlopt-dev      # optimisers
libdcmtk-dev      # DICOM
libsqlite3-dev    # the store of a lab
libpq-dev         # a store on a server
libpcre2-dev      # patterns of types
'
test_packages='
clang             # second compiler, fuzzing
libclang-rt-14-dev
clang-format      # the gate on layout
cppcheck          # the gate on static analysis
librsvg2-bin      # looks at drawings
libedf-dev        # reads what we write as EDF+
postgresql-15     # the store is tested against it too
chromium          # opens the report
'

# ---- installing what is missing ------------------------------------------------------------------
set_name=${1:-run}
case $set_name in
run) list=$run_packages ;;
test) list="$run_packages$test_packages" ;;
*) echo "setup: \"$set_name\" is unknown; allowed are run and test" >&2; exit 2 ;;
esac
packages=$(printf '%s\n' "$list" | sed 's/#.*//' | tr -s ' \n' ' ')

missing=
for p in $packages; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $p"
done

if [ -n "$missing" ]; then
    echo "setup: installing$missing"
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null; then
        as_root=sudo
    else
        echo "setup: as root, please: apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update </dev/null
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install -y --no-install-recommends $missing </dev/null
fi

# ---- a real ECG for `gemel heart demo` -----------------------------------------------------------
# One file out of Debian's python3-pydicom; pydicom itself is not installed. Without network the demo
# makes a virtual patient, so a failure here is only a note.
ecg=run/ecg/waveform_ecg.dcm
inside=./usr/lib/python3/dist-packages/pydicom/data/test_files/waveform_ecg.dcm
if [ "$set_name" = run ] && [ ! -f "$ecg" ]; then
    mkdir -p run/ecg
    folder=$(mktemp -d run/ecg/fetch.XXXXXX)
    if (cd "$folder" && apt-get -qq download python3-pydicom </dev/null >fetch.log 2>&1 &&
        dpkg-deb --fsys-tarfile python3-pydicom_*.deb | tar -xOf - "$inside" >ecg.dcm) &&
        [ -s "$folder/ecg.dcm" ]; then
        mv "$folder/ecg.dcm" "$ecg"
        echo "setup: $ecg is a real 12-lead ECG, from Debian's python3-pydicom"
    else
        echo "setup: no ECG from Debian's python3-pydicom (no network?); the demo will make a patient"
    fi
    rm -rf "$folder"
fi
