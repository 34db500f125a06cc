/* Messages field by field, for tools and vectors (gasp/message.h). Reading is that of message.c and message_inv.c; nothing
 * here belongs to a session. Fields are visited only after the whole message was read. */
#include "gasp/message.h"

#include "base/mem.h"
#include "chain/bump.h"
#include "session/account.h"
#include "session/frame.h"
#include "session/message.h"
#include "set/bloom.h"
#include "wallet/refusals.h"

/* Where fields go, and the first thing that a visitor answered. */
typedef struct teller {
    gasp_field_visit visit;
    void *ctx;
    gasp_err err;
} teller;

static void tell(teller *t, gasp_field field)
{
    if (t->err == GASP_OK && t->visit != NULL)
        t->err = t->visit(t->ctx, &field);
}

static void tell_number(teller *t, const char *name, uint64_t number)
{
    tell(t, (gasp_field){.kind = GASP_FIELD_NUMBER, .name = name, .number = number});
}

static void tell_number64(teller *t, const char *name, uint64_t number)
{
    tell(t, (gasp_field){.kind = GASP_FIELD_NUMBER64, .name = name, .number = number});
}

static void tell_bytes(teller *t, const char *name, const uint8_t *bytes, size_t len)
{
    tell(t, (gasp_field){.kind = GASP_FIELD_BYTES, .name = name, .bytes = {bytes, len}});
}

static void tell_hash(teller *t, const char *name, const uint8_t hash[32])
{
    tell(t, (gasp_field){.kind = GASP_FIELD_HASH, .name = name, .bytes = {hash, 32}});
}

static void tell_kind(teller *t, gasp_field_kind kind, const char *name)
{
    tell(t, (gasp_field){.kind = kind, .name = name});
}

/* ---- open, close and the small ones -------------------------------------------------------------------------------- */

static void tell_summary(teller *t, const gasp_set_summary *summary)
{
    tell_kind(t, GASP_FIELD_GROUP, "summary");
    tell_number64(t, "count", summary->count);
    tell_bytes(t, "sum", summary->sum, sizeof summary->sum);
    tell_bytes(t, "fingerprint", summary->fingerprint, sizeof summary->fingerprint);
    tell_kind(t, GASP_FIELD_GROUP_END, NULL);
}

static void tell_open(teller *t, const gasp_open *open)
{
    tell_number(t, "version_min", open->version_min);
    tell_number(t, "version_max", open->version_max);
    tell_number(t, "network", open->network);
    tell_number64(t, "features", open->features);
    tell_bytes(t, "collection", open->collection.b, sizeof open->collection.b);
    tell_number(t, "rights", open->rights);
    tell_number(t, "tip_height", open->tip_height);
    tell_hash(t, "tip", open->tip.b);
    tell_kind(t, GASP_FIELD_LIST, "locator");
    for (size_t i = 0; i < open->n_locator; i++)
        tell_hash(t, NULL, open->locator[i].b);
    tell_kind(t, GASP_FIELD_LIST_END, NULL);
    tell_number(t, "max_frame", open->max_frame);
    tell_number(t, "max_message", open->max_message);
    tell_number(t, "max_wants", open->max_wants);
    tell_number(t, "credit_roots", open->credit_roots);
    tell_number64(t, "credit_bytes", open->credit_bytes);
    tell_kind(t, GASP_FIELD_LIST, "schemes");
    for (size_t i = 0; i < open->n_schemes; i++)
        tell_number(t, NULL, open->schemes[i]);
    tell_kind(t, GASP_FIELD_LIST_END, NULL);
    tell_number(t, "match", open->match);
    tell_number(t, "state_version", open->state_version);
    if (open->has_summary)
        tell_summary(t, &open->summary);
    tell_bytes(t, "bounds_key", open->bounds_key, sizeof open->bounds_key);
    if (open->has_settled)
        tell_bytes(t, "settled", open->settled, sizeof open->settled);
}

static gasp_err read_round(teller *t, gasp_reader *r)
{
    gasp_open open = {0};
    uint32_t number;
    gasp_err err = gasp_round_decode(&open, &number, r);
    if (err != GASP_OK)
        return err;
    tell_number(t, "number", number);
    tell_number(t, "tip_height", open.tip_height);
    tell_hash(t, "tip", open.tip.b);
    tell_bytes(t, "bounds_key", open.bounds_key, sizeof open.bounds_key);
    if (open.has_summary)
        tell_summary(t, &open.summary);
    if (open.has_settled)
        tell_bytes(t, "settled", open.settled, sizeof open.settled);
    return GASP_OK;
}

static gasp_err read_open(teller *t, gasp_reader *r)
{
    gasp_open open;
    gasp_err err = gasp_open_decode(&open, r);
    if (err == GASP_OK)
        tell_open(t, &open);
    return err;
}

static gasp_err read_close(teller *t, gasp_reader *r)
{
    gasp_close close;
    gasp_err err = gasp_close_decode(&close, r);
    if (err != GASP_OK)
        return err;
    tell_number(t, "result", close.result);
    tell_number(t, "again", close.again);
    tell_summary(t, &close.summary);
    tell_kind(t, GASP_FIELD_LIST, "prints");
    for (size_t i = 0; i < GASP_PRINTS; i++)
        tell_bytes(t, NULL, close.prints[i], GASP_PRINT_LEN);
    tell_kind(t, GASP_FIELD_LIST_END, NULL);
    return GASP_OK;
}

static gasp_err read_error(teller *t, gasp_reader *r)
{
    gasp_error_msg error;
    gasp_err err = gasp_error_decode(&error, r);
    if (err != GASP_OK)
        return err;
    tell_number(t, "reason", error.reason);
    tell_number(t, "message", error.message);
    tell_number64(t, "at", error.at);
    const char *means = gasp_err_name(gasp_err_of_reason(error.reason));
    tell(t, (gasp_field){.kind = GASP_FIELD_WORD, .name = "means", .word = means});
    return GASP_OK;
}

static gasp_err read_credit(teller *t, gasp_reader *r)
{
    gasp_credit credit;
    gasp_err err = gasp_credit_decode(&credit, r);
    if (err != GASP_OK)
        return err;
    tell_number(t, "roots", credit.roots);
    tell_number64(t, "bytes", credit.bytes);
    return GASP_OK;
}

static gasp_err read_roots_end(teller *t, gasp_reader *r)
{
    gasp_roots_end end;
    gasp_err err = gasp_roots_end_decode(&end, r);
    if (err != GASP_OK)
        return err;
    tell_number64(t, "roots", end.roots);
    tell_number64(t, "outputs", end.outputs);
    tell_number64(t, "spends", end.spends);
    tell_bytes(t, "held", end.held.data, end.held.len);
    return GASP_OK;
}

static gasp_err read_turn_end(teller *t, gasp_reader *r)
{
    gasp_turn_end end;
    gasp_err err = gasp_turn_end_decode(&end, r);
    if (err != GASP_OK)
        return err;
    tell_number(t, "owes", end.owes);
    tell_bytes(t, "lacking", end.lacking.data, end.lacking.len);
    return GASP_OK;
}

/* KEEPALIVE and CHANGED. */
static gasp_err read_empty(teller *t, gasp_reader *r)
{
    (void)t;
    return gasp_reader_finish(r, NULL);
}

/* ---- references ---------------------------------------------------------------------------------------------------- */

static void tell_ref(teller *t, const gasp_want *ref, gasp_msg type)
{
    tell_kind(t, GASP_FIELD_GROUP, NULL);
    tell(t, (gasp_field){.kind = GASP_FIELD_OUTPOINT, .name = "outpoint", .outpoint = ref->outpoint});
    tell_number(t, "kind", ref->kind);
    if (type == GASP_MSG_WANT && ref->kind != GASP_WANT_METADATA)
        tell_number(t, "max_len", ref->max_len);
    else if (type == GASP_MSG_WANT)
        tell_bytes(t, "hash", ref->hash.b, sizeof ref->hash.b);
    if (type == GASP_MSG_ABSENT) {
        tell_number(t, "reason", ref->reason);
        tell_number(t, "len", ref->len);
    }
    tell_kind(t, GASP_FIELD_GROUP_END, NULL);
}

/* Twice over the same bytes: to judge them, and to tell them. */
static gasp_err read_refs(teller *t, gasp_reader *r, gasp_msg type, size_t each)
{
    gasp_reader again = *r;
    gasp_want ref;
    size_t n = gasp_read_count(r, each);
    for (size_t i = 0; i < n && r->err == GASP_OK; i++)
        gasp_want_read(&ref, r, type);
    gasp_err err = gasp_reader_finish(r, NULL);
    if (err != GASP_OK)
        return err;
    n = gasp_read_count(&again, each);
    tell_kind(t, GASP_FIELD_LIST, "refs");
    for (size_t i = 0; i < n; i++) {
        gasp_want_read(&ref, &again, type);
        tell_ref(t, &ref, type);
    }
    tell_kind(t, GASP_FIELD_LIST_END, NULL);
    return GASP_OK;
}

static gasp_err read_want(teller *t, gasp_reader *r)
{
    return read_refs(t, r, GASP_MSG_WANT, GASP_WANT_LEN);
}

static gasp_err read_sent(teller *t, gasp_reader *r)
{
    return read_refs(t, r, GASP_MSG_SENT, GASP_SENT_LEN);
}

static gasp_err read_absent(teller *t, gasp_reader *r)
{
    return read_refs(t, r, GASP_MSG_ABSENT, GASP_ABSENT_LEN);
}

/* Twice over the same bytes, as read_refs; the first time its order is judged. */
static gasp_err read_skip(teller *t, gasp_reader *r)
{
    gasp_reader again = *r;
    gasp_skip_ref ref = {0};
    size_t n = gasp_skip_count(r);
    for (size_t i = 0; i < n && r->err == GASP_OK; i++)
        gasp_skip_read(&ref, r, i > 0);
    gasp_err err = gasp_reader_finish(r, NULL);
    if (err != GASP_OK)
        return err;
    n = gasp_skip_count(&again);
    tell_kind(t, GASP_FIELD_LIST, "refs");
    for (size_t i = 0; i < n; i++) {
        gasp_skip_read(&ref, &again, false);
        tell_kind(t, GASP_FIELD_GROUP, NULL);
        tell_number(t, "time", ref.time);
        tell_bytes(t, "id", ref.id.b, sizeof ref.id.b);
        tell_kind(t, GASP_FIELD_GROUP_END, NULL);
    }
    tell_kind(t, GASP_FIELD_LIST_END, NULL);
    return GASP_OK;
}

static gasp_err read_spend(teller *t, gasp_reader *r)
{
    gasp_reader again = *r;
    gasp_spend_ref ref;
    size_t n = gasp_read_count(r, GASP_SPEND_LEN);
    for (size_t i = 0; i < n && r->err == GASP_OK; i++)
        gasp_spend_read(&ref, r);
    gasp_err err = gasp_reader_finish(r, NULL);
    if (err != GASP_OK)
        return err;
    n = gasp_read_count(&again, GASP_SPEND_LEN);
    tell_kind(t, GASP_FIELD_LIST, "refs");
    for (size_t i = 0; i < n; i++) {
        gasp_spend_read(&ref, &again);
        tell_kind(t, GASP_FIELD_GROUP, NULL);
        tell(t, (gasp_field){.kind = GASP_FIELD_OUTPOINT, .name = "outpoint", .outpoint = ref.outpoint});
        tell_hash(t, "spender", ref.spender.b);
        tell_kind(t, GASP_FIELD_GROUP_END, NULL);
    }
    tell_kind(t, GASP_FIELD_LIST_END, NULL);
    return GASP_OK;
}

/* ---- filter, inv --------------------------------------------------------------------------------------------------- */

static gasp_err read_filter(teller *t, gasp_reader *r)
{
    gasp_bloom_part part;
    uint8_t sum[32];
    uint8_t last = gasp_read_u8(r);
    gasp_reader key = *r;
    if (r->err == GASP_OK && last > 1)
        gasp_reader_fail(r, GASP_ERR_PEER_MESSAGE, 0);
    gasp_err err = gasp_bloom_part_read(&part, r);
    if (err == GASP_OK)
        err = gasp_reader_finish(r, NULL);
    if (err != GASP_OK)
        return err;
    (void)gasp_read_bytes(&key, 32 + 4 + 32); /* bound, count, sum */
    gasp_sum_encode(sum, part.sum);
    tell_number(t, "last", last);
    tell_bytes(t, "bound", part.bound.b, sizeof part.bound.b);
    tell_number(t, "count", part.count);
    tell_bytes(t, "sum", sum, sizeof sum);
    tell_bytes(t, "key", gasp_read_bytes(&key, GASP_BLOOM_KEY_LEN).data, GASP_BLOOM_KEY_LEN);
    tell_number(t, "k", part.k);
    tell_number(t, "m", part.m);
    tell_bytes(t, "bits", part.bits, ((size_t)part.m + 7) / 8);
    return GASP_OK;
}

static void tell_inputs(teller *t, const gasp_inv *inv)
{
    tell_kind(t, GASP_FIELD_LIST, "inputs");
    for (size_t i = 0; i < inv->n_inputs; i++) {
        if (inv->inputs[i].present)
            tell_bytes(t, NULL, inv->inputs[i].hash.b, sizeof inv->inputs[i].hash.b);
        else
            tell_kind(t, GASP_FIELD_NONE, NULL);
    }
    tell_kind(t, GASP_FIELD_LIST_END, NULL);
}

static void tell_inv(teller *t, const gasp_inv *inv)
{
    tell_kind(t, GASP_FIELD_GROUP, NULL);
    tell_number(t, "flags", inv->flags);
    tell_hash(t, "txid", inv->txid.b);
    tell_hash(t, "wanted", inv->wanted.b);
    tell_number(t, "len", inv->len);
    if ((inv->flags & GASP_INV_TX) != 0) {
        tell_bytes(t, "raw", inv->raw.data, inv->raw.len);
        tell_inputs(t, inv);
    }
    if ((inv->flags & GASP_INV_PROVEN) != 0)
        tell_number(t, "block", inv->block);
    if ((inv->flags & GASP_INV_ROOT) != 0) {
        tell_kind(t, GASP_FIELD_LIST, "roots");
        for (size_t i = 0; i < inv->n_roots; i++)
            tell_number(t, NULL, inv->roots[i]);
        tell_kind(t, GASP_FIELD_LIST_END, NULL);
    }
    tell_bytes(t, "entries", inv->entries.data, inv->entries.len);
    tell_kind(t, GASP_FIELD_GROUP_END, NULL);
}

/* The paths as they stood: they are sized, so that they are found again without decoding. */
static gasp_err read_inv(teller *t, gasp_reader *r, const gasp_mem *mem)
{
    gasp_inv_batch batch = {0};
    gasp_reader paths = *r;
    gasp_err err = gasp_inv_batch_decode(&batch, r, mem);
    if (err == GASP_OK) {
        size_t n = gasp_read_count(&paths, 2);
        tell_kind(t, GASP_FIELD_LIST, "paths");
        for (size_t i = 0; i < n; i++) {
            gasp_bytes path = gasp_read_sized(&paths);
            tell_kind(t, GASP_FIELD_GROUP, NULL);
            tell_bytes(t, "bump", path.data, path.len);
            tell_hash(t, "block", batch.blocks[i].b);
            tell_kind(t, GASP_FIELD_GROUP_END, NULL);
            (void)gasp_read_bytes(&paths, sizeof batch.blocks[i].b);
        }
        tell_kind(t, GASP_FIELD_LIST_END, NULL);
        tell_kind(t, GASP_FIELD_LIST, "invs");
        for (size_t i = 0; i < batch.n_invs; i++)
            tell_inv(t, &batch.invs[i]);
        tell_kind(t, GASP_FIELD_LIST_END, NULL);
    }
    gasp_inv_batch_clear(&batch);
    return err;
}

/* ---- the doors ----------------------------------------------------------------------------------------------------- */

static const struct {
    gasp_msg type;
    const char *name;
    gasp_err (*read)(teller *t, gasp_reader *r); /* NULL: INV, which allocates */
} messages[] = {
    {GASP_MSG_OPEN, "open", read_open},
    {GASP_MSG_CLOSE, "close", read_close},
    {GASP_MSG_ERROR, "error", read_error},
    {GASP_MSG_KEEPALIVE, "keepalive", read_empty},
    {GASP_MSG_FILTER, "filter", read_filter},
    {GASP_MSG_INV, "inv", NULL},
    {GASP_MSG_WANT, "want", read_want},
    {GASP_MSG_SENT, "sent", read_sent},
    {GASP_MSG_ABSENT, "absent", read_absent},
    {GASP_MSG_CREDIT, "credit", read_credit},
    {GASP_MSG_ROOTS_END, "roots_end", read_roots_end},
    {GASP_MSG_TURN_END, "turn_end", read_turn_end},
    {GASP_MSG_ROUND, "round", read_round},
    {GASP_MSG_CHANGED, "changed", read_empty},
    {GASP_MSG_SKIP, "skip", read_skip},
    {GASP_MSG_SPEND, "spend", read_spend},
};

enum { MESSAGES = sizeof messages / sizeof messages[0] };

static size_t place_of(uint16_t type)
{
    size_t i = 0;
    while (i < MESSAGES && (uint16_t)messages[i].type != type)
        i++;
    return i;
}

const char *gasp_message_name(uint16_t type)
{
    size_t i = place_of(type);
    return i < MESSAGES ? messages[i].name : NULL;
}

gasp_err gasp_message_read(uint16_t type, gasp_bytes message, gasp_field_visit visit, void *ctx, const gasp_mem *mem,
                           gasp_fault *fault)
{
    teller t = {visit, ctx, GASP_OK};
    gasp_reader r = gasp_reader_of(message);
    size_t i = place_of(type);
    if (i == MESSAGES && type % 2 == 1)
        return GASP_ABSENT;
    gasp_err err = GASP_ERR_PEER_MESSAGE;
    if (i < MESSAGES)
        err = messages[i].read != NULL ? messages[i].read(&t, &r) : read_inv(&t, &r, gasp_mem_or_default(mem));
    if (err != GASP_OK) {
        if (fault != NULL)
            *fault = (gasp_fault){err, r.err != GASP_OK ? r.err_at : 0, 0};
        return err;
    }
    return t.err == GASP_DONE ? GASP_OK : t.err;
}

gasp_err gasp_frames_read(gasp_bytes stream, uint32_t max_frame, uint32_t max_message, gasp_message_visit visit,
                          void *ctx, const gasp_mem *mem)
{
    gasp_frames_in in;
    gasp_err err = GASP_OK;
    gasp_frames_in_init(&in, max_frame, max_message, mem);
    for (size_t at = 0; at < stream.len && err == GASP_OK;) {
        uint16_t type = 0;
        size_t used = 0;
        gasp_blob *message = NULL;
        err = gasp_frames_in_take(&in, &used, &type, &message, stream.data + at, stream.len - at);
        at += used;
        if (err == GASP_OK)
            err = visit(ctx, type, gasp_blob_view(message));
        gasp_blob_release(message);
    }
    gasp_frames_in_clear(&in);
    return err == GASP_DONE ? GASP_OK : err;
}

/* ---- what OPEN and CLOSE say of sets -------------------------------------------------------------------------------- */

_Static_assert((int)GASP_ACCOUNT_KEY_LEN == (int)GASP_BOUNDS_KEY_LEN && (int)GASP_ACCOUNT_RANGES == (int)GASP_PRINTS &&
                   (int)GASP_ACCOUNT_PRINT_LEN == (int)GASP_PRINT_LEN,
               "the account that is told is the one that is taken");

gasp_err gasp_account_of(uint8_t prints[GASP_ACCOUNT_RANGES][GASP_ACCOUNT_PRINT_LEN], const gasp_set_item items[],
                         size_t n, const uint8_t key[GASP_ACCOUNT_KEY_LEN], const gasp_mem *mem)
{
    gasp_items set;
    gasp_err err = GASP_OK;
    gasp_items_init(&set, GASP_MATCH_STATE, GASP_ITEMS_MAX, gasp_mem_or_default(mem));
    for (size_t i = 0; err == GASP_OK && i < n; i++)
        err = gasp_items_add(&set, items[i].time, &items[i].id, &items[i].outpoint_id, &items[i].outpoint);
    if (err == GASP_OK)
        err = gasp_items_seal(&set);
    if (err == GASP_OK)
        account_prints(prints, &set, key);
    gasp_items_clear(&set);
    return err;
}

void gasp_settled_of(uint8_t out[32], const gasp_set_summary *a, const gasp_set_summary *b)
{
    gasp_settled_pair(out, a, b);
}
