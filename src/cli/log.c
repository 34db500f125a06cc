/* gasp log: the changes of a wallet, by their numbers. Following means to look again when somebody has opened the store
 * since: it is never kept open, or nobody else could change it. What was written under a number is shown once. */
#include "cli/log.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static const char *kind_word(gasp_change_kind kind)
{
    switch (kind) {
    case GASP_CHANGE_ADDED:
        return "added";
    case GASP_CHANGE_SPENT:
        return "spent";
    case GASP_CHANGE_STATE:
        return "state";
    case GASP_CHANGE_UNANCHORED:
        return "unanchored";
    case GASP_CHANGE_UNSPENT:
        return "unspent";
    case GASP_CHANGE_CONTESTED:
        return "contested";
    case GASP_CHANGE_UNCONTESTED:
        return "uncontested";
    case GASP_CHANGE_FORGOTTEN:
        return "forgotten";
    }
    return "unknown";
}

static json_t *change_json(const gasp_change *change)
{
    json_t *out = json_object();
    gasp_json_put(out, "seq", json_integer((json_int_t)change->seq));
    gasp_json_put(out, "wall_ms", json_integer((json_int_t)change->wall_ms));
    gasp_json_put(out, "kind", json_string(kind_word(change->kind)));
    gasp_json_put(out, "outpoint", gasp_json_outpoint(&change->outpoint));
    gasp_json_put(out, "collection", gasp_json_hex((gasp_bytes){change->collection.b, sizeof change->collection.b}));
    return out;
}

static void say(gasp_cli *cli, const gasp_change *change)
{
    static const gasp_collection standard = {{0}};
    char time[GASP_TIME_TEXT_MAX];
    char outpoint[GASP_OUTPOINT_TEXT_MAX];
    gasp_text_time(time, change->wall_ms / 1000);
    gasp_outpoint_to_text(outpoint, &change->outpoint);
    gasp_cli_out(cli, "%8" PRIu64 "  %s.%03u  %-11s  %s", change->seq, time, (unsigned)(change->wall_ms % 1000),
                 kind_word(change->kind), outpoint);
    if (memcmp(&change->collection, &standard, sizeof standard) != 0) {
        char name[65];
        gasp_hex_encode(name, change->collection.b, sizeof change->collection.b);
        gasp_cli_out(cli, "  %s", name);
    }
    gasp_cli_out(cli, "\n");
}

static gasp_err on_change(void *ctx, const gasp_change *change)
{
    gasp_log *log = ctx;
    if (log->left == 0)
        return GASP_DONE;
    log->last = change->seq;
    log->left--;
    if (!log->cli->json) {
        say(log->cli, change);
    } else if (log->lines) {
        json_t *object = change_json(change);
        json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
        fputc('\n', stdout);
        json_decref(object);
    } else {
        (void)json_array_append_new(log->list, change_json(change));
    }
    return GASP_OK;
}

static gasp_err pass(void *ctx, const gasp_change *change)
{
    gasp_log *log = ctx;
    log->last = change->seq;
    return GASP_OK;
}

gasp_err gasp_log_show(gasp_log *log, gasp_wallet *wallet)
{
    gasp_err err = gasp_wallet_changes(wallet, log->last, on_change, log);
    return err == GASP_DONE ? GASP_OK : err;
}

gasp_err gasp_log_skip(gasp_log *log, gasp_wallet *wallet)
{
    return gasp_wallet_changes(wallet, log->last, pass, log);
}

/* One look at the wallet; *stamp is what the store looks like when nobody has opened it since. */
static int look(gasp_log *log, uint64_t *stamp, bool again)
{
    gasp_opened opened = {0};
    int code = again ? gasp_cli_open_waiting(log->cli, &opened) : gasp_cli_open(log->cli, &opened, NULL);
    if (code == GASP_EXIT_DONE) {
        gasp_err err = gasp_log_show(log, opened.wallet);
        if (err != GASP_OK)
            code = gasp_cli_wallet_error(log->cli, &opened, err, opened.dir);
        *stamp = gasp_cli_store_stamp(opened.dir); /* while nobody else can change it */
    }
    gasp_cli_close(&opened);
    return code;
}

static int follow(gasp_log *log, uint64_t stamp)
{
    const struct timespec pause = {0, 200 * 1000 * 1000};
    int code = GASP_EXIT_DONE;
    while (code == GASP_EXIT_DONE && log->left > 0) {
        if (fflush(stdout) != 0 || ferror(stdout))
            return GASP_EXIT_DONE; /* nobody reads on; gasp_cli_finish says what there is to say */
        (void)nanosleep(&pause, NULL);
        if (gasp_cli_store_stamp(log->cli->operand[0]) != stamp)
            code = look(log, &stamp, true);
    }
    return code;
}

int gasp_cmd_log(gasp_cli *cli)
{
    gasp_log log = {.cli = cli, .lines = gasp_cli_has(cli, GASP_OPT_FOLLOW)};
    const char *after = cli->value[GASP_OPT_AFTER];
    uint64_t stamp = 0;
    int code = gasp_cli_limit(cli, &log.left);
    if (code != GASP_EXIT_DONE)
        return code;
    if (after != NULL && !gasp_cli_number(&log.last, after, UINT64_MAX))
        return gasp_cli_usage(cli, "--after %.80s: it is the number of a change", after);
    if (!log.lines) {
        log.list = json_array();
        gasp_json_put(cli->answer, "changes", log.list);
    }
    code = look(&log, &stamp, false);
    if (code == GASP_EXIT_DONE && log.lines)
        code = follow(&log, stamp);
    gasp_json_put(cli->answer, "last", json_integer((json_int_t)log.last));
    return code;
}
