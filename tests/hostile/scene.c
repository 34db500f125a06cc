/* The two wallets. Heap of the C library; a failure fails the running test. */
#include "hostile/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gasp/beef.h"
#include "gasp/bump.h"
#include "gasp/header.h"
#include "lib/keys.h"

enum { HEIGHT = 2000, REGTEST_BITS = 0x207fffff, SAT = 100000, KINDS = 5, LONGEST = 4 };
enum { PROVEN, LABELLED, UNPROVEN, CHAIN, SPENDS };

static const gasp_collection standard = {{0}};
static const gasp_time made_at = {1, 1600000000000};

/* One graph: a transaction of the block and what stands on it. */
typedef struct graph {
    gasp_bytes raw[LONGEST];
    gasp_txid txid[LONGEST];
    size_t n;
} graph;

static int kind_of(size_t i)
{
    return (int)(i / 2 % KINDS);
}

static void graph_make(graph *g, size_t i)
{
    static const size_t lengths[KINDS] = {1, 1, 2, 4, 2};
    const uint32_t key = 100 + 10 * (uint32_t)i;
    test_in in = {.prev = {.vout = (uint32_t)i}, .lock = TEST_TRUE};
    test_out outs[2] = {{SAT, TEST_P2PK, key}, {SAT, TEST_P2PK, key}};
    memset(in.prev.txid.b, 0xa5, 32);
    g->n = lengths[kind_of(i)];
    g->raw[0] = test_tx_make(&g->txid[0], &(test_spec){.in = &in, .n_in = 1, .out = outs, .n_out = 2});
    for (uint32_t k = 1; k < g->n; k++) {
        const uint32_t vout = k == 1 && kind_of(i) == SPENDS ? 1 : 0;
        in = (test_in){{g->txid[k - 1], vout}, SAT - k + 1, k == 1 ? TEST_P2PK : TEST_P2PKH, key + k - 1};
        outs[0] = (test_out){SAT - k, TEST_P2PKH, key + k};
        g->raw[k] = test_tx_make(&g->txid[k], &(test_spec){.in = &in, .n_in = 1, .out = outs, .n_out = 1});
    }
}

static void mine(uint8_t raw80[80], const gasp_txid *txids, size_t n)
{
    const size_t first = 0;
    gasp_bump *bump = NULL;
    gasp_block_hash hash;
    gasp_header header = {.version = 4, .time = 1500000000, .bits = REGTEST_BITS};
    assert_err(gasp_bump_from_block(&bump, HEIGHT, txids, n, &first, 1, NULL), GASP_OK);
    header.root = gasp_bump_root(bump);
    gasp_bump_free(bump);
    do { /* the target is 7fffff and zeros */
        header.nonce++;
        gasp_header_encode(raw80, &header);
        gasp_header_hash(&hash, raw80);
    } while (hash.b[31] >= 0x7f);
}

/* Adds the first n transactions of a graph with one output of the last as ours. block: txids of the graphs in order. */
static void add(gasp_wallet *wallet, const graph *g, size_t n, uint32_t vout, const gasp_txid *block, size_t place)
{
    gasp_beef *beef = NULL;
    gasp_bump *bump = NULL;
    gasp_add_config config;
    size_t path = 0;
    size_t len = 0;
    assert_err(gasp_beef_new(&beef, 1, NULL), GASP_OK);
    assert_err(gasp_bump_from_block(&bump, HEIGHT, block, SCENE_GRAPHS, &place, 1, NULL), GASP_OK);
    assert_err(gasp_beef_add_bump_take(beef, &path, bump), GASP_OK);
    for (size_t i = 0; i < n; i++)
        assert_err(gasp_beef_add_tx_view(beef, g->raw[i], i == 0 ? path : GASP_BEEF_NO_BUMP), GASP_OK);
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    assert_err(gasp_beef_encode(beef, NULL, 0, &len), GASP_OK);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    assert_err(gasp_beef_encode(beef, bytes, len, &len), GASP_OK);
    gasp_beef_free(beef);
    gasp_add_config_init(&config);
    config.take = GASP_TAKE_LIST;
    config.vouts = &vout;
    config.n_vouts = 1;
    assert_err(gasp_wallet_add(wallet, bytes, len, &config, made_at, NULL, NULL, NULL), GASP_OK);
    free(bytes);
}

static void fill(gasp_wallet *const wallets[2], const graph *graphs, const gasp_txid *block)
{
    for (size_t i = 0; i < SCENE_GRAPHS; i++) {
        const graph *g = &graphs[i];
        const gasp_outpoint end = {g->txid[g->n - 1], 0};
        if (kind_of(i) == SPENDS)
            for (int k = 0; k < 2; k++)
                add(wallets[k], g, 1, 1, block, i);
        add(wallets[i % 2], g, g->n, 0, block, i);
        if (kind_of(i) == LABELLED || kind_of(i) == CHAIN)
            assert_err(gasp_wallet_label(wallets[i % 2], &end, "label", (const uint8_t *)"rent", 4, made_at), GASP_OK);
    }
}

/* What both have in the end: a third wallet is given everything. */
static void sum_up(scene *s, const graph *graphs, const gasp_txid *block, const uint8_t raw80[80])
{
    gasp_wallet_config config;
    gasp_wallet *all[2];
    gasp_kv *kv;
    assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
    gasp_wallet_config_init(&config);
    config.kv = kv;
    assert_err(gasp_wallet_create(&config, GASP_NETWORK_REGTEST, made_at), GASP_OK);
    assert_err(gasp_wallet_open(&all[0], &config), GASP_OK);
    all[1] = all[0];
    assert_err(gasp_wallet_headers_trust(all[0], raw80, HEIGHT, made_at), GASP_OK);
    fill(all, graphs, block);
    assert_err(gasp_wallet_summary(all[0], &s->after, &standard), GASP_OK);
    assert_int_equal(s->after.count, SCENE_GRAPHS);
    gasp_wallet_free(all[0]);
    gasp_kv_close(kv);
}

static gasp_err count_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)key;
    (void)value;
    ++*(size_t *)ctx;
    return GASP_OK;
}

void scene_make(scene *s)
{
    graph graphs[SCENE_GRAPHS];
    gasp_txid block[SCENE_GRAPHS];
    uint8_t raw80[80];
    gasp_wallet *wallets[2];
    *s = (scene){0};
    for (size_t i = 0; i < SCENE_GRAPHS; i++) {
        graph_make(&graphs[i], i);
        block[i] = graphs[i].txid[0];
        for (size_t k = 0; k < graphs[i].n; k++)
            s->txids[s->n_txids++] = graphs[i].txid[k];
    }
    assert_true(s->n_txids <= SCENE_TXS);
    mine(raw80, block, SCENE_GRAPHS);
    for (int i = 0; i < 2; i++) {
        gasp_wallet_config config;
        assert_err(gasp_kv_memory_new(&s->base[i], NULL), GASP_OK);
        gasp_wallet_config_init(&config);
        config.kv = s->base[i];
        assert_err(gasp_wallet_create(&config, GASP_NETWORK_REGTEST, made_at), GASP_OK);
        wallets[i] = scene_open(s->base[i]);
        assert_err(gasp_wallet_headers_trust(wallets[i], raw80, HEIGHT, made_at), GASP_OK);
    }
    fill(wallets, graphs, block);
    sum_up(s, graphs, block, raw80);
    for (int i = 0; i < 2; i++) {
        gasp_wallet_free(wallets[i]);
        assert_err(
            s->base[i]->scan(s->base[i]->user, NULL, (gasp_bytes){0}, (gasp_bytes){0}, false, count_row, &s->rows[i]),
            GASP_OK);
    }
    s->mine[0] = (gasp_outpoint){graphs[2 * LABELLED].txid[0], 0};
    s->mine[1] = (gasp_outpoint){graphs[2 * LABELLED + 1].txid[0], 0};
    const test_in in = {{graphs[0].txid[0], 0}, SAT, TEST_P2PK, 100};
    const test_out out = {SAT - 1, TEST_P2PKH, 99};
    s->spend = test_tx_make(NULL, &(test_spec){.in = &in, .n_in = 1, .out = &out, .n_out = 1});
    for (size_t i = 0; i < SCENE_GRAPHS; i++)
        for (size_t k = 0; k < graphs[i].n; k++)
            test_release(graphs[i].raw[k]);
}

void scene_free(scene *s)
{
    for (int i = 0; i < 2; i++)
        gasp_kv_close(s->base[i]);
    test_release(s->spend);
}

/* ---- stores -------------------------------------------------------------------------------------------------------- */

/* Rows as one batch. Their bytes are copied: they are valid during the visit only. */
typedef struct rows {
    gasp_kv_op *ops;
    size_t n;
} rows;

static gasp_bytes copy_of(gasp_bytes bytes)
{
    uint8_t *copy = malloc(bytes.len + 1);
    assert_non_null(copy);
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    return (gasp_bytes){copy, bytes.len};
}

static gasp_err batch_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    rows *b = ctx;
    if (b->n % 64 == 0) {
        b->ops = realloc(b->ops, (b->n + 64) * sizeof *b->ops);
        assert_non_null(b->ops);
    }
    b->ops[b->n++] = (gasp_kv_op){GASP_KV_PUT, copy_of(key), copy_of(value)};
    return GASP_OK;
}

void scene_copy(const gasp_kv *from, const gasp_kv *to)
{
    rows b = {0};
    assert_err(from->scan(from->user, NULL, (gasp_bytes){0}, (gasp_bytes){0}, false, batch_row, &b), GASP_OK);
    assert_err(to->write(to->user, b.ops, b.n, true), GASP_OK);
    for (size_t i = 0; i < b.n; i++) {
        test_release(b.ops[i].key);
        test_release(b.ops[i].value);
    }
    free(b.ops);
}

gasp_kv *scene_store(const scene *s, int side, const gasp_mem *mem)
{
    gasp_kv *kv = NULL;
    assert_err(gasp_kv_memory_new(&kv, mem), GASP_OK);
    scene_copy(s->base[side], kv);
    return kv;
}

/* FNV-1a. */
static void mark_bytes(uint64_t *mark, gasp_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        *mark = (*mark ^ bytes.data[i]) * UINT64_C(1099511628211);
    *mark = (*mark ^ bytes.len) * UINT64_C(1099511628211);
}

static gasp_err mark_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    mark_bytes(ctx, key);
    mark_bytes(ctx, value);
    return GASP_OK;
}

uint64_t scene_mark(const gasp_kv *kv)
{
    uint64_t mark = UINT64_C(14695981039346656037);
    assert_err(kv->scan(kv->user, NULL, (gasp_bytes){0}, (gasp_bytes){0}, false, mark_row, &mark), GASP_OK);
    return mark;
}

static gasp_err believe(void *user, gasp_err *verdicts, const gasp_verify_batch *batch, uint64_t ticket)
{
    (void)user;
    (void)ticket;
    for (size_t i = 0; i < gasp_verify_batch_len(batch); i++)
        verdicts[i] = GASP_OK;
    return GASP_OK;
}

static gasp_wallet *open_with(const gasp_kv *kv, const gasp_verifier *verifier, const gasp_admit *admit)
{
    gasp_wallet_config config;
    gasp_wallet *wallet = NULL;
    gasp_wallet_config_init(&config);
    config.kv = kv;
    config.verifier = verifier;
    config.admit = admit;
    config.policy = admit == NULL;
    memset(config.seed32, 5, sizeof config.seed32);
    assert_err(gasp_wallet_open(&wallet, &config), GASP_OK);
    return wallet;
}

gasp_wallet *scene_open(const gasp_kv *kv)
{
    return open_with(kv, NULL, NULL);
}

gasp_wallet *scene_open_trusting(const gasp_kv *kv)
{
    static const gasp_verifier verifier = {.size = sizeof verifier, .verify = believe};
    return open_with(kv, &verifier, NULL);
}

static gasp_err decide(void *user, gasp_admit_batch *batch, uint64_t ticket)
{
    const gasp_txid *declined = user;
    gasp_err err = GASP_OK;
    (void)ticket;
    for (size_t i = 0; err == GASP_OK && i < gasp_admit_batch_len(batch); i++) {
        gasp_admit_graph asked;
        err = gasp_admit_batch_graph(batch, &asked, i);
        if (err == GASP_OK)
            err = memcmp(asked.txid.b, declined->b, 32) == 0 ? gasp_admit_decline(batch, i) : gasp_admit_take(batch, i);
    }
    return err;
}

gasp_wallet *scene_open_declining(const gasp_kv *kv, const gasp_txid *declined)
{
    static gasp_admit admit; /* the wallet asks it later */
    gasp_admit_init(&admit);
    admit.user = (void *)(uintptr_t)declined;
    admit.decide = decide;
    return open_with(kv, NULL, &admit);
}

/* ---- what must hold ------------------------------------------------------------------------------------------------ */

static gasp_err say_problem(void *ctx, const gasp_problem *problem)
{
    char text[GASP_OUTPOINT_TEXT_MAX];
    gasp_outpoint_to_text(text, &problem->outpoint);
    print_error("%s: %s: %s\n", (const char *)ctx, text, problem->what);
    return GASP_OK;
}

static gasp_err is_known(void *ctx, const gasp_output *output)
{
    const scene *s = ctx;
    for (size_t i = 0; i < s->n_txids; i++)
        if (memcmp(s->txids[i].b, output->outpoint.txid.b, 32) == 0)
            return GASP_OK;
    return GASP_ERR_INTERNAL;
}

void scene_check(const scene *s, gasp_wallet *wallet, const char *where)
{
    gasp_check_report report;
    scene known = *s;
    assert_err(gasp_wallet_check(wallet, &report, say_problem, (void *)(uintptr_t)where), GASP_OK);
    if (report.problems != 0)
        fail_msg("%s: the check finds %llu problems", where, (unsigned long long)report.problems);
    if (gasp_wallet_outputs(wallet, &standard, NULL, true, is_known, &known) != GASP_OK)
        fail_msg("%s: an output that nobody made", where);
}

typedef struct look {
    const gasp_txid *txid;
    bool found;
} look;

static gasp_err look_at(void *ctx, const gasp_output *output)
{
    look *l = ctx;
    l->found = l->found || memcmp(l->txid->b, output->outpoint.txid.b, 32) == 0;
    return l->found ? GASP_DONE : GASP_OK;
}

bool scene_has(gasp_wallet *wallet, const gasp_txid *txid)
{
    look l = {txid, false};
    assert_err(gasp_wallet_outputs(wallet, &standard, NULL, true, look_at, &l), GASP_OK);
    return l.found;
}

/* ---- folders ------------------------------------------------------------------------------------------------------- */

void scene_folder(char out[256])
{
    const char *place = getenv("TMPDIR");
    if (access("/dev/shm", W_OK) == 0)
        place = "/dev/shm";
    snprintf(out, 256, "%s/gasp-hostile-XXXXXX", place != NULL ? place : "/tmp");
    if (mkdtemp(out) == NULL)
        fail_msg("no folder can be made at %s", out);
}

void scene_folder_end(const char *path)
{
    if (rmdir(path) != 0)
        fail_msg("%s cannot be removed", path);
}
