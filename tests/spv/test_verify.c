/* One unproven transaction: each error code fired alone, the order of them, a hundred thousand inputs, verdicts that do
 * not depend on the order of checks, and the node's invalid transactions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "lib/asm.h"
#include "lib/data.h"
#include "lib/keys.h"
#include "lib/random.h"
#include "spv/verify.h"

static gasp_ecdsa *ecdsa;

static const gasp_spv_setting today = {GASP_NETWORK_MAIN, 950000, GASP_SPV_SIGHASH_BYTES_MAX};

/* A transaction by value: inputs numbered so that all outpoints differ. */
typedef struct sample {
    gasp_txin in[12];
    gasp_txout out[3];
    struct gasp_tx tx;
} sample;

static void sample_init(sample *s, size_t n_in)
{
    static const uint8_t raw[200];
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < n_in; i++) {
        s->in[i].prev.txid.b[0] = 9;
        s->in[i].prev.vout = (uint32_t)(n_in - i);
    }
    s->out[0].sat = 10;
    s->out[1].sat = 20;
    s->tx.raw = (gasp_bytes){raw, sizeof raw};
    s->tx.version = 1;
    s->tx.n_in = n_in;
    s->tx.n_out = 2;
    s->tx.in = s->in;
    s->tx.out = s->out;
}

static void form(void **state)
{
    (void)state;
    sample s;
    size_t input = 77;
    sample_init(&s, 3);
    assert_err(gasp_spv_check_form(&s.tx, &input, NULL), GASP_OK);
    s.tx.n_in = 0;
    assert_err(gasp_spv_check_form(&s.tx, &input, NULL), GASP_ERR_TX_NO_INPUTS);
    sample_init(&s, 3);
    s.tx.n_out = 0;
    assert_err(gasp_spv_check_form(&s.tx, &input, NULL), GASP_ERR_TX_NO_OUTPUTS);
    sample_init(&s, 3);
    s.out[1].sat = GASP_SAT_MAX - 10;
    assert_err(gasp_spv_check_form(&s.tx, &input, NULL), GASP_OK);
    s.out[1].sat++;
    assert_err(gasp_spv_check_form(&s.tx, &input, NULL), GASP_ERR_VERIFY_AMOUNT);
    s.out[0].sat = 0;
    s.out[1].sat = UINT64_MAX;
    assert_err(gasp_spv_check_form(&s.tx, &input, NULL), GASP_ERR_VERIFY_AMOUNT);
    assert_int_equal(input, 77);
    s.in[2].prev.txid.b[0] = 0;
    assert_err(gasp_spv_check_form(&s.tx, &input, NULL), GASP_ERR_VERIFY_COINBASE);
    assert_int_equal(input, 2);
}

/* 64 bytes: one input, one output, four bytes of script between them. 63 and 65 are judged as any other. */
static void sixty_four_bytes(void **state)
{
    (void)state;
    for (size_t script = 3; script <= 5; script++) {
        uint8_t raw[80] = {1, [4] = 1, [5] = 9};
        raw[4 + 1 + 36] = (uint8_t)script;
        raw[4 + 1 + 36 + 1 + script + 4] = 1;
        gasp_tx *tx = NULL;
        size_t input;
        assert_err(gasp_tx_decode(&tx, (gasp_bytes){raw, 60 + script}, NULL, NULL), GASP_OK);
        assert_err(gasp_spv_check_form(tx, &input, NULL), script == 4 ? GASP_ERR_PROOF_TX_64 : GASP_OK);
        gasp_tx_free(tx);
    }
}

/* On both sides of the number up to which inputs are compared pair by pair. */
static void input_twice(void **state)
{
    (void)state;
    for (size_t n = 2; n <= 12; n++) {
        for (size_t first = 0; first < n; first++) {
            for (size_t second = first + 1; second < n; second++) {
                sample s;
                size_t input = 77;
                sample_init(&s, n);
                assert_err(gasp_spv_check_form(&s.tx, &input, NULL), GASP_OK);
                s.in[second].prev = s.in[first].prev;
                assert_err(gasp_spv_check_form(&s.tx, &input, NULL), GASP_ERR_VERIFY_INPUT_TWICE);
                assert_int_equal(input, second);
                s.in[second].prev.txid.b[31] ^= 1;
                assert_err(gasp_spv_check_form(&s.tx, &input, NULL), GASP_OK);
            }
        }
    }
}

/* Of several repeated inputs the first repetition is named. */
static void first_repetition(void **state)
{
    (void)state;
    sample s;
    size_t input = 77;
    sample_init(&s, 12);
    s.in[11].prev = s.in[0].prev;
    s.in[9].prev = s.in[0].prev;
    s.in[7].prev = s.in[6].prev;
    assert_err(gasp_spv_check_form(&s.tx, &input, NULL), GASP_ERR_VERIFY_INPUT_TWICE);
    assert_int_equal(input, 7);
}

/* Outpoints in rising, falling and random order, alike but for their last bytes. Pairwise comparison would take 3 *
 * 10^10 steps in all: the bound is a tenth of what those need, and fifty times what sorting does. */
static void many_inputs(void **state)
{
    (void)state;
    const size_t n = 100000;
    test_random r = test_random_start("many inputs");
    gasp_txin *in = calloc(n, sizeof *in);
    assert_non_null(in);
    sample s;
    sample_init(&s, 1);
    s.tx.in = in;
    s.tx.n_in = n;
    for (int order = 0; order < 3; order++) {
        for (size_t i = 0; i < n; i++) {
            in[i].prev.txid.b[0] = 9;
            in[i].prev.vout = (uint32_t)(order == 1 ? n - i : i);
        }
        for (size_t i = n; order == 2 && i-- > 1;) {
            size_t j = test_random_below(&r, i + 1);
            gasp_txin swapped = in[i];
            in[i] = in[j];
            in[j] = swapped;
        }
        size_t input = 0;
        clock_t start = clock();
        assert_err(gasp_spv_check_form(&s.tx, &input, NULL), GASP_OK);
        in[n - 1].prev = in[n / 2].prev;
        assert_err(gasp_spv_check_form(&s.tx, &input, NULL), GASP_ERR_VERIFY_INPUT_TWICE);
        assert_int_equal(input, n - 1);
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        print_message("%zu inputs, order %d: %.0f ms twice\n", n, order, 1000 * seconds);
        assert_true(seconds < 5);
    }
    free(in);
}

static void *nothing(void *user, size_t len)
{
    (void)user;
    (void)len;
    return NULL;
}

static void release_it(void *user, void *block)
{
    (void)user;
    gasp_mem_free(gasp_mem_default(), block);
}

static void no_memory(void **state)
{
    (void)state;
    const gasp_mem mem = {sizeof mem, NULL, nothing, NULL, release_it};
    sample s;
    size_t input;
    sample_init(&s, 12);
    assert_err(gasp_spv_check_form(&s.tx, &input, &mem), GASP_ERR_NOMEM);
    gasp_verify_batch batch;
    gasp_spv_source sources[12] = {{0}};
    gasp_verify_batch_init(&batch, ecdsa, 100, &mem);
    assert_err(gasp_spv_add_jobs(&batch, &input, &s.tx, sources, &today), GASP_ERR_NOMEM);
    gasp_verify_batch_clear(&batch);
}

static void source_of(void **state)
{
    (void)state;
    sample s;
    gasp_spv_source source;
    sample_init(&s, 1);
    s.tx.txid.b[5] = 1;
    gasp_outpoint prev = {s.tx.txid, 1};
    assert_err(gasp_spv_source_of(&source, &s.tx, 700001, &prev), GASP_OK);
    assert_int_equal(source.sat, 20);
    assert_int_equal(source.height, 700001);
    prev.vout = 2;
    assert_err(gasp_spv_source_of(&source, &s.tx, 700001, &prev), GASP_ERR_VERIFY_NO_OUTPOINT);
    prev.vout = UINT32_MAX;
    assert_err(gasp_spv_source_of(&source, &s.tx, 700001, &prev), GASP_ERR_VERIFY_NO_OUTPOINT);
    prev.vout = 0;
    prev.txid.b[31] ^= 1;
    assert_err(gasp_spv_source_of(&source, &s.tx, 700001, &prev), GASP_ERR_MISUSE);
}

static void amounts(void **state)
{
    (void)state;
    sample s;
    gasp_spv_source sources[12] = {{0}};
    uint64_t fee = 77;
    sample_init(&s, 3);
    sources[0].sat = 5;
    sources[1].sat = 5;
    sources[2].sat = 20;
    assert_err(gasp_spv_check_amounts(&s.tx, &fee, sources), GASP_OK);
    assert_true(fee == 0);
    sources[2].sat = 27;
    assert_err(gasp_spv_check_amounts(&s.tx, &fee, sources), GASP_OK);
    assert_true(fee == 7);
    sources[2].sat = 19;
    assert_err(gasp_spv_check_amounts(&s.tx, NULL, sources), GASP_ERR_VERIFY_AMOUNT);
    sources[2].sat = GASP_SAT_MAX - 10;
    assert_err(gasp_spv_check_amounts(&s.tx, NULL, sources), GASP_OK);
    sources[2].sat++;
    assert_err(gasp_spv_check_amounts(&s.tx, NULL, sources), GASP_ERR_VERIFY_AMOUNT);
    /* sums that come out right only modulo 2^64 */
    sources[0].sat = UINT64_MAX - 5;
    sources[1].sat = 6;
    sources[2].sat = 30;
    assert_err(gasp_spv_check_amounts(&s.tx, NULL, sources), GASP_ERR_VERIFY_AMOUNT);
    sources[0].sat = 30;
    sources[1].sat = 0;
    s.out[0].sat = UINT64_MAX - 5;
    s.out[1].sat = 6;
    assert_err(gasp_spv_check_amounts(&s.tx, NULL, sources), GASP_ERR_VERIFY_AMOUNT);
}

/* A signed transaction with n inputs of all kinds that are judged, and its sources. */
typedef struct signed_tx {
    gasp_bytes raw;
    gasp_tx *tx;
    gasp_spv_source sources[12];
    size_t n;
} signed_tx;

static void signed_open(signed_tx *s, size_t n, uint8_t hash_type, bool deferred_last)
{
    test_in in[12] = {{{{{0}}, 0}, 0, TEST_P2PKH, 0}};
    const test_out out[2] = {{100, TEST_P2PKH, 50}, {200, TEST_P2PK, 51}};
    memset(s, 0, sizeof *s);
    s->n = n;
    for (size_t i = 0; i < n; i++) {
        bool last = deferred_last && i + 1 == n;
        in[i].prev.txid.b[0] = (uint8_t)(i + 1);
        in[i].sat = 1000 + i;
        in[i].lock = last ? TEST_TRUE : (test_lock)(i % 3);
        in[i].key = (uint32_t)i;
        s->sources[i].sat = in[i].sat;
        s->sources[i].script = test_lock_script(in[i].lock, in[i].key);
        s->sources[i].height = i % 2 == 0 ? GASP_HEIGHT_UNPROVEN : 700000;
    }
    const test_spec spec = {in, n, out, 2, 1, 0, hash_type, false};
    s->raw = test_tx_make(NULL, &spec);
    assert_err(gasp_tx_decode(&s->tx, s->raw, NULL, NULL), GASP_OK);
}

static void signed_close(signed_tx *s)
{
    gasp_tx_free(s->tx);
    test_release(s->raw);
    for (size_t i = 0; i < s->n; i++)
        test_release(s->sources[i].script);
}

static gasp_err verify_all(const signed_tx *s, size_t *input, const gasp_spv_setting *setting)
{
    gasp_verify_batch batch;
    gasp_err verdicts[12];
    for (size_t i = 0; i < 12; i++)
        verdicts[i] = GASP_PENDING;
    gasp_verify_batch_init(&batch, ecdsa, 12, NULL);
    gasp_err err = gasp_spv_add_jobs(&batch, input, s->tx, s->sources, setting);
    if (err == GASP_OK) {
        const gasp_verifier *port = gasp_verifier_or_inline(NULL);
        assert_int_equal(gasp_verify_batch_len(&batch), s->n);
        assert_err(port->verify(port->user, verdicts, &batch, 1), GASP_OK);
        err = gasp_spv_verdict(input, verdicts, s->n);
        assert_err(gasp_verify_batch_run(&batch, s->n), GASP_ERR_MISUSE);
    } else {
        assert_int_equal(gasp_verify_batch_len(&batch), 0);
    }
    gasp_verify_batch_clear(&batch);
    return err;
}

static void whole_transaction(void **state)
{
    (void)state;
    signed_tx s;
    size_t input = 77;
    signed_open(&s, 9, 0x41, false);
    assert_err(gasp_spv_check_form(s.tx, &input, NULL), GASP_OK);
    assert_err(gasp_spv_check_amounts(s.tx, NULL, s.sources), GASP_OK);
    assert_err(verify_all(&s, &input, &today), GASP_OK);
    assert_int_equal(input, 77);
    for (size_t i = 0; i < s.n; i++) {
        s.sources[i].sat++;
        assert_err(verify_all(&s, &input, &today), GASP_ERR_VERIFY_SCRIPT);
        assert_int_equal(input, i);
        s.sources[i].sat--;
    }
    const gasp_spv_setting of_2016 = {GASP_NETWORK_MAIN, 413568, GASP_SPV_SIGHASH_BYTES_MAX};
    assert_err(verify_all(&s, &input, &of_2016), GASP_ERR_VERIFY_SCRIPT);
    assert_int_equal(input, 0);
    signed_close(&s);
}

/* Old signatures pass with a tip of 2016, and only with one. */
static void original_form(void **state)
{
    (void)state;
    signed_tx s;
    size_t input = 77;
    const gasp_spv_setting of_2016 = {GASP_NETWORK_MAIN, 413568, GASP_SPV_SIGHASH_BYTES_MAX};
    signed_open(&s, 5, 0x01, false);
    assert_err(verify_all(&s, &input, &of_2016), GASP_OK);
    assert_err(verify_all(&s, &input, &today), GASP_ERR_VERIFY_SCRIPT);
    assert_int_equal(input, 0);
    signed_close(&s);
}

static void deferred_and_refused(void **state)
{
    (void)state;
    signed_tx s;
    size_t input = 77;
    signed_open(&s, 4, 0x41, true);
    assert_err(verify_all(&s, &input, &today), GASP_ERR_VERIFY_DEFERRED);
    assert_int_equal(input, 3);
    s.sources[1].sat++;
    assert_err(verify_all(&s, &input, &today), GASP_ERR_VERIFY_SCRIPT);
    assert_int_equal(input, 1);
    signed_close(&s);
}

/* The limit on signature hashes: what is needed passes, one byte less names the last input; the FORKID form is cheap.
 */
static void sighash_limit(void **state)
{
    (void)state;
    signed_tx s;
    size_t input = 77;
    signed_open(&s, 6, 0x01, false);
    uint64_t need = 0;
    for (size_t i = 0; i < s.n; i++)
        need += gasp_sighash_cost(s.tx, s.sources[i].script, false);
    gasp_spv_setting setting = {GASP_NETWORK_MAIN, 413568, need};
    assert_err(verify_all(&s, &input, &setting), GASP_OK);
    setting.sighash_bytes_max--;
    assert_err(verify_all(&s, &input, &setting), GASP_ERR_VERIFY_POLICY);
    assert_int_equal(input, 5);
    setting.sighash_bytes_max = 0;
    assert_err(verify_all(&s, &input, &setting), GASP_ERR_VERIFY_POLICY);
    assert_int_equal(input, 0);
    signed_close(&s);
    signed_open(&s, 6, 0x41, false);
    setting.spending_height = 950000;
    setting.sighash_bytes_max = need / 2;
    assert_err(verify_all(&s, &input, &setting), GASP_OK);
    signed_close(&s);
}

/* A batch that is too small keeps what it had. */
static void batch_limit(void **state)
{
    (void)state;
    signed_tx s;
    size_t input;
    gasp_verify_batch batch;
    signed_open(&s, 4, 0x41, false);
    gasp_verify_batch_init(&batch, ecdsa, 7, NULL);
    assert_err(gasp_spv_add_jobs(&batch, &input, s.tx, s.sources, &today), GASP_OK);
    assert_err(gasp_spv_add_jobs(&batch, &input, s.tx, s.sources, &today), GASP_ERR_LIMIT);
    assert_int_equal(gasp_verify_batch_len(&batch), 4);
    for (size_t i = 4; i-- > 0;)
        assert_err(gasp_verify_batch_run(&batch, i), GASP_OK);
    gasp_verify_batch_clear(&batch);
    assert_int_equal(gasp_verify_batch_len(&batch), 0);
    gasp_verify_batch_clear(&batch);
    signed_close(&s);
}

static void verdicts(void **state)
{
    (void)state;
    size_t input = 77;
    gasp_err all[4] = {GASP_OK, GASP_OK, GASP_OK, GASP_OK};
    assert_err(gasp_spv_verdict(&input, all, 4), GASP_OK);
    assert_err(gasp_spv_verdict(&input, all, 0), GASP_OK);
    assert_int_equal(input, 77);
    all[0] = GASP_PENDING;
    assert_err(gasp_spv_verdict(&input, all, 4), GASP_ERR_MISUSE);
    assert_int_equal(input, 0);
    all[1] = GASP_ERR_VERIFY_DEFERRED;
    assert_err(gasp_spv_verdict(&input, all, 4), GASP_ERR_VERIFY_DEFERRED);
    assert_int_equal(input, 1);
    all[3] = GASP_ERR_VERIFY_SCRIPT;
    assert_err(gasp_spv_verdict(&input, all, 4), GASP_ERR_VERIFY_SCRIPT);
    assert_int_equal(input, 3);
    all[2] = GASP_ERR_VERIFY_SCRIPT;
    assert_err(gasp_spv_verdict(&input, all, 4), GASP_ERR_VERIFY_SCRIPT);
    assert_int_equal(input, 2);
}

static gasp_err host_verify(void *user, gasp_err *out, const gasp_verify_batch *batch, uint64_t ticket)
{
    (void)out;
    (void)batch;
    *(uint64_t *)user = ticket;
    return GASP_PENDING;
}

static void ports(void **state)
{
    (void)state;
    gasp_verifier own;
    uint64_t seen = 0;
    memset(&own, 0xff, sizeof own);
    gasp_verifier_init(&own);
    assert_int_equal(own.size, sizeof own);
    assert_true(own.verify == NULL && own.cancel == NULL && own.user == NULL);
    own.user = &seen;
    own.verify = host_verify;
    const gasp_verifier *used = gasp_verifier_or_inline(&own);
    assert_ptr_equal(used, &own);
    assert_err(used->verify(used->user, NULL, NULL, 42), GASP_PENDING);
    assert_true(seen == 42);
    assert_non_null(gasp_verifier_or_inline(NULL));
}

/* The number that stands for "checked under these rules" changes with every one of them, and with a lifting version. */
static void rules_code(void **state)
{
    (void)state;
    sample s;
    sample_init(&s, 1);
    gasp_spv_source source = {1, {NULL, 0}, 700000};
    gasp_spv_setting setting = today;
    uint32_t now = gasp_spv_rules_code(&s.tx, &source, &setting);
    source.height = GASP_HEIGHT_UNPROVEN;
    assert_int_not_equal(gasp_spv_rules_code(&s.tx, &source, &setting), now);
    source.height = 700000;
    setting.spending_height = 943815;
    assert_int_not_equal(gasp_spv_rules_code(&s.tx, &source, &setting), now);
    setting.spending_height = 950000;
    assert_int_equal(gasp_spv_rules_code(&s.tx, &source, &setting), now);
    s.tx.version = 2;
    assert_int_not_equal(gasp_spv_rules_code(&s.tx, &source, &setting), now);
}

/* Sources by a row's list, in the order of the inputs; false when one is not in it. Scripts are in the C heap. */
static bool row_sources(gasp_spv_source *sources, const gasp_tx *tx, const json_t *list)
{
    bool all = true;
    for (size_t i = 0; i < tx->n_in; i++) {
        bool found = false;
        size_t j;
        const json_t *entry;
        json_array_foreach(list, j, entry)
        {
            gasp_txid txid;
            assert_err(gasp_txid_from_text(&txid, json_string_value(json_array_get(entry, 0))), GASP_OK);
            if (found || memcmp(&txid, &tx->in[i].prev.txid, sizeof txid) != 0 ||
                (uint32_t)json_integer_value(json_array_get(entry, 1)) != tx->in[i].prev.vout)
                continue;
            sources[i].script = test_asm(json_string_value(json_array_get(entry, 2)));
            sources[i].sat = (uint64_t)json_number_value(json_array_get(entry, 3));
            sources[i].height = 1;
            found = true;
        }
        all = all && found;
    }
    return all;
}

typedef struct tally {
    int rows;
    int decode;
    int form;
    int refused;
    int deferred;
} tally;

/* Whatever is wrong with it: it must not come out as valid. Amounts are not in these rows and are left aside. */
static void invalid_row(tally *t, const json_t *row, size_t number)
{
    gasp_bytes raw = test_hex(json_string_value(json_array_get(row, 1)));
    gasp_tx *tx = NULL;
    size_t input;
    t->rows++;
    if (gasp_tx_decode(&tx, raw, NULL, NULL) != GASP_OK) {
        t->decode++;
    } else if (gasp_spv_check_form(tx, &input, NULL) != GASP_OK) {
        t->form++;
    } else {
        signed_tx s = {raw, tx, {{0, {NULL, 0}, 0}}, tx->n_in};
        const gasp_spv_setting of_2016 = {GASP_NETWORK_MAIN, 413568, GASP_SPV_SIGHASH_BYTES_MAX};
        assert_true(s.n <= 12 && row_sources(s.sources, tx, json_array_get(row, 0)));
        gasp_err err = verify_all(&s, &input, &of_2016);
        if (err == GASP_OK)
            fail_msg("row %zu passes: %s", number, json_dumps(row, 0));
        t->refused += err == GASP_ERR_VERIFY_SCRIPT;
        t->deferred += err == GASP_ERR_VERIFY_DEFERRED;
        for (size_t i = 0; i < s.n; i++)
            test_release(s.sources[i].script);
    }
    gasp_tx_free(tx);
    test_release(raw);
}

static void node_invalid_transactions(void **state)
{
    (void)state;
    json_t *file = test_shared_json("script/bitcoin-sv-tx_invalid.json");
    tally t = {0};
    size_t i;
    const json_t *row;
    json_array_foreach(file, i, row)
    {
        if (json_is_array(json_array_get(row, 0)))
            invalid_row(&t, row, i);
    }
    json_decref(file);
    print_message("count: tx_invalid: %d rows: %d not decoded, %d by form, %d by script, %d deferred\n", t.rows,
                  t.decode, t.form, t.refused, t.deferred);
    assert_int_equal(t.rows, 68);
    assert_int_equal(t.decode + t.form + t.refused + t.deferred, t.rows);
}

static int setup(void **state)
{
    (void)state;
    return gasp_ecdsa_new(&ecdsa, NULL) == GASP_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gasp_ecdsa_free(ecdsa);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form),
        cmocka_unit_test(sixty_four_bytes),
        cmocka_unit_test(input_twice),
        cmocka_unit_test(first_repetition),
        cmocka_unit_test(many_inputs),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(source_of),
        cmocka_unit_test(amounts),
        cmocka_unit_test(whole_transaction),
        cmocka_unit_test(original_form),
        cmocka_unit_test(deferred_and_refused),
        cmocka_unit_test(sighash_limit),
        cmocka_unit_test(batch_limit),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(ports),
        cmocka_unit_test(rules_code),
        cmocka_unit_test(node_invalid_transactions),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
