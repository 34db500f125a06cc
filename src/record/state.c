/* The state hash of an output and its item ids. Every byte hashed here is protocol: a change is another state version.
 */
#include "record/state.h"

#include <string.h>

#include "base/writer.h"
#include "crypto/hash.h"

enum { STATE_LEN_MAX = GASP_OUTPOINT_LEN + 1 + 4 + 32 + 8 + 32 };

static void tagged(uint8_t out[32], const char *tag, const uint8_t *bytes, size_t len)
{
    gasp_sha256 ctx;
    gasp_sha256_tagged_init(&ctx, tag);
    gasp_sha256_update(&ctx, bytes, len);
    gasp_sha256_final(&ctx, out);
}

void gasp_state_hash_make(gasp_state_hash *out, const gasp_outpoint *outpoint, const gasp_anchor *anchor,
                          const uint8_t digest[32])
{
    uint8_t bytes[STATE_LEN_MAX];
    gasp_writer w = gasp_writer_fixed(bytes, sizeof bytes);
    gasp_write_outpoint(&w, outpoint);
    gasp_write_u8(&w, anchor != NULL ? 1 : 0);
    if (anchor != NULL) {
        gasp_write_u32(&w, anchor->height);
        gasp_write_bytes(&w, anchor->block.b, sizeof anchor->block.b);
        gasp_write_u64(&w, anchor->index);
    }
    gasp_write_bytes(&w, digest, 32);
    tagged(out->b, "gasp/state/1", bytes, w.len);
}

void gasp_state_hash_of(gasp_state_hash *out, const gasp_outpoint *outpoint, const gasp_anchor *anchor,
                        const gasp_entries *entries)
{
    static const gasp_entries none = {0};
    uint8_t digest[32];
    gasp_entries_digest(digest, entries != NULL ? entries : &none, outpoint, anchor != NULL);
    gasp_state_hash_make(out, outpoint, anchor, digest);
}

void gasp_item_id_of_state(gasp_item_id *out, const gasp_outpoint *outpoint, const gasp_state_hash *state)
{
    uint8_t bytes[GASP_OUTPOINT_LEN + 32];
    gasp_writer w = gasp_writer_fixed(bytes, sizeof bytes);
    gasp_write_outpoint(&w, outpoint);
    gasp_write_bytes(&w, state->b, sizeof state->b);
    tagged(out->b, "gasp/item/state/1", bytes, w.len);
}

void gasp_item_id_of_outpoint(gasp_item_id *out, const gasp_outpoint *outpoint)
{
    uint8_t bytes[GASP_OUTPOINT_LEN];
    gasp_writer w = gasp_writer_fixed(bytes, sizeof bytes);
    gasp_write_outpoint(&w, outpoint);
    tagged(out->b, "gasp/item/outpoint/1", bytes, w.len);
}

uint64_t gasp_item_time(const gasp_anchor *anchor)
{
    if (anchor == NULL)
        return GASP_ITEM_TIME_UNPROVEN;
    return anchor->height < GASP_ITEM_TIME_UNPROVEN ? anchor->height : GASP_ITEM_TIME_UNPROVEN - 1;
}

bool gasp_anchor_equal(const gasp_anchor *a, const gasp_anchor *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->height == b->height && a->index == b->index && memcmp(a->block.b, b->block.b, sizeof a->block.b) == 0;
}
