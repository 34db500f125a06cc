/* Listing, labels and changes: what is visited, in which order, and what a label does to state, summary and log. */
#include <stdlib.h>
#include <string.h>

#include "record/state.h"
#include "wallet/made.h"

static const gasp_collection standard = {{0}};

/* ---- collecting ---------------------------------------------------------------------------------------------------- */

typedef struct seen {
    gasp_outpoint outpoint[64];
    gasp_state_hash state[64];
    bool spent[64];
    gasp_txid spender[64];
    size_t n;
    size_t stop_at; /* 0: never */
    gasp_err with;
} seen;

static gasp_err see(void *ctx, const gasp_output *o)
{
    seen *to = ctx;
    to->outpoint[to->n] = o->outpoint;
    to->state[to->n] = o->state;
    to->spent[to->n] = o->spent;
    to->spender[to->n++] = o->spender;
    return to->stop_at != 0 && to->n == to->stop_at ? to->with : GASP_OK;
}

static seen list(gasp_wallet *wallet, const gasp_outpoint *after, bool with_spent)
{
    seen all = {.n = 0};
    assert_err(gasp_wallet_outputs(wallet, &standard, after, with_spent, see, &all), GASP_OK);
    return all;
}

typedef struct log {
    gasp_change list[256];
    size_t n;
    size_t stop_at;
} log;

static gasp_err note(void *ctx, const gasp_change *change)
{
    log *to = ctx;
    to->list[to->n++] = *change;
    return to->stop_at != 0 && to->n == to->stop_at ? GASP_DONE : GASP_OK;
}

static log changes(gasp_wallet *wallet, uint64_t after)
{
    log all = {.n = 0};
    assert_err(gasp_wallet_changes(wallet, after, note, &all), GASP_OK);
    return all;
}

/* A proven transaction with n outputs, all ours. */
static gasp_txid fund(gasp_wallet *wallet, uint32_t height, size_t n, uint64_t ms)
{
    gasp_txid txid;
    made_report report;
    gasp_bytes raw = made_fund(&txid, n, 1000, height);
    gasp_bump *bump = made_block_in(wallet, height, &txid, 1);
    gasp_beef *beef = made_beef();
    made_beef_add(beef, raw, bump);
    gasp_bytes bytes = made_beef_end(beef);
    assert_err(made_add(wallet, bytes, NULL, ms, &report), GASP_OK);
    assert_int_equal(report.list[0].fate, GASP_FATE_COMMITTED);
    gasp_bump_free(bump);
    test_release(raw);
    test_release(bytes);
    return txid;
}

/* ---- outputs ------------------------------------------------------------------------------------------------------- */

static void outputs_come_in_order_from_the_cursor(void **state)
{
    (void)state;
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    (void)fund(w.wallet, 10, 3, 100);
    (void)fund(w.wallet, 11, 4, 101);
    (void)fund(w.wallet, 12, 5, 102);
    seen all = list(w.wallet, NULL, false);
    assert_int_equal(all.n, 12);
    for (size_t i = 1; i < all.n; i++) {
        int order = memcmp(all.outpoint[i - 1].txid.b, all.outpoint[i].txid.b, 32);
        assert_true(order < 0 || (order == 0 && all.outpoint[i - 1].vout < all.outpoint[i].vout));
    }
    for (size_t i = 0; i < all.n; i++) {
        seen rest = list(w.wallet, &all.outpoint[i], false);
        assert_int_equal(rest.n, all.n - i - 1);
        for (size_t k = 0; k < rest.n; k++)
            assert_memory_equal(&rest.outpoint[k], &all.outpoint[i + 1 + k], sizeof rest.outpoint[k]);
    }
    gasp_outpoint between = all.outpoint[0];
    size_t behind = 0;
    between.vout = 0x00ffffff; /* no output is there, and none of its transaction follows: the cursor is only a place */
    for (size_t i = 0; i < all.n; i++)
        behind += memcmp(all.outpoint[i].txid.b, between.txid.b, 32) != 0;
    assert_int_equal(list(w.wallet, &between, false).n, behind);
    made_close(&w);
}

static void visits_can_be_ended(void **state)
{
    (void)state;
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    (void)fund(w.wallet, 10, 5, 100);
    seen some = {.stop_at = 2, .with = GASP_DONE};
    assert_err(gasp_wallet_outputs(w.wallet, &standard, NULL, false, see, &some), GASP_OK);
    assert_int_equal(some.n, 2);
    seen bad = {.stop_at = 3, .with = GASP_ERR_LIMIT};
    assert_err(gasp_wallet_outputs(w.wallet, &standard, NULL, false, see, &bad), GASP_ERR_LIMIT);
    assert_int_equal(bad.n, 3);
    gasp_collection other = {{1}};
    seen none = {.n = 0};
    assert_err(gasp_wallet_outputs(w.wallet, &other, NULL, true, see, &none), GASP_OK);
    assert_int_equal(none.n, 0);
    made_close(&w);
}

/* A visit may call the wallet: no lock is held, and the listing is of the moment when it began. */
typedef struct meddling {
    gasp_wallet *wallet;
    size_t n;
} meddling;

static gasp_err meddle(void *ctx, const gasp_output *o)
{
    meddling *m = ctx;
    m->n++;
    assert_int_equal(o->n_entries, 0);
    for (uint32_t v = 0; v < 3; v++) {
        gasp_outpoint outpoint = {o->outpoint.txid, v};
        assert_err(gasp_wallet_label(m->wallet, &outpoint, "x", (const uint8_t *)"y", 1, made_time(500 + m->n)),
                   GASP_OK);
    }
    return GASP_OK;
}

static void a_visit_may_write(void **state)
{
    (void)state;
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    (void)fund(w.wallet, 10, 3, 100);
    meddling m = {w.wallet, 0};
    assert_err(gasp_wallet_outputs(w.wallet, &standard, NULL, false, meddle, &m), GASP_OK);
    assert_int_equal(m.n, 3);
    made_close(&w);
}

static void spent_outputs_are_shown_with_their_spender(void **state)
{
    (void)state;
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    gasp_txid parent = fund(w.wallet, 10, 3, 100);
    gasp_txid child;
    made_report report;
    gasp_outpoint prev = {parent, 1};
    gasp_bytes raw = made_spend(&child, &prev, 1, 1000, 2, 0);
    assert_err(made_add(w.wallet, raw, NULL, 200, &report), GASP_OK);
    assert_int_equal(report.list[0].fate, GASP_FATE_COMMITTED);
    assert_int_equal(list(w.wallet, NULL, false).n, 4);
    seen all = list(w.wallet, NULL, true);
    size_t spent = 0;
    assert_int_equal(all.n, 5);
    for (size_t i = 0; i < all.n; i++) {
        if (!all.spent[i])
            continue;
        spent++;
        assert_memory_equal(all.outpoint[i].txid.b, parent.b, 32);
        assert_int_equal(all.outpoint[i].vout, 1);
        assert_memory_equal(all.spender[i].b, child.b, 32);
    }
    assert_int_equal(spent, 1);
    gasp_set_summary summary;
    assert_err(gasp_wallet_summary(w.wallet, &summary, &standard), GASP_OK);
    assert_int_equal(summary.count, 4);
    log told = changes(w.wallet, 0);
    assert_int_equal(told.n, 6);
    size_t kinds[5] = {0};
    for (size_t i = 0; i < told.n; i++)
        kinds[told.list[i].kind]++;
    assert_int_equal(kinds[GASP_CHANGE_ADDED], 5);
    assert_int_equal(kinds[GASP_CHANGE_SPENT], 1);
    test_release(raw);
    made_close(&w);
}

/* ---- labels -------------------------------------------------------------------------------------------------------- */

typedef struct labels {
    gasp_outpoint of;
    char name[8][16];
    char value[8][16];
    uint64_t us[8];
    size_t n;
    gasp_state_hash state;
} labels;

static gasp_err read_labels(void *ctx, const gasp_output *o)
{
    labels *to = ctx;
    if (memcmp(&o->outpoint, &to->of, sizeof to->of) != 0)
        return GASP_OK;
    to->state = o->state;
    for (size_t i = 0; i < o->n_entries; i++, to->n++) {
        memcpy(to->name[i], o->entries[i].name.data, o->entries[i].name.len);
        if (o->entries[i].value.len > 0)
            memcpy(to->value[i], o->entries[i].value.data, o->entries[i].value.len);
        to->us[i] = o->entries[i].timestamp_us;
    }
    return GASP_OK;
}

static labels labels_of(gasp_wallet *wallet, const gasp_outpoint *outpoint)
{
    labels all = {.of = *outpoint};
    assert_err(gasp_wallet_outputs(wallet, &standard, NULL, true, read_labels, &all), GASP_OK);
    return all;
}

static gasp_err label(gasp_wallet *wallet, const gasp_outpoint *outpoint, const char *name, const char *value,
                      uint64_t ms)
{
    return gasp_wallet_label(wallet, outpoint, name, (const uint8_t *)value, strlen(value), made_time(ms));
}

static void a_label_moves_state_and_log(void **state)
{
    (void)state;
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    gasp_outpoint first = {fund(w.wallet, 10, 2, 100), 0};
    gasp_outpoint second = {first.txid, 1};
    gasp_set_summary before;
    gasp_set_summary after;
    labels plain = labels_of(w.wallet, &first);
    labels other = labels_of(w.wallet, &second);
    assert_err(gasp_wallet_summary(w.wallet, &before, &standard), GASP_OK);
    assert_err(label(w.wallet, &first, "label", "rent", 5000), GASP_OK);
    labels told = labels_of(w.wallet, &first);
    assert_int_equal(told.n, 1);
    assert_string_equal(told.name[0], "label");
    assert_string_equal(told.value[0], "rent");
    assert_int_equal(told.us[0], 5000000);
    assert_memory_not_equal(told.state.b, plain.state.b, 32);
    labels same = labels_of(w.wallet, &second);
    assert_memory_equal(same.state.b, other.state.b, 32);
    assert_err(gasp_wallet_summary(w.wallet, &after, &standard), GASP_OK);
    assert_int_equal(after.count, before.count);
    assert_false(gasp_set_summary_equal(&before, &after));
    log all = changes(w.wallet, 2);
    assert_int_equal(all.n, 1);
    assert_int_equal(all.list[0].kind, GASP_CHANGE_STATE);
    assert_memory_equal(&all.list[0].outpoint, &first, sizeof first);
    /* The state hash is that of the entry, as record computes it. */
    gasp_held held;
    assert_err(gasp_wallet_transaction(w.wallet, &held, &first.txid), GASP_OK);
    gasp_entries entries = {(gasp_entry *)(uintptr_t)held.entries, held.n_entries, held.n_entries, NULL};
    gasp_state_hash expected;
    gasp_state_hash_of(&expected, &first, held.anchor, &entries);
    assert_memory_equal(expected.b, told.state.b, 32);
    gasp_held_clear(&held);
    made_close(&w);
}

/* The later one wins whatever the clock says; a removal is an entry too. */
static void labels_are_joined(void **state)
{
    (void)state;
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    gasp_outpoint o = {fund(w.wallet, 10, 1, 100), 0};
    assert_err(label(w.wallet, &o, "a", "1", 5000), GASP_OK);
    assert_err(label(w.wallet, &o, "a", "2", 4000), GASP_OK);
    labels told = labels_of(w.wallet, &o);
    assert_int_equal(told.n, 1);
    assert_string_equal(told.value[0], "2");
    assert_int_equal(told.us[0], 5000001);
    assert_err(label(w.wallet, &o, "b", "3", 6000), GASP_OK);
    assert_int_equal(labels_of(w.wallet, &o).n, 2);
    assert_err(label(w.wallet, &o, "a", "", 7000), GASP_OK);
    told = labels_of(w.wallet, &o);
    assert_int_equal(told.n, 2);
    assert_string_equal(told.name[0], "a");
    assert_string_equal(told.value[0], "");
    assert_int_equal(told.us[0], 7000000);
    uint64_t last = changes(w.wallet, 0).n;
    assert_err(label(w.wallet, &o, "a", "", 8000), GASP_OK);     /* gone already */
    assert_err(label(w.wallet, &o, "never", "", 8000), GASP_OK); /* never was */
    assert_int_equal(labels_of(w.wallet, &o).us[0], 7000000);
    assert_int_equal(labels_of(w.wallet, &o).n, 2);
    assert_int_equal(changes(w.wallet, 0).n, last);
    made_close(&w);
}

static void wrong_labels_are_refused(void **state)
{
    (void)state;
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    gasp_outpoint o = {fund(w.wallet, 10, 1, 100), 0};
    gasp_outpoint beyond = {o.txid, 1};
    gasp_outpoint unknown = {{{1}}, 0};
    uint8_t big[GASP_ENTRY_VALUE_MAX + 1] = {0};
    char name[GASP_ENTRY_NAME_MAX + 2];
    gasp_bytes before = made_dump(w.kv);
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = 0;
    assert_err(label(w.wallet, &beyond, "a", "1", 5000), GASP_ABSENT);
    assert_err(label(w.wallet, &unknown, "a", "1", 5000), GASP_ABSENT);
    assert_err(label(w.wallet, &o, "", "1", 5000), GASP_ERR_ENTRY_KEY);
    assert_err(label(w.wallet, &o, name, "1", 5000), GASP_ERR_ENTRY_KEY);
    assert_err(label(w.wallet, &o, "a\nb", "1", 5000), GASP_ERR_ENTRY_KEY);
    assert_err(label(w.wallet, &o, "\xff", "1", 5000), GASP_ERR_ENTRY_KEY);
    assert_err(gasp_wallet_label(w.wallet, &o, "a", big, sizeof big, made_time(5000)), GASP_ERR_ENTRY_VALUE);
    gasp_bytes after = made_dump(w.kv);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, after.len);
    test_release(before);
    test_release(after);
    /* The largest that passes, the count that passes, and one more. */
    name[GASP_ENTRY_NAME_MAX] = 0;
    assert_err(gasp_wallet_label(w.wallet, &o, name, big, GASP_ENTRY_VALUE_MAX, made_time(5000)), GASP_OK);
    for (unsigned i = 1; i < GASP_ENTRIES_PER_SUBJECT_MAX; i++) {
        snprintf(name, sizeof name, "k%u", i);
        assert_err(label(w.wallet, &o, name, "v", 6000), GASP_OK);
    }
    assert_err(label(w.wallet, &o, "one more", "v", 6000), GASP_ERR_LIMIT);
    assert_err(label(w.wallet, &o, "k1", "again", 6000), GASP_OK);
    /* A time behind which there is none. */
    assert_err(label(w.wallet, &o, "k2", "last", UINT64_MAX), GASP_OK);
    assert_err(label(w.wallet, &o, "k2", "later", UINT64_MAX), GASP_ERR_LIMIT);
    made_close(&w);
}

/* ---- changes ------------------------------------------------------------------------------------------------------- */

/* A host that reads in pieces of k sees every number once. */
static void changes_are_seen_once(void **state)
{
    (void)state;
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    gasp_outpoint o = {fund(w.wallet, 10, 5, 100), 0};
    for (uint64_t i = 0; i < 20; i++)
        assert_err(label(w.wallet, &o, "n", i % 2 == 0 ? "even" : "odd", 1000), GASP_OK); /* the clock stands still */
    log all = changes(w.wallet, 0);
    assert_int_equal(all.n, 25);
    for (size_t i = 0; i < all.n; i++) {
        assert_int_equal(all.list[i].seq, i + 1);
        assert_true(i == 0 || all.list[i].wall_ms > all.list[i - 1].wall_ms);
        assert_memory_equal(&all.list[i].collection, &standard, sizeof standard);
    }
    for (size_t k = 1; k <= 7; k++) {
        uint64_t last = 0;
        size_t seen_all = 0;
        for (;;) {
            log piece = {.stop_at = k};
            assert_err(gasp_wallet_changes(w.wallet, last, note, &piece), GASP_OK);
            for (size_t i = 0; i < piece.n; i++)
                assert_int_equal(piece.list[i].seq, ++seen_all);
            if (piece.n == 0)
                break;
            last = piece.list[piece.n - 1].seq;
        }
        assert_int_equal(seen_all, 25);
    }
    assert_int_equal(changes(w.wallet, 25).n, 0);
    assert_int_equal(changes(w.wallet, UINT64_MAX).n, 0);
    made_close(&w);
}

/* ---- one transaction ----------------------------------------------------------------------------------------------- */

static void transactions_are_read(void **state)
{
    (void)state;
    made_wallet w = made_open(NULL, GASP_NETWORK_REGTEST, NULL);
    gasp_txid parent = fund(w.wallet, 10, 2, 100);
    gasp_txid child;
    gasp_txid unknown = {{9}};
    made_report report;
    gasp_held held;
    gasp_outpoint prev = {parent, 0};
    gasp_bytes raw = made_spend(&child, &prev, 1, 1000, 1, 0);
    assert_err(made_add(w.wallet, raw, NULL, 300, &report), GASP_OK);
    assert_err(gasp_wallet_transaction(w.wallet, &held, &child), GASP_OK);
    assert_int_equal(held.raw.len, raw.len);
    assert_memory_equal(held.raw.data, raw.data, raw.len);
    assert_null(held.anchor);
    assert_int_equal(held.bump.len, 0);
    assert_int_equal(held.arrived_ms, 300);
    gasp_held_clear(&held);
    gasp_held_clear(&held);
    assert_err(gasp_wallet_transaction(w.wallet, &held, &parent), GASP_OK);
    assert_non_null(held.anchor);
    assert_int_equal(held.anchor->height, 10);
    assert_int_equal(held.anchor->index, 1);
    gasp_bump *bump = NULL;
    uint64_t index;
    assert_err(gasp_bump_decode(&bump, held.bump, NULL, NULL), GASP_OK);
    assert_err(gasp_bump_find(bump, &index, &parent), GASP_OK);
    assert_int_equal(index, 1);
    gasp_bump_free(bump);
    gasp_held_clear(&held);
    assert_err(gasp_wallet_transaction(w.wallet, &held, &unknown), GASP_ABSENT);
    test_release(raw);
    made_close(&w);
}

/* ---- making and opening -------------------------------------------------------------------------------------------- */

static void a_store_is_one_wallet_for_ever(void **state)
{
    (void)state;
    gasp_kv *kv = NULL;
    gasp_wallet *wallet = NULL;
    gasp_wallet_config config;
    assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
    gasp_wallet_config_init(&config);
    assert_err(gasp_wallet_open(&wallet, &config), GASP_ERR_MISUSE); /* no store */
    config.kv = kv;
    assert_err(gasp_wallet_open(&wallet, &config), GASP_ERR_STORE_MISSING);
    assert_err(gasp_wallet_create(&config, (gasp_network)9, made_time(1)), GASP_ERR_MISUSE);
    assert_err(gasp_wallet_create(&config, GASP_NETWORK_TEST, made_time(1)), GASP_OK);
    assert_err(gasp_wallet_create(&config, GASP_NETWORK_TEST, made_time(2)), GASP_ERR_STORE_EXISTS);
    assert_err(gasp_wallet_open(&wallet, &config), GASP_OK);
    assert_int_equal(gasp_wallet_network(wallet), GASP_NETWORK_TEST);
    gasp_wallet_free(wallet);
    static const uint8_t key[] = {'V'};
    static const uint8_t later[] = {2, 0, 0, 0, 1, 2, 3};
    static const uint8_t cut[] = {1, 0, 0, 0, 2};
    gasp_kv_op op = {GASP_KV_PUT, {key, 1}, {later, sizeof later}};
    assert_err(kv->write(kv->user, &op, 1, true), GASP_OK);
    assert_err(gasp_wallet_open(&wallet, &config), GASP_ERR_STORE_LAYOUT);
    assert_err(gasp_wallet_create(&config, GASP_NETWORK_TEST, made_time(2)), GASP_ERR_STORE_EXISTS);
    op.value = (gasp_bytes){cut, sizeof cut};
    assert_err(kv->write(kv->user, &op, 1, true), GASP_OK);
    assert_err(gasp_wallet_open(&wallet, &config), GASP_ERR_STORE_CORRUPT);
    gasp_kv_close(kv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_come_in_order_from_the_cursor),
        cmocka_unit_test(visits_can_be_ended),
        cmocka_unit_test(a_visit_may_write),
        cmocka_unit_test(spent_outputs_are_shown_with_their_spender),
        cmocka_unit_test(a_label_moves_state_and_log),
        cmocka_unit_test(labels_are_joined),
        cmocka_unit_test(wrong_labels_are_refused),
        cmocka_unit_test(changes_are_seen_once),
        cmocka_unit_test(transactions_are_read),
        cmocka_unit_test(a_store_is_one_wallet_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
