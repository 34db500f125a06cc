/** Wallets of the property test, beside the model of them: what a host does to both, and that they still agree. */
#ifndef TESTS_SESSION_PLAY_H
#define TESTS_SESSION_PLAY_H

#include <inttypes.h>

#include "session/pair.h"
#include "session/universe.h"

enum { PLAY_VALUES = 5, PLAY_MINUTE = 60 * 1000, PLAY_HOUR = 60 * PLAY_MINUTE };

typedef struct counts {
    uint64_t runs;
    uint64_t clean;
    uint64_t operations;
    uint64_t syncs;
    uint64_t accounted;
    uint64_t items;
    uint64_t refused;
    uint64_t conflict;
    uint64_t no_permission;
} counts;

typedef struct world {
    const universe *u;
    model m;
    test_random r;
    test_wallet w[MODEL_WALLETS];
    gasp_verifier verifier;
    uint8_t rights[MODEL_WALLETS][MODEL_WALLETS]; /* giver, peer */
    uint32_t policy;
    uint64_t wall_ms;
    counts *counts;
} world;

/** The run that is going on, for what fails in it. */
typedef struct play_run {
    bool going;
    bool talk;
    uint64_t number;
    unsigned step;
} play_run;

extern play_run run;

#define SAY(...)                                                                                                       \
    do {                                                                                                               \
        if (run.talk)                                                                                                  \
            print_message(__VA_ARGS__);                                                                                \
    } while (0)

#define EXPECT(condition, ...)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            print_error("GASP_RUN=%" PRIu64 " step %u: ", run.number, run.step);                                       \
            print_error(__VA_ARGS__);                                                                                  \
            print_error("\n");                                                                                         \
            assert_true(condition);                                                                                    \
        }                                                                                                              \
    } while (0)

/** Random numbers of this run. */
bool play_one_in(world *w, uint64_t n);
int play_below(world *w, int n);

gasp_time play_now(const world *w);

/** New wallets with rights of their own; all of them are freed at the end. */
void play_begin(world *w);
void play_open(world *w, int i, bool create);
void play_end(world *w);

/** What can be seen of a wallet from outside. */
typedef struct seen {
    model_wallet sets; /**< but for blocks, and proofs that count for nothing now */
    model_view view;
    gasp_state_hash state[MODEL_TXS][MODEL_OUTS];
    bool contested[MODEL_TXS][MODEL_OUTS];
    gasp_set_summary summary;
} seen;

void play_see(seen *out, const world *w, int i);

/** What follows from the model's sets must be what the wallet shows. */
void play_compare(const world *w, int i, const seen *s);

/** Both, after something was done. */
void play_look(world *w, int i);

/* What a host does, at random. Verdicts must be those of the model. */
void play_add(world *w, int i);
void play_force(world *w, int i);
void play_prove(world *w, int i);
void play_tell(world *w, int i);
void play_forget(world *w, int i);

/** The headers from genesis up to a block. */
void play_headers(world *w, int i, int block);

#endif
