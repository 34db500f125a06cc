/* The small messages, and OPEN with its fields. INV is in message_inv.c. */
#include "session/message.h"

#include <string.h>

#include "base/limits.h"

/* ---- fields of OPEN: type, length, value in ascending order of types ----------------------------------------------- */

enum {
    FIELD_NETWORK = 0,
    FIELD_FEATURES = 2,
    FIELD_COLLECTION = 4,
    FIELD_RIGHTS = 6,
    FIELD_TIP = 8,
    FIELD_LIMITS = 10,
    FIELD_SCHEMES = 12,
    FIELD_MATCH = 14,
    FIELD_SUMMARY = 16,
    FIELD_BOUNDS = 18,
    FIELD_SETTLED = 19
};

static const char magic[4] = {'G', 'A', 'S', 'P'};

void gasp_summary_encode(gasp_writer *w, const gasp_set_summary *summary)
{
    gasp_write_u64(w, summary->count);
    gasp_write_bytes(w, summary->sum, sizeof summary->sum);
    gasp_write_bytes(w, summary->fingerprint, sizeof summary->fingerprint);
}

void gasp_summary_read(gasp_set_summary *out, gasp_reader *r)
{
    out->count = gasp_read_u64(r);
    gasp_read_into(r, out->sum, sizeof out->sum);
    gasp_read_into(r, out->fingerprint, sizeof out->fingerprint);
}

static void field(gasp_writer *w, uint64_t type, size_t len)
{
    gasp_write_compact(w, type);
    gasp_write_compact(w, len);
}

void gasp_open_encode(gasp_writer *w, const gasp_open *open)
{
    gasp_write_bytes(w, magic, sizeof magic);
    gasp_write_u16(w, open->version_min);
    gasp_write_u16(w, open->version_max);
    field(w, FIELD_NETWORK, 1);
    gasp_write_u8(w, open->network);
    field(w, FIELD_FEATURES, 8);
    gasp_write_u64(w, open->features);
    field(w, FIELD_COLLECTION, 32);
    gasp_write_bytes(w, open->collection.b, 32);
    field(w, FIELD_RIGHTS, 1);
    gasp_write_u8(w, open->rights);
    field(w, FIELD_TIP, 36 + 32 * open->n_locator);
    gasp_write_u32(w, open->tip_height);
    gasp_write_bytes(w, open->tip.b, 32);
    for (size_t i = 0; i < open->n_locator; i++)
        gasp_write_bytes(w, open->locator[i].b, 32);
    field(w, FIELD_LIMITS, 24);
    gasp_write_u32(w, open->max_frame);
    gasp_write_u32(w, open->max_message);
    gasp_write_u32(w, open->max_wants);
    gasp_write_u32(w, open->credit_roots);
    gasp_write_u64(w, open->credit_bytes);
    field(w, FIELD_SCHEMES, open->n_schemes);
    gasp_write_bytes(w, open->schemes, open->n_schemes);
    field(w, FIELD_MATCH, 3);
    gasp_write_u8(w, open->match);
    gasp_write_u16(w, open->state_version);
    if (open->has_summary) {
        field(w, FIELD_SUMMARY, 56);
        gasp_summary_encode(w, &open->summary);
    }
    field(w, FIELD_BOUNDS, sizeof open->bounds_key);
    gasp_write_bytes(w, open->bounds_key, sizeof open->bounds_key);
    if (open->has_settled) {
        field(w, FIELD_SETTLED, sizeof open->settled);
        gasp_write_bytes(w, open->settled, sizeof open->settled);
    }
}

static void read_tip(gasp_open *out, gasp_reader *r)
{
    out->tip_height = gasp_read_u32(r);
    gasp_read_into(r, out->tip.b, 32);
    while (gasp_reader_left(r) > 0) {
        if (out->n_locator >= gasp_limit(LOCATOR)) {
            gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, r->at);
            return;
        }
        gasp_read_into(r, out->locator[out->n_locator++].b, 32);
    }
}

static void read_limits(gasp_open *out, gasp_reader *r)
{
    out->max_frame = gasp_read_u32(r);
    out->max_message = gasp_read_u32(r);
    out->max_wants = gasp_read_u32(r);
    out->credit_roots = gasp_read_u32(r);
    out->credit_bytes = gasp_read_u64(r);
}

static void read_schemes(gasp_open *out, gasp_reader *r)
{
    out->n_schemes = gasp_reader_left(r);
    if (out->n_schemes == 0 || out->n_schemes > gasp_limit(SCHEMES))
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, r->at);
    else
        gasp_read_into(r, out->schemes, out->n_schemes);
}

/* One field, from a cursor over its value. */
static void read_field(gasp_open *out, uint64_t type, gasp_reader *r)
{
    switch (type) {
    case FIELD_NETWORK:
        out->network = gasp_read_u8(r);
        break;
    case FIELD_FEATURES:
        out->features = gasp_read_u64(r);
        break;
    case FIELD_COLLECTION:
        gasp_read_into(r, out->collection.b, 32);
        break;
    case FIELD_RIGHTS:
        out->rights = gasp_read_u8(r);
        if (out->rights > (GASP_RIGHT_READ | GASP_RIGHT_WRITE))
            gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, 0);
        break;
    case FIELD_TIP:
        read_tip(out, r);
        break;
    case FIELD_LIMITS:
        read_limits(out, r);
        break;
    case FIELD_SCHEMES:
        read_schemes(out, r);
        break;
    case FIELD_MATCH:
        out->match = gasp_read_u8(r);
        out->state_version = gasp_read_u16(r);
        break;
    case FIELD_SUMMARY:
        gasp_summary_read(&out->summary, r);
        out->has_summary = true;
        break;
    case FIELD_BOUNDS:
        gasp_read_into(r, out->bounds_key, sizeof out->bounds_key);
        break;
    case FIELD_SETTLED:
        gasp_read_into(r, out->settled, sizeof out->settled);
        out->has_settled = true;
        break;
    default: /* the wire's number, not an enum: odd fields are skipped, even ones must be understood */
        if (type % 2 == 0)
            gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, 0);
        else
            (void)gasp_read_bytes(r, gasp_reader_left(r));
    }
}

gasp_err gasp_open_decode(gasp_open *out, gasp_reader *r)
{
    uint32_t seen = 0;
    uint64_t last = 0;
    bool first = true;
    *out = (gasp_open){0};
    gasp_bytes word = gasp_read_bytes(r, sizeof magic);
    if (word.data == NULL || memcmp(word.data, magic, sizeof magic) != 0)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, 0);
    out->version_min = gasp_read_u16(r);
    out->version_max = gasp_read_u16(r);
    while (gasp_reader_left(r) > 0) {
        size_t at = r->at;
        uint64_t type = gasp_read_compact(r);
        gasp_reader value = gasp_reader_of(gasp_read_sized(r));
        if (!first && type <= last)
            gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, at);
        if (r->err == GASP_OK)
            read_field(out, type, &value);
        if (r->err == GASP_OK && gasp_reader_finish(&value, NULL) != GASP_OK)
            gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, at);
        if (type < 32)
            seen |= UINT32_C(1) << type;
        last = type;
        first = false;
    }
    const uint32_t needed = 1u << FIELD_NETWORK | 1u << FIELD_COLLECTION | 1u << FIELD_RIGHTS | 1u << FIELD_TIP |
                            1u << FIELD_LIMITS | 1u << FIELD_SCHEMES | 1u << FIELD_MATCH | 1u << FIELD_BOUNDS;
    if (r->err == GASP_OK && (seen & needed) != needed)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, r->at);
    if (out->match != GASP_MATCH_STATE && out->match != GASP_MATCH_OUTPOINT)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, r->at);
    if (out->has_settled && !out->has_summary)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, r->at);
    return gasp_reader_finish(r, NULL);
}

/* ---- the small ones ------------------------------------------------------------------------------------------------ */

enum { ROUND_SUMMARY = 1, ROUND_SETTLED = 2, CLOSE_AGAIN = 1, TURN_OWES = 1 };

/* A byte of flags, of which those outside of `known` must be zero. */
static unsigned read_flags(gasp_reader *r, unsigned known)
{
    size_t at = r->at;
    unsigned flags = gasp_read_u8(r);
    if ((flags & ~known) != 0)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, at);
    return flags;
}

void gasp_round_encode(gasp_writer *w, uint32_t number, const gasp_open *open)
{
    gasp_write_u32(w, number);
    gasp_write_u8(w, (uint8_t)((open->has_summary ? ROUND_SUMMARY : 0) | (open->has_settled ? ROUND_SETTLED : 0)));
    gasp_write_u32(w, open->tip_height);
    gasp_write_bytes(w, open->tip.b, 32);
    gasp_write_bytes(w, open->bounds_key, sizeof open->bounds_key);
    if (open->has_summary)
        gasp_summary_encode(w, &open->summary);
    if (open->has_settled)
        gasp_write_bytes(w, open->settled, sizeof open->settled);
}

gasp_err gasp_round_decode(gasp_open *open, uint32_t *number, gasp_reader *r)
{
    *number = gasp_read_u32(r);
    unsigned flags = read_flags(r, ROUND_SUMMARY | ROUND_SETTLED);
    open->has_summary = (flags & ROUND_SUMMARY) != 0;
    open->has_settled = (flags & ROUND_SETTLED) != 0;
    if (flags == ROUND_SETTLED)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, r->at - 1);
    open->tip_height = gasp_read_u32(r);
    gasp_read_into(r, open->tip.b, 32);
    gasp_read_into(r, open->bounds_key, sizeof open->bounds_key);
    open->summary = (gasp_set_summary){0};
    if (open->has_summary)
        gasp_summary_read(&open->summary, r);
    if (open->has_settled)
        gasp_read_into(r, open->settled, sizeof open->settled);
    return gasp_reader_finish(r, NULL);
}

void gasp_close_encode(gasp_writer *w, const gasp_close *close)
{
    gasp_write_u8(w, close->result);
    gasp_write_u8(w, close->again ? CLOSE_AGAIN : 0);
    gasp_summary_encode(w, &close->summary);
    gasp_write_bytes(w, close->prints[0], sizeof close->prints);
}

gasp_err gasp_close_decode(gasp_close *out, gasp_reader *r)
{
    out->result = gasp_read_u8(r);
    out->again = (read_flags(r, CLOSE_AGAIN) & CLOSE_AGAIN) != 0;
    gasp_summary_read(&out->summary, r);
    gasp_read_into(r, out->prints[0], sizeof out->prints);
    if (out->result < GASP_RESULT_COMPLETE || out->result > GASP_RESULT_PARTIAL)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, 0);
    return gasp_reader_finish(r, NULL);
}

void gasp_error_encode(gasp_writer *w, const gasp_error_msg *error)
{
    gasp_write_u16(w, error->reason);
    gasp_write_u16(w, error->message);
    gasp_write_u64(w, error->at);
}

gasp_err gasp_error_decode(gasp_error_msg *out, gasp_reader *r)
{
    out->reason = gasp_read_u16(r);
    out->message = gasp_read_u16(r);
    out->at = gasp_read_u64(r);
    return gasp_reader_finish(r, NULL);
}

static const struct {
    gasp_reason reason;
    gasp_err err;
} reasons[] = {
    {GASP_REASON_INTERNAL, GASP_ERR_INTERNAL},
    {GASP_REASON_MALFORMED, GASP_ERR_PEER_MESSAGE},
    {GASP_REASON_UNEXPECTED, GASP_ERR_PEER_UNEXPECTED},
    {GASP_REASON_LIMIT, GASP_ERR_PEER_LIMIT},
    {GASP_REASON_VERSION, GASP_ERR_PEER_VERSION},
    {GASP_REASON_NETWORK, GASP_ERR_PEER_NETWORK},
    {GASP_REASON_NOTHING_COMMON, GASP_ERR_PEER_NOTHING_COMMON},
    {GASP_REASON_DENIED, GASP_ERR_PEER_DENIED},
    {GASP_REASON_IDLE, GASP_ERR_PEER_IDLE},
};

gasp_reason gasp_reason_of(gasp_err err)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].err == err)
            return reasons[i].reason;
    if (err == GASP_ERR_PEER_CREDIT || err == GASP_ERR_LIMIT)
        return GASP_REASON_LIMIT;
    gasp_class cls = gasp_err_class(err);
    return cls == GASP_CLASS_PEER || cls == GASP_CLASS_DECODE ? GASP_REASON_MALFORMED : GASP_REASON_INTERNAL;
}

gasp_err gasp_err_of_reason(uint16_t reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].reason == reason)
            return reasons[i].err;
    return GASP_ERR_PEER_ERROR;
}

void gasp_want_encode(gasp_writer *w, gasp_msg type, const gasp_want *want)
{
    gasp_write_outpoint(w, &want->outpoint);
    gasp_write_u8(w, want->kind);
    if (type == GASP_MSG_WANT && want->kind != GASP_WANT_METADATA)
        gasp_write_u32(w, want->max_len);
    else if (type == GASP_MSG_WANT)
        gasp_write_bytes(w, want->hash.b, sizeof want->hash.b);
    if (type != GASP_MSG_ABSENT)
        return;
    gasp_write_u8(w, want->reason);
    gasp_write_u32(w, want->len);
}

void gasp_want_read(gasp_want *out, gasp_reader *r, gasp_msg type)
{
    size_t at = r->at;
    *out = (gasp_want){0};
    gasp_read_outpoint(r, &out->outpoint);
    out->kind = gasp_read_u8(r);
    if (out->kind > GASP_WANT_AGAIN)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, at);
    if (type == GASP_MSG_WANT && out->kind != GASP_WANT_METADATA)
        out->max_len = gasp_read_u32(r);
    else if (type == GASP_MSG_WANT)
        gasp_read_into(r, out->hash.b, sizeof out->hash.b);
    if (type != GASP_MSG_ABSENT)
        return;
    out->reason = gasp_read_u8(r);
    out->len = gasp_read_u32(r);
    if (out->reason < GASP_ABSENT_UNKNOWN || out->reason > GASP_ABSENT_LIMIT)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, at);
}

void gasp_credit_encode(gasp_writer *w, const gasp_credit *credit)
{
    gasp_write_u32(w, credit->roots);
    gasp_write_u64(w, credit->bytes);
}

gasp_err gasp_credit_decode(gasp_credit *out, gasp_reader *r)
{
    out->roots = gasp_read_u32(r);
    out->bytes = gasp_read_u64(r);
    return gasp_reader_finish(r, NULL);
}

void gasp_roots_end_encode(gasp_writer *w, const gasp_roots_end *end)
{
    gasp_write_u64(w, end->roots);
    gasp_write_u64(w, end->outputs);
    gasp_write_u64(w, end->spends);
    gasp_write_sized(w, end->held);
}

gasp_err gasp_roots_end_decode(gasp_roots_end *out, gasp_reader *r)
{
    out->roots = gasp_read_u64(r);
    out->outputs = gasp_read_u64(r);
    out->spends = gasp_read_u64(r);
    out->held = gasp_read_sized(r);
    return gasp_reader_finish(r, NULL);
}

void gasp_turn_end_encode(gasp_writer *w, const gasp_turn_end *end)
{
    gasp_write_u8(w, end->owes ? TURN_OWES : 0);
    gasp_write_sized(w, end->lacking);
}

gasp_err gasp_turn_end_decode(gasp_turn_end *out, gasp_reader *r)
{
    out->owes = (read_flags(r, TURN_OWES) & TURN_OWES) != 0;
    out->lacking = gasp_read_sized(r);
    return gasp_reader_finish(r, NULL);
}

void gasp_skip_write(gasp_writer *w, const gasp_skip_ref *ref)
{
    gasp_write_u32(w, (uint32_t)ref->time);
    gasp_write_bytes(w, ref->id.b, sizeof ref->id.b);
}

size_t gasp_skip_count(gasp_reader *r)
{
    size_t at = r->at;
    size_t count = gasp_read_count(r, GASP_SKIP_LEN);
    if (r->err == GASP_OK && (count == 0 || count > gasp_limit(SKIPS)))
        gasp_reader_fail(r, count == 0 ? GASP_ERR_PEER_MESSAGE : GASP_ERR_PEER_LIMIT, at);
    return r->err == GASP_OK ? count : 0;
}

void gasp_skip_read(gasp_skip_ref *ref, gasp_reader *r, bool after)
{
    size_t at = r->at;
    const gasp_skip_ref before = *ref;
    ref->time = gasp_read_u32(r);
    gasp_read_into(r, ref->id.b, sizeof ref->id.b);
    bool above =
        before.time != ref->time ? before.time < ref->time : memcmp(before.id.b, ref->id.b, sizeof ref->id.b) < 0;
    if (after && !above)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, at);
}

void gasp_spend_write(gasp_writer *w, const gasp_spend_ref *ref)
{
    gasp_write_outpoint(w, &ref->outpoint);
    gasp_write_bytes(w, ref->spender.b, sizeof ref->spender.b);
}

void gasp_spend_read(gasp_spend_ref *out, gasp_reader *r)
{
    gasp_read_outpoint(r, &out->outpoint);
    gasp_read_into(r, out->spender.b, sizeof out->spender.b);
}
