/* Real blocks: every input whose output is known and is P2PK or P2PKH passes, everything else is deferred, nothing is
 * refused; and a bit changed anywhere in an input that passed makes it fail. */
#include <stdlib.h>
#include <string.h>

#include "lib/data.h"
#include "script/script.h"
#include "script/template.h"

enum { TX_COUNT_MAX = 2000 };

typedef struct block {
    gasp_bytes bytes;
    gasp_tx *tx[TX_COUNT_MAX];
    size_t n;
} block;

/* One output that an input spends. */
typedef struct source {
    uint64_t sat;
    gasp_bytes script;
} source;

typedef struct tally {
    int ok;
    int deferred;
    int deferred_template; /* P2PK or P2PKH, but not judged */
    int refused;
} tally;

static gasp_ecdsa *ecdsa;

static block *block_open(const char *name)
{
    block *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->bytes = test_shared_file(name);
    gasp_reader r = gasp_reader_of(b->bytes);
    (void)gasp_read_bytes(&r, GASP_HEADER_LEN);
    b->n = gasp_read_count(&r, GASP_TX_LEN_MIN);
    assert_true(b->n > 0 && b->n <= TX_COUNT_MAX);
    for (size_t i = 0; i < b->n; i++)
        assert_err(gasp_tx_read(&b->tx[i], &r, NULL), GASP_OK);
    assert_err(gasp_reader_finish(&r, NULL), GASP_OK);
    return b;
}

static void block_close(block *b)
{
    for (size_t i = 0; i < b->n; i++)
        gasp_tx_free(b->tx[i]);
    test_release(b->bytes);
    free(b);
}

static bool find_in_block(source *out, const block *b, const gasp_outpoint *prev)
{
    for (size_t i = 0; i < b->n; i++) {
        if (memcmp(&b->tx[i]->txid, &prev->txid, sizeof prev->txid) != 0)
            continue;
        assert_true(prev->vout < b->tx[i]->n_out);
        out->sat = b->tx[i]->out[prev->vout].sat;
        out->script = b->tx[i]->out[prev->vout].script;
        return true;
    }
    return false;
}

static gasp_err run(tally *t, const gasp_tx *tx, const gasp_sighash_cache *cache, size_t input, const source *from,
                    gasp_script_rules rules)
{
    gasp_script_job job = {tx, cache, input, from->sat, from->script, rules};
    gasp_err err = gasp_script_verify(ecdsa, &job);
    t->ok += err == GASP_OK;
    t->deferred += err == GASP_ERR_VERIFY_DEFERRED;
    t->refused += err == GASP_ERR_VERIFY_SCRIPT;
    if (err == GASP_ERR_VERIFY_DEFERRED && gasp_template_of(NULL, from->script) != GASP_TEMPLATE_NONE)
        t->deferred_template++;
    return err;
}

/* Every bit of the unlocking script but those of the two length bytes, one at a time. */
static void flip_each_bit(const block *b, const gasp_tx *tx, size_t input, const source *from, gasp_script_rules rules)
{
    uint8_t *own = (uint8_t *)(uintptr_t)b->bytes.data;
    size_t at = (size_t)(tx->in[input].script.data - b->bytes.data);
    size_t len = tx->in[input].script.len;
    size_t second = 1 + (size_t)own[at];
    gasp_script_job job = {tx, NULL, input, from->sat, from->script, rules};
    int flipped = 0;
    for (size_t i = 1; i < len; i++) {
        for (int bit = 0; bit < 8 && i != second; bit++) {
            own[at + i] ^= (uint8_t)(1u << bit);
            assert_err(gasp_script_verify(ecdsa, &job), GASP_ERR_VERIFY_SCRIPT);
            own[at + i] ^= (uint8_t)(1u << bit);
            flipped++;
        }
    }
    job.sat++;
    assert_err(gasp_script_verify(ecdsa, &job),
               (rules.flags & GASP_RULE_FORKID) != 0 ? GASP_ERR_VERIFY_SCRIPT : GASP_OK);
    job.sat--;
    assert_err(gasp_script_verify(ecdsa, &job), GASP_OK);
    print_message("count: %d single-bit changes refused\n", flipped);
}

static void block_705985(void **state)
{
    (void)state;
    block *b = block_open("blocks/bsv-mainnet-705985.block");
    gasp_script_rules rules = gasp_script_rules_at(GASP_NETWORK_MAIN, 705985, 705985);
    tally t = {0};
    int in_block = 0;
    bool flipped = false;
    for (size_t i = 1; i < b->n; i++) {
        gasp_sighash_cache cache;
        gasp_sighash_cache_init(&cache, b->tx[i]);
        for (size_t j = 0; j < b->tx[i]->n_in; j++) {
            source from;
            if (!find_in_block(&from, b, &b->tx[i]->in[j].prev))
                continue;
            in_block++;
            gasp_err err = run(&t, b->tx[i], &cache, j, &from, rules);
            bool p2pkh = gasp_template_of(NULL, from.script) == GASP_TEMPLATE_P2PKH;
            assert_err(err, p2pkh ? GASP_OK : GASP_ERR_VERIFY_DEFERRED);
            if (!flipped && err == GASP_OK)
                flip_each_bit(b, b->tx[i], j, &from, rules);
            flipped = flipped || err == GASP_OK;
        }
    }
    print_message("count: block 705985: %d in-block P2PKH spends verified\n", t.ok);
    assert_int_equal(in_block, 305);
    assert_int_equal(t.ok, 304);
    assert_int_equal(t.deferred, 1);
    block_close(b);
}

/* The next line of a prevouts file: txid,vout,satoshis,script_pubkey_hex,... The script is in the C heap. */
static const char *next_source(source *out, gasp_outpoint *prev, const char *line)
{
    char text[65];
    memcpy(text, line, 64);
    text[64] = '\0';
    assert_err(gasp_txid_from_text(&prev->txid, text), GASP_OK);
    char *end;
    prev->vout = (uint32_t)strtoul(line + 65, &end, 10);
    out->sat = strtoull(end + 1, &end, 10);
    const char *hex = end + 1;
    size_t len = strcspn(hex, ",\n");
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, hex, len);
    copy[len] = '\0';
    out->script = test_hex(copy);
    free(copy);
    return strchr(hex, '\n') + 1;
}

/* Runs all inputs of a block whose prevouts are in a file beside it. */
static tally with_prevouts(const char *block_name, const char *prevouts_name, gasp_script_rules rules, int *inputs)
{
    block *b = block_open(block_name);
    gasp_bytes file = test_shared_file(prevouts_name);
    const char *line = strchr((const char *)file.data, '\n') + 1;
    tally t = {0};
    bool flipped = false;
    *inputs = 0;
    for (size_t i = 1; i < b->n; i++) {
        for (size_t j = 0; j < b->tx[i]->n_in; j++) {
            source from;
            gasp_outpoint prev;
            line = next_source(&from, &prev, line);
            assert_memory_equal(&prev, &b->tx[i]->in[j].prev, sizeof prev);
            gasp_err err = run(&t, b->tx[i], NULL, j, &from, rules);
            bool template = gasp_template_of(NULL, from.script) != GASP_TEMPLATE_NONE;
            if (err == GASP_ERR_VERIFY_SCRIPT || (err == GASP_OK && !template))
                fail_msg("transaction %zu input %zu: %d", i, j, (int)err);
            if (!flipped && err == GASP_OK && (rules.flags & GASP_RULE_STRICT_DER) != 0) {
                flip_each_bit(b, b->tx[i], j, &from, rules);
                flipped = true;
            }
            (*inputs)++;
            test_release(from.script);
        }
    }
    test_release(file);
    block_close(b);
    return t;
}

static void block_413567(void **state)
{
    (void)state;
    int inputs;
    gasp_script_rules rules = gasp_script_rules_at(GASP_NETWORK_MAIN, 413567, 1);
    tally t = with_prevouts("blocks/mainnet-413567.block", "blocks/mainnet-413567.prevouts.csv", rules, &inputs);
    print_message("count: block 413567: %d inputs, %d P2PK and P2PKH verified, %d deferred\n", inputs, t.ok,
                  t.deferred);
    assert_int_equal(inputs, 4886);
    assert_int_equal(t.ok, 3957);
    assert_int_equal(t.deferred_template, 0);
    assert_int_equal(t.refused, 0);
    assert_int_equal(t.ok + t.deferred, inputs);
}

/* Before BIP66: signatures that are not strict DER are deferred. */
static void block_300025(void **state)
{
    (void)state;
    int inputs;
    gasp_script_rules rules = gasp_script_rules_at(GASP_NETWORK_MAIN, 300025, 1);
    tally t = with_prevouts("blocks/mainnet-300025.block", "blocks/mainnet-300025.prevouts.csv", rules, &inputs);
    print_message(
        "count: block 300025: %d inputs, %d P2PK and P2PKH verified, %d deferred (%d of them P2PK or P2PKH)\n", inputs,
        t.ok, t.deferred, t.deferred_template);
    assert_int_equal(inputs, 1427);
    assert_int_equal(t.ok, 1424);
    assert_int_equal(t.refused, 0);
    assert_int_equal(t.ok + t.deferred, inputs);
}

/* The same inputs under today's rules: no FORKID, so every one that is judged is refused. */
static void old_signatures_today(void **state)
{
    (void)state;
    block *b = block_open("blocks/mainnet-413567.block");
    gasp_script_rules rules = gasp_script_rules_at(GASP_NETWORK_MAIN, 478559, 413567);
    gasp_script_rules last = gasp_script_rules_at(GASP_NETWORK_MAIN, 478558, 413567);
    tally after = {0};
    tally before = {0};
    for (size_t i = 1; i < b->n; i++) {
        for (size_t j = 0; j < b->tx[i]->n_in; j++) {
            source from;
            if (!find_in_block(&from, b, &b->tx[i]->in[j].prev))
                continue;
            (void)run(&after, b->tx[i], NULL, j, &from, rules);
            (void)run(&before, b->tx[i], NULL, j, &from, last);
        }
    }
    print_message("count: block 413567: %d in-block spends verified; %d of them refused after the fork\n", before.ok,
                  after.refused);
    assert_int_equal(after.ok, 0);
    assert_int_equal(after.refused, before.ok);
    assert_int_equal(before.ok, 213);
    block_close(b);
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
        cmocka_unit_test(block_705985),
        cmocka_unit_test(block_413567),
        cmocka_unit_test(block_300025),
        cmocka_unit_test(old_signatures_today),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
