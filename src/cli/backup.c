/* gasp backup: a wallet as one file. The file is made new, or, with --force, written beside the old one, which it
 * replaces when it is whole and on the disk. What did not become whole is deleted. Never looks into a row. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "gasp/backup.h"
#include "gasp/node.h"

enum { PATH_TEXT_MAX = 4096 };

typedef struct target {
    gasp_cli *cli;
    const char *path;           /**< FILE, or "standard output" */
    char beside[PATH_TEXT_MAX]; /**< where it is written when it replaces another; "" when it does not */
    int fd;
    bool standard;
    bool made; /**< the file is ours to delete */
    uint64_t bytes;
    const char *why; /**< what the operating system said */
} target;

static bool is_other_than_a_file(const char *path)
{
    struct stat known;
    return stat(path, &known) == 0 && !S_ISREG(known.st_mode);
}

static int open_target(target *t)
{
    bool force = gasp_cli_has(t->cli, GASP_OPT_FORCE);
    bool direct = force && is_other_than_a_file(t->path); /* a pipe, a device: there is nothing to replace */
    const char *path = t->path;
    int flags = O_WRONLY | O_CLOEXEC | (direct ? 0 : O_CREAT | (force ? O_TRUNC : O_EXCL));
    if (t->standard) {
        t->fd = STDOUT_FILENO;
        return GASP_EXIT_DONE;
    }
    if (force && !direct) {
        int len = snprintf(t->beside, sizeof t->beside, "%s.part", t->path);
        if (len < 0 || (size_t)len >= sizeof t->beside)
            return gasp_cli_error(t->cli, GASP_ERR_FILE_OPEN, t->path, strerror(ENAMETOOLONG));
        path = t->beside;
    }
    t->fd = open(path, flags, 0600);
    if (t->fd < 0 && errno == EEXIST)
        return gasp_cli_error(t->cli, GASP_ERR_FILE_OPEN, path, "it exists; --force replaces it");
    if (t->fd < 0)
        return gasp_cli_error(t->cli, GASP_ERR_FILE_OPEN, path, strerror(errno));
    t->made = !direct;
    return GASP_EXIT_DONE;
}

static gasp_err write_some(void *ctx, const uint8_t *bytes, size_t len)
{
    target *t = ctx;
    char text[GASP_AMOUNT_TEXT_MAX];
    while (len > 0) {
        ssize_t part = write(t->fd, bytes, len);
        if (part < 0 && errno != EINTR) {
            t->why = strerror(errno);
            return GASP_ERR_FILE_OPEN;
        }
        if (part > 0) {
            bytes += part;
            len -= (size_t)part;
            t->bytes += (uint64_t)part;
        }
    }
    gasp_text_number(text, t->bytes);
    gasp_cli_progress(t->cli, "backup: %s bytes", text);
    return GASP_OK;
}

/* What was written is put on the disk, closed, and gets its name; or goes away. */
static gasp_err finish(target *t, gasp_err err)
{
    const char *path = t->beside[0] != '\0' ? t->beside : t->path;
    if (t->standard || t->fd < 0)
        return err;
    if (err == GASP_OK && fsync(t->fd) != 0 && errno != EINVAL && errno != EROFS) /* a pipe cannot be synced */
        err = GASP_ERR_FILE_OPEN;
    if (err == GASP_ERR_FILE_OPEN && t->why == NULL)
        t->why = strerror(errno);
    if (close(t->fd) != 0 && err == GASP_OK) {
        t->why = strerror(errno);
        err = GASP_ERR_FILE_OPEN;
    }
    if (err == GASP_OK && t->beside[0] != '\0' && rename(t->beside, t->path) != 0) {
        t->why = strerror(errno);
        err = GASP_ERR_FILE_OPEN;
    }
    if (err != GASP_OK && t->made)
        (void)unlink(path);
    return err;
}

static void sum_up(const target *t, const gasp_backup_report *report)
{
    gasp_cli *cli = t->cli;
    char bytes[GASP_AMOUNT_TEXT_MAX];
    char hash[65];
    gasp_text_number(bytes, report->bytes);
    gasp_hex_encode(hash, report->sha256, sizeof report->sha256);
    gasp_json_put(cli->answer, "file", json_string(t->path));
    gasp_json_put(cli->answer, "network", json_string(gasp_network_name(report->network)));
    gasp_json_put(cli->answer, "layout", json_integer(report->layout));
    gasp_json_put(cli->answer, "rows", json_integer((json_int_t)report->rows));
    gasp_json_put(cli->answer, "bytes", json_integer((json_int_t)report->bytes));
    gasp_json_put(cli->answer, "sha256", json_string(hash));
    if (t->standard)
        gasp_cli_note(cli, "%" PRIu64 " rows, %s bytes, SHA-256 %s", report->rows, bytes, hash);
    else
        gasp_cli_out(cli, "%s: %" PRIu64 " rows, %s bytes, SHA-256 %s\n", t->path, report->rows, bytes, hash);
}

int gasp_cmd_backup(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_backup_report report = {0};
    target t = {.cli = cli, .path = cli->operand[1], .fd = -1};
    t.standard = strcmp(t.path, "-") == 0;
    if (t.standard && cli->json)
        return gasp_cli_usage(cli, "standard output is the backup, so there is no --json");
    t.path = t.standard ? "standard output" : t.path;
    int code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE)
        code = open_target(&t);
    if (code == GASP_EXIT_DONE) {
        gasp_err err = finish(&t, gasp_wallet_backup(opened.wallet, &report, write_some, &t, gasp_node_now()));
        if (err == GASP_ERR_FILE_OPEN)
            code = gasp_cli_error(cli, err, t.path, t.why);
        else if (err != GASP_OK)
            code = gasp_cli_wallet_error(cli, &opened, err, opened.dir);
        else
            sum_up(&t, &report);
    }
    gasp_cli_close(&opened);
    return code;
}
