/* The public way to the values of this room: lists of entries as bytes, joined as bytes, and what is computed of an
 * output. Nothing is decided here; the rules are those of entry.c, entries.c and state.c. */
#include "base/buf.h"
#include "crypto/hash.h"
#include "record/entry.h"
#include "record/state.h"

/* Bytes of a list, at most: each entry has an author, flags, vout, a name, a time and a value with their lengths. */
enum { LIST_MAX = 9 + GASP_ENTRIES_MAX * (32 + 1 + 4 + 1 + GASP_ENTRY_NAME_MAX + 8 + 9 + GASP_ENTRY_VALUE_MAX) };

static gasp_err give(gasp_data *out, const gasp_entries *set, const gasp_mem *mem)
{
    gasp_buf buf;
    gasp_buf_init(&buf, LIST_MAX, mem);
    gasp_writer w = gasp_writer_growing(&buf);
    gasp_entries_encode(&w, set);
    if (w.err != GASP_OK) {
        gasp_buf_clear(&buf);
        return w.err;
    }
    *out = (gasp_data){buf.data, buf.len, mem};
    return GASP_OK;
}

gasp_err gasp_entry_list_make(gasp_data *out, const gasp_entry entries[], size_t n, const gasp_mem *mem)
{
    gasp_err err = GASP_OK;
    gasp_entries set;
    gasp_entries_init(&set, mem);
    for (size_t i = 0; i < n && err == GASP_OK; i++)
        err = gasp_entries_put(&set, NULL, &entries[i]);
    if (err == GASP_OK)
        err = give(out, &set, mem);
    gasp_entries_clear(&set);
    return err;
}

gasp_err gasp_entry_list_join(gasp_data *out, gasp_bytes a, gasp_bytes b, const gasp_mem *mem, gasp_fault *fault)
{
    gasp_entries set[2];
    gasp_entries_init(&set[1], mem);
    gasp_err err = gasp_entries_decode(&set[0], a, mem, fault);
    if (err == GASP_OK) {
        err = gasp_entries_decode(&set[1], b, mem, fault);
        if (err != GASP_OK && fault != NULL)
            fault->item = 1;
    } else if (fault != NULL)
        fault->item = 0;
    if (err == GASP_OK)
        err = gasp_entries_join(&set[0], NULL, &set[1]);
    if (err == GASP_OK)
        err = give(out, &set[0], mem);
    gasp_entries_clear(&set[1]);
    gasp_entries_clear(&set[0]);
    return err;
}

gasp_err gasp_entry_list_read(gasp_bytes list, gasp_entry_visit visit, void *ctx, const gasp_mem *mem,
                              gasp_fault *fault)
{
    gasp_entries set;
    gasp_err err = gasp_entries_decode(&set, list, mem, fault);
    for (size_t i = 0; i < set.len && err == GASP_OK && visit != NULL; i++)
        err = visit(ctx, &set.list[i]);
    gasp_entries_clear(&set);
    return err == GASP_DONE ? GASP_OK : err;
}

gasp_err gasp_output_values_of(gasp_output_values *out, const gasp_outpoint *outpoint, const gasp_anchor *anchor,
                               gasp_bytes entries, const gasp_mem *mem, gasp_fault *fault)
{
    gasp_err err = GASP_OK;
    gasp_entries set;
    gasp_entries_init(&set, mem);
    if (entries.len > 0)
        err = gasp_entries_decode(&set, entries, mem, fault);
    if (err == GASP_OK) {
        gasp_entries_digest(out->entries_digest, &set, outpoint, anchor != NULL);
        gasp_state_hash_make(&out->state, outpoint, anchor, out->entries_digest);
        gasp_item_id_of_state(&out->item, outpoint, &out->state);
        gasp_item_id_of_outpoint(&out->outpoint_item, outpoint);
        out->item_time = gasp_item_time(anchor);
    }
    gasp_entries_clear(&set);
    return err;
}

void gasp_value_hash(uint8_t out[32], gasp_bytes value)
{
    gasp_sha256_once(out, value.data, value.len);
}
