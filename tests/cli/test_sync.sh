#!/bin/sh
# Two wallets over TCP, a unix socket, a command and two pipes: the same set each time, recorded and replayed; and what goes wrong.
. "$(dirname "$0")/lib.sh"

for name in chain-10 web-5a chain-7 pair-a; do demo_file $name; done

# make A B: two wallets with different parts.
make() {
    demo_wallet "$1"
    demo_wallet "$2"
    text 0 import "$1" chain-10.hex web-5a.hex
    text 0 import "$2" chain-7.hex pair-a.hex
}

equal() {
    text 0 list "$1"
    cp out first
    text 0 list "$2"
    cases=$((cases + 1))
    cmp -s first out || wrong 'the listings differ'
}

make a1 b1
serve a1 --listen tcp://127.0.0.1:0 --allow-anonymous
text 0 sync b1 "$address" --record tcp.trace
says out '^complete: [0-9]* outputs, digest [0-9a-f]*; [1-9][0-9]* transactions received, [1-9]'
object 0 sync b1 "$address"
is result complete
is equal true
is stats.round_trips 1
text 0 sync b1 "$address" --quiet
cases=$((cases + 1))
[ ! -s err ] || wrong 'it is not quiet'
stop
equal a1 b1
tail -n 1 out >digest-1
run 0 replay tcp.trace

make a2 b2
serve a2 --listen unix:"$work/socket"
text 0 sync b2 "$address" --record unix.trace
stop
equal a2 b2
tail -n 1 out >digest-2
run 0 replay unix.trace

make a3 b3
text 0 sync b3 "exec:$gasp serve a3 --stdio" --record exec.trace
equal a3 b3
tail -n 1 out >digest-3

# Standard input and output of a process that somebody else started: here two pipes stand for an inetd or an ssh.
make a4 b4
mkfifo to from
"$gasp" serve a4 --stdio <to >from 2>serve-err &
server=$!
text 0 sync b4 "exec:cat from & cat >to" --record stdio.trace
wait "$server" || { cases=$((cases + 1)); what=serve; wrong "ended with $?: $(cat serve-err)"; }
server=
equal a4 b4
tail -n 1 out >digest-4
run 0 replay tcp.trace unix.trace exec.trace stdio.trace
is passed 4
what='four transports'
cases=$((cases + 1))
for n in 2 3 4; do cmp -s digest-1 digest-$n || wrong "digest $n differs"; done

# A trace with a changed byte near its end, and one that is cut, do not replay.
size=$(wc -c <tcp.trace)
{ head -c $((size / 2)) tcp.trace; printf '\377\377'; tail -c +$((size / 2 + 3)) tcp.trace; } >changed.trace
run 6 replay changed.trace
head -c $((size - 5)) tcp.trace >cut.trace
run 6 replay cut.trace

run 3 sync b3 tcp://127.0.0.1:1
is error.class transport
run 3 sync b3 unix:"$work/nobody"
run 3 sync b3 nonsense
is error.code net_address
run 3 sync b3 exec:false
run 3 serve a3 --listen tcp://127.0.0.1:0
is error.code net_refused
run 3 serve a3 --listen unix:"$work/no/where"
run 4 sync nowhere tcp://127.0.0.1:1
text 0 init other --network regtest
run 3 sync other "exec:$gasp serve a3 --stdio"
says err 'network'
run 5 sync b3 tcp://127.0.0.1:1 --record no/where
finish sync
