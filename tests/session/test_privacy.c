/* Two collections over one store: what a peer of one is told must not depend on what the other holds. Each case is played
 * twice with the same seeds, against a wallet that holds more in its other collection and against one that does not, and
 * every byte that the wallet says must be the same. */
#include <stdlib.h>
#include <string.h>

#include "session/made.h"

static const gasp_collection shared = {{0}};
static const gasp_collection hidden = {{7}};
static const gasp_time now = {9, 1700000000000};

enum { CHAIN = 6 };

/* A wallet that trusts the chain's block, and in its other collection has members [0, n) of the chain. */
static test_wallet wallet_with(const made_chain *chain, size_t n)
{
    test_wallet w = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    static const uint32_t side[1] = {1};
    made_block_trust(&chain->block, w.wallet);
    assert_err(gasp_wallet_collection_add(w.wallet, &hidden, "hidden"), GASP_OK);
    for (size_t i = 1; i <= n; i++) {
        gasp_add_config config;
        gasp_add_config_init(&config);
        config.collection = hidden;
        config.take = GASP_TAKE_LIST;
        config.vouts = side;
        config.n_vouts = 1;
        gasp_bytes beef = made_beef(&chain->block, chain->raw, chain->txid, i);
        assert_err(gasp_wallet_add(w.wallet, beef.data, beef.len, &config, now, NULL, NULL, NULL), GASP_OK);
        test_release(beef);
    }
    return w;
}

/* Everything that one side says. */
typedef struct heard {
    int from;
    gasp_buf bytes;
} heard;

static gasp_err listen(void *ctx, int from, uint16_t *type, gasp_bytes message, gasp_buf *out)
{
    heard *h = ctx;
    (void)out;
    if (from != h->from)
        return GASP_ABSENT;
    assert_err(gasp_buf_append(&h->bytes, type, sizeof *type), GASP_OK);
    assert_err(gasp_buf_append(&h->bytes, message.data, message.len), GASP_OK);
    return GASP_ABSENT;
}

static void assert_same(const heard *a, const heard *b)
{
    assert_true(a->bytes.len > 0);
    assert_int_equal(a->bytes.len, b->bytes.len);
    assert_memory_equal(a->bytes.data, b->bytes.data, a->bytes.len);
}

/* One sync of the shared collection with a peer that has members [0, n) there; what the wallet said is heard. */
static void play(heard *h, const made_chain *chain, gasp_wallet *w, size_t n, bool initiator)
{
    test_wallet peer = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    gasp_session_config config[2];
    pair p;
    made_block_trust(&chain->block, peer.wallet);
    made_chain_add(chain, peer.wallet, n, true);
    gasp_wallet *first = initiator ? w : peer.wallet;
    gasp_wallet *second = initiator ? peer.wallet : w;
    h->from = initiator ? 0 : 1;
    gasp_buf_init(&h->bytes, SIZE_MAX, NULL);
    pair_config(config, first, second);
    pair_start(&p, config);
    p.hook = listen;
    p.hook_ctx = h;
    pair_run(&p);
    pair_assert_complete(&p);
    pair_free(&p);
    test_wallet_free(&peer);
}

/* Taking in what the other collection holds already, whole or in part: everything is wanted all the same. */
static void taking(void **state)
{
    (void)state;
    made_chain chain;
    size_t cases = 0;
    made_chain_make(&chain, CHAIN, SIZE_MAX);
    for (int initiator = 0; initiator < 2; initiator++) {
        for (size_t n = 1; n <= CHAIN; n++) {
            test_wallet plain = wallet_with(&chain, 0);
            test_wallet more = wallet_with(&chain, n);
            heard a;
            heard b;
            play(&a, &chain, plain.wallet, CHAIN, initiator == 1);
            play(&b, &chain, more.wallet, CHAIN, initiator == 1);
            assert_same(&a, &b);
            gasp_buf_clear(&a.bytes);
            gasp_buf_clear(&b.bytes);
            test_wallet_free(&plain);
            test_wallet_free(&more);
            cases++;
        }
    }
    made_chain_free(&chain);
    print_message("count: privacy: %zu pairs of syncs that say the same bytes\n", cases);
}

/* A peer that may take asks for every transaction of the chain: those of the other collection are as unknown as those that
 * are nowhere, whether the wallet has them or not. */
static void ask_everything(heard *h, const made_chain *chain, gasp_wallet *w, bool initiator)
{
    gasp_session_config config;
    script_peer p;
    gasp_buf wants;
    script_config(&config, w, initiator);
    script_start(&p, &config);
    p.open.rights = GASP_RIGHT_WRITE;
    p.ended = true;
    if (!initiator)
        script_say_open(&p);
    script_run(&p);
    script_say_filter(&p);
    script_run(&p);
    gasp_buf_init(&wants, SIZE_MAX, NULL);
    gasp_writer w_wants = gasp_writer_growing(&wants);
    gasp_write_compact(&w_wants, 2 * chain->n + 2);
    for (size_t i = 0; i <= chain->n; i++) {
        gasp_want want = {.outpoint = {i < chain->n ? chain->txid[i] : (gasp_txid){{9}}, 1}, .max_len = 1 << 20};
        gasp_want_encode(&w_wants, GASP_MSG_WANT, &want);
        want.kind = GASP_WANT_METADATA;
        gasp_want_encode(&w_wants, GASP_MSG_WANT, &want);
    }
    script_say(&p, GASP_MSG_WANT, gasp_buf_view(&wants));
    gasp_buf_init(&h->bytes, SIZE_MAX, NULL);
    for (;;) {
        const uint8_t *out;
        size_t len;
        if (p.out.len > 0)
            assert_err(gasp_session_recv(p.side.session, p.out.data, p.out.len, p.now), GASP_OK);
        gasp_buf_clear(&p.out);
        assert_err(gasp_session_send(p.side.session, &out, &len, p.now), GASP_OK);
        if (len == 0)
            break;
        assert_err(gasp_buf_append(&h->bytes, out, len), GASP_OK);
    }
    gasp_buf_clear(&wants);
    script_free(&p);
}

static void serving(void **state)
{
    (void)state;
    made_chain chain;
    made_chain_make(&chain, CHAIN, SIZE_MAX);
    for (int initiator = 0; initiator < 2; initiator++) {
        test_wallet plain = wallet_with(&chain, 0);
        test_wallet more = wallet_with(&chain, CHAIN);
        heard a;
        heard b;
        ask_everything(&a, &chain, plain.wallet, initiator == 1);
        ask_everything(&b, &chain, more.wallet, initiator == 1);
        assert_same(&a, &b);
        gasp_buf_clear(&a.bytes);
        gasp_buf_clear(&b.bytes);
        test_wallet_free(&plain);
        test_wallet_free(&more);
    }
    made_chain_free(&chain);
}

/* A collection that is not for the peer looks like one that is not there. */
static unsigned only_shared(void *user, const uint8_t *peer, size_t peer_len, const gasp_collection *collection)
{
    (void)user;
    (void)peer;
    (void)peer_len;
    return memcmp(collection->b, shared.b, sizeof shared.b) == 0 ? GASP_RIGHT_READ | GASP_RIGHT_WRITE : 0;
}

static void denied(void **state)
{
    (void)state;
    const gasp_access access = {sizeof access, NULL, only_shared};
    const gasp_collection nowhere = {{8}};
    const gasp_collection *asked[2] = {&hidden, &nowhere};
    made_chain chain;
    heard said[2];
    made_chain_make(&chain, CHAIN, SIZE_MAX);
    for (int i = 0; i < 2; i++) {
        test_wallet w = wallet_with(&chain, CHAIN);
        gasp_session_config config;
        script_peer p;
        const uint8_t *out;
        size_t len;
        script_config(&config, w.wallet, false);
        config.access = &access;
        script_start(&p, &config);
        p.open.collection = *asked[i];
        script_say_open(&p);
        assert_err(gasp_session_recv(p.side.session, p.out.data, p.out.len, p.now), GASP_ERR_PEER_DENIED);
        assert_err(gasp_session_send(p.side.session, &out, &len, p.now), GASP_OK);
        gasp_buf_init(&said[i].bytes, SIZE_MAX, NULL);
        assert_err(gasp_buf_append(&said[i].bytes, out, len), GASP_OK);
        script_free(&p);
        test_wallet_free(&w);
    }
    assert_same(&said[0], &said[1]);
    gasp_buf_clear(&said[0].bytes);
    gasp_buf_clear(&said[1].bytes);
    made_chain_free(&chain);
}

/* A SPEND of an output that only the other collection knows is none of the peer's business, and is not followed. */
static void foreign_spend(void **state)
{
    (void)state;
    made_chain chain;
    heard said[2];
    made_chain_make(&chain, CHAIN, SIZE_MAX);
    for (int i = 0; i < 2; i++) {
        test_wallet w = wallet_with(&chain, i == 0 ? 0 : CHAIN - 1);
        gasp_session_config config;
        script_peer p;
        script_config(&config, w.wallet, true);
        script_start(&p, &config);
        p.open.features = GASP_FEATURE_SPEND;
        p.ended = true;
        script_run(&p);
        gasp_buf message;
        gasp_buf_init(&message, SIZE_MAX, NULL);
        gasp_writer w_spend = gasp_writer_growing(&message);
        gasp_write_compact(&w_spend, 1);
        gasp_spend_write(&w_spend, &(gasp_spend_ref){{chain.txid[CHAIN - 2], 0}, chain.txid[CHAIN - 1]});
        script_say(&p, GASP_MSG_SPEND, gasp_buf_view(&message));
        gasp_buf_init(&said[i].bytes, SIZE_MAX, NULL);
        const uint8_t *out;
        size_t len;
        assert_err(gasp_session_recv(p.side.session, p.out.data, p.out.len, p.now), GASP_OK);
        gasp_buf_clear(&p.out);
        assert_err(gasp_session_send(p.side.session, &out, &len, p.now), GASP_OK);
        assert_err(gasp_buf_append(&said[i].bytes, out, len), GASP_OK);
        pair_take_events(&p.side);
        assert_non_null(script_event(&p, GASP_EVENT_REFUSED, &chain.txid[CHAIN - 1]));
        gasp_buf_clear(&message);
        script_free(&p);
        test_wallet_free(&w);
    }
    assert_same(&said[0], &said[1]);
    gasp_buf_clear(&said[0].bytes);
    gasp_buf_clear(&said[1].bytes);
    made_chain_free(&chain);
}

/* A root whose parent was missing is named in SKIP until the parent is here: in this collection. That the other one got it is
 * not to be seen by what is named. */
static void missing_elsewhere(void **state)
{
    (void)state;
    made_chain chain;
    made_chain_make(&chain, CHAIN, SIZE_MAX);
    test_wallet w = wallet_with(&chain, 0);
    for (int round = 0; round < 3; round++) {
        gasp_session_config config;
        script_peer p;
        script_config(&config, w.wallet, true);
        script_start(&p, &config);
        p.open.features = GASP_FEATURE_SKIP;
        made_chain_give(&chain, &p, 3, 4, true);
        if (round == 2) {
            gasp_add_config add;
            gasp_add_config_init(&add);
            add.collection = hidden;
            gasp_bytes beef = made_beef(&chain.block, chain.raw, chain.txid, 3);
            assert_err(gasp_wallet_add(w.wallet, beef.data, beef.len, &add, now, NULL, NULL, NULL), GASP_OK);
            test_release(beef);
        }
        script_run(&p);
        assert_int_equal(p.heard[GASP_MSG_SKIP], round > 0);
        script_free(&p);
    }
    test_wallet_free(&w);
    made_chain_free(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taking),        cmocka_unit_test(serving),           cmocka_unit_test(denied),
        cmocka_unit_test(foreign_spend), cmocka_unit_test(missing_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
