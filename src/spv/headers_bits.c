/* Difficulty. Everything is exact integer arithmetic on 256 bits, and the order of multiplication, division and
 * rounding to nBits is the node's: one unit off is another chain. Reads the window only; never allocates, never fails:
 * it is called when the window lacks nothing. */
#include "spv/headers_bits.h"

#include <string.h>

#include "spv/work.h"

enum {
    SPACING_S = 600,                 /* ten minutes a header */
    PERIOD = GASP_HEADER_WINDOW_MAX, /* headers between classic retargets */
    PERIOD_S = PERIOD * SPACING_S,   /* two weeks */
    CLASSIC_FACTOR = 4,              /* a classic retarget stays within a quarter and four times */
    DAA_SPAN = 144,                  /* headers that cw-144 measures */
    DAA_SHORTEST_S = 72 * SPACING_S, /* and the bounds of what it takes for their time */
    DAA_LONGEST_S = 288 * SPACING_S,
    EDA_BACK = 6,                    /* headers that EDA measures */
    EDA_S = 12 * 3600,               /* at this median time or more for them it fires */
    MIN_DIFFICULTY_S = 2 * SPACING_S /* test network: later than this after the header before */
};

size_t gasp_header_bits_need(const gasp_network_rules *rules, uint64_t height)
{
    size_t need = GASP_HEADER_WINDOW_MAX;
    if (rules->no_retarget)
        need = GASP_HEADER_MEDIAN;
    else if (height > rules->daa_height)
        need = GASP_HEADER_WINDOW_DAA;
    return height < need ? (size_t)height : need;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

static uint32_t capped_bits(const gasp_u256 *target, uint32_t limit_bits)
{
    gasp_u256 limit;
    if (!gasp_target_from_bits(&limit, limit_bits) || gasp_u256_compare(target, &limit) > 0)
        return limit_bits;
    return gasp_target_to_bits(target);
}

uint32_t gasp_bits_classic(uint32_t bits, uint32_t first_time, uint32_t last_time, uint32_t limit_bits)
{
    int64_t span =
        clamp((int64_t)last_time - first_time, PERIOD_S / CLASSIC_FACTOR, (int64_t)PERIOD_S * CLASSIC_FACTOR);
    const gasp_u256 period = gasp_u256_of(PERIOD_S);
    gasp_u256 target;
    if (!gasp_target_from_bits(&target, bits))
        return limit_bits;
    /* At most 2^224 * 2^23 on the networks that retarget: nothing is lost. */
    gasp_u256_mul(&target, &target, (uint32_t)span);
    gasp_u256_divide(&target, NULL, &target, &period);
    return capped_bits(&target, limit_bits);
}

uint32_t gasp_bits_emergency(uint32_t bits, uint32_t limit_bits)
{
    gasp_u256 target, quarter;
    if (!gasp_target_from_bits(&target, bits))
        return limit_bits;
    gasp_u256_shift_right(&quarter, &target, 2);
    gasp_u256_add(&target, &target, &quarter);
    return capped_bits(&target, limit_bits);
}

uint32_t gasp_bits_cw144(const gasp_header_row *first, const gasp_header_row *last, uint32_t limit_bits)
{
    int64_t span = clamp((int64_t)last->time - first->time, DAA_SHORTEST_S, DAA_LONGEST_S);
    const gasp_u256 seconds = gasp_u256_of((uint64_t)span);
    gasp_u256 work = gasp_u256_from_be(last->work.be), before = gasp_u256_from_be(first->work.be), target;
    gasp_u256_sub(&work, &work, &before);
    gasp_u256_mul(&work, &work, SPACING_S);
    gasp_u256_divide(&work, NULL, &work, &seconds);
    gasp_target_from_work(&target, &work);
    return capped_bits(&target, limit_bits);
}

/* The middle one, by time, of the three that end `back` headers before the last. Which of two equal times is taken
 * matters, since their work differs: the exchanges and their order are the node's. */
static const gasp_header_row *middle_of_three(const gasp_header_window *w, size_t back)
{
    const gasp_header_row *a = gasp_header_window_row(w, back + 2), *b = gasp_header_window_row(w, back + 1),
                          *c = gasp_header_window_row(w, back), *swap;
    if (a->time > c->time) {
        swap = a;
        a = c;
        c = swap;
    }
    if (a->time > b->time) {
        swap = a;
        a = b;
        b = swap;
    }
    return b->time > c->time ? c : b;
}

uint32_t gasp_header_window_median(const gasp_header_window *w, size_t back)
{
    uint32_t times[GASP_HEADER_MEDIAN];
    size_t n = 0;
    for (const gasp_header_row *row; n < GASP_HEADER_MEDIAN && (row = gasp_header_window_row(w, back + n)) != NULL; n++)
        times[n] = row->time;
    /* As many as there are: the window lacks nothing, so fewer than 11 means that genesis is among them. */
    return gasp_header_median_time(times, n, (uint32_t)n - 1);
}

/* The last target that the 20-minute rule did not set: back to the start of the period at most. */
static uint32_t last_ordinary_bits(const gasp_header_window *w)
{
    uint64_t height = w->next - 1;
    const gasp_header_row *row = gasp_header_window_row(w, 0), *before;
    for (size_t back = 1; height % PERIOD != 0 && row->bits == w->rules->limit_bits; back++, height--) {
        before = gasp_header_window_row(w, back);
        if (before == NULL)
            break;
        row = before;
    }
    return row->bits;
}

static uint32_t next_bits_classic(const gasp_header_window *w, const gasp_header_row *last, bool late)
{
    uint32_t limit = w->rules->limit_bits;
    if (w->next % PERIOD == 0)
        return gasp_bits_classic(last->bits, gasp_header_window_row(w, PERIOD - 1)->time, last->time, limit);
    if (w->rules->min_difficulty)
        return late ? limit : last_ordinary_bits(w);
    if (last->bits == limit || w->next <= EDA_BACK)
        return last->bits;
    int64_t took = (int64_t)gasp_header_window_median(w, 0) - gasp_header_window_median(w, EDA_BACK);
    return took < EDA_S ? last->bits : gasp_bits_emergency(last->bits, limit);
}

uint32_t gasp_header_next_bits(const gasp_header_window *w, uint32_t time)
{
    const gasp_header_row *last = gasp_header_window_row(w, 0);
    uint32_t limit = w->rules->limit_bits;
    if (last == NULL)
        return limit;
    if (w->rules->no_retarget)
        return last->bits;
    bool late = w->rules->min_difficulty && time > (uint64_t)last->time + MIN_DIFFICULTY_S;
    if (w->next <= w->rules->daa_height)
        return next_bits_classic(w, last, late);
    return late ? limit : gasp_bits_cw144(middle_of_three(w, DAA_SPAN), middle_of_three(w, 0), limit);
}
