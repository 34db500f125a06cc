#!/bin/sh
# run.sh GASP FILE: one test file against that command. Skipped (77) without node or its packages (npm ci here brings them).
cd "$(dirname "$0")" || exit 1
if ! command -v node >/dev/null || [ ! -d node_modules/@noble/curves ]; then
    echo "node or its packages are missing"
    exit 77
fi
GASP=$1 exec node "$2"
