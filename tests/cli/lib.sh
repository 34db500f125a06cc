# What the tests of the command share; sourced. $1: the command, $2: json_get, $3: make_files.
#
#   run CODE ARGUMENT...     runs it in text form, and again with --json: both must answer CODE. Standard output stands in
#                            out, standard error in err, the object in json. With --json standard output must be one
#                            object, and have `error` just when the code says failure (1 to 6, partial apart).
#   text CODE ARGUMENT...    runs it in text form only
#   says FILE PATTERN        a line of out, err or json matches
#   is PATH VALUE            what stands in the object
#   golden NAME              out is golden/NAME, byte for byte. GASP_GOLDEN=write writes it.

set -u
gasp=$1
json_get=$2
make_files=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
vectors=$root/vectors
work=$(mktemp -d "${TMPDIR:-/tmp}/gasp-cli.XXXXXX")
cases=0
failures=0
server=
NO_COLOR= TERM=dumb LC_ALL=C.UTF-8
export TERM LC_ALL
unset NO_COLOR

clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1

wrong() {
    printf 'FAILED: %s\n    %s\n' "$what" "$*"
    [ ! -s err ] || sed 's/^/    err: /' err | head -n 5
    failures=$((failures + 1))
}

text() {
    expected=$1
    shift
    what="gasp $*"
    cases=$((cases + 1))
    code=0
    "$gasp" "$@" >out 2>err </dev/null || code=$?
    [ "$code" -eq "$expected" ] || wrong "exit code $code, expected $expected"
    ! grep -q -e 'Sanitizer' -e 'runtime error' err || wrong 'a sanitizer spoke'
    [ "$expected" -le 1 ] || [ -s err ] || [ -s out ] || wrong 'failed without a word'
}

object() {
    expected=$1
    shift
    what="gasp $* --json"
    cases=$((cases + 1))
    code=0
    "$gasp" "$@" --json >json 2>json-err </dev/null || code=$?
    [ "$code" -eq "$expected" ] || wrong "exit code $code, expected $expected"
    "$json_get" '' <json || wrong 'standard output is not one object'
    if [ "$expected" -ge 2 ]; then
        for member in code class place message; do
            "$json_get" "error.$member" <json >/dev/null || wrong "no error.$member"
        done
    elif [ "$expected" -eq 0 ]; then
        ! "$json_get" error <json >/dev/null || wrong 'an error, and exit code 0'
    fi
}

run() {
    text "$@"
    object "$@"
}

says() {
    cases=$((cases + 1))
    grep -q -e "$2" "$1" || wrong "$1 does not say: $2"
}

is() {
    cases=$((cases + 1))
    got=$("$json_get" "$1" <json) || got='(nothing)'
    [ "$got" = "$2" ] || wrong "$1 is $got, expected $2"
}

golden() {
    cases=$((cases + 1))
    [ "${GASP_GOLDEN:-}" != write ] || cp out "$here/golden/$1"
    cmp -s out "$here/golden/$1" || {
        wrong "differs from golden/$1"
        diff "$here/golden/$1" out | head -n 10
    }
}

# case_hex FILE NAME: the hex of a case of a file of vectors.
case_hex() {
    "$json_get" 'cases.*.name' <"$1" >names
    "$json_get" 'cases.*.hex' <"$1" >hexes
    paste names hexes | awk -v name="$2" '$1 == name { print $2 }'
}

# A wallet with the headers of vectors/demo.
demo_wallet() {
    [ -s run.hex ] || "$json_get" 'cases.*.hex' <"$vectors/demo/headers.json" >run.hex
    pin=$("$json_get" pin <"$vectors/demo/headers.json")
    text 0 init "$1"
    text 0 headers import "$1" run.hex --height 905353 --pin "$pin"
    text 0 headers trust "$1" "$(case_hex "$vectors/demo/trusted.json" 705985)" --height 705985
}

demo_file() {
    case_hex "$vectors/demo/705985.json" "$1" >"$1.hex"
    [ -s "$1.hex" ] || case_hex "$vectors/demo/corpus.json" "$1" >"$1.hex"
    [ -s "$1.hex" ] || { what=$1; wrong 'no such case'; }
}

# same NAME FILE FILE: two files are equal.
same() {
    what=$1
    cases=$((cases + 1))
    cmp -s "$2" "$3" || wrong "$2 and $3 differ"
}

# serve DIR OPTION...: a server in the background; its address stands in address. stop ends it.
serve() {
    : >serve-out # what the one before said must not be taken for this one's words
    "$gasp" serve "$@" >serve-out 2>serve-err </dev/null &
    server=$!
    tries=0
    until grep -q '^listening at ' serve-out || [ $tries -ge 100 ]; do tries=$((tries + 1)); sleep 0.1; done
    address=$(sed -n 's/^listening at //p' serve-out)
}

stop() {
    cases=$((cases + 1))
    kill "$server"
    code=0
    wait "$server" || code=$?
    server=
    what=serve
    [ "$code" -eq 0 ] || wrong "ended with $code: $(cat serve-err)"
}

# A regtest wallet that trusts the block at height 10 of the made files.
made_wallet() {
    [ -s ids ] || "$make_files" . || { what=make_files; wrong 'it failed'; }
    text 0 init "$1" --network regtest
    text 0 headers trust "$1" "$(cat 10.header)" --height 10
}

# made_id NAME: its txid in the made files.
made_id() {
    awk -v name="$1" '$1 == name { print $2 }' ids
}

finish() {
    [ "$failures" -eq 0 ] || { printf '%s of %s failed\n' "$failures" "$cases"; exit 1; }
    printf 'count: %s: %s checks\n' "$1" "$cases"
}
