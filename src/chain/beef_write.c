/* Making a BEEF: what is added is kept as it comes; canonicalise brings it into the one form that its contents have.
 * The new form is built aside and put in place at the end, so that an error changes nothing. The walk that orders
 * parents before children has a stack of its own: its depth is the peer's choice. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "chain/beef.h"

static void mark_changed(gasp_beef *beef)
{
    beef->changed = true;
    beef->as_given = false;
    gasp_mem_free(beef->mem, beef->order);
    beef->order = NULL;
}

void gasp_beef_set_subject(gasp_beef *beef, const gasp_txid *txid)
{
    beef->atomic = true;
    beef->subject = *txid;
}

gasp_err gasp_beef_add_bump_take(gasp_beef *beef, size_t *index, gasp_bump *bump)
{
    void *bumps = beef->bumps;
    gasp_err err = gasp_mem_grow(beef->mem, &bumps, &beef->cap_bumps, beef->n_bumps + 1, sizeof(gasp_bump *),
                                 gasp_limit(BEEF_BUMPS));
    beef->bumps = (gasp_bump **)bumps;
    if (err != GASP_OK)
        return err;
    *index = beef->n_bumps;
    beef->bumps[beef->n_bumps++] = bump;
    mark_changed(beef);
    return GASP_OK;
}

static gasp_err add_row(gasp_beef *beef, const gasp_beef_row *row)
{
    void *rows = beef->rows;
    gasp_err err =
        gasp_mem_grow(beef->mem, &rows, &beef->cap_rows, beef->n_rows + 1, sizeof(gasp_beef_row), gasp_limit(BEEF_TXS));
    beef->rows = (gasp_beef_row *)rows;
    if (err != GASP_OK)
        return err;
    beef->rows[beef->n_rows++] = *row;
    mark_changed(beef);
    return GASP_OK;
}

/* row: what is known of it; a copy that it holds is the BEEF's on GASP_OK and is freed otherwise. */
static gasp_err add_tx(gasp_beef *beef, gasp_bytes raw, gasp_beef_row row)
{
    gasp_err err = GASP_ERR_BEEF_BUMP_INDEX;
    if (row.bump == GASP_BEEF_NO_BUMP || row.bump < beef->n_bumps)
        err = gasp_tx_decode(&row.tx, raw, beef->mem, NULL);
    if (err == GASP_OK) {
        row.txid = row.tx->txid;
        err = add_row(beef, &row);
    }
    if (err != GASP_OK)
        gasp_beef_row_clear(beef, &row);
    return err;
}

gasp_err gasp_beef_add_tx_view(gasp_beef *beef, gasp_bytes raw, size_t bump)
{
    return add_tx(beef, raw, (gasp_beef_row){.bump = bump});
}

gasp_err gasp_beef_add_tx_copy(gasp_beef *beef, gasp_bytes raw, size_t bump)
{
    if (raw.len > gasp_limit(TX_BYTES))
        return GASP_ERR_TX_TOO_LARGE;
    uint8_t *copy = (uint8_t *)gasp_mem_copy(beef->mem, raw.data, raw.len);
    if (copy == NULL)
        return GASP_ERR_NOMEM;
    return add_tx(beef, (gasp_bytes){copy, raw.len}, (gasp_beef_row){.copy = copy, .bump = bump});
}

gasp_err gasp_beef_add_txid(gasp_beef *beef, const gasp_txid *txid)
{
    if (beef->version == 1)
        return GASP_ERR_BEEF_TXID_ONLY;
    gasp_beef_row row = {.txid = *txid, .bump = GASP_BEEF_NO_BUMP};
    return add_row(beef, &row);
}

/* What canonicalise builds. */
typedef struct canonical {
    gasp_bump **bumps;
    size_t n_bumps;
    size_t *bump_order; /* the old BUMPs by height and root */
    size_t *bump_now;   /* old index -> new index */
    const gasp_bump **group;
    gasp_beef_row *rows; /* borrow what they hold from the old rows until the end */
    size_t n_rows;
    struct frame *stack;
    uint8_t *colour; /* of each place in the order */
} canonical;

/* One transaction on the path that the walk stands on, and the input that it looks at next. */
typedef struct frame {
    size_t place;
    size_t input;
} frame;

enum {
    NEW = 0,
    OPEN = 1, /* on the path: meeting it again closes a cycle */
    WRITTEN = 2
};

static bool bump_less(const void *ctx, size_t a, size_t b)
{
    const gasp_beef *beef = (const gasp_beef *)ctx;
    int order = gasp_beef_compare_blocks(beef->bumps[a], beef->bumps[b]);
    return order != 0 ? order < 0 : a < b;
}

/* One BUMP for each block, in order. */
static gasp_err merge_bumps(const gasp_beef *beef, canonical *c, uint64_t *item)
{
    for (size_t i = 0; i < beef->n_bumps; i++)
        c->bump_order[i] = i;
    gasp_beef_sort(c->bump_order, beef->n_bumps, bump_less, beef);
    size_t i = 0;
    while (i < beef->n_bumps) {
        size_t n = 0;
        *item = c->bump_order[i];
        const gasp_bump *first = beef->bumps[c->bump_order[i]];
        while (i < beef->n_bumps && gasp_beef_compare_blocks(first, beef->bumps[c->bump_order[i]]) == 0) {
            c->group[n++] = beef->bumps[c->bump_order[i]];
            c->bump_now[c->bump_order[i++]] = c->n_bumps;
        }
        gasp_err err = gasp_bump_merge(&c->bumps[c->n_bumps], c->group, n, beef->mem);
        if (err != GASP_OK)
            return err;
        c->n_bumps++;
    }
    return GASP_OK;
}

static void write_row(const gasp_beef *beef, canonical *c, size_t place)
{
    gasp_beef_row *row = &c->rows[c->n_rows++];
    *row = beef->rows[beef->order[place]];
    if (row->bump != GASP_BEEF_NO_BUMP)
        row->bump = c->bump_now[row->bump];
    c->colour[place] = WRITTEN;
}

/* Writes the transaction at `place` after all its ancestors that are not yet written. */
static gasp_err write_with_ancestors(const gasp_beef *beef, canonical *c, size_t place, uint64_t *item)
{
    size_t depth = 0;
    c->colour[place] = OPEN;
    c->stack[depth++] = (frame){place, 0};
    while (depth > 0) {
        frame *top = &c->stack[depth - 1];
        const gasp_tx *tx = beef->rows[beef->order[top->place]].tx;
        if (tx == NULL || top->input == tx->n_in) {
            write_row(beef, c, top->place);
            depth--;
            continue;
        }
        size_t parent = gasp_beef_place(beef, &tx->in[top->input++].prev.txid);
        if (parent == beef->n_rows || c->colour[parent] == WRITTEN)
            continue;
        *item = beef->order[parent];
        if (c->colour[parent] == OPEN)
            return GASP_ERR_BEEF_CYCLE;
        c->colour[parent] = OPEN;
        c->stack[depth++] = (frame){parent, 0};
    }
    return GASP_OK;
}

/* Whether the place is the first of its txid: the row that tells most. */
static bool is_best(const gasp_beef *beef, size_t place)
{
    if (place == 0)
        return true;
    const gasp_txid *before = &beef->rows[beef->order[place - 1]].txid;
    return memcmp(before, &beef->rows[beef->order[place]].txid, sizeof *before) != 0;
}

static gasp_err order_rows(const gasp_beef *beef, canonical *c, uint64_t *item)
{
    for (size_t place = 0; place < beef->n_rows; place++) {
        if (!is_best(beef, place) || c->colour[place] != NEW)
            continue;
        gasp_err err = write_with_ancestors(beef, c, place, item);
        if (err != GASP_OK)
            return err;
    }
    return GASP_OK;
}

static gasp_err reserve(const gasp_beef *beef, canonical *c)
{
    const gasp_mem *mem = beef->mem;
    c->bumps = (gasp_bump **)gasp_mem_zalloc_array(mem, beef->n_bumps, sizeof *c->bumps);
    c->bump_order = (size_t *)gasp_mem_zalloc_array(mem, beef->n_bumps, sizeof *c->bump_order);
    c->bump_now = (size_t *)gasp_mem_zalloc_array(mem, beef->n_bumps, sizeof *c->bump_now);
    c->group = (const gasp_bump **)gasp_mem_zalloc_array(mem, beef->n_bumps, sizeof *c->group);
    c->rows = (gasp_beef_row *)gasp_mem_zalloc_array(mem, beef->n_rows, sizeof *c->rows);
    c->stack = (frame *)gasp_mem_zalloc_array(mem, beef->n_rows, sizeof *c->stack);
    c->colour = (uint8_t *)gasp_mem_zalloc(mem, beef->n_rows);
    bool all = c->bumps != NULL && c->bump_order != NULL && c->bump_now != NULL && c->group != NULL &&
               c->rows != NULL && c->stack != NULL && c->colour != NULL;
    return all ? GASP_OK : GASP_ERR_NOMEM;
}

/* Puts the new form in place; what it replaces is left in c, to be freed. */
static void exchange(gasp_beef *beef, canonical *c)
{
    for (size_t place = 0; place < beef->n_rows; place++)
        if (!is_best(beef, place))
            gasp_beef_row_clear(beef, &beef->rows[beef->order[place]]);
    gasp_beef_row *rows = beef->rows;
    gasp_bump **bumps = beef->bumps;
    size_t n_bumps = beef->n_bumps;
    beef->cap_rows = beef->n_rows;
    beef->cap_bumps = n_bumps;
    beef->rows = c->rows;
    beef->n_rows = c->n_rows;
    beef->bumps = c->bumps;
    beef->n_bumps = c->n_bumps;
    beef->as_given = false;
    beef->changed = false;
    gasp_beef_order_into(beef, beef->order);
    c->rows = rows;
    c->bumps = bumps;
    c->n_bumps = n_bumps;
}

static void canonical_clear(const gasp_beef *beef, canonical *c)
{
    for (size_t i = 0; i < c->n_bumps; i++)
        gasp_bump_free(c->bumps[i]);
    gasp_mem_free(beef->mem, c->bumps);
    gasp_mem_free(beef->mem, c->bump_order);
    gasp_mem_free(beef->mem, c->bump_now);
    gasp_mem_free(beef->mem, c->group);
    gasp_mem_free(beef->mem, c->rows);
    gasp_mem_free(beef->mem, c->stack);
    gasp_mem_free(beef->mem, c->colour);
}

gasp_err gasp_beef_canonicalise(gasp_beef *beef, gasp_fault *fault)
{
    canonical c = {0};
    uint64_t item = 0;
    gasp_err err = GASP_OK;
    if (beef->order == NULL) {
        size_t *order = NULL;
        err = gasp_beef_order(beef, &order);
        beef->order = order;
    }
    if (err == GASP_OK)
        err = reserve(beef, &c);
    if (err == GASP_OK)
        err = merge_bumps(beef, &c, &item);
    if (err == GASP_OK)
        err = order_rows(beef, &c, &item);
    if (err == GASP_OK)
        exchange(beef, &c);
    else if (fault != NULL)
        *fault = (gasp_fault){err, 0, item};
    canonical_clear(beef, &c);
    return err;
}
