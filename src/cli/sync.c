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

/** Which directions there are. */
typedef enum direction { BOTH_WAYS, PULL, PUSH } direction;

static direction direction_of(const gasp_cli *cli)
{
    if (gasp_cli_has(cli, GASP_OPT_PULL) || gasp_cli_has(cli, GASP_OPT_DRY_RUN))
        return PULL;
    return gasp_cli_has(cli, GASP_OPT_PUSH) ? PUSH : BOTH_WAYS;
}

static bool is_whole(gasp_result result)
{
    return result == GASP_RESULT_COMPLETE || result == GASP_RESULT_REFUSALS;
}

/* What counts is what was asked for: a side that was to get nothing is never whole, and need not be. */
static int judge(const gasp_events *events, direction way)
{
    bool mine = way == PUSH || is_whole(events->result);
    bool theirs = way == PULL || is_whole(events->peer_result);
    return mine && theirs ? GASP_EXIT_DONE : GASP_EXIT_PARTIAL;
}

static void say_result(gasp_cli *cli, const gasp_events *events, direction way)
{
    char in[GASP_AMOUNT_TEXT_MAX];
    char out[GASP_AMOUNT_TEXT_MAX];
    char digest[33];
    const gasp_session_stats *stats = &events->stats;
    bool tell_peer = way == BOTH_WAYS && !is_whole(events->peer_result);
    gasp_result result = way == PUSH ? events->peer_result : events->result;
    gasp_hex_encode(digest, events->summary.fingerprint, sizeof events->summary.fingerprint);
    gasp_text_number(in, stats->bytes_in);
    gasp_text_number(out, stats->bytes_out);
    if (events->dry) {
        gasp_cli_out(cli,
                     "nothing was changed; %s: %" PRIu64 " transactions, %" PRIu64 " refused, %" PRIu64
                     " set aside, %s bytes in, %s out\n",
                     gasp_result_words(result), events->committed, events->refused, events->aside, in, out);
        return;
    }
    gasp_cli_out(cli,
                 "%s: %" PRIu64 " outputs, digest %s; %" PRIu64 " transactions received, %" PRIu64 " sent, %" PRIu64
                 " refused, %" PRIu64 " set aside, %" PRIu64 " round %s, %s bytes in, %s out%s%s\n",
                 gasp_result_words(result), events->summary.count, digest, stats->invs_in, stats->invs_out,
                 events->refused, events->aside, stats->round_trips, stats->round_trips == 1 ? "trip" : "trips", in,
                 out, tell_peer ? "; the peer: " : "", tell_peer ? gasp_result_words(events->peer_result) : "");
}

static int sum_up(gasp_cli *cli, const gasp_events *events)
{
    static const char *const names[] = {"none", "complete", "refusals", "partial"};
    static const char *const ways[] = {"both", "pull", "push"};
    direction way = direction_of(cli);
    gasp_json_put(cli->answer, "direction", json_string(ways[way]));
    gasp_json_put(cli->answer, "dry_run", json_boolean(events->dry));
    gasp_json_put(cli->answer, "result", json_string(names[events->result]));
    gasp_json_put(cli->answer, "peer_result", json_string(names[events->peer_result]));
    gasp_json_put(cli->answer, "rounds", json_integer((json_int_t)events->rounds));
    gasp_json_put(cli->answer, "accounted", json_boolean(events->accounted));
    gasp_json_put(cli->answer, "equal", json_boolean(events->equal));
    if (!events->dry) /* of a set that is not there afterwards there is nothing to compare with */
        gasp_json_put(cli->answer, "summary", gasp_json_summary(&events->summary));
    say_result(cli, events, way);
    return judge(events, way);
}

static int say_timeout(gasp_cli *cli)
{
    char detail[100];
    snprintf(detail, sizeof detail, "%.80s s", cli->value[GASP_OPT_TIMEOUT]);
    return gasp_cli_error(cli, GASP_ERR_NET_TIMEOUT, cli->operand[1], detail);
}

static int finish(gasp_cli *cli, const gasp_events *events)
{
    char detail[400];
    put_stats(cli->answer, &events->stats);
    gasp_json_put(cli->answer, "not_taken", json_incref(events->list));
    if (events->taken != NULL)
        gasp_json_put(cli->answer, "would_come", json_incref(events->taken));
    if (events->err == GASP_OK)
        return sum_up(cli, events);
    if (events->err == GASP_ERR_NET_TIMEOUT)
        return say_timeout(cli);
    snprintf(detail, sizeof detail, "%s%s%s", events->text, events->peer_err != GASP_OK ? "; the peer says: " : "",
             events->peer_err != GASP_OK ? gasp_err_text(events->peer_err) : "");
    return gasp_cli_error(cli, events->err, cli->operand[1], detail);
}

/* What is left of --timeout, which counts from the beginning of the command; 0: no limit. */
static int time_left(gasp_cli *cli, uint32_t *out)
{
    enum { SECONDS_MAX = 4000000 };
    const char *text = cli->value[GASP_OPT_TIMEOUT];
    uint64_t seconds = 0;
    *out = 0;
    if (text == NULL)
        return GASP_EXIT_DONE;
    if (!gasp_cli_number(&seconds, text, SECONDS_MAX) || seconds == 0)
        return gasp_cli_usage(cli, "--timeout %.80s: it is a number of seconds from 1 to %d", text, (int)SECONDS_MAX);
    uint64_t spent = gasp_node_now().mono_ms - cli->begin_ms;
    if (spent >= 1000 * seconds)
        return say_timeout(cli);
    *out = (uint32_t)(1000 * seconds - spent);
    return GASP_EXIT_DONE;
}

static int sync_once(gasp_cli *cli, gasp_node *node, gasp_events *events, FILE *trace)
{
    static const unsigned rights[] = {GASP_RIGHT_READ | GASP_RIGHT_WRITE, GASP_RIGHT_WRITE, GASP_RIGHT_READ};
    gasp_sync_config config;
    const char *address = cli->operand[1];
    gasp_sync_config_init(&config);
    config.rights = rights[direction_of(cli)];
    if (trace != NULL) {
        config.trace = record;
        config.trace_ctx = trace;
    }
    int code = time_left(cli, &config.timeout_ms);
    if (code != GASP_EXIT_DONE)
        return code;
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

static int check_options(gasp_cli *cli)
{
    uint32_t left;
    bool push = gasp_cli_has(cli, GASP_OPT_PUSH);
    if (push && gasp_cli_has(cli, GASP_OPT_PULL))
        return gasp_cli_usage(cli, "one of --pull and --push; without both, each side takes and gives");
    if (push && gasp_cli_has(cli, GASP_OPT_DRY_RUN))
        return gasp_cli_usage(cli, "--dry-run tells what would come; with --push nothing does");
    return time_left(cli, &left);
}

static int open_and_sync(gasp_cli *cli, FILE *trace)
{
    gasp_opened opened = {0};
    gasp_node *node = NULL;
    gasp_node_config config;
    gasp_events events = {.cli = cli, .single = true, .dry = gasp_cli_has(cli, GASP_OPT_DRY_RUN)};
    events.list = json_array();
    events.taken = events.dry ? json_array() : NULL;
    events.counts = !events.dry;
    gasp_node_config_init(&config);
    config.report = gasp_events_report;
    config.report_ctx = &events;
    gasp_err err = gasp_node_new(&node, &config);
    int code = GASP_EXIT_DONE;
    if (err != GASP_OK)
        code = gasp_cli_error(cli, err, "", NULL);
    else if (events.dry)
        code = gasp_cli_open_overlay(cli, &opened, gasp_node_verifier(node));
    else
        code = gasp_cli_open(cli, &opened, gasp_node_verifier(node));
    if (code == GASP_EXIT_DONE) {
        gasp_node_attach(node, opened.wallet);
        code = sync_once(cli, node, &events, trace);
    }
    gasp_node_free(node);
    gasp_cli_close(&opened);
    json_decref(events.list);
    json_decref(events.taken);
    return code;
}

int gasp_cmd_sync(gasp_cli *cli)
{
    const char *path = cli->value[GASP_OPT_RECORD];
    int code = check_options(cli);
    if (code != GASP_EXIT_DONE)
        return code;
    FILE *trace = path != NULL ? fopen(path, "wb") : NULL;
    if (path != NULL && trace == NULL)
        return gasp_cli_error(cli, GASP_ERR_FILE_OPEN, path, strerror(errno));
    code = open_and_sync(cli, trace);
    return trace != NULL ? close_trace(cli, trace, code) : code;
}
