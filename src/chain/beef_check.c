/* Judges a BEEF that could be read: proofs name a path that holds them, an Atomic BEEF is about its subject. One pass
 * and one walk with a stack of its own; transactions that stand several times are walked once, so that repeating them
 * costs a peer's bytes and not our time. */
#include "base/mem.h"
#include "chain/beef.h"

static gasp_err found(gasp_fault *fault, gasp_err err, uint64_t at, uint64_t item)
{
    if (fault != NULL)
        *fault = (gasp_fault){err, at, item};
    return err;
}

static gasp_err check_leaves(const gasp_beef *beef, gasp_fault *fault)
{
    for (size_t i = 0; i < beef->n_rows; i++) {
        const gasp_beef_row *row = &beef->rows[i];
        uint64_t index = 0;
        if (row->bump != GASP_BEEF_NO_BUMP && gasp_bump_find(beef->bumps[row->bump], &index, &row->txid) != GASP_OK)
            return found(fault, GASP_ERR_PROOF_NOT_LEAF, row->at, i);
    }
    return GASP_OK;
}

/* Marks, in `seen`, the places in beef->order of the subject and all its ancestors. A place is pushed when it is
 * marked, so the stack never holds more than there are places. */
static void walk_ancestors(const gasp_beef *beef, size_t subject, uint8_t *seen, size_t *stack)
{
    size_t depth = 0;
    seen[subject] = 1;
    stack[depth++] = subject;
    while (depth > 0) {
        const gasp_tx *tx = beef->rows[beef->order[stack[--depth]]].tx;
        for (size_t i = 0; tx != NULL && i < tx->n_in; i++) {
            size_t parent = gasp_beef_place(beef, &tx->in[i].prev.txid);
            if (parent == beef->n_rows || seen[parent])
                continue;
            seen[parent] = 1;
            stack[depth++] = parent;
        }
    }
}

/* The first row, in the order of the BEEF, that the walk did not reach; n_rows when there is none. */
static size_t first_unrelated(const gasp_beef *beef, const uint8_t *seen)
{
    for (size_t i = 0; i < beef->n_rows; i++)
        if (!seen[gasp_beef_place(beef, &beef->rows[i].txid)])
            return i;
    return beef->n_rows;
}

static gasp_err check_subject(const gasp_beef *beef, gasp_fault *fault)
{
    enum {
        SUBJECT_AT = 4 /* behind the mark of Atomic */
    };
    size_t subject = gasp_beef_place(beef, &beef->subject);
    if (subject == beef->n_rows)
        return found(fault, GASP_ERR_BEEF_NO_SUBJECT, SUBJECT_AT, 0);
    size_t row = beef->order[subject];
    if (beef->rows[row].tx == NULL)
        return found(fault, GASP_ERR_BEEF_TXID_ONLY, beef->rows[row].at, row);
    gasp_err err = GASP_OK;
    uint8_t *seen = (uint8_t *)gasp_mem_zalloc(beef->mem, beef->n_rows);
    size_t *stack = (size_t *)gasp_mem_zalloc_array(beef->mem, beef->n_rows, sizeof *stack);
    if (seen == NULL || stack == NULL) {
        err = found(fault, GASP_ERR_NOMEM, 0, 0);
        goto out;
    }
    walk_ancestors(beef, subject, seen, stack);
    row = first_unrelated(beef, seen);
    if (row < beef->n_rows)
        err = found(fault, GASP_ERR_BEEF_UNRELATED, beef->rows[row].at, row);
out:
    gasp_mem_free(beef->mem, seen);
    gasp_mem_free(beef->mem, stack);
    return err;
}

gasp_err gasp_beef_check(const gasp_beef *beef, gasp_fault *fault)
{
    gasp_beef sorted = *beef;
    gasp_err err = check_leaves(beef, fault);
    if (err != GASP_OK || !beef->atomic)
        return err;
    if (beef->order == NULL) {
        err = gasp_beef_order(beef, &sorted.order);
        if (err != GASP_OK)
            return found(fault, err, 0, 0);
    }
    err = check_subject(&sorted, fault);
    if (beef->order == NULL)
        gasp_mem_free(beef->mem, sorted.order);
    return err;
}
