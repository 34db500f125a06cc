/* The LevelDB store: the suite, then what a directory on a disk adds - who holds it, what is there, a full disk, bytes
 * that changed, a writer that is killed. Other processes are this program again, with a word that says what to do:
 * after a mere fork LevelDB's background thread would be missing. */
#include "gasp/leveldb.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/data.h"
#include "lib/random.h"
#include "store/suite.h"

static const char *program;
static char root[PATH_MAX / 2]; /* a directory for this run */
static char store_dir[PATH_MAX];

static gasp_kv *open_at(gasp_leveldb_mode mode, gasp_err expected)
{
    gasp_leveldb_config config;
    gasp_kv_text why;
    gasp_kv *kv = NULL;
    gasp_leveldb_config_init(&config);
    config.mode = mode;
    config.write_buffer_len = 256 * 1024; /* so that tables are made and merged too */
    gasp_err err = gasp_kv_leveldb_open(&kv, store_dir, &config, NULL, &why);
    if (err != expected)
        print_error("%s\n", why.text);
    assert_err(err, expected);
    assert_int_equal(why.text[0] == '\0', err == GASP_OK);
    assert_int_equal(kv != NULL, err == GASP_OK);
    return kv;
}

static void delete_store(void)
{
    gasp_kv_text why;
    struct stat status;
    assert_err(gasp_kv_leveldb_destroy(store_dir, &why), GASP_OK);
    assert_int_equal(stat(store_dir, &status), -1);
}

static gasp_kv *make(void)
{
    return open_at(GASP_LEVELDB_CREATE, GASP_OK);
}

static void unmake(gasp_kv *kv)
{
    gasp_kv_close(kv);
    delete_store();
}

static gasp_kv *reopen(gasp_kv *kv)
{
    gasp_kv_close(kv);
    return open_at(GASP_LEVELDB_OPEN, GASP_OK);
}

/* This program again: its standard input and output, and its pid. */
typedef struct other {
    pid_t pid;
    int in;
    int out;
} other;

static other spawn(const char *what, const char *argument)
{
    int in[2];
    int out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[0]);
        close(in[1]);
        close(out[0]);
        close(out[1]);
        execl(program, program, what, store_dir, argument, (char *)NULL);
        _exit(99);
    }
    close(in[0]);
    close(out[1]);
    return (other){pid, in[1], out[0]};
}

static int finish(other *o)
{
    int status = 0;
    close(o->in);
    close(o->out);
    assert_int_equal(waitpid(o->pid, &status, 0), o->pid);
    return status;
}

/* One line of what it says, without the newline. */
static void listen_to(other *o, char *line, size_t cap)
{
    size_t len = 0;
    char c = 0;
    while (len + 1 < cap && read(o->out, &c, 1) == 1 && c != '\n')
        line[len++] = c;
    line[len] = '\0';
}

/* What the other processes do. */

static int other_holds(const char *dir)
{
    gasp_kv *kv = NULL;
    char c;
    if (gasp_kv_leveldb_open(&kv, dir, NULL, NULL, NULL) != GASP_OK)
        return 1;
    puts("ready");
    fflush(stdout);
    while (read(0, &c, 1) > 0)
        continue;
    gasp_kv_close(kv);
    return 0;
}

static int other_tries(const char *dir)
{
    gasp_kv *kv = NULL;
    gasp_kv_text why;
    gasp_err err = gasp_kv_leveldb_open(&kv, dir, NULL, NULL, &why);
    printf("%s %s\n", gasp_err_name(err), why.text);
    fflush(stdout);
    gasp_kv_close(kv);
    return 0;
}

/* A program that knows LevelDB but not this library. */
static int other_locks(const char *dir)
{
    char path[PATH_MAX + 16];
    char c;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    snprintf(path, sizeof path, "%s/LOCK", dir);
    int fd = open(path, O_RDWR);
    if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0)
        return 1;
    puts("ready");
    fflush(stdout);
    while (read(0, &c, 1) > 0)
        continue;
    return 0;
}

enum { ROWS_OF_BATCH = 4, VALUE_MAX_OF_BATCH = 20000 };

static gasp_bytes batch_value(uint64_t batch, uint64_t row, uint8_t out[VALUE_MAX_OF_BATCH])
{
    test_random r = {batch * ROWS_OF_BATCH + row};
    size_t len = (size_t)test_random_below(&r, VALUE_MAX_OF_BATCH);
    test_random_fill(&r, out, len);
    return (gasp_bytes){out, len};
}

static gasp_bytes batch_key(uint64_t batch, uint64_t row, char out[32])
{
    snprintf(out, 32, "b%012llu/%llu", (unsigned long long)batch, (unsigned long long)row);
    return suite_text(out);
}

static gasp_err write_numbered(gasp_kv *kv, uint64_t batch, bool sync)
{
    static uint8_t values[ROWS_OF_BATCH][VALUE_MAX_OF_BATCH];
    char keys[ROWS_OF_BATCH][32];
    gasp_kv_op ops[ROWS_OF_BATCH];
    for (uint64_t i = 0; i < ROWS_OF_BATCH; i++)
        ops[i] = (gasp_kv_op){GASP_KV_PUT, batch_key(batch, i, keys[i]), batch_value(batch, i, values[i])};
    return kv->write(kv->user, ops, ROWS_OF_BATCH, sync);
}

/* Writes numbered batches until it is killed, and says each number when it is kept. Every other one is synced. */
static int other_writes(const char *dir, const char *from)
{
    gasp_kv *kv = NULL;
    gasp_leveldb_config config;
    gasp_leveldb_config_init(&config);
    config.write_buffer_len = 256 * 1024;
    if (gasp_kv_leveldb_open(&kv, dir, &config, NULL, NULL) != GASP_OK)
        return 1;
    for (uint64_t batch = strtoull(from, NULL, 10);; batch++) {
        if (write_numbered(kv, batch, batch % 2 == 0) != GASP_OK)
            return 2;
        if (write(1, &batch, sizeof batch) != sizeof batch)
            return 3;
    }
}

/* What the directory may be when it is opened. */

static void modes(void **state)
{
    (void)state;
    struct stat status;
    gasp_kv_text why;
    open_at(GASP_LEVELDB_OPEN, GASP_ERR_STORE_MISSING);
    assert_int_equal(stat(store_dir, &status), -1);
    assert_err(gasp_kv_leveldb_destroy(store_dir, &why), GASP_ERR_STORE_MISSING);
    gasp_kv *kv = open_at(GASP_LEVELDB_OPEN_OR_CREATE, GASP_OK);
    assert_int_equal(stat(store_dir, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    suite_put(kv, "a", "1");
    gasp_kv_close(kv);
    open_at(GASP_LEVELDB_CREATE, GASP_ERR_STORE_EXISTS);
    kv = open_at(GASP_LEVELDB_OPEN_OR_CREATE, GASP_OK);
    assert_string_equal(suite_value(kv, NULL, "a"), "1");
    gasp_kv_close(kv);
    delete_store();
    /* An empty directory that somebody made is as good as none. */
    assert_int_equal(mkdir(store_dir, 0700), 0);
    open_at(GASP_LEVELDB_OPEN, GASP_ERR_STORE_MISSING);
    gasp_kv_close(open_at(GASP_LEVELDB_CREATE, GASP_OK));
    delete_store();
}

static void misuse(void **state)
{
    (void)state;
    static char path[8192];
    gasp_kv *kv = NULL;
    gasp_kv_text why;
    gasp_leveldb_config config;
    gasp_leveldb_config_init(&config);
    config.size--;
    assert_err(gasp_kv_leveldb_open(&kv, store_dir, &config, NULL, &why), GASP_ERR_MISUSE);
    assert_string_equal(why.text, gasp_err_text(GASP_ERR_MISUSE));
    gasp_leveldb_config_init(&config);
    config.mode = (gasp_leveldb_mode)3;
    assert_err(gasp_kv_leveldb_open(&kv, store_dir, &config, NULL, NULL), GASP_ERR_MISUSE);
    assert_err(gasp_kv_leveldb_open(NULL, store_dir, NULL, NULL, NULL), GASP_ERR_MISUSE);
    assert_err(gasp_kv_leveldb_open(&kv, NULL, NULL, NULL, NULL), GASP_ERR_MISUSE);
    memset(path, 'x', sizeof path - 1);
    assert_err(gasp_kv_leveldb_open(&kv, path, NULL, NULL, NULL), GASP_ERR_MISUSE);
    assert_err(gasp_kv_leveldb_destroy(path, NULL), GASP_ERR_MISUSE);
    assert_err(gasp_kv_leveldb_destroy(NULL, NULL), GASP_ERR_MISUSE);
    assert_null(kv);
}

static void *no_allocate(void *user, size_t len)
{
    size_t *left = user;
    return (*left)-- > 0 ? malloc(len) : NULL;
}

static void *no_resize(void *user, void *block, size_t len)
{
    (void)user;
    (void)block;
    (void)len;
    return NULL;
}

static void plain_release(void *user, void *block)
{
    (void)user;
    free(block);
}

static void no_memory(void **state)
{
    (void)state;
    size_t left = 0;
    const gasp_mem mem = {sizeof mem, &left, no_allocate, no_resize, plain_release};
    gasp_leveldb_config config;
    gasp_kv *kv = NULL;
    gasp_kv_snapshot *at = NULL;
    gasp_leveldb_config_init(&config);
    config.mode = GASP_LEVELDB_CREATE;
    for (size_t n = 0; n < 2; n++) {
        left = n;
        assert_err(gasp_kv_leveldb_open(&kv, store_dir, &config, &mem, NULL), GASP_ERR_NOMEM);
    }
    left = 2;
    assert_err(gasp_kv_leveldb_open(&kv, store_dir, &config, &mem, NULL), GASP_OK);
    left = 0;
    assert_err(kv->snapshot(kv->user, &at), GASP_ERR_NOMEM);
    unmake(kv);
}

static void not_a_place(void **state)
{
    (void)state;
    char kept[PATH_MAX];
    memcpy(kept, store_dir, sizeof kept);
    snprintf(store_dir, sizeof store_dir, "%s/no/such", root);
    open_at(GASP_LEVELDB_CREATE, GASP_ERR_STORE_IO);
    snprintf(store_dir, sizeof store_dir, "%s/file", root);
    int fd = open(store_dir, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    open_at(GASP_LEVELDB_OPEN, GASP_ERR_STORE_IO);
    open_at(GASP_LEVELDB_CREATE, GASP_ERR_STORE_IO);
    unlink(store_dir);
    memcpy(store_dir, kept, sizeof kept);
}

/* Who holds it. */

static void held_by_another_process(void **state)
{
    (void)state;
    char line[64];
    char pid[32];
    gasp_kv *kv = NULL;
    gasp_kv_text why;
    gasp_kv_close(make());
    other o = spawn("hold", NULL);
    listen_to(&o, line, sizeof line);
    assert_string_equal(line, "ready");
    snprintf(pid, sizeof pid, "process %ld ", (long)o.pid);
    assert_err(gasp_kv_leveldb_open(&kv, store_dir, NULL, NULL, &why), GASP_ERR_STORE_LOCKED);
    assert_non_null(strstr(why.text, pid));
    printf("%s\n", why.text);
    assert_err(gasp_kv_leveldb_destroy(store_dir, &why), GASP_ERR_STORE_LOCKED);
    assert_non_null(strstr(why.text, pid));
    assert_int_equal(kill(o.pid, SIGKILL), 0);
    finish(&o);
    gasp_kv_close(open_at(GASP_LEVELDB_OPEN, GASP_OK));
    delete_store();
}

/* LevelDB's own lock is gone after the second opening; ours must not be. */
static void held_by_this_process(void **state)
{
    (void)state;
    char expected[64];
    char line[1024];
    gasp_kv *second = NULL;
    gasp_kv_text why;
    gasp_kv *kv = make();
    assert_err(gasp_kv_leveldb_open(&second, store_dir, NULL, NULL, &why), GASP_ERR_STORE_LOCKED);
    snprintf(expected, sizeof expected, "this process (pid %ld)", (long)getpid());
    assert_non_null(strstr(why.text, expected));
    other o = spawn("try", NULL);
    listen_to(&o, line, sizeof line);
    assert_int_equal(finish(&o), 0);
    snprintf(expected, sizeof expected, "process %ld ", (long)getpid());
    assert_ptr_equal(strstr(line, "store_locked "), line);
    assert_non_null(strstr(line, expected));
    suite_put(kv, "a", "1");
    unmake(kv);
}

static void held_by_a_foreign_program(void **state)
{
    (void)state;
    char line[64];
    char pid[32];
    gasp_kv *kv = NULL;
    gasp_kv_text why;
    gasp_kv_close(make());
    other o = spawn("lock", NULL);
    listen_to(&o, line, sizeof line);
    assert_string_equal(line, "ready");
    snprintf(pid, sizeof pid, "process %ld ", (long)o.pid);
    assert_err(gasp_kv_leveldb_open(&kv, store_dir, NULL, NULL, &why), GASP_ERR_STORE_LOCKED);
    assert_non_null(strstr(why.text, pid));
    assert_err(gasp_kv_leveldb_destroy(store_dir, &why), GASP_ERR_STORE_LOCKED);
    assert_int_equal(finish(&o), 0);
    gasp_kv_close(open_at(GASP_LEVELDB_OPEN, GASP_OK));
    delete_store();
}

/* What of numbered batches is there. */
typedef struct numbered {
    uint64_t next_batch;
    uint64_t next_row;
    uint64_t wrong;
} numbered;

static gasp_err check_numbered(void *ctx, gasp_bytes key, gasp_bytes value)
{
    numbered *x = ctx;
    uint8_t bytes[VALUE_MAX_OF_BATCH];
    char text[32];
    gasp_bytes expected_key = batch_key(x->next_batch, x->next_row, text);
    gasp_bytes expected = batch_value(x->next_batch, x->next_row, bytes);
    if (key.len != expected_key.len || memcmp(key.data, expected_key.data, key.len) != 0 || value.len != expected.len ||
        memcmp(value.data, expected.data, value.len) != 0)
        x->wrong++;
    if (++x->next_row == ROWS_OF_BATCH) {
        x->next_row = 0;
        x->next_batch++;
    }
    return GASP_OK;
}

/* Batches 0..n-1, whole, and nothing else; gives n. */
static uint64_t whole_batches(gasp_kv *kv)
{
    numbered x = {0, 0, 0};
    assert_err(kv->scan(kv->user, NULL, suite_text("b"), suite_text("c"), false, check_numbered, &x), GASP_OK);
    assert_int_equal(x.wrong, 0);
    assert_int_equal(x.next_row, 0);
    return x.next_batch;
}

/* A disk that is full: no file may grow beyond `len`. RLIM_INFINITY ends it. */
static void limit_files(rlim_t len)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = len < limit.rlim_max ? len : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static gasp_err ignore_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)ctx;
    (void)key;
    (void)value;
    return GASP_OK;
}

static void full_disk(void **state)
{
    (void)state;
    test_random r = test_random_start("full disk");
    gasp_kv *kv = make();
    uint64_t kept = 0;
    unsigned failures = 0;
    for (int round = 0; round < 12; round++) {
        gasp_kv_snapshot *at = NULL;
        gasp_kv_text why;
        assert_err(kv->snapshot(kv->user, &at), GASP_OK);
        limit_files(20000 + (rlim_t)test_random_below(&r, 200000)); /* a log is longer */
        gasp_err err = GASP_OK;
        for (int tries = 0; tries < 400 && err == GASP_OK; tries++) {
            err = write_numbered(kv, kept, test_random_below(&r, 2) == 0);
            kept += err == GASP_OK;
        }
        assert_err(err, GASP_ERR_STORE_IO);
        failures++;
        kv->why(kv->user, &why);
        assert_string_not_equal(why.text, "");
        /* The disk is still full: whatever comes now is refused or kept, never half of it. */
        uint64_t again = test_random_below(&r, 3);
        for (uint64_t i = 0; i < again; i++) {
            err = write_numbered(kv, kept, true);
            kept += err == GASP_OK;
            if (err != GASP_OK)
                assert_err(err, GASP_ERR_STORE_IO);
        }
        limit_files(RLIM_INFINITY);
        assert_err(kv->scan(kv->user, at, suite_text(""), suite_text(""), false, ignore_row, NULL), GASP_ERR_STORE_IO);
        kv->release(kv->user, at);
        uint64_t there = whole_batches(kv);
        assert_true(there == kept || there == kept + 1);
        kept = there;
        assert_err(write_numbered(kv, kept, true), GASP_OK);
        kept++;
        if (round % 3 == 0)
            kv = reopen(kv);
        assert_int_equal(whole_batches(kv), kept);
    }
    printf("count: %u full disks, %llu batches kept\n", failures, (unsigned long long)kept);
    unmake(kv);
}

/* A write fails while a scan is inside the handle: it cannot be opened anew before the scan has ended, and says so. */
static gasp_err fail_inside(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_kv *kv = ctx;
    gasp_kv_text why;
    uint64_t batch = 0;
    (void)key;
    (void)value;
    limit_files(100000);
    while (write_numbered(kv, batch, false) == GASP_OK)
        batch++;
    limit_files(RLIM_INFINITY);
    assert_err(write_numbered(kv, batch, false), GASP_ERR_STORE_IO);
    kv->why(kv->user, &why);
    assert_non_null(strstr(why.text, "has not ended"));
    return GASP_OK;
}

static void failure_inside_a_scan(void **state)
{
    (void)state;
    gasp_kv *kv = make();
    suite_put(kv, "a", "1");
    assert_err(kv->scan(kv->user, NULL, suite_text("a"), suite_text("b"), false, fail_inside, kv), GASP_OK);
    suite_put(kv, "a", "2");
    assert_string_equal(suite_value(kv, NULL, "a"), "2");
    unmake(kv);
}

/* Changes a byte in the middle of every file whose name ends so; how many there were. */
static int change_files(const char *ending)
{
    int changed = 0;
    DIR *dir = opendir(store_dir);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[PATH_MAX + 256 + 2];
        struct stat status;
        uint8_t byte = 0;
        size_t len = strlen(entry->d_name);
        if (len < strlen(ending) || strcmp(entry->d_name + len - strlen(ending), ending) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", store_dir, entry->d_name);
        int fd = open(path, O_RDWR);
        assert_true(fd >= 0);
        assert_int_equal(fstat(fd, &status), 0);
        assert_int_equal(pread(fd, &byte, 1, status.st_size / 2), 1);
        byte ^= 1;
        assert_int_equal(pwrite(fd, &byte, 1, status.st_size / 2), 1);
        close(fd);
        changed++;
    }
    closedir(dir);
    return changed;
}

static void changed_bytes(void **state)
{
    (void)state;
    gasp_kv *kv = make();
    gasp_kv_text why;
    for (uint64_t batch = 0; batch < 4; batch++)
        assert_err(write_numbered(kv, batch, true), GASP_OK);
    kv = reopen(kv); /* what was in the log is a table now */
    gasp_kv_close(kv);
    assert_int_equal(change_files(".ldb"), 1);
    kv = open_at(GASP_LEVELDB_OPEN, GASP_OK);
    assert_err(kv->scan(kv->user, NULL, suite_text(""), suite_text(""), false, ignore_row, NULL),
               GASP_ERR_STORE_CORRUPT);
    kv->why(kv->user, &why);
    assert_non_null(strstr(why.text, "checksum"));
    unsigned corrupt = 0;
    for (uint64_t row = 0; row < (uint64_t)4 * ROWS_OF_BATCH; row++) {
        char text[32];
        gasp_bytes key = batch_key(row / ROWS_OF_BATCH, row % ROWS_OF_BATCH, text);
        numbered x = {row / ROWS_OF_BATCH, row % ROWS_OF_BATCH, 0};
        gasp_bytes none = {NULL, 0};
        /* The range from one key to the end begins in the block of that key. */
        gasp_err err = kv->scan(kv->user, NULL, key, none, false, check_numbered, &x);
        corrupt += err == GASP_ERR_STORE_CORRUPT;
        assert_int_equal(x.wrong, 0); /* a changed row is never given */
    }
    assert_true(corrupt > 0);
    unmake(kv);
}

/* A log that was changed in its middle is said, not skipped. */
static void changed_log(void **state)
{
    (void)state;
    gasp_kv *kv = make();
    for (uint64_t batch = 0; batch < 4; batch++)
        assert_err(write_numbered(kv, batch, true), GASP_OK);
    gasp_kv_close(kv);
    assert_int_equal(change_files(".log"), 1);
    open_at(GASP_LEVELDB_OPEN, GASP_ERR_STORE_CORRUPT);
    delete_store();
}

/* A writer that is killed at any moment: all that it said is there, and of the rest whole batches. */
static void killed_writer(void **state)
{
    (void)state;
    test_random r = test_random_start("killed writer");
    unsigned rounds = 40 / test_one_in() > 5 ? 40 / test_one_in() : 5;
    uint64_t there = 0;
    uint64_t unsaid = 0;
    gasp_kv_close(make());
    for (unsigned round = 0; round < rounds; round++) {
        char from[32];
        uint64_t said = 0;
        uint64_t number = 0;
        snprintf(from, sizeof from, "%llu", (unsigned long long)there);
        other o = spawn("write", from);
        const struct timespec wait = {0, (long)test_random_below(&r, 80000000)};
        nanosleep(&wait, NULL);
        assert_int_equal(kill(o.pid, SIGKILL), 0);
        while (read(o.out, &number, sizeof number) == (ssize_t)sizeof number)
            said = number + 1;
        int status = finish(&o);
        assert_true(WIFSIGNALED(status));
        gasp_kv *kv = open_at(GASP_LEVELDB_OPEN, GASP_OK);
        uint64_t now = whole_batches(kv);
        gasp_kv_close(kv);
        assert_true(now >= there);
        assert_true(now >= said);
        unsaid += said > 0 && now > said;
        there = now;
    }
    printf("count: %u writers killed, %llu batches there, %llu times one more than was said\n", rounds,
           (unsigned long long)there, (unsigned long long)unsaid);
    assert_true(there > 0);
    delete_store();
}

static int run_other(char **argv)
{
    if (strcmp(argv[1], "hold") == 0)
        return other_holds(argv[2]);
    if (strcmp(argv[1], "try") == 0)
        return other_tries(argv[2]);
    if (strcmp(argv[1], "lock") == 0)
        return other_locks(argv[2]);
    if (strcmp(argv[1], "write") == 0)
        return other_writes(argv[2], argv[3]);
    return 98;
}

int main(int argc, char **argv)
{
    if (argc >= 3)
        return run_other(argv);
    const suite_maker maker = {"leveldb", make, unmake, reopen, 100000};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes),
        cmocka_unit_test(misuse),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(not_a_place),
        cmocka_unit_test(held_by_another_process),
        cmocka_unit_test(held_by_this_process),
        cmocka_unit_test(held_by_a_foreign_program),
        cmocka_unit_test(full_disk),
        cmocka_unit_test(failure_inside_a_scan),
        cmocka_unit_test(changed_bytes),
        cmocka_unit_test(changed_log),
        cmocka_unit_test(killed_writer),
    };
    const char *tmp = getenv("TMPDIR");
    program = argv[0];
    snprintf(root, sizeof root, "%s/gasp-store-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(root) == NULL) {
        perror(root);
        return 1;
    }
    snprintf(store_dir, sizeof store_dir, "%s/store", root);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    int failed = suite_run(&maker);
    failed += cmocka_run_group_tests_name("leveldb's own", tests, NULL, NULL);
    rmdir(root);
    return failed;
}
