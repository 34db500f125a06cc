/* Two wallets in one process. Alice is what the library gives by itself: it keeps headers and takes what it is given. Bob is
 * a host with a chain of headers, a rule and a store of its own. Alice holds an output, Bob gets it from her. */
#include <stdio.h>
#include <string.h>

#include "gasp/header.h"
#include "gasp/session.h"

/* The header of mainnet block 1, and its only transaction with its merkle path, as BEEF. */
static const char header_hex[] =
    "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744"
    "bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299";
static const char beef_hex[] =
    "0100beef010101010002982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e0101000000"
    "010000000000000000000000000000000000000000000000000000000000000000ffffffff0704ffff001d0104ff"
    "ffffff0100f2052a0100000043410496b538e853519c726a2c91e61ec11600ae1390813a627c66fb8be7947be63c"
    "52da7589379515d4e0a604f8141781e62294721166bf621e73a82cbf2342c858eeac000000000100";

static const gasp_time now = {.mono_ms = 1, .wall_ms = 1700000000000}; /* a real host asks its clock each time */

/* ---- Bob's own headers: here two of them, in a real host those of its node ---- */

typedef struct chain {
    gasp_header_info list[2]; /* by height */
    uint32_t n;
    uint64_t moves; /* kept with the headers, or begun from something that cannot repeat */
} chain;

static gasp_err chain_epoch(void *user, uint64_t *epoch)
{
    *epoch = ((const chain *)user)->moves;
    return GASP_OK;
}

static gasp_err chain_tip(void *user, gasp_header_info *out)
{
    const chain *c = user;
    *out = c->list[c->n - 1];
    return GASP_OK;
}

static gasp_err chain_at(void *user, gasp_header_info *out, uint32_t height)
{
    const chain *c = user;
    if (height >= c->n)
        return GASP_ABSENT;
    *out = c->list[height];
    return GASP_OK;
}

static gasp_err chain_find(void *user, gasp_header_info *out, const gasp_block_hash *hash)
{
    const chain *c = user;
    for (uint32_t i = 0; i < c->n; i++) {
        *out = c->list[i];
        if (memcmp(out->hash.b, hash->b, sizeof hash->b) == 0)
            return GASP_OK;
    }
    return GASP_ABSENT;
}

/* ---- Bob's own rule: outputs of at least a thousand satoshi ---- */

static gasp_err decide_one(gasp_admit_batch *batch, size_t i)
{
    gasp_admit_graph graph;
    uint32_t vouts[16];
    size_t n = 0;
    gasp_err err = gasp_admit_batch_graph(batch, &graph, i);
    for (size_t k = 0; err == GASP_OK && k < graph.n_outputs && n < 16; k++)
        if (graph.outputs[k].sat >= 1000)
            vouts[n++] = graph.outputs[k].vout;
    return err == GASP_OK ? gasp_admit_take_outputs(batch, i, vouts, n) : err; /* none: it is declined */
}

static gasp_err decide(void *user, gasp_admit_batch *batch, uint64_t ticket)
{
    gasp_err err = GASP_OK;
    (void)user;
    (void)ticket; /* for a host that answers GASP_PENDING, and gasp_session_resume when it has decided */
    for (size_t i = 0; err == GASP_OK && i < gasp_admit_batch_len(batch); i++)
        err = decide_one(batch, i);
    return err;
}

/* ---- Bob's own store: one in memory that sees every batch; a whole one, over SQLite: tests/embed/kv_sqlite.c ---- */

typedef struct bob {
    chain headers;
    gasp_headers headers_port;
    gasp_admit admit_port;
    gasp_kv *below;
    gasp_kv store; /* below, but for write */
    uint64_t last; /* number of the last change that Bob has dealt with; a real host keeps it beside its rows */
} bob;

/* A batch of the wallet, and in the same transaction of the database what the host has to note of its changes. */
static gasp_err bob_write(void *user, const gasp_kv_op *ops, size_t n, bool sync)
{
    bob *b = user;
    gasp_change change;
    for (size_t i = 0; i < n; i++)
        if (gasp_change_of_op(&ops[i], &change) == GASP_OK)
            printf("Bob's store writes change %llu\n", (unsigned long long)change.seq);
    return b->below->write(b->below->user, ops, n, sync);
}

static gasp_err bob_snapshot(void *user, gasp_kv_snapshot **out)
{
    bob *b = user;
    return b->below->snapshot(b->below->user, out);
}

static void bob_release(void *user, gasp_kv_snapshot *snapshot)
{
    bob *b = user;
    b->below->release(b->below->user, snapshot);
}

static gasp_err bob_get(void *user, const gasp_kv_snapshot *snapshot, const gasp_bytes *keys, size_t n,
                        gasp_kv_found found, void *ctx)
{
    bob *b = user;
    return b->below->get(b->below->user, snapshot, keys, n, found, ctx);
}

static gasp_err bob_scan(void *user, const gasp_kv_snapshot *snapshot, gasp_bytes from, gasp_bytes to, bool reverse,
                         gasp_kv_row row, void *ctx)
{
    bob *b = user;
    return b->below->scan(b->below->user, snapshot, from, to, reverse, row, ctx);
}

static void bob_why(void *user, gasp_kv_text *out)
{
    bob *b = user;
    b->below->why(b->below->user, out);
}

static gasp_err bob_begin(bob *b, const uint8_t genesis80[80], const uint8_t header80[80])
{
    memcpy(b->headers.list[0].raw80, genesis80, 80);
    memcpy(b->headers.list[1].raw80, header80, 80);
    b->headers.n = 2;
    for (uint32_t i = 0; i < b->headers.n; i++) {
        gasp_header_hash(&b->headers.list[i].hash, b->headers.list[i].raw80);
        b->headers.list[i].height = i;
    }
    b->store = (gasp_kv){sizeof b->store, b, bob_snapshot, bob_release, bob_get, bob_scan, bob_write, bob_why, NULL};
    return gasp_kv_memory_new(&b->below, NULL);
}

/* Bob's wallet, on his own headers, rule and store. */
static gasp_err bob_open(gasp_wallet **wallet, bob *b)
{
    gasp_wallet_config config;
    gasp_wallet_config_init(&config); /* a real host fills config.seed32 with random bytes */
    gasp_headers_init(&b->headers_port);
    b->headers_port.user = &b->headers;
    b->headers_port.epoch = chain_epoch;
    b->headers_port.tip = chain_tip;
    b->headers_port.at = chain_at;
    b->headers_port.find = chain_find;
    gasp_admit_init(&b->admit_port);
    b->admit_port.user = b;
    b->admit_port.decide = decide;
    config.kv = &b->store;
    config.headers = &b->headers_port;
    config.admit = &b->admit_port;
    gasp_err err = gasp_wallet_open(wallet, &config);
    if (err == GASP_ERR_STORE_MISSING) {
        err = gasp_wallet_create(&config, GASP_NETWORK_MAIN, now);
        if (err == GASP_OK)
            err = gasp_wallet_open(wallet, &config);
    }
    return err == GASP_OK ? gasp_wallet_headers_changed(*wallet, now) : err; /* it may have moved meanwhile */
}

/* What Bob learns: each change once, in order. A real host writes its rows and `last` in one transaction. */
static gasp_err bob_learns(void *ctx, const gasp_change *change)
{
    bob *b = ctx;
    char text[GASP_OUTPOINT_TEXT_MAX];
    gasp_outpoint_to_text(text, &change->outpoint);
    if (change->kind == GASP_CHANGE_ADDED)
        printf("Bob: %s is mine now\n", text);
    b->last = change->seq;
    return GASP_OK;
}

/* ---- Alice ---- */

/* A wallet in memory that takes block 1 on our word. */
static gasp_err alice_open(gasp_wallet **wallet, gasp_kv **kv, const uint8_t header80[80])
{
    gasp_wallet_config config;
    gasp_wallet_config_init(&config);
    gasp_err err = gasp_kv_memory_new(kv, NULL);
    config.kv = *kv;
    if (err == GASP_OK)
        err = gasp_wallet_create(&config, GASP_NETWORK_MAIN, now);
    if (err == GASP_OK)
        err = gasp_wallet_open(wallet, &config);
    return err == GASP_OK ? gasp_wallet_headers_trust(*wallet, header80, 1, now) : err;
}

static gasp_err add_beef(gasp_wallet *wallet)
{
    uint8_t beef[(sizeof beef_hex - 1) / 2];
    gasp_add_config config;
    gasp_add_config_init(&config); /* all outputs, into the default collection */
    gasp_err err = gasp_hex_decode(beef, sizeof beef, beef_hex, sizeof beef_hex - 1);
    return err == GASP_OK ? gasp_wallet_add(wallet, beef, sizeof beef, &config, now, NULL, NULL, NULL) : err;
}

static gasp_err session_make(gasp_session **session, gasp_wallet *wallet, bool initiator)
{
    gasp_session_config config;
    gasp_session_config_init(&config);
    config.wallet = wallet;
    config.initiator = initiator;
    config.seed32[0] = initiator; /* a real host fills it with random bytes, new for every session */
    return gasp_session_new(session, &config);
}

/* What one side has to say goes to the other. Over a socket: write all of it there, and give what read() gave. */
static gasp_err carry(gasp_session *from, gasp_session *to)
{
    const uint8_t *bytes;
    size_t len;
    gasp_err err = gasp_session_send(from, &bytes, &len, now);
    while (err == GASP_OK && len > 0) {
        err = gasp_session_recv(to, bytes, len, now);
        if (err == GASP_OK)
            err = gasp_session_send(from, &bytes, &len, now);
    }
    return err;
}

static gasp_err print_output(void *ctx, const gasp_output *output)
{
    char text[GASP_OUTPOINT_TEXT_MAX];
    gasp_outpoint_to_text(text, &output->outpoint);
    printf("%s has %s, %llu satoshi\n", (const char *)ctx, text, (unsigned long long)output->sat);
    return GASP_OK;
}

/* Until both have said all: what one says, the other hears. */
static gasp_err sync_all(gasp_session *initiator, gasp_session *responder)
{
    gasp_err err = GASP_OK;
    while (err == GASP_OK && !gasp_session_done(initiator)) {
        gasp_event event;
        err = carry(initiator, responder);
        if (err == GASP_OK)
            err = carry(responder, initiator);
        while (err == GASP_OK && gasp_session_event(initiator, &event) == GASP_OK)
            if (event.kind == GASP_EVENT_CLOSED)
                printf("%s\n", event.closed.result == GASP_RESULT_COMPLETE ? "complete" : "not complete");
    }
    return err;
}

int main(void)
{
    static const gasp_collection collection; /* all zero: the default one */
    uint8_t header80[80];
    gasp_header_info genesis = {.height = 0};
    gasp_kv *kv = NULL;
    bob b = {.last = 0};
    gasp_wallet *wallet[2] = {NULL, NULL};
    gasp_session *session[2] = {NULL, NULL};
    gasp_err err = gasp_hex_decode(header80, 80, header_hex, sizeof header_hex - 1);
    if (err == GASP_OK)
        err = alice_open(&wallet[0], &kv, header80);
    if (err == GASP_OK)
        err = add_beef(wallet[0]);
    if (err == GASP_OK)
        err = gasp_wallet_header_at(wallet[0], &genesis, 0); /* the network's, which every wallet has */
    if (err == GASP_OK)
        err = bob_begin(&b, genesis.raw80, header80);
    if (err == GASP_OK)
        err = bob_open(&wallet[1], &b);
    for (int i = 0; i < 2 && err == GASP_OK; i++)
        err = session_make(&session[i], wallet[i], i == 1);
    if (err == GASP_OK)
        err = sync_all(session[1], session[0]);
    if (err == GASP_OK)
        err = gasp_wallet_changes(wallet[1], b.last, bob_learns, &b);
    if (err == GASP_OK)
        err = gasp_wallet_outputs(wallet[1], &collection, NULL, false, print_output, "Bob");
    if (err != GASP_OK)
        fprintf(stderr, "%s\n", gasp_err_text(err));
    for (int i = 0; i < 2; i++) {
        gasp_session_free(session[i]);
        gasp_wallet_free(wallet[i]);
    }
    gasp_kv_close(kv);
    gasp_kv_close(b.below);
    return err == GASP_OK ? 0 : 1;
}
