/* One entry: what a name and a value may be, the key as text, the order of identifiers and the rule of the join.
 * The order is that of author || key as bytes, although keys are never put together for it: the vout stands in a key as
 * decimal text, so vouts compare as text followed by a slash. */
#include "record/entry.h"

#include <string.h>

#include "base/limits.h"
#include "crypto/hash.h"

enum { VOUT_TEXT_MAX = 11 }; /* ten digits and a slash */

/* The length of the UTF-8 sequence at `at`, 0 when it is none (RFC 3629, table 3-7 of Unicode) or a control character.
 */
static size_t character(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0];
    if (lead < 0x80)
        return lead >= 0x20 && lead != 0x7f ? 1 : 0;
    size_t len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead < 0xc2 || lead > 0xf4 || left < len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    uint8_t second = at[1];
    if (lead == 0xc2 && second < 0xa0)
        return 0; /* U+0080..U+009F */
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90))
        return 0; /* longer than needed */
    if ((lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f))
        return 0; /* surrogates, above U+10FFFF */
    return len;
}

static bool is_name(gasp_bytes name)
{
    if (name.len == 0 || name.len > gasp_limit(ENTRY_NAME))
        return false;
    for (size_t at = 0; at < name.len;) {
        size_t len = character(name.data + at, name.len - at);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

gasp_err gasp_entry_make(gasp_entry *out, const uint8_t *author, const uint32_t *vout, gasp_bytes name,
                         uint64_t timestamp_us, gasp_bytes value)
{
    if (!is_name(name))
        return GASP_ERR_ENTRY_KEY;
    if (value.len > gasp_limit(ENTRY_VALUE))
        return GASP_ERR_ENTRY_VALUE;
    gasp_entry made = {.of_output = vout != NULL,
                       .vout = vout != NULL ? *vout : 0,
                       .name = name,
                       .timestamp_us = timestamp_us,
                       .value_len = value.len,
                       .value = value};
    if (author != NULL)
        memcpy(made.author, author, GASP_AUTHOR_LEN);
    gasp_sha256_once(made.value_hash, value.data, value.len);
    *out = made;
    return GASP_OK;
}

/* The vout in decimal and a slash; how many characters. */
static size_t vout_text(char out[VOUT_TEXT_MAX], uint32_t vout)
{
    char digits[VOUT_TEXT_MAX];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + vout % 10);
        vout /= 10;
    } while (vout != 0);
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    out[n] = '/';
    return n + 1;
}

size_t gasp_entry_key(char out[GASP_ENTRY_KEY_MAX], const gasp_entry *entry, const gasp_txid *txid)
{
    char text[GASP_HASH_TEXT_MAX];
    size_t len = entry->of_output ? 4 : 3;
    memcpy(out, entry->of_output ? "out/" : "tx/", len);
    gasp_txid_to_text(text, txid);
    memcpy(out + len, text, 64);
    len += 64;
    if (entry->of_output) {
        char vout[VOUT_TEXT_MAX];
        size_t vout_len = vout_text(vout, entry->vout);
        out[len++] = '.';
        memcpy(out + len, vout, vout_len);
        len += vout_len;
    } else {
        out[len++] = '/';
    }
    if (entry->name.len > 0)
        memcpy(out + len, entry->name.data, entry->name.len);
    len += entry->name.len;
    out[len] = '\0';
    return len;
}

static int compare_vout(uint32_t a, uint32_t b)
{
    char a_text[VOUT_TEXT_MAX];
    char b_text[VOUT_TEXT_MAX];
    size_t a_len = vout_text(a_text, a);
    size_t b_len = vout_text(b_text, b);
    /* Each ends with its only slash, so unequal ones differ within the shorter. */
    return memcmp(a_text, b_text, a_len < b_len ? a_len : b_len);
}

int gasp_entry_compare_id(const gasp_entry *a, const gasp_entry *b)
{
    int order = memcmp(a->author, b->author, GASP_AUTHOR_LEN);
    if (order != 0)
        return order;
    if (a->of_output != b->of_output)
        return a->of_output ? -1 : 1; /* "out/" stands below "tx/" */
    if (a->of_output && a->vout != b->vout)
        return compare_vout(a->vout, b->vout);
    size_t shorter = a->name.len < b->name.len ? a->name.len : b->name.len;
    order = shorter > 0 ? memcmp(a->name.data, b->name.data, shorter) : 0;
    if (order != 0)
        return order;
    return (a->name.len > b->name.len) - (a->name.len < b->name.len);
}

int gasp_entry_compare_rank(const gasp_entry *a, const gasp_entry *b)
{
    if (a->timestamp_us != b->timestamp_us)
        return a->timestamp_us > b->timestamp_us ? 1 : -1;
    int order = memcmp(a->value_hash, b->value_hash, sizeof a->value_hash);
    if (order != 0)
        return order;
    return (a->value_len > b->value_len) - (a->value_len < b->value_len);
}

bool gasp_entry_equal(const gasp_entry *a, const gasp_entry *b)
{
    return gasp_entry_compare_id(a, b) == 0 && gasp_entry_compare_rank(a, b) == 0;
}
