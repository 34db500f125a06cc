#!/bin/sh
# Commands on a wallet, on real transactions of vectors/demo: what they say, and what they answer when something is wrong.
. "$(dirname "$0")/lib.sh"

demo_wallet a
says out 'trusted at height 705985'
object 0 init j --network test
is network test
run 4 init a
is error.code store_exists
run 4 list nowhere
is error.code store_missing
run 4 list no/where

# Headers.
run 0 headers tip a
golden tip
is height 905910
object 0 headers import a run.hex --height 905353
is known 558
run 6 headers import a run.hex --height 905354
run 5 headers import a missing-file --height 1
printf '00' >one-byte
run 5 headers import a one-byte --height 1
is error.code header_length
# One digit of a merkle root is another: that header has no proof of work any more.
{ head -n 300 run.hex; sed -n 301p run.hex | awk '{ d = substr($0, 90, 1); print substr($0, 1, 89) (d == "0" ? "1" : "0") substr($0, 91) }'; tail -n +302 run.hex; } >bad.hex
text 0 init h
run 6 headers import h bad.hex --height 905353 --pin "$pin"
says err 'header 300'
is error.class verify
run 6 headers trust a "$(sed -n 301p bad.hex)" --height 1
is error.code header_hash
text 0 headers trust a "$(case_hex "$vectors/demo/trusted.json" 705985)" --height 705985

# Import.
for name in chain-10 web-5a height-905906 missing-header changed-signature; do demo_file $name; done
text 0 import a chain-10.hex
golden import
object 0 import a chain-10.hex
is counts.known 11
is counts.committed 0
run 0 import a web-5a.hex height-905906.hex
run 1 import a missing-header.hex
says out '^set aside  437407e10a85c7b707a347a140e82a2c35e36d082253d21855d0d0825bbe5d8c  stands on .* 897738$'
is counts.aside 2
run 6 import a changed-signature.hex
says out '^refused .* input 0$'
is error.code verify_script
is 'transactions.1.refusal' final
run 6 import a missing-header.hex changed-signature.hex chain-10.hex
head -c 400 chain-10.hex >cut.hex
run 5 import a cut.hex changed-signature.hex
says out '^refused'
says err 'cut.hex: byte [0-9]*, transaction [0-9]*: the input ends inside a field'
run 5 import a missing-file
run 5 import a chain-10.hex --outputs 0,77
is error.code count
demo_wallet part
text 0 import part chain-10.hex --outputs 0,2
text 0 list part
says out '^2 outputs'

# List, show, label.
end=b644350f12935374a5f848c6c07bf1f414c88b1f85bd48d7a8d663cf4833adae
none=0000000000000000000000000000000000000000000000000000000000000001
text 0 list a
golden list
object 0 list a
is 'outputs.#' "$(($(wc -l <out) - 2))"
is digest "$(tail -n 1 out | sed 's/.*digest //')"
run 0 list a --spent
run 0 show a $end
is txid $end
is 'ours.#' 3
run 0 show a $end.1
is 'ours.#' 1
run 1 show a $none
is error.code absent
run 1 show a $end.9
run 0 label a $end.1 'note=rent for May'
text 0 list a
says out "^$end.1 .*note=rent for May"
text 0 show a $end.1
says out 'entry of output 1  note=rent for May'
run 0 label a $end.1 note=
text 0 list a
cases=$((cases + 1))
! grep -q note= out || { what='label removed'; wrong 'it is still listed'; }
run 1 label a $none.0 a=b
run 2 label a $end.1 "$(printf 'a\nb=c')"
run 0 label a $end.0 "x=$(printf '\033[31mred')"
text 0 list a
says out 'x=.x1b.31mred'
text 0 label a $end.0 x=

# Graph.
run 0 graph a $end
golden graph
is 'nodes.#' 11
is 'edges.#' 10
LC_ALL=C text 0 graph a $end
golden graph-ascii
text 0 graph a ff624af8ae00be371a9df251d89719cd339980288abd99f097279737f3c5a0f3
golden graph-web
run 0 graph a $end --dot
text 0 graph a $end --dot
golden graph-dot
run 1 graph a $none

# Export, and import elsewhere.
run 0 export a $end
object 0 export a $end
"$json_get" hex <json >object.hex
cmp -s out object.hex || { what=export; wrong 'hex and object differ'; }
run 0 export a $end --format atomic -o atomic.beef --binary
run 0 decode atomic.beef
is subject $end
text 0 export a $end --format atomic
cp out atomic.hex
run 0 decode atomic.hex
is subject $end
text 0 export a $end.2 --binary
cp out end.beef
demo_wallet c
run 0 import c end.beef
text 0 list c
cp out c-list
text 0 list part --spent
run 1 export a $none
run 5 export a $end -o no/where
is error.code file_open

# Check, and a store that somebody else has.
run 0 fsck a
says out ': 0 problems$'
is 'problems.#' 0
: >serve-out
"$gasp" serve a --listen unix:"$work/s" >serve-out 2>serve-err &
server=$!
tries=0
until grep -q '^listening at unix:' serve-out || [ $tries -ge 100 ]; do tries=$((tries + 1)); sleep 0.1; done
run 4 list a
is error.code store_locked
says err "$server"
kill "$server"
wait "$server"
server=
run 0 list a

# A reader that has seen enough.
cases=$((cases + 1))
"$gasp" decode run.hex 2>err | head -n 1 >out
[ ! -s err ] || { what='decode | head'; wrong 'it complains'; }
finish wallets
