/* Taking in and giving out: two real BEEFs with the headers of their blocks, what is missing from them, what is wrong with
 * them when a byte is changed, and every form and choice of gasp_wallet_add; in memory and in LevelDB. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/writer.h"
#include "chain/tx.h"
#include "gasp/header.h"
#include "gasp/leveldb.h"
#include "wallet/made.h"

static const gasp_collection standard = {{0}};

enum { FIRST_HEADER = 900000, CASE_905506 = 16, CASE_905906 = 18 };

/* ---- the real ones ------------------------------------------------------------------------------------------------- */

static gasp_bytes corpus_case(size_t number)
{
    json_t *rows = test_shared_json("beef/beef-corpus.json");
    gasp_bytes bytes = test_hex(test_json_text(json_array_get(rows, number), "hex"));
    json_decref(rows);
    return bytes;
}

static void trust_real(gasp_wallet *wallet, uint32_t height)
{
    gasp_bytes all = test_shared_file("headers/bsv-mainnet-900000-916817.headers");
    const uint8_t *raw80 = all.data + (size_t)(height - FIRST_HEADER) * GASP_HEADER_LEN;
    assert_err(gasp_wallet_headers_trust(wallet, raw80, height, made_time(5)), GASP_OK);
    test_release(all);
}

static gasp_txid id(const char *text)
{
    gasp_txid txid;
    assert_err(gasp_txid_from_text(&txid, text), GASP_OK);
    return txid;
}

#define PROVEN_A "04ebb73043228e07675ffed7e24c3eb77bdc291dd608afc0ab9f065efd5c984d"
#define PROVEN_B "45901bdc7a00de55c08ff76bfdebafe58e1bf0ef28e74c5c50eec99872de0a1f"
#define UNPROVEN "1179a30bdb56c6c0de6268c83240a832a64b5f571076142e5f746ecfc45759b0"
#define NO_HEADER "9d9eed2d6c0526193a909c2f4543a84f683523bcde9bcd0d37028414a9eb1224"
#define ASIDE "437407e10a85c7b707a347a140e82a2c35e36d082253d21855d0d0825bbe5d8c"
#define ALONE "67fa6018aaf6da335a05230b6499acb5ebfe179fe7902d850d219bbcbc8d1075"

/* The real one of 905506 without the end that stands on an older block, and without that block. */
static gasp_bytes without_last(gasp_bytes whole)
{
    static const char *const keep[] = {PROVEN_A, PROVEN_B, UNPROVEN};
    gasp_beef *from = NULL;
    gasp_beef *to = made_beef();
    assert_err(gasp_beef_decode(&from, whole, NULL, NULL), GASP_OK);
    for (size_t i = 0; i < 3; i++) {
        gasp_beef_item item;
        size_t at;
        const gasp_txid txid = id(keep[i]);
        assert_err(gasp_beef_find(from, &at, &txid), GASP_OK);
        assert_err(gasp_beef_tx(from, at, &item), GASP_OK);
        made_beef_add(to, gasp_tx_raw(item.tx),
                      item.bump == GASP_BEEF_NO_BUMP ? NULL : gasp_beef_bump(from, item.bump));
    }
    gasp_beef_free(from);
    return made_beef_end(to);
}

static void take_real(gasp_wallet *wallet)
{
    made_report report;
    const gasp_txid aside = id(ASIDE);
    const gasp_txid no_header = id(NO_HEADER);
    const gasp_txid unproven = id(UNPROVEN);
    const gasp_txid a = id(PROVEN_A);
    const gasp_txid b = id(PROVEN_B);
    const gasp_txid alone = id(ALONE);
    gasp_bytes whole = corpus_case(CASE_905506);
    gasp_bytes second = corpus_case(CASE_905906);
    gasp_bytes first = without_last(whole);
    trust_real(wallet, 905506);
    trust_real(wallet, 905906);
    /* The only end of the whole file stands on a block of which no header is held: nothing of it is stored. */
    assert_err(made_add(wallet, whole, NULL, 1000, &report), GASP_OK);
    assert_int_equal(report.n, 5);
    made_expect(&report, &a, GASP_FATE_UNNEEDED, GASP_OK);
    made_expect(&report, &b, GASP_FATE_UNNEEDED, GASP_OK);
    made_expect(&report, &unproven, GASP_FATE_UNNEEDED, GASP_OK);
    made_expect(&report, &no_header, GASP_FATE_ASIDE, GASP_ERR_PROOF_NO_HEADER);
    made_expect(&report, &aside, GASP_FATE_ASIDE, GASP_ERR_VERIFY_PARENT);
    const gasp_verdict *v = made_verdict(&report, &aside);
    assert_err(v->cause_err, GASP_ERR_PROOF_NO_HEADER);
    assert_memory_equal(v->cause.b, no_header.b, 32);
    assert_int_equal(v->height, 897738);
    assert_err(made_add(wallet, first, NULL, 1000, &report), GASP_OK);
    assert_int_equal(report.n, 3);
    made_expect(&report, &a, GASP_FATE_COMMITTED, GASP_OK);
    made_expect(&report, &b, GASP_FATE_COMMITTED, GASP_OK);
    made_expect(&report, &unproven, GASP_FATE_COMMITTED, GASP_OK);
    assert_err(made_add(wallet, second, NULL, 1001, &report), GASP_OK);
    assert_int_equal(report.n, 1);
    made_expect(&report, &alone, GASP_FATE_COMMITTED, GASP_OK);
    /* Again: what is held is known, what was set aside is set aside again. */
    gasp_bytes before = made_listing(wallet);
    assert_err(made_add(wallet, whole, NULL, 1002, &report), GASP_OK);
    made_expect(&report, &a, GASP_FATE_KNOWN, GASP_OK);
    made_expect(&report, &b, GASP_FATE_KNOWN, GASP_OK);
    made_expect(&report, &unproven, GASP_FATE_KNOWN, GASP_OK);
    made_expect(&report, &aside, GASP_FATE_ASIDE, GASP_ERR_VERIFY_PARENT);
    assert_err(made_add(wallet, second, NULL, 1003, &report), GASP_OK);
    made_expect(&report, &alone, GASP_FATE_KNOWN, GASP_OK);
    gasp_bytes after = made_listing(wallet);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, after.len);
    test_release(before);
    test_release(after);
    test_release(whole);
    test_release(first);
    test_release(second);
}

static gasp_err count_output(void *ctx, const gasp_output *o)
{
    (void)o;
    ++*(size_t *)ctx;
    return GASP_OK;
}

/* Everything that a wallet lists, given out and taken into another one. */
static gasp_err export_each(void *ctx, const gasp_output *o)
{
    gasp_wallet *const *both = ctx;
    made_report report;
    for (int form = GASP_EXPORT_BEEF; form <= GASP_EXPORT_ATOMIC; form++) {
        gasp_data out = {0};
        gasp_beef *beef = NULL;
        gasp_txid subject;
        gasp_beef_item last;
        const uint32_t vout[] = {o->outpoint.vout};
        gasp_add_config config;
        gasp_add_config_init(&config);
        config.take = GASP_TAKE_LIST;
        config.vouts = vout;
        config.n_vouts = 1;
        assert_err(gasp_wallet_export(both[0], &out, &o->outpoint.txid, (gasp_export)form), GASP_OK);
        gasp_bytes bytes = {out.data, out.len};
        assert_err(gasp_beef_decode(&beef, bytes, NULL, NULL), GASP_OK);
        assert_err(gasp_beef_check(beef, NULL), GASP_OK);
        assert_int_equal(gasp_beef_version(beef), 1);
        assert_err(gasp_beef_tx(beef, gasp_beef_tx_count(beef) - 1, &last), GASP_OK);
        assert_memory_equal(last.txid.b, o->outpoint.txid.b, 32);
        assert_int_equal(last.bump != GASP_BEEF_NO_BUMP, o->anchor != NULL);
        if (o->anchor != NULL)
            assert_int_equal(gasp_beef_tx_count(beef), 1); /* nothing behind a proof */
        assert_err(gasp_beef_subject(beef, &subject), form == GASP_EXPORT_ATOMIC ? GASP_OK : GASP_ABSENT);
        gasp_beef_free(beef);
        assert_err(made_add(both[1], bytes, &config, 2000, &report), GASP_OK);
        made_expect(&report, &o->outpoint.txid, form == GASP_EXPORT_BEEF ? GASP_FATE_COMMITTED : GASP_FATE_KNOWN,
                    GASP_OK);
        assert_int_equal(made_verdict(&report, &o->outpoint.txid)->n_outputs, 1);
        gasp_data_clear(&out);
    }
    return GASP_OK;
}

static void real_beefs(gasp_kv *kv, const char *where)
{
    made_wallet w = made_open(kv, GASP_NETWORK_MAIN, NULL);
    made_wallet other = made_open(NULL, GASP_NETWORK_MAIN, NULL);
    gasp_wallet *both[2] = {w.wallet, other.wallet};
    gasp_set_summary mine;
    gasp_set_summary theirs;
    size_t n = 0;
    take_real(w.wallet);
    assert_err(gasp_wallet_outputs(w.wallet, &standard, NULL, false, count_output, &n), GASP_OK);
    trust_real(other.wallet, 905506);
    trust_real(other.wallet, 905906);
    assert_err(gasp_wallet_outputs(w.wallet, &standard, NULL, false, export_each, both), GASP_OK);
    assert_err(gasp_wallet_summary(w.wallet, &mine, &standard), GASP_OK);
    assert_err(gasp_wallet_summary(other.wallet, &theirs, &standard), GASP_OK);
    assert_int_equal(mine.count, n);
    assert_true(gasp_set_summary_equal(&mine, &theirs));
    gasp_bytes a = made_listing(w.wallet);
    gasp_bytes b = made_listing(other.wallet);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, b.len);
    print_message(
        "count: wallet %s: BEEFs of 905506 and 905906 taken in, %zu outputs exported twice and taken in again\n", where,
        n);
    test_release(a);
    test_release(b);
    made_close(&w);
    made_close(&other);
}

static void real_in_memory(void **state)
{
    (void)state;
    real_beefs(NULL, "memory");
}

static void real_in_leveldb(void **state)
{
    (void)state;
    char dir[] = "/tmp/gasp-test-add-XXXXXX";
    char path[64];
    gasp_kv *kv = NULL;
    gasp_kv_text why;
    gasp_leveldb_config config;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/wallet", dir);
    gasp_leveldb_config_init(&config);
    config.mode = GASP_LEVELDB_CREATE;
    assert_err(gasp_kv_leveldb_open(&kv, path, &config, NULL, &why), GASP_OK);
    real_beefs(kv, "LevelDB");
    assert_err(gasp_kv_leveldb_destroy(path, &why), GASP_OK);
    assert_int_equal(rmdir(dir), 0);
}

/* Every byte of the signature of the unproven one, changed by one bit. */
static void a_changed_signature_is_refused(void **state)
{
    (void)state;
    gasp_bytes whole = corpus_case(CASE_905506);
    gasp_beef *beef = NULL;
    gasp_beef_item item;
    size_t at;
    const gasp_txid unproven = id(UNPROVEN);
    made_wallet w = made_open(NULL, GASP_NETWORK_MAIN, NULL);
    trust_real(w.wallet, 905506);
    gasp_bytes before = made_dump(w.kv);
    assert_err(gasp_beef_decode(&beef, whole, NULL, NULL), GASP_OK);
    assert_err(gasp_beef_find(beef, &at, &unproven), GASP_OK);
    assert_err(gasp_beef_tx(beef, at, &item), GASP_OK);
    size_t place = (size_t)(item.tx->in[0].script.data - whole.data);
    size_t der = whole.data[place + 2] + 2U; /* push, 30, length, ... */
    size_t refused = 0;
    uint8_t *changed = malloc(whole.len);
    assert_non_null(changed);
    for (size_t i = 0; i < der; i++) {
        made_report report;
        memcpy(changed, whole.data, whole.len);
        changed[place + 1 + i] ^= 1;
        gasp_tx *tx = NULL;
        assert_err(
            gasp_tx_decode(&tx, (gasp_bytes){changed + (item.tx->raw.data - whole.data), item.tx->raw.len}, NULL, NULL),
            GASP_OK);
        assert_err(made_add(w.wallet, (gasp_bytes){changed, whole.len}, NULL, 3000, &report), GASP_OK);
        made_expect(&report, &tx->txid, GASP_FATE_REFUSED, GASP_ERR_VERIFY_SCRIPT);
        assert_memory_equal(made_verdict(&report, &tx->txid)->cause.b, tx->txid.b, 32);
        assert_int_equal(made_verdict(&report, &tx->txid)->input, 0);
        gasp_tx_free(tx);
        for (size_t k = 0; k < report.n; k++)
            refused += report.list[k].err == GASP_ERR_VERIFY_SCRIPT;
    }
    gasp_bytes after = made_dump(w.kv);
    assert_int_equal(refused, der);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, after.len);
    print_message("count: wallet %zu changed signature bytes refused, nothing stored\n", refused);
    free(changed);
    test_release(before);
    test_release(after);
    test_release(whole);
    gasp_beef_free(beef);
    made_close(&w);
}

/* What was missing comes: the header first, then the same file. */
static void aside_is_not_for_ever(void **state)
{
    (void)state;
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    gasp_txid parent;
    gasp_txid child;
    uint8_t raw80[80];
    made_report report;
    gasp_bytes raw = made_fund(&parent, 1, 1000, 1);
    gasp_outpoint prev = {parent, 0};
    gasp_bytes spend = made_spend(&child, &prev, 1, 1000, 1, 0);
    gasp_bump *bump = made_block(raw80, 77, &parent, 1);
    gasp_beef *beef = made_beef();
    made_beef_add(beef, raw, bump);
    made_beef_add(beef, spend, NULL);
    gasp_bytes bytes = made_beef_end(beef);
    assert_err(made_add(w.wallet, bytes, NULL, 1, &report), GASP_OK);
    made_expect(&report, &parent, GASP_FATE_ASIDE, GASP_ERR_PROOF_NO_HEADER);
    made_expect(&report, &child, GASP_FATE_ASIDE, GASP_ERR_VERIFY_PARENT);
    assert_int_equal(made_verdict(&report, &child)->height, 77);
    assert_err(gasp_wallet_headers_trust(w.wallet, raw80, 77, made_time(2)), GASP_OK);
    assert_err(made_add(w.wallet, bytes, NULL, 3, &report), GASP_OK);
    made_expect(&report, &parent, GASP_FATE_COMMITTED, GASP_OK);
    made_expect(&report, &child, GASP_FATE_COMMITTED, GASP_OK);
    gasp_bump_free(bump);
    test_release(raw);
    test_release(spend);
    test_release(bytes);
    made_close(&w);
}

/* ---- forms --------------------------------------------------------------------------------------------------------- */

static void raw_and_extended_transactions(void **state)
{
    (void)state;
    made_funded f = made_funds();
    made_report report;
    gasp_txid child;
    gasp_txid next;
    gasp_outpoint prev = {f.parent, 0};
    gasp_bytes raw = made_spend(&child, &prev, 1, 1000, 2, 0);
    assert_err(made_add(f.w.wallet, raw, NULL, 200, &report), GASP_OK);
    assert_int_equal(report.n, 1);
    made_expect(&report, &child, GASP_FATE_COMMITTED, GASP_OK);
    assert_int_equal(made_spendable(f.w.wallet), 5);
    assert_err(made_add(f.w.wallet, raw, NULL, 201, &report), GASP_OK);
    made_expect(&report, &child, GASP_FATE_KNOWN, GASP_OK);
    /* The extended form is kept in the standard one. */
    gasp_tx *tx = NULL;
    gasp_tx *parent = NULL;
    size_t len;
    uint8_t extended[1024];
    gasp_held held;
    prev = (gasp_outpoint){child, 1};
    gasp_bytes second = made_spend(&next, &prev, 1, 500, 1, 0);
    assert_err(gasp_tx_decode(&tx, second, NULL, NULL), GASP_OK);
    assert_err(gasp_tx_decode(&parent, raw, NULL, NULL), GASP_OK);
    assert_err(gasp_tx_set_source(tx, 0, 500, parent->out[1].script), GASP_OK);
    assert_err(gasp_tx_encode_extended(tx, extended, sizeof extended, &len), GASP_OK);
    assert_err(made_add(f.w.wallet, (gasp_bytes){extended, len}, NULL, 202, &report), GASP_OK);
    made_expect(&report, &next, GASP_FATE_COMMITTED, GASP_OK);
    assert_err(gasp_wallet_transaction(f.w.wallet, &held, &next), GASP_OK);
    assert_int_equal(held.raw.len, second.len);
    assert_memory_equal(held.raw.data, second.data, second.len);
    gasp_held_clear(&held);
    gasp_tx_free(tx);
    gasp_tx_free(parent);
    test_release(raw);
    test_release(second);
    made_funds_clear(&f);
}

static void missing_parents_set_aside(void **state)
{
    (void)state;
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    made_report report;
    gasp_txid child;
    gasp_outpoint prev = {{{5}}, 0};
    gasp_bytes raw = made_spend(&child, &prev, 1, 1000, 1, 0);
    assert_err(made_add(w.wallet, raw, NULL, 200, &report), GASP_OK);
    made_expect(&report, &child, GASP_FATE_ASIDE, GASP_ERR_VERIFY_NO_PARENT);
    assert_memory_equal(made_verdict(&report, &child)->cause.b, prev.txid.b, 32);
    test_release(raw);
    made_close(&w);
}

static void rules_of_amount_and_outpoint(void **state)
{
    (void)state;
    made_funded f = made_funds();
    made_report report;
    gasp_txid txid;
    gasp_outpoint prev = {f.parent, 4};
    gasp_bytes raw = made_spend(&txid, &prev, 1, 1000, 1, 0);
    assert_err(made_add(f.w.wallet, raw, NULL, 200, &report), GASP_OK);
    made_expect(&report, &txid, GASP_FATE_REFUSED, GASP_ERR_VERIFY_NO_OUTPOINT);
    test_release(raw);
    prev.vout = 0;
    raw = made_spend(&txid, &prev, 1, 1001, 1, 0);
    assert_err(made_add(f.w.wallet, raw, NULL, 200, &report), GASP_OK);
    made_expect(&report, &txid, GASP_FATE_REFUSED, GASP_ERR_VERIFY_AMOUNT);
    test_release(raw);
    made_funds_clear(&f);
}

/* ---- which outputs ------------------------------------------------------------------------------------------------- */

static void the_listed_outputs_alone(void **state)
{
    (void)state;
    made_funded f = made_funds();
    made_report report;
    gasp_txid child;
    const uint32_t vouts[] = {2, 0, 2};
    const uint32_t beyond[] = {3};
    gasp_add_config config;
    gasp_outpoint prev = {f.parent, 0};
    gasp_bytes raw = made_spend(&child, &prev, 1, 900, 3, 0);
    gasp_bytes good = made_spend(&child, &prev, 1, 1000, 3, 0);
    gasp_add_config_init(&config);
    config.take = GASP_TAKE_LIST;
    config.vouts = beyond;
    config.n_vouts = 1;
    gasp_bytes before = made_dump(f.w.kv);
    assert_err(made_add(f.w.wallet, good, &config, 200, &report), GASP_ERR_COUNT);
    config.vouts = vouts;
    config.n_vouts = 3;
    config.collection.b[0] = 1;
    assert_err(made_add(f.w.wallet, good, &config, 200, &report), GASP_ERR_MISUSE); /* no such collection */
    gasp_bytes after = made_dump(f.w.kv);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, after.len);
    config.collection.b[0] = 0;
    assert_err(made_add(f.w.wallet, good, &config, 200, &report), GASP_OK);
    made_expect(&report, &child, GASP_FATE_COMMITTED, GASP_OK);
    assert_int_equal(report.list[0].n_outputs, 2);
    assert_int_equal(made_spendable(f.w.wallet), 3 + 2);
    /* The rest of it later: nothing is new but that. */
    assert_err(made_add(f.w.wallet, good, NULL, 201, &report), GASP_OK);
    made_expect(&report, &child, GASP_FATE_COMMITTED, GASP_OK);
    assert_int_equal(made_spendable(f.w.wallet), 3 + 3);
    test_release(before);
    test_release(after);
    test_release(raw);
    test_release(good);
    made_funds_clear(&f);
}

/* A transaction whose outputs hold data: those that nobody can spend are not ours, before Genesis with one form more. */
static void all_but_the_unspendable(void **state)
{
    (void)state;
    static const uint8_t scripts[][3] = {{2, 0x00, 0x6a}, {1, 0x6a}, {1, 0x00}, {1, 0x51}};
    static const uint32_t heights[] = {10, 20000}; /* regtest Genesis: 10,000 */
    for (size_t h = 0; h < 2; h++) {
        made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
        made_report report;
        gasp_txid txid;
        gasp_buf buf;
        gasp_outpoint prev = {{{7}}, 0};
        gasp_bytes one = made_raw(&txid, &prev, 1, 1, 5, 0);
        gasp_buf_init(&buf, 1000, NULL);
        gasp_writer wr = gasp_writer_growing(&buf);
        gasp_write_bytes(&wr, one.data, 4 + 1 + 36 + 5 + 4);
        gasp_write_compact(&wr, 4);
        for (size_t i = 0; i < 4; i++) {
            gasp_write_u64(&wr, 1);
            gasp_write_sized(&wr, (gasp_bytes){scripts[i] + 1, scripts[i][0]});
        }
        gasp_write_u32(&wr, 0);
        gasp_tx *tx = NULL;
        assert_err(gasp_tx_decode(&tx, gasp_buf_view(&buf), NULL, NULL), GASP_OK);
        gasp_bump *bump = made_block_in(w.wallet, heights[h], &tx->txid, 1);
        gasp_beef *beef = made_beef();
        made_beef_add(beef, gasp_buf_view(&buf), bump);
        gasp_bytes bytes = made_beef_end(beef);
        assert_err(made_add(w.wallet, bytes, NULL, 1, &report), GASP_OK);
        made_expect(&report, &tx->txid, GASP_FATE_COMMITTED, GASP_OK);
        assert_int_equal(report.list[0].n_outputs, h == 0 ? 2 : 3);
        gasp_tx_free(tx);
        gasp_bump_free(bump);
        gasp_buf_clear(&buf);
        test_release(one);
        test_release(bytes);
        made_close(&w);
    }
}

/* Of a BEEF only what no other one spends is ours, and what stands beside the graph is not stored. */
static void subjects_and_strangers(void **state)
{
    (void)state;
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    made_report report;
    gasp_txid ids[4];
    gasp_bytes raws[4];
    gasp_outpoint prev;
    raws[0] = made_fund(&ids[0], 2, 1000, 1);
    raws[1] = made_fund(&ids[1], 1, 1000, 2);
    prev = (gasp_outpoint){ids[0], 0};
    raws[2] = made_spend(&ids[2], &prev, 1, 1000, 1, 0);
    prev = (gasp_outpoint){ids[2], 0};
    raws[3] = made_spend(&ids[3], &prev, 1, 1000, 1, 0);
    gasp_bump *bump = made_block_in(w.wallet, 10, ids, 2);
    gasp_beef *beef = made_beef();
    for (size_t i = 0; i < 4; i++)
        made_beef_add(beef, raws[i], i < 2 ? bump : NULL);
    gasp_beef_set_subject(beef, &ids[3]);
    gasp_bytes bytes = made_beef_end(beef);
    /* Atomic: a stranger beside the subject's graph. */
    assert_err(made_add(w.wallet, bytes, NULL, 1, &report), GASP_ERR_BEEF_UNRELATED);
    /* The same without a subject: the stranger is one of its own. */
    assert_err(made_add(w.wallet, (gasp_bytes){bytes.data + 36, bytes.len - 36}, NULL, 1, &report), GASP_OK);
    for (size_t i = 0; i < 4; i++)
        made_expect(&report, &ids[i], GASP_FATE_COMMITTED, GASP_OK);
    assert_int_equal(made_verdict(&report, &ids[0])->n_outputs, 0);
    assert_int_equal(made_verdict(&report, &ids[1])->n_outputs, 1);
    assert_int_equal(made_verdict(&report, &ids[2])->n_outputs, 0);
    assert_int_equal(made_verdict(&report, &ids[3])->n_outputs, 1);
    assert_int_equal(made_spendable(w.wallet), 2);
    test_release(bytes);
    made_close(&w);
    /* What a fallen subject stands on is sound, and not needed. */
    w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    gasp_bump_free(bump);
    bump = made_block_in(w.wallet, 10, ids, 2);
    test_release(raws[3]);
    raws[3] = made_spend(&ids[3], &prev, 1, 999999, 1, 0);
    beef = made_beef();
    for (size_t i = 0; i < 4; i += i == 0 ? 2 : 1)
        made_beef_add(beef, raws[i], i < 2 ? bump : NULL);
    bytes = made_beef_end(beef);
    assert_err(made_add(w.wallet, bytes, NULL, 1, &report), GASP_OK);
    made_expect(&report, &ids[0], GASP_FATE_UNNEEDED, GASP_OK);
    made_expect(&report, &ids[2], GASP_FATE_UNNEEDED, GASP_OK);
    made_expect(&report, &ids[3], GASP_FATE_REFUSED, GASP_ERR_VERIFY_AMOUNT);
    gasp_held held;
    assert_err(gasp_wallet_transaction(w.wallet, &held, &ids[0]), GASP_ABSENT);
    gasp_bump_free(bump);
    test_release(bytes);
    for (size_t i = 0; i < 4; i++)
        test_release(raws[i]);
    made_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_in_memory),
        cmocka_unit_test(real_in_leveldb),
        cmocka_unit_test(a_changed_signature_is_refused),
        cmocka_unit_test(aside_is_not_for_ever),
        cmocka_unit_test(raw_and_extended_transactions),
        cmocka_unit_test(missing_parents_set_aside),
        cmocka_unit_test(rules_of_amount_and_outpoint),
        cmocka_unit_test(the_listed_outputs_alone),
        cmocka_unit_test(all_but_the_unspendable),
        cmocka_unit_test(subjects_and_strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
