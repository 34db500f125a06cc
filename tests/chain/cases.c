/* See cases.h. */
#include "chain/cases.h"

#include <stdlib.h>
#include <string.h>

#include "base/writer.h"

static const struct {
    const char *name;
    const char *words;
} names[] = {
    {"V1", "0100beef"},
    {"V2", "0200beef"},
    {"ATOMIC", "01010101"},
    {"IN", "ONES 02000000 01 51 ffffffff"},
    {"OUT", "0300000000000000 01 52"},
    {"TX", "01000000 01 IN 01 OUT 00000000"},
    {"TXID", "fd9360e741043aad8db73084c565b29cdbd399778287a8774b17ffe7efe389f0"},
    {"ONES", "1111111111111111111111111111111111111111111111111111111111111111"},
    {"TWOS", "2222222222222222222222222222222222222222222222222222222222222222"},
    {"BUMP", "07 01 01 00 02 TXID"},
    {"OTHER", "07 01 01 00 02 TWOS"},
};

enum {
    N_NAMES = sizeof names / sizeof names[0],
    HEX_MAX = 4096 /* digits of the longest case */
};

/* Appends the hex digits of words; names are made of names that stand before or after, never of themselves. */
static void append(char *hex, const char *words)
{
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        size_t i = 0;
        while (i < N_NAMES && (strlen(names[i].name) != len || memcmp(names[i].name, words, len) != 0))
            i++;
        assert_true(strlen(hex) + len < HEX_MAX);
        if (i < N_NAMES)
            append(hex, names[i].words);
        else
            strncat(hex, words, len);
        words += len;
        words += strspn(words, " ");
    }
}

gasp_bytes case_bytes(const char *words)
{
    char hex[HEX_MAX] = "";
    append(hex, words);
    return test_hex(hex);
}

gasp_buf case_rebuild(const gasp_tx *tx)
{
    gasp_buf buf;
    gasp_buf_init(&buf, GASP_TX_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&buf);
    gasp_write_u32(&w, gasp_tx_version(tx));
    gasp_write_compact(&w, gasp_tx_in_count(tx));
    for (size_t i = 0; i < gasp_tx_in_count(tx); i++) {
        const gasp_txin *in = gasp_tx_in(tx, i);
        gasp_write_outpoint(&w, &in->prev);
        gasp_write_sized(&w, in->script);
        gasp_write_u32(&w, in->sequence);
    }
    gasp_write_compact(&w, gasp_tx_out_count(tx));
    for (size_t i = 0; i < gasp_tx_out_count(tx); i++) {
        gasp_write_u64(&w, gasp_tx_out(tx, i)->sat);
        gasp_write_sized(&w, gasp_tx_out(tx, i)->script);
    }
    gasp_write_u32(&w, gasp_tx_locktime(tx));
    assert_err(w.err, GASP_OK);
    return buf;
}

void case_assert_rebuilds(const gasp_tx *tx)
{
    gasp_bytes raw = gasp_tx_raw(tx);
    gasp_buf buf = case_rebuild(tx);
    assert_int_equal(buf.len, raw.len);
    assert_memory_equal(buf.data, raw.data, buf.len);
    gasp_buf_clear(&buf);
}

json_t *case_corpus(void)
{
    json_t *rows = test_shared_json("beef/beef-corpus.json");
    assert_int_equal(json_array_size(rows), 38);
    return rows;
}

gasp_bytes case_beef(size_t i)
{
    json_t *rows = case_corpus();
    gasp_bytes bytes = test_hex(test_json_text(json_array_get(rows, i), "hex"));
    json_decref(rows);
    return bytes;
}

gasp_beef *case_decode(gasp_bytes bytes)
{
    gasp_beef *beef = NULL;
    gasp_fault fault = {GASP_OK, 0, 0};
    gasp_err err = gasp_beef_decode(&beef, bytes, NULL, &fault);
    if (err != GASP_OK)
        print_error("%s at %d, item %d\n", gasp_err_name(err), (int)fault.at, (int)fault.item);
    assert_err(err, GASP_OK);
    return beef;
}

gasp_bytes case_encode(const gasp_beef *beef)
{
    size_t len = 0;
    assert_err(gasp_beef_encode(beef, NULL, 0, &len), GASP_OK);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    size_t again = 0;
    assert_err(gasp_beef_encode(beef, bytes, len - 1, &again), GASP_ERR_LIMIT);
    assert_int_equal(again, len);
    assert_err(gasp_beef_encode(beef, bytes, len, &again), GASP_OK);
    return (gasp_bytes){bytes, len};
}

void case_assert_same(gasp_bytes a, gasp_bytes b)
{
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
}
