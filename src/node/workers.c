/* The pool of threads behind the verifier port.
 * Invariants: a job is in `open` while it has runs that nobody took, in `finished` when all its entries are checked and it
 * is waited for by gasp_workers_take, and otherwise held by the threads that count in `busy`. Everything of a job but its
 * verdicts and `cancelled` is guarded by the mutex; verdicts are written without it, each by one thread, and read after
 * the mutex was taken once more. Never calls out with the mutex held. */
#include "node/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/mem.h"

typedef struct job {
    struct job *next;
    const gasp_verify_batch *batch;
    gasp_err *verdicts;
    size_t n;
    size_t taken;  /**< entries that a thread has or had */
    size_t run;    /**< entries of a run */
    unsigned busy; /**< threads that have a run */
    bool waited;   /**< gasp_workers_run waits for it */
    atomic_bool cancelled;
    uint64_t owner;
    uint64_t ticket;
} job;

typedef struct queue {
    job *first;
    job *last;
} queue;

struct gasp_workers {
    const gasp_mem *mem;
    gasp_workers_wake_fn *wake;
    void *ctx;
    pthread_mutex_t mutex;
    pthread_cond_t work;    /**< something is open, or stopping */
    pthread_cond_t settled; /**< a job has no thread any more */
    queue open;
    queue flying; /**< all entries taken, some not checked yet */
    queue finished;
    bool stopping;
    unsigned n;
    pthread_t threads[GASP_WORKERS_MAX];
};

/* ---- queues ---- */

static void push(queue *q, job *j)
{
    j->next = NULL;
    if (q->last != NULL)
        q->last->next = j;
    else
        q->first = j;
    q->last = j;
}

static bool drop(queue *q, const job *j)
{
    job *before = NULL;
    for (job *at = q->first; at != NULL; before = at, at = at->next) {
        if (at != j)
            continue;
        if (before != NULL)
            before->next = at->next;
        else
            q->first = at->next;
        if (q->last == at)
            q->last = before;
        return true;
    }
    return false;
}

static job *find(const queue *q, uint64_t owner, uint64_t ticket)
{
    job *j = q->first;
    while (j != NULL && (j->waited || j->owner != owner || j->ticket != ticket))
        j = j->next;
    return j;
}

/* ---- runs ---- */

typedef struct run {
    job *job;
    size_t first;
    size_t end;
} run;

/* The next run of a job that is open. It goes behind the others, so that all advance. */
static run take_run(gasp_workers *w, job *j)
{
    run r = {j, j->taken, j->taken + j->run};
    if (r.end > j->n)
        r.end = j->n;
    j->taken = r.end;
    j->busy++;
    (void)drop(&w->open, j);
    push(j->taken < j->n ? &w->open : &w->flying, j);
    return r;
}

static void check_run(const run *r)
{
    job *j = r->job;
    for (size_t i = r->first; i < r->end; i++) {
        if (atomic_load_explicit(&j->cancelled, memory_order_relaxed))
            return;
        j->verdicts[i] = gasp_verify_batch_run(j->batch, i);
    }
}

/* True when somebody is to be woken for gasp_workers_take. A cancelled job is in no queue any more. */
static bool end_run(gasp_workers *w, job *j)
{
    if (--j->busy > 0 || j->taken < j->n)
        return false;
    if (drop(&w->flying, j) && !j->waited) {
        push(&w->finished, j);
        return true;
    }
    (void)pthread_cond_broadcast(&w->settled);
    return false;
}

static void *work(void *arg)
{
    gasp_workers *w = arg;
    (void)pthread_mutex_lock(&w->mutex);
    while (!w->stopping) {
        if (w->open.first == NULL) {
            (void)pthread_cond_wait(&w->work, &w->mutex);
            continue;
        }
        run r = take_run(w, w->open.first);
        (void)pthread_mutex_unlock(&w->mutex);
        check_run(&r);
        (void)pthread_mutex_lock(&w->mutex);
        if (end_run(w, r.job)) {
            (void)pthread_mutex_unlock(&w->mutex);
            w->wake(w->ctx);
            (void)pthread_mutex_lock(&w->mutex);
        }
    }
    (void)pthread_mutex_unlock(&w->mutex);
    return NULL;
}

/* ---- starting and ending ---- */

static unsigned choose_count(unsigned n)
{
    if (n > 0)
        return n;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 1)
        return 1;
    return cores < GASP_WORKERS_AUTO_MAX ? (unsigned)cores : GASP_WORKERS_AUTO_MAX;
}

static gasp_err start_threads(gasp_workers *w, unsigned n)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return GASP_ERR_NET_IO;
    while (w->n < n && pthread_create(&w->threads[w->n], NULL, work, w) == 0)
        w->n++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return w->n == n ? GASP_OK : GASP_ERR_NET_IO;
}

gasp_err gasp_workers_new(gasp_workers **out, unsigned n, gasp_workers_wake_fn *wake, void *ctx, const gasp_mem *mem)
{
    if (n > GASP_WORKERS_MAX)
        return GASP_ERR_MISUSE;
    mem = gasp_mem_or_default(mem);
    gasp_workers *w = gasp_mem_zalloc(mem, sizeof *w);
    if (w == NULL)
        return GASP_ERR_NOMEM;
    w->mem = mem;
    w->wake = wake;
    w->ctx = ctx;
    bool mutex = pthread_mutex_init(&w->mutex, NULL) == 0;
    bool has_work = mutex && pthread_cond_init(&w->work, NULL) == 0;
    bool settled = has_work && pthread_cond_init(&w->settled, NULL) == 0;
    if (settled) {
        gasp_err err = start_threads(w, choose_count(n));
        if (err == GASP_OK)
            *out = w;
        else
            gasp_workers_free(w);
        return err;
    }
    if (has_work)
        (void)pthread_cond_destroy(&w->work);
    if (mutex)
        (void)pthread_mutex_destroy(&w->mutex);
    gasp_mem_free(mem, w);
    return GASP_ERR_NOMEM;
}

static void free_all(gasp_workers *w, queue *q)
{
    while (q->first != NULL) {
        job *j = q->first;
        q->first = j->next;
        gasp_mem_free(w->mem, j);
    }
}

void gasp_workers_free(gasp_workers *workers)
{
    if (workers == NULL)
        return;
    (void)pthread_mutex_lock(&workers->mutex);
    workers->stopping = true;
    for (job *j = workers->open.first; j != NULL; j = j->next)
        atomic_store(&j->cancelled, true);
    for (job *j = workers->flying.first; j != NULL; j = j->next)
        atomic_store(&j->cancelled, true);
    (void)pthread_cond_broadcast(&workers->work);
    (void)pthread_mutex_unlock(&workers->mutex);
    for (unsigned i = 0; i < workers->n; i++)
        (void)pthread_join(workers->threads[i], NULL);
    free_all(workers, &workers->open);
    free_all(workers, &workers->flying);
    free_all(workers, &workers->finished);
    (void)pthread_cond_destroy(&workers->settled);
    (void)pthread_cond_destroy(&workers->work);
    (void)pthread_mutex_destroy(&workers->mutex);
    gasp_mem_free(workers->mem, workers);
}

unsigned gasp_workers_count(const gasp_workers *workers)
{
    return workers->n;
}

/* ---- batches ---- */

static size_t run_length(const gasp_workers *w, size_t n)
{
    size_t len = n / (w->n * (size_t)GASP_WORKERS_RUNS_EACH);
    if (len < 1)
        return 1;
    return len < GASP_WORKERS_RUN_MAX ? len : GASP_WORKERS_RUN_MAX;
}

static bool small(gasp_err *verdicts, const gasp_verify_batch *batch, size_t n)
{
    if (n >= GASP_WORKERS_INLINE_BELOW)
        return false;
    for (size_t i = 0; i < n; i++)
        verdicts[i] = gasp_verify_batch_run(batch, i);
    return true;
}

static job *job_new(gasp_workers *w, gasp_err *verdicts, const gasp_verify_batch *batch, size_t n)
{
    job *j = gasp_mem_zalloc(w->mem, sizeof *j);
    if (j == NULL)
        return NULL;
    j->batch = batch;
    j->verdicts = verdicts;
    j->n = n;
    j->run = run_length(w, n);
    atomic_init(&j->cancelled, false);
    return j;
}

static void open_job(gasp_workers *w, job *j)
{
    push(&w->open, j);
    (void)pthread_cond_broadcast(&w->work);
}

gasp_err gasp_workers_run(gasp_workers *workers, gasp_err *verdicts, const gasp_verify_batch *batch)
{
    size_t n = gasp_verify_batch_len(batch);
    if (small(verdicts, batch, n))
        return GASP_OK;
    job *j = job_new(workers, verdicts, batch, n);
    if (j == NULL)
        return GASP_ERR_NOMEM;
    j->waited = true;
    (void)pthread_mutex_lock(&workers->mutex);
    open_job(workers, j);
    while (j->taken < j->n) {
        run r = take_run(workers, j);
        (void)pthread_mutex_unlock(&workers->mutex);
        check_run(&r);
        (void)pthread_mutex_lock(&workers->mutex);
        (void)end_run(workers, j); /* nobody else waits for this one */
    }
    while (j->busy > 0)
        (void)pthread_cond_wait(&workers->settled, &workers->mutex);
    (void)pthread_mutex_unlock(&workers->mutex);
    gasp_mem_free(workers->mem, j);
    return GASP_OK;
}

gasp_err gasp_workers_start(gasp_workers *workers, uint64_t owner, uint64_t ticket, gasp_err *verdicts,
                            const gasp_verify_batch *batch)
{
    size_t n = gasp_verify_batch_len(batch);
    if (small(verdicts, batch, n))
        return GASP_OK;
    job *j = job_new(workers, verdicts, batch, n);
    if (j == NULL)
        return GASP_ERR_NOMEM;
    j->owner = owner;
    j->ticket = ticket;
    (void)pthread_mutex_lock(&workers->mutex);
    open_job(workers, j);
    (void)pthread_mutex_unlock(&workers->mutex);
    return GASP_PENDING;
}

bool gasp_workers_take(gasp_workers *workers, uint64_t *owner, uint64_t *ticket)
{
    (void)pthread_mutex_lock(&workers->mutex);
    job *j = workers->finished.first;
    if (j != NULL)
        (void)drop(&workers->finished, j);
    (void)pthread_mutex_unlock(&workers->mutex);
    if (j == NULL)
        return false;
    *owner = j->owner;
    *ticket = j->ticket;
    gasp_mem_free(workers->mem, j);
    return true;
}

void gasp_workers_cancel(gasp_workers *workers, uint64_t owner, uint64_t ticket)
{
    (void)pthread_mutex_lock(&workers->mutex);
    queue *queues[] = {&workers->open, &workers->flying, &workers->finished};
    job *j = NULL;
    for (size_t i = 0; j == NULL && i < 3; i++) {
        j = find(queues[i], owner, ticket);
        if (j != NULL)
            (void)drop(queues[i], j);
    }
    if (j != NULL) {
        atomic_store_explicit(&j->cancelled, true, memory_order_relaxed);
        j->n = j->taken; /* the last thread then settles it */
        while (j->busy > 0)
            (void)pthread_cond_wait(&workers->settled, &workers->mutex);
    }
    (void)pthread_mutex_unlock(&workers->mutex);
    gasp_mem_free(workers->mem, j);
}
