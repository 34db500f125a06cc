/* Lists of entries: the join, the wire form, the digest. A list ascends by identifier and holds none twice, whatever
 * happened to it; a join that a limit refuses leaves it as it was. Nothing here copies a name or a value. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "record/entry.h"

enum {
    FLAG_OF_OUTPUT = 1,
    ENTRY_LEN_MIN = GASP_AUTHOR_LEN + 1 + 1 + 1 + 8 + 1 /* about the transaction, a name of one byte, no value */
};

void gasp_entries_init(gasp_entries *set, const gasp_mem *mem)
{
    *set = (gasp_entries){.mem = gasp_mem_or_default(mem)};
}

void gasp_entries_clear(gasp_entries *set)
{
    const gasp_mem *mem = gasp_mem_or_default(set->mem);
    gasp_mem_free(mem, set->list);
    gasp_entries_init(set, mem);
}

static bool same_subject(const gasp_entry *a, const gasp_entry *b)
{
    return a->of_output == b->of_output && a->vout == b->vout && memcmp(a->author, b->author, GASP_AUTHOR_LEN) == 0;
}

/* Entries of one author and subject stand together, so a list is over the limit iff it holds two of one subject at a
 * distance of the limit. */
static bool over_limit(const gasp_entry *list, size_t len)
{
    if (len > gasp_limit(ENTRIES))
        return true;
    for (size_t i = gasp_limit(ENTRIES_PER_SUBJECT); i < len; i++)
        if (same_subject(&list[i], &list[i - gasp_limit(ENTRIES_PER_SUBJECT)]))
            return true;
    return false;
}

/* Merges both lists into out (room for both lengths); the number of entries. */
static size_t merge(gasp_entry *out, bool *changed, const gasp_entries *a, const gasp_entries *b)
{
    size_t i = 0;
    size_t j = 0;
    size_t n = 0;
    *changed = false;
    while (i < a->len || j < b->len) {
        int order = i == a->len ? 1 : j == b->len ? -1 : gasp_entry_compare_id(&a->list[i], &b->list[j]);
        bool theirs = order > 0 || (order == 0 && gasp_entry_compare_rank(&b->list[j], &a->list[i]) > 0);
        out[n++] = theirs ? b->list[j] : a->list[i];
        *changed |= theirs;
        i += order <= 0;
        j += order >= 0;
    }
    return n;
}

gasp_err gasp_entries_join(gasp_entries *set, bool *changed, const gasp_entries *more)
{
    bool differs = false;
    gasp_entry *merged = NULL;
    if (more->len > 0) {
        size_t cap = set->len + more->len;
        merged = gasp_mem_zalloc_array(set->mem, cap, sizeof *merged);
        if (merged == NULL)
            return GASP_ERR_NOMEM;
        size_t len = merge(merged, &differs, set, more);
        if (differs && over_limit(merged, len)) {
            gasp_mem_free(set->mem, merged);
            return GASP_ERR_LIMIT;
        }
        gasp_mem_free(set->mem, set->list);
        set->list = merged;
        set->len = len;
        set->cap = cap;
    }
    if (changed != NULL)
        *changed = differs;
    return GASP_OK;
}

gasp_err gasp_entries_put(gasp_entries *set, bool *changed, const gasp_entry *entry)
{
    gasp_entry one = *entry;
    const gasp_entries more = {.list = &one, .len = 1};
    return gasp_entries_join(set, changed, &more);
}

const gasp_entry *gasp_entries_find(const gasp_entries *set, const uint8_t *author, const uint32_t *vout,
                                    gasp_bytes name)
{
    gasp_entry wanted = {.of_output = vout != NULL, .vout = vout != NULL ? *vout : 0, .name = name};
    if (author != NULL)
        memcpy(wanted.author, author, GASP_AUTHOR_LEN);
    size_t low = 0;
    size_t high = set->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = gasp_entry_compare_id(&set->list[mid], &wanted);
        if (order == 0)
            return &set->list[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

bool gasp_entries_fit(const gasp_entries *set, size_t n_out)
{
    for (size_t i = 0; i < set->len; i++)
        if (set->list[i].of_output && set->list[i].vout >= n_out)
            return false;
    return true;
}

static void write_entry(gasp_writer *w, const gasp_entry *entry)
{
    gasp_write_bytes(w, entry->author, GASP_AUTHOR_LEN);
    gasp_write_u8(w, entry->of_output ? FLAG_OF_OUTPUT : 0);
    if (entry->of_output)
        gasp_write_u32(w, entry->vout);
    gasp_write_u8(w, (uint8_t)entry->name.len);
    gasp_write_bytes(w, entry->name.data, entry->name.len);
    gasp_write_u64(w, entry->timestamp_us);
    gasp_write_sized(w, entry->value);
}

void gasp_entries_encode(gasp_writer *w, const gasp_entries *set)
{
    gasp_write_compact(w, set->len);
    for (size_t i = 0; i < set->len; i++)
        write_entry(w, &set->list[i]);
}

static void read_entry(gasp_entry *out, gasp_reader *r)
{
    uint8_t author[GASP_AUTHOR_LEN];
    uint32_t vout = 0;
    gasp_read_into(r, author, sizeof author);
    uint8_t flags = gasp_read_u8(r);
    if ((flags & ~FLAG_OF_OUTPUT) != 0)
        gasp_reader_fail(r, GASP_ERR_ENTRY_FORM, r->at - 1);
    if (flags == FLAG_OF_OUTPUT)
        vout = gasp_read_u32(r);
    size_t name_at = r->at;
    gasp_bytes name = gasp_read_bytes(r, gasp_read_u8(r));
    uint64_t timestamp_us = gasp_read_u64(r);
    size_t value_at = r->at;
    uint64_t value_len = gasp_read_compact(r);
    if (value_len > gasp_limit(ENTRY_VALUE))
        gasp_reader_fail(r, GASP_ERR_ENTRY_VALUE, value_at);
    gasp_bytes value = gasp_read_bytes(r, value_len);
    if (r->err != GASP_OK)
        return;
    gasp_err err = gasp_entry_make(out, author, flags == FLAG_OF_OUTPUT ? &vout : NULL, name, timestamp_us, value);
    if (err != GASP_OK)
        gasp_reader_fail(r, err, name_at);
}

gasp_err gasp_entries_read(gasp_entries *set, gasp_reader *r, const gasp_mem *mem)
{
    gasp_entries_init(set, mem);
    size_t count_at = r->at;
    size_t count = gasp_read_count(r, ENTRY_LEN_MIN);
    if (count > gasp_limit(ENTRIES))
        gasp_reader_fail(r, GASP_ERR_LIMIT, count_at);
    if (r->err != GASP_OK || count == 0)
        return r->err;
    set->list = gasp_mem_zalloc_array(set->mem, count, sizeof *set->list);
    if (set->list == NULL) {
        gasp_reader_fail(r, GASP_ERR_NOMEM, count_at);
        return r->err;
    }
    set->cap = count;
    for (size_t i = 0; i < count; i++) {
        size_t at = r->at;
        read_entry(&set->list[i], r);
        if (r->err == GASP_OK && i > 0 && gasp_entry_compare_id(&set->list[i - 1], &set->list[i]) >= 0)
            gasp_reader_fail(r, GASP_ERR_ENTRY_FORM, at);
        if (r->err != GASP_OK)
            return r->err;
        set->len = i + 1;
    }
    if (over_limit(set->list, set->len))
        gasp_reader_fail(r, GASP_ERR_LIMIT, count_at);
    return r->err;
}

gasp_err gasp_entries_decode(gasp_entries *set, gasp_bytes bytes, const gasp_mem *mem, gasp_fault *fault)
{
    gasp_reader r = gasp_reader_of(bytes);
    gasp_err err = gasp_entries_read(set, &r, mem);
    (void)err; /* r carries it */
    return gasp_reader_finish(&r, fault);
}

static bool is_hashed(const gasp_entry *entry, uint32_t vout, bool anchored)
{
    static const char broadcast[] = GASP_ENTRY_BROADCAST;
    if (entry->of_output)
        return entry->vout == vout;
    return !anchored || entry->name.len != sizeof broadcast - 1 ||
           memcmp(entry->name.data, broadcast, sizeof broadcast - 1) != 0;
}

static void hash_entry(gasp_sha256 *ctx, const gasp_entry *entry, const gasp_txid *txid)
{
    char key[GASP_ENTRY_KEY_MAX];
    size_t key_len = gasp_entry_key(key, entry, txid);
    uint8_t bytes[16];
    gasp_writer head = gasp_writer_fixed(bytes, sizeof bytes);
    gasp_write_u16(&head, (uint16_t)key_len);
    gasp_sha256_update(ctx, entry->author, GASP_AUTHOR_LEN);
    gasp_sha256_update(ctx, bytes, head.len);
    gasp_sha256_update(ctx, key, key_len);
    gasp_writer tail = gasp_writer_fixed(bytes, sizeof bytes);
    gasp_write_u64(&tail, entry->timestamp_us);
    gasp_write_u64(&tail, entry->value_len);
    gasp_sha256_update(ctx, bytes, tail.len);
    gasp_sha256_update(ctx, entry->value_hash, sizeof entry->value_hash);
}

void gasp_entries_digest(uint8_t out[32], const gasp_entries *set, const gasp_outpoint *outpoint, bool anchored)
{
    gasp_sha256 ctx;
    gasp_sha256_tagged_init(&ctx, "gasp/entries/1");
    for (size_t i = 0; i < set->len; i++)
        if (is_hashed(&set->list[i], outpoint->vout, anchored))
            hash_entry(&ctx, &set->list[i], &outpoint->txid);
    gasp_sha256_final(&ctx, out);
}
