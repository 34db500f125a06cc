/* Backup and restore: the same rows come back, byte for byte, and the bytes of the file are what gasp/backup.h says.
 * Every cut, every flipped byte and every failure of the store on the way leave no wallet, and no row where the store
 * still works. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "gasp/backup.h"
#include "lib/random.h"
#include "store/faulty.h"
#include "wallet/keys.h"
#include "wallet/made.h"
#include "wallet/rows.h"

/* ---- files in memory ----------------------------------------------------------------------------------------------- */

typedef struct file {
    uint8_t *bytes;
    size_t len;
    size_t cap;
    size_t at;      /* of reading */
    size_t piece;   /* bytes given at most by one read; 0: as many as are wanted */
    size_t fail_at; /* offset at which reading or writing fails with GASP_ERR_FILE_OPEN; 0: nowhere */
} file;

static gasp_err file_write(void *ctx, const uint8_t *bytes, size_t len)
{
    file *f = ctx;
    assert_true(len > 0);
    if (f->fail_at > 0 && f->len + len >= f->fail_at)
        return GASP_ERR_FILE_OPEN;
    while (f->cap - f->len < len) {
        f->cap = f->cap == 0 ? 4096 : 2 * f->cap;
        f->bytes = realloc(f->bytes, f->cap);
        assert_non_null(f->bytes);
    }
    memcpy(f->bytes + f->len, bytes, len);
    f->len += len;
    return GASP_OK;
}

static gasp_err file_read(void *ctx, uint8_t *out, size_t cap, size_t *len)
{
    file *f = ctx;
    size_t most = f->piece > 0 && f->piece < cap ? f->piece : cap;
    *len = f->len - f->at < most ? f->len - f->at : most;
    if (f->fail_at > 0 && f->at + *len >= f->fail_at)
        return GASP_ERR_FILE_OPEN;
    if (*len > 0)
        memcpy(out, f->bytes + f->at, *len);
    f->at += *len;
    return GASP_OK;
}

static void put_bytes(file *f, const void *bytes, size_t len)
{
    if (len > 0)
        assert_err(file_write(f, bytes, len), GASP_OK);
}

static void put_number(file *f, uint64_t number, size_t len)
{
    for (size_t i = 0; i < len; i++)
        put_bytes(f, &(uint8_t){(uint8_t)(number >> (8 * i))}, 1);
}

static void put_compact(file *f, uint64_t number)
{
    if (number >= 0xfd)
        put_number(f, number < 0x10000 ? 0xfd : 0xfe, 1);
    put_number(f, number, number < 0xfd ? 1 : number < 0x10000 ? 2 : 4);
}

static void put_head(file *f, uint32_t form, uint32_t layout, uint8_t network, uint32_t zeros, uint64_t ms)
{
    put_bytes(f, "gaspback", 8);
    put_number(f, form, 4);
    put_number(f, layout, 4);
    put_number(f, network, 1);
    put_number(f, zeros, 3);
    put_number(f, ms, 8);
}

static void put_row(file *f, gasp_bytes key, gasp_bytes value)
{
    put_compact(f, key.len);
    put_bytes(f, key.data, key.len);
    put_compact(f, value.len);
    put_bytes(f, value.data, value.len);
}

static void put_end(file *f, uint64_t rows)
{
    uint8_t hash[32];
    put_number(f, 0, 1);
    put_number(f, rows, 8);
    gasp_sha256_once(hash, f->bytes, f->len);
    put_bytes(f, hash, sizeof hash);
}

static gasp_err restore_from(gasp_kv *kv, file *f, gasp_backup_report *report, gasp_fault *fault)
{
    gasp_wallet_config config;
    gasp_wallet_config_init(&config);
    config.kv = kv;
    f->at = 0;
    return gasp_wallet_restore(&config, report, file_read, f, fault);
}

static gasp_err open_in(gasp_wallet **out, gasp_kv *kv)
{
    gasp_wallet_config config;
    gasp_wallet_config_init(&config);
    config.kv = kv;
    return gasp_wallet_open(out, &config);
}

static bool is_empty(const gasp_kv *kv)
{
    gasp_bytes rows = made_dump(kv);
    bool empty = rows.len == 0;
    test_release(rows);
    return empty;
}

/* Restores into a store of its own, which must then be as empty as before. */
static gasp_err refused(file *f, gasp_fault *fault)
{
    gasp_kv *kv = NULL;
    gasp_wallet *none = NULL;
    assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
    gasp_err err = restore_from(kv, f, NULL, fault);
    assert_int_not_equal(err, GASP_OK);
    assert_true(is_empty(kv));
    assert_err(open_in(&none, kv), GASP_ERR_STORE_MISSING);
    gasp_kv_close(kv);
    return err;
}

/* ---- what is written ------------------------------------------------------------------------------------------------ */

static gasp_err gather(void *ctx, gasp_bytes key, gasp_bytes value)
{
    put_row(ctx, key, value);
    return GASP_OK;
}

static gasp_err count_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)key;
    (void)value;
    ++*(uint64_t *)ctx;
    return GASP_OK;
}

/* The file as the header's table has it, put together here from the rows of the store. */
static void the_bytes_of_the_file(void **state)
{
    (void)state;
    made_funded m = made_funds();
    const gasp_bytes all = {NULL, 0};
    gasp_backup_report report;
    file written = {.len = 0};
    file expected = {.len = 0};
    uint64_t rows = 0;
    put_head(&expected, 1, GASP_LAYOUT_VERSION, GASP_NETWORK_REGTEST, 0, 77000);
    assert_err(m.w.kv->scan(m.w.kv->user, NULL, all, all, false, gather, &expected), GASP_OK);
    assert_err(m.w.kv->scan(m.w.kv->user, NULL, all, all, false, count_row, &rows), GASP_OK);
    put_end(&expected, rows);
    assert_err(gasp_wallet_backup(m.w.wallet, &report, file_write, &written, made_time(77000)), GASP_OK);
    assert_int_equal(written.len, expected.len);
    assert_memory_equal(written.bytes, expected.bytes, expected.len);
    assert_true(report.rows == rows && rows > 10);
    assert_true(report.bytes == written.len);
    assert_true(report.made_ms == 77000);
    assert_int_equal(report.network, GASP_NETWORK_REGTEST);
    assert_int_equal(report.layout, GASP_LAYOUT_VERSION);
    assert_memory_equal(report.sha256, expected.bytes + expected.len - 32, 32);
    free(written.bytes);
    free(expected.bytes);
    made_funds_clear(&m);
}

static file backup_of(gasp_wallet *wallet)
{
    file f = {.len = 0};
    assert_err(gasp_wallet_backup(wallet, NULL, file_write, &f, made_time(5)), GASP_OK);
    return f;
}

static void restored_is_the_same(void **state)
{
    (void)state;
    static const size_t pieces[] = {0, 1, 7, 65535};
    made_funded m = made_funds();
    file f = backup_of(m.w.wallet);
    gasp_bytes before = made_dump(m.w.kv);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        made_wallet other = {NULL, NULL};
        gasp_backup_report report;
        gasp_fault fault = {0};
        f.piece = pieces[i];
        assert_err(gasp_kv_memory_new(&other.kv, NULL), GASP_OK);
        assert_err(restore_from(other.kv, &f, &report, &fault), GASP_OK);
        assert_int_equal(fault.err, GASP_OK);
        assert_true(report.bytes == f.len);
        assert_memory_equal(report.sha256, f.bytes + f.len - 32, 32);
        gasp_bytes after = made_dump(other.kv);
        assert_int_equal(after.len, before.len);
        assert_memory_equal(after.data, before.data, before.len);
        test_release(after);
        assert_err(open_in(&other.wallet, other.kv), GASP_OK);
        gasp_bytes a = made_listing(m.w.wallet);
        gasp_bytes b = made_listing(other.wallet);
        assert_true(a.len == b.len && a.len > 0 && memcmp(a.data, b.data, a.len) == 0);
        test_release(a);
        test_release(b);
        made_close(&other);
    }
    test_release(before);
    free(f.bytes);
    made_funds_clear(&m);
}

/* Many rows, so that batches end by number and by length; one value is larger than a batch. */
static void in_bounded_batches(void **state)
{
    (void)state;
    enum { ROWS = 20000, LARGE = 5000000 };
    uint8_t *large = calloc(1, LARGE);
    gasp_row_layout layout = {GASP_LAYOUT_VERSION, GASP_NETWORK_TEST, 9};
    gasp_row row = gasp_row_layout_encode(&layout);
    gasp_kv *kv = NULL;
    faulty counted;
    file f = {.len = 0};
    uint64_t rows = 0;
    const gasp_bytes all = {NULL, 0};
    assert_non_null(large);
    put_head(&f, 1, GASP_LAYOUT_VERSION, GASP_NETWORK_TEST, 0, 5);
    put_row(&f, (gasp_bytes){(const uint8_t *)"V", 1}, (gasp_bytes){row.b, row.len});
    for (uint32_t i = 0; i < ROWS; i++) {
        gasp_key key = gasp_key_height(i);
        key.b[0] = 'x';
        put_row(&f, gasp_key_view(&key), (gasp_bytes){large, i % 300});
    }
    put_row(&f, (gasp_bytes){(const uint8_t *)"y", 1}, (gasp_bytes){large, LARGE});
    put_row(&f, (gasp_bytes){(const uint8_t *)"z", 1}, (gasp_bytes){large, 0});
    put_end(&f, ROWS + 3);
    assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
    faulty_init(&counted, kv);
    assert_err(restore_from(&counted.kv, &f, NULL, NULL), GASP_OK);
    /* 8,192 and 8,192 rows; the rest and the large one; the last; the row of the layout */
    assert_int_equal(counted.write.seen, 5);
    assert_err(kv->scan(kv->user, NULL, all, all, false, count_row, &rows), GASP_OK);
    assert_int_equal(rows, ROWS + 3);
    printf("count: %llu rows restored in %zu batches\n", (unsigned long long)rows, counted.write.seen);
    /* All of them go again when the end does not hold. */
    f.bytes[f.len - 1] ^= 1;
    assert_err(refused(&f, NULL), GASP_ERR_BACKUP_HASH);
    gasp_kv_close(&counted.kv);
    gasp_kv_close(kv);
    free(f.bytes);
    free(large);
}

/* ---- what is refused ------------------------------------------------------------------------------------------------ */

static void every_cut(void **state)
{
    (void)state;
    made_funded m = made_funds();
    file f = backup_of(m.w.wallet);
    size_t whole = f.len;
    size_t cuts = 0;
    for (size_t len = 0; len < whole; len++) {
        gasp_fault fault = {0};
        if (len > 64 && len < whole - 64 && len % test_one_in() != 0)
            continue;
        f.len = len;
        assert_err(refused(&f, &fault), len < 8 ? GASP_ERR_FORMAT_UNKNOWN : GASP_ERR_SHORT);
        assert_true(fault.at <= len);
        cuts++;
    }
    printf("count: %zu cuts of a backup of %zu bytes refused\n", cuts, whole);
    f.len = whole;
    assert_err(file_write(&f, (const uint8_t *)"", 1), GASP_OK);
    gasp_fault fault = {0};
    assert_err(refused(&f, &fault), GASP_ERR_TRAILING);
    assert_true(fault.at == whole);
    free(f.bytes);
    made_funds_clear(&m);
}

static void every_changed_byte(void **state)
{
    (void)state;
    test_random r = test_random_start("flips");
    made_funded m = made_funds();
    file f = backup_of(m.w.wallet);
    size_t flips = 0;
    for (size_t at = 0; at < f.len; at++) {
        uint8_t flip = (uint8_t)(1 + test_random_below(&r, 255));
        if (at % test_one_in() != 0)
            continue;
        f.bytes[at] ^= flip;
        gasp_err err = refused(&f, NULL);
        assert_int_equal(gasp_err_class(err), GASP_CLASS_DECODE);
        f.bytes[at] ^= flip;
        flips++;
    }
    printf("count: %zu changed bytes of a backup refused\n", flips);
    free(f.bytes);
    made_funds_clear(&m);
}

/* Files whose hash is right and which say something that a backup never says. */
static void wrong_but_hashed(void **state)
{
    (void)state;
    enum { LONGEST = GASP_KV_KEY_MAX + 1 };
    static uint8_t bytes[LONGEST];
    gasp_row_layout layout = {GASP_LAYOUT_VERSION, GASP_NETWORK_TEST, 9};
    gasp_row good = gasp_row_layout_encode(&layout);
    layout.network = GASP_NETWORK_MAIN;
    gasp_row other_network = gasp_row_layout_encode(&layout);
    layout.version++;
    gasp_row other_layout = gasp_row_layout_encode(&layout);
    const gasp_bytes none = {NULL, 0};
    const gasp_bytes v = {(const uint8_t *)"V", 1};
    const gasp_bytes a = {(const uint8_t *)"a", 1};
    const gasp_bytes longer = {(const uint8_t *)"a\0", 2};
    const gasp_bytes right = {good.b, good.len};
    const struct {
        const char *what;
        uint32_t form, layout, zeros;
        uint8_t network;
        gasp_bytes rows[3][2]; /* key and value; a key of length 0 ends them */
        uint64_t count;
        gasp_err expected;
    } cases[] = {
        {"form", 2, GASP_LAYOUT_VERSION, 0, 2, {{v, right}}, 1, GASP_ERR_BACKUP_VERSION},
        {"layout", 1, GASP_LAYOUT_VERSION + 1, 0, 2, {{v, right}}, 1, GASP_ERR_BACKUP_VERSION},
        {"layout 0", 1, 0, 0, 2, {{v, right}}, 1, GASP_ERR_BACKUP_VERSION},
        {"network 0", 1, GASP_LAYOUT_VERSION, 0, 0, {{v, right}}, 1, GASP_ERR_BACKUP_FORM},
        {"network 4", 1, GASP_LAYOUT_VERSION, 0, 4, {{v, right}}, 1, GASP_ERR_BACKUP_FORM},
        {"another network", 1, GASP_LAYOUT_VERSION, 0, 1, {{v, right}}, 1, GASP_ERR_BACKUP_FORM},
        {"zeros", 1, GASP_LAYOUT_VERSION, 0x10000, 2, {{v, right}}, 1, GASP_ERR_BACKUP_FORM},
        {"no row", 1, GASP_LAYOUT_VERSION, 0, 2, {{none, none}}, 0, GASP_ERR_BACKUP_FORM},
        {"no layout", 1, GASP_LAYOUT_VERSION, 0, 2, {{a, right}}, 1, GASP_ERR_BACKUP_FORM},
        {"row of another network",
         1,
         GASP_LAYOUT_VERSION,
         0,
         2,
         {{v, {other_network.b, other_network.len}}},
         1,
         GASP_ERR_BACKUP_FORM},
        {"row of another layout",
         1,
         GASP_LAYOUT_VERSION,
         0,
         2,
         {{v, {other_layout.b, other_layout.len}}},
         1,
         GASP_ERR_BACKUP_VERSION},
        {"row cut", 1, GASP_LAYOUT_VERSION, 0, 2, {{v, {good.b, good.len - 1}}}, 1, GASP_ERR_BACKUP_FORM},
        {"row too long", 1, GASP_LAYOUT_VERSION, 0, 2, {{v, {bytes, 500}}}, 1, GASP_ERR_BACKUP_VERSION},
        {"layout twice", 1, GASP_LAYOUT_VERSION, 0, 2, {{v, right}, {v, right}}, 2, GASP_ERR_BACKUP_FORM},
        {"descending", 1, GASP_LAYOUT_VERSION, 0, 2, {{a, none}, {v, right}}, 2, GASP_ERR_BACKUP_FORM},
        {"descending by length",
         1,
         GASP_LAYOUT_VERSION,
         0,
         2,
         {{v, right}, {longer, none}, {a, none}},
         3,
         GASP_ERR_BACKUP_FORM},
        {"key twice", 1, GASP_LAYOUT_VERSION, 0, 2, {{v, right}, {a, none}, {a, none}}, 3, GASP_ERR_BACKUP_FORM},
        {"key too long", 1, GASP_LAYOUT_VERSION, 0, 2, {{v, right}, {{bytes, LONGEST}, none}}, 2, GASP_ERR_BACKUP_FORM},
        {"one row more", 1, GASP_LAYOUT_VERSION, 0, 2, {{v, right}, {a, none}}, 3, GASP_ERR_BACKUP_FORM},
        {"one row less", 1, GASP_LAYOUT_VERSION, 0, 2, {{v, right}, {a, none}}, 1, GASP_ERR_BACKUP_FORM},
    };
    memset(bytes, 'b', sizeof bytes);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        file f = {.len = 0};
        put_head(&f, cases[i].form, cases[i].layout, cases[i].network, cases[i].zeros, 5);
        for (size_t j = 0; j < 3 && cases[i].rows[j][0].len > 0; j++)
            put_row(&f, cases[i].rows[j][0], cases[i].rows[j][1]);
        put_end(&f, cases[i].count);
        gasp_fault fault = {0};
        gasp_err err = refused(&f, &fault);
        if (err != cases[i].expected)
            fail_msg("%s: %s, expected %s", cases[i].what, gasp_err_name(err), gasp_err_name(cases[i].expected));
        assert_true(fault.at < f.len && fault.err == err);
        free(f.bytes);
    }
    printf("count: %zu backups that are wrong and hashed refused\n", sizeof cases / sizeof *cases);
}

/* A length is no reason to allocate: a file of few bytes that promises a gigabyte costs nothing like it. */
static void lengths_before_allocation(void **state)
{
    (void)state;
    gasp_row_layout layout = {GASP_LAYOUT_VERSION, GASP_NETWORK_TEST, 9};
    gasp_row row = gasp_row_layout_encode(&layout);
    static const struct {
        uint8_t bytes[9];
        size_t len;
        gasp_err expected;
    } cases[] = {
        {{0xfe, 0, 0, 0, 0x40}, 5, GASP_ERR_SHORT},       /* 2^30, the largest value */
        {{0xfe, 1, 0, 0, 0x40}, 5, GASP_ERR_BACKUP_FORM}, /* one more */
        {{0xff, 255, 255, 255, 255, 255, 255, 255, 255}, 9, GASP_ERR_BACKUP_FORM},
        {{0xfd, 0xfc, 0}, 3, GASP_ERR_COMPACT_SIZE},
        {{0xfe, 0xff, 0xff, 0, 0}, 5, GASP_ERR_COMPACT_SIZE},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 9, GASP_ERR_COMPACT_SIZE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        file f = {.len = 0};
        gasp_fault fault = {0};
        put_head(&f, 1, GASP_LAYOUT_VERSION, GASP_NETWORK_TEST, 0, 5);
        put_row(&f, (gasp_bytes){(const uint8_t *)"V", 1}, (gasp_bytes){row.b, row.len});
        put_bytes(&f, "\1a", 2);
        size_t at = f.len;
        put_bytes(&f, cases[i].bytes, cases[i].len);
        assert_err(refused(&f, &fault), cases[i].expected);
        assert_true(fault.item == 1);
        assert_true(fault.at == (cases[i].expected == GASP_ERR_SHORT ? f.len : at));
        free(f.bytes);
    }
}

static void store_that_is_not_empty(void **state)
{
    (void)state;
    made_funded m = made_funds();
    file f = backup_of(m.w.wallet);
    gasp_bytes before = made_dump(m.w.kv);
    gasp_kv *kv = NULL;
    gasp_wallet_config config;
    assert_err(restore_from(m.w.kv, &f, NULL, NULL), GASP_ERR_STORE_EXISTS);
    assert_int_equal(f.at, 0);
    gasp_bytes after = made_dump(m.w.kv);
    assert_true(after.len == before.len && memcmp(after.data, before.data, before.len) == 0);
    assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
    gasp_kv_op op = {GASP_KV_PUT, {(const uint8_t *)"x", 1}, {NULL, 0}};
    assert_err(kv->write(kv->user, &op, 1, false), GASP_OK);
    assert_err(restore_from(kv, &f, NULL, NULL), GASP_ERR_STORE_EXISTS);
    gasp_wallet_config_init(&config);
    assert_err(gasp_wallet_restore(&config, NULL, file_read, &f, NULL), GASP_ERR_MISUSE);
    config.kv = kv;
    assert_err(gasp_wallet_restore(&config, NULL, NULL, &f, NULL), GASP_ERR_MISUSE);
    config.size = 1;
    assert_err(gasp_wallet_restore(&config, NULL, file_read, &f, NULL), GASP_ERR_MISUSE);
    gasp_kv_close(kv);
    test_release(before);
    test_release(after);
    free(f.bytes);
    made_funds_clear(&m);
}

/* ---- failures on the way -------------------------------------------------------------------------------------------- */

static void files_that_fail(void **state)
{
    (void)state;
    made_funded m = made_funds();
    file f = backup_of(m.w.wallet);
    file out = {.fail_at = 1};
    f.fail_at = f.len / 2;
    f.piece = 100;
    assert_err(refused(&f, NULL), GASP_ERR_FILE_OPEN);
    assert_err(gasp_wallet_backup(m.w.wallet, NULL, file_write, &out, made_time(5)), GASP_ERR_FILE_OPEN);
    assert_int_equal(out.len, 0);
    free(f.bytes);
    free(out.bytes);
    made_funds_clear(&m);
}

/* The process dies, or the disk fails, at each write in turn: there is never half a wallet. */
static void stores_that_fail(void **state)
{
    (void)state;
    made_funded m = made_funds();
    file f = backup_of(m.w.wallet);
    size_t deaths = 0;
    for (int lands = 0; lands < 2; lands++) {
        for (size_t at = 1;; at++) {
            gasp_kv *kv = NULL;
            gasp_wallet *wallet = NULL;
            faulty bad;
            assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
            faulty_init(&bad, kv);
            bad.crash_at = at;
            bad.lands = lands != 0;
            gasp_err err = restore_from(&bad.kv, &f, NULL, NULL);
            gasp_err opened = open_in(&wallet, kv);
            gasp_wallet_free(wallet);
            gasp_kv_close(&bad.kv);
            gasp_kv_close(kv);
            if (err == GASP_OK)
                break;
            deaths++;
            assert_err(err, GASP_ERR_STORE_IO);
            /* A last write that landed all the same made all of the wallet. */
            assert_true(opened == GASP_ERR_STORE_MISSING || (lands != 0 && at == 2 && opened == GASP_OK));
        }
    }
    assert_int_equal(deaths, 4);
    for (size_t at = 1; at <= 2; at++) {
        gasp_kv *kv = NULL;
        faulty bad;
        assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
        faulty_init(&bad, kv);
        bad.write.fail_at = at;
        bad.lands = true;
        assert_err(restore_from(&bad.kv, &f, NULL, NULL), GASP_ERR_STORE_IO);
        assert_true(is_empty(kv));
        gasp_kv_close(&bad.kv);
        gasp_kv_close(kv);
    }
    free(f.bytes);
    made_funds_clear(&m);
}

/* What the store says when it cannot be read. */
static void stores_that_cannot_be_read(void **state)
{
    (void)state;
    made_funded m = made_funds();
    gasp_wallet *wallet = NULL;
    faulty bad;
    file f = {.len = 0};
    faulty_init(&bad, m.w.kv);
    assert_err(open_in(&wallet, &bad.kv), GASP_OK);
    bad.snapshot.fail_at = 1;
    assert_err(gasp_wallet_backup(wallet, NULL, file_write, &f, made_time(5)), GASP_ERR_STORE_IO);
    bad.get.fail_at = 1;
    assert_err(gasp_wallet_backup(wallet, NULL, file_write, &f, made_time(5)), GASP_ERR_STORE_IO);
    bad.scan.fail_at = 1;
    bad.scan.rows_first = 3;
    assert_err(gasp_wallet_backup(wallet, NULL, file_write, &f, made_time(5)), GASP_ERR_STORE_IO);
    assert_int_equal(f.len, 0);
    gasp_wallet_free(wallet);
    gasp_kv_close(&bad.kv);
    free(f.bytes);
    made_funds_clear(&m);
}

/* An allocator that fails when it is told to, and counts what is out. */
typedef struct meter {
    gasp_mem mem;
    size_t out;
    size_t fail_at;
} meter;

static void *meter_allocate(void *user, size_t len)
{
    meter *m = user;
    if (m->fail_at > 0 && --m->fail_at == 0)
        return NULL;
    m->out++;
    return malloc(len);
}

static void *meter_resize(void *user, void *block, size_t len)
{
    meter *m = user;
    if (m->fail_at > 0 && --m->fail_at == 0)
        return NULL;
    m->out += block == NULL;
    return realloc(block, len);
}

static void meter_release(void *user, void *block)
{
    meter *m = user;
    m->out -= block != NULL;
    free(block);
}

/* Each allocation of a restoring, and that of a backup, fails in turn. */
static void no_memory(void **state)
{
    (void)state;
    made_funded m = made_funds();
    file f = backup_of(m.w.wallet);
    meter counted = {.out = 0};
    gasp_wallet_config config;
    gasp_wallet *wallet = NULL;
    size_t failures = 0;
    counted.mem = (gasp_mem){sizeof counted.mem, &counted, meter_allocate, meter_resize, meter_release};
    gasp_wallet_config_init(&config);
    config.mem = &counted.mem;
    for (;; failures++) {
        gasp_kv *kv = NULL;
        assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
        config.kv = kv;
        f.at = 0;
        counted.fail_at = failures + 1;
        gasp_err err = gasp_wallet_restore(&config, NULL, file_read, &f, NULL);
        counted.fail_at = 0;
        assert_int_equal(counted.out, 0);
        assert_true(err == GASP_OK || is_empty(kv));
        gasp_kv_close(kv);
        if (err == GASP_OK)
            break;
        assert_err(err, GASP_ERR_NOMEM);
    }
    printf("count: out of memory at each of %zu allocations of a restoring\n", failures);
    assert_true(failures >= 4);
    config.kv = m.w.kv;
    assert_err(gasp_wallet_open(&wallet, &config), GASP_OK);
    file out = {.len = 0};
    counted.fail_at = 1;
    assert_err(gasp_wallet_backup(wallet, NULL, file_write, &out, made_time(5)), GASP_ERR_NOMEM);
    assert_int_equal(out.len, 0);
    gasp_wallet_free(wallet);
    assert_int_equal(counted.out, 0);
    free(f.bytes);
    made_funds_clear(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_of_the_file),
        cmocka_unit_test(restored_is_the_same),
        cmocka_unit_test(in_bounded_batches),
        cmocka_unit_test(every_cut),
        cmocka_unit_test(every_changed_byte),
        cmocka_unit_test(wrong_but_hashed),
        cmocka_unit_test(lengths_before_allocation),
        cmocka_unit_test(store_that_is_not_empty),
        cmocka_unit_test(files_that_fail),
        cmocka_unit_test(stores_that_fail),
        cmocka_unit_test(stores_that_cannot_be_read),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
