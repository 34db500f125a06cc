/* Transactions: files named by their txid, the node's own valid and invalid cases, extended form as others wrote it,
 * every truncation, every error with its offset. All transactions of real blocks are in test_block.c. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chain/cases.h"
#include "chain/tx.h"
#include "lib/random.h"

static gasp_tx *decode(gasp_bytes raw)
{
    gasp_tx *tx = NULL;
    assert_err(gasp_tx_decode(&tx, raw, NULL, NULL), GASP_OK);
    return tx;
}

static const char *const named[] = {
    "29ad92e000dd59450fec92aa7b178e88219af92a88cad56109d3efda6d9a8c8a",
    "34adf92c766e11a656d3ff3508df7b1a31405821bf734bc9bef9fb43fcf701f9",
    "38c914d2c47c2ff063cf9f5705e3ceaa557aca4092ed5047177d5e8f913c0b69",
    "925d7a0cbb8121309ed2273357422c8774a90818c944cedae37d8a86b7af9281",
    "935e2a477bda8709874c548fda2d504d490891ccfa5f8443705a8b6a3f403fda",
    "ae59f3b898ec61acbdb6cc7a245fabeded0c094bf046f35206a3aec60ef88127",
    "b08538c963d2b88c7d26600a1c3c925a3388e942cdc5f903ecf0009f18c41ff3",
    "c2f0f5f503c012737a8ee0dfa2ae40f52177338fd746afccdd992b0e165af6f9",
    "e89cd18de70bab82ccbea0836805b0039b61728f0641d89e8834d5225a593419",
    "f7ca34a9c0319bfb837a56ee7375e8246229f5fefbdaaaf9fdec97493d428bee",
};

enum { N_NAMED = sizeof named / sizeof named[0] };

static gasp_bytes named_tx(size_t i)
{
    char path[128];
    snprintf(path, sizeof path, "transactions/%s.hex", named[i]);
    gasp_bytes file = test_shared_file(path);
    char *text = (char *)(uintptr_t)file.data;
    text[strspn(text, "0123456789abcdefABCDEF")] = '\0';
    gasp_bytes raw = test_hex(text);
    test_release(file);
    return raw;
}

static void assert_txid(const gasp_tx *tx, const char *expected)
{
    char text[GASP_HASH_TEXT_MAX];
    gasp_txid txid = gasp_tx_txid(tx);
    gasp_txid_to_text(text, &txid);
    assert_string_equal(text, expected);
}

static void named_by_txid(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_NAMED; i++) {
        gasp_bytes raw = named_tx(i);
        gasp_tx *tx = decode(raw);
        assert_txid(tx, named[i]);
        case_assert_rebuilds(tx);
        gasp_tx_free(tx);
        test_release(raw);
    }
    const char *mega = "bb41a757f405890fb0f5856228e23b715702d714d59bf2b1feb70d8b2b4e3e08";
    gasp_bytes raw =
        test_shared_file("transactions/bb41a757f405890fb0f5856228e23b715702d714d59bf2b1feb70d8b2b4e3e08.bin");
    assert_int_equal(raw.len, 999657);
    gasp_tx *tx = decode(raw);
    assert_txid(tx, mega);
    assert_int_equal(gasp_tx_in_count(tx), 5569);
    assert_int_equal(gasp_tx_out_count(tx), 1);
    case_assert_rebuilds(tx);
    gasp_tx_free(tx);
    test_release(raw);
    print_message("count: named by txid: %d and one of 999657 bytes\n", (int)N_NAMED);
}

static void node_cases(void **state)
{
    (void)state;
    json_t *rows = test_shared_json("script/bitcoin-sv-tx_valid.json");
    size_t valid = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (json_array_size(row) < 3)
            continue;
        gasp_bytes raw = test_hex(json_string_value(json_array_get(row, 1)));
        gasp_tx *tx = decode(raw);
        case_assert_rebuilds(tx);
        assert_err(gasp_tx_check(tx, NULL), GASP_OK);
        gasp_tx_free(tx);
        test_release(raw);
        valid++;
    }
    json_decref(rows);
    print_message("count: tx_valid: %zu decode and re-encode\n", valid);
    assert_int_equal(valid, 93);
}

/* Of the node's invalid cases the form rules out three (two are of a chain that marks witnesses by a count of 0
 * inputs), the values three more; the rest are for the script rooms. */
static void node_invalid_cases(void **state)
{
    (void)state;
    json_t *rows = test_shared_json("script/bitcoin-sv-tx_invalid.json");
    size_t all = 0, no_inputs = 0, no_outputs = 0, value = 0, readable = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (json_array_size(row) < 3)
            continue;
        all++;
        gasp_bytes raw = test_hex(json_string_value(json_array_get(row, 1)));
        gasp_tx *tx = NULL;
        gasp_err err = gasp_tx_decode(&tx, raw, NULL, NULL);
        if (err != GASP_OK) {
            no_inputs += err == GASP_ERR_TX_NO_INPUTS;
            no_outputs += err == GASP_ERR_TX_NO_OUTPUTS;
        } else {
            case_assert_rebuilds(tx);
            readable++;
            err = gasp_tx_check(tx, NULL);
            assert_true(err == GASP_OK || err == GASP_ERR_TX_VALUE);
            value += err == GASP_ERR_TX_VALUE;
        }
        gasp_tx_free(tx);
        test_release(raw);
    }
    json_decref(rows);
    print_message("count: tx_invalid: %zu, of which %zu without inputs, %zu without outputs, %zu by value\n", all,
                  no_inputs, no_outputs, value);
    assert_int_equal(all, 68);
    assert_int_equal(no_inputs, 2);
    assert_int_equal(no_outputs, 1);
    assert_int_equal(readable, 65);
    assert_int_equal(value, 3);
}

/* Extended forms as others wrote them, with their txid and the field by field reading of the source. */
static const struct {
    const char *origin;
    const char *hex;
    const char *txid;
    uint64_t source_sat;
    const char *source_script;
} extended[] = {
    {"bsv-blockchain/teranode (a transaction of block 100000)",
     "010000000000000000ef01032e38e9c0a84c6046d687d10556dcacc41d275ec55fc00779ac88fdf357a18700000000"
     "8c493046022100c352d3dd993a981beba4a63ad15c209275ca9470abfcd57da93b58e4eb5dce82022100840792bc1f456062819f15d33ee70"
     "55c"
     "f7b5ee1af1ebcc6028d9cdb1c3af7748014104f46db5e9d61a9dc27b8d64ad23e7383a4e6ca164593c2527c038c0857eb67ee8e825dca6504"
     "6b8"
     "2c9331586c82e0fd1f633f25f87c161bc6f8a630121df2b3d3ffffffff00f2052a010000001976a91471d7dd96d9edda09180fe9d57a477b5"
     "acc"
     "9cad1188ac0200e32321000000001976a914c398efa9c392ba6013c5e04ee729755ef7f58b3288ac000fe208010000001976a914948c765a6"
     "914"
     "d43f2a7ac177da2c2f6b52de3d7c88ac00000000",
     "fff2525b8931402dd09222c50775608f75787bd2b87e56995a7bdd30f79702c4", 5000000000,
     "76a91471d7dd96d9edda09180fe9d57a477b5acc9cad1188ac"},
    {"bitcoin-sv/arc, TestPutTransactions",
     "010000000000000000ef016b51c656fb06639ea6c1c3642a5ede9ecf9f749b95cb47d4e57eda7a3953b1c64c0000006a47304402201ade53a"
     "cd9"
     "24e90c0aeabbf9085d075acb23c4712e7f728a23979a466ab55e19022047a85963ce2eddc21573b4a6c0e7ccfec44153e74f9d03d31f955ff"
     "486"
     "449240412102f87ce69f6ba5444aed49c34470041189c1e1060acd99341959c0594002c61bf0ffffffffe8030000000000001976a914c2b6f"
     "d43"
     "19122b9b5156a2a0060d19864c24f49a88ac01e7030000000000001976a914c2b6fd4319122b9b5156a2a0060d19864c24f49a88ac0000000"
     "0",
     "9b58926ec7eed21ec2f3ca518d5fc0c6ccbf963e25c3e7ac496c99867d97599a", 1000,
     "76a914c2b6fd4319122b9b5156a2a0060d19864c24f49a88ac"},
    {"bsv-blockchain/py-sdk, test_ef_serialization, made from the BEEF that is case 3 of the corpus",
     "010000000000000000ef01ac4e164f5bc16746bb0868404292ac8318bbac3800e4aad13a014da427adce3e000000006a47304402203a61a2e"
     "931"
     "612b4bda08d541cfb980885173b8dcf64a3471238ae7abcd368d6402204cbf24f04b9aa2256d8901f0ed97866603d2be8324c2bfb7a37bf8f"
     "c90"
     "edd5b441210263e2dee22b1ddc5e11f6fab8bcd2378bdd19580d640501ea956ec0e786f93e76ffffffff3e660000000000001976a9146bfd5"
     "c7f"
     "be21529d45803dbcf0c87dd3c71efbc288ac013c660000000000001976a9146bfd5c7fbe21529d45803dbcf0c87dd3c71efbc288ac0000000"
     "0",
     "157428aee67d11123203735e4c540fa1bdab3b36d5882c6f8c5ff79f07d20d1c", 26174,
     "76a9146bfd5c7fbe21529d45803dbcf0c87dd3c71efbc288ac"},
};

enum { N_EXTENDED = sizeof extended / sizeof extended[0] };

static void extended_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_EXTENDED; i++) {
        gasp_bytes raw = test_hex(extended[i].hex);
        gasp_bytes script = test_hex(extended[i].source_script);
        gasp_tx *tx = NULL;
        assert_err(gasp_tx_decode_extended(&tx, raw, NULL, NULL), GASP_OK);
        assert_true(gasp_tx_extended(tx));
        assert_txid(tx, extended[i].txid);
        const gasp_txin *in = gasp_tx_in(tx, 0);
        assert_true(in->has_source && in->source_sat == extended[i].source_sat);
        assert_int_equal(in->source_script.len, script.len);
        assert_memory_equal(in->source_script.data, script.data, script.len);
        /* The standard form has the same txid, and is what the fields say. */
        gasp_buf plain = case_rebuild(tx);
        size_t len = 0;
        uint8_t out[1024];
        assert_err(gasp_tx_encode(tx, out, sizeof out, &len), GASP_OK);
        assert_int_equal(len, plain.len);
        assert_int_equal(gasp_tx_len(tx), plain.len);
        assert_memory_equal(out, plain.data, len);
        gasp_tx *standard = decode(gasp_buf_view(&plain));
        assert_false(gasp_tx_extended(standard));
        assert_txid(standard, extended[i].txid);
        assert_false(gasp_tx_in(standard, 0)->has_source);
        /* And back: given its source, the published bytes come out. */
        assert_err(gasp_tx_encode_extended(standard, NULL, 0, &len), GASP_ERR_MISUSE);
        assert_err(gasp_tx_set_source(standard, 0, in->source_sat, script), GASP_OK);
        assert_err(gasp_tx_set_source(standard, 1, 0, script), GASP_ERR_MISUSE);
        assert_err(gasp_tx_encode_extended(standard, out, sizeof out, &len), GASP_OK);
        assert_int_equal(len, raw.len);
        assert_memory_equal(out, raw.data, len);
        gasp_tx_free(standard);
        gasp_tx_free(tx);
        gasp_buf_clear(&plain);
        test_release(script);
        test_release(raw);
    }
    print_message("count: extended form: %d published examples\n", (int)N_EXTENDED);
}

static void measuring(void **state)
{
    (void)state;
    gasp_bytes raw = named_tx(0);
    gasp_tx *tx = decode(raw);
    size_t len = 0;
    assert_err(gasp_tx_encode(tx, NULL, 0, &len), GASP_OK);
    assert_int_equal(len, raw.len);
    uint8_t *out = calloc(1, len);
    assert_non_null(out);
    assert_err(gasp_tx_encode(tx, out, raw.len - 1, &len), GASP_ERR_LIMIT);
    assert_int_equal(len, raw.len);
    assert_err(gasp_tx_encode(tx, out, raw.len, &len), GASP_OK);
    assert_memory_equal(out, raw.data, len);
    assert_null(gasp_tx_in(tx, gasp_tx_in_count(tx)));
    assert_null(gasp_tx_out(tx, gasp_tx_out_count(tx)));
    assert_ptr_equal(gasp_tx_raw(tx).data, raw.data);
    free(out);
    gasp_tx_free(tx);
    gasp_tx_free(NULL);
    test_release(raw);
}

/* Each prefix in a block of its own length, so that a read past it is seen by the sanitizer. No prefix is legal. */
static size_t truncate_everywhere(gasp_bytes raw)
{
    for (size_t len = 0; len < raw.len; len++) {
        uint8_t *prefix = malloc(len + (len == 0));
        assert_non_null(prefix);
        memcpy(prefix, raw.data, len);
        gasp_tx *tx = NULL;
        gasp_fault fault = {0};
        gasp_err err = gasp_tx_decode(&tx, (gasp_bytes){prefix, len}, NULL, &fault);
        assert_true(err == GASP_ERR_SHORT || err == GASP_ERR_COUNT || err == GASP_ERR_TX_NO_INPUTS);
        assert_int_equal(err, fault.err);
        assert_true(fault.at <= len);
        assert_null(tx);
        free(prefix);
    }
    return raw.len;
}

static void truncated(void **state)
{
    (void)state;
    size_t prefixes = 0;
    for (size_t i = 0; i < N_NAMED; i++) {
        gasp_bytes raw = named_tx(i);
        if (raw.len < 4096)
            prefixes += truncate_everywhere(raw);
        test_release(raw);
    }
    for (size_t i = 0; i < N_EXTENDED; i++) {
        gasp_bytes raw = test_hex(extended[i].hex);
        prefixes += truncate_everywhere(raw);
        test_release(raw);
    }
    print_message("count: truncated: %zu prefixes refused\n", prefixes);
    assert_true(prefixes > 3000);
}

static const struct {
    const char *why;
    const char *words;
    gasp_err err;
    uint64_t at;
} malformed[] = {
    {"the smallest there is", "01000000 01 IN 01 OUT 00000000", GASP_OK, 0},
    {"no inputs", "01000000 00 01 OUT 00000000", GASP_ERR_TX_NO_INPUTS, 4},
    {"neither inputs nor outputs", "01000000 00 00 00000000", GASP_ERR_TX_NO_INPUTS, 4},
    {"extended without inputs", "01000000 0000000000ef 00 01 OUT 00000000", GASP_ERR_TX_NO_INPUTS, 10},
    {"a marker with one bit changed", "01000000 0000000000ee 01 IN", GASP_ERR_TX_NO_INPUTS, 4},
    {"no outputs", "01000000 01 IN 00 00000000", GASP_ERR_TX_NO_OUTPUTS, 47},
    {"one byte left over", "01000000 01 IN 01 OUT 00000000 00", GASP_ERR_TRAILING, 62},
    {"count of inputs in three bytes", "01000000 fd0100 IN 01 OUT 00000000", GASP_ERR_COMPACT_SIZE, 4},
    {"length of a script in three bytes", "01000000 01 ONES 02000000 fd0100 51 ffffffff 01 OUT 00000000",
     GASP_ERR_COMPACT_SIZE, 41},
    {"two inputs announced", "01000000 02 IN 01 OUT 00000000", GASP_ERR_COUNT, 4},
    {"2^64-1 inputs", "01000000 ffffffffffffffffff IN 01 OUT 00000000", GASP_ERR_COUNT, 4},
    {"2^32-1 outputs", "01000000 01 IN feffffffff OUT 00000000", GASP_ERR_COUNT, 47},
    {"two outputs announced", "01000000 01 IN 02 OUT 00000000", GASP_ERR_COUNT, 47},
    {"a script longer than the rest", "01000000 01 IN 01 0300000000000000 ffffffffffffffffff 52 00000000",
     GASP_ERR_SHORT, 65},
    {"locktime of three bytes", "01000000 01 IN 01 OUT 000000", GASP_ERR_SHORT, 58},
};

static void malformed_cases(void **state)
{
    (void)state;
    size_t refused = 0;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        gasp_bytes raw = case_bytes(malformed[i].words);
        gasp_tx *tx = NULL;
        gasp_fault fault = {0};
        gasp_err err = gasp_tx_decode(&tx, raw, NULL, &fault);
        if (err != malformed[i].err || fault.at != malformed[i].at)
            print_error("%s: at %d\n", malformed[i].why, (int)fault.at);
        assert_err(err, malformed[i].err);
        assert_int_equal(fault.at, malformed[i].at);
        refused += err != GASP_OK;
        gasp_tx_free(tx);
        test_release(raw);
    }
    print_message("count: malformed: %zu refused, each at its offset\n", refused);
    assert_int_equal(refused, 14);
}

static void extended_wanted(void **state)
{
    (void)state;
    gasp_bytes raw = case_bytes(malformed[0].words);
    gasp_tx *tx = NULL;
    gasp_fault fault = {0};
    assert_err(gasp_tx_decode_extended(&tx, raw, NULL, &fault), GASP_ERR_TX_EF_MARKER);
    assert_int_equal(fault.at, 4);
    assert_err(gasp_tx_decode_extended(&tx, (gasp_bytes){raw.data, 9}, NULL, &fault), GASP_ERR_SHORT);
    assert_null(tx);
    test_release(raw);
}

static void values(void **state)
{
    (void)state;
    /* Two outputs: 21 million coins less 3 satoshis, then 3 or 4; then one of 2^64-1. */
    const char *fits = "01000000 01 IN 02 fd3f075af0750700 00 0300000000000000 00 00000000";
    const char *over = "01000000 01 IN 02 fd3f075af0750700 00 0400000000000000 00 00000000";
    const char *wild = "01000000 01 IN 02 ffffffffffffffff 00 0400000000000000 00 00000000";
    const struct {
        const char *words;
        gasp_err err;
        uint64_t at, item;
    } cases[] = {{fits, GASP_OK, 0, 0}, {over, GASP_ERR_TX_VALUE, 57, 1}, {wild, GASP_ERR_TX_VALUE, 48, 0}};
    for (size_t i = 0; i < 3; i++) {
        gasp_bytes raw = case_bytes(cases[i].words);
        gasp_tx *tx = decode(raw);
        gasp_fault fault = {0};
        assert_err(gasp_tx_check(tx, &fault), cases[i].err);
        assert_int_equal(fault.at, cases[i].at);
        assert_int_equal(fault.item, cases[i].item);
        gasp_tx_free(tx);
        test_release(raw);
    }
}

/* A transaction of GASP_TX_MAX + 1 bytes, nearly all of them one output script; pages that nobody touches. */
static void too_large(void **state)
{
    (void)state;
    const size_t len = (size_t)GASP_TX_MAX + 2;
    uint8_t *bytes = calloc(1, len);
    assert_non_null(bytes);
    gasp_writer w = gasp_writer_fixed(bytes, len);
    gasp_bytes head = case_bytes("01000000 01 IN 01 0300000000000000");
    gasp_write_bytes(&w, head.data, head.len);
    gasp_write_compact(&w, GASP_TX_MAX + 1 - head.len - 5 - 4);
    gasp_tx *tx = NULL;
    gasp_fault fault = {0};
    assert_err(gasp_tx_decode(&tx, (gasp_bytes){bytes, GASP_TX_MAX + 1}, NULL, &fault), GASP_ERR_TX_TOO_LARGE);
    /* From a cursor the length shows only at the end of the transaction; the place is its beginning. */
    gasp_reader r = gasp_reader_of((gasp_bytes){bytes, len});
    assert_err(gasp_tx_read(&tx, &r, NULL), GASP_ERR_TX_TOO_LARGE);
    assert_int_equal(r.err_at, 0);
    w.len = head.len;
    gasp_write_compact(&w, GASP_TX_MAX - head.len - 5 - 4);
    assert_err(gasp_tx_decode(&tx, (gasp_bytes){bytes, GASP_TX_MAX}, NULL, NULL), GASP_OK);
    gasp_tx_free(tx);
    test_release(head);
    free(bytes);
}

static void *no_memory(void *user, size_t len)
{
    (void)user;
    (void)len;
    return NULL;
}

static void out_of_memory(void **state)
{
    (void)state;
    gasp_mem mem = *gasp_mem_default();
    mem.allocate = no_memory;
    gasp_bytes raw = case_bytes(malformed[0].words);
    gasp_tx *tx = NULL;
    assert_err(gasp_tx_decode(&tx, raw, &mem, NULL), GASP_ERR_NOMEM);
    assert_null(tx);
    test_release(raw);
}

/* One real transaction with random bytes changed: refused, or read as what it now says. */
static void changed_bytes(void **state)
{
    (void)state;
    test_random random = test_random_start("transaction, changed bytes");
    gasp_bytes raw = test_hex(extended[0].hex);
    uint8_t *bytes = malloc(raw.len);
    assert_non_null(bytes);
    size_t rounds = 20000 / test_one_in();
    size_t read = 0;
    for (size_t i = 0; i < rounds; i++) {
        memcpy(bytes, raw.data, raw.len);
        for (uint64_t n = 1 + test_random_below(&random, 4); n > 0; n--)
            bytes[test_random_below(&random, raw.len)] = (uint8_t)test_random_next(&random);
        gasp_tx *tx = NULL;
        if (gasp_tx_decode(&tx, (gasp_bytes){bytes, raw.len}, NULL, NULL) != GASP_OK)
            continue;
        read++;
        uint8_t out[1024];
        size_t len = 0;
        assert_err(gasp_tx_encode_extended(tx, out, sizeof out, &len), tx->extended ? GASP_OK : GASP_ERR_MISUSE);
        if (tx->extended)
            assert_memory_equal(out, bytes, raw.len);
        gasp_tx_free(tx);
    }
    print_message("count: changed bytes: %zu rounds, %zu readable\n", rounds, read);
    free(bytes);
    test_release(raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_by_txid),    cmocka_unit_test(node_cases),      cmocka_unit_test(node_invalid_cases),
        cmocka_unit_test(extended_vectors), cmocka_unit_test(measuring),       cmocka_unit_test(truncated),
        cmocka_unit_test(malformed_cases),  cmocka_unit_test(extended_wanted), cmocka_unit_test(values),
        cmocka_unit_test(too_large),        cmocka_unit_test(out_of_memory),   cmocka_unit_test(changed_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
