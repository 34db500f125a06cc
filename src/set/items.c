/* The sealed set: arrays grown while items are added, then sorted once and summed. Items carry the row of what was
 * added, so that the wider arrays beside them are never moved. */
#include "set/items.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "set/sort.h"

_Static_assert(sizeof(gasp_item) + sizeof(gasp_sum) <= 80, "what the header says an item takes");

void gasp_items_init(gasp_items *items, gasp_match match, size_t max, const gasp_mem *mem)
{
    *items = (gasp_items){
        .match = match, .max = max < gasp_limit(ITEMS) ? max : gasp_limit(ITEMS), .mem = gasp_mem_or_default(mem)};
}

void gasp_items_clear(gasp_items *items)
{
    const gasp_mem *mem = gasp_mem_or_default(items->mem);
    gasp_mem_free(mem, items->by_id);
    if (items->owners == NULL || gasp_holders_drop(items->owners)) {
        gasp_mem_free(mem, items->item);
        gasp_mem_free(mem, items->before);
        gasp_mem_free(mem, items->outpoint);
        gasp_mem_free(mem, items->outpoint_id);
        gasp_mem_free(mem, items->by_outpoint);
        gasp_mem_free(mem, items->owners);
    }
    gasp_items_init(items, items->match, items->max, mem);
}

/* Room for one more element of one of the arrays. */
static gasp_err room(gasp_items *items, void **array, size_t which, size_t size)
{
    return gasp_mem_grow(items->mem, array, &items->cap[which], items->len + 1, size, items->max);
}

gasp_err gasp_items_add(gasp_items *items, uint64_t time, const gasp_item_id *id, const gasp_item_id *outpoint_id,
                        const gasp_outpoint *outpoint)
{
    bool state = items->match == GASP_MATCH_STATE;
    if (items->sealed || time == GASP_BOUND_INFINITY || (state && outpoint_id == NULL))
        return GASP_ERR_MISUSE;
    void *item = items->item;
    void *outpoints = items->outpoint;
    void *ids = items->outpoint_id;
    gasp_err err = room(items, &item, 0, sizeof *items->item);
    items->item = item;
    if (err == GASP_OK)
        err = room(items, &outpoints, 1, sizeof *items->outpoint);
    items->outpoint = outpoints;
    if (err == GASP_OK && state)
        err = room(items, &ids, 2, sizeof *items->outpoint_id);
    items->outpoint_id = ids;
    if (err != GASP_OK)
        return err;
    items->item[items->len] = (gasp_item){.time = time, .id = *id, .row = (uint32_t)items->len};
    items->outpoint[items->len] = *outpoint;
    if (state)
        items->outpoint_id[items->len] = *outpoint_id;
    items->len++;
    return GASP_OK;
}

static int order_items(const void *a, const void *b, const void *user)
{
    const gasp_item *x = a;
    const gasp_item *y = b;
    (void)user;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return memcmp(x->id.b, y->id.b, sizeof x->id.b);
}

static gasp_err sum_up(gasp_items *items)
{
    items->before = gasp_mem_zalloc_array(items->mem, items->len + 1, sizeof *items->before);
    if (items->before == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; i < items->len; i++)
        items->before[i + 1] = gasp_sum_add(items->before[i], gasp_sum_of_id(&items->item[i].id));
    items->sealed = true;
    return GASP_OK;
}

gasp_err gasp_items_seal(gasp_items *items)
{
    if (items->sealed)
        return GASP_ERR_MISUSE;
    gasp_err err = gasp_sort(items->item, items->len, sizeof *items->item, order_items, NULL, items->mem);
    if (err != GASP_OK)
        return err;
    for (size_t i = 1; i < items->len; i++)
        if (order_items(&items->item[i - 1], &items->item[i], NULL) == 0)
            return GASP_ERR_MISUSE;
    return sum_up(items);
}

gasp_err gasp_items_share(gasp_items *out, gasp_items *from)
{
    gasp_err err = gasp_items_index_outpoints(from);
    gasp_items_init(out, from->match, from->max, from->mem);
    if (err != GASP_OK)
        return err;
    if (from->owners == NULL) {
        from->owners = gasp_mem_zalloc(from->mem, sizeof *from->owners);
        if (from->owners == NULL)
            return GASP_ERR_NOMEM;
        gasp_holders_init(from->owners);
    }
    gasp_holders_add(from->owners);
    *out = *from;
    out->by_id = NULL;
    return GASP_OK;
}

/* ---- a change ------------------------------------------------------------------------------------------------------ */

#define GONE UINT32_MAX

/* Two sets that become one; places: of their positions in it, GONE for what does not come along. */
typedef struct merging {
    const gasp_items *set[2];
    uint32_t *places[2];
    gasp_items *out;
} merging;

static gasp_err mark_gone(const merging *m, size_t *n_found, const gasp_item_id gone[], size_t n_gone)
{
    for (size_t i = 0; i < n_gone; i++) {
        size_t pos;
        gasp_err err = gasp_items_find_outpoint(m->set[0], &pos, &gone[i]);
        if (err != GASP_OK && err != GASP_ABSENT)
            return err;
        if (err == GASP_ABSENT || m->places[0][pos] == GONE)
            continue;
        m->places[0][pos] = GONE;
        ++*n_found;
    }
    return GASP_OK;
}

/* Room for exactly n items, in arrays that are filled by position. */
static gasp_err make_room(gasp_items *out, size_t n)
{
    void *item = NULL, *outpoint = NULL, *id = NULL, *order = NULL;
    size_t cap_order = 0;
    if (n > out->max)
        return GASP_ERR_LIMIT;
    gasp_err err = gasp_mem_grow(out->mem, &item, &out->cap[0], n, sizeof *out->item, n);
    out->item = item;
    if (err == GASP_OK)
        err = gasp_mem_grow(out->mem, &outpoint, &out->cap[1], n, sizeof *out->outpoint, n);
    out->outpoint = outpoint;
    if (err == GASP_OK && out->match == GASP_MATCH_STATE)
        err = gasp_mem_grow(out->mem, &id, &out->cap[2], n, sizeof *out->outpoint_id, n);
    out->outpoint_id = id;
    if (err == GASP_OK)
        err = gasp_mem_grow(out->mem, &order, &cap_order, n > 0 ? n : 1, sizeof *out->by_outpoint, n > 0 ? n : 1);
    out->by_outpoint = order;
    return err;
}

static void take_item(const merging *m, size_t which, size_t pos)
{
    const gasp_items *from = m->set[which];
    gasp_items *out = m->out;
    size_t to = out->len++;
    out->item[to] = from->item[pos];
    out->item[to].row = (uint32_t)to;
    out->outpoint[to] = *gasp_items_outpoint(from, pos);
    if (out->outpoint_id != NULL)
        out->outpoint_id[to] = *gasp_items_outpoint_id(from, pos);
    m->places[which][pos] = (uint32_t)to;
}

/* In the order of items. */
static gasp_err merge_items(const merging *m)
{
    const gasp_items *a = m->set[0];
    const gasp_items *b = m->set[1];
    for (size_t i = 0, k = 0; i < a->len || k < b->len;) {
        if (i < a->len && m->places[0][i] == GONE) {
            i++;
            continue;
        }
        int order = i == a->len ? 1 : (k == b->len ? -1 : order_items(&a->item[i], &b->item[k], NULL));
        if (order == 0)
            return GASP_ERR_MISUSE;
        if (order < 0)
            take_item(m, 0, i++);
        else
            take_item(m, 1, k++);
    }
    return GASP_OK;
}

/* In the order of outpoint ids. */
static gasp_err merge_outpoints(const merging *m)
{
    const gasp_items *a = m->set[0];
    const gasp_items *b = m->set[1];
    size_t n = 0;
    for (size_t i = 0, k = 0; i < a->len || k < b->len;) {
        if (i < a->len && m->places[0][a->by_outpoint[i]] == GONE) {
            i++;
            continue;
        }
        int order = i == a->len ? 1 : -1;
        if (i < a->len && k < b->len)
            order = memcmp(gasp_items_outpoint_id(a, a->by_outpoint[i])->b,
                           gasp_items_outpoint_id(b, b->by_outpoint[k])->b, sizeof(gasp_item_id));
        if (order == 0)
            return GASP_ERR_MISUSE;
        m->out->by_outpoint[n++] = order < 0 ? m->places[0][a->by_outpoint[i++]] : m->places[1][b->by_outpoint[k++]];
    }
    return GASP_OK;
}

gasp_err gasp_items_change(gasp_items *out, gasp_items *from, const gasp_item_id gone[], size_t n_gone,
                           gasp_items *added)
{
    merging m = {.set = {from, added}, .out = out};
    size_t n_found = 0;
    gasp_items_init(out, from->match, from->max, from->mem);
    if (from->match != added->match || !from->sealed || !added->sealed)
        return GASP_ERR_MISUSE;
    m.places[0] = gasp_mem_zalloc_array(from->mem, from->len + added->len, sizeof *m.places[0]);
    gasp_err err = m.places[0] != NULL ? gasp_items_index_outpoints(from) : GASP_ERR_NOMEM;
    m.places[1] = m.places[0] != NULL ? m.places[0] + from->len : NULL;
    if (err == GASP_OK)
        err = gasp_items_index_outpoints(added);
    if (err == GASP_OK)
        err = mark_gone(&m, &n_found, gone, n_gone);
    if (err == GASP_OK)
        err = make_room(out, from->len - n_found + added->len);
    if (err == GASP_OK)
        err = merge_items(&m);
    if (err == GASP_OK)
        err = merge_outpoints(&m);
    if (err == GASP_OK)
        err = sum_up(out);
    gasp_mem_free(from->mem, m.places[0]);
    if (err != GASP_OK)
        gasp_items_clear(out);
    return err;
}

/* ---- questions ----------------------------------------------------------------------------------------------------- */

const gasp_outpoint *gasp_items_outpoint(const gasp_items *items, size_t pos)
{
    return &items->outpoint[items->item[pos].row];
}

const gasp_item_id *gasp_items_outpoint_id(const gasp_items *items, size_t pos)
{
    const gasp_item *item = &items->item[pos];
    return items->outpoint_id != NULL ? &items->outpoint_id[item->row] : &item->id;
}

int gasp_item_compare(const gasp_item *item, const gasp_bound *bound)
{
    if (item->time != bound->time)
        return item->time < bound->time ? -1 : 1;
    return memcmp(item->id.b, bound->id.b, sizeof item->id.b);
}

size_t gasp_items_lower_bound(const gasp_items *items, size_t from, const gasp_bound *bound)
{
    size_t low = from;
    size_t high = items->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (gasp_item_compare(&items->item[mid], bound) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

gasp_sum gasp_items_sum(const gasp_items *items, size_t begin, size_t end)
{
    return gasp_sum_sub(items->before[end], items->before[begin]);
}

void gasp_items_fingerprint(uint8_t out[16], const gasp_items *items, size_t begin, size_t end)
{
    gasp_sum_fingerprint(out, gasp_items_sum(items, begin, end), end - begin);
}

void gasp_items_summary(gasp_set_summary *out, const gasp_items *items)
{
    gasp_sum sum = gasp_items_sum(items, 0, items->len);
    out->count = items->len;
    gasp_sum_encode(out->sum, sum);
    gasp_sum_fingerprint(out->fingerprint, sum, items->len);
}
