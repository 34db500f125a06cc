#!/bin/sh
# Every command that reads a file, with every kind of file that is none: empty, missing, a directory, unreadable, 100 MB of
# nothing, random, cut at many places, with a byte changed at many places, of another kind, of another network. Each time:
# a documented exit code; for a file at fault one line that names it and gives a reason; a wallet as it was before.
. "$(dirname "$0")/lib.sh"

seed=${GASP_SEED:-$(date +%s)}
printf 'GASP_SEED=%s\n' "$seed"
one_in=${GASP_ONE_IN:-1}
tried=0

made_wallet w
text 0 headers trust w "$(cat 11.header)" --height 11
text 0 import w fund.beef --outputs 0,1,2,3
text 0 spend w a.tx
text 0 init empty-wallet
cp -r w w-kept
text 0 list w --all
cp out before
text 0 log w
cat out >>before

# A session of two wallets, recorded.
made_wallet v
text 0 import v stranger.beef
text 0 sync v "exec:$gasp serve w --stdio" --record good.trace
rm -rf w
cp -r w-kept w
text 0 backup w good.backup
cp "$vectors/bump/valid.json" good.json
demo_wallet m
cp fund.beef good.beef
cp a.bump good.bump
cp a.json good-bump.json
cp b.tx good.tx
awk '{ gsub(/[ \n]/, ""); printf "%s", $0 }' run.hex | head -c 25600 >hex
awk '{ for (i = 1; i < length($0); i += 2) {
        h = index("0123456789abcdef", substr($0, i, 1)) - 1; l = index("0123456789abcdef", substr($0, i + 1, 1)) - 1
        printf "\\%03o", 16 * h + l } }' hex >escapes
# shellcheck disable=SC2059
printf "$(cat escapes)" >good-headers

unchanged() {
    case " $* " in *' new-wallet '* | *' w '*) ;; *) return ;; esac
    [ ! -e new-wallet ] || { wrong 'a directory is left'; rm -rf new-wallet; }
    "$gasp" list w --all >out 2>>err && "$gasp" log w >>out 2>>err
    cmp -s before out || { wrong 'the wallet has changed'; rm -rf w; cp -r w-kept w; }
}

# bad CODES COMMAND ARGUMENT...: the command fails on the file `bad` with one of these codes, in the way that is documented.
bad() {
    codes=$1
    shift
    what="$kind: gasp $*"
    cases=$((cases + 1))
    tried=$((tried + 1))
    code=0
    "$gasp" "$@" >out 2>err </dev/null || code=$?
    case " $codes " in
    *" $code "*) ;;
    *) wrong "exit code $code, expected one of $codes" ;;
    esac
    ! grep -q -e 'Sanitizer' -e 'runtime error' err || wrong 'a sanitizer spoke'
    if [ $code -eq 5 ]; then
        [ "$(wc -l <err)" -eq 1 ] || wrong 'not one line on standard error'
        grep -q '^gasp: bad: .\|^gasp: bad: byte [0-9]*[,:] .' err || wrong "no place and reason: $(cat err)"
    elif [ $code -ge 2 ]; then
        [ -s err ] || [ -s out ] || wrong 'failed without a word'
    fi
    # What went well has done what it says; the next one begins where all began.
    if [ $code -le 1 ] && ! { "$gasp" list w --all && "$gasp" log w; } 2>&1 | cmp -s before -; then
        went_well=$((went_well + 1))
        rm -rf w
        cp -r w-kept w
    fi
    unchanged "$@"
}

# Offsets into a file of this size: its ends, and some at random.
offsets() {
    awk -v size="$1" -v seed="$2" -v n="$3" 'BEGIN {
        srand(seed)
        split("0 1 2 3 4 5 8 79 80 81", ends, " ")
        for (i = 1; i <= 10; i++) if (ends[i] < size) print ends[i]
        print size - 1; print size - 2; print int(size / 2)
        for (i = 0; i < n; i++) print int(rand() * size) }' | sort -nu | awk '$1 >= 0'
}

# each GOOD CODES-WHEN-CUT CODES-WHEN-CHANGED COMMAND ARGUMENT...: the whole table for one command and its good file. Empty,
# random, large and foreign files are as those that are cut.
each() {
    good=$1 cut=$2 changed=$3
    shift 3
    went_well=0
    rm -rf bad
    kind=missing
    bad 5 "$@"
    kind=directory
    mkdir bad
    bad 5 "$@"
    rmdir bad
    if [ "$(id -u)" -ne 0 ]; then
        kind=unreadable
        cp "$good" bad
        chmod 000 bad
        bad 5 "$@"
        rm -f bad
    fi
    kind='100 MB of nothing'
    truncate -s 100000001 bad
    bad "$cut" "$@"
    kind=random
    for n in 1 2 3; do
        awk -v seed=$((seed + n)) 'BEGIN { srand(seed); for (i = 0; i < 3000; i++) printf "%c", 1 + int(rand() * 127) }' >bad
        bad "$cut" "$@"
    done
    for foreign in good.beef good.bump good.tx good.backup good-headers good.trace; do
        kind="a $foreign"
        cp $foreign bad
        [ $foreign = "$good" ] || bad "$cut $foreign_codes" "$@"
    done
    size=$(wc -c <"$good")
    for at in $(offsets "$size" "$seed" $((24 / one_in))); do
        kind="cut at $at of $good"
        head -c "$at" "$good" >bad
        bad "$cut" "$@"
    done
    for at in $(offsets "$size" $((seed + 1)) $((36 / one_in))); do
        byte=$(od -An -v -tu1 -j "$at" -N 1 "$good" | tr -d ' ')
        kind="byte $at of $good changed"
        {
            head -c "$at" "$good"
            # shellcheck disable=SC2059
            printf "\\$(printf '%03o' $(((byte + 1 + (seed + at) % 255) % 256)))"
            tail -c +$((at + 2)) "$good"
        } >bad
        bad "$changed" "$@"
    done
    what="gasp $*"
    cases=$((cases + 1))
    text 0 fsck w
    [ "$went_well" -le "$may_go_well" ] || wrong "$went_well broken files went well"
}

# What may be cut or changed without being wrong: a flag in a path, bytes that no signature covers, a part that is a file of
# another form (80 bytes are a header). What goes well with the wallet is counted: it is the exception.
may_go_well=1
foreign_codes='0 1 6'
each good.beef 5 '1 5 6' import w bad
each good.tx 5 '1 5 6' import w bad
each good.tx 5 '0 1 5 6' spend w bad
each good.bump 5 '0 1 5 6' prove w bad
each good-bump.json 5 '0 1 5 6' prove w bad
may_go_well=0
foreign_codes=
each good.backup 5 5 restore bad new-wallet
foreign_codes='0 6'
each good.beef '0 5' '0 5 6' decode bad
each good.bump '0 5' '0 5' decode bad
each good.tx '0 5' '0 5' decode bad
each good-headers '0 5 6' '0 5 6' decode bad
foreign_codes='6'
for format in tx beef bump bump-json headers block; do
    each good-bump.json '0 5' '0 5' decode bad --format $format
done
each good.json 5 '0 5 6' replay bad
each good-headers '0 2 5 6' '5 6' headers import m bad --height 905353 --pin "$pin"
each good-headers '2 5 6' '5 6' headers import w bad --height 905353 --pin "$pin"

# Any bytes are an answer of a broadcaster, but not any number of them.
a=$(made_id a)
kind='100 MB of nothing'
truncate -s 100000001 bad
bad 5 broadcast w "$a" bad
rm bad
kind=missing
bad 5 broadcast w "$a" bad
kind=directory
mkdir bad
bad 5 broadcast w "$a" bad
rmdir bad

# Of another network: a proof in a block that is not of this chain, a header without its work, a peer, a backup's head.
kind='main network'
demo_file chain-10
cp chain-10.hex bad
bad 1 import w bad
bad 1 spend w bad
bad 6 headers trust m "$(cat 10.header)" --height 10
bad 3 sync w "exec:$gasp serve m --stdio"
{ head -c 16 good.backup; printf '\001'; tail -c +18 good.backup; } >bad
bad 5 restore bad new-wallet
printf 'count: broken files given to commands: %s, seed %s\n' "$tried" "$seed"
finish broken
