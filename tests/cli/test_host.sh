#!/bin/sh
# What a wallet is told by hand, what it lists and what it logs: spend, prove, forget, broadcast, list and its pages, log and
# its followers; sync in one direction, without changing anything, and in time; versions; progress on a terminal.
. "$(dirname "$0")/lib.sh"

made_wallet w
none=0000000000000000000000000000000000000000000000000000000000000001
fund=$(made_id fund) a=$(made_id a) b=$(made_id b) c=$(made_id c)
text 0 import w fund.beef
text 0 list w
cp out all-unspent

# spend
text 0 spend w c.tx
says out "^committed  $c$"
says out '^1 committed, 0 known, 0 set aside, 0 refused, 0 unneeded$'
object 0 spend w c.tx
is counts.known 1
is 'transactions.0.verdict' known
text 0 list w --spent
says out "^$fund.1 .* spent$"
says out "^    spent by $c$"
says out '^1 output listed$'
object 0 list w --spent
is 'outputs.0.spender' "$c"
is 'outputs.0.spenders.#' 1
is count 1
text 0 list w
says out '^39 outputs, digest'
run 6 spend w bad.tx
says out '^refused    .* input 0$'
run 1 spend w stranger.beef
says err '^gasp: stranger.beef: .*spends no output of this wallet'
run 1 spend w a2.tx
says out '^set aside  .*a transaction it spends from was not given'
run 5 spend w ids
run 5 spend w missing
run 2 spend w a.tx --outputs 1,,2
text 0 fsck w

# Two that spend one output: both are kept, and what hangs on them is contested.
text 0 spend w a.tx --outputs all
says out "^committed  $a  2 outputs$"
text 0 spend w a2.tx --outputs 0
text 0 list w --unproven
says out '^2 outputs listed$'
text 0 list w --conflicts
says out '^0 outputs listed$'
text 0 spend w b.tx --outputs 1
text 0 list w --conflicts
says out "^$fund.0 .* spent"
says out "^    spent by $a$"
says out "^    spent by $b$"
says out "^$a.1 .* contested$"
cp out conflicts
object 0 list w --conflicts
is 'outputs.#' 5
cases=$((cases + 1))
[ "$(grep -c contested conflicts)" -ge 3 ] || { what='list --conflicts'; wrong "$(cat conflicts)"; }

# prove: the proven one wins. Root and height are judged.
run 1 prove w later.bump
says out '^set aside .*no header is known at height 12$'
run 1 prove w a.bump
text 0 headers trust w "$(cat 11.header)" --height 11
run 6 prove w root.bump
says out "^refused  .* 11$"
is error.code proof_root
text 0 prove w a.json
says out "^committed  $a  height 11$"
run 0 prove w a.bump
says out "^known  .*$a  height 11$"
od -An -v -tx1 a.bump | tr -d ' \n' >a.hex
object 0 prove w a.hex
is 'transactions.0.height' 11
is counts.known 1
text 0 show w "$a"
says out '^proven at height 11'
text 0 list w --conflicts
cases=$((cases + 1))
! grep -q "^    spent by $a" out || { what='list --conflicts'; wrong 'a proven one is still contested'; }
made_wallet v
text 0 headers trust v "$(cat 11.header)" --height 11
run 1 prove v a.bump
says err '^gasp: a.bump: .*no transaction of this path is in this wallet'
run 5 prove w fund.beef
run 5 prove w ids
echo '{"blockHeight": 11}' >half.json
run 5 prove w half.json
is error.code json
run 6 forget w "$a"
is error.code proven
text 0 fsck w

# forget: what it spent can be spent again.
run 1 forget w $none
is error.code absent
run 2 forget w "$c.0"
run 2 forget w nothing
text 0 forget w "$c"
says out '^forgot 1 transaction$'
run 1 show w "$c"
text 0 list w
says out "^$fund.1 "
text 0 spend w c.tx
object 0 forget w "$c"
is forgotten 1
text 0 fsck w

text 0 spend w c.tx --outputs all
text 0 forget w "$c"
text 0 log w
says out " forgotten    $c.1$"

# broadcast
text 0 spend w c.tx --outputs all
printf '{"status": "SEEN_ON_NETWORK"}' >answer
run 0 broadcast w "$c" answer
says out '^kept 29 bytes$'
text 0 show w "$c"
says out 'SEEN_ON_NETWORK'
: >nothing
text 0 broadcast w "$c" nothing
says out '^removed$'
run 1 broadcast w $none answer
run 2 broadcast w "$c.0" answer
run 5 broadcast w "$c" missing
run 5 broadcast w "$c" .
head -c 4097 /dev/zero >long
run 5 broadcast w "$c" long
says err '^gasp: long: .*4097 bytes, at most 4096'
is error.code entry_value
head -c 4096 /dev/zero >longest
text 0 broadcast w "$c" longest

# Lists of some, and pages.
text 0 label w "$fund.3" colour=red
text 0 label w "$fund.4" colour=blue
text 0 label w "$fund.5" weight=red
text 0 list w --label colour
says out '^2 outputs listed$'
text 0 list w --label colour=red
says out "^$fund.3 .*colour=red"
says out '^1 output listed$'
text 0 list w --label colour=
says out '^0 outputs listed$'
object 0 list w --label colour --unproven
is count 0
run 2 list w --label =red
run 2 list w --spent --unproven
run 2 list w --refused --label colour
run 2 list w --limit 0
run 2 list w --limit x
run 2 list w --after 5
text 0 list w --all --limit 1000
cp out whole
: >paged
after=
pages=0
while :; do
    # shellcheck disable=SC2086
    text 0 list w --all --limit 7 $after
    grep '^[0-9a-f]\{64\}' out >>paged
    pages=$((pages + 1))
    next=$(sed -n 's/^more: --after //p' out)
    [ -n "$next" ] && [ $pages -lt 50 ] || break
    after="--after $next"
done
grep '^[0-9a-f]\{64\}' whole >one-page
same 'pages of a list' one-page paged
[ $pages -ge 6 ] || { what='pages of a list'; wrong "$pages pages"; }
object 0 list w --limit 2
is 'outputs.#' 2
is next "$("$json_get" 'outputs.1.outpoint' <json)"
object 0 list w --limit 1000
is next null
run 0 list w --refused
says out '^0 refused$'
is 'refusals.#' 0

# log
text 0 log w
cp out log
says log ' added '
says log ' spent '
says log ' contested '
says log ' unspent '
says log ' forgotten '
cases=$((cases + 1))
what='numbers of changes'
awk '{ if ($1 <= last) exit 1; last = $1 }' log || wrong 'they do not ascend'
last=$(awk 'END { print $1 }' log)
object 0 log w
is 'changes.#' "$(wc -l <log | tr -d ' ')"
is last "$last"
text 0 log w --limit 10
head -n 10 log >first
same 'log --limit' first out
tenth=$(awk 'NR == 10 { print $1 }' log)
text 0 log w --after "$tenth" --limit 1000
tail -n +11 log >rest
same 'log --after' rest out
text 0 log w --after "$last"
same 'log --after the last' out nothing
object 0 log w --after "$last"
is last "$last"
run 2 log w --after x
run 2 log w --limit 0
run 4 log nowhere
# A follower sees what other commands do, each change once, and does not keep them out.
"$gasp" log w --after "$last" --follow --limit 3 >followed 2>err &
follower=$!
text 0 label w "$fund.6" n=1
text 0 label w "$fund.7" n=2
text 0 label w "$fund.8" n=3
wait $follower || { cases=$((cases + 1)); what='log --follow'; wrong "ended with $?"; }
text 0 log w --after "$last"
same 'log --follow' out followed
"$gasp" log w --after "$last" --follow --json --limit 2 >lines 2>err
cases=$((cases + 1))
what='log --follow --json'
[ "$(wc -l <lines)" -eq 3 ] || wrong "$(cat lines)"
head -n 1 lines >json
is seq $((last + 1))
is kind state
tail -n 1 lines >json
is last $((last + 2))
# While somebody serves, the wallet is the server's, and so are its changes.
text 0 import v fund.beef
serve v --listen unix:"$work/socket" --log
run 4 log v
is error.code store_locked
run 4 log v --follow
text 0 sync w "$address"
stop
says serve-out ' added '
grep -v '^listening' serve-out >told
text 0 log v
tail -n "$(wc -l <told)" out >served
same 'serve --log' told served
text 2 serve w --stdio --log

# One direction. d has nothing, e has all.
made_wallet d
text 0 headers trust d "$(cat 11.header)" --height 11
text 0 import d stranger.beef
text 0 list d
cp out d-before
text 0 list w
cp out w-before
rows_of() {
    rm -f rows.backup
    text 0 backup "$1" rows.backup
    tail -c +29 rows.backup | head -c $(($(wc -c <rows.backup) - 60)) >"$2"
}
rows_of w w-rows
rows_of d d-rows
serve w --listen unix:"$work/socket"
run 0 sync d "$address" --dry-run
says out '^would come     '
says out '^nothing was changed; complete: '
is dry_run true
is direction pull
cases=$((cases + 1))
[ "$("$json_get" 'would_come.#' <json)" -ge 3 ] || { what='sync --dry-run'; wrong 'too little would come'; }
stop
text 0 list d
same 'dry run, here' d-before out
rows_of d rows
same 'rows after a dry run, here' d-rows rows
rows_of w rows
same 'rows after a dry run, there' w-rows rows
text 0 log d
cp out d-log
serve w --listen unix:"$work/socket"
object 0 sync d "$address" --pull
is direction pull
is result complete
stop
text 0 list w
same 'pull and dry run, there' w-before out
text 0 log d --after "$(awk 'END { print $1 }' d-log)"
[ -s out ] || { what='sync --pull'; wrong 'nothing came'; }
text 0 list d --all
cases=$((cases + 1))
[ "$(wc -l <out)" -gt 40 ] || { what='sync --pull'; wrong 'too little came'; }
made_wallet e
text 0 headers trust e "$(cat 11.header)" --height 11
text 0 import e stranger.beef
text 0 list e
cp out e-before
serve v --listen unix:"$work/socket"
object 0 sync e "$address" --push
is direction push
is peer_result complete
text 0 list e
same 'push, here' e-before out
stop
text 0 show v "$(made_id stranger)"
run 2 sync e x --push --pull
run 2 sync e x --push --dry-run
run 2 sync e x --timeout 0
run 2 sync e x --timeout 1.5
run 2 sync e x --timeout 99999999999

# What cannot be taken is remembered with its reason, and listed; a dry run remembers nothing.
made_wallet f
text 1 sync f "exec:$gasp serve w --stdio -q" --dry-run
says out "^would not come $a  no header is known at height 11$"
text 0 list f --refused
says out '^0 refused$'
text 1 sync f "exec:$gasp serve w --stdio -q" --pull
text 0 list f --refused
says out "^$a.1  *no header known at that height, height 11"
object 0 list f --refused --limit 1
is 'refusals.0.code' proof_no_header
is 'refusals.0.refusal' missing
next=$("$json_get" next <json)
object 0 list f --refused --after "$next"
is next null
is 'refusals.#' "$(($(grep -c 'no header known' out) - 1))"

# In time.
cases=$((cases + 1))
begun=$(date +%s)
run 7 sync e 'exec:exec sleep 30' --timeout 1
says err '^gasp: exec:exec sleep 30: not done within the given time (1 s)$'
is error.code net_timeout
is error.class transport
[ $(($(date +%s) - begun)) -lt 20 ] || { what='--timeout'; wrong 'it took too long'; }
text 0 sync e "exec:$gasp serve v --stdio" --timeout 60
text 0 fsck e

# Versions.
object 0 --version
for member in version protocol.min protocol.max features layout backup libraries.openssl libraries.libsecp256k1 \
    libraries.libbloom libraries.leveldb libraries.libuv libraries.jansson; do
    cases=$((cases + 1))
    what='--version --json'
    got=$("$json_get" $member <json) || wrong "no $member"
    [ -n "$got" ] || wrong "$member is empty"
done
is protocol.min 1

# Progress is for terminals, and never with --quiet. `script` makes one.
if command -v script >/dev/null && script -qec true /dev/null >/dev/null 2>&1; then
    on_terminal() { TERM=xterm script -qec "$*" /dev/null </dev/null 2>&1; }
    rm -f p.backup
    serve w --listen unix:"$work/socket"
    made_wallet s1
    made_wallet s2
    made_wallet s3
    on_terminal "$gasp sync s1 $address" >out
    what='progress of sync'
    says out "$(printf '\r')sync: [0-9]* transactions taken"
    on_terminal "$gasp sync s2 $address --quiet" >out
    cases=$((cases + 1))
    ! grep -q 'sync: ' out || wrong 'it is not quiet'
    "$gasp" sync s3 "$address" >out 2>err
    cases=$((cases + 1))
    ! grep -q 'sync: ' err || wrong 'it is shown where no terminal is'
    stop
    for words in "backup w p.backup" "restore p.backup p" "fsck p" "import p fund.beef"; do
        on_terminal "$gasp $words" >out
        what="progress of $words"
        says out "$(printf '\r')${words%% *}: "
        cases=$((cases + 1))
        case $words in
        backup*) words="backup w q.backup" ;;
        restore*) words="restore p.backup q" ;;
        esac
        on_terminal "$gasp $words --quiet" >out
        ! grep -q "$(printf '\r')${words%% *}: " out || { what="progress of $words"; wrong 'it is not quiet'; }
        on_terminal "$gasp $words 2>err" >/dev/null
        ! grep -q "$(printf '\r')" err || { what="progress of $words"; wrong 'it is shown where no terminal is'; }
    done
fi
finish host
