/* Two further orders over a sealed set, each an array of positions: by item id (a peer names items without their time)
 * and by outpoint id (parts of filters). With match=outpoint all times are commonly 0 and both are the set's own order;
 * the index is built all the same, so that other times are no special case. */
#include <string.h>

#include "base/mem.h"
#include "set/items.h"
#include "set/sort.h"

/* What an order goes by: the item's own id, or its outpoint's. */
typedef const gasp_item_id *(*id_at)(const gasp_items *items, size_t pos);

typedef struct ordered {
    uint64_t prefix; /* first bytes of the id, big-endian: decides nearly always */
    uint32_t pos;
} ordered;

typedef struct order_by {
    const gasp_items *items;
    id_at id;
} order_by;

static const gasp_item_id *own_id(const gasp_items *items, size_t pos)
{
    return &items->item[pos].id;
}

static int compare(const gasp_item_id *a, const gasp_item_id *b)
{
    return memcmp(a->b, b->b, sizeof a->b);
}

static int order_ordered(const void *a, const void *b, const void *user)
{
    const ordered *x = a;
    const ordered *y = b;
    const order_by *by = user;
    if (x->prefix != y->prefix)
        return x->prefix < y->prefix ? -1 : 1;
    return compare(by->id(by->items, x->pos), by->id(by->items, y->pos));
}

static uint64_t prefix_of(const gasp_item_id *id)
{
    uint64_t prefix = 0;
    for (size_t i = 0; i < 8; i++)
        prefix = prefix << 8 | id->b[i];
    return prefix;
}

static gasp_err build(uint32_t **out, const gasp_items *items, id_at id)
{
    const order_by by = {items, id};
    if (!items->sealed)
        return GASP_ERR_MISUSE;
    if (*out != NULL)
        return GASP_OK;
    gasp_err err = GASP_ERR_NOMEM;
    ordered *sorting = gasp_mem_zalloc_array(items->mem, items->len, sizeof *sorting);
    uint32_t *order = gasp_mem_zalloc_array(items->mem, items->len, sizeof *order);
    if (sorting == NULL || order == NULL)
        goto out;
    for (size_t i = 0; i < items->len; i++)
        sorting[i] = (ordered){prefix_of(id(items, i)), (uint32_t)i};
    err = gasp_sort(sorting, items->len, sizeof *sorting, order_ordered, &by, items->mem);
    if (err != GASP_OK)
        goto out;
    for (size_t i = 0; i < items->len; i++)
        order[i] = sorting[i].pos;
    *out = order;
    order = NULL;
out:
    gasp_mem_free(items->mem, sorting);
    gasp_mem_free(items->mem, order);
    return err;
}

/* The first place of an order whose id is not below (or, with `above`, is above) wanted. */
static size_t place(const gasp_items *items, const uint32_t *order, id_at id, const gasp_item_id *wanted, bool above)
{
    size_t low = 0;
    size_t high = items->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int found = compare(id(items, order[mid]), wanted);
        if (found < 0 || (above && found == 0))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static gasp_err find(const gasp_items *items, size_t *pos, const uint32_t *order, id_at id, const gasp_item_id *wanted)
{
    if (order == NULL)
        return GASP_ERR_MISUSE;
    size_t at = place(items, order, id, wanted, false);
    if (at == items->len || compare(id(items, order[at]), wanted) != 0)
        return GASP_ABSENT;
    *pos = order[at];
    return GASP_OK;
}

gasp_err gasp_items_index_ids(gasp_items *items)
{
    return build(&items->by_id, items, own_id);
}

gasp_err gasp_items_find(const gasp_items *items, size_t *pos, const gasp_item_id *id)
{
    return find(items, pos, items->by_id, own_id, id);
}

gasp_err gasp_items_index_outpoints(gasp_items *items)
{
    return build(&items->by_outpoint, items, gasp_items_outpoint_id);
}

gasp_err gasp_items_find_outpoint(const gasp_items *items, size_t *pos, const gasp_item_id *outpoint_id)
{
    return find(items, pos, items->by_outpoint, gasp_items_outpoint_id, outpoint_id);
}

size_t gasp_items_nth_outpoint(const gasp_items *items, size_t n)
{
    return items->by_outpoint[n];
}

size_t gasp_items_above_outpoint(const gasp_items *items, const gasp_item_id *id)
{
    return place(items, items->by_outpoint, gasp_items_outpoint_id, id, true);
}

gasp_sum gasp_items_sum_outpoints(const gasp_items *items, size_t begin, size_t end)
{
    gasp_sum sum = {{0}};
    for (size_t n = begin; n < end; n++)
        sum = gasp_sum_add(sum, gasp_sum_of_id(&items->item[items->by_outpoint[n]].id));
    return sum;
}
