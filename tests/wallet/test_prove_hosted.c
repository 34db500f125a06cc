/* Proofs given to a wallet whose host keeps the headers: the block is looked up in the host's chain, never under the lock,
 * and only a wallet that is settled to that chain keeps the proof. */
#include <string.h>

#include "embed/host_headers.h"
#include "wallet/inside.h"
#include "wallet/told.h"

typedef struct hosted {
    host_headers host;
    told_world x;
    told_tx fund, child;
    told_block base, a, b; /* child is in a and in b, both on base */
} hosted;

static void lock_is_free(void *ctx)
{
    hosted *h = ctx;
    if (h->x.w == NULL)
        return;
    gasp_lock_take(&h->x.w->writer);
    gasp_lock_give(&h->x.w->writer);
}

/* The chain is base and then these. */
static void set(hosted *h, const mined_header *run, size_t n)
{
    gasp_bytes bytes = mined_bytes(run, n);
    assert_true(host_headers_set(&h->host, 2, bytes.data, n));
    test_release(bytes);
}

static void begin(hosted *h)
{
    gasp_wallet_config config;
    memset(h, 0, sizeof *h);
    h->x.genesis = mined_genesis();
    h->x.ms = mined_now.wall_ms;
    host_headers_init(&h->host, h->x.genesis.raw80);
    h->host.touch = lock_is_free;
    h->host.touch_ctx = h;
    h->fund = told_spend(NULL, 0, 2, 1);
    h->child = told_spend(&h->fund, 0, 2, 2);
    const told_tx *first[] = {&h->fund};
    const told_tx *list[] = {&h->child};
    h->base = told_block_of(&h->x.genesis, first, 1, 1);
    h->a = told_block_of(&h->base.header, list, 1, 2);
    h->b = told_block_of(&h->base.header, list, 1, 3);
    assert_true(host_headers_set(&h->host, 1, h->base.header.raw80, 1));
    assert_err(gasp_kv_memory_new(&h->x.kv, NULL), GASP_OK);
    gasp_wallet_config_init(&config);
    config.kv = h->x.kv;
    config.headers = &h->host.port;
    assert_err(gasp_wallet_create(&config, GASP_NETWORK_REGTEST, mined_now), GASP_OK);
    assert_err(gasp_wallet_open(&h->x.w, &config), GASP_OK);
    told_add(&h->x, &h->fund, &h->base, 2, GASP_FATE_COMMITTED);
    told_add(&h->x, &h->child, NULL, 2, GASP_FATE_COMMITTED);
}

static void end(hosted *h)
{
    told_end(&h->x);
    host_headers_clear(&h->host);
    told_free(&h->fund);
    told_free(&h->child);
    told_block_free(&h->base);
    told_block_free(&h->a);
    told_block_free(&h->b);
}

static void expect(hosted *h, const told_block *block, gasp_fate fate, gasp_err err)
{
    made_report report = told_prove(&h->x, block->bytes);
    assert_int_equal(report.n, 1);
    made_expect(&report, &h->child.txid, fate, err);
    assert_int_equal(report.list[0].height, 2);
}

static void in_the_hosts_chain(void **state)
{
    (void)state;
    hosted h;
    begin(&h);
    expect(&h, &h.a, GASP_FATE_ASIDE, GASP_ERR_PROOF_NO_HEADER);
    told_shows(&h.x, &h.child, 0, "s");
    set(&h, &h.a.header, 1); /* and nobody tells the wallet */
    expect(&h, &h.b, GASP_FATE_REFUSED, GASP_ERR_PROOF_ROOT);
    expect(&h, &h.a, GASP_FATE_COMMITTED, GASP_OK);
    told_shows(&h.x, &h.child, 0, "s+");
    expect(&h, &h.a, GASP_FATE_KNOWN, GASP_OK);
    mined_healthy(h.x.w);
    /* Another chain: the proof settles the wallet to it first. Then the first one is back. */
    const mined_header run[2] = {h.b.header, mined_next(&h.b.header, NULL, 4)};
    set(&h, run, 2);
    expect(&h, &h.b, GASP_FATE_COMMITTED, GASP_OK);
    told_seen seen = told_look(&h.x, &h.child, 0);
    assert_true(seen.anchored);
    assert_memory_equal(seen.anchor.block.b, h.b.header.hash.b, 32);
    mined_healthy(h.x.w);
    set(&h, &h.a.header, 1);
    assert_err(gasp_wallet_headers_changed(h.x.w, told_now(&h.x)), GASP_OK);
    seen = told_look(&h.x, &h.child, 0);
    assert_true(seen.anchored);
    assert_memory_equal(seen.anchor.block.b, h.a.header.hash.b, 32);
    end(&h);
}

/* A host whose chain never stands still, and one that fails. */
static void a_host_that_cannot_say(void **state)
{
    (void)state;
    hosted h;
    begin(&h);
    set(&h, &h.a.header, 1);
    gasp_bytes before = made_dump(h.x.kv);
    static const char *const functions[] = {"epoch", "at"};
    for (size_t i = 0; i < 2; i++) {
        h.host.fail = functions[i];
        assert_err(gasp_wallet_prove(h.x.w, h.a.bytes.data, h.a.bytes.len, told_now(&h.x), NULL, NULL, NULL),
                   GASP_ERR_STORE_IO);
    }
    h.host.fail = NULL;
    gasp_bytes after = made_dump(h.x.kv);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, before.len);
    h.host.restless = true;
    assert_err(gasp_wallet_prove(h.x.w, h.a.bytes.data, h.a.bytes.len, told_now(&h.x), NULL, NULL, NULL),
               GASP_ERR_LIMIT);
    told_shows(&h.x, &h.child, 0, "s");
    h.host.restless = false;
    expect(&h, &h.a, GASP_FATE_COMMITTED, GASP_OK);
    told_shows(&h.x, &h.child, 0, "s+");
    test_release(before);
    test_release(after);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_the_hosts_chain),
        cmocka_unit_test(a_host_that_cannot_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
