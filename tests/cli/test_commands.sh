#!/bin/sh
# The command line itself: help of every command names its every option, the manual and completion too; what does not
# hold is a usage error with a hint; --json answers with an object also then.
. "$(dirname "$0")/lib.sh"

run 0 help
says out 'Exit codes'
golden help
run 0 --help
run 0 --version
says out '^gasp [0-9]'
run 2
run 0 man
cp out manual
run 0 completion bash
cp out bash
run 0 completion fish
cp out fish
run 0 completion zsh
run 2 completion ksh

commands=$("$gasp" help --json | "$json_get" 'commands.*.name')
printf '%s\n' "$commands" >commands
n=0
while read -r name; do
    # shellcheck disable=SC2086
    run 0 $name --help
    cp out page
    # shellcheck disable=SC2086
    "$gasp" help $name --json >json
    "$json_get" 'options.*.name' <json >options
    while read -r option; do
        what="$name $option"
        says page "$option"
        says bash "$option"
        says fish "${option#--}"
        sed 's/\\-/-/g' manual >plain
        says plain "$option"
        n=$((n + 1))
    done <options
    # Nothing given, and too much: not for those that take nothing or anything.
    case $name in
    help | man | completion | limits) ;;
    *)
        # shellcheck disable=SC2086
        run 2 $name
        # shellcheck disable=SC2086
        run 2 $name --no-such-option x
        is error.code usage
        ;;
    esac
done <commands
[ "$(wc -l <commands)" -ge 18 ] || { what=help; wrong 'commands are missing'; }

# The same rows as text and as JSON.
run 0 limits
says out '^max_wants  *4096 wants  *set  *References'
says out '^tx_bytes  *67108864 bytes  *fixed  *One transaction'
cut -d' ' -f1 <out >rows
text 0 limits --json
"$json_get" 'limits.*.name' <out >names
cmp -s rows names || wrong 'other rows than the text has'
says out '"error": *"peer_limit"'
run 2 limits x

run 2 lsit
says err 'did you mean `list`'
run 2 headers improt x y
says err 'did you mean `headers import`'
run 2 headers
run 2 list x --jsno
says err 'did you mean --json'
run 2 list a b
says err 'usage: gasp list DIR'
run 2 init x --network mian
says err 'main test regtest'
run 2 init x --network
run 2 init x --network=main --network=test
run 2 list x --spent=yes
run 2 headers import x y
says err 'height'
run 2 headers import x y --height 4294967296
run 2 headers import x y --height 1 --pin 1:2:3
run 2 headers trust x 00 --height 1
run 2 import x y --outputs 1,,2
run 2 show x nothing
run 2 label x 0000000000000000000000000000000000000000000000000000000000000000 a=b
run 2 label x 0000000000000000000000000000000000000000000000000000000000000000.0 a
run 2 serve x
run 2 serve x --stdio --listen unix:y
text 2 -- --help

# A switch may stand anywhere, a value may be attached.
text 0 --json help
text 0 init --network=regtest w1
text 0 -q init w2 --network regtest
text 0 init -- -w3

printf 'count: options that help, manual and completion name: %s\n' "$n"
finish commands
