/* Nodes with real sessions and wallets: what two wallets offer is the same after a sync, over each transport, with scripts
 * checked by the nodes' workers. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gasp/node.h"
#include "session/pair.h"

/* One node with its wallet, and what it reported. It is read when its run is over. */
typedef struct side {
    gasp_node *node;
    test_wallet w;
    unsigned n_ended;
    unsigned n_ok;
    gasp_event closed; /**< the last */
    uint64_t committed;
    uint64_t refused;
    gasp_session_stats stats; /**< of the last */
    uint64_t stop_at;         /**< stops at the event of that number; 0: never */
    uint64_t n_events;
    gasp_err last_err;
} side;

static test_block block;

static void on_report(void *ctx, const gasp_report *report)
{
    side *s = ctx;
    switch (report->kind) {
    case GASP_REPORT_CONNECTED:
        break;
    case GASP_REPORT_EVENT:
        if (++s->n_events == s->stop_at)
            gasp_node_stop(s->node);
        s->committed += report->event->kind == GASP_EVENT_COMMITTED;
        s->refused += report->event->kind == GASP_EVENT_REFUSED;
        if (report->event->kind == GASP_EVENT_CLOSED)
            s->closed = *report->event;
        break;
    case GASP_REPORT_ENDED:
        s->last_err = report->err;
        s->n_ended++;
        s->n_ok += report->err == GASP_OK;
        s->stats = *report->stats;
        break;
    }
}

/* With the chains of the block whose number modulo `parts` is in [from, to). */
static void side_new(side *s, size_t parts, size_t from, size_t to)
{
    gasp_node_config config;
    alarm(120);
    memset(s, 0, sizeof *s);
    gasp_node_config_init(&config);
    config.workers = 2;
    config.allow_anonymous = true;
    config.report = on_report;
    config.report_ctx = s;
    assert_err(gasp_node_new(&s->node, &config), GASP_OK);
    s->w = test_wallet_new(GASP_NETWORK_MAIN, gasp_node_verifier(s->node));
    gasp_node_attach(s->node, s->w.wallet);
    test_block_trust(&block, s->w.wallet);
    if (from < to) {
        size_t committed;
        gasp_bytes beef = test_block_beef(&block, parts, from, to);
        assert_err(test_add(s->w.wallet, beef, &committed), GASP_OK);
        assert_true(committed > 0);
        test_release(beef);
    }
}

static void side_free(side *s)
{
    gasp_node_free(s->node);
    test_wallet_free(&s->w);
}

static void check_complete(const side *s)
{
    assert_int_equal(s->n_ended, 1);
    assert_int_equal(s->n_ok, 1);
    assert_int_equal(s->refused, 0);
    assert_int_equal(s->closed.kind, GASP_EVENT_CLOSED);
    assert_int_equal(s->closed.closed.result, GASP_RESULT_COMPLETE);
    assert_int_equal(s->closed.closed.peer_result, GASP_RESULT_COMPLETE);
    assert_true(s->closed.closed.equal);
}

/* ---- a server in a thread of its own, which makes its node there ---- */

typedef struct server {
    side side;
    const char *address;
    char bound[GASP_ADDRESS_MAX];
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool ready;
    gasp_err err;
} server;

static void *serve(void *arg)
{
    server *v = arg;
    side_new(&v->side, 3, 1, 3);
    v->err = gasp_node_listen(v->side.node, v->bound, v->address);
    (void)pthread_mutex_lock(&v->mutex);
    v->ready = true;
    (void)pthread_cond_signal(&v->changed);
    (void)pthread_mutex_unlock(&v->mutex);
    if (v->err == GASP_OK)
        v->err = gasp_node_run(v->side.node);
    return NULL;
}

static void server_start(server *v, const char *address)
{
    memset(v, 0, sizeof *v);
    v->address = address;
    assert_int_equal(pthread_mutex_init(&v->mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&v->changed, NULL), 0);
    assert_int_equal(pthread_create(&v->thread, NULL, serve, v), 0);
    (void)pthread_mutex_lock(&v->mutex);
    while (!v->ready)
        (void)pthread_cond_wait(&v->changed, &v->mutex);
    (void)pthread_mutex_unlock(&v->mutex);
}

static void server_stop(server *v)
{
    gasp_node_stop(v->side.node);
    assert_int_equal(pthread_join(v->thread, NULL), 0);
    assert_err(v->err, GASP_OK);
}

static void sync_with(side *s, const char *address)
{
    gasp_sync_config config;
    gasp_sync_config_init(&config);
    assert_err(gasp_node_sync(s->node, address, &config), GASP_OK);
    assert_err(gasp_node_run(s->node), GASP_OK);
}

/* Overlapping parts on both sides become the union; a second sync has nothing to move. */
static void sync_over(const char *address)
{
    static server v;
    static side client;
    static side all;
    side_new(&all, 1, 0, 1);
    side_new(&client, 3, 0, 2);
    server_start(&v, address);
    sync_with(&client, v.bound);
    check_complete(&client);
    assert_true(client.committed > 0 && client.stats.scripts > 0);
    assert_same_outputs(client.w.wallet, all.w.wallet);
    size_t bytes = client.stats.bytes_in + client.stats.bytes_out;
    client.n_ended = client.n_ok = 0;
    sync_with(&client, v.bound);
    check_complete(&client);
    assert_int_equal(client.stats.invs_in + client.stats.invs_out, 0);
    assert_true(client.stats.bytes_in + client.stats.bytes_out < bytes / 10);
    server_stop(&v);
    assert_int_equal(v.side.n_ok, 2);
    assert_true(v.side.committed > 0);
    assert_same_outputs(client.w.wallet, v.side.w.wallet);
    print_message("count: node sync %s: %u and %u roots committed, %zu bytes, %zu outputs\n", address,
                  (unsigned)client.committed, (unsigned)v.side.committed, bytes, test_output_count(client.w.wallet));
    side_free(&v.side);
    side_free(&client);
    side_free(&all);
}

static void over_tcp(void **state)
{
    (void)state;
    sync_over("tcp://127.0.0.1:0");
}

static void over_unix(void **state)
{
    (void)state;
    char folder[] = "/tmp/gasp-sync-XXXXXX";
    char address[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(address, sizeof address, "unix:%s/s", folder);
    sync_over(address);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- a connection that stays ---- */

static void *stay(void *arg)
{
    side *s = arg;
    assert_err(gasp_node_run(s->node), GASP_OK);
    return NULL;
}

static void wait_for(const side *s, size_t outputs)
{
    while (test_output_count(s->w.wallet) < outputs) /* side_new has set the alarm */
        (void)usleep(2000);
    assert_int_equal(test_output_count(s->w.wallet), outputs);
}

static void wait_for_same(const side *a, const side *b)
{
    const gasp_collection by_default = {{0}};
    gasp_set_summary x;
    gasp_set_summary y;
    do {
        (void)usleep(2000);
        assert_err(gasp_wallet_summary(a->w.wallet, &x, &by_default), GASP_OK);
        assert_err(gasp_wallet_summary(b->w.wallet, &y, &by_default), GASP_OK);
    } while (!gasp_set_summary_equal(&x, &y));
}

static size_t add_part(const side *s, size_t parts, size_t part)
{
    size_t committed;
    gasp_bytes beef = test_block_beef(&block, parts, part, part + 1);
    assert_err(test_add(s->w.wallet, beef, &committed), GASP_OK);
    test_release(beef);
    return test_output_count(s->w.wallet);
}

/* What another client brings, what the server's host adds and what the client's own host adds all travel over a connection
 * that stays, without another one being made. */
static void stays(void **state)
{
    (void)state;
    static server v;
    static side client;
    static side other;
    pthread_t thread;
    gasp_sync_config config;
    server_start(&v, "tcp://127.0.0.1:0");
    size_t first = test_output_count(v.side.w.wallet);
    side_new(&client, 3, 0, 0);
    gasp_sync_config_init(&config);
    config.stay = true;
    assert_err(gasp_node_sync(client.node, v.bound, &config), GASP_OK);
    assert_int_equal(pthread_create(&thread, NULL, stay, &client), 0);
    wait_for(&client, first);
    side_new(&other, 6, 0, 1);
    sync_with(&other, v.bound);
    check_complete(&other);
    size_t second = test_output_count(other.w.wallet);
    assert_true(second > first);
    wait_for(&client, second);
    size_t third = add_part(&v.side, 6, 3);
    assert_true(third > second);
    gasp_node_changed(v.side.node);
    wait_for(&client, third);
    size_t committed;
    gasp_bytes beef = test_block_beef(&block, 1, 0, 1);
    assert_err(test_add(client.w.wallet, beef, &committed), GASP_OK);
    test_release(beef);
    gasp_node_changed(client.node);
    wait_for_same(&v.side, &client);
    gasp_node_stop(client.node);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(client.closed.closed.round >= 2);
    server_stop(&v);
    assert_same_outputs(client.w.wallet, v.side.w.wallet);
    side_free(&v.side);
    side_free(&client);
    side_free(&other);
}

enum { CLIENTS = 5 };

typedef struct visitor {
    side side;
    size_t part;
    const char *address;
    pthread_t thread;
} visitor;

static void *sync_part(void *arg)
{
    visitor *c = arg;
    side_new(&c->side, CLIENTS, c->part, c->part + 1);
    sync_with(&c->side, c->address);
    gasp_node_free(c->side.node); /* in the thread that made it */
    return NULL;
}

/* Five wallets, each with a fifth of the chains, come to one server at the same time. It has everything afterwards, and
 * none of them lacks what was there before it came. */
static void several_clients(void **state)
{
    (void)state;
    static server v;
    static visitor clients[CLIENTS];
    static side all;
    side_new(&all, 1, 0, 1);
    server_start(&v, "tcp://127.0.0.1:0");
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i].part = i;
        clients[i].address = v.bound;
        assert_int_equal(pthread_create(&clients[i].thread, NULL, sync_part, &clients[i]), 0);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
        assert_int_equal(clients[i].side.n_ok, 1);
        assert_int_equal(clients[i].side.refused, 0);
        assert_int_equal(clients[i].side.closed.closed.result, GASP_RESULT_COMPLETE);
        assert_true(clients[i].side.committed > 0);
        test_wallet_free(&clients[i].side.w);
    }
    server_stop(&v);
    assert_int_equal(v.side.n_ok, CLIENTS);
    assert_same_outputs(v.side.w.wallet, all.w.wallet);
    side_free(&v.side);
    side_free(&all);
}

static gasp_err append(void *ctx, const uint8_t *bytes, size_t len)
{
    return gasp_buf_append(ctx, bytes, len);
}

/* What a node records of a sync replays, although verdicts came from other threads. */
static void recorded(void **state)
{
    (void)state;
    static server v;
    static side client;
    gasp_sync_config config;
    gasp_buf trace;
    gasp_fault fault = {0};
    uint64_t events = 0;
    uint64_t bytes = 0;
    gasp_buf_init(&trace, SIZE_MAX, NULL);
    gasp_sync_config_init(&config);
    config.trace = append;
    config.trace_ctx = &trace;
    side_new(&client, 3, 0, 2);
    server_start(&v, "tcp://127.0.0.1:0");
    assert_err(gasp_node_sync(client.node, v.bound, &config), GASP_OK);
    assert_err(gasp_node_run(client.node), GASP_OK);
    check_complete(&client);
    server_stop(&v);
    assert_err(gasp_trace_replay(trace.data, trace.len, &events, &bytes, NULL, &fault), GASP_OK);
    assert_int_equal(events, client.n_events);
    assert_in_range(bytes, client.stats.bytes_out / 2, client.stats.bytes_out);
    gasp_buf_clear(&trace);
    side_free(&client);
    side_free(&v.side);
}

/* Stopped after each of its events, then run again: what was committed stays, and the next sync brings the rest. */
static void stopped_and_resumed(void **state)
{
    (void)state;
    static server v;
    static side client;
    static side all;
    unsigned stops = 0;
    side_new(&all, 1, 0, 1);
    for (bool more = true; more; stops++) {
        side_new(&client, 3, 0, 2);
        client.stop_at = stops + 1;
        server_start(&v, "tcp://127.0.0.1:0");
        sync_with(&client, v.bound);
        more = client.n_events >= client.stop_at;
        assert_true(client.last_err == GASP_OK || client.last_err == GASP_ERR_NET_STOPPED);
        assert_true(client.last_err == GASP_OK || more);
        client.n_ended = client.n_ok = 0;
        client.stop_at = 0;
        sync_with(&client, v.bound);
        check_complete(&client);
        assert_same_outputs(client.w.wallet, all.w.wallet);
        server_stop(&v);
        assert_same_outputs(v.side.w.wallet, all.w.wallet);
        side_free(&v.side);
        side_free(&client);
    }
    assert_true(stops > 5);
    print_message("count: syncs stopped at an event and finished by the next %u\n", stops - 1);
    side_free(&all);
}

/* The other end of exec: a wallet in another process. */
static int stdio_main(void)
{
    static side s;
    side_new(&s, 3, 1, 3);
    gasp_err err = gasp_node_serve_stdio(s.node);
    if (err == GASP_OK)
        err = gasp_node_run(s.node);
    check_complete(&s);
    assert_int_equal(s.committed > 0, 1);
    side_free(&s);
    return err == GASP_OK ? 0 : 1;
}

static void over_exec(void **state)
{
    (void)state;
    char self[1024];
    char address[1200];
    static side client;
    static side all;
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(len > 0);
    self[len] = '\0';
    (void)snprintf(address, sizeof address, "exec:'%s' --stdio", self);
    side_new(&all, 1, 0, 1);
    side_new(&client, 3, 0, 2);
    sync_with(&client, address);
    check_complete(&client);
    assert_same_outputs(client.w.wallet, all.w.wallet);
    side_free(&client);
    side_free(&all);
}

static int setup(void **state)
{
    (void)state;
    block = test_block_load("blocks/bsv-mainnet-705985.block", 705985);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_block_free(&block);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_tcp),
        cmocka_unit_test(over_unix),
        cmocka_unit_test(stays),
        cmocka_unit_test(several_clients),
        cmocka_unit_test(over_exec),
        cmocka_unit_test(recorded),
        cmocka_unit_test(stopped_and_resumed),
    };
    if (argc > 1 && strcmp(argv[1], "--stdio") == 0) {
        (void)setup(NULL);
        int result = stdio_main();
        (void)teardown(NULL);
        return result;
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
