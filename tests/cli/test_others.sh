#!/bin/sh
# Files of other projects, by `replay --kind`. They are not committed: without them this is skipped.
. "$(dirname "$0")/lib.sh"

data=${GASP_SHARED:-$root/../shared}/data
if [ ! -d "$data/beef" ]; then
    [ "${GASP_REQUIRE_SHARED:-0}" = 0 ] || { echo "no $data"; exit 1; }
    exit 77
fi

# counted KIND N FILE...
counted() {
    kind=$1 n=$2
    shift 2
    run 0 replay --kind "$kind" "$@"
    is passed "$n"
    is failed 0
}

counted bump 10 "$data/beef/rs-sdk-bump-valid.json" "$data/beef/rs-sdk-bump-invalid.json"
counted bump 8 "$data/beef/ts-sdk-bump-vectors.json"
counted bump 3 "$data/beef/brc-74-example.json"
counted bump 16 "$data/beef/ts-stack-merkle-path.json"
counted beef 38 "$data/beef/beef-corpus.json"
printf 'count: BUMP 6 valid and 12 invalid rows, merkle-path conformance 16, BEEF corpus 36 parse and 2 refused\n'

# The pin of the issue's run: its work is the published one of 899999 and the work of what follows.
hash=$("$gasp" decode "$data/headers/bsv-mainnet-900000-916817.headers" --json | "$json_get" headers.146.hash)
counted headers 16818 --height 900000 --pin "900146:$hash:0000000000000000000000000000000000000000016654fa8e92fbce756979fa" "$data/headers/bsv-mainnet-900000-916817.headers"
is headers.linked 147
is headers.judged 16671
printf 'count: headers 16,818 of 16,818: 147 by link and hash, 16,671 by difficulty too\n'
counted headers 10237 --height 0 "$data/headers/mainnet-0-10236.headers"

run 2 replay --kind headers "$data/headers/mainnet-0-10236.headers"
run 6 replay --kind headers --height 5 "$data/headers/mainnet-0-10236.headers"
run 5 replay --kind bump "$data/gasp/ts-stack-gasp-protocol.json" "$data/bep44/bep44-vectors.json"
run 5 replay --kind beef "$data/beef/ts-sdk-bump-vectors.json"

run 0 decode "$data/blocks/bsv-mainnet-705985.block"
says out '^block of 648 transactions'
is 'transactions.#' 648
finish others
