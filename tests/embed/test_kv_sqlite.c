/* The store over SQLite: the suite of all stores, then the host's own rows in the wallet's transaction. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "embed/kv_sqlite.h"
#include "lib/data.h"
#include "store/suite.h"

static char folder[] = "/tmp/gasp-embed-XXXXXX";
static char path[128];

static void remove_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[160];
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

static gasp_kv *make(void)
{
    gasp_kv *kv = NULL;
    remove_files();
    assert_err(sqlite_kv_open(&kv, path, NULL, NULL), GASP_OK);
    return kv;
}

static void unmake(gasp_kv *kv)
{
    gasp_kv_close(kv);
    remove_files();
}

static gasp_kv *reopen(gasp_kv *kv)
{
    gasp_kv *again = NULL;
    gasp_kv_close(kv);
    assert_err(sqlite_kv_open(&again, path, NULL, NULL), GASP_OK);
    return again;
}

/* ---- rows of the host ---------------------------------------------------------------------------------------------- */

static int count(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM own", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int n = sqlite3_column_int(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return n;
}

static gasp_err own_row(void *ctx, sqlite3 *db, const gasp_kv_op *ops, size_t n)
{
    char sql[64];
    (void)ops;
    (void)snprintf(sql, sizeof sql, "INSERT INTO own VALUES (%zu)", n);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    return *(const gasp_err *)ctx;
}

static void host_rows_go_along_or_not_at_all(void **state)
{
    gasp_err answer = GASP_OK;
    gasp_kv *kv = NULL;
    sqlite3 *db = NULL;
    (void)state;
    remove_files();
    assert_err(sqlite_kv_open(&kv, path, own_row, &answer), GASP_OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE own (n INTEGER)", NULL, NULL, NULL), SQLITE_OK);
    suite_put(kv, "a", "1");
    assert_int_equal(count(db), 1);
    answer = GASP_ERR_STORE_IO;
    gasp_kv_op op = {GASP_KV_PUT, suite_text("b"), suite_text("2")};
    assert_err(kv->write(kv->user, &op, 1, true), GASP_ERR_STORE_IO);
    assert_int_equal(count(db), 1);
    assert_null(suite_value(kv, NULL, "b"));
    answer = GASP_OK;
    assert_err(kv->write(kv->user, &op, 1, true), GASP_OK);
    assert_int_equal(count(db), 2);
    assert_string_equal(suite_value(kv, NULL, "b"), "2");
    (void)sqlite3_close(db);
    unmake(kv);
}

static void what_cannot_be_opened(void **state)
{
    gasp_kv *kv = NULL;
    FILE *file = fopen(path, "wb");
    (void)state;
    assert_non_null(file);
    for (int i = 0; i < 100; i++)
        assert_true(fputs("this is no database, however long it is. ", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_err(sqlite_kv_open(&kv, path, NULL, NULL), GASP_ERR_STORE_CORRUPT);
    assert_err(sqlite_kv_open(&kv, "/nowhere/at/all", NULL, NULL), GASP_ERR_STORE_IO);
    assert_null(kv);
    remove_files();
}

int main(void)
{
    const suite_maker sqlite = {"sqlite", make, unmake, reopen, 3000};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_rows_go_along_or_not_at_all),
        cmocka_unit_test(what_cannot_be_opened),
    };
    if (mkdtemp(folder) == NULL)
        return 1;
    (void)snprintf(path, sizeof path, "%s/db", folder);
    int failures = suite_run(&sqlite) + cmocka_run_group_tests_name("kv_sqlite", tests, NULL, NULL);
    (void)rmdir(folder);
    return failures;
}
