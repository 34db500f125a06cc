#!/bin/sh
# install.sh prepare|find_package|pkg_config SOURCE WORK CC VERSION: installs a static and a shared build below WORK, and
# builds and runs the consumer against each. A consumer that prints another version than the source states fails.
set -eu

verb=$1 source=$2 work=$3 cc=$4 version=$5

# The kinds of library, and what BUILD_SHARED_LIBS is for each.
kinds="static:OFF shared:ON"

prepare() {
    for pair in $kinds; do
        kind=${pair%:*}
        rm -rf "$work/$kind/prefix"
        cmake -S "$source" -B "$work/$kind/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
            -DCMAKE_C_COMPILER="$cc" -DBUILD_SHARED_LIBS="${pair#*:}"
        cmake --build "$work/$kind/build"
        cmake --install "$work/$kind/build" --prefix "$work/$kind/prefix"
    done
}

# The products that were installed, without gasp itself: every one has its .pc file.
components() {
    for pc in "$1"/lib*/pkgconfig/gasp-*.pc "$1"/lib*/*/pkgconfig/gasp-*.pc; do
        [ ! -e "$pc" ] || basename "$pc" .pc | sed 's/^gasp-//'
    done | sort -u
}

run_consumer() {
    said=$(LD_LIBRARY_PATH="$(dirname "$(find "$2" -name 'libgasp.*' | head -n 1)")" "$1")
    echo "$1: $said"
    [ "${said%% *}" = "$version" ] || { echo "expected version $version" >&2; exit 1; }
}

# consume PREFIX OUT VERSION COMPONENTS
consume() {
    cmake -S "$source/tests/install/consumer" -B "$2" -G Ninja -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$1" \
        -DWANTED="$3" -DCOMPONENTS="$4"
}

# As consume, for a version or a component that is not there.
refused() {
    rm -rf "$2"
    if consume "$@" >/dev/null 2>&1; then
        echo "find_package took version $3, components '$4'" >&2
        exit 1
    fi
}

with_find_package() {
    for pair in $kinds; do
        kind=${pair%:*}
        prefix=$work/$kind/prefix
        out=$work/$kind/find_package
        rm -rf "$out"
        consume "$prefix" "$out" "$version" "$(components "$prefix" | paste -sd ';' -)"
        cmake --build "$out"
        run_consumer "$out/consumer" "$prefix"
        refused "$prefix" "$out-refused" "${version%%.*}.99" ""
        refused "$prefix" "$out-refused" "$version" no_such_component
    done
}

with_pkg_config() {
    for pair in $kinds; do
        kind=${pair%:*}
        prefix=$work/$kind/prefix
        out=$work/$kind/pkg_config
        rm -rf "$out"
        mkdir -p "$out"
        PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name gasp.pc)")
        export PKG_CONFIG_PATH
        [ "$(pkg-config --modversion gasp)" = "$version" ] || { echo "gasp.pc states another version" >&2; exit 1; }
        names=gasp defines=
        for part in $(components "$prefix"); do
            names="$names gasp-$part"
            defines="$defines -DWITH_$(echo "$part" | tr '[:lower:]' '[:upper:]')"
        done
        # The words of pkg-config are separate arguments.
        # shellcheck disable=SC2046,SC2086
        "$cc" -std=c11 -Wall -Wextra -Wpedantic -Werror $defines -o "$out/consumer" "$source/tests/install/consumer/consumer.c" \
            $(pkg-config --cflags --libs $names)
        run_consumer "$out/consumer" "$prefix"
    done
}

case $verb in
prepare) prepare ;;
find_package) with_find_package ;;
pkg_config) with_pkg_config ;;
*) echo "unknown verb: $verb" >&2; exit 2 ;;
esac
