/* gasp serve: a wallet for peers, at an address until it is stopped, or for one peer on standard input and output. With
 * --stdio nothing of ours may reach standard output. */
#include <inttypes.h>

#include "cli/events.h"
#include "cli/log.h"

/** What a server tells while it runs. */
typedef struct telling {
    gasp_events events;
    gasp_log log;
    gasp_wallet *wallet; /**< whose changes are told; NULL: they are not */
} telling;

static int node_error(gasp_cli *cli, const gasp_node *node, gasp_err err, const char *place)
{
    return gasp_cli_error(cli, err, place, gasp_node_why(node));
}

static int listen_at(gasp_cli *cli, gasp_node *node)
{
    char bound[GASP_ADDRESS_MAX] = "";
    const char *address = cli->value[GASP_OPT_LISTEN];
    gasp_err err = gasp_node_listen(node, bound, address);
    if (err == GASP_ERR_NET_REFUSED && !gasp_cli_has(cli, GASP_OPT_ANONYMOUS))
        return gasp_cli_error(cli, err, address, "TCP is for this machine only, and with --allow-anonymous");
    if (err != GASP_OK)
        return node_error(cli, node, err, address);
    gasp_json_put(cli->answer, "address", json_string(bound));
    if (cli->json)
        gasp_cli_note(cli, "listening at %s", bound);
    gasp_cli_out(cli, "listening at %s\n", bound);
    (void)fflush(stdout);
    return GASP_EXIT_DONE;
}

static int serve(gasp_cli *cli, gasp_node *node, gasp_events *events)
{
    bool stdio = gasp_cli_has(cli, GASP_OPT_STDIO);
    int code = GASP_EXIT_DONE;
    if (stdio) {
        gasp_err err = gasp_node_serve_stdio(node);
        code = err == GASP_OK ? GASP_EXIT_DONE : node_error(cli, node, err, "standard input and output");
    } else
        code = listen_at(cli, node);
    if (code != GASP_EXIT_DONE)
        return code;
    gasp_err err = gasp_node_run(node);
    if (err != GASP_OK)
        return node_error(cli, node, err, "");
    if (stdio && events->err != GASP_OK)
        return gasp_cli_error(cli, events->err, "standard input and output", events->text);
    gasp_json_put(cli->answer, "connections", json_integer((json_int_t)events->connections));
    gasp_json_put(cli->answer, "failed", json_integer((json_int_t)events->failed));
    gasp_json_put(cli->answer, "committed", json_integer((json_int_t)events->committed));
    gasp_json_put(cli->answer, "refused", json_incref(events->list));
    gasp_cli_note(cli, "stopped after %" PRIu64 " connections", events->connections);
    return GASP_EXIT_DONE;
}

static void tell(void *ctx, const gasp_report *report)
{
    telling *t = ctx;
    gasp_events_report(&t->events, report);
    if (t->wallet == NULL)
        return;
    gasp_err err = gasp_log_show(&t->log, t->wallet);
    if (err != GASP_OK)
        gasp_cli_note(t->events.cli, "the changes cannot be read: %s", gasp_err_text(err));
    (void)fflush(stdout);
}

/* Changes from now on; those of before are what `gasp log` shows. */
static int begin_log(gasp_cli *cli, telling *t, const gasp_opened *opened)
{
    if (!gasp_cli_has(cli, GASP_OPT_LOG))
        return GASP_EXIT_DONE;
    gasp_err err = gasp_log_skip(&t->log, opened->wallet);
    if (err != GASP_OK)
        return gasp_cli_wallet_error(cli, opened, err, opened->dir);
    t->wallet = opened->wallet;
    return GASP_EXIT_DONE;
}

int gasp_cmd_serve(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_node *node = NULL;
    gasp_node_config config;
    bool stdio = gasp_cli_has(cli, GASP_OPT_STDIO);
    telling t = {.events = {.cli = cli, .single = stdio}, .log = {.cli = cli, .left = UINT64_MAX, .lines = true}};
    if (stdio == gasp_cli_has(cli, GASP_OPT_LISTEN))
        return gasp_cli_usage(cli, "one of --listen ADDRESS and --stdio is needed");
    if (stdio && cli->json)
        return gasp_cli_usage(cli, "--stdio: standard output belongs to the peer, so there is no --json");
    if (stdio && gasp_cli_has(cli, GASP_OPT_LOG))
        return gasp_cli_usage(cli, "--stdio: standard output belongs to the peer, so there is no --log");
    t.events.list = json_array();
    gasp_node_config_init(&config);
    config.allow_anonymous = gasp_cli_has(cli, GASP_OPT_ANONYMOUS);
    config.report = tell;
    config.report_ctx = &t;
    gasp_err err = gasp_node_new(&node, &config);
    int code =
        err == GASP_OK ? gasp_cli_open(cli, &opened, gasp_node_verifier(node)) : gasp_cli_error(cli, err, "", NULL);
    if (code == GASP_EXIT_DONE)
        code = begin_log(cli, &t, &opened);
    if (code == GASP_EXIT_DONE) {
        gasp_node_attach(node, opened.wallet);
        code = serve(cli, node, &t.events);
    }
    gasp_node_free(node);
    gasp_cli_close(&opened);
    json_decref(t.events.list);
    return code;
}
