/* Test transactions, blocks and wallets. Heap of the C library, as in lib/data.c. */
#include "wallet/made.h"

#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "chain/beef.h"
#include "crypto/hash.h"
#include "gasp/header.h"
#include "wallet/inside.h"

enum { ROOM = 1 << 26 };

gasp_time made_time(uint64_t ms)
{
    return (gasp_time){ms, ms};
}

static gasp_bytes take(gasp_buf *buf)
{
    uint8_t *copy = malloc(buf->len + 1);
    assert_non_null(copy);
    if (buf->len > 0)
        memcpy(copy, buf->data, buf->len);
    gasp_bytes bytes = {copy, buf->len};
    gasp_buf_clear(buf);
    return bytes;
}

gasp_bytes made_raw(gasp_txid *txid, const gasp_outpoint *prev, size_t n_in, size_t n_out, uint64_t sat, uint32_t salt)
{
    gasp_buf buf;
    gasp_buf_init(&buf, ROOM, NULL);
    gasp_writer w = gasp_writer_growing(&buf);
    gasp_write_u32(&w, 1);
    gasp_write_compact(&w, n_in);
    for (size_t i = 0; i < n_in; i++) {
        gasp_write_outpoint(&w, &prev[i]);
        gasp_write_compact(&w, 4);
        gasp_write_u32(&w, salt);
        gasp_write_u32(&w, UINT32_MAX);
    }
    gasp_write_compact(&w, n_out);
    for (size_t i = 0; i < n_out; i++) {
        gasp_write_u64(&w, sat);
        gasp_write_compact(&w, 1);
        gasp_write_u8(&w, 0x51);
    }
    gasp_write_u32(&w, 0);
    assert_err(w.err, GASP_OK);
    gasp_sha256d(txid->b, buf.data, buf.len);
    return take(&buf);
}

gasp_bytes made_spend(gasp_txid *txid, const gasp_outpoint *prev, size_t n_in, uint64_t sat_in, size_t n_out,
                      uint32_t salt)
{
    test_in *in = calloc(n_in, sizeof *in);
    test_out *out = calloc(n_out, sizeof *out);
    assert_true(in != NULL && out != NULL);
    for (size_t i = 0; i < n_in; i++)
        in[i] = (test_in){prev[i], sat_in, TEST_P2PKH, 1};
    for (size_t i = 0; i < n_out; i++)
        out[i] = (test_out){n_in * sat_in / n_out, TEST_P2PKH, 1};
    const test_spec spec = {.in = in, .n_in = n_in, .out = out, .n_out = n_out, .locktime = salt};
    gasp_bytes raw = test_tx_make(txid, &spec);
    free(in);
    free(out);
    return raw;
}

gasp_bytes made_fund(gasp_txid *txid, size_t n_out, uint64_t sat, uint32_t salt)
{
    gasp_outpoint prev = {.vout = salt};
    memset(prev.txid.b, 0xfd, sizeof prev.txid.b);
    return made_spend(txid, &prev, 1, n_out * sat, n_out, salt);
}

made_wallet made_open(gasp_kv *kv, gasp_network network, const gasp_mem *mem)
{
    made_wallet w = {.kv = kv};
    gasp_wallet_config config;
    if (w.kv == NULL)
        assert_err(gasp_kv_memory_new(&w.kv, NULL), GASP_OK);
    gasp_wallet_config_init(&config);
    config.kv = w.kv;
    config.mem = mem;
    memset(config.seed32, 7, sizeof config.seed32);
    assert_err(gasp_wallet_create(&config, network, made_time(1)), GASP_OK);
    assert_err(gasp_wallet_open(&w.wallet, &config), GASP_OK);
    return w;
}

static gasp_err no_problem(void *ctx, const gasp_problem *problem)
{
    (void)ctx;
    print_error("gasp_wallet_check: %s\n", problem->what);
    return GASP_OK;
}

void made_close(made_wallet *w)
{
    gasp_check_report report;
    assert_err(gasp_wallet_check(w->wallet, &report, no_problem, NULL), GASP_OK);
    assert_int_equal(report.problems, 0);
    gasp_wallet_free(w->wallet);
    gasp_kv_close(w->kv);
    *w = (made_wallet){0};
}

gasp_bump *made_block(uint8_t raw80[80], uint32_t height, const gasp_txid *txids, size_t n)
{
    gasp_txid *all = calloc(n + 1, sizeof *all);
    size_t *which = calloc(n, sizeof *which);
    gasp_bump *bump = NULL;
    gasp_block_hash hash;
    gasp_header header = {.version = 0x20000000, .time = 1600000000 + height, .bits = 0x207fffff};
    assert_true(all != NULL && which != NULL && n > 0);
    memset(all[0].b, 0xcb, sizeof all[0].b);
    memcpy(all[0].b, &height, sizeof height);
    memcpy(all + 1, txids, n * sizeof *txids);
    for (size_t i = 0; i < n; i++)
        which[i] = i + 1;
    assert_err(gasp_bump_from_block(&bump, height, all, n + 1, which, n, NULL), GASP_OK);
    header.root = gasp_bump_root(bump);
    memset(header.prev.b, 0xee, sizeof header.prev.b);
    do {
        header.nonce++;
        gasp_header_encode(raw80, &header);
        gasp_header_hash(&hash, raw80);
    } while (hash.b[31] >= 0x7f);
    free(all);
    free(which);
    return bump;
}

gasp_bump *made_block_in(gasp_wallet *wallet, uint32_t height, const gasp_txid *txids, size_t n)
{
    uint8_t raw80[80];
    gasp_bump *bump = made_block(raw80, height, txids, n);
    assert_err(gasp_wallet_headers_trust(wallet, raw80, height, made_time(2)), GASP_OK);
    return bump;
}

gasp_beef *made_beef(void)
{
    gasp_beef *beef = NULL;
    assert_err(gasp_beef_new(&beef, 1, NULL), GASP_OK);
    return beef;
}

void made_beef_add(gasp_beef *beef, gasp_bytes raw, const gasp_bump *bump)
{
    size_t index = GASP_BEEF_NO_BUMP;
    if (bump != NULL) {
        gasp_bump *own = NULL;
        assert_err(gasp_bump_canonical(&own, bump, NULL), GASP_OK);
        assert_err(gasp_beef_add_bump_take(beef, &index, own), GASP_OK);
    }
    assert_err(gasp_beef_add_tx_copy(beef, raw, index), GASP_OK);
}

gasp_bytes made_beef_end(gasp_beef *beef)
{
    size_t len;
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    assert_err(gasp_beef_encode(beef, NULL, 0, &len), GASP_OK);
    uint8_t *out = malloc(len);
    assert_non_null(out);
    assert_err(gasp_beef_encode(beef, out, len, &len), GASP_OK);
    gasp_beef_free(beef);
    return (gasp_bytes){out, len};
}

static gasp_err note(void *ctx, const gasp_verdict *verdict)
{
    made_report *to = ctx;
    assert_true(to->n < sizeof to->list / sizeof to->list[0]);
    to->list[to->n++] = *verdict;
    return GASP_OK;
}

gasp_err made_add(gasp_wallet *wallet, gasp_bytes bytes, const gasp_add_config *config, uint64_t ms, made_report *out)
{
    gasp_add_config all;
    gasp_add_config_init(&all);
    out->n = 0;
    return gasp_wallet_add(wallet, bytes.data, bytes.len, config != NULL ? config : &all, made_time(ms), note, out,
                           NULL);
}

const gasp_verdict *made_verdict(const made_report *report, const gasp_txid *txid)
{
    for (size_t i = 0; i < report->n; i++)
        if (memcmp(report->list[i].txid.b, txid->b, 32) == 0)
            return &report->list[i];
    fail_msg("no verdict for a transaction");
    return NULL;
}

static gasp_err dump_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_writer w = gasp_writer_growing(ctx);
    gasp_write_sized(&w, key);
    gasp_write_sized(&w, value);
    return w.err;
}

gasp_bytes made_dump(const gasp_kv *kv)
{
    gasp_buf buf;
    gasp_buf_init(&buf, ROOM, NULL);
    assert_err(kv->scan(kv->user, NULL, (gasp_bytes){0}, (gasp_bytes){0}, false, dump_row, &buf), GASP_OK);
    return take(&buf);
}

static void put_hex(gasp_writer *w, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        gasp_write_u8(w, (uint8_t)digits[bytes[i] >> 4]);
        gasp_write_u8(w, (uint8_t)digits[bytes[i] & 15]);
    }
    gasp_write_u8(w, ' ');
}

static gasp_err list_row(void *ctx, const gasp_output *o)
{
    gasp_writer w = gasp_writer_growing(ctx);
    char text[GASP_OUTPOINT_TEXT_MAX];
    gasp_outpoint_to_text(text, &o->outpoint);
    gasp_write_bytes(&w, text, strlen(text));
    gasp_write_u64(&w, o->sat);
    put_hex(&w, o->script.data, o->script.len);
    put_hex(&w, o->state.b, 32);
    gasp_write_u8(&w, o->spent ? 's' : '-');
    gasp_write_u8(&w, o->unanchored ? 'u' : '-');
    put_hex(&w, o->spender.b, 32);
    if (o->anchor != NULL) {
        gasp_write_u32(&w, o->anchor->height);
        gasp_write_u64(&w, o->anchor->index);
        put_hex(&w, o->anchor->block.b, 32);
    }
    for (size_t i = 0; i < o->n_entries; i++) {
        gasp_write_sized(&w, o->entries[i].name);
        gasp_write_u64(&w, o->entries[i].timestamp_us);
        gasp_write_sized(&w, o->entries[i].value);
    }
    gasp_write_u8(&w, '\n');
    return w.err;
}

gasp_bytes made_listing(gasp_wallet *wallet)
{
    const gasp_collection collection = {{0}};
    gasp_buf buf;
    gasp_buf_init(&buf, ROOM, NULL);
    assert_err(gasp_wallet_outputs(wallet, &collection, NULL, true, list_row, &buf), GASP_OK);
    return take(&buf);
}

void made_expect(const made_report *report, const gasp_txid *txid, gasp_fate fate, gasp_err err)
{
    const gasp_verdict *v = made_verdict(report, txid);
    assert_int_equal(v->fate, fate);
    assert_err(v->err, err);
}

/* A wallet that holds a proven transaction with four outputs of 1,000. */
made_funded made_funds(void)
{
    made_funded f = {.w = made_open(NULL, GASP_NETWORK_REGTEST, NULL)};
    made_report report;
    f.parent_raw = made_fund(&f.parent, 4, 1000, 1);
    f.bump = made_block_in(f.w.wallet, 10, &f.parent, 1);
    gasp_beef *beef = made_beef();
    made_beef_add(beef, f.parent_raw, f.bump);
    gasp_bytes bytes = made_beef_end(beef);
    assert_err(made_add(f.w.wallet, bytes, NULL, 100, &report), GASP_OK);
    made_expect(&report, &f.parent, GASP_FATE_COMMITTED, GASP_OK);
    assert_int_equal(report.list[0].n_outputs, 4);
    test_release(bytes);
    return f;
}

void made_funds_clear(made_funded *f)
{
    gasp_bump_free(f->bump);
    test_release(f->parent_raw);
    made_close(&f->w);
}

size_t made_spendable(gasp_wallet *wallet)
{
    const gasp_collection standard = {{0}};
    gasp_set_summary summary;
    gasp_set_summary anew;
    assert_err(gasp_wallet_summary(wallet, &summary, &standard), GASP_OK);
    /* What was kept and brought up to date is what all rows say. */
    gasp_wallet_snapshot_forget(wallet);
    assert_err(gasp_wallet_summary(wallet, &anew, &standard), GASP_OK);
    assert_true(gasp_set_summary_equal(&summary, &anew));
    return (size_t)summary.count;
}
