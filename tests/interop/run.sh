#!/bin/sh
# run.sh GASP TEST.mjs: runs one interop test against the command. Without node or the npm packages (./dev setup) it is
# skipped (77); where a skipped test is no passed test, it fails.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
missing=
command -v node >/dev/null || missing='node'
[ -d "$here/node_modules/@bsv/sdk" ] || missing="${missing:+$missing, }tests/interop/node_modules"
GASP_SHARED=${GASP_SHARED:-$here/../../../shared}
[ -d "$GASP_SHARED/data" ] || missing="${missing:+$missing, }$GASP_SHARED/data"
if [ -n "$missing" ]; then
    echo "missing: $missing; ./dev setup installs the packages"
    case "${CI:-}" in true | 1) exit 1 ;; esac
    [ "${GASP_REQUIRE_SHARED:-}" != 1 ] || exit 1
    exit 77
fi
export GASP_SHARED
exec node "$here/$2" "$1"
