/* Messages: u16 type, then the message. What a tool reads of it and what a session reads of it agree; what can be read is
 * written back byte for byte (OPEN, whose unknown fields are skipped: the second time). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "gasp/message.h"
#include "session/message.h"

/* Reads a message of one type and writes what it read. */
typedef gasp_err (*translate)(gasp_reader *r, gasp_writer *w);

static gasp_err open_of(gasp_reader *r, gasp_writer *w)
{
    gasp_open open;
    gasp_err err = gasp_open_decode(&open, r);
    if (err == GASP_OK)
        gasp_open_encode(w, &open);
    return err;
}

static gasp_err close_of(gasp_reader *r, gasp_writer *w)
{
    gasp_close end;
    gasp_err err = gasp_close_decode(&end, r);
    if (err == GASP_OK)
        gasp_close_encode(w, &end);
    return err;
}

static gasp_err error_of(gasp_reader *r, gasp_writer *w)
{
    gasp_error_msg error;
    gasp_err err = gasp_error_decode(&error, r);
    if (err == GASP_OK)
        gasp_error_encode(w, &error);
    return err;
}

static gasp_err inv_of(gasp_reader *r, gasp_writer *w)
{
    gasp_inv_batch batch;
    gasp_err err = gasp_inv_batch_decode(&batch, r, gasp_mem_or_default(NULL));
    if (err == GASP_OK)
        gasp_inv_batch_encode(w, &batch);
    gasp_inv_batch_clear(&batch);
    return err;
}

static gasp_err references_of(gasp_reader *r, gasp_writer *w, gasp_msg type, size_t each)
{
    size_t n = gasp_read_count(r, each);
    gasp_write_compact(w, n);
    for (size_t i = 0; i < n && gasp_reader_status(r, NULL) == GASP_OK; i++) {
        gasp_want want = {0};
        gasp_want_read(&want, r, type);
        gasp_want_encode(w, type, &want);
    }
    return gasp_reader_finish(r, NULL);
}

static gasp_err want_of(gasp_reader *r, gasp_writer *w)
{
    return references_of(r, w, GASP_MSG_WANT, GASP_WANT_LEN);
}

static gasp_err sent_of(gasp_reader *r, gasp_writer *w)
{
    return references_of(r, w, GASP_MSG_SENT, GASP_SENT_LEN);
}

static gasp_err absent_of(gasp_reader *r, gasp_writer *w)
{
    return references_of(r, w, GASP_MSG_ABSENT, GASP_ABSENT_LEN);
}

static gasp_err credit_of(gasp_reader *r, gasp_writer *w)
{
    gasp_credit credit;
    gasp_err err = gasp_credit_decode(&credit, r);
    if (err == GASP_OK)
        gasp_credit_encode(w, &credit);
    return err;
}

static gasp_err roots_end_of(gasp_reader *r, gasp_writer *w)
{
    gasp_roots_end end;
    gasp_err err = gasp_roots_end_decode(&end, r);
    if (err == GASP_OK)
        gasp_roots_end_encode(w, &end);
    return err;
}

static gasp_err turn_end_of(gasp_reader *r, gasp_writer *w)
{
    gasp_turn_end end;
    gasp_err err = gasp_turn_end_decode(&end, r);
    if (err == GASP_OK)
        gasp_turn_end_encode(w, &end);
    return err;
}

static gasp_err round_of(gasp_reader *r, gasp_writer *w)
{
    gasp_open open = {0};
    uint32_t number;
    gasp_err err = gasp_round_decode(&open, &number, r);
    if (err == GASP_OK)
        gasp_round_encode(w, number, &open);
    return err;
}

static gasp_err skip_of(gasp_reader *r, gasp_writer *w)
{
    gasp_skip_ref ref = {0};
    size_t n = gasp_skip_count(r);
    gasp_write_compact(w, n);
    for (size_t i = 0; i < n && gasp_reader_status(r, NULL) == GASP_OK; i++) {
        gasp_skip_read(&ref, r, i > 0);
        gasp_skip_write(w, &ref);
    }
    return gasp_reader_finish(r, NULL);
}

static gasp_err spend_of(gasp_reader *r, gasp_writer *w)
{
    gasp_spend_ref ref;
    size_t n = gasp_read_count(r, GASP_SPEND_LEN);
    gasp_write_compact(w, n);
    for (size_t i = 0; i < n && gasp_reader_status(r, NULL) == GASP_OK; i++) {
        gasp_spend_read(&ref, r);
        gasp_spend_write(w, &ref);
    }
    return gasp_reader_finish(r, NULL);
}

static const struct {
    uint16_t type;
    translate translate;
} rows[] = {
    {GASP_MSG_OPEN, open_of},         {GASP_MSG_CLOSE, close_of},   {GASP_MSG_ERROR, error_of},
    {GASP_MSG_INV, inv_of},           {GASP_MSG_WANT, want_of},     {GASP_MSG_SENT, sent_of},
    {GASP_MSG_ABSENT, absent_of},     {GASP_MSG_CREDIT, credit_of}, {GASP_MSG_ROOTS_END, roots_end_of},
    {GASP_MSG_TURN_END, turn_end_of}, {GASP_MSG_ROUND, round_of},   {GASP_MSG_SKIP, skip_of},
    {GASP_MSG_SPEND, spend_of},
};

/* Reads a message and writes it again into *out, which the caller clears. */
static gasp_err again(gasp_buf *out, translate how, gasp_bytes message)
{
    gasp_buf_init(out, SIZE_MAX, NULL);
    gasp_reader r = gasp_reader_of(message);
    gasp_writer w = gasp_writer_growing(out);
    gasp_err err = how(&r, &w);
    FUZZ_HOLDS(w.err == GASP_OK);
    return err;
}

static gasp_err see(void *ctx, const gasp_field *field)
{
    size_t *depth = ctx;
    *depth += field->kind == GASP_FIELD_LIST || field->kind == GASP_FIELD_GROUP;
    if (field->kind == GASP_FIELD_LIST_END || field->kind == GASP_FIELD_GROUP_END)
        FUZZ_HOLDS((*depth)-- > 0);
    return GASP_OK;
}

/* FILTER, KEEPALIVE and the like have no struct to go through; the tool's reading is all there is. */
static void same_again(uint16_t type, gasp_bytes message, gasp_err read)
{
    gasp_buf once;
    gasp_buf twice;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].type != type)
            continue;
        gasp_err err = again(&once, rows[i].translate, message);
        FUZZ_HOLDS(err == read);
        if (err == GASP_OK && type != GASP_MSG_OPEN)
            FUZZ_HOLDS(once.len == message.len && (once.len == 0 || memcmp(once.data, message.data, once.len) == 0));
        if (err == GASP_OK && type == GASP_MSG_OPEN) {
            FUZZ_HOLDS(again(&twice, rows[i].translate, gasp_buf_view(&once)) == GASP_OK);
            FUZZ_HOLDS(twice.len == once.len && memcmp(twice.data, once.data, once.len) == 0);
            gasp_buf_clear(&twice);
        }
        gasp_buf_clear(&once);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gasp_fault fault = {GASP_OK, 0, 0};
    size_t depth = 0;
    if (size < 2)
        return 0;
    const uint16_t type = (uint16_t)(data[0] | data[1] << 8);
    const gasp_bytes message = {data + 2, size - 2};
    gasp_err err = gasp_message_read(type, message, see, &depth, NULL, &fault);
    FUZZ_HOLDS(depth == 0 && fault.at <= message.len && (err >= 0 || err == fault.err));
    FUZZ_HOLDS(gasp_message_read(type, message, NULL, NULL, NULL, NULL) == err);
    same_again(type, message, err);
    return 0;
}
