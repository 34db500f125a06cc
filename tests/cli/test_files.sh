#!/bin/sh
# decode and replay: every format in hex, binary and from standard input; what is malformed, with its place; vectors that
# must fail do.
. "$(dirname "$0")/lib.sh"


# Octal escapes are what POSIX printf knows.
to_binary() {
    awk '{ gsub(/[ \n]/, ""); for (i = 1; i < length($0); i += 2) {
        h = index("0123456789abcdef", substr($0, i, 1)) - 1; l = index("0123456789abcdef", substr($0, i + 1, 1)) - 1
        printf "\\%03o", 16 * h + l } }' "$1" >escapes
    # shellcheck disable=SC2059
    printf "$(cat escapes)" >"$2"
}

demo_file chain-3a
demo_file height-905906
run 0 decode chain-3a.hex
golden decode-beef
is format beef
is version 1
is 'transactions.#' 4
to_binary chain-3a.hex chain-3a.beef
cp out hex-out
text 0 decode chain-3a.beef
cmp -s hex-out out || { what='decode of bytes'; wrong 'differs from decode of hex'; }
fold -w 60 chain-3a.hex >folded.hex
text 0 decode folded.hex
cmp -s hex-out out || { what='decode of folded hex'; wrong 'differs'; }
cases=$((cases + 1))
"$gasp" decode - <chain-3a.beef >out 2>err || { what='decode -'; wrong 'failed'; }
cmp -s hex-out out || { what='decode -'; wrong 'differs'; }

case_hex "$vectors/bump/valid.json" two-transactions >bump.hex
run 0 decode bump.hex
golden decode-bump
is format bump
is height 100
"$json_get" 'cases.2.json' <"$vectors/bump/valid.json" >bump.json
run 0 decode bump.json
golden decode-bump

# A transaction out of the BEEF: from its third part to the end, less the byte that says there is no proof.
tx=$("$gasp" decode chain-3a.hex --json | "$json_get" 'transactions.3.bytes')
raw=$(cat chain-3a.hex)
printf '%s' "$raw" | tail -c $((2 * tx + 2)) | head -c $((2 * tx)) >tx.hex
run 0 decode tx.hex
golden decode-tx
is format tx
case_hex "$vectors/demo/trusted.json" 705985 >header.hex
run 0 decode header.hex
golden decode-header
is 'headers.#' 1
"$json_get" 'cases.*.hex' <"$vectors/demo/headers.json" >run.hex
run 0 decode run.hex
is 'headers.#' 558
says out '^558 headers'
# The first block after genesis.
printf '%s' 010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee1467\
7ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299010100000001000000000000000000000000000000000000000000000000\
0000000000000000ffffffff0704ffff001d0104ffffffff0100f2052a0100000043410496b538e853519c726a2c91e61ec11600ae1390813a62\
7c66fb8be7947be63c52da7589379515d4e0a604f8141781e62294721166bf621e73a82cbf2342c858eeac00000000 >block.hex
run 0 decode block.hex
golden decode-block
is format block
sed 's/^01000000/02000000/; s/982051fd/982051fe/' block.hex >other-root.hex
run 6 decode other-root.hex
is error.code proof_root

# Malformed: place and reason.
head -c 400 chain-3a.hex >cut.hex
run 5 decode cut.hex
says err 'cut.hex: byte [0-9]*, transaction [0-9]*:'
is error.class decode
is error.code short
case_hex "$vectors/bump/invalid.json" offset-twice >twice.hex
[ -s twice.hex ] || "$json_get" 'cases.20.hex' <"$vectors/bump/invalid.json" >twice.hex
run 5 decode twice.hex --format bump
says err 'byte [0-9]*, level [0-9]*:'
echo 'hello there' >words
run 5 decode words
is error.code format_unknown
run 5 decode words --format tx
run 5 decode words --format block
run 5 decode words --format headers
is error.code header_length
run 5 decode words --format beef
is error.code beef_version
run 5 decode words --format bump-json
is error.code json
run 5 decode nothing-there
is error.code file_open
run 5 decode .
: >empty
run 5 decode empty
run 2 decode words --format base64

# Vectors.
run 0 replay "$vectors"
says out '^[0-9]* passed, 0 failed$'
passed=$("$json_get" passed <json)
printf 'count: cases of vectors/ that pass: %s\n' "$passed"
[ "$passed" -ge 990 ] || { what=replay; wrong 'too few cases'; }
run 0 replay "$vectors/bump/valid.json" "$vectors/value"

vector() {
    printf '{"format": "gasp-vectors/1", "topic": "%s", "cases": [%s]}' "$1" "$2" >v.json
}
header='"hex": "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"'
vector header "{\"name\": \"genesis\", \"why\": \"w\", $header, \"nonce\": 2083236893}"
run 0 replay v.json
vector header "{\"name\": \"genesis\", \"why\": \"w\", $header, \"nonce\": 2083236894}"
run 6 replay v.json
says out 'genesis: nonce: 2083236893, and not 2083236894'
is failures.0.name genesis
vector header "{\"name\": \"no value\", \"why\": \"w\", $header}"
run 6 replay v.json
says out 'neither a value nor an error'
vector header "{\"name\": \"no reason\", $header, \"nonce\": 2083236893}"
run 6 replay v.json
vector header "{\"name\": \"unknown\", \"why\": \"w\", $header, \"nonce\": 2083236893, \"colour\": 1}"
run 6 replay v.json
says out 'colour'
vector header "{\"name\": \"error\", \"why\": \"w\", $header, \"error\": \"short\"}"
run 6 replay v.json
vector header '{"name": "error", "why": "w", "hex": "00", "error": "header_length", "at": 0}'
run 0 replay v.json
vector header '{"name": "error", "why": "w", "hex": "00", "error": "header_length", "at": 7}'
run 6 replay v.json
vector tx '{"name": "error", "why": "w", "hex": "01", "error": "short"}'
run 0 replay v.json
vector tx '{"name": "error", "why": "w", "hex": "01", "error": "trailing"}'
run 6 replay v.json
vector header ''
run 5 replay v.json
vector weather '{"name": "rain", "why": "w"}'
run 5 replay v.json
echo '{' >v.json
run 5 replay v.json
is error.code json
echo '{}' >v.json
run 5 replay v.json
run 5 replay nothing-there
mkdir no-cases
run 5 replay no-cases
is error.code format_unknown
echo 'no trace' >x.trace
run 6 replay x.trace

# A wrong value in each of our own files is found.
found=0
for file in "$vectors"/bump/valid.json "$vectors"/value/*.json "$vectors"/demo/*.json; do
    sed -e 's/"\(height\|m\|entries\|count\|item_time\|version\)": \([0-9][0-9]*\)/"\1": 9\2/' \
        -e 's/"hash": "000/"hash": "001/; s/"settled": "ef/"settled": "fe/; s/"0222b6/"0322b6/' "$file" >changed.json
    text 6 replay changed.json
    found=$((found + 1))
done
for file in "$vectors"/message/*.json; do
    sed -e 's/"fields": {}/"fields": {"extra": 1}/; s/"fields": {$/"fields": {"extra": 1,/' \
        -e 's/"skipped": true/"skipped": false/' "$file" >changed.json
    text 6 replay changed.json
    found=$((found + 1))
done
printf 'count: files of vectors/ whose changed copies fail: %s\n' "$found"
finish files
