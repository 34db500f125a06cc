/* Clocks and medians. The processor's time is the figure that counts: other programs on the machine disturb it least. */
#include "bench/bench.h"

#include <stdlib.h>
#include <time.h>

void bench_check_at(bool holds, const char *text, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, text);
    exit(EXIT_FAILURE);
}

static double read_clock(clockid_t id)
{
    struct timespec t;
    bench_check(clock_gettime(id, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void bench_start(bench_time *t)
{
    bench_check(t->n < BENCH_RUNS_MAX);
    t->wall_now = read_clock(CLOCK_MONOTONIC);
    t->cpu_now = read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

void bench_stop(bench_time *t)
{
    t->cpu[t->n] = read_clock(CLOCK_PROCESS_CPUTIME_ID) - t->cpu_now;
    t->wall[t->n] = read_clock(CLOCK_MONOTONIC) - t->wall_now;
    t->n++;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorted copy; the middle, and the ends where they are wanted. */
static double middle(const double *values, size_t n, double *least, double *most)
{
    double sorted[BENCH_RUNS_MAX];
    bench_check(n > 0);
    for (size_t i = 0; i < n; i++)
        sorted[i] = values[i];
    qsort(sorted, n, sizeof sorted[0], by_size);
    *least = sorted[0];
    *most = sorted[n - 1];
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double bench_ratio(const bench_time *a, const bench_time *b)
{
    double quotients[BENCH_RUNS_MAX];
    double least, most;
    bench_check(a->n == b->n);
    for (size_t i = 0; i < a->n; i++)
        quotients[i] = a->cpu[i] / b->cpu[i];
    return middle(quotients, a->n, &least, &most);
}

void bench_say(const char *what, const char *by, const bench_time *t, double units, const char *more)
{
    double least, most, wall_least, wall_most;
    double cpu = middle(t->cpu, t->n, &least, &most);
    double wall = middle(t->wall, t->n, &wall_least, &wall_most);
    printf("{\"what\":\"%s\",\"by\":\"%s\",\"units\":%.0f,\"runs\":%zu,\"cpu_s\":%.6f,\"cpu_s_least\":%.6f,"
           "\"cpu_s_most\":%.6f,\"wall_s\":%.6f,\"per_s\":%.1f%s}\n",
           what, by, units, t->n, cpu, least, most, wall, units / cpu, more);
    fflush(stdout);
}
