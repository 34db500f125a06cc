/* Messages by vectors/message/, whose bytes were composed by a program that knows only the description. Each valid one is
 * decoded to the stated fields, and the stated fields are encoded to its bytes. Each invalid one gives the stated error at
 * the stated place, from the decoder and again from a session that waits for just that message, which then says so to its
 * peer and ends. */
#include "session/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chain/bump.h"
#include "record/state.h"
#include "session/frame.h"
#include "session/vectors.h"
#include "set/bloom.h"

static gasp_bytes view(const void *data, size_t len)
{
    return (gasp_bytes){data, len};
}

/* ---- open, close --------------------------------------------------------------------------------------------------- */

static gasp_set_summary summary_of(const json_t *fields)
{
    const json_t *row = json_object_get(fields, "summary");
    gasp_set_summary summary = {.count = vectors_number(row, "count")};
    gasp_bytes sum = vectors_hex(row, "sum");
    gasp_bytes fingerprint = vectors_hex(row, "fingerprint");
    assert_int_equal(sum.len, sizeof summary.sum);
    assert_int_equal(fingerprint.len, sizeof summary.fingerprint);
    memcpy(summary.sum, sum.data, sum.len);
    memcpy(summary.fingerprint, fingerprint.data, fingerprint.len);
    return summary;
}

static void same_summary(const json_t *fields, const gasp_set_summary *got)
{
    gasp_set_summary want = summary_of(fields);
    vectors_hold(want.count == got->count && gasp_set_summary_equal(&want, got), "the summary is another");
}

static void same_hash(const char *display, const gasp_block_hash *got)
{
    uint8_t want[32];
    vectors_hash(want, display);
    vectors_hold(memcmp(want, got->b, 32) == 0, "a block hash is another");
}

/* What OPEN and ROUND have in common behind the summary. */
static void same_opening(const json_t *fields, const gasp_open *got)
{
    vectors_same_bytes(fields, "bounds_key", view(got->bounds_key, sizeof got->bounds_key));
    vectors_hold(got->has_settled == (json_object_get(fields, "settled") != NULL), "settled should (not) be there");
    if (got->has_settled)
        vectors_same_bytes(fields, "settled", view(got->settled, sizeof got->settled));
}

static void fill_opening(gasp_open *open, const json_t *fields)
{
    memcpy(open->bounds_key, vectors_hex(fields, "bounds_key").data, sizeof open->bounds_key);
    open->has_settled = json_object_get(fields, "settled") != NULL;
    if (open->has_settled)
        memcpy(open->settled, vectors_hex(fields, "settled").data, sizeof open->settled);
    open->has_summary = json_object_get(fields, "summary") != NULL;
    if (open->has_summary)
        open->summary = summary_of(fields);
}

static void compare_open(const json_t *fields, const gasp_open *got)
{
    const json_t *locator = json_object_get(fields, "locator");
    const json_t *schemes = json_object_get(fields, "schemes");
    vectors_same_number(fields, "version_min", got->version_min);
    vectors_same_number(fields, "version_max", got->version_max);
    vectors_same_number(fields, "network", got->network);
    vectors_same_number(fields, "features", got->features);
    vectors_same_bytes(fields, "collection", view(got->collection.b, sizeof got->collection.b));
    vectors_same_number(fields, "rights", got->rights);
    vectors_same_number(fields, "tip_height", got->tip_height);
    same_hash(test_json_text(fields, "tip"), &got->tip);
    vectors_hold(got->n_locator == json_array_size(locator), "the locator has another length");
    for (size_t i = 0; i < got->n_locator; i++)
        same_hash(json_string_value(json_array_get(locator, i)), &got->locator[i]);
    vectors_same_number(fields, "max_frame", got->max_frame);
    vectors_same_number(fields, "max_message", got->max_message);
    vectors_same_number(fields, "max_wants", got->max_wants);
    vectors_same_number(fields, "credit_roots", got->credit_roots);
    vectors_same_number(fields, "credit_bytes", got->credit_bytes);
    vectors_hold(got->n_schemes == json_array_size(schemes), "there are more or fewer schemes");
    for (size_t i = 0; i < got->n_schemes; i++)
        vectors_hold(got->schemes[i] == json_integer_value(json_array_get(schemes, i)), "a scheme is another");
    vectors_same_number(fields, "match", got->match);
    vectors_same_number(fields, "state_version", got->state_version);
    vectors_hold(got->has_summary == (json_object_get(fields, "summary") != NULL), "the summary should (not) be there");
    if (got->has_summary)
        same_summary(fields, &got->summary);
    same_opening(fields, got);
}

static gasp_open open_of(const json_t *fields)
{
    const json_t *locator = json_object_get(fields, "locator");
    const json_t *schemes = json_object_get(fields, "schemes");
    gasp_open open = {.version_min = (uint16_t)vectors_number(fields, "version_min"),
                      .version_max = (uint16_t)vectors_number(fields, "version_max"),
                      .network = (uint8_t)vectors_number(fields, "network"),
                      .features = vectors_number(fields, "features"),
                      .rights = (uint8_t)vectors_number(fields, "rights"),
                      .tip_height = (uint32_t)vectors_number(fields, "tip_height"),
                      .max_frame = (uint32_t)vectors_number(fields, "max_frame"),
                      .max_message = (uint32_t)vectors_number(fields, "max_message"),
                      .max_wants = (uint32_t)vectors_number(fields, "max_wants"),
                      .credit_roots = (uint32_t)vectors_number(fields, "credit_roots"),
                      .credit_bytes = vectors_number(fields, "credit_bytes"),
                      .match = (uint8_t)vectors_number(fields, "match"),
                      .state_version = (uint16_t)vectors_number(fields, "state_version"),
                      .n_locator = json_array_size(locator),
                      .n_schemes = json_array_size(schemes)};
    memcpy(open.collection.b, vectors_hex(fields, "collection").data, sizeof open.collection.b);
    vectors_hash(open.tip.b, test_json_text(fields, "tip"));
    for (size_t i = 0; i < open.n_locator; i++)
        vectors_hash(open.locator[i].b, json_string_value(json_array_get(locator, i)));
    for (size_t i = 0; i < open.n_schemes; i++)
        open.schemes[i] = (uint8_t)json_integer_value(json_array_get(schemes, i));
    fill_opening(&open, fields);
    return open;
}

static gasp_err check_open(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    gasp_open got;
    gasp_err err = gasp_open_decode(&got, r);
    if (fields == NULL || err != GASP_OK)
        return err;
    compare_open(fields, &got);
    gasp_open open = open_of(fields);
    gasp_writer w = gasp_writer_growing(encoded);
    gasp_open_encode(&w, &open);
    return w.err;
}

static gasp_err check_close(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    gasp_close got;
    gasp_err err = gasp_close_decode(&got, r);
    if (fields == NULL || err != GASP_OK)
        return err;
    const json_t *prints = json_object_get(fields, "prints");
    gasp_close close = {.result = (uint8_t)vectors_number(fields, "result"),
                        .again = vectors_number(fields, "again") == 1,
                        .summary = summary_of(fields)};
    assert_int_equal(json_array_size(prints), GASP_PRINTS);
    for (size_t i = 0; i < GASP_PRINTS; i++)
        assert_err(gasp_hex_decode(close.prints[i], GASP_PRINT_LEN, json_string_value(json_array_get(prints, i)),
                                   2 * (size_t)GASP_PRINT_LEN),
                   GASP_OK);
    vectors_same_number(fields, "result", got.result);
    vectors_same_number(fields, "again", got.again);
    same_summary(fields, &got.summary);
    vectors_hold(memcmp(got.prints, close.prints, sizeof got.prints) == 0, "a fingerprint is another");
    gasp_writer w = gasp_writer_growing(encoded);
    gasp_close_encode(&w, &close);
    return w.err;
}

/* What ROUND does not have stays as OPEN left it. */
static gasp_err check_round(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    gasp_open got = {.has_summary = true, .has_settled = true, .max_frame = 4711};
    gasp_open open = {0};
    uint32_t number;
    gasp_err err = gasp_round_decode(&got, &number, r);
    if (fields == NULL || err != GASP_OK)
        return err;
    vectors_same_number(fields, "number", number);
    vectors_same_number(fields, "tip_height", got.tip_height);
    same_hash(test_json_text(fields, "tip"), &got.tip);
    same_opening(fields, &got);
    vectors_hold(got.has_summary == (json_object_get(fields, "summary") != NULL), "the summary should (not) be there");
    if (got.has_summary)
        same_summary(fields, &got.summary);
    assert_int_equal(got.max_frame, 4711);
    fill_opening(&open, fields);
    open.tip_height = (uint32_t)vectors_number(fields, "tip_height");
    vectors_hash(open.tip.b, test_json_text(fields, "tip"));
    gasp_writer w = gasp_writer_growing(encoded);
    gasp_round_encode(&w, (uint32_t)vectors_number(fields, "number"), &open);
    return w.err;
}

/* ---- the small ones ------------------------------------------------------------------------------------------------ */

static gasp_err check_error(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    gasp_error_msg got;
    gasp_err err = gasp_error_decode(&got, r);
    if (fields == NULL || err != GASP_OK)
        return err;
    vectors_same_number(fields, "reason", got.reason);
    vectors_same_number(fields, "message", got.message);
    vectors_same_number(fields, "at", got.at);
    gasp_err means = gasp_err_of_reason(got.reason);
    vectors_hold(strcmp(gasp_err_name(means), test_json_text(fields, "means")) == 0, "the reason means another error");
    vectors_hold(means == GASP_ERR_PEER_ERROR || gasp_reason_of(means) == got.reason, "the error has another reason");
    gasp_error_msg error = {(uint16_t)vectors_number(fields, "reason"), (uint16_t)vectors_number(fields, "message"),
                            vectors_number(fields, "at")};
    gasp_writer w = gasp_writer_growing(encoded);
    gasp_error_encode(&w, &error);
    return w.err;
}

static gasp_err check_credit(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    gasp_credit got;
    gasp_err err = gasp_credit_decode(&got, r);
    if (fields == NULL || err != GASP_OK)
        return err;
    vectors_same_number(fields, "roots", got.roots);
    vectors_same_number(fields, "bytes", got.bytes);
    gasp_credit credit = {(uint32_t)vectors_number(fields, "roots"), vectors_number(fields, "bytes")};
    gasp_writer w = gasp_writer_growing(encoded);
    gasp_credit_encode(&w, &credit);
    return w.err;
}

static gasp_err check_roots_end(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    gasp_roots_end got;
    gasp_err err = gasp_roots_end_decode(&got, r);
    if (fields == NULL || err != GASP_OK)
        return err;
    vectors_same_number(fields, "roots", got.roots);
    vectors_same_number(fields, "outputs", got.outputs);
    vectors_same_number(fields, "spends", got.spends);
    vectors_same_bytes(fields, "held", got.held);
    gasp_roots_end end = {vectors_number(fields, "roots"), vectors_number(fields, "outputs"),
                          vectors_number(fields, "spends"), vectors_hex(fields, "held")};
    gasp_writer w = gasp_writer_growing(encoded);
    gasp_roots_end_encode(&w, &end);
    return w.err;
}

static gasp_err check_turn_end(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    gasp_turn_end got;
    gasp_err err = gasp_turn_end_decode(&got, r);
    if (fields == NULL || err != GASP_OK)
        return err;
    vectors_same_number(fields, "owes", got.owes);
    vectors_same_bytes(fields, "lacking", got.lacking);
    gasp_turn_end end = {vectors_number(fields, "owes") == 1, vectors_hex(fields, "lacking")};
    gasp_writer w = gasp_writer_growing(encoded);
    gasp_turn_end_encode(&w, &end);
    return w.err;
}

/* KEEPALIVE and CHANGED. */
static gasp_err check_empty(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    (void)fields;
    (void)encoded;
    return gasp_reader_finish(r, NULL);
}

/* ---- references ---------------------------------------------------------------------------------------------------- */

static void compare_ref(const json_t *row, const gasp_want *got, gasp_msg type)
{
    gasp_outpoint outpoint = vectors_outpoint(row, "outpoint");
    vectors_hold(memcmp(outpoint.txid.b, got->outpoint.txid.b, 32) == 0 && outpoint.vout == got->outpoint.vout,
                 "the outpoint is another");
    vectors_same_number(row, "kind", got->kind);
    if (type == GASP_MSG_WANT && got->kind != GASP_WANT_METADATA)
        vectors_same_number(row, "max_len", got->max_len);
    else if (type == GASP_MSG_WANT)
        vectors_same_bytes(row, "hash", view(got->hash.b, sizeof got->hash.b));
    if (type != GASP_MSG_ABSENT)
        return;
    vectors_same_number(row, "reason", got->reason);
    vectors_same_number(row, "len", got->len);
}

static gasp_want ref_of(const json_t *row, gasp_msg type)
{
    gasp_want ref = {.outpoint = vectors_outpoint(row, "outpoint"), .kind = (uint8_t)vectors_number(row, "kind")};
    if (type == GASP_MSG_WANT && ref.kind != GASP_WANT_METADATA)
        ref.max_len = (uint32_t)vectors_number(row, "max_len");
    else if (type == GASP_MSG_WANT)
        memcpy(ref.hash.b, vectors_hex(row, "hash").data, sizeof ref.hash.b);
    if (type == GASP_MSG_ABSENT) {
        ref.reason = (uint8_t)vectors_number(row, "reason");
        ref.len = (uint32_t)vectors_number(row, "len");
    }
    return ref;
}

static gasp_err check_refs(gasp_reader *r, const json_t *fields, gasp_buf *encoded, gasp_msg type, size_t each)
{
    const json_t *refs = json_object_get(fields, "refs");
    size_t n = gasp_read_count(r, each);
    vectors_hold(fields == NULL || n == json_array_size(refs), "there are more or fewer references");
    for (size_t i = 0; i < n && r->err == GASP_OK; i++) {
        gasp_want got;
        gasp_want_read(&got, r, type);
        if (fields != NULL && r->err == GASP_OK)
            compare_ref(json_array_get(refs, i), &got, type);
    }
    gasp_err err = gasp_reader_finish(r, NULL);
    if (fields == NULL || err != GASP_OK)
        return err;
    gasp_writer w = gasp_writer_growing(encoded);
    gasp_write_compact(&w, n);
    for (size_t i = 0; i < n; i++) {
        gasp_want ref = ref_of(json_array_get(refs, i), type);
        gasp_want_encode(&w, type, &ref);
    }
    return w.err;
}

static gasp_err check_want(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    return check_refs(r, fields, encoded, GASP_MSG_WANT, GASP_WANT_LEN);
}

static gasp_err check_sent(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    return check_refs(r, fields, encoded, GASP_MSG_SENT, GASP_SENT_LEN);
}

static gasp_err check_absent(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    return check_refs(r, fields, encoded, GASP_MSG_ABSENT, GASP_ABSENT_LEN);
}

static gasp_skip_ref skip_of(const json_t *row)
{
    gasp_skip_ref ref = {.time = vectors_number(row, "time")};
    memcpy(ref.id.b, vectors_hex(row, "id").data, sizeof ref.id.b);
    return ref;
}

static gasp_err check_skip(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    const json_t *refs = json_object_get(fields, "refs");
    size_t n = gasp_skip_count(r);
    gasp_skip_ref got = {0};
    vectors_hold(fields == NULL || n == json_array_size(refs), "there are more or fewer items");
    for (size_t i = 0; i < n && r->err == GASP_OK; i++) {
        gasp_skip_read(&got, r, i > 0);
        gasp_skip_ref want = fields != NULL ? skip_of(json_array_get(refs, i)) : got;
        vectors_hold(got.time == want.time && memcmp(got.id.b, want.id.b, sizeof got.id.b) == 0, "an item is another");
    }
    gasp_err err = gasp_reader_finish(r, NULL);
    if (fields == NULL || err != GASP_OK)
        return err;
    gasp_writer w = gasp_writer_growing(encoded);
    gasp_write_compact(&w, n);
    for (size_t i = 0; i < n; i++) {
        gasp_skip_ref ref = skip_of(json_array_get(refs, i));
        gasp_skip_write(&w, &ref);
    }
    return w.err;
}

static gasp_spend_ref spend_of(const json_t *row)
{
    return (gasp_spend_ref){vectors_outpoint(row, "outpoint"), vectors_txid(row, "spender")};
}

static gasp_err check_spend(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    const json_t *refs = json_object_get(fields, "refs");
    size_t n = gasp_read_count(r, GASP_SPEND_LEN);
    vectors_hold(fields == NULL || n == json_array_size(refs), "there are more or fewer references");
    for (size_t i = 0; i < n && r->err == GASP_OK; i++) {
        gasp_spend_ref got;
        gasp_spend_read(&got, r);
        gasp_spend_ref want = fields != NULL ? spend_of(json_array_get(refs, i)) : got;
        vectors_hold(memcmp(got.outpoint.txid.b, want.outpoint.txid.b, 32) == 0 &&
                         got.outpoint.vout == want.outpoint.vout && memcmp(got.spender.b, want.spender.b, 32) == 0,
                     "a reference is another");
    }
    gasp_err err = gasp_reader_finish(r, NULL);
    if (fields == NULL || err != GASP_OK)
        return err;
    gasp_writer w = gasp_writer_growing(encoded);
    gasp_write_compact(&w, n);
    for (size_t i = 0; i < n; i++) {
        gasp_spend_ref ref = spend_of(json_array_get(refs, i));
        gasp_spend_write(&w, &ref);
    }
    return w.err;
}

/* ---- filter -------------------------------------------------------------------------------------------------------- */

static void assert_has(const json_t *list, const gasp_bloom_part *part, bool has)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        gasp_outpoint outpoint;
        uint8_t bytes[GASP_OUTPOINT_LEN];
        gasp_writer w = gasp_writer_fixed(bytes, sizeof bytes);
        assert_err(gasp_outpoint_from_text(&outpoint, json_string_value(json_array_get(list, i))), GASP_OK);
        gasp_write_outpoint(&w, &outpoint);
        vectors_hold(gasp_bloom_part_has(part, view(bytes, sizeof bytes)) == has, "an outpoint is (not) in the filter");
    }
}

/* The only part of the set of these outpoints, compared by outpoint. */
static gasp_err encode_filter(gasp_writer *w, const json_t *fields)
{
    const json_t *outpoints = json_object_get(fields, "outpoints");
    gasp_items items;
    gasp_items_init(&items, GASP_MATCH_OUTPOINT, json_array_size(outpoints) + 1, NULL);
    for (size_t i = 0; i < json_array_size(outpoints); i++) {
        gasp_outpoint outpoint;
        gasp_item_id id;
        assert_err(gasp_outpoint_from_text(&outpoint, json_string_value(json_array_get(outpoints, i))), GASP_OK);
        gasp_item_id_of_outpoint(&id, &outpoint);
        assert_err(gasp_items_add(&items, 0, &id, &id, &outpoint), GASP_OK);
    }
    assert_err(gasp_items_seal(&items), GASP_OK);
    assert_err(gasp_items_index_outpoints(&items), GASP_OK);
    gasp_write_u8(w, (uint8_t)vectors_number(fields, "last"));
    gasp_err err = gasp_bloom_part_encode(w, &items, 0, vectors_hex(fields, "key").data);
    gasp_items_clear(&items);
    return err;
}

static gasp_err check_filter(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    gasp_bloom_part part;
    uint8_t sum[32];
    uint8_t last = gasp_read_u8(r);
    if (last > 1)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, 0);
    gasp_err err = gasp_bloom_part_read(&part, r);
    if (err == GASP_OK)
        err = gasp_reader_finish(r, NULL);
    if (fields == NULL || err != GASP_OK)
        return err;
    gasp_sum_encode(sum, part.sum);
    vectors_same_number(fields, "last", last);
    vectors_same_bytes(fields, "bound", view(part.bound.b, sizeof part.bound.b));
    vectors_same_number(fields, "count", part.count);
    vectors_same_bytes(fields, "sum", view(sum, sizeof sum));
    vectors_same_number(fields, "k", part.k);
    vectors_same_number(fields, "m", part.m);
    vectors_same_bytes(fields, "bits", view(part.bits, ((size_t)part.m + 7) / 8));
    assert_has(json_object_get(fields, "outpoints"), &part, true);
    assert_has(json_object_get(fields, "holds"), &part, true);
    assert_has(json_object_get(fields, "lacks"), &part, false);
    gasp_writer w = gasp_writer_growing(encoded);
    return json_object_get(fields, "outpoints") != NULL ? encode_filter(&w, fields) : GASP_OK;
}

/* ---- inv ----------------------------------------------------------------------------------------------------------- */

static void compare_inputs(const json_t *list, const gasp_inv *got)
{
    vectors_hold(got->n_inputs == json_array_size(list), "there are more or fewer state hashes");
    for (size_t i = 0; i < got->n_inputs; i++) {
        const char *want = json_string_value(json_array_get(list, i));
        char hex[65];
        gasp_hex_encode(hex, got->inputs[i].hash.b, 32);
        vectors_hold(got->inputs[i].present == (want != NULL), "a state hash should (not) be there");
        vectors_hold(want == NULL || strcmp(hex, want) == 0, "a state hash is another");
    }
}

static void compare_inv(const json_t *row, const gasp_inv *got)
{
    const json_t *roots = json_object_get(row, "roots");
    gasp_txid txid = vectors_txid(row, "txid");
    vectors_same_number(row, "flags", got->flags);
    vectors_hold(memcmp(txid.b, got->txid.b, 32) == 0, "the txid is another");
    txid = vectors_txid(row, "wanted");
    vectors_hold(memcmp(txid.b, got->wanted.b, 32) == 0, "the txid that was wanted is another");
    vectors_hold((got->tx != NULL) == (json_object_get(row, "raw") != NULL), "the transaction should (not) be there");
    if (got->tx != NULL) {
        vectors_same_bytes(row, "raw", got->raw);
        compare_inputs(json_object_get(row, "inputs"), got);
    }
    if ((got->flags & GASP_INV_PROVEN) != 0)
        vectors_same_number(row, "block", got->block);
    vectors_hold(got->n_roots == json_array_size(roots), "there are more or fewer roots");
    for (size_t i = 0; i < got->n_roots; i++)
        vectors_hold(got->roots[i] == json_integer_value(json_array_get(roots, i)), "a root is another");
    vectors_same_bytes(row, "entries", got->entries);
    vectors_same_number(row, "len", got->len);
    vectors_same_number(row, "len", gasp_inv_len(got));
}

static void fill_inv(gasp_inv *inv, const json_t *row)
{
    const json_t *roots = json_object_get(row, "roots");
    const json_t *inputs = json_object_get(row, "inputs");
    *inv = (gasp_inv){.flags = (uint8_t)vectors_number(row, "flags"),
                      .txid = vectors_txid(row, "txid"),
                      .wanted = vectors_txid(row, "wanted"),
                      .n_roots = json_array_size(roots),
                      .entries = vectors_hex(row, "entries"),
                      .n_inputs = json_array_size(inputs)};
    if ((inv->flags & GASP_INV_TX) != 0)
        inv->raw = vectors_hex(row, "raw");
    if ((inv->flags & GASP_INV_PROVEN) != 0)
        inv->block = (size_t)vectors_number(row, "block");
    inv->roots = calloc(inv->n_roots + 1, sizeof *inv->roots);
    inv->inputs = calloc(inv->n_inputs + 1, sizeof *inv->inputs);
    assert_true(inv->roots != NULL && inv->inputs != NULL);
    for (size_t i = 0; i < inv->n_roots; i++)
        inv->roots[i] = (uint32_t)json_integer_value(json_array_get(roots, i));
    for (size_t i = 0; i < inv->n_inputs; i++) {
        const char *hash = json_string_value(json_array_get(inputs, i));
        inv->inputs[i].present = hash != NULL;
        if (hash != NULL)
            assert_err(gasp_hex_decode(inv->inputs[i].hash.b, 32, hash, 64), GASP_OK);
    }
}

static gasp_err encode_batch(gasp_buf *encoded, const json_t *fields)
{
    const json_t *paths = json_object_get(fields, "paths");
    const json_t *invs = json_object_get(fields, "invs");
    gasp_inv_batch batch = {.n_bumps = json_array_size(paths), .n_invs = json_array_size(invs)};
    batch.bumps = calloc(batch.n_bumps + 1, sizeof(gasp_bump *));
    batch.blocks = calloc(batch.n_bumps + 1, sizeof *batch.blocks);
    batch.invs = calloc(batch.n_invs + 1, sizeof *batch.invs);
    assert_true(batch.bumps != NULL && batch.blocks != NULL && batch.invs != NULL);
    for (size_t i = 0; i < batch.n_bumps; i++) {
        const json_t *path = json_array_get(paths, i);
        assert_err(gasp_bump_decode(&batch.bumps[i], vectors_hex(path, "bump"), NULL, NULL), GASP_OK);
        vectors_hash(batch.blocks[i].b, test_json_text(path, "block"));
    }
    for (size_t i = 0; i < batch.n_invs; i++)
        fill_inv(&batch.invs[i], json_array_get(invs, i));
    gasp_writer w = gasp_writer_growing(encoded);
    gasp_inv_batch_encode(&w, &batch);
    for (size_t i = 0; i < batch.n_bumps; i++)
        gasp_bump_free(batch.bumps[i]);
    for (size_t i = 0; i < batch.n_invs; i++) {
        free(batch.invs[i].roots);
        free(batch.invs[i].inputs);
    }
    free(batch.bumps);
    free(batch.blocks);
    free(batch.invs);
    return w.err;
}

static void compare_path(const json_t *row, const gasp_bump *got, const gasp_block_hash *block)
{
    gasp_buf bytes;
    gasp_buf_init(&bytes, SIZE_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&bytes);
    gasp_bump_write(&w, got);
    vectors_same_bytes(row, "bump", gasp_buf_view(&bytes));
    same_hash(test_json_text(row, "block"), block);
    gasp_buf_clear(&bytes);
}

static gasp_err check_inv(gasp_reader *r, const json_t *fields, gasp_buf *encoded)
{
    const json_t *paths = json_object_get(fields, "paths");
    const json_t *invs = json_object_get(fields, "invs");
    gasp_inv_batch got;
    gasp_err err = gasp_inv_batch_decode(&got, r, gasp_mem_or_default(NULL));
    if (fields == NULL || err != GASP_OK) {
        gasp_inv_batch_clear(&got);
        return err;
    }
    vectors_hold(got.n_bumps == json_array_size(paths), "there are more or fewer paths");
    vectors_hold(got.n_invs == json_array_size(invs), "there are more or fewer transactions");
    for (size_t i = 0; i < got.n_bumps; i++)
        compare_path(json_array_get(paths, i), got.bumps[i], &got.blocks[i]);
    for (size_t i = 0; i < got.n_invs; i++)
        compare_inv(json_array_get(invs, i), &got.invs[i]);
    gasp_inv_batch_clear(&got);
    return encode_batch(encoded, fields);
}

/* ---- tests ---------------------------------------------------------------------------------------------------------- */

#define FILE_TEST(topic, valid, invalid)                                                                               \
    static void test_##topic(void **state)                                                                             \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        vectors_run(#topic, check_##topic, valid, invalid);                                                            \
    }

#define check_keepalive check_empty
#define check_changed check_empty

FILE_TEST(open, 8, 49)
FILE_TEST(close, 3, 8)
FILE_TEST(error, 10, 3)
FILE_TEST(keepalive, 1, 1)
FILE_TEST(filter, 4, 12)
FILE_TEST(inv, 11, 35)
FILE_TEST(want, 4, 7)
FILE_TEST(sent, 2, 5)
FILE_TEST(absent, 2, 6)
FILE_TEST(credit, 2, 2)
FILE_TEST(roots_end, 4, 7)
FILE_TEST(turn_end, 4, 7)
FILE_TEST(round, 3, 12)
FILE_TEST(changed, 1, 1)
FILE_TEST(skip, 3, 10)
FILE_TEST(spend, 3, 7)

/* A SKIP of n items. */
static gasp_err read_skip_of(size_t n)
{
    gasp_buf message;
    gasp_buf_init(&message, SIZE_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&message);
    gasp_write_compact(&w, n);
    for (size_t i = 0; i < n; i++)
        gasp_skip_write(&w, &(gasp_skip_ref){.time = i});
    assert_err(w.err, GASP_OK);
    assert_true(message.len < GASP_MESSAGE_MIN_MAX);
    gasp_reader r = gasp_reader_of(gasp_buf_view(&message));
    gasp_err err = check_skip(&r, NULL, NULL);
    if (err != GASP_OK)
        vectors_session(GASP_MSG_SKIP, gasp_buf_view(&message), err, r.err_at);
    gasp_buf_clear(&message);
    return err;
}

/* Too many bytes for a file. */
static void test_skip_limit(void **state)
{
    (void)state;
    assert_err(read_skip_of(GASP_SKIPS_MAX), GASP_OK);
    assert_err(read_skip_of(GASP_SKIPS_MAX + 1), GASP_ERR_PEER_LIMIT);
}

/* Types that this version does not know. */
static void test_unknown(void **state)
{
    (void)state;
    json_t *file = vectors_open("unknown");
    size_t n = vectors_count(file);
    for (size_t i = 0; i < n; i++) {
        const json_t *row = vectors_case(file, i);
        uint16_t type = (uint16_t)test_json_int(row, "type");
        gasp_bytes bytes = vectors_hex(row, "hex");
        if (json_object_get(row, "error") != NULL) {
            assert_string_equal(test_json_text(row, "error"), "peer_message");
            vectors_session(type, bytes, GASP_ERR_PEER_MESSAGE, 0);
        } else {
            assert_true(json_is_true(json_object_get(row, "skipped")));
            vectors_session(type, bytes, GASP_OK, 0);
        }
        vectors_drop();
    }
    print_message("count: unknown types: %zu\n", n);
    assert_int_equal(n, 9);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),      cmocka_unit_test(test_close),      cmocka_unit_test(test_error),
        cmocka_unit_test(test_keepalive), cmocka_unit_test(test_filter),     cmocka_unit_test(test_inv),
        cmocka_unit_test(test_want),      cmocka_unit_test(test_sent),       cmocka_unit_test(test_absent),
        cmocka_unit_test(test_credit),    cmocka_unit_test(test_roots_end),  cmocka_unit_test(test_turn_end),
        cmocka_unit_test(test_round),     cmocka_unit_test(test_changed),    cmocka_unit_test(test_skip),
        cmocka_unit_test(test_spend),     cmocka_unit_test(test_skip_limit), cmocka_unit_test(test_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
