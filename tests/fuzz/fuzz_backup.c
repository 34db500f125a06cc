/* Backups from anywhere: what is refused leaves an empty store and no wallet; what is restored is written again as the same
 * bytes. Each input is tried as it is, and once more with the right hash as its last 32 bytes, since no fuzzer finds one. */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "fuzz/fuzz.h"
#include "gasp/backup.h"

typedef struct file {
    const uint8_t *data;
    size_t len;
    size_t at;
} file;

static gasp_err give(void *ctx, uint8_t *out, size_t cap, size_t *len)
{
    file *f = ctx;
    *len = f->len - f->at < cap ? f->len - f->at : cap;
    if (*len > 0)
        memcpy(out, f->data + f->at, *len);
    f->at += *len;
    return GASP_OK;
}

static gasp_err compare(void *ctx, const uint8_t *bytes, size_t len)
{
    file *f = ctx;
    FUZZ_HOLDS(len <= f->len - f->at && memcmp(f->data + f->at, bytes, len) == 0);
    f->at += len;
    return GASP_OK;
}

static gasp_err some_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)ctx;
    (void)key;
    (void)value;
    return GASP_ERR_STORE_EXISTS;
}

static void written_again(const gasp_wallet_config *config, const gasp_backup_report *report, file *f)
{
    gasp_wallet *wallet = NULL;
    gasp_err err = gasp_wallet_open(&wallet, config);
    FUZZ_HOLDS(err == GASP_OK || err == GASP_ERR_STORE_CORRUPT);
    if (err != GASP_OK)
        return; /* the hash was right, and rows are believed as the store's are: the wallet is, and says what it is */
    f->at = 0;
    FUZZ_HOLDS(gasp_wallet_backup(wallet, NULL, compare, f, (gasp_time){0, report->made_ms}) == GASP_OK);
    FUZZ_HOLDS(f->at == f->len);
    gasp_wallet_free(wallet);
}

static void attempt(const uint8_t *data, size_t size)
{
    static const gasp_bytes all = {NULL, 0};
    gasp_kv *kv = NULL;
    gasp_wallet *none = NULL;
    gasp_wallet_config config;
    gasp_backup_report report;
    gasp_fault fault = {GASP_OK, 0, 0};
    file f = {data, size, 0};
    FUZZ_HOLDS(gasp_kv_memory_new(&kv, NULL) == GASP_OK);
    gasp_wallet_config_init(&config);
    config.kv = kv;
    gasp_err err = gasp_wallet_restore(&config, &report, give, &f, &fault);
    if (err == GASP_OK) {
        written_again(&config, &report, &f);
    } else {
        FUZZ_HOLDS(fault.err == err && fault.at <= size);
        FUZZ_HOLDS(kv->scan(kv->user, NULL, all, all, false, some_row, NULL) == GASP_OK);
        FUZZ_HOLDS(gasp_wallet_open(&none, &config) == GASP_ERR_STORE_MISSING);
    }
    gasp_kv_close(kv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    attempt(data, size);
    if (size < 32)
        return 0;
    uint8_t *hashed = malloc(size);
    FUZZ_HOLDS(hashed != NULL);
    memcpy(hashed, data, size);
    gasp_sha256_once(hashed + size - 32, hashed, size - 32);
    attempt(hashed, size);
    free(hashed);
    return 0;
}
