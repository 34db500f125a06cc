/* gasp list --refused: what peers offered and was not taken, why, and when it may be offered again. */
#include <inttypes.h>
#include <string.h>

#include "cli/list.h"
#include "gasp/node.h"

typedef struct refusing {
    gasp_cli *cli;
    json_t *list;
    uint64_t left;
    uint64_t n;
    bool more;
    gasp_outpoint last;
} refusing;

static bool is_some(const gasp_txid *txid)
{
    static const gasp_txid none = {{0}};
    return memcmp(txid, &none, sizeof none) != 0;
}

static const char *reason_of(const gasp_refusal_info *refusal)
{
    return refusal->err == GASP_OK ? "spent here" : gasp_err_text(refusal->err);
}

static json_t *refusal_json(const gasp_refusal_info *refusal)
{
    json_t *out = json_object();
    gasp_json_put(out, "outpoint", gasp_json_outpoint(&refusal->outpoint));
    gasp_json_put(out, "code", json_string(refusal->err == GASP_OK ? "spent" : gasp_err_name(refusal->err)));
    gasp_json_put(out, "refusal",
                  json_string(refusal->err == GASP_OK ? "spent" : gasp_refusal_name(gasp_err_refusal(refusal->err))));
    gasp_json_put(out, "message", json_string(reason_of(refusal)));
    gasp_json_put(out, "cause", is_some(&refusal->cause) ? gasp_json_hash(refusal->cause.b) : json_null());
    if (refusal->height != 0)
        gasp_json_put(out, "height", json_integer(refusal->height));
    if (refusal->until_ms != 0)
        gasp_json_put(out, "until_ms", json_integer((json_int_t)refusal->until_ms));
    gasp_json_put(out, "noted_ms", json_integer((json_int_t)refusal->noted_ms));
    gasp_json_put(out, "due", json_boolean(refusal->due));
    return out;
}

static void say(gasp_cli *cli, const gasp_refusal_info *refusal)
{
    char outpoint[GASP_OUTPOINT_TEXT_MAX];
    gasp_outpoint_to_text(outpoint, &refusal->outpoint);
    gasp_cli_out(cli, "%-68s  %s", outpoint, reason_of(refusal));
    if (refusal->height != 0)
        gasp_cli_out(cli, ", height %" PRIu32, refusal->height);
    if (is_some(&refusal->cause) && memcmp(&refusal->cause, &refusal->outpoint.txid, sizeof refusal->cause) != 0) {
        char cause[GASP_HASH_TEXT_MAX];
        gasp_txid_to_text(cause, &refusal->cause);
        gasp_cli_out(cli, ", %s %s", refusal->err == GASP_OK ? "by" : "see", cause);
    }
    if (refusal->until_ms != 0) {
        char until[GASP_TIME_TEXT_MAX];
        gasp_text_time(until, refusal->until_ms / 1000);
        gasp_cli_out(cli, ", until %s UTC", until);
    }
    gasp_cli_out(cli, "%s\n", refusal->due ? "  (due)" : "");
}

static gasp_err on_refusal(void *ctx, const gasp_refusal_info *refusal)
{
    refusing *run = ctx;
    run->more = run->left == 0;
    if (run->more)
        return GASP_DONE;
    run->left--;
    run->n++;
    run->last = refusal->outpoint;
    if (run->cli->json)
        (void)json_array_append_new(run->list, refusal_json(refusal));
    else
        say(run->cli, refusal);
    return GASP_OK;
}

int gasp_list_refused(gasp_cli *cli, const gasp_opened *opened, const gasp_outpoint *after, uint64_t limit)
{
    static const gasp_collection standard = {{0}};
    refusing run = {.cli = cli, .list = json_array(), .left = limit};
    gasp_json_put(cli->answer, "refusals", run.list);
    gasp_err err = gasp_wallet_refusals(opened->wallet, &standard, after, gasp_node_now(), on_refusal, &run);
    if (err != GASP_OK)
        return gasp_cli_wallet_error(cli, opened, err, opened->dir);
    gasp_json_put(cli->answer, "count", json_integer((json_int_t)run.n));
    gasp_cli_out(cli, "%" PRIu64 " refused\n", run.n);
    gasp_list_more(cli, run.more, &run.last);
    return GASP_EXIT_DONE;
}
