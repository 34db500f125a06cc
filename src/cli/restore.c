/* gasp restore: a wallet from the file of a backup. A directory or store that was made for it goes again when it fails;
 * a store that was there before is never touched, unless it is empty, or holds no wallet and --force was given. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "gasp/backup.h"

typedef struct source {
    gasp_cli *cli;
    gasp_input input; /**< only its name */
    int fd;
    uint64_t bytes;
    uint64_t size; /**< 0: not known */
    const char *why;
} source;

static int open_source(source *s, const char *path)
{
    struct stat known;
    bool standard = strcmp(path, "-") == 0;
    s->input.name = standard ? "standard input" : path;
    s->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0)
        return gasp_cli_error(s->cli, GASP_ERR_FILE_OPEN, path, strerror(errno));
    if (fstat(s->fd, &known) == 0 && S_ISREG(known.st_mode))
        s->size = (uint64_t)known.st_size;
    return GASP_EXIT_DONE;
}

static gasp_err read_some(void *ctx, uint8_t *out, size_t cap, size_t *len)
{
    source *s = ctx;
    ssize_t got = 0;
    do
        got = read(s->fd, out, cap);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        s->why = strerror(errno);
        return GASP_ERR_FILE_OPEN;
    }
    *len = (size_t)got;
    s->bytes += *len;
    if (s->size > 0)
        gasp_cli_progress(s->cli, "restore: %" PRIu64 " %%", 100 * s->bytes / s->size);
    return GASP_OK;
}

/* Whether what keeps us out is no wallet. */
static bool no_wallet(const gasp_wallet_config *config)
{
    gasp_wallet *wallet = NULL;
    gasp_err err = gasp_wallet_open(&wallet, config);
    gasp_wallet_free(wallet);
    return err == GASP_ERR_STORE_MISSING;
}

static int say_error(gasp_cli *cli, const source *s, const gasp_opened *opened, const gasp_wallet_config *config,
                     gasp_err err, const gasp_fault *fault)
{
    char place[GASP_PLACE_MAX];
    if (err == GASP_ERR_STORE_EXISTS)
        return gasp_cli_error(cli, err, opened->dir,
                              no_wallet(config) ? "rows of no wallet, as a restore leaves that did not finish; "
                                                  "--force deletes them"
                                                : NULL);
    if (err == GASP_ERR_FILE_OPEN)
        return gasp_cli_error(cli, err, s->input.name, s->why);
    if (gasp_cli_exit_of(err) != GASP_EXIT_FILE)
        return gasp_cli_wallet_error(cli, opened, err, opened->dir);
    gasp_input_place(place, &s->input, fault, GASP_COUNTED_ROW);
    return gasp_cli_error(cli, err, place, NULL);
}

static void sum_up(gasp_cli *cli, const char *dir, const gasp_backup_report *report)
{
    char made[GASP_TIME_TEXT_MAX];
    const char *network = gasp_network_name(report->network);
    gasp_text_time(made, report->made_ms / 1000);
    gasp_json_put(cli->answer, "directory", json_string(dir));
    gasp_json_put(cli->answer, "network", json_string(network));
    gasp_json_put(cli->answer, "rows", json_integer((json_int_t)report->rows));
    gasp_json_put(cli->answer, "bytes", json_integer((json_int_t)report->bytes));
    gasp_json_put(cli->answer, "made_ms", json_integer((json_int_t)report->made_ms));
    gasp_json_put(cli->answer, "sha256", gasp_json_hex((gasp_bytes){report->sha256, sizeof report->sha256}));
    gasp_cli_out(cli, "wallet in %s, network %s, as of %s UTC: %" PRIu64 " rows\n", dir, network, made, report->rows);
}

int gasp_cmd_restore(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_wallet_config config;
    gasp_backup_report report = {0};
    gasp_fault fault = {0};
    const char *dir = cli->operand[1];
    source s = {.cli = cli, .fd = -1};
    int code = open_source(&s, cli->operand[0]);
    if (code == GASP_EXIT_DONE && gasp_cli_has(cli, GASP_OPT_FORCE))
        code = gasp_cli_clear_store(cli, dir);
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_make_store(cli, &opened, dir, &config);
    if (code == GASP_EXIT_DONE) {
        gasp_err err = gasp_wallet_restore(&config, &report, read_some, &s, &fault);
        if (err == GASP_OK)
            sum_up(cli, dir, &report);
        else
            code = say_error(cli, &s, &opened, &config, err, &fault);
    }
    if (s.fd > STDIN_FILENO)
        (void)close(s.fd);
    if (code == GASP_EXIT_DONE)
        gasp_cli_close(&opened);
    else
        gasp_cli_unmake_store(&opened);
    return code;
}
