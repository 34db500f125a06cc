/* Row values: fixed fields in the order of their structs, numbers little-endian. */
#include "wallet/rows.h"

#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "wallet/keys.h"

static gasp_writer begin(gasp_row *row)
{
    return gasp_writer_fixed(row->b, sizeof row->b);
}

/* Everything was read and nothing is left, or the row is not ours. */
static gasp_err end(gasp_reader *r, bool sane)
{
    return gasp_reader_finish(r, NULL) == GASP_OK && sane ? GASP_OK : GASP_ERR_STORE_CORRUPT;
}

gasp_row gasp_row_layout_encode(const gasp_row_layout *row)
{
    gasp_row out;
    gasp_writer w = begin(&out);
    gasp_write_u32(&w, row->version);
    gasp_write_u8(&w, (uint8_t)row->network);
    gasp_write_u64(&w, row->created_ms);
    out.len = w.len;
    return out;
}

gasp_err gasp_row_layout_decode(gasp_row_layout *out, gasp_bytes bytes)
{
    gasp_reader r = gasp_reader_of(bytes);
    out->version = gasp_read_u32(&r);
    if (gasp_reader_status(&r, NULL) == GASP_OK && out->version != GASP_LAYOUT_VERSION)
        return GASP_ERR_STORE_LAYOUT;
    out->network = (gasp_network)gasp_read_u8(&r);
    out->created_ms = gasp_read_u64(&r);
    return end(&r, gasp_network_name(out->network) != NULL);
}

gasp_row gasp_row_state_encode(const gasp_row_state *row)
{
    gasp_row out;
    gasp_writer w = begin(&out);
    gasp_write_u64(&w, row->seq);
    gasp_write_u64(&w, row->wall_ms);
    gasp_write_u64(&w, row->epoch);
    gasp_write_bytes(&w, row->tip.b, 32);
    gasp_write_u32(&w, row->top);
    gasp_write_u8(&w, row->hosted);
    gasp_write_u64(&w, row->host_epoch);
    gasp_write_u32(&w, row->host_height);
    gasp_write_bytes(&w, row->host_tip.b, 32);
    out.len = w.len;
    return out;
}

gasp_err gasp_row_state_decode(gasp_row_state *out, gasp_bytes bytes)
{
    gasp_reader r = gasp_reader_of(bytes);
    out->seq = gasp_read_u64(&r);
    out->wall_ms = gasp_read_u64(&r);
    out->epoch = gasp_read_u64(&r);
    gasp_read_into(&r, out->tip.b, 32);
    out->top = gasp_read_u32(&r);
    uint8_t hosted = gasp_read_u8(&r);
    out->hosted = hosted != 0;
    out->host_epoch = gasp_read_u64(&r);
    out->host_height = gasp_read_u32(&r);
    gasp_read_into(&r, out->host_tip.b, 32);
    return end(&r, hosted <= 1);
}

gasp_row gasp_row_header_encode(const gasp_row_header *row)
{
    gasp_row out;
    gasp_writer w = begin(&out);
    gasp_write_bytes(&w, row->raw80, GASP_HEADER_LEN);
    gasp_write_u32(&w, row->height);
    gasp_write_bytes(&w, row->work.be, 32);
    gasp_write_u8(&w, (uint8_t)row->trust);
    out.len = w.len;
    return out;
}

gasp_err gasp_row_header_decode(gasp_row_header *out, gasp_bytes bytes)
{
    gasp_reader r = gasp_reader_of(bytes);
    gasp_read_into(&r, out->raw80, GASP_HEADER_LEN);
    out->height = gasp_read_u32(&r);
    gasp_read_into(&r, out->work.be, 32);
    out->trust = (gasp_trust)gasp_read_u8(&r);
    return end(&r, out->trust >= GASP_TRUST_RULES && out->trust <= GASP_TRUST_DECREE);
}

gasp_row gasp_row_info_encode(const gasp_row_info *row)
{
    gasp_row out;
    gasp_writer w = begin(&out);
    gasp_write_u64(&w, row->arrived_ms);
    gasp_write_u8(&w, (uint8_t)((row->stands ? 1 : 0) | (row->anchored ? 2 : 0) | (row->contested ? 4 : 0)));
    gasp_write_u32(&w, row->anchored ? row->anchor.height : 0);
    gasp_write_u64(&w, row->anchored ? row->anchor.index : 0);
    static const uint8_t none[32];
    gasp_write_bytes(&w, row->anchored ? row->anchor.block.b : none, 32);
    out.len = w.len;
    return out;
}

gasp_err gasp_row_info_decode(gasp_row_info *out, gasp_bytes bytes)
{
    gasp_reader r = gasp_reader_of(bytes);
    out->arrived_ms = gasp_read_u64(&r);
    uint8_t flags = gasp_read_u8(&r);
    out->stands = (flags & 1) != 0;
    out->anchored = (flags & 2) != 0;
    out->contested = (flags & 4) != 0;
    out->anchor.height = gasp_read_u32(&r);
    out->anchor.index = gasp_read_u64(&r);
    gasp_read_into(&r, out->anchor.block.b, 32);
    return end(&r, flags <= 7 && (!out->contested || (out->stands && !out->anchored)));
}

gasp_row gasp_row_output_encode(const gasp_row_output *row)
{
    gasp_row out;
    gasp_writer w = begin(&out);
    gasp_write_u8(&w, (uint8_t)((row->spent ? 1 : 0) | (row->unanchored ? 2 : 0) | (row->contested ? 4 : 0)));
    gasp_write_u32(&w, row->time);
    gasp_write_bytes(&w, row->state.b, 32);
    out.len = w.len;
    return out;
}

gasp_err gasp_row_output_decode(gasp_row_output *out, gasp_bytes bytes)
{
    gasp_reader r = gasp_reader_of(bytes);
    uint8_t flags = gasp_read_u8(&r);
    out->spent = (flags & 1) != 0;
    out->unanchored = (flags & 2) != 0;
    out->contested = (flags & 4) != 0;
    out->time = gasp_read_u32(&r);
    gasp_read_into(&r, out->state.b, 32);
    return end(&r, flags <= 7);
}

gasp_row gasp_row_refusal_encode(const gasp_row_refusal *row)
{
    gasp_row out;
    gasp_writer w = begin(&out);
    gasp_write_u32(&w, (uint32_t)row->err);
    gasp_write_u8(&w, (uint8_t)gasp_err_refusal(row->err));
    gasp_write_u32(&w, row->policy);
    gasp_write_u32(&w, row->height);
    gasp_write_u64(&w, row->until_ms);
    gasp_write_u64(&w, row->noted_ms);
    gasp_write_u32(&w, row->time);
    gasp_write_bytes(&w, row->id.b, 32);
    gasp_write_bytes(&w, row->other.b, 32);
    gasp_write_bytes(&w, row->root.b, 32);
    gasp_write_bytes(&w, row->peer16, sizeof row->peer16);
    out.len = w.len;
    return out;
}

gasp_err gasp_row_refusal_decode(gasp_row_refusal *out, gasp_bytes bytes)
{
    gasp_reader r = gasp_reader_of(bytes);
    out->err = (gasp_err)(int32_t)gasp_read_u32(&r);
    (void)gasp_read_u8(&r); /* the class, for whoever reads rows without this library */
    out->policy = gasp_read_u32(&r);
    out->height = gasp_read_u32(&r);
    out->until_ms = gasp_read_u64(&r);
    out->noted_ms = gasp_read_u64(&r);
    out->time = gasp_read_u32(&r);
    gasp_read_into(&r, out->id.b, 32);
    gasp_read_into(&r, out->other.b, 32);
    gasp_read_into(&r, out->root.b, 32);
    gasp_read_into(&r, out->peer16, sizeof out->peer16);
    return end(&r, true);
}

static void write_summary(gasp_writer *w, const gasp_set_summary *summary)
{
    gasp_write_u64(w, summary->count);
    gasp_write_bytes(w, summary->sum, sizeof summary->sum);
    gasp_write_bytes(w, summary->fingerprint, sizeof summary->fingerprint);
}

static void read_summary(gasp_set_summary *out, gasp_reader *r)
{
    out->count = gasp_read_u64(r);
    gasp_read_into(r, out->sum, sizeof out->sum);
    gasp_read_into(r, out->fingerprint, sizeof out->fingerprint);
}

gasp_row gasp_row_peer_encode(const gasp_row_peer *row)
{
    gasp_row out;
    gasp_writer w = begin(&out);
    write_summary(&w, &row->mine);
    write_summary(&w, &row->theirs);
    gasp_write_u32(&w, row->policy);
    gasp_write_u8(&w, row->result);
    out.len = w.len;
    return out;
}

gasp_err gasp_row_peer_decode(gasp_row_peer *out, gasp_bytes bytes)
{
    gasp_reader r = gasp_reader_of(bytes);
    read_summary(&out->mine, &r);
    read_summary(&out->theirs, &r);
    out->policy = gasp_read_u32(&r);
    out->result = gasp_read_u8(&r);
    return end(&r, true);
}

gasp_row gasp_row_change_encode(const gasp_change *change)
{
    gasp_row out;
    gasp_writer w = begin(&out);
    gasp_write_u64(&w, change->wall_ms);
    gasp_write_u8(&w, (uint8_t)change->kind);
    gasp_write_outpoint(&w, &change->outpoint);
    gasp_write_bytes(&w, change->collection.b, 32);
    out.len = w.len;
    return out;
}

gasp_err gasp_row_change_decode(gasp_change *out, gasp_bytes key, gasp_bytes bytes)
{
    gasp_reader r = gasp_reader_of(bytes);
    out->wall_ms = gasp_read_u64(&r);
    out->kind = (gasp_change_kind)gasp_read_u8(&r);
    gasp_read_outpoint(&r, &out->outpoint);
    gasp_read_into(&r, out->collection.b, 32);
    out->seq = 0;
    for (size_t i = 1; i < key.len; i++)
        out->seq = out->seq << 8 | key.data[i];
    return end(&r, key.len == 9 && out->kind >= GASP_CHANGE_ADDED && out->kind <= GASP_CHANGE_FORGOTTEN);
}

gasp_row gasp_row_proof_head(uint32_t height, uint64_t index)
{
    gasp_row out;
    gasp_writer w = begin(&out);
    gasp_write_u32(&w, height);
    gasp_write_u64(&w, index);
    out.len = w.len;
    return out;
}

gasp_err gasp_row_proof_decode(uint32_t *height, uint64_t *index, gasp_bytes *bump, gasp_bytes bytes)
{
    gasp_reader r = gasp_reader_of(bytes);
    *height = gasp_read_u32(&r);
    *index = gasp_read_u64(&r);
    *bump = gasp_read_bytes(&r, gasp_reader_left(&r));
    return end(&r, bump->len > 0);
}

gasp_row gasp_row_entry_head(const gasp_entry *entry)
{
    gasp_row out;
    gasp_writer w = begin(&out);
    gasp_write_u64(&w, entry->timestamp_us);
    gasp_write_u64(&w, entry->value_len);
    gasp_write_bytes(&w, entry->value_hash, 32);
    gasp_write_u8(&w, 0);
    out.len = w.len;
    return out;
}

gasp_err gasp_row_entry_decode(gasp_entry *out, gasp_bytes key, gasp_bytes bytes)
{
    *out = (gasp_entry){0};
    gasp_reader k = gasp_reader_of(key);
    gasp_reader r = gasp_reader_of(bytes);
    (void)gasp_read_bytes(&k, 1 + 32);
    uint8_t of_output = gasp_read_u8(&k);
    for (size_t i = 0; i < 4; i++)
        out->vout = out->vout << 8 | gasp_read_u8(&k);
    gasp_read_into(&k, out->author, GASP_AUTHOR_LEN);
    out->name = gasp_read_bytes(&k, gasp_reader_left(&k));
    out->of_output = of_output == 1;
    out->timestamp_us = gasp_read_u64(&r);
    out->value_len = gasp_read_u64(&r);
    gasp_read_into(&r, out->value_hash, 32);
    uint8_t signatures = gasp_read_u8(&r);
    out->value = gasp_read_bytes(&r, gasp_reader_left(&r));
    if (gasp_reader_finish(&k, NULL) != GASP_OK)
        return GASP_ERR_STORE_CORRUPT;
    return end(&r, of_output <= 1 && signatures == 0 && out->value.len == out->value_len && out->name.len > 0);
}
