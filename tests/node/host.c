/* Nodes for tests. A node and its world belong to the thread that opened it; the log may be read from others. */
#include "node/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note(test_log *log, const gasp_report *report)
{
    uint64_t number = report->connection;
    test_need(number > 0 && number < TEST_CONNECTIONS_MAX && report->text != NULL);
    test_need(strchr(report->text, '\n') == NULL);
    switch (report->kind) {
    case GASP_REPORT_CONNECTED:
        test_need(log->phase[number] == 0);
        log->phase[number] = 1;
        log->n_connected++;
        (void)snprintf(log->who, sizeof log->who, "%s", report->text);
        break;
    case GASP_REPORT_EVENT:
        test_need(log->phase[number] == 1 && report->event != NULL);
        log->n_events++;
        break;
    case GASP_REPORT_ENDED:
        test_need(log->phase[number] < 2 && report->stats != NULL && report->fault != NULL);
        test_need(report->err <= 0);
        log->phase[number] = 2;
        log->errs[number] = report->err;
        log->n_ok += report->err == GASP_OK;
        log->n_ended++;
        log->stats.bytes_in += report->stats->bytes_in;
        log->stats.bytes_out += report->stats->bytes_out;
        log->stats.scripts += report->stats->scripts;
        (void)snprintf(log->text, sizeof log->text, "%s", report->text);
        break;
    }
}

static void on_report(void *ctx, const gasp_report *report)
{
    test_host *host = ctx;
    (void)pthread_mutex_lock(&host->log.mutex);
    note(&host->log, report);
    (void)pthread_cond_broadcast(&host->log.changed);
    (void)pthread_mutex_unlock(&host->log.mutex);
    if (host->on_report != NULL)
        host->on_report(host, report);
}

void test_host_init(test_host *host, const test_jobs *jobs, test_random *r)
{
    alarm(60);
    memset(host, 0, sizeof *host);
    gasp_node_config_init(&host->config);
    host->config.allow_anonymous = true;
    host->config.workers = 2;
    host->config.report = on_report;
    host->config.report_ctx = host;
    host->world.jobs = jobs;
    host->world.random.state = test_random_next(r);
    host->world.to_send = 20000;
    host->world.batch_len = 40;
    test_need(pthread_mutex_init(&host->log.mutex, NULL) == 0);
    test_need(pthread_cond_init(&host->log.changed, NULL) == 0);
}

void test_host_open(test_host *host)
{
    test_need(gasp_node_new(&host->node, &host->config) == GASP_OK);
    host->world.verifier = gasp_node_verifier(host->node);
    gasp_node_attach(host->node, TEST_WALLET(&host->world));
}

void test_host_close(test_host *host)
{
    gasp_node_free(host->node);
    host->node = NULL;
    test_need(host->world.n_live == 0);
    test_need(host->world.n_pending == host->world.n_resumed + host->world.n_cancelled);
}

void test_host_sync(test_host *host, const char *address)
{
    gasp_sync_config config;
    gasp_sync_config_init(&config);
    gasp_err err = gasp_node_sync(host->node, address, &config);
    if (err != GASP_OK)
        (void)fprintf(stderr, "%s: %s\n", address, gasp_node_why(host->node));
    test_need(err == GASP_OK);
}

static void *serve(void *arg)
{
    test_host *host = arg;
    test_host_open(host);
    gasp_err err = gasp_node_listen(host->node, host->bound, host->address);
    if (err != GASP_OK)
        (void)fprintf(stderr, "%s: %s\n", host->address, gasp_node_why(host->node));
    test_need(err == GASP_OK);
    (void)pthread_mutex_lock(&host->log.mutex);
    host->ready = true;
    (void)pthread_cond_broadcast(&host->log.changed);
    (void)pthread_mutex_unlock(&host->log.mutex);
    host->err = gasp_node_run(host->node);
    return NULL;
}

void test_host_serve(test_host *host, const char *address)
{
    host->address = address;
    test_need(pthread_create(&host->thread, NULL, serve, host) == 0);
    (void)pthread_mutex_lock(&host->log.mutex);
    while (!host->ready)
        (void)pthread_cond_wait(&host->log.changed, &host->log.mutex);
    (void)pthread_mutex_unlock(&host->log.mutex);
}

void test_host_join(test_host *host)
{
    test_need(pthread_join(host->thread, NULL) == 0);
    test_need(host->err == GASP_OK);
    test_need(host->log.n_connected <= host->log.n_ended);
    test_host_close(host);
}

void test_host_stop(test_host *host)
{
    gasp_node_stop(host->node);
    test_host_join(host);
}

void test_host_wait(test_host *host, unsigned n_ended)
{
    (void)pthread_mutex_lock(&host->log.mutex);
    while (host->log.n_ended < n_ended)
        (void)pthread_cond_wait(&host->log.changed, &host->log.mutex);
    (void)pthread_mutex_unlock(&host->log.mutex);
}

unsigned test_host_ended(test_host *host, gasp_err err)
{
    unsigned n = 0;
    (void)pthread_mutex_lock(&host->log.mutex);
    for (size_t i = 1; i < TEST_CONNECTIONS_MAX; i++)
        n += host->log.phase[i] == 2 && host->log.errs[i] == err;
    (void)pthread_mutex_unlock(&host->log.mutex);
    return n;
}

/* ---- addresses ---- */

char *test_address_unix(void)
{
    char folder[] = "/tmp/gasp-node-XXXXXX";
    test_need(mkdtemp(folder) != NULL);
    char *address = malloc(sizeof folder + 16);
    test_need(address != NULL);
    (void)snprintf(address, sizeof folder + 16, "unix:%s/s", folder);
    return address;
}

void test_address_free(char *address)
{
    char *path = address + strlen("unix:");
    (void)unlink(path);
    *strrchr(path, '/') = '\0';
    test_need(rmdir(path) == 0);
    free(address);
}

void test_address_self(char out[2048], const char *arguments)
{
    char self[1024];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    test_need(len > 0);
    self[len] = '\0';
    test_need(snprintf(out, 2048, "exec:'%s' %s", self, arguments) < 2048);
}

/* ---- the other end of exec: ---- */

int test_stdio_main(int argc, char **argv)
{
    static test_jobs jobs;
    static test_host host;
    test_random r = {(uint64_t)getpid()};
    bool listens = false;
    test_jobs_init(&jobs);
    test_host_init(&host, &jobs, &r);
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "verify") == 0)
            host.world.verify_each = 1000;
        else if (strcmp(argv[i], "silent") == 0)
            host.world.silent = true;
        else if (strcmp(argv[i], "fail") == 0)
            host.world.fail_at = 5000;
        else if (strcmp(argv[i], "listen") == 0)
            listens = true;
        else
            return 99;
    }
    test_host_open(&host);
    gasp_err err = gasp_node_serve_stdio(host.node);
    if (err == GASP_OK && listens)
        err = gasp_node_listen(host.node, host.bound, "tcp://127.0.0.1:0");
    if (err == GASP_OK)
        err = gasp_node_run(host.node);
    bool well = err == GASP_OK && host.log.n_ended == 1 && host.log.n_ok == 1 && strcmp(host.world.peer, "local") == 0;
    test_host_close(&host);
    test_jobs_clear(&jobs);
    if (err == GASP_ERR_NET_CONNECT)
        return 3;
    return well ? 0 : 4;
}
