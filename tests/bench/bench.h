/** What the measurements share: clocks, medians, JSON lines, and a check that ends the program. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { BENCH_RUNS_MAX = 256 };

/** Ends the program and says where, unless `holds`: a figure for something that went wrong is worth nothing. */
#define bench_check(holds) bench_check_at((holds), #holds, __FILE__, __LINE__)
void bench_check_at(bool holds, const char *text, const char *file, int line);

/** One figure: seconds of several runs, by the wall and by the processor (this process, all its threads). */
typedef struct bench_time {
    double wall[BENCH_RUNS_MAX];
    double cpu[BENCH_RUNS_MAX];
    size_t n;
    double wall_now; /**< of the run that is going on */
    double cpu_now;
} bench_time;

void bench_start(bench_time *t);
void bench_stop(bench_time *t);

/** The middle one of the quotients a / b of each run: of what was measured in turns. */
double bench_ratio(const bench_time *a, const bench_time *b);

/** A line of JSON: what was measured, of whom, how many of it a run did, runs, medians, spread, a rate per second of
 *  processor, and the members in `more` (JSON, begins with a comma; "" for none). */
void bench_say(const char *what, const char *by, const bench_time *t, double units, const char *more);

#endif
