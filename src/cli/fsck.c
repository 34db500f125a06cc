/* gasp fsck: the wallet's own check of its store, problem by problem. */
#include <inttypes.h>

#include "cli/cli.h"

typedef struct checking {
    gasp_cli *cli;
    json_t *list;
    gasp_check_report report;
} checking;

static void tick(void *ctx)
{
    const checking *run = ctx;
    gasp_cli_progress(run->cli,
                      "fsck: %" PRIu64 " headers, %" PRIu64 " transactions, %" PRIu64 " outputs, %" PRIu64 " problems",
                      run->report.headers, run->report.transactions, run->report.outputs, run->report.problems);
}

static gasp_err on_problem(void *ctx, const gasp_problem *problem)
{
    checking *run = ctx;
    char text[GASP_OUTPOINT_TEXT_MAX];
    json_t *row = json_object();
    if (problem->outpoint.vout == UINT32_MAX)
        gasp_txid_to_text(text, &problem->outpoint.txid);
    else
        gasp_outpoint_to_text(text, &problem->outpoint);
    gasp_json_put(row, "place", json_string(text));
    gasp_json_put(row, "what", json_string(problem->what));
    (void)json_array_append_new(run->list, row);
    gasp_cli_out(run->cli, "%s%s%s: %s\n", gasp_cli_style(run->cli, GASP_RED), text,
                 gasp_cli_style(run->cli, GASP_PLAIN), problem->what);
    return GASP_OK;
}

static int sum_up(gasp_cli *cli, const gasp_opened *opened, const gasp_check_report *report)
{
    char problems[48];
    gasp_json_put(cli->answer, "transactions", json_integer((json_int_t)report->transactions));
    gasp_json_put(cli->answer, "proofs", json_integer((json_int_t)report->proofs));
    gasp_json_put(cli->answer, "headers", json_integer((json_int_t)report->headers));
    gasp_json_put(cli->answer, "outputs", json_integer((json_int_t)report->outputs));
    gasp_json_put(cli->answer, "scripts", json_integer((json_int_t)report->scripts));
    gasp_cli_out(cli,
                 "checked %" PRIu64 " transactions, %" PRIu64 " proofs, %" PRIu64 " headers, %" PRIu64
                 " outputs, %" PRIu64 " scripts: %" PRIu64 " problems\n",
                 report->transactions, report->proofs, report->headers, report->outputs, report->scripts,
                 report->problems);
    if (report->problems == 0)
        return GASP_EXIT_DONE;
    snprintf(problems, sizeof problems, "%" PRIu64 " problems", report->problems);
    return gasp_cli_error(cli, GASP_ERR_STORE_CORRUPT, opened->dir, problems);
}

int gasp_cmd_fsck(gasp_cli *cli)
{
    gasp_opened opened = {0};
    checking run = {.cli = cli, .list = json_array()};
    gasp_json_put(cli->answer, "problems", run.list);
    int code = gasp_cli_open_watched(cli, &opened, tick, &run);
    if (code == GASP_EXIT_DONE) {
        gasp_err err = gasp_wallet_check(opened.wallet, &run.report, on_problem, &run);
        code =
            err == GASP_OK ? sum_up(cli, &opened, &run.report) : gasp_cli_wallet_error(cli, &opened, err, opened.dir);
    }
    gasp_cli_close(&opened);
    return code;
}
