#!/bin/sh
# backup and restore: what comes back is the same; files stay when they are not to be replaced; what is not whole is refused
# and leaves nothing, also when the command is killed on the way.
. "$(dirname "$0")/lib.sh"

demo_wallet a
demo_file chain-10
demo_file web-5a
text 0 import a chain-10.hex web-5a.hex
end=b644350f12935374a5f848c6c07bf1f414c88b1f85bd48d7a8d663cf4833adae
text 0 label a $end.1 note=rent
text 0 list a --all
cp out a-list
text 0 log a
cp out a-log

text 0 backup a a.backup
says out '^a.backup: [0-9]* rows, [0-9,]* bytes, SHA-256 [0-9a-f]\{64\}$'
what='mode of a backup'
cases=$((cases + 1))
[ "$(ls -l a.backup | cut -c1-10)" = -rw------- ] || wrong "$(ls -l a.backup)"
object 0 backup a b.backup
is file b.backup
is network main
is bytes "$(wc -c <b.backup | tr -d ' ')"
is sha256 "$(tail -c 32 b.backup | od -An -v -tx1 | tr -d ' \n')"
# The hash is over all that stands before it.
if command -v sha256sum >/dev/null; then
    is sha256 "$(head -c $(($(wc -c <b.backup) - 32)) b.backup | sha256sum | cut -c1-64)"
fi

text 0 restore a.backup r
says out '^wallet in r, network main, as of [-0-9: ]* UTC: [0-9]* rows$'
text 0 list r --all
same 'list of what was restored' a-list out
text 0 log r
same 'log of what was restored' a-log out
run 0 fsck r
object 0 restore b.backup r2
is network main
is directory r2
# Over pipes; and what is restored is saved to the same bytes, but for the time in the head.
cases=$((cases + 1))
"$gasp" backup a - 2>err | "$gasp" restore - r3 >out 2>>err || { what='backup | restore'; wrong 'it failed'; }
text 0 list r3 --all
same 'list over pipes' a-list out
text 0 backup r3 c.backup
tail -c +29 c.backup | head -c $(($(wc -c <c.backup) - 60)) >c-rows
tail -c +29 a.backup | head -c $(($(wc -c <a.backup) - 60)) >a-rows
same 'rows of two backups' a-rows c-rows

# Files that are there stay.
cp a.backup kept
run 5 backup a a.backup
says err '^gasp: a.backup: .*--force replaces it'
same 'not replaced' kept a.backup
run 0 backup a a.backup --force
cases=$((cases + 1))
! cmp -s kept a.backup && [ ! -e a.backup.part ] || { what='backup --force'; wrong 'not replaced, or a part is left'; }
cp a.backup kept
run 4 backup nowhere a.backup --force
same 'no wallet, no backup' kept a.backup
run 4 backup nowhere new.backup
run 5 backup a no/where
run 5 backup a .
run 5 backup a . --force
cases=$((cases + 1))
[ ! -e new.backup ] && [ ! -e ..part ] || { what=backup; wrong 'something was made'; }
object 2 backup a -
if [ -w /dev/full ]; then
    run 5 backup a /dev/full --force
    cases=$((cases + 1))
    [ -c /dev/full ] || { what=backup; wrong '/dev/full is gone'; }
fi
# A file that cannot grow is deleted again.
cases=$((cases + 1))
code=0
(ulimit -f 1; trap '' XFSZ; exec "$gasp" backup a small.backup) >out 2>err || code=$?
what='backup to a full disk'
{ [ $code -eq 5 ] && [ ! -e small.backup ]; } || wrong "exit code $code"

# Where a wallet is, nothing is restored; nor where somebody has it.
run 4 restore a.backup r
is error.code store_exists
run 4 restore a.backup r --force
is error.code store_exists
text 0 list r --all
same 'a wallet in the way' a-list out
serve a --listen unix:"$work/s"
run 4 backup a d.backup
is error.code store_locked
run 4 restore b.backup a
stop
run 5 restore missing x
run 5 restore . x
run 4 restore a.backup no/where
run 4 restore a.backup a.backup
cases=$((cases + 1))
[ ! -e x ] || { what=restore; wrong 'something was made'; }

# Cut, altered, longer: refused with the place, and what was made goes again.
size=$(wc -c <a.backup)
for len in 0 1 7 8 27 28 29 100 $((size / 2)) $((size - 33)) $((size - 32)) $((size - 1)); do
    head -c "$len" a.backup >cut
    run 5 restore cut x
    says err '^gasp: cut: byte [0-9]*, row [0-9]*: '
    cases=$((cases + 1))
    [ ! -e x ] || { what="restore of $len bytes"; wrong 'something is left'; }
done
{ cat a.backup; printf 'x'; } >longer
run 5 restore longer x
is error.code trailing
{ head -c $((size / 2)) a.backup; printf '\377\376'; tail -c +$((size / 2 + 3)) a.backup; } >altered
run 5 restore altered x
{ head -c $((size - 1)) a.backup; printf '\377'; } >altered
cmp -s altered a.backup && { head -c $((size - 1)) a.backup; printf '\376'; } >altered
run 5 restore altered x
is error.code backup_hash
{ printf 'gaspback\002'; tail -c +10 a.backup; } >later
run 5 restore later x
is error.code backup_version
run 5 restore chain-10.hex x
is error.code format_unknown
mkdir kept-dir
run 5 restore cut kept-dir
cases=$((cases + 1))
{ [ -d kept-dir ] && [ -z "$(ls kept-dir)" ]; } || { what=restore; wrong 'a directory that was there is not as it was'; }
text 0 restore a.backup kept-dir

# Killed on the way: no wallet, and --force begins anew. Needs more rows than one batch has.
headers=${GASP_SHARED:-$root/../shared}/data/headers/bsv-mainnet-900000-916817.headers
if [ -f "$headers" ]; then
    hash=$("$gasp" decode "$headers" --json | "$json_get" headers.146.hash)
    text 0 init h
    text 0 headers import h "$headers" --height 900000 \
        --pin "900146:$hash:0000000000000000000000000000000000000000016654fa8e92fbce756979fa"
    text 0 backup h h.backup
    mkfifo pipe
    "$gasp" restore pipe k >out 2>err &
    killed=$!
    { head -c $(($(wc -c <h.backup) - 40)) h.backup; sleep 20; } >pipe &
    writer=$!
    tries=0
    until [ -n "$(find k/store -name '*.log' -size +100k 2>/dev/null)" ] || [ $tries -ge 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    kill -9 $killed
    wait $killed 2>/dev/null
    kill $writer 2>/dev/null
    wait $writer 2>/dev/null
    run 4 list k
    is error.code store_missing
    run 4 restore h.backup k
    is error.code store_exists
    says err 'did not finish; --force deletes them'
    text 0 restore h.backup k --force
    text 0 headers tip k
    cp out k-tip
    text 0 headers tip h
    same 'after --force' k-tip out
    run 0 fsck k
fi
finish backup
