/* The worked example of docs/protocol.md: its bytes are read from the document, decoded and made again by the code. */
#include "lib/data.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "chain/bump.h"
#include "record/state.h"
#include "session/frame.h"
#include "session/message.h"
#include "set/bloom.h"

enum { BYTES_MAX = 1024 };

static const char txid_text[] = "0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098";
static const uint8_t block1[32] = {0x48, 0x60, 0xeb, 0x18, 0xbf, 0x1b, 0x16, 0x20, 0xe3, 0x7e, 0x94,
                                   0x90, 0xfc, 0x8a, 0x42, 0x75, 0x14, 0x41, 0x6f, 0xd7, 0x51, 0x59,
                                   0xab, 0x86, 0x68, 0x8e, 0x9a, 0x83, 0,    0,    0,    0};

typedef struct shown {
    uint8_t bytes[BYTES_MAX];
    size_t len;
} shown;

static char *document(void)
{
    gasp_bytes file = test_own_file("docs/protocol.md");
    char *text = test_malloc(file.len + 1);
    memcpy(text, file.data, file.len);
    text[file.len] = '\0';
    test_release(file);
    return text;
}

static bool is_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* The words of hex that an indented line begins with; three spaces end them. A word that is no hex ends the line too. */
static void take_line(shown *out, const char *line, size_t len)
{
    size_t at = 4;
    while (at < len && line[at] == ' ')
        at++;
    while (at < len) {
        size_t end = at;
        while (end < len && is_digit(line[end]))
            end++;
        if (end == at || (end - at) % 2 != 0 || (end < len && line[end] != ' '))
            return;
        assert_true(out->len + (end - at) / 2 <= BYTES_MAX);
        assert_err(gasp_hex_decode(out->bytes + out->len, (end - at) / 2, line + at, end - at), GASP_OK);
        out->len += (end - at) / 2;
        if (len - end >= 3 && memcmp(line + end, "   ", 3) == 0)
            return;
        at = end;
        while (at < len && line[at] == ' ')
            at++;
    }
}

/* The bytes of the first indented block behind a text. */
static shown block_behind(const char *text, const char *begin)
{
    shown out = {.len = 0};
    const char *at = strstr(text, begin);
    assert_non_null(at);
    at = strstr(at, "\n    ");
    assert_non_null(at);
    at++;
    while (strncmp(at, "    ", 4) == 0) {
        const char *end = strchr(at, '\n');
        assert_non_null(end);
        take_line(&out, at, (size_t)(end - at));
        at = end + 1;
    }
    return out;
}

/* The message in the frames shown. */
static gasp_blob *message_of(const shown *from, uint16_t type)
{
    gasp_frames_in frames;
    gasp_blob *message = NULL;
    size_t used = 0;
    uint16_t got = 0;
    gasp_frames_in_init(&frames, 65536, 65536, NULL);
    assert_err(gasp_frames_in_take(&frames, &used, &got, &message, from->bytes, from->len), GASP_OK);
    assert_int_equal(used, from->len);
    assert_int_equal(got, type);
    gasp_frames_in_clear(&frames);
    return message;
}

static void assert_frames(const shown *expected, uint16_t type, const gasp_buf *message)
{
    gasp_buf frames;
    gasp_buf_init(&frames, SIZE_MAX, NULL);
    assert_err(gasp_frames_out(&frames, type, gasp_buf_view(message), GASP_FRAME_MIN_MAX), GASP_OK);
    assert_int_equal(frames.len, expected->len);
    assert_memory_equal(frames.data, expected->bytes, expected->len);
    gasp_buf_clear(&frames);
}

static void open_is_shown(void **state)
{
    (void)state;
    char *text = document();
    shown bytes = block_behind(text, "**OPEN** of an initiator");
    gasp_blob *message = message_of(&bytes, GASP_MSG_OPEN);
    gasp_reader r = gasp_reader_of(gasp_blob_view(message));
    gasp_open open;
    gasp_items none;
    gasp_set_summary summary;
    gasp_session_config config;
    assert_err(gasp_open_decode(&open, &r), GASP_OK);
    gasp_items_init(&none, GASP_MATCH_STATE, 1, NULL);
    assert_err(gasp_items_seal(&none), GASP_OK);
    gasp_items_summary(&summary, &none);
    gasp_session_config_init(&config);
    assert_true(gasp_set_summary_equal(&open.summary, &summary));
    assert_int_equal(open.network, GASP_NETWORK_MAIN);
    assert_int_equal(open.rights, GASP_RIGHT_READ | GASP_RIGHT_WRITE);
    assert_int_equal(open.features, GASP_FEATURES);
    assert_false(open.has_settled);
    assert_int_equal(open.max_frame, config.limits.max_frame);
    assert_int_equal(open.max_message, config.limits.max_message);
    assert_int_equal(open.max_wants, config.limits.max_wants);
    assert_int_equal(open.credit_roots, config.limits.credit_roots);
    assert_int_equal(open.credit_bytes, config.limits.credit_bytes);
    assert_int_equal(open.state_version, GASP_STATE_VERSION);
    gasp_buf again;
    gasp_buf_init(&again, BYTES_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&again);
    gasp_open_encode(&w, &open);
    assert_err(w.err, GASP_OK);
    assert_frames(&bytes, GASP_MSG_OPEN, &again);
    gasp_buf_clear(&again);
    gasp_items_clear(&none);
    gasp_blob_release(message);
    test_free(text);
}

static void assert_shown(const char *text, const uint8_t *bytes, size_t len)
{
    char hex[2 * 64 + 1];
    gasp_hex_encode(hex, bytes, len);
    assert_non_null(strstr(text, hex));
}

/* The values that the document gives for the output of the INV, and the filter of a set of it alone. */
static void values_are_shown(const char *text, gasp_bytes entries)
{
    uint8_t key[GASP_BLOOM_KEY_LEN];
    gasp_anchor anchor = {.height = 1};
    gasp_outpoint outpoint = {.vout = 0};
    gasp_output_values values;
    gasp_bloom_hasher hasher;
    uint8_t outpoint36[GASP_OUTPOINT_LEN] = {0};
    uint8_t element[GASP_BLOOM_ELEMENT_LEN];
    gasp_set_summary summary;
    gasp_data part = {0};
    gasp_filter_info info;
    memcpy(anchor.block.b, block1, 32);
    assert_err(gasp_txid_from_text(&outpoint.txid, txid_text), GASP_OK);
    assert_err(gasp_output_values_of(&values, &outpoint, &anchor, entries, NULL, NULL), GASP_OK);
    assert_shown(text, block1, 32);
    assert_shown(text, values.entries_digest, 32);
    assert_shown(text, values.state.b, 32);
    assert_shown(text, values.item.b, 32);
    assert_shown(text, values.outpoint_item.b, 32);
    gasp_set_item item = {outpoint, values.item_time, values.item, values.outpoint_item};
    assert_err(gasp_set_summarise(&summary, NULL, &item, 1, NULL), GASP_OK);
    assert_shown(text, summary.fingerprint, 16);
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)i;
    gasp_bloom_hasher_init(&hasher, key);
    memcpy(outpoint36, outpoint.txid.b, 32);
    gasp_bloom_element(element, &hasher, (gasp_bytes){outpoint36, sizeof outpoint36});
    assert_shown(text, element, sizeof element);
    gasp_bloom_element(element, &hasher, (gasp_bytes){values.item.b, 32});
    assert_shown(text, element, sizeof element);
    assert_err(gasp_filter_part_make(&part, GASP_MATCH_STATE, &item, 1, 0, key, NULL), GASP_OK);
    assert_err(gasp_filter_part_read(&info, (gasp_bytes){part.data, part.len}, NULL), GASP_OK);
    assert_int_equal(info.probes, 20);
    assert_int_equal(info.bits, 28755);
    assert_memory_equal(part.data + 84, "\x14\x53\x70\x00\x00", 5); /* the head without the byte of FILTER */
    static const size_t first[] = {433, 1230, 2347, 2662, 4604};
    size_t n = 0;
    for (size_t bit = 0; bit < info.bits; bit++) {
        if ((part.data[GASP_BLOOM_PART_HEAD + bit / 8] >> (bit % 8) & 1) == 0)
            continue;
        if (n < 5)
            assert_int_equal(bit, first[n]);
        n++;
    }
    assert_int_equal(n, 40);
    gasp_data_clear(&part);
}

static void inv_is_shown(void **state)
{
    (void)state;
    char *text = document();
    shown bytes = block_behind(text, "**INV** of the coinbase");
    gasp_blob *message = message_of(&bytes, GASP_MSG_INV);
    gasp_reader r = gasp_reader_of(gasp_blob_view(message));
    gasp_inv_batch batch;
    char name[GASP_HASH_TEXT_MAX];
    gasp_buf again;
    gasp_buf_init(&again, BYTES_MAX, NULL);
    assert_err(gasp_inv_batch_decode(&batch, &r, gasp_mem_or_default(NULL)), GASP_OK);
    assert_int_equal(batch.n_invs, 1);
    assert_int_equal(batch.invs[0].flags, GASP_INV_TX | GASP_INV_PROVEN | GASP_INV_ROOT);
    assert_int_equal(batch.invs[0].len, 202);
    gasp_txid_to_text(name, &batch.invs[0].txid);
    assert_string_equal(name, txid_text);
    gasp_merkle_root root = gasp_bump_root(batch.bumps[0]);
    assert_memory_equal(root.b, batch.invs[0].txid.b, 32);
    assert_memory_equal(batch.blocks[0].b, block1, 32);
    values_are_shown(text, batch.invs[0].entries);
    gasp_writer w = gasp_writer_growing(&again);
    gasp_inv_batch_encode(&w, &batch);
    assert_err(w.err, GASP_OK);
    assert_frames(&bytes, GASP_MSG_INV, &again);
    gasp_buf_clear(&again);
    gasp_inv_batch_clear(&batch);
    gasp_blob_release(message);
    test_free(text);
}

static void want_is_shown(void **state)
{
    (void)state;
    char *text = document();
    shown bytes = block_behind(text, "A **WANT** of that transaction");
    gasp_want want = {.kind = GASP_WANT_TX, .max_len = 32 * 1024 * 1024};
    gasp_buf message;
    assert_err(gasp_txid_from_text(&want.outpoint.txid, txid_text), GASP_OK);
    gasp_buf_init(&message, BYTES_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&message);
    gasp_write_compact(&w, 1);
    gasp_want_encode(&w, GASP_MSG_WANT, &want);
    assert_err(w.err, GASP_OK);
    assert_frames(&bytes, GASP_MSG_WANT, &message);
    gasp_buf_clear(&message);
    test_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_is_shown),
        cmocka_unit_test(inv_is_shown),
        cmocka_unit_test(want_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
