/* BEEF, writing: the canonical form is a fixed point and the same from any order, hand-written bytes, what the builder
 * refuses, cycles, depth, an allocator that gives up at every place, changed bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chain/beef.h"
#include "chain/cases.h"
#include "lib/random.h"

/* Parents before children, each txid once, BUMPs ascending and one for each block: read from the outside. */
static void assert_canonical(const gasp_beef *beef)
{
    gasp_beef_item item;
    for (size_t i = 0; i < gasp_beef_tx_count(beef); i++) {
        assert_err(gasp_beef_tx(beef, i, &item), GASP_OK);
        size_t at = 0;
        assert_err(gasp_beef_find(beef, &at, &item.txid), GASP_OK);
        assert_int_equal(at, i);
        for (size_t k = 0; item.tx != NULL && k < gasp_tx_in_count(item.tx); k++)
            if (gasp_beef_find(beef, &at, &gasp_tx_in(item.tx, k)->prev.txid) == GASP_OK)
                assert_true(at < i);
    }
    for (size_t i = 1; i < gasp_beef_bump_count(beef); i++) {
        const gasp_bump *a = gasp_beef_bump(beef, i - 1);
        const gasp_bump *b = gasp_beef_bump(beef, i);
        assert_true(gasp_bump_height(a) <= gasp_bump_height(b));
        gasp_merkle_root root_a = gasp_bump_root(a);
        gasp_merkle_root root_b = gasp_bump_root(b);
        assert_true(gasp_bump_height(a) < gasp_bump_height(b) || memcmp(&root_a, &root_b, sizeof root_a) < 0);
    }
}

static gasp_bytes canonical_bytes(gasp_bytes bytes)
{
    gasp_beef *beef = case_decode(bytes);
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    assert_canonical(beef);
    gasp_bytes out = case_encode(beef);
    gasp_beef_free(beef);
    return out;
}

static void canonical_is_fixed(void **state)
{
    (void)state;
    json_t *rows = case_corpus();
    size_t fixed = 0, already = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (json_object_get(row, "parsed") == NULL)
            continue;
        gasp_bytes given = test_hex(test_json_text(row, "hex"));
        gasp_bytes once = canonical_bytes(given);
        gasp_bytes twice = canonical_bytes(once);
        case_assert_same(once, twice);
        already += once.len == given.len && memcmp(once.data, given.data, once.len) == 0;
        fixed++;
        test_release(given);
        test_release(once);
        test_release(twice);
    }
    json_decref(rows);
    print_message("count: canonical: %zu fixed points, %zu were canonical as they came\n", fixed, already);
    assert_int_equal(fixed, 36);
}

/* Adds the contents of `from` to a new BEEF of V2 in random order, some twice, and gives its canonical bytes. */
static gasp_bytes shuffled(const gasp_beef *from, test_random *random, bool copies)
{
    gasp_beef *beef = NULL;
    assert_err(gasp_beef_new(&beef, 2, NULL), GASP_OK);
    size_t n_bumps = gasp_beef_bump_count(from);
    size_t *bump_at = calloc(n_bumps + 1, sizeof *bump_at);
    assert_non_null(bump_at);
    size_t first = n_bumps != 0 ? (size_t)test_random_below(random, n_bumps) : 0;
    for (size_t i = 0; i < 2 * n_bumps; i++) {
        size_t k = (first + i) % n_bumps;
        gasp_bump *copy = NULL;
        assert_err(gasp_bump_canonical(&copy, gasp_beef_bump(from, k), NULL), GASP_OK);
        assert_err(gasp_beef_add_bump_take(beef, &bump_at[k], copy), GASP_OK);
    }
    size_t n = gasp_beef_tx_count(from);
    size_t *order = calloc(2 * n + 1, sizeof *order);
    assert_non_null(order);
    for (size_t i = 0; i < 2 * n; i++) {
        size_t k = (size_t)test_random_below(random, i + 1);
        order[i] = order[k];
        order[k] = i % n;
    }
    for (size_t i = 0; i < 2 * n; i++) {
        gasp_beef_item item;
        assert_err(gasp_beef_tx(from, order[i], &item), GASP_OK);
        size_t bump = item.format == GASP_BEEF_PROVEN ? bump_at[item.bump] : GASP_BEEF_NO_BUMP;
        if (item.format == GASP_BEEF_TXID_ONLY || i % 5 == 0)
            assert_err(gasp_beef_add_txid(beef, &item.txid), GASP_OK);
        if (item.format == GASP_BEEF_TXID_ONLY)
            continue;
        gasp_bytes raw = gasp_tx_raw(item.tx);
        if (copies) {
            gasp_bytes lent = {malloc(raw.len), raw.len};
            assert_non_null(lent.data);
            memcpy((void *)(uintptr_t)lent.data, raw.data, raw.len);
            assert_err(gasp_beef_add_tx_copy(beef, lent, bump), GASP_OK);
            test_release(lent);
        } else {
            assert_err(gasp_beef_add_tx_view(beef, raw, bump), GASP_OK);
        }
    }
    size_t len = 0;
    assert_err(gasp_beef_encode(beef, NULL, 0, &len), GASP_ERR_MISUSE);
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    assert_canonical(beef);
    assert_int_equal(gasp_beef_tx_count(beef), n);
    gasp_bytes out = case_encode(beef);
    gasp_beef_free(beef);
    free(bump_at);
    free(order);
    return out;
}

static void canonical_from_any_order(void **state)
{
    (void)state;
    test_random random = test_random_start("BEEF, any order");
    /* Case 9 (V2, three BUMPs), 13 (two BUMPs), 16 (heights 905506 and 905906) and 19 (five BUMPs). */
    static const size_t which[] = {9, 13, 16, 19};
    for (size_t i = 0; i < sizeof which / sizeof which[0]; i++) {
        gasp_bytes given = case_beef(which[i]);
        gasp_beef *beef = case_decode(given);
        assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
        gasp_bytes expected = shuffled(beef, &random, false);
        for (unsigned round = 0; round < 20; round++) {
            gasp_bytes out = shuffled(beef, &random, round % 2 == 1);
            case_assert_same(out, expected);
            test_release(out);
        }
        gasp_beef_free(beef);
        test_release(expected);
        test_release(given);
    }
}

/* What the canonical form of a real one is, told by its parts: case 16 has one end, which comes last. */
static void end_comes_last(void **state)
{
    (void)state;
    gasp_bytes given = case_beef(16);
    gasp_beef *beef = case_decode(given);
    gasp_beef_item before, after;
    size_t n = gasp_beef_tx_count(beef);
    assert_err(gasp_beef_tx(beef, n - 1, &before), GASP_OK);
    gasp_txid end = before.txid;
    gasp_beef_set_subject(beef, &end);
    assert_err(gasp_beef_check(beef, NULL), GASP_OK);
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    assert_err(gasp_beef_tx(beef, gasp_beef_tx_count(beef) - 1, &after), GASP_OK);
    assert_memory_equal(&after.txid, &end, sizeof end);
    assert_err(gasp_beef_check(beef, NULL), GASP_OK);
    gasp_bytes out = case_encode(beef);
    assert_memory_equal(out.data, "\x01\x01\x01\x01", 4);
    assert_memory_equal(out.data + 4, end.b, sizeof end.b);
    assert_memory_equal(out.data + 36, "\x01\x00\xbe\xef", 4);
    test_release(out);
    gasp_beef_free(beef);
    test_release(given);
}

/* Case 16 has two transactions on one path. Taken apart into a path for each, it comes together again. */
static void paths_of_one_block(void **state)
{
    (void)state;
    gasp_bytes given = case_beef(16);
    gasp_bytes expected = canonical_bytes(given);
    gasp_beef *whole = case_decode(given);
    gasp_beef *beef = NULL;
    assert_err(gasp_beef_new(&beef, 1, NULL), GASP_OK);
    size_t proven = 0;
    for (size_t i = gasp_beef_tx_count(whole); i-- > 0;) {
        gasp_beef_item item;
        size_t index = GASP_BEEF_NO_BUMP;
        assert_err(gasp_beef_tx(whole, i, &item), GASP_OK);
        if (item.format == GASP_BEEF_PROVEN) {
            gasp_bump *one = NULL;
            assert_err(gasp_bump_trim(&one, gasp_beef_bump(whole, item.bump), &item.txid, 1, NULL), GASP_OK);
            assert_err(gasp_beef_add_bump_take(beef, &index, one), GASP_OK);
            proven++;
        }
        assert_err(gasp_beef_add_tx_view(beef, gasp_tx_raw(item.tx), index), GASP_OK);
    }
    assert_int_equal(proven, 3);
    assert_int_equal(gasp_beef_bump_count(beef), 3);
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    assert_int_equal(gasp_beef_bump_count(beef), 2);
    gasp_bytes out = case_encode(beef);
    case_assert_same(out, expected);
    test_release(out);
    gasp_beef_free(beef);
    gasp_beef_free(whole);
    test_release(expected);
    test_release(given);
}

/* Children before parents, in extended form, and named by txid beside it: the canonical bytes written out by hand. */
static void canonical_by_hand(void **state)
{
    (void)state;
    gasp_bytes ef = case_bytes(
        "01000000 0000000000ef 01 TXID 00000000 00 ffffffff 0300000000000000 01 52 01 0100000000000000 00 00000000");
    gasp_bytes tx = case_bytes("TX");
    gasp_bytes bump = case_bytes("BUMP");
    gasp_bytes expected =
        case_bytes("V2 01 BUMP 02 01 00 TX 00 01000000 01 TXID 00000000 00 ffffffff 01 0100000000000000 00 00000000");
    gasp_beef *beef = NULL;
    gasp_bump *path = NULL;
    size_t index = 9;
    assert_err(gasp_bump_decode(&path, bump, NULL, NULL), GASP_OK);
    assert_err(gasp_beef_new(&beef, 2, NULL), GASP_OK);
    assert_err(gasp_beef_add_tx_view(beef, ef, GASP_BEEF_NO_BUMP), GASP_OK);
    assert_err(gasp_beef_add_bump_take(beef, &index, path), GASP_OK);
    assert_int_equal(index, 0);
    gasp_txid txid;
    memcpy(txid.b, bump.data + 5, sizeof txid.b);
    assert_err(gasp_beef_add_txid(beef, &txid), GASP_OK);
    assert_err(gasp_beef_add_tx_copy(beef, tx, GASP_BEEF_NO_BUMP), GASP_OK);
    assert_err(gasp_beef_add_tx_view(beef, tx, 0), GASP_OK);
    size_t at = 9;
    assert_err(gasp_beef_find(beef, &at, &txid), GASP_OK);
    assert_int_equal(at, 3);
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    assert_err(gasp_beef_find(beef, &at, &txid), GASP_OK);
    assert_int_equal(at, 0);
    txid.b[0] ^= 1;
    assert_err(gasp_beef_find(beef, &at, &txid), GASP_ABSENT);
    gasp_bytes out = case_encode(beef);
    case_assert_same(out, expected);
    test_release(out);
    gasp_beef_free(beef);
    test_release(expected);
    test_release(bump);
    test_release(tx);
    test_release(ef);
}

static void builder_errors(void **state)
{
    (void)state;
    gasp_beef *beef = NULL;
    gasp_txid txid = {{1}};
    gasp_bytes tx = case_bytes("TX");
    assert_err(gasp_beef_new(&beef, 3, NULL), GASP_ERR_MISUSE);
    assert_err(gasp_beef_new(&beef, 1, NULL), GASP_OK);
    assert_err(gasp_beef_add_txid(beef, &txid), GASP_ERR_BEEF_TXID_ONLY);
    assert_err(gasp_beef_add_tx_view(beef, tx, 0), GASP_ERR_BEEF_BUMP_INDEX);
    assert_err(gasp_beef_add_tx_copy(beef, tx, 0), GASP_ERR_BEEF_BUMP_INDEX);
    assert_err(gasp_beef_add_tx_view(beef, (gasp_bytes){tx.data, tx.len - 1}, GASP_BEEF_NO_BUMP), GASP_ERR_SHORT);
    assert_err(gasp_beef_add_tx_copy(beef, (gasp_bytes){tx.data, (size_t)GASP_TX_MAX + 1}, GASP_BEEF_NO_BUMP),
               GASP_ERR_TX_TOO_LARGE);
    assert_int_equal(gasp_beef_tx_count(beef), 0);
    gasp_beef_set_subject(beef, &txid);
    assert_err(gasp_beef_add_tx_view(beef, tx, GASP_BEEF_NO_BUMP), GASP_OK);
    assert_err(gasp_beef_check(beef, NULL), GASP_ERR_BEEF_NO_SUBJECT);
    gasp_beef_free(beef);
    gasp_beef_free(NULL);
    test_release(tx);
}

/* No bytes give a cycle, so two transactions are made each other's parents behind the decoder's back. */
static void cycle(void **state)
{
    (void)state;
    gasp_bytes given =
        case_bytes("V2 00 02 00 TX 00 01000000 01 TXID 00000000 00 ffffffff 01 0100000000000000 00 00000000");
    gasp_beef *beef = case_decode(given);
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    beef->rows[0].tx->in[0].prev.txid = beef->rows[1].txid;
    gasp_fault fault = {0};
    assert_err(gasp_beef_canonicalise(beef, &fault), GASP_ERR_BEEF_CYCLE);
    assert_int_equal(fault.err, GASP_ERR_BEEF_CYCLE);
    assert_true(fault.item < 2);
    assert_int_equal(gasp_beef_tx_count(beef), 2);
    /* The judge's walk ends on a cycle too. */
    gasp_beef_set_subject(beef, &beef->rows[1].txid);
    assert_err(gasp_beef_check(beef, NULL), GASP_OK);
    gasp_beef_free(beef);
    test_release(given);
}

/* Paths of one height and root whose trees differ in height: level 0 of the one is level 1 of the other. */
static void not_the_same_tree(void **state)
{
    (void)state;
    gasp_bytes deep = case_bytes("07 01 02 00 02 ONES 01 00 TWOS");
    gasp_bump *high = NULL, *low = NULL;
    assert_err(gasp_bump_decode(&high, deep, NULL, NULL), GASP_OK);
    gasp_merkle_root root = gasp_bump_root(high);
    char text[2 * sizeof root.b + 1];
    char words[sizeof text + 16];
    gasp_hex_encode(text, root.b, sizeof root.b);
    snprintf(words, sizeof words, "07 01 01 00 02 %s", text);
    gasp_bytes flat = case_bytes(words);
    assert_err(gasp_bump_decode(&low, flat, NULL, NULL), GASP_OK);
    gasp_beef *beef = NULL;
    size_t index = 0;
    gasp_fault fault = {0};
    assert_err(gasp_beef_new(&beef, 1, NULL), GASP_OK);
    assert_err(gasp_beef_add_bump_take(beef, &index, high), GASP_OK);
    assert_err(gasp_beef_add_bump_take(beef, &index, low), GASP_OK);
    assert_err(gasp_beef_canonicalise(beef, &fault), GASP_ERR_BUMP_NOT_SAME);
    assert_true(fault.item < 2);
    assert_int_equal(gasp_beef_bump_count(beef), 2);
    gasp_beef_free(beef);
    test_release(flat);
    test_release(deep);
}

/* A chain of 20,000 transactions, last first: walks are iterative, and their order is the reverse of what was given. */
static void deep_chain(void **state)
{
    (void)state;
    enum { N = 20000 };
    gasp_beef *beef = NULL;
    assert_err(gasp_beef_new(&beef, 1, NULL), GASP_OK);
    gasp_bytes tx = case_bytes("TX");
    gasp_txid last = {{0}};
    for (size_t i = 0; i < N; i++) {
        if (i > 0)
            memcpy((uint8_t *)(uintptr_t)tx.data + 5, last.b, sizeof last.b);
        assert_err(gasp_beef_add_tx_copy(beef, tx, GASP_BEEF_NO_BUMP), GASP_OK);
        last = beef->rows[i].txid;
    }
    for (size_t i = 0; i < N / 2; i++) {
        gasp_beef_row row = beef->rows[i];
        beef->rows[i] = beef->rows[N - 1 - i];
        beef->rows[N - 1 - i] = row;
    }
    gasp_beef_set_subject(beef, &last);
    assert_err(gasp_beef_check(beef, NULL), GASP_OK);
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    assert_canonical(beef);
    assert_memory_equal(&beef->rows[N - 1].txid, &last, sizeof last);
    assert_err(gasp_beef_check(beef, NULL), GASP_OK);
    gasp_beef_free(beef);
    test_release(tx);
}

/* An allocator that gives out `left` blocks and then none. */
static void *counted(void *user, size_t len)
{
    size_t *left = user;
    if (*left == 0)
        return NULL;
    (*left)--;
    return malloc(len);
}

static void out_of_memory(void **state)
{
    (void)state;
    gasp_bytes bytes = case_beef(13);
    gasp_bytes expected = canonical_bytes(bytes);
    gasp_txid subject = {{0}};
    size_t left = 0;
    size_t failed = 0;
    gasp_mem mem = *gasp_mem_default();
    mem.user = &left;
    mem.allocate = counted;
    for (size_t budget = 0;; budget++) {
        gasp_beef *beef = NULL;
        left = budget;
        gasp_err err = gasp_beef_decode(&beef, bytes, &mem, NULL);
        if (err == GASP_OK)
            err = gasp_beef_canonicalise(beef, NULL);
        if (err == GASP_OK) {
            gasp_bytes out = case_encode(beef);
            case_assert_same(out, expected);
            test_release(out);
            gasp_beef_set_subject(beef, &beef->rows[beef->n_rows - 1].txid);
            assert_err(gasp_beef_subject(beef, &subject), GASP_OK);
            err = gasp_beef_check(beef, NULL);
        }
        gasp_beef_free(beef);
        if (err != GASP_ERR_NOMEM)
            break;
        failed++;
    }
    print_message("count: out of memory: %zu places\n", failed);
    assert_true(failed > 20);
    test_release(expected);
    test_release(bytes);
}

/* Real ones with random bytes changed: refused, or read as what they now say and written back the same; and the
 * canonical form of what could be read is a fixed point. */
static void changed_bytes(void **state)
{
    (void)state;
    test_random random = test_random_start("BEEF, changed bytes");
    static const size_t which[] = {3, 9, 15, 18, 28};
    size_t rounds = 10000 / test_one_in();
    size_t read = 0;
    for (size_t c = 0; c < sizeof which / sizeof which[0]; c++) {
        gasp_bytes given = case_beef(which[c]);
        uint8_t *bytes = malloc(given.len);
        assert_non_null(bytes);
        for (size_t i = 0; i < rounds; i++) {
            memcpy(bytes, given.data, given.len);
            for (uint64_t n = 1 + test_random_below(&random, 3); n > 0; n--)
                bytes[test_random_below(&random, given.len)] ^= (uint8_t)(1 << test_random_below(&random, 8));
            gasp_beef *beef = NULL;
            gasp_bytes view = {bytes, given.len};
            if (gasp_beef_decode(&beef, view, NULL, NULL) != GASP_OK)
                continue;
            read++;
            gasp_bytes out = case_encode(beef);
            case_assert_same(out, view);
            test_release(out);
            gasp_beef_free(beef);
            if (i % 16 != 0)
                continue;
            gasp_bytes once = canonical_bytes(view);
            gasp_bytes twice = canonical_bytes(once);
            case_assert_same(once, twice);
            test_release(once);
            test_release(twice);
        }
        free(bytes);
        test_release(given);
    }
    print_message("count: changed bytes: %zu rounds, %zu readable\n", rounds * 5, read);
    assert_true(read > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_is_fixed),
        cmocka_unit_test(canonical_from_any_order),
        cmocka_unit_test(end_comes_last),
        cmocka_unit_test(paths_of_one_block),
        cmocka_unit_test(canonical_by_hand),
        cmocka_unit_test(builder_errors),
        cmocka_unit_test(cycle),
        cmocka_unit_test(not_the_same_tree),
        cmocka_unit_test(deep_chain),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(changed_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
