/* The sealed set against plain loops: order, range sums, bounds, both indexes; its refusals; what sealing 100,000
 * costs. */
#include "set/items.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/data.h"
#include "lib/random.h"

static void fill(gasp_items *items, gasp_match match, size_t n, test_random *r)
{
    gasp_items_init(items, match, n, NULL);
    for (size_t i = 0; i < n; i++) {
        gasp_item_id id;
        gasp_item_id outpoint_id;
        gasp_outpoint outpoint = {.vout = (uint32_t)i};
        test_random_fill(r, id.b, 32);
        test_random_fill(r, outpoint_id.b, 32);
        if (test_random_below(r, 4) == 0) /* equal first eight bytes: the rest decides */
            memset(outpoint_id.b, 7, 8);
        if (test_random_below(r, 4) == 0)
            memset(id.b, 7, 8);
        assert_err(gasp_items_add(items, test_random_below(r, n / 3 + 1), &id,
                                  match == GASP_MATCH_STATE ? &outpoint_id : NULL, &outpoint),
                   GASP_OK);
    }
    assert_err(gasp_items_seal(items), GASP_OK);
}

static int compare(const gasp_item *a, const gasp_item *b)
{
    return a->time != b->time ? (a->time < b->time ? -1 : 1) : memcmp(a->id.b, b->id.b, 32);
}

static void check_sums(const gasp_items *items, test_random *r)
{
    for (int i = 0; i < 50; i++) {
        size_t begin = (size_t)test_random_below(r, items->len + 1);
        size_t end = begin + (size_t)test_random_below(r, items->len + 1 - begin);
        gasp_sum naive = {{0}};
        for (size_t at = begin; at < end; at++)
            naive = gasp_sum_add(naive, gasp_sum_of_id(&items->item[at].id));
        gasp_sum sum = gasp_items_sum(items, begin, end);
        assert_memory_equal(&sum, &naive, sizeof sum);
    }
}

static void check_bounds(const gasp_items *items, test_random *r)
{
    for (int i = 0; i < 200; i++) {
        gasp_bound bound = {.time = test_random_below(r, items->len / 3 + 2)};
        test_random_fill(r, bound.id.b, test_random_below(r, 3));
        if (items->len > 0 && test_random_below(r, 2) == 0)
            bound.id = items->item[test_random_below(r, items->len)].id;
        size_t expected = 0;
        while (expected < items->len && gasp_item_compare(&items->item[expected], &bound) < 0)
            expected++;
        assert_int_equal(gasp_items_lower_bound(items, 0, &bound), expected);
        size_t from = (size_t)test_random_below(r, items->len + 1);
        assert_int_equal(gasp_items_lower_bound(items, from, &bound), from > expected ? from : expected);
    }
    const gasp_bound infinity = {.time = GASP_BOUND_INFINITY};
    assert_int_equal(gasp_items_lower_bound(items, 0, &infinity), items->len);
}

static void check_indexes(gasp_items *items)
{
    assert_err(gasp_items_index_ids(items), GASP_OK);
    assert_err(gasp_items_index_outpoints(items), GASP_OK);
    assert_err(gasp_items_index_outpoints(items), GASP_OK);
    gasp_sum naive = {{0}};
    for (size_t n = 0; n < items->len; n++) {
        size_t pos = items->len;
        assert_err(gasp_items_find(items, &pos, &items->item[n].id), GASP_OK);
        assert_int_equal(pos, n);
        assert_err(gasp_items_find_outpoint(items, &pos, gasp_items_outpoint_id(items, n)), GASP_OK);
        assert_int_equal(pos, n);
        assert_int_equal(gasp_items_outpoint(items, n)->vout, items->item[n].row);
        pos = gasp_items_nth_outpoint(items, n);
        naive = gasp_sum_add(naive, gasp_sum_of_id(&items->item[pos].id));
        assert_int_equal(gasp_items_above_outpoint(items, gasp_items_outpoint_id(items, pos)), n + 1);
        if (n + 1 < items->len)
            assert_true(memcmp(gasp_items_outpoint_id(items, pos)->b,
                               gasp_items_outpoint_id(items, gasp_items_nth_outpoint(items, n + 1))->b, 32) < 0);
    }
    gasp_sum sum = gasp_items_sum_outpoints(items, 0, items->len);
    assert_memory_equal(&sum, &naive, sizeof sum);
    const gasp_item_id absent = {{0}};
    size_t pos = 99;
    assert_err(gasp_items_find(items, &pos, &absent), GASP_ABSENT);
    assert_err(gasp_items_find_outpoint(items, &pos, &absent), GASP_ABSENT);
    assert_int_equal(pos, 99);
}

static void against_loops(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 7, 8, 9, 64, 1000};
    test_random r = test_random_start("items");
    for (size_t s = 0; s < 2 * sizeof sizes / sizeof sizes[0]; s++) {
        gasp_items items;
        fill(&items, s % 2 == 0 ? GASP_MATCH_STATE : GASP_MATCH_OUTPOINT, sizes[s / 2], &r);
        assert_int_equal(items.len, sizes[s / 2]);
        for (size_t i = 1; i < items.len; i++)
            assert_true(compare(&items.item[i - 1], &items.item[i]) < 0);
        check_sums(&items, &r);
        check_bounds(&items, &r);
        check_indexes(&items);
        gasp_items_clear(&items);
    }
}

/* Sets that share: each answers as long as it lives, whichever ends first. */
static void shared(void **state)
{
    (void)state;
    test_random r = test_random_start("items, shared");
    gasp_items first, second, third;
    gasp_set_summary a, b;
    fill(&first, GASP_MATCH_STATE, 300, &r);
    assert_err(gasp_items_index_ids(&first), GASP_OK);
    assert_err(gasp_items_share(&second, &first), GASP_OK);
    assert_err(gasp_items_share(&third, &second), GASP_OK);
    gasp_items_summary(&a, &first);
    check_indexes(&second);
    gasp_items_clear(&first);
    check_indexes(&third);
    gasp_items_clear(&second);
    check_sums(&third, &r);
    gasp_items_summary(&b, &third);
    assert_true(gasp_set_summary_equal(&a, &b));
    gasp_items_clear(&third);
    gasp_items_init(&first, GASP_MATCH_STATE, 10, NULL);
    assert_err(gasp_items_share(&second, &first), GASP_ERR_MISUSE);
    gasp_items_clear(&first);
}

/* The set that has the items of `all` whose flag is set, made from nothing. */
static void make_some(gasp_items *out, const gasp_items *all, const bool in[])
{
    gasp_items_init(out, all->match, GASP_ITEMS_MAX, NULL);
    for (size_t i = 0; i < all->len; i++)
        if (in[i])
            assert_err(gasp_items_add(out, all->item[i].time, &all->item[i].id, gasp_items_outpoint_id(all, i),
                                      gasp_items_outpoint(all, i)),
                       GASP_OK);
    assert_err(gasp_items_seal(out), GASP_OK);
}

static void assert_same_set(gasp_items *a, gasp_items *b)
{
    assert_int_equal(a->len, b->len);
    assert_err(gasp_items_index_outpoints(b), GASP_OK);
    for (size_t i = 0; i < a->len; i++) {
        assert_true(a->item[i].time == b->item[i].time);
        assert_memory_equal(a->item[i].id.b, b->item[i].id.b, 32);
        assert_memory_equal(gasp_items_outpoint(a, i), gasp_items_outpoint(b, i), sizeof(gasp_outpoint));
        assert_memory_equal(gasp_items_outpoint_id(a, i)->b, gasp_items_outpoint_id(b, i)->b, 32);
        assert_int_equal(gasp_items_nth_outpoint(a, i), gasp_items_nth_outpoint(b, i));
    }
    assert_memory_equal(a->before, b->before, (a->len + 1) * sizeof *a->before);
}

/* A changed set is the one that would be made anew; what it was made from is what it was. */
static void changed(void **state)
{
    (void)state;
    enum { ALL = 200 };
    static bool was[ALL], is[ALL], more[ALL];
    static gasp_item_id gone[ALL + 1];
    test_random r = test_random_start("items, changed");
    size_t steps = 0;
    for (int round = 0; round < 100; round++) {
        gasp_match match = round % 2 == 0 ? GASP_MATCH_STATE : GASP_MATCH_OUTPOINT;
        gasp_items all, from, same, added, next, want;
        size_t n_gone = 1;
        uint64_t part = 1 + test_random_below(&r, 9);
        fill(&all, match, (size_t)test_random_below(&r, ALL + 1), &r);
        memset(gone[0].b, 3, 32); /* one that is not there */
        for (size_t i = 0; i < all.len; i++) {
            was[i] = test_random_below(&r, part) != 0;
            is[i] = test_random_below(&r, part) != 0;
            more[i] = is[i] && !was[i];
            if (was[i] && !is[i])
                gone[n_gone++] = *gasp_items_outpoint_id(&all, i);
        }
        make_some(&from, &all, was);
        make_some(&same, &all, was);
        make_some(&added, &all, more);
        make_some(&want, &all, is);
        assert_err(gasp_items_change(&next, &from, gone, n_gone, &added), GASP_OK);
        assert_same_set(&next, &want);
        assert_same_set(&from, &same);
        gasp_items_clear(&same);
        steps += n_gone + added.len;
        if (added.len > 0) /* they are there now */
            assert_err(gasp_items_change(&same, &want, NULL, 0, &added), GASP_ERR_MISUSE);
        gasp_items_clear(&all);
        gasp_items_clear(&from);
        gasp_items_clear(&added);
        gasp_items_clear(&next);
        gasp_items_clear(&want);
    }
    printf("count: 100 sets changed, %zu items gone or added\n", steps);
}

static void changes_refused(void **state)
{
    (void)state;
    test_random r = test_random_start("items, changes refused");
    gasp_items a, b, open, out;
    fill(&a, GASP_MATCH_STATE, 5, &r);
    fill(&b, GASP_MATCH_OUTPOINT, 5, &r);
    gasp_items_init(&open, GASP_MATCH_STATE, 5, NULL);
    assert_err(gasp_items_change(&out, &a, NULL, 0, &b), GASP_ERR_MISUSE);
    assert_err(gasp_items_change(&out, &a, NULL, 0, &open), GASP_ERR_MISUSE);
    assert_err(gasp_items_change(&out, &open, NULL, 0, &a), GASP_ERR_MISUSE);
    gasp_items_clear(&b);
    fill(&b, GASP_MATCH_STATE, 5, &r);
    assert_err(gasp_items_change(&out, &a, NULL, 0, &b), GASP_ERR_LIMIT); /* five at most */
    gasp_items_clear(&a);
    gasp_items_clear(&b);
    gasp_items_clear(&open);
}

static void refusals(void **state)
{
    (void)state;
    const gasp_item_id id = {{1}};
    const gasp_outpoint outpoint = {0};
    gasp_items items;
    size_t pos = 0;
    gasp_items_init(&items, GASP_MATCH_STATE, 2, NULL);
    assert_err(gasp_items_add(&items, GASP_BOUND_INFINITY, &id, &id, &outpoint), GASP_ERR_MISUSE);
    assert_err(gasp_items_add(&items, 1, &id, NULL, &outpoint), GASP_ERR_MISUSE);
    assert_err(gasp_items_index_ids(&items), GASP_ERR_MISUSE);
    assert_err(gasp_items_add(&items, GASP_BOUND_INFINITY - 1, &id, &id, &outpoint), GASP_OK);
    assert_err(gasp_items_add(&items, 1, &id, &id, &outpoint), GASP_OK);
    assert_err(gasp_items_add(&items, 2, &id, &id, &outpoint), GASP_ERR_LIMIT);
    assert_err(gasp_items_seal(&items), GASP_OK);
    assert_err(gasp_items_seal(&items), GASP_ERR_MISUSE);
    assert_err(gasp_items_add(&items, 2, &id, &id, &outpoint), GASP_ERR_MISUSE);
    assert_err(gasp_items_find(&items, &pos, &id), GASP_ERR_MISUSE);
    assert_err(gasp_items_find_outpoint(&items, &pos, &id), GASP_ERR_MISUSE);
    gasp_items_clear(&items);
    for (int i = 0; i < 2; i++)
        assert_err(gasp_items_add(&items, 5, &id, &id, &outpoint), GASP_OK);
    assert_err(gasp_items_seal(&items), GASP_ERR_MISUSE);
    assert_false(items.sealed);
    gasp_items_clear(&items);
}

/* The heap until `left` calls were made. */
static void *counted(void *user, size_t len)
{
    int *left = user;
    return (*left)-- > 0 ? malloc(len) : NULL;
}

static void *counted_more(void *user, void *block, size_t len)
{
    int *left = user;
    return (*left)-- > 0 ? realloc(block, len) : NULL;
}

static void released(void *user, void *block)
{
    (void)user;
    free(block);
}

static void memory_runs_out(void **state)
{
    (void)state;
    int enough = 0;
    for (int calls = 0; enough == 0; calls++) {
        int left = calls;
        const gasp_mem mem = {sizeof mem, &left, counted, counted_more, released};
        const gasp_outpoint outpoint = {0};
        gasp_items items;
        gasp_err err = GASP_OK;
        gasp_items_init(&items, GASP_MATCH_STATE, 100, &mem);
        for (uint8_t i = 0; i < 20 && err == GASP_OK; i++) {
            const gasp_item_id id = {{(uint8_t)(100 - i)}};
            err = gasp_items_add(&items, 0, &id, &id, &outpoint);
        }
        if (err == GASP_OK)
            err = gasp_items_seal(&items);
        if (err == GASP_OK)
            err = gasp_items_index_ids(&items);
        if (err == GASP_OK)
            err = gasp_items_index_outpoints(&items);
        if (err == GASP_OK)
            enough = calls;
        else
            assert_err(err, GASP_ERR_NOMEM);
        gasp_items_clear(&items);
        assert_true(calls < 100);
    }
    printf("count: items: %d allocations, each failed once\n", enough);
}

static double ms_since(const struct timespec *start)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)(now.tv_sec - start->tv_sec) * 1e3 + (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

static void cost(void **state)
{
    (void)state;
    enum { N = 100000 };
    test_random r = test_random_start("cost");
    gasp_items items;
    struct timespec start;
    gasp_items_init(&items, GASP_MATCH_STATE, N, NULL);
    for (size_t i = 0; i < N; i++) {
        gasp_item_id id;
        const gasp_outpoint outpoint = {0};
        test_random_fill(&r, id.b, 32);
        assert_err(gasp_items_add(&items, i % 1000, &id, &id, &outpoint), GASP_OK);
    }
    timespec_get(&start, TIME_UTC);
    assert_err(gasp_items_seal(&items), GASP_OK);
    printf("items: sealing %d took %.1f ms", N, ms_since(&start));
    timespec_get(&start, TIME_UTC);
    assert_err(gasp_items_index_outpoints(&items), GASP_OK);
    printf(", the outpoint order %.1f ms", ms_since(&start));
    timespec_get(&start, TIME_UTC);
    uint8_t fingerprint[16];
    for (size_t i = 0; i < N; i++)
        gasp_items_fingerprint(fingerprint, &items, i / 2, i);
    printf(", a fingerprint %.2f us\n", ms_since(&start) * 1e3 / N);
    gasp_items_clear(&items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_loops), cmocka_unit_test(shared),
        cmocka_unit_test(changed),       cmocka_unit_test(changes_refused),
        cmocka_unit_test(refusals),      cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
