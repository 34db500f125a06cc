/* The window over the last headers, and the rules in their fixed order. Invariants: rows[first .. first + n_rows) of
 * the ring are the headers next - n_rows .. next - 1; `work` is the last row's; a step that was answered GASP_OK links
 * to `last`. Must never answer a later rule's error while an earlier rule is broken. */
#include "spv/headers.h"

#include <string.h>

#include "base/mem.h"
#include "spv/headers_bits.h"
#include "spv/work.h"

static void reset(gasp_header_window *w)
{
    w->first = 0;
    w->n_rows = 0;
    w->next = 0;
    w->last = (gasp_block_hash){{0}};
    w->work = (gasp_work){{0}};
    w->pinned = false;
    w->decree = false;
}

gasp_err gasp_header_window_init(gasp_header_window *w, gasp_network network, const gasp_mem *mem)
{
    *w = (gasp_header_window){.rules = gasp_network_rules_of(network), .mem = gasp_mem_or_default(mem)};
    if (w->rules == NULL)
        return GASP_ERR_MISUSE;
    w->rows = gasp_mem_zalloc_array(w->mem, GASP_HEADER_WINDOW_MAX, sizeof *w->rows);
    return w->rows != NULL ? GASP_OK : GASP_ERR_NOMEM;
}

void gasp_header_window_clear(gasp_header_window *w)
{
    if (w == NULL)
        return;
    if (w->rows != NULL)
        gasp_mem_free(w->mem, w->rows);
    *w = (gasp_header_window){0};
}

const gasp_header_row *gasp_header_window_row(const gasp_header_window *w, size_t back)
{
    if (back >= w->n_rows)
        return NULL;
    return &w->rows[(w->first + w->n_rows - 1 - back) % GASP_HEADER_WINDOW_MAX];
}

size_t gasp_header_window_lacks(const gasp_header_window *w)
{
    size_t need = gasp_header_bits_need(w->rules, w->next);
    if (w->pinned && w->next <= w->pin.height)
        return 0;
    if (w->decree)
        return need > 1 ? need - 1 : 1;
    return need > w->n_rows ? need - w->n_rows : 0;
}

uint32_t gasp_header_median_time(const uint32_t *times, size_t n_times, uint32_t height)
{
    uint32_t sorted[GASP_HEADER_MEDIAN];
    size_t n = height < GASP_HEADER_MEDIAN - 1 ? (size_t)height + 1 : GASP_HEADER_MEDIAN;
    if (n_times < n)
        return times[0] > GASP_HEADER_FUTURE_S ? times[0] - GASP_HEADER_FUTURE_S : 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && sorted[at - 1] > times[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = times[i];
    }
    return sorted[n / 2];
}

/* ---- one header ----------------------------------------------------------------------------------------------- */

static gasp_err check_target(gasp_u256 *target, const gasp_network_rules *rules, uint32_t bits)
{
    gasp_u256 limit;
    if (!gasp_target_from_bits(target, bits) || !gasp_target_from_bits(&limit, rules->limit_bits) ||
        gasp_u256_compare(target, &limit) > 0)
        return GASP_ERR_HEADER_TARGET;
    return GASP_OK;
}

static gasp_err check_hash(const gasp_network_rules *rules, const gasp_header_step *step, const gasp_u256 *target)
{
    gasp_u256 hash = gasp_u256_from_le(step->hash.b);
    if (gasp_u256_compare(&hash, target) > 0)
        return GASP_ERR_HEADER_HASH;
    return gasp_network_checkpoint(rules, step->height, &step->hash);
}

/* What needs no other header. */
static gasp_err check_alone(const gasp_network_rules *rules, const gasp_header_step *step)
{
    gasp_u256 target;
    gasp_err err = gasp_network_version(rules, step->height, step->header.version);
    if (err == GASP_OK)
        err = check_target(&target, rules, step->header.bits);
    return err == GASP_OK ? check_hash(rules, step, &target) : err;
}

static gasp_err check_time(const gasp_header_window *w, const gasp_header *header, const gasp_time *now)
{
    if (w->n_rows > 0 && header->time <= gasp_header_window_median(w, 0))
        return GASP_ERR_HEADER_TIME;
    if (now != NULL && header->time > now->wall_ms / 1000 + GASP_HEADER_FUTURE_S)
        return GASP_ERR_HEADER_FUTURE;
    return GASP_OK;
}

/* Rules 2 to 6 for a header that is judged whole. */
static gasp_err check_whole(const gasp_header_window *w, const gasp_header_step *step, const gasp_time *now)
{
    const gasp_header *header = &step->header;
    gasp_u256 target;
    gasp_err err = gasp_network_version(w->rules, step->height, header->version);
    if (err != GASP_OK)
        return err;
    if (gasp_header_window_lacks(w) > 0)
        return GASP_ERR_HEADER_RUN_SHORT;
    err = check_time(w, header, now);
    if (err == GASP_OK)
        err = check_target(&target, w->rules, header->bits);
    if (err != GASP_OK)
        return err;
    if (header->bits != gasp_header_next_bits(w, header->time))
        return GASP_ERR_HEADER_BITS;
    return check_hash(w->rules, step, &target);
}

static gasp_header_step step_of(const uint8_t raw80[GASP_HEADER_LEN], uint32_t height)
{
    gasp_header_step step = {.height = height};
    gasp_header_decode(&step.header, raw80);
    gasp_header_hash(&step.hash, raw80);
    return step;
}

static bool same_hash(const gasp_block_hash *a, const gasp_block_hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* Up to the pin: the header stands by its link, as gasp_header_window_start_run saw it. */
static gasp_err check_linked(const gasp_header_window *w, const gasp_header_step *step)
{
    gasp_err err = check_alone(w->rules, step);
    if (err == GASP_OK && step->height == w->pin.height && !same_hash(&step->hash, &w->pin.hash))
        err = GASP_ERR_HEADER_PIN;
    return err;
}

gasp_err gasp_header_window_check(const gasp_header_window *w, gasp_header_step *step,
                                  const uint8_t raw80[GASP_HEADER_LEN], const gasp_time *now)
{
    if (w->next > UINT32_MAX)
        return GASP_ERR_LIMIT;
    gasp_header_step found = step_of(raw80, (uint32_t)w->next);
    if (!same_hash(&found.header.prev, &w->last))
        return GASP_ERR_HEADER_LINK;
    found.linked = w->pinned && w->next <= w->pin.height;
    gasp_err err = found.linked ? check_linked(w, &found) : check_whole(w, &found, now);
    if (err != GASP_OK)
        return err;
    gasp_work own;
    if (!gasp_work_of_bits(&own, found.header.bits) || gasp_work_add(&found.work, &w->work, &own))
        return GASP_ERR_LIMIT;
    *step = found;
    return GASP_OK;
}

gasp_err gasp_header_trust(gasp_header_step *step, const gasp_network_rules *rules, uint32_t height,
                           const uint8_t raw80[GASP_HEADER_LEN])
{
    gasp_header_step found = step_of(raw80, height);
    gasp_err err = check_alone(rules, &found);
    if (err == GASP_OK)
        *step = found;
    return err;
}

/* ---- what the window holds ------------------------------------------------------------------------------------ */

static void append(gasp_header_window *w, uint32_t height, const gasp_block_hash *hash, const gasp_header_row *row)
{
    if (w->n_rows == GASP_HEADER_WINDOW_MAX)
        w->first = (w->first + 1) % GASP_HEADER_WINDOW_MAX;
    else
        w->n_rows++;
    w->rows[(w->first + w->n_rows - 1) % GASP_HEADER_WINDOW_MAX] = *row;
    w->next = (uint64_t)height + 1;
    w->last = *hash;
    w->work = row->work;
}

gasp_err gasp_header_window_push(gasp_header_window *w, const gasp_header_step *step)
{
    if (step->height != w->next || !same_hash(&step->header.prev, &w->last))
        return GASP_ERR_MISUSE;
    const gasp_header_row row = {step->header.time, step->header.bits, step->work};
    append(w, step->height, &step->hash, &row);
    return GASP_OK;
}

void gasp_header_window_load(gasp_header_window *w, uint32_t height, const gasp_block_hash *hash,
                             const gasp_header_row *row)
{
    reset(w);
    append(w, height, hash, row);
}

gasp_err gasp_header_window_prepend(gasp_header_window *w, const gasp_header_row *row)
{
    if (w->n_rows == 0 || w->n_rows == GASP_HEADER_WINDOW_MAX || w->n_rows >= w->next)
        return GASP_ERR_MISUSE;
    w->first = (w->first + GASP_HEADER_WINDOW_MAX - 1) % GASP_HEADER_WINDOW_MAX;
    w->rows[w->first] = *row;
    w->n_rows++;
    return GASP_OK;
}

/* ---- the three starts ----------------------------------------------------------------------------------------- */

gasp_err gasp_header_window_start_genesis(gasp_header_window *w, gasp_header_step *step)
{
    uint8_t raw80[GASP_HEADER_LEN];
    gasp_network_genesis(raw80, w->rules);
    reset(w);
    if (gasp_header_window_check(w, step, raw80, NULL) != GASP_OK || gasp_header_window_push(w, step) != GASP_OK)
        return GASP_ERR_INTERNAL;
    return GASP_OK;
}

void gasp_header_window_start_trusted(gasp_header_window *w, const gasp_header_step *trusted)
{
    const gasp_header_row row = {trusted->header.time, trusted->header.bits, {{0}}};
    gasp_header_window_load(w, trusted->height, &trusted->hash, &row);
    w->decree = true;
}

/* Backwards from the pin: each header's hash is the one that the header after it names (at the pin: the pin's), and its
 * own work is taken off. *base: what the first header must name, and the work before it. */
static gasp_err check_run(gasp_header_pin *base, size_t *bad, const gasp_network_rules *rules, const uint8_t *run,
                          size_t n, const gasp_header_pin *pin)
{
    gasp_block_hash named = pin->hash;
    gasp_work left = pin->work, own;
    for (size_t i = n; i-- > 0;) {
        gasp_header_step step = step_of(run + i * GASP_HEADER_LEN, (uint32_t)(pin->height - (n - 1 - i)));
        *bad = i;
        if (!same_hash(&step.hash, &named)) {
            *bad = i == n - 1 ? i : i + 1;
            return i == n - 1 ? GASP_ERR_HEADER_PIN : GASP_ERR_HEADER_LINK;
        }
        gasp_err err = check_alone(rules, &step);
        if (err != GASP_OK)
            return err;
        if (!gasp_work_of_bits(&own, step.header.bits) || gasp_work_sub(&left, &left, &own))
            return GASP_ERR_HEADER_PIN;
        named = step.header.prev;
    }
    const gasp_work none = {{0}};
    base->hash = named;
    base->work = left;
    return base->height == 0 && gasp_work_compare(&left, &none) != 0 ? GASP_ERR_HEADER_PIN : GASP_OK;
}

gasp_err gasp_header_window_start_run(gasp_header_window *w, uint32_t first_height, gasp_bytes run,
                                      const gasp_header_pin *pin, gasp_fault *fault)
{
    size_t n = 0, bad = 0;
    reset(w);
    gasp_err err = gasp_header_count(&n, run, fault);
    if (err != GASP_OK)
        return err;
    if (pin->height < first_height || pin->height - first_height >= n)
        return GASP_ERR_MISUSE;
    n = (size_t)(pin->height - first_height) + 1;
    gasp_header_pin base = {.height = first_height};
    if (n < gasp_header_bits_need(w->rules, (uint64_t)pin->height + 1))
        err = GASP_ERR_HEADER_RUN_SHORT;
    else
        err = check_run(&base, &bad, w->rules, run.data, n, pin);
    if (err != GASP_OK) {
        if (fault != NULL)
            *fault = (gasp_fault){err, (uint64_t)bad * GASP_HEADER_LEN, bad};
        return err;
    }
    w->next = first_height;
    w->last = base.hash;
    w->work = base.work;
    w->pin = *pin;
    w->pinned = true;
    return GASP_OK;
}
