/* The sealed set: arrays grown while items are added, then sorted once and summed. Items carry the row of what was
 * added, so that the wider arrays beside them are never moved. */
#include "set/items.h"

#include <string.h>

#include "base/mem.h"
#include "set/sort.h"

_Static_assert(sizeof(gasp_item) + sizeof(gasp_sum) <= 80, "what the header says an item takes");

void gasp_items_init(gasp_items *items, gasp_match match, size_t max, const gasp_mem *mem)
{
    *items = (gasp_items){
        .match = match, .max = max < GASP_ITEMS_MAX ? max : GASP_ITEMS_MAX, .mem = gasp_mem_or_default(mem)};
}

void gasp_items_clear(gasp_items *items)
{
    const gasp_mem *mem = gasp_mem_or_default(items->mem);
    gasp_mem_free(mem, items->item);
    gasp_mem_free(mem, items->before);
    gasp_mem_free(mem, items->outpoint);
    gasp_mem_free(mem, items->outpoint_id);
    gasp_mem_free(mem, items->by_id);
    gasp_mem_free(mem, items->by_outpoint);
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
    items->before = gasp_mem_zalloc_array(items->mem, items->len + 1, sizeof *items->before);
    if (items->before == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; i < items->len; i++)
        items->before[i + 1] = gasp_sum_add(items->before[i], gasp_sum_of_id(&items->item[i].id));
    items->sealed = true;
    return GASP_OK;
}

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
