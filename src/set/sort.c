/* Bottom-up merge sort: runs of a fixed length by insertion, then runs are merged in pairs between the array and a
 * second one until a single run is left. No recursion. */
#include "set/sort.h"

#include <string.h>

#include "base/mem.h"

enum {
    RUN = 8,           /* elements sorted by insertion before the merging begins */
    ELEMENT_MAX = 128, /* bytes of the longest element that is sorted here */
};

typedef struct sorter {
    size_t n;
    size_t size;
    gasp_sort_order order;
    const void *user;
} sorter;

static bool is_sorted(const sorter *s, const uint8_t *at)
{
    for (size_t i = 1; i < s->n; i++)
        if (s->order(at + (i - 1) * s->size, at + i * s->size, s->user) > 0)
            return false;
    return true;
}

static void insertion(const sorter *s, uint8_t *at, size_t n)
{
    uint8_t moved[ELEMENT_MAX];
    for (size_t i = 1; i < n; i++) {
        size_t to = i;
        while (to > 0 && s->order(at + (to - 1) * s->size, at + i * s->size, s->user) > 0)
            to--;
        if (to == i)
            continue;
        memcpy(moved, at + i * s->size, s->size);
        memmove(at + (to + 1) * s->size, at + to * s->size, (i - to) * s->size);
        memcpy(at + to * s->size, moved, s->size);
    }
}

/* Elements [from, mid) and [mid, end) of `in`, each sorted, to the same places of `out`. */
static void merge(const sorter *s, uint8_t *out, const uint8_t *in, size_t from, size_t mid, size_t end)
{
    const uint8_t *left = in + from * s->size;
    const uint8_t *right = in + mid * s->size;
    const uint8_t *left_end = right;
    const uint8_t *right_end = in + end * s->size;
    uint8_t *to = out + from * s->size;
    while (left < left_end && right < right_end) {
        const uint8_t **least = s->order(right, left, s->user) < 0 ? &right : &left;
        memcpy(to, *least, s->size);
        *least += s->size;
        to += s->size;
    }
    memcpy(to, left, (size_t)(left_end - left));
    to += left_end - left;
    memcpy(to, right, (size_t)(right_end - right));
}

gasp_err gasp_sort(void *elements, size_t n, size_t size, gasp_sort_order order, const void *user, const gasp_mem *mem)
{
    const sorter s = {n, size, order, user};
    if (size > ELEMENT_MAX)
        return GASP_ERR_MISUSE;
    if (is_sorted(&s, elements))
        return GASP_OK;
    uint8_t *second = gasp_mem_zalloc_array(mem, n, size);
    if (second == NULL)
        return GASP_ERR_NOMEM;
    uint8_t *in = elements;
    uint8_t *out = second;
    for (size_t from = 0; from < n; from += RUN)
        insertion(&s, in + from * size, n - from < RUN ? n - from : RUN);
    for (size_t run = RUN; run < n; run *= 2) {
        for (size_t from = 0; from < n; from += 2 * run) {
            size_t mid = n - from < run ? n : from + run;
            size_t end = n - mid < run ? n : mid + run;
            merge(&s, out, in, from, mid, end);
        }
        uint8_t *swapped = in;
        in = out;
        out = swapped;
    }
    if (in != elements)
        memcpy(elements, in, n * size);
    gasp_mem_free(mem, second);
    return GASP_OK;
}
