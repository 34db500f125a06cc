/* The kv port on LevelDB's C interface; the only file that names it. Invariants: one write at a time (`writer`), so
 * that none is appended behind one that failed; a handle whose write failed (`broken`) is closed and opened anew before
 * any further use, and never while a call is inside it (`inside`). `state` is held for the opening and a few
 * instructions, never while a callback runs. LevelDB's snapshots all go before its handle does. */
#include "gasp/leveldb.h"

#include <errno.h>
#include <fcntl.h>
#include <leveldb/c.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/mem.h"
#include "store/check.h"
#include "store/owner.h"

enum {
    FILTER_BITS = 10, /* per key: one look in a hundred at a table that does not have it */
    CACHE_LEN = 16 * 1024 * 1024,
    WRITE_BUFFER_LEN = 8 * 1024 * 1024,
    OPEN_FILES_MAX = 128,
    FILE_PATH_MAX = GASP_STORE_PATH_MAX + 32
};

struct gasp_kv_snapshot {
    const leveldb_snapshot_t *view; /* NULL when it was lost with its handle */
    gasp_kv_snapshot *before;
    gasp_kv_snapshot *after;
};

typedef struct level {
    gasp_kv kv;
    const gasp_mem *mem;
    char *path;
    gasp_owner owner;
    leveldb_options_t *options;
    leveldb_cache_t *cache;
    leveldb_filterpolicy_t *filter;
    gasp_lock writer;
    gasp_lock state; /* guards what follows */
    leveldb_t *db;   /* NULL when it could not be opened again */
    bool broken;
    size_t inside; /* calls that are using db */
    gasp_kv_snapshot *snapshots;
    gasp_kv_text failed;
} level;

static const char *chars(gasp_bytes bytes)
{
    return bytes.len > 0 ? (const char *)bytes.data : "";
}

static gasp_bytes bytes_of(const char *data, size_t len)
{
    return (gasp_bytes){(const uint8_t *)data, len};
}

/* The error that LevelDB's text stands for; the text is copied and freed. */
static gasp_err classify(char *text, gasp_kv_text *why)
{
    if (text == NULL)
        return GASP_OK;
    snprintf(why->text, sizeof why->text, "%s", text);
    leveldb_free(text);
    return strncmp(why->text, "Corruption:", 11) == 0 ? GASP_ERR_STORE_CORRUPT : GASP_ERR_STORE_IO;
}

static void remember_locked(level *l, const char *text)
{
    snprintf(l->failed.text, sizeof l->failed.text, "%s", text);
}

/* An error of the arguments or of memory, which has no text of LevelDB. */
static gasp_err refuse(level *l, gasp_err err)
{
    gasp_lock_take(&l->state);
    remember_locked(l, gasp_err_text(err));
    gasp_lock_give(&l->state);
    return err;
}

static gasp_err open_locked(level *l, gasp_kv_text *why)
{
    char *text = NULL;
    l->db = leveldb_open(l->options, l->path, &text);
    gasp_err err = classify(text, why);
    if (err == GASP_OK)
        l->broken = false;
    else
        l->db = NULL;
    return err;
}

static void close_locked(level *l)
{
    if (l->db == NULL)
        return;
    for (gasp_kv_snapshot *s = l->snapshots; s != NULL; s = s->after) {
        if (s->view != NULL)
            leveldb_release_snapshot(l->db, s->view);
        s->view = NULL;
    }
    leveldb_close(l->db);
    l->db = NULL;
}

/* After a failed write: a new handle, which reads back what is whole and drops what is not. It does not wait for calls
 * that are inside the old one: one of them may be running the callback that we were called from. */
static gasp_err mend_locked(level *l)
{
    if (l->inside > 0) {
        remember_locked(l, "a write failed, and a call that began before it has not ended");
        return GASP_ERR_STORE_IO;
    }
    close_locked(l);
    gasp_kv_text why;
    gasp_err err = open_locked(l, &why);
    if (err != GASP_OK)
        remember_locked(l, why.text);
    return err;
}

/* Begins a use of *db and, when given, of a snapshot; `leave` ends it. */
static gasp_err enter(level *l, leveldb_t **db, const gasp_kv_snapshot *at)
{
    gasp_err err = GASP_OK;
    gasp_lock_take(&l->state);
    if (l->broken || l->db == NULL)
        err = mend_locked(l);
    if (err == GASP_OK && at != NULL && at->view == NULL) {
        remember_locked(l, "the snapshot was lost when the store was opened again after a failed write");
        err = GASP_ERR_STORE_IO;
    }
    if (err == GASP_OK) {
        *db = l->db;
        l->inside++;
    }
    gasp_lock_give(&l->state);
    return err;
}

/* Ends a use with what LevelDB said of it, and answers that. */
static gasp_err leave(level *l, char *text, bool wrote)
{
    gasp_kv_text why;
    gasp_err err = classify(text, &why);
    gasp_lock_take(&l->state);
    l->inside--;
    if (err != GASP_OK) {
        remember_locked(l, why.text);
        l->broken = l->broken || wrote;
    }
    gasp_lock_give(&l->state);
    return err;
}

static gasp_err snapshot(void *user, gasp_kv_snapshot **out)
{
    level *l = user;
    leveldb_t *db = NULL;
    if (out == NULL)
        return refuse(l, GASP_ERR_MISUSE);
    gasp_kv_snapshot *made = gasp_mem_zalloc(l->mem, sizeof *made);
    if (made == NULL)
        return refuse(l, GASP_ERR_NOMEM);
    gasp_err err = enter(l, &db, NULL);
    if (err != GASP_OK) {
        gasp_mem_free(l->mem, made);
        return err;
    }
    made->view = leveldb_create_snapshot(db);
    gasp_lock_take(&l->state);
    made->after = l->snapshots;
    if (made->after != NULL)
        made->after->before = made;
    l->snapshots = made;
    gasp_lock_give(&l->state);
    *out = made;
    return leave(l, NULL, false);
}

static void release(void *user, gasp_kv_snapshot *old)
{
    level *l = user;
    if (old == NULL)
        return;
    gasp_lock_take(&l->state);
    if (old->view != NULL)
        leveldb_release_snapshot(l->db, old->view);
    if (old->before != NULL)
        old->before->after = old->after;
    else
        l->snapshots = old->after;
    if (old->after != NULL)
        old->after->before = old->before;
    gasp_lock_give(&l->state);
    gasp_mem_free(l->mem, old);
}

static leveldb_readoptions_t *reading(const leveldb_snapshot_t *view)
{
    leveldb_readoptions_t *options = leveldb_readoptions_create();
    leveldb_readoptions_set_verify_checksums(options, 1);
    leveldb_readoptions_set_snapshot(options, view);
    return options;
}

static gasp_err get(void *user, const gasp_kv_snapshot *at, const gasp_bytes *keys, size_t n, gasp_kv_found found,
                    void *ctx)
{
    level *l = user;
    leveldb_t *db = NULL;
    gasp_err err = check_get(keys, n, found);
    if (err != GASP_OK)
        return refuse(l, err);
    err = enter(l, &db, at);
    if (err != GASP_OK)
        return err;
    /* Several keys without a snapshot are of one moment too. */
    const leveldb_snapshot_t *own = at == NULL && n > 1 ? leveldb_create_snapshot(db) : NULL;
    leveldb_readoptions_t *options = reading(at != NULL ? at->view : own);
    char *text = NULL;
    for (size_t i = 0; err == GASP_OK && text == NULL && i < n; i++) {
        size_t len = 0;
        char *value = leveldb_get(db, options, chars(keys[i]), keys[i].len, &len, &text);
        if (value != NULL)
            err = found(ctx, i, bytes_of(value, len));
        leveldb_free(value);
    }
    leveldb_readoptions_destroy(options);
    if (own != NULL)
        leveldb_release_snapshot(db, own);
    gasp_err left = leave(l, text, false);
    if (left != GASP_OK)
        return left;
    return err == GASP_DONE ? GASP_OK : err;
}

/* To the first row of the range in the direction of the scan. */
static void seek(leveldb_iterator_t *it, gasp_bytes from, gasp_bytes to, bool reverse)
{
    gasp_bytes bound = reverse ? to : from;
    if (bound.len > 0)
        leveldb_iter_seek(it, chars(bound), bound.len);
    if (!reverse && bound.len == 0)
        leveldb_iter_seek_to_first(it);
    else if (reverse && bound.len > 0 && leveldb_iter_valid(it))
        leveldb_iter_prev(it);
    else if (reverse)
        leveldb_iter_seek_to_last(it);
}

static bool inside(gasp_bytes key, gasp_bytes from, gasp_bytes to, bool reverse)
{
    if (reverse)
        return compare_keys(key, from) >= 0;
    return to.len == 0 || compare_keys(key, to) < 0;
}

/* Whether a row comes. LevelDB goes on behind a block that it cannot read and tells only when asked: asked at each row,
 * so that no row is given behind a hole. */
static bool at_row(leveldb_iterator_t *it, char **text)
{
    leveldb_iter_get_error(it, text);
    return *text == NULL && leveldb_iter_valid(it);
}

static gasp_err walk(leveldb_iterator_t *it, char **text, gasp_bytes from, gasp_bytes to, bool reverse, gasp_kv_row row,
                     void *ctx)
{
    gasp_err err = GASP_OK;
    seek(it, from, to, reverse);
    while (err == GASP_OK && at_row(it, text)) {
        size_t key_len = 0;
        size_t value_len = 0;
        const char *key = leveldb_iter_key(it, &key_len);
        if (!inside(bytes_of(key, key_len), from, to, reverse))
            break;
        const char *value = leveldb_iter_value(it, &value_len);
        err = row(ctx, bytes_of(key, key_len), bytes_of(value, value_len));
        if (err != GASP_OK)
            break;
        if (reverse)
            leveldb_iter_prev(it);
        else
            leveldb_iter_next(it);
    }
    return err;
}

static gasp_err scan(void *user, const gasp_kv_snapshot *at, gasp_bytes from, gasp_bytes to, bool reverse,
                     gasp_kv_row row, void *ctx)
{
    level *l = user;
    leveldb_t *db = NULL;
    gasp_err err = check_scan(from, to, row);
    if (err != GASP_OK)
        return refuse(l, err);
    err = enter(l, &db, at);
    if (err != GASP_OK)
        return err;
    leveldb_readoptions_t *options = reading(at != NULL ? at->view : NULL);
    leveldb_iterator_t *it = leveldb_create_iterator(db, options);
    char *text = NULL;
    err = walk(it, &text, from, to, reverse, row, ctx);
    leveldb_iter_destroy(it);
    leveldb_readoptions_destroy(options);
    gasp_err left = leave(l, text, false);
    if (left != GASP_OK)
        return left;
    return err == GASP_DONE ? GASP_OK : err;
}

static leveldb_writebatch_t *batch_of(const gasp_kv_op *ops, size_t n)
{
    leveldb_writebatch_t *batch = leveldb_writebatch_create();
    for (size_t i = 0; i < n; i++) {
        if (ops[i].verb == GASP_KV_PUT)
            leveldb_writebatch_put(batch, chars(ops[i].key), ops[i].key.len, chars(ops[i].value), ops[i].value.len);
        else
            leveldb_writebatch_delete(batch, chars(ops[i].key), ops[i].key.len);
    }
    return batch;
}

static gasp_err write_batch(void *user, const gasp_kv_op *ops, size_t n, bool sync)
{
    level *l = user;
    leveldb_t *db = NULL;
    gasp_err err = check_write(ops, n);
    if (err != GASP_OK)
        return refuse(l, err);
    leveldb_writebatch_t *batch = batch_of(ops, n);
    leveldb_writeoptions_t *options = leveldb_writeoptions_create();
    leveldb_writeoptions_set_sync(options, sync);
    gasp_lock_take(&l->writer);
    err = enter(l, &db, NULL);
    if (err == GASP_OK) {
        char *text = NULL;
        leveldb_write(db, options, batch, &text);
        err = leave(l, text, true);
    }
    gasp_lock_give(&l->writer);
    leveldb_writeoptions_destroy(options);
    leveldb_writebatch_destroy(batch);
    return err;
}

static void why_failed(void *user, gasp_kv_text *out)
{
    level *l = user;
    gasp_lock_take(&l->state);
    *out = l->failed;
    gasp_lock_give(&l->state);
}

/* Frees a store in any stage of its making, as long as its locks are there. */
static void close_store(void *user)
{
    level *l = user;
    close_locked(l);
    while (l->snapshots != NULL)
        release(l, l->snapshots);
    leveldb_options_destroy(l->options);
    leveldb_filterpolicy_destroy(l->filter);
    leveldb_cache_destroy(l->cache);
    gasp_owner_leave(&l->owner);
    gasp_lock_clear(&l->state);
    gasp_lock_clear(&l->writer);
    gasp_mem_free(l->mem, l->path);
    gasp_mem_free(l->mem, l);
}

void gasp_leveldb_config_init(gasp_leveldb_config *config)
{
    *config = (gasp_leveldb_config){.size = sizeof *config,
                                    .mode = GASP_LEVELDB_OPEN,
                                    .cache_len = CACHE_LEN,
                                    .write_buffer_len = WRITE_BUFFER_LEN,
                                    .open_files_max = OPEN_FILES_MAX};
}

static void set_options(level *l, const gasp_leveldb_config *config)
{
    l->options = leveldb_options_create();
    l->cache = leveldb_cache_create_lru(config->cache_len);
    l->filter = leveldb_filterpolicy_create_bloom(FILTER_BITS);
    leveldb_options_set_cache(l->options, l->cache);
    leveldb_options_set_filter_policy(l->options, l->filter);
    leveldb_options_set_write_buffer_size(l->options, config->write_buffer_len);
    leveldb_options_set_max_open_files(l->options, config->open_files_max);
    leveldb_options_set_compression(l->options, leveldb_no_compression);
    /* A log that does not read back is said, not skipped. The torn end that a crash leaves is no error to LevelDB. */
    leveldb_options_set_paranoid_checks(l->options, 1);
}

static gasp_err level_new(level **out, const char *path, const gasp_leveldb_config *config, const gasp_mem *mem)
{
    level *l = gasp_mem_zalloc(mem, sizeof *l);
    char *copy = gasp_mem_copy(mem, path, strlen(path) + 1);
    bool writer = l != NULL && gasp_lock_init(&l->writer) == GASP_OK;
    bool state = l != NULL && gasp_lock_init(&l->state) == GASP_OK;
    if (copy != NULL && writer && state) {
        l->mem = mem;
        l->path = copy;
        l->kv = (gasp_kv){sizeof l->kv, l, snapshot, release, get, scan, write_batch, why_failed, close_store};
        set_options(l, config);
        *out = l;
        return GASP_OK;
    }
    if (writer)
        gasp_lock_clear(&l->writer);
    if (state)
        gasp_lock_clear(&l->state);
    gasp_mem_free(mem, copy);
    gasp_mem_free(mem, l);
    return GASP_ERR_NOMEM;
}

static gasp_err say(gasp_kv_text *why, gasp_err err, const char *path, const char *what)
{
    snprintf(why->text, sizeof why->text, "%.400s: %s", path, what);
    return err;
}

/* Whether a store is in the directory: LevelDB's CURRENT is the last thing that making one writes. GASP_ABSENT when
 * not. */
static gasp_err look(const char *path, gasp_kv_text *why)
{
    char current[FILE_PATH_MAX];
    struct stat status;
    snprintf(current, sizeof current, "%s/CURRENT", path);
    if (stat(current, &status) == 0)
        return GASP_OK;
    if (errno == ENOENT)
        return GASP_ABSENT;
    return say(why, GASP_ERR_STORE_IO, path, strerror(errno));
}

/* Makes the directory and puts its name on the disk, without which no synced write in it would be kept. */
static gasp_err make_directory(const char *path, gasp_kv_text *why)
{
    char parent[FILE_PATH_MAX];
    if (mkdir(path, 0700) != 0)
        return errno == EEXIST ? GASP_OK : say(why, GASP_ERR_STORE_IO, path, strerror(errno));
    snprintf(parent, sizeof parent, "%s/..", path);
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL); /* EINVAL: this file system has no such thing */
    gasp_err err = synced ? GASP_OK : say(why, GASP_ERR_STORE_IO, parent, strerror(errno));
    if (fd >= 0)
        close(fd);
    return err;
}

static gasp_err bring_up(level *l, gasp_leveldb_mode mode, gasp_kv_text *why)
{
    gasp_err there = look(l->path, why);
    if (there == GASP_ABSENT && mode == GASP_LEVELDB_OPEN)
        return say(why, GASP_ERR_STORE_MISSING, l->path, "no store is there");
    gasp_err err = there == GASP_ABSENT ? make_directory(l->path, why) : there;
    if (err == GASP_OK)
        err = gasp_owner_take(&l->owner, l->path, why);
    if (err != GASP_OK)
        return err;
    /* Looked at again under the lock: two processes may be making it. */
    there = look(l->path, why);
    if (there == GASP_OK && mode == GASP_LEVELDB_CREATE)
        return say(why, GASP_ERR_STORE_EXISTS, l->path, "a store is there already");
    leveldb_options_set_create_if_missing(l->options, there == GASP_ABSENT);
    err = open_locked(l, why);
    leveldb_options_set_create_if_missing(l->options, 0);
    return err;
}

/* Somebody who is not this library has LevelDB open there. */
static gasp_err name_foreigner(gasp_err err, const char *path, gasp_kv_text *why)
{
    if (err != GASP_ERR_STORE_IO || strncmp(why->text, "IO error: lock ", 15) != 0)
        return err;
    long pid = gasp_owner_foreign(path, "LOCK");
    if (pid == 0)
        return err;
    snprintf(why->text, sizeof why->text, "%.400s: process %ld has it open", path, pid);
    return GASP_ERR_STORE_LOCKED;
}

static bool config_usable(const gasp_leveldb_config *config)
{
    return config->size == sizeof *config && config->mode >= GASP_LEVELDB_OPEN &&
           config->mode <= GASP_LEVELDB_OPEN_OR_CREATE && config->cache_len > 0 && config->write_buffer_len > 0 &&
           config->open_files_max > 0;
}

gasp_err gasp_kv_leveldb_open(gasp_kv **out, const char *path, const gasp_leveldb_config *config, const gasp_mem *mem,
                              gasp_kv_text *why)
{
    gasp_leveldb_config defaults;
    gasp_kv_text unread;
    level *l = NULL;
    gasp_leveldb_config_init(&defaults);
    config = config != NULL ? config : &defaults;
    why = why != NULL ? why : &unread;
    why->text[0] = '\0';
    gasp_err err = GASP_ERR_MISUSE;
    if (out != NULL && path != NULL && strlen(path) <= GASP_STORE_PATH_MAX && config_usable(config))
        err = level_new(&l, path, config, gasp_mem_or_default(mem));
    if (err != GASP_OK) {
        snprintf(why->text, sizeof why->text, "%s", gasp_err_text(err));
        return err;
    }
    err = name_foreigner(bring_up(l, config->mode, why), path, why);
    if (err == GASP_OK)
        *out = &l->kv;
    else
        close_store(l);
    return err;
}

gasp_err gasp_kv_leveldb_destroy(const char *path, gasp_kv_text *why)
{
    gasp_owner owner = {0};
    gasp_kv_text unread;
    why = why != NULL ? why : &unread;
    why->text[0] = '\0';
    if (path == NULL || strlen(path) > GASP_STORE_PATH_MAX)
        return GASP_ERR_MISUSE;
    gasp_err err = look(path, why);
    if (err == GASP_ABSENT)
        return say(why, GASP_ERR_STORE_MISSING, path, "no store is there");
    if (err == GASP_OK)
        err = gasp_owner_take(&owner, path, why);
    if (err != GASP_OK)
        return err;
    leveldb_options_t *options = leveldb_options_create();
    char *text = NULL;
    leveldb_destroy_db(options, path, &text);
    leveldb_options_destroy(options);
    err = name_foreigner(classify(text, why), path, why);
    if (err == GASP_OK) {
        gasp_owner_delete(&owner, path);
        rmdir(path);
    }
    gasp_owner_leave(&owner);
    return err;
}

void gasp_leveldb_version(char out[GASP_LEVELDB_VERSION_MAX])
{
    snprintf(out, GASP_LEVELDB_VERSION_MAX, "%d.%d", leveldb_major_version(), leveldb_minor_version());
}
