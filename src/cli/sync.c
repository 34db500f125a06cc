/* gasp sync: one sync with a peer; words while it goes on, one line when it is done. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/events.h"

/* A trace goes to its file as it comes, so that also a session that fails leaves one. */
static gasp_err record(void *ctx, const uint8_t *bytes, size_t len)
{
    return fwrite(bytes, 1, len, ctx) == len ? GASP_OK : GASP_ERR_FILE_OPEN;
}

static void put_stats(json_t *out, const gasp_session_stats *stats)
{
    json_t *row = json_object();
    gasp_json_put(row, "bytes_in", json_integer((json_int_t)stats->bytes_in));
    gasp_json_put(row, "bytes_out", json_integer((json_int_t)stats->bytes_out));
    gasp_json_put(row, "messages_in", json_integer((json_int_t)stats->messages_in));
    gasp_json_put(row, "messages_out", json_integer((json_int_t)stats->messages_out));
    gasp_json_put(row, "round_trips", json_integer((json_int_t)stats->round_trips));
    gasp_json_put(row, "transactions_in", json_integer((json_int_t)stats->invs_in));
    gasp_json_put(row, "transactions_out", json_integer((json_int_t)stats->invs_out));
    gasp_json_put(row, "roots_in", json_integer((json_int_t)stats->roots_in));
    gasp_json_put(row, "roots_out", json_integer((json_int_t)stats->roots_out));
    gasp_json_put(row, "wants_in", json_integer((json_int_t)stats->wants_in));
    gasp_json_put(row, "wants_out", json_integer((json_int_t)stats->wants_out));
    gasp_json_put(row, "absent_in", json_integer((json_int_t)stats->absent_in));
    gasp_json_put(row, "scripts", json_integer((json_int_t)stats->scripts));
    gasp_json_put(row, "committed", json_integer((json_int_t)stats->committed));
    gasp_json_put(row, "refused", json_integer((json_int_t)stats->refused));
    gasp_json_put(out, "stats", row);
}

static int sum_up(gasp_cli *cli, const gasp_events *events)
{
    char in[GASP_AMOUNT_TEXT_MAX];
    char out[GASP_AMOUNT_TEXT_MAX];
    char digest[33];
    const gasp_session_stats *stats = &events->stats;
    static const char *const names[] = {"none", "complete", "refusals", "partial"};
    bool whole = events->result == GASP_RESULT_COMPLETE || events->result == GASP_RESULT_REFUSALS;
    bool peer_whole = events->peer_result == GASP_RESULT_COMPLETE || events->peer_result == GASP_RESULT_REFUSALS;
    gasp_hex_encode(digest, events->summary.fingerprint, sizeof events->summary.fingerprint);
    gasp_text_number(in, stats->bytes_in);
    gasp_text_number(out, stats->bytes_out);
    gasp_json_put(cli->answer, "result", json_string(names[events->result]));
    gasp_json_put(cli->answer, "peer_result", json_string(names[events->peer_result]));
    gasp_json_put(cli->answer, "equal", json_boolean(events->equal));
    gasp_json_put(cli->answer, "summary", gasp_json_summary(&events->summary));
    gasp_cli_out(cli,
                 "%s: %" PRIu64 " outputs, digest %s; %" PRIu64 " transactions received, %" PRIu64 " sent, %" PRIu64
                 " refused, %" PRIu64 " set aside, %" PRIu64 " round %s, %s bytes in, %s out%s%s\n",
                 gasp_result_words(events->result), events->summary.count, digest, stats->invs_in, stats->invs_out,
                 events->refused, events->aside, stats->round_trips, stats->round_trips == 1 ? "trip" : "trips", in,
                 out, peer_whole ? "" : "; the peer: ", peer_whole ? "" : gasp_result_words(events->peer_result));
    return whole && peer_whole ? GASP_EXIT_DONE : GASP_EXIT_PARTIAL;
}

static int finish(gasp_cli *cli, const gasp_events *events)
{
    char detail[400];
    put_stats(cli->answer, &events->stats);
    gasp_json_put(cli->answer, "not_taken", json_incref(events->list));
    if (events->err == GASP_OK)
        return sum_up(cli, events);
    snprintf(detail, sizeof detail, "%s%s%s", events->text, events->peer_err != GASP_OK ? "; the peer says: " : "",
             events->peer_err != GASP_OK ? gasp_err_text(events->peer_err) : "");
    return gasp_cli_error(cli, events->err, cli->operand[1], detail);
}

static int sync_once(gasp_cli *cli, gasp_node *node, gasp_events *events, FILE *trace)
{
    gasp_sync_config config;
    const char *address = cli->operand[1];
    gasp_sync_config_init(&config);
    if (trace != NULL) {
        config.trace = record;
        config.trace_ctx = trace;
    }
    gasp_err err = gasp_node_sync(node, address, &config);
    if (err == GASP_OK)
        err = gasp_node_run(node);
    if (err != GASP_OK)
        return gasp_cli_error(cli, err, address, gasp_node_why(node));
    return finish(cli, events);
}

static int close_trace(gasp_cli *cli, FILE *trace, int code)
{
    const char *path = cli->value[GASP_OPT_RECORD];
    bool bad = ferror(trace) != 0;
    if (fclose(trace) == 0 && !bad) {
        gasp_json_put(cli->answer, "trace", json_string(path));
        return code;
    }
    int here = gasp_cli_error(cli, GASP_ERR_FILE_OPEN, path, strerror(errno));
    return code != GASP_EXIT_DONE ? code : here;
}

int gasp_cmd_sync(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_node *node = NULL;
    gasp_node_config config;
    gasp_events events = {.cli = cli, .single = true};
    const char *path = cli->value[GASP_OPT_RECORD];
    FILE *trace = path != NULL ? fopen(path, "wb") : NULL;
    if (path != NULL && trace == NULL)
        return gasp_cli_error(cli, GASP_ERR_FILE_OPEN, path, strerror(errno));
    events.list = json_array();
    gasp_node_config_init(&config);
    config.report = gasp_events_report;
    config.report_ctx = &events;
    gasp_err err = gasp_node_new(&node, &config);
    int code =
        err == GASP_OK ? gasp_cli_open(cli, &opened, gasp_node_verifier(node)) : gasp_cli_error(cli, err, "", NULL);
    if (code == GASP_EXIT_DONE) {
        gasp_node_attach(node, opened.wallet);
        code = sync_once(cli, node, &events, trace);
    }
    gasp_node_free(node);
    gasp_cli_close(&opened);
    json_decref(events.list);
    return trace != NULL ? close_trace(cli, trace, code) : code;
}
