#!/bin/sh
# Two wallets with different parts of real mainnet history come to the same set, over a socket of this machine.
#
#     run.sh [GASP [DEMO_DATA]]
#
# Every command is shown before it runs, and its exit code is checked: anything unexpected ends the run with 1.
# Long results are shown shortened. Where the data comes from stands in vectors/demo/*.json.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
gasp=${1:-$root/build/bin/gasp}
demo_data=${2:-$root/build/release/tests/demo_data}

# What both hold in the end: the outputs that A and B offer, and the transactions of vectors/demo/ that these stand on. All
# three were computed by another program, the digest from the values in docs/protocol.md.
outputs_in_all=31
transactions_in_all=60
digest_in_all=9766bf381f427116123c1142aa064424

work=$(mktemp -d "${TMPDIR:-/tmp}/gasp-demo.XXXXXX")
server=
clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

bold= plain=
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi

die() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

step() {
    printf '\n%s%s%s\n' "$bold" "$1" "$plain"
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@"
}

# The lines of a file, indented; of more than $1 lines the first few and the last two.
lines() {
    awk -v most="$1" '
        { line[NR] = $0 }
        END {
            head = NR > most ? most - 3 : NR
            for (i = 1; i <= head; i++) print "    " line[i]
            if (NR > most) {
                print "    ... (" NR - head - 2 " more lines like these)"
                print "    " line[NR - 1]
                print "    " line[NR]
            }
        }' "$2"
}

# run CODE LINES ARGUMENT...: shows `gasp ARGUMENT...` and runs it; it must answer CODE. Its words stand in last.txt.
run() {
    expected=$1 most=$2
    shift 2
    printf '  $ gasp'
    for word in "$@"; do
        [ ${#word} -le 100 ] || word=$(printf '%.24s...' "$word")
        printf ' %s' "$word"
    done
    printf '\n'
    code=0
    "$gasp" "$@" >last.txt 2>&1 || code=$?
    lines "$most" last.txt
    [ "$code" -eq "$expected" ] || die "exit code $code, expected $expected"
    [ "$expected" -eq 0 ] || printf '    (exit code %s)\n' "$code"
}

# says PATTERN: the last command said that.
says() {
    grep -q -e "$1" last.txt || die "the last command did not say: $1"
}

for program in "$gasp" "$demo_data"; do
    [ -x "$program" ] || die "$program is missing; ./dev demo builds it"
done
cd "$work"
mkdir files
"$demo_data" files "$root"/vectors/demo/*.json
end=b644350f12935374a5f848c6c07bf1f414c88b1f85bd48d7a8d663cf4833adae # of chain-10, which only A has
run_of_headers=files/main-905353-905910.headers
trusted=$(od -An -v -tx1 files/main-705985.header | tr -d ' \n')

step '1. Two empty wallets' \
    'Each is a folder. A wallet trusts nothing but block headers.'
for wallet in A B; do
    run 0 3 init $wallet
done

step '2. Block headers' \
    'A run of 558 real headers, of which one is vouched for: those before it are checked by their links, those after it' \
    'by every rule of the chain. One older header, of block 705985, is taken on our word.'
for wallet in A B; do
    run 0 3 headers import $wallet $run_of_headers --height 905353 --pin "$(cat $run_of_headers.pin)"
    says 'height 905910'
    run 0 3 headers trust $wallet "$trusted" --height 705985
done

step '3. A gets its part of the history' \
    'Each file is a BEEF: a transaction and what it spends from, down to transactions with a merkle path to a header.' \
    'Those between have no proof, so their scripts are run. Only the ends of the chains are offered to peers.'
run 0 6 import A files/chain-10.beef files/web-5a.beef files/web-4.beef files/chain-3a.beef files/pair-a.beef
run 0 6 import A files/height-905506.beef
run 0 6 import A files/part-of-chain-3b.beef --outputs 1,2,3
run 0 6 import A files/part-of-web-5b.beef --outputs 0

step '4. B gets another part, which overlaps' \
    'B knows the first six transactions of the chain of ten that A has whole.'
run 0 6 import B files/chain-7.beef files/web-5b.beef files/chain-3b.beef files/pair-b.beef
run 0 6 import B files/height-905906.beef
run 0 6 import B files/part-of-chain-10.beef --outputs 0,1

step '5. What is not taken' \
    'This one is sound as far as it goes, but it stands on a block whose header is not here. It is set aside.'
run 1 8 import A files/missing-header.beef
says 'set aside  437407e10a85c7b707a347a140e82a2c35e36d082253d21855d0d0825bbe5d8c'
says 'height 897738'
printf '%s\n' 'In this one a byte of the signature was changed. It is refused.'
run 6 8 import B files/changed-signature.beef
says '^refused '

step '6. Before' 'The two wallets differ.'
run 0 6 list A
mv last.txt before-a.txt
run 0 6 list B
if cmp -s before-a.txt last.txt; then
    die 'the wallets do not differ'
fi

step '7. Sync' \
    'B serves at a port of this machine, A connects. Each sends what the other lacks; what its transactions stand on is' \
    'asked for step by step until it reaches a proof, and only what was verified is stored.'
printf '  $ gasp serve B --listen tcp://127.0.0.1:0 --allow-anonymous &\n'
: >serve.txt # it is read before the server has made it
"$gasp" serve B --listen tcp://127.0.0.1:0 --allow-anonymous >serve.txt 2>serve-notes.txt &
server=$!
tries=0
until grep -q '^listening at ' serve.txt; do
    kill -0 "$server" 2>/dev/null || die "serve ended: $(cat serve-notes.txt)"
    [ $((tries += 1)) -le 100 ] || die 'serve does not listen'
    sleep 0.1
done
lines 1 serve.txt
address=$(sed -n 's/^listening at //p' serve.txt)
run 0 14 sync A "$address"
says '^complete: '

step '8. Sync again' 'Both sides say in their first words what they have; it is the same, and that was all.'
run 0 14 sync A "$address"
says '^complete: .* 0 transactions received, 0 sent, .* 1 round trip,'
printf '%s\n' 'B stops serving.'
kill -TERM "$server"
code=0
wait "$server" || code=$?
server=
[ "$code" -eq 0 ] || die "serve ended with $code: $(cat serve-notes.txt)"

step '9. After' 'Both list the same, byte for byte.'
run 0 10 list A
mv last.txt after-a.txt
run 0 10 list B
cmp after-a.txt last.txt || die 'the listings differ'
printf '  $ cmp A B: equal\n'
summary=$(tail -n 1 last.txt)
[ "$summary" = "$outputs_in_all outputs, digest $digest_in_all" ] ||
    die "expected $outputs_in_all outputs, digest $digest_in_all"

step '10. What one transaction stands on, drawn by the wallet that did not have it'
run 0 20 graph B $end
says '10 unproven on 1 proven'

step '11. Everything checked again, from the bytes on the disk'
for wallet in A B; do
    run 0 3 fsck $wallet
    says "^checked $transactions_in_all transactions"
done

printf '\ncomplete: both wallets hold %s transactions and %s\n' "$transactions_in_all" "$summary"
