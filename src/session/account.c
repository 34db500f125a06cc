/* Sums over the ranges of an account: of the set itself by walking its outpoint order once, and of the two lists one by
 * one. What a list names is looked up in the set as it is at the end: what left it meanwhile is in no sum. */
#include "session/account.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "record/state.h"

enum { BOUNDS = GASP_PRINTS - 1 };

_Static_assert(sizeof(gasp_outpoint) == GASP_OUTPOINT_LEN, "an outpoint is its own key: it has no padding");

/** Count and sum of one range. */
typedef struct range {
    gasp_sum sum;
    uint64_t count;
} range;

void account_init(account *a, const uint8_t seed16[16], const gasp_mem *mem)
{
    *a = (account){.mem = mem};
    gasp_map_init(&a->lacks, sizeof(gasp_outpoint), 0, gasp_limit(CLAIMS), seed16, mem);
}

void account_clear(account *a)
{
    if (a->mem == NULL)
        return;
    gasp_mem_free(a->mem, a->claims);
    gasp_map_clear(&a->lacks);
    *a = (account){0};
}

/* A list that is full is no reason to end a session: the round is then not accounted for. */
static gasp_err or_lost(account *a, gasp_err err)
{
    a->lost = a->lost || err == GASP_ERR_LIMIT;
    return err == GASP_ERR_LIMIT ? GASP_OK : err;
}

gasp_err account_claim(account *a, const gasp_outpoint *outpoint, const gasp_item_id *id, gasp_result result)
{
    void *claims = a->claims;
    gasp_err err =
        gasp_mem_grow(a->mem, &claims, &a->cap_claims, a->n_claims + 1, sizeof *a->claims, gasp_limit(CLAIMS));
    a->claims = claims;
    if (err == GASP_OK)
        a->claims[a->n_claims++] = (claim){.outpoint = *outpoint, .id = *id, .result = (uint8_t)result};
    return or_lost(a, err);
}

gasp_result account_result(const account *a)
{
    gasp_result worst = a->lost ? GASP_RESULT_PARTIAL : GASP_RESULT_COMPLETE;
    for (size_t i = 0; i < a->n_claims; i++)
        if (!a->claims[i].gone && a->claims[i].result > worst)
            worst = (gasp_result)a->claims[i].result;
    return worst;
}

gasp_err account_lacks(account *a, const gasp_outpoint *outpoint)
{
    return or_lost(a, gasp_map_put(&a->lacks, NULL, NULL, outpoint));
}

/* ---- ranges -------------------------------------------------------------------------------------------------------- */

static int compare(const gasp_item_id *a, const gasp_item_id *b)
{
    return memcmp(a->b, b->b, sizeof a->b);
}

/* Bound i is tagged SHA-256 of the key and i; ascending. */
static void make_bounds(gasp_item_id bounds[BOUNDS], const uint8_t key[GASP_BOUNDS_KEY_LEN])
{
    for (size_t i = 0; i < BOUNDS; i++) {
        gasp_sha256 ctx;
        gasp_item_id bound;
        const uint8_t number = (uint8_t)i;
        gasp_sha256_tagged_init(&ctx, "gasp/bounds/1");
        gasp_sha256_update(&ctx, key, GASP_BOUNDS_KEY_LEN);
        gasp_sha256_update(&ctx, &number, 1);
        gasp_sha256_final(&ctx, bound.b);
        size_t at = i;
        for (; at > 0 && compare(&bounds[at - 1], &bound) > 0; at--)
            bounds[at] = bounds[at - 1];
        bounds[at] = bound;
    }
}

/* The range of an outpoint id: how many bounds are at or below it. */
static size_t range_of(const gasp_item_id bounds[BOUNDS], const gasp_item_id *outpoint_id)
{
    size_t at = 0;
    while (at < BOUNDS && compare(&bounds[at], outpoint_id) <= 0)
        at++;
    return at;
}

static void sum_items(range ranges[GASP_PRINTS], const gasp_items *items, const gasp_item_id bounds[BOUNDS])
{
    for (size_t pos = 0; pos < items->len; pos++) {
        range *of = &ranges[range_of(bounds, gasp_items_outpoint_id(items, pos))];
        of->sum = gasp_sum_add(of->sum, gasp_sum_of_id(&items->item[pos].id));
        of->count++;
    }
}

static void print_ranges(uint8_t out[GASP_PRINTS][GASP_PRINT_LEN], const range ranges[GASP_PRINTS])
{
    for (size_t i = 0; i < GASP_PRINTS; i++)
        gasp_sum_fingerprint(out[i], ranges[i].sum, ranges[i].count);
}

void account_prints(uint8_t out[GASP_PRINTS][GASP_PRINT_LEN], const gasp_items *items,
                    const uint8_t key[GASP_BOUNDS_KEY_LEN])
{
    gasp_item_id bounds[BOUNDS];
    range ranges[GASP_PRINTS] = {0};
    make_bounds(bounds, key);
    sum_items(ranges, items, bounds);
    print_ranges(out, ranges);
}

/* ---- the two lists ------------------------------------------------------------------------------------------------- */

static bool in_lacks(const account *a, const gasp_outpoint *outpoint)
{
    return gasp_map_get(&a->lacks, outpoint) != NULL;
}

/* One item that the peer holds and we do not, or that we hold by now: then it is in neither list. Where we hold the output in
 * another state the peer has ours, because we sent it, unless it said that it lacks it, or could not be sent it any more; or
 * we refused its own: then ours was nothing new to it, or the next round has what it made of both. */
static gasp_err add_claim(range ranges[GASP_PRINTS], account *a, const gasp_items *items,
                          const gasp_item_id bounds[BOUNDS], const claim *c, bool last)
{
    gasp_item_id outpoint_id;
    size_t pos;
    gasp_item_id_of_outpoint(&outpoint_id, &c->outpoint);
    gasp_err err = gasp_items_find_outpoint(items, &pos, &outpoint_id);
    if (err != GASP_OK && err != GASP_ABSENT)
        return err;
    if (err == GASP_OK && compare(&items->item[pos].id, &c->id) == 0) {
        (void)gasp_map_del(&a->lacks, &c->outpoint); /* it lacked the one that we had before */
        return GASP_OK;
    }
    if (err == GASP_OK) {
        if (!last && c->result == GASP_RESULT_COMPLETE && !in_lacks(a, &c->outpoint))
            return GASP_OK;
        err = account_lacks(a, &c->outpoint);
    }
    range *of = &ranges[range_of(bounds, &outpoint_id)];
    of->sum = gasp_sum_add(of->sum, gasp_sum_of_id(&c->id));
    of->count++;
    return err == GASP_ABSENT ? GASP_OK : err;
}

static gasp_err take_lacks(range ranges[GASP_PRINTS], const account *a, const gasp_items *items,
                           const gasp_item_id bounds[BOUNDS])
{
    size_t at = 0;
    const void *key;
    while (gasp_map_next(&a->lacks, &at, &key, NULL)) {
        gasp_outpoint outpoint;
        gasp_item_id outpoint_id;
        size_t pos;
        memcpy(&outpoint, key, sizeof outpoint);
        gasp_item_id_of_outpoint(&outpoint_id, &outpoint);
        gasp_err err = gasp_items_find_outpoint(items, &pos, &outpoint_id);
        if (err == GASP_ABSENT)
            continue;
        if (err != GASP_OK)
            return err;
        range *of = &ranges[range_of(bounds, &outpoint_id)];
        of->sum = gasp_sum_sub(of->sum, gasp_sum_of_id(&items->item[pos].id));
        of->count--;
    }
    return GASP_OK;
}

gasp_err account_holds(bool *out, account *a, const gasp_items *items, const uint8_t key[GASP_BOUNDS_KEY_LEN],
                       const uint8_t prints[GASP_PRINTS][GASP_PRINT_LEN], bool last)
{
    gasp_item_id bounds[BOUNDS];
    range ranges[GASP_PRINTS] = {0};
    uint8_t expected[GASP_PRINTS][GASP_PRINT_LEN];
    gasp_err err = GASP_OK;
    *out = false;
    if (a->lost)
        return GASP_OK;
    make_bounds(bounds, key);
    sum_items(ranges, items, bounds);
    for (size_t i = 0; err == GASP_OK && i < a->n_claims; i++)
        if (!a->claims[i].gone)
            err = add_claim(ranges, a, items, bounds, &a->claims[i], last);
    if (err == GASP_OK)
        err = take_lacks(ranges, a, items, bounds);
    if (err != GASP_OK)
        return err;
    print_ranges(expected, ranges);
    *out = memcmp(expected, prints, sizeof expected) == 0;
    return GASP_OK;
}
