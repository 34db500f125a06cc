/* Values as text and as JSON. Whatever comes from a file or a peer reaches a terminal only through gasp_text_safe, as hex
 * or as a number. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"

void gasp_text_number(char out[GASP_AMOUNT_TEXT_MAX], uint64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    size_t at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

void gasp_text_bsv(char out[GASP_AMOUNT_TEXT_MAX], uint64_t sat)
{
    snprintf(out, GASP_AMOUNT_TEXT_MAX, "%" PRIu64 ".%08" PRIu64 " BSV", sat / 100000000, sat % 100000000);
}

void gasp_text_time(char out[GASP_TIME_TEXT_MAX], uint64_t seconds)
{
    time_t at = (time_t)seconds;
    struct tm parts;
    if (gmtime_r(&at, &parts) == NULL || strftime(out, GASP_TIME_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &parts) == 0)
        snprintf(out, GASP_TIME_TEXT_MAX, "%" PRIu64, seconds);
}

char *gasp_text_hex(gasp_bytes bytes)
{
    char *out = malloc(2 * bytes.len + 1);
    if (out != NULL)
        gasp_hex_encode(out, bytes.data, bytes.len);
    return out;
}

char *gasp_text_hash(const uint8_t hash[32])
{
    gasp_txid value;
    char *out = malloc(GASP_HASH_TEXT_MAX);
    memcpy(value.b, hash, 32);
    if (out != NULL)
        gasp_txid_to_text(out, &value);
    return out;
}

/* jansson refuses text that is no UTF-8, and so says which it is. */
static bool is_text(gasp_bytes bytes)
{
    json_t *text = json_stringn((const char *)bytes.data, bytes.len);
    bool good = text != NULL && memchr(bytes.data, 0, bytes.len) == NULL;
    json_decref(text);
    return good;
}

char *gasp_text_safe(gasp_bytes bytes, size_t most)
{
    bool cut = bytes.len > most;
    if (bytes.len == 0 || !is_text(bytes))
        return gasp_text_hex((gasp_bytes){bytes.data, cut ? most : bytes.len});
    size_t len = cut ? most : bytes.len;
    while (cut && len > 0 && (bytes.data[len] & 0xc0) == 0x80) /* not inside a character */
        len--;
    char *out = malloc(4 * len + 4);
    size_t at = 0;
    for (size_t i = 0; i < len && out != NULL; i++) {
        uint8_t c = bytes.data[i];
        bool c1 = c == 0xc2 && i + 1 < len && bytes.data[i + 1] < 0xa0;
        if (c < 0x20 || c == 0x7f || c1)
            at += (size_t)snprintf(out + at, 5, "\\x%02x", c);
        else
            out[at++] = (char)c;
    }
    if (out != NULL)
        memcpy(out + at, cut ? "..." : "", cut ? 4 : 1);
    return out;
}

json_t *gasp_json_hex(gasp_bytes bytes)
{
    char *text = gasp_text_hex(bytes);
    json_t *json = json_string(text);
    free(text);
    return json;
}

json_t *gasp_json_hash(const uint8_t hash[32])
{
    char *text = gasp_text_hash(hash);
    json_t *json = json_string(text);
    free(text);
    return json;
}

json_t *gasp_json_outpoint(const gasp_outpoint *outpoint)
{
    char text[GASP_OUTPOINT_TEXT_MAX];
    gasp_outpoint_to_text(text, outpoint);
    return json_string(text);
}

json_t *gasp_json_anchor(const gasp_anchor *anchor)
{
    if (anchor == NULL)
        return json_null();
    json_t *out = json_object();
    gasp_json_put(out, "height", json_integer(anchor->height));
    gasp_json_put(out, "block", gasp_json_hash(anchor->block.b));
    gasp_json_put(out, "index", json_integer((json_int_t)anchor->index));
    return out;
}

static json_t *entry_json(const gasp_entry *entry)
{
    static const uint8_t nobody[GASP_AUTHOR_LEN];
    json_t *out = json_object();
    gasp_json_put(out, "name", json_stringn((const char *)entry->name.data, entry->name.len));
    if (entry->of_output)
        gasp_json_put(out, "vout", json_integer(entry->vout));
    if (memcmp(entry->author, nobody, sizeof nobody) != 0)
        gasp_json_put(out, "author", gasp_json_hex((gasp_bytes){entry->author, GASP_AUTHOR_LEN}));
    gasp_json_put(out, "timestamp_us", json_integer((json_int_t)entry->timestamp_us));
    if (entry->value.len == 0)
        gasp_json_put(out, "removed", json_true());
    else if (is_text(entry->value))
        gasp_json_put(out, "value", json_stringn((const char *)entry->value.data, entry->value.len));
    else
        gasp_json_put(out, "value_hex", gasp_json_hex(entry->value));
    return out;
}

json_t *gasp_json_entries(const gasp_entry *entries, size_t n)
{
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(out, entry_json(&entries[i]));
    return out;
}

json_t *gasp_json_summary(const gasp_set_summary *summary)
{
    json_t *out = json_object();
    gasp_json_put(out, "count", json_integer((json_int_t)summary->count));
    gasp_json_put(out, "sum", gasp_json_hex((gasp_bytes){summary->sum, sizeof summary->sum}));
    gasp_json_put(out, "digest", gasp_json_hex((gasp_bytes){summary->fingerprint, sizeof summary->fingerprint}));
    return out;
}

/* What a script begins with, byte by byte, and its length. */
static bool looks(gasp_bytes script, size_t len, const char *head, size_t head_len)
{
    return script.len == len && memcmp(script.data, head, head_len) == 0;
}

void gasp_text_script(char out[GASP_AMOUNT_TEXT_MAX * 3], gasp_bytes script)
{
    char hex[67] = "";
    const uint8_t *at = script.data;
    const size_t cap = GASP_AMOUNT_TEXT_MAX * 3;
    if (looks(script, 25, "\x76\xa9\x14", 3) && at[23] == 0x88 && at[24] == 0xac) {
        gasp_hex_encode(hex, at + 3, 20);
        snprintf(out, cap, "P2PKH %s", hex);
    } else if (looks(script, 35, "\x21", 1) && at[34] == 0xac) {
        gasp_hex_encode(hex, at + 1, 33);
        snprintf(out, cap, "P2PK %s", hex);
    } else if (looks(script, 67, "\x41", 1) && at[66] == 0xac)
        snprintf(out, cap, "P2PK, 65 bytes");
    else if (script.len >= 2 && memcmp(at, "\x00\x6a", 2) == 0)
        snprintf(out, cap, "data, %zu bytes", script.len);
    else if (script.len >= 1 && at[0] == 0x6a)
        snprintf(out, cap, "return, %zu bytes", script.len);
    else
        snprintf(out, cap, "script, %zu bytes", script.len);
}
