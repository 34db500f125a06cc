/* A file of raw headers, run through the rules of a wallet in memory: each header is a case. Those behind the first one
 * that does not pass count as failed. */
#include <inttypes.h>

#include "cli/headers.h"
#include "cli/replay.h"
#include "gasp/header.h"
#include "gasp/node.h"

static gasp_err open_wallet(gasp_replay *run, gasp_kv **kv, gasp_wallet **wallet)
{
    gasp_wallet_config config;
    gasp_network network = GASP_NETWORK_MAIN;
    const char *name = run->cli->value[GASP_OPT_NETWORK];
    gasp_err err = name != NULL ? gasp_network_from_name(&network, name) : GASP_OK;
    if (err == GASP_OK)
        err = gasp_kv_memory_new(kv, NULL);
    gasp_wallet_config_init(&config);
    config.kv = *kv;
    if (err == GASP_OK)
        err = gasp_node_entropy(config.seed32, sizeof config.seed32);
    if (err == GASP_OK)
        err = gasp_wallet_create(&config, network, gasp_node_now());
    return err == GASP_OK ? gasp_wallet_open(wallet, &config) : err;
}

static void count(gasp_replay *run, const gasp_headers_run *headers)
{
    const gasp_headers_report *report = &headers->report;
    uint64_t good = report->linked + report->judged + report->known;
    run->passed += good;
    gasp_cli_out(run->cli, "%s: %" PRIu64 " headers by link and hash, %" PRIu64 " by every rule, %" PRIu64 " known\n",
                 run->file, report->linked, report->judged, report->known);
    json_t *row = json_object();
    gasp_headers_report_json(row, report);
    gasp_json_put(run->cli->answer, "headers", row);
    if (headers->err == GASP_OK)
        return;
    gasp_replay_begin(run, "header %" PRIu64, headers->fault.item);
    gasp_replay_wrong(run, "%s", gasp_err_text(headers->err));
    gasp_replay_end(run);
    if (report->given > good + 1)
        run->failed += report->given - good - 1;
}

void gasp_replay_headers_file(gasp_replay *run, const gasp_input *input)
{
    gasp_kv *kv = NULL;
    gasp_wallet *wallet = NULL;
    gasp_headers_run headers;
    gasp_pin pin;
    uint32_t height;
    size_t n = 0;
    bool pinned = gasp_cli_has(run->cli, GASP_OPT_PIN);
    int code = gasp_cli_height(run->cli, &height, true);
    if (code == GASP_EXIT_DONE && pinned)
        code = gasp_cli_pin(run->cli, &pin);
    if (code != GASP_EXIT_DONE) {
        run->code = code;
        return;
    }
    gasp_err err = gasp_header_count(&n, input->bytes, NULL);
    if (err == GASP_OK)
        err = open_wallet(run, &kv, &wallet);
    if (err == GASP_OK) {
        gasp_headers_give(run->cli, wallet, &headers, input->bytes, height, pinned ? &pin : NULL);
        count(run, &headers);
    } else
        gasp_replay_unreadable(run, err, NULL);
    gasp_wallet_free(wallet);
    gasp_kv_close(kv);
}
