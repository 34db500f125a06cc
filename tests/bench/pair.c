/* One connection a node; the node ends with it. */
#include "bench/pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"

typedef struct watched {
    gasp_node *node;
    bench_synced *synced; /* NULL: of no interest */
    bool complete;
    bool stop; /* when the connection is over */
} watched;

static void on_report(void *ctx, const gasp_report *report)
{
    watched *w = ctx;
    if (report->kind == GASP_REPORT_EVENT && report->event->kind == GASP_EVENT_CLOSED)
        w->complete = report->event->closed.result == GASP_RESULT_COMPLETE && report->event->closed.equal;
    if (report->kind != GASP_REPORT_ENDED)
        return;
    if (report->err != GASP_OK)
        fprintf(stderr, "a sync ended badly: %s\n", report->text);
    bench_check(report->err == GASP_OK);
    if (w->synced != NULL)
        w->synced->stats = *report->stats;
    if (w->stop)
        gasp_node_stop(w->node);
}

static void node_new(watched *w, gasp_wallet *wallet)
{
    gasp_node_config config;
    gasp_node_config_init(&config);
    config.workers = 1;
    config.allow_anonymous = true;
    config.report = on_report;
    config.report_ctx = w;
    bench_check(gasp_node_new(&w->node, &config) == GASP_OK);
    gasp_node_attach(w->node, wallet);
}

double bench_serve(gasp_wallet *wallet, int control)
{
    char address[GASP_ADDRESS_MAX] = "";
    watched w = {.stop = true};
    bench_time t = {0};
    node_new(&w, wallet);
    bench_check(gasp_node_listen(w.node, address, "tcp://127.0.0.1:0") == GASP_OK);
    bench_write(control, address, sizeof address);
    bench_start(&t);
    bench_check(gasp_node_run(w.node) == GASP_OK);
    bench_stop(&t);
    gasp_node_free(w.node);
    bench_check(w.complete);
    return t.cpu[0];
}

bench_synced bench_sync(gasp_wallet *wallet, const char *address)
{
    bench_synced synced = {0};
    gasp_sync_config config;
    watched w = {.synced = &synced};
    bench_time t = {0};
    gasp_sync_config_init(&config);
    node_new(&w, wallet);
    bench_start(&t);
    bench_check(gasp_node_sync(w.node, address, &config) == GASP_OK);
    bench_check(gasp_node_run(w.node) == GASP_OK);
    bench_stop(&t);
    gasp_node_free(w.node);
    bench_check(w.complete);
    synced.wall_s = t.wall[0];
    synced.cpu_s = t.cpu[0];
    return synced;
}

bool bench_read(int control, void *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = read(control, (uint8_t *)bytes + at, len - at);
        bench_check(n > 0 || (n == 0 && at == 0));
        if (n == 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

void bench_write(int control, const void *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = write(control, (const uint8_t *)bytes + at, len - at);
        bench_check(n > 0);
        at += (size_t)n;
    }
}

size_t bench_peak_kib(void)
{
    char line[128];
    size_t kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    bench_check(status != NULL);
    while (fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtoul(line + 6, NULL, 10);
    fclose(status);
    bench_check(kib > 0);
    return kib;
}
