#!/bin/sh
# All checks, started by ./dev check, which installs what they need. Each prints one line, or what is wrong with file,
# line and rule; all run even when one fails. The last line counts them.
set -u
cd "$(dirname "$0")/../.." || exit 1

logs=build/check
jobs=$(nproc)
done_count=0
failed=""
mkdir -p "$logs/cppcheck"

# step NAME COMMAND...: the output of a check that fails is shown, of one that passes only its own line.
step() {
    name=$1
    shift
    if "$@" >"$logs/$name.log" 2>&1; then
        grep '^check: ' "$logs/$name.log" || echo "check: $name ok"
    else
        cat "$logs/$name.log"
        echo "check: $name FAILED"
        failed="$failed $name"
    fi
    done_count=$((done_count + 1))
}

# after BUILD NAME COMMAND...: a step that means nothing when that build failed.
after() {
    build=$1
    shift
    case " $failed " in
    *" $build "*)
        echo "check: $1 not run: $build failed"
        failed="$failed $1"
        ;;
    *) step "$@" ;;
    esac
}

script() {
    python3 -B "tests/check/$1.py" . ${2:+"$2"}
}

sources() {
    find src include tests -name node_modules -prune -o \( -name '*.c' -o -name '*.h' \) -print0
}

# configure_and_build FOLDER PRESET OPTION...: only what went wrong is said.
configure_and_build() {
    folder=$1 preset=$2
    shift 2
    mkdir -p "$folder"
    { cmake --preset "$preset" -B "$folder" "$@" && cmake --build "$folder"; } >"$folder.log" 2>&1 && return
    grep -E -A 3 ': (fatal )?error: |undefined reference|^CMake Error|multiple definition' "$folder.log" || tail -n 30 "$folder.log"
    return 1
}

# Only the places: clang-format -i shows the rest.
format() {
    said=$(sources | xargs -0 clang-format --dry-run -Werror 2>&1) && return
    printf '%s\n' "$said" | grep ': error: ' | cut -d: -f 1,2 | sort -u -t: -k 1,1 | sed 's/$/: not as clang-format -i writes it/'
    return 1
}

# The notes that lead to a finding stay in build/check/findings.log.
tidy() {
    find src -name '*.c' -print0 |
        xargs -0 -n 1 -P "$jobs" clang-tidy -p build/dev --quiet >"$logs/findings.log" 2>"$logs/findings.err" && return
    grep ': error: ' "$logs/findings.log" | sort -u || cat "$logs/findings.err"
    return 1
}

cppcheck_all() {
    cppcheck --quiet --std=c11 --enable=warning,performance,portability --error-exitcode=1 --inline-suppr \
        --suppressions-list=tests/check/cppcheck.txt --cppcheck-build-dir="$logs/cppcheck" -j "$jobs" -I include -I src src
}

# A build of its own, in which each limit can be lifted. Of an array that is as long as a limit, bounds are looked at.
limits_hold() {
    cmake --preset dev -B build/limits -DGASP_LIMITS_SWITCH=ON -DGASP_SANITIZE=bounds >"$logs/limits.cmake.log" 2>&1 ||
        { cat "$logs/limits.cmake.log"; return 1; }
    script limits build/limits
}

step selftest python3 -B tests/check/selftest.py
step format format
step layers script layers
step words script words
step size script size
step errors script errors
step headers script headers
step gcc configure_and_build build/dev dev
step clang configure_and_build build/clang dev -DCMAKE_C_COMPILER=clang
step limits limits_hold
step shared configure_and_build build/shared release -DBUILD_SHARED_LIBS=ON -DBUILD_TESTING=OFF
step cppcheck cppcheck_all
after shared exports script exports build/shared/lib
after gcc calls script calls build/dev
after gcc tidy tidy

if [ -n "$failed" ]; then
    echo "checks: $done_count run, failed:$failed"
    exit 1
fi
echo "checks: $done_count run, all ok"
