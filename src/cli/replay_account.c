/* Vectors of our own form for what two sides tell of their sets: the account of a round, and the name of what was settled. */
#include <stdlib.h>
#include <string.h>

#include "cli/replay.h"
#include "gasp/message.h"

/* Hex of exactly so many bytes. */
static bool take(gasp_replay *run, uint8_t *out, size_t len, const json_t *text)
{
    const char *hex = json_string_value(text);
    if (hex != NULL && gasp_hex_decode(out, len, hex, strlen(hex)) == GASP_OK)
        return true;
    gasp_replay_wrong(run, "no %zu bytes of hex where they should be", len);
    return false;
}

/* -- account ---------------------------------------------------------------------------------------------------------- */

/* The stated range of an item: how many of the stated bounds are at or below its outpoint id. */
static size_t range_of(gasp_replay *run, const json_t *bounds, const gasp_item_id *outpoint_id)
{
    size_t at = 0;
    for (size_t i = 0; i < json_array_size(bounds); i++) {
        uint8_t bound[32];
        if (take(run, bound, sizeof bound, json_array_get(bounds, i)) && memcmp(bound, outpoint_id->b, 32) <= 0)
            at++;
    }
    return at;
}

/* The stated bounds, counts and fingerprints fit each other: each range is a set that is summed up by itself. */
static void compare_ranges(gasp_replay *run, const json_t *expect, const gasp_set_item *items, size_t n)
{
    const json_t *bounds = json_object_get(expect, "bounds");
    gasp_set_item *of = calloc(n + 1, sizeof *of);
    if (json_array_size(bounds) != GASP_ACCOUNT_RANGES - 1)
        gasp_replay_wrong(run, "bounds: 16 of them");
    for (size_t r = 0; of != NULL && r < GASP_ACCOUNT_RANGES; r++) {
        gasp_set_summary summary;
        uint8_t print[GASP_ACCOUNT_PRINT_LEN];
        size_t in = 0;
        for (size_t i = 0; i < n; i++)
            if (range_of(run, bounds, &items[i].outpoint_id) == r)
                of[in++] = items[i];
        if (gasp_set_summarise(&summary, NULL, of, in, NULL) != GASP_OK ||
            !take(run, print, sizeof print, json_array_get(json_object_get(expect, "prints"), r)) ||
            memcmp(print, summary.fingerprint, sizeof print) != 0)
            gasp_replay_wrong(run, "prints: range %zu has another fingerprint", r);
        if (json_integer_value(json_array_get(json_object_get(expect, "counts"), r)) != (json_int_t)in)
            gasp_replay_wrong(run, "counts: range %zu has %zu items", r, in);
    }
    free(of);
}

static void compare_prints(gasp_replay *run, const json_t *expect, const uint8_t prints[][GASP_ACCOUNT_PRINT_LEN])
{
    const json_t *want = json_object_get(expect, "prints");
    if (json_array_size(want) != GASP_ACCOUNT_RANGES)
        gasp_replay_wrong(run, "prints: 17 of them");
    for (size_t i = 0; i < GASP_ACCOUNT_RANGES; i++) {
        uint8_t print[GASP_ACCOUNT_PRINT_LEN];
        if (take(run, print, sizeof print, json_array_get(want, i)) && memcmp(print, prints[i], sizeof print) != 0)
            gasp_replay_wrong(run, "prints: number %zu is another", i);
    }
}

void gasp_topic_account(gasp_replay *run, const json_t *row)
{
    const json_t *list = json_object_get(row, "items");
    const json_t *expect = gasp_replay_expected(run, row, "bounds counts prints");
    size_t n = json_array_size(list);
    uint8_t key[GASP_ACCOUNT_KEY_LEN];
    uint8_t prints[GASP_ACCOUNT_RANGES][GASP_ACCOUNT_PRINT_LEN];
    gasp_set_item *items = calloc(n + 1, sizeof *items);
    bool good = items != NULL && take(run, key, sizeof key, json_object_get(row, "key"));
    for (size_t i = 0; i < n && good; i++) {
        const json_t *pair = json_array_get(list, i);
        good = take(run, items[i].outpoint_id.b, 32, json_array_get(pair, 0)) &&
               take(run, items[i].id.b, 32, json_array_get(pair, 1));
    }
    if (good && gasp_account_of(prints, items, n, key, NULL) == GASP_OK) {
        compare_prints(run, expect, (const uint8_t(*)[GASP_ACCOUNT_PRINT_LEN])prints);
        compare_ranges(run, expect, items, n);
    } else
        gasp_replay_wrong(run, "items: each is [\"outpoint id\", \"id\"]");
    free(items);
}

/* -- settled ---------------------------------------------------------------------------------------------------------- */

static bool summary_of(gasp_replay *run, gasp_set_summary *out, const json_t *json)
{
    const char *count = json_string_value(json_object_get(json, "count"));
    if (count == NULL || !gasp_cli_number(&out->count, count, UINT64_MAX)) {
        gasp_replay_wrong(run, "a summary: {count, sum, fingerprint}");
        return false;
    }
    return take(run, out->sum, sizeof out->sum, json_object_get(json, "sum")) &&
           take(run, out->fingerprint, sizeof out->fingerprint, json_object_get(json, "fingerprint"));
}

void gasp_topic_settled(gasp_replay *run, const json_t *row)
{
    gasp_set_summary a;
    gasp_set_summary b;
    uint8_t name[32];
    const json_t *expect = gasp_replay_expected(run, row, "settled");
    if (!summary_of(run, &a, json_object_get(row, "a")) || !summary_of(run, &b, json_object_get(row, "b")))
        return;
    gasp_settled_of(name, &a, &b);
    gasp_expect_hex(run, expect, "settled", (gasp_bytes){name, sizeof name});
    gasp_settled_of(name, &b, &a);
    gasp_expect_hex(run, expect, "settled", (gasp_bytes){name, sizeof name});
}
