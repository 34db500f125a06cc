/* A live sync in which one message is changed on its way: every type that is said, in both directions, in every way of the
 * table below. Whatever it is changed to, both sessions end by themselves or with the connection, with an error of the peer's
 * making that names the message and a place in it; both wallets pass their check and hold whole graphs only; no memory is
 * left; and the next sync completes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gasp/message.h"
#include "hostile/scarce.h"
#include "hostile/wire.h"
#include "lib/random.h"

enum {
    FRAME_HEAD = 8,
    MORE = 1,
    FRAME_MAX = 1024, /* what a peer takes whose OPEN was not read */
    MESSAGES_MAX = 512,
    EVERY = 300, /* a message of so many bytes is changed at each of them */
    MARKS_MAX = 65536
};

static scene world;

static int make_world(void **state)
{
    (void)state;
    scene_make(&world);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    scene_free(&world);
    return 0;
}

/* ---- messages on the wire ------------------------------------------------------------------------------------------ */

typedef struct message {
    int from;
    uint16_t type;
    size_t number; /* of those of its side */
    bool later;    /* behind the first round */
    wire_bytes payload;
    wire_bytes frames; /* as it came */
} message;

static void message_clear(message *m)
{
    wire_clear(&m->payload);
    wire_clear(&m->frames);
    *m = (message){0};
}

static void put_frame(wire_bytes *out, uint32_t len, uint16_t type, uint16_t flags, const uint8_t *payload,
                      size_t given)
{
    const uint8_t head[FRAME_HEAD] = {(uint8_t)len,  (uint8_t)(len >> 8),  (uint8_t)(len >> 16), (uint8_t)(len >> 24),
                                      (uint8_t)type, (uint8_t)(type >> 8), (uint8_t)flags,       (uint8_t)(flags >> 8)};
    wire_append(out, head, sizeof head);
    wire_append(out, payload, given);
}

static void say_in(wire_bytes *out, uint16_t type, const uint8_t *payload, size_t len, size_t frame)
{
    while (len > frame) {
        put_frame(out, (uint32_t)frame, type, MORE, payload, frame);
        payload += frame;
        len -= frame;
    }
    put_frame(out, (uint32_t)len, type, 0, payload, len);
}

static void say(wire_bytes *out, uint16_t type, wire_bytes payload)
{
    say_in(out, type, payload.data, payload.len, FRAME_MAX);
}

static uint32_t number_at(const uint8_t *p, size_t n)
{
    uint32_t value = 0;
    for (size_t i = 0; i < n; i++)
        value |= (uint32_t)p[i] << (8 * i);
    return value;
}

/* The stream of one side, as far as it is not whole messages yet. */
typedef struct stream {
    wire_bytes bytes;
    size_t n; /* messages taken */
} stream;

/* Takes the next whole message out of a stream; false when there is none. */
static bool take(stream *st, message *out, int from)
{
    size_t at = 0;
    bool more = true;
    *out = (message){.from = from};
    while (more) {
        if (st->bytes.len - at < FRAME_HEAD)
            break;
        const uint8_t *head = st->bytes.data + at;
        size_t len = number_at(head, 4);
        if (st->bytes.len - at - FRAME_HEAD < len)
            break;
        out->type = (uint16_t)number_at(head + 4, 2);
        more = (number_at(head + 6, 2) & MORE) != 0;
        wire_append(&out->payload, head + FRAME_HEAD, len);
        at += FRAME_HEAD + len;
    }
    if (more) {
        message_clear(out);
        return false;
    }
    out->number = st->n++;
    wire_append(&out->frames, st->bytes.data, at);
    st->bytes.len -= at;
    memmove(st->bytes.data, st->bytes.data + at, st->bytes.len);
    return true;
}

/* ---- the ways to change one ---------------------------------------------------------------------------------------- */

/* What one case needs to know. */
typedef struct change {
    test_random r;
    uint64_t salt;      /* which patterns meet which places: new in each run of the test */
    const message *all; /* as an honest sync had them */
    size_t n_all;
    message held; /* waits for the next message of its side */
} change;

typedef enum outcome { ANY, COMPLETES, ENDS } outcome;

typedef struct way {
    const char *name;
    size_t (*cases)(const message *m);
    void (*apply)(change *c, const message *m, size_t k, wire_bytes *out);
    outcome outcome;
    gasp_err err; /* with ENDS: at the side that hears it */
    bool names;   /* an error that says what was malformed names this message */
} way;

static size_t one(const message *m)
{
    (void)m;
    return 1;
}

static size_t six(const message *m)
{
    (void)m;
    return 6;
}

static size_t places(const message *m)
{
    return m->payload.len < EVERY ? m->payload.len : EVERY;
}

/* Place k: in a long message the first ones, the last ones, and some between. */
static size_t place(change *c, const message *m, size_t k)
{
    const size_t len = m->payload.len;
    if (len <= EVERY || k < EVERY / 2)
        return k;
    return k < 3 * EVERY / 4 ? len - 1 - (k - EVERY / 2) : (size_t)test_random_below(&c->r, len);
}

static void cut(change *c, const message *m, size_t k, wire_bytes *out)
{
    say_in(out, m->type, m->payload.data, place(c, m, k), FRAME_MAX);
}

static void longer(change *c, const message *m, size_t k, wire_bytes *out)
{
    static const size_t more[6] = {1, 1, 4, 36, 255, 3000};
    wire_bytes p = {0};
    wire_append(&p, m->payload.data, m->payload.len);
    for (size_t i = 0; i < more[k]; i++) {
        uint8_t byte = (uint8_t)(k == 0 ? 0 : test_random_next(&c->r));
        wire_append(&p, &byte, 1);
    }
    say(out, m->type, p);
    wire_clear(&p);
}

static void flipped(change *c, const message *m, size_t k, wire_bytes *out)
{
    static const uint8_t patterns[] = {0x01, 0x80, 0xff, 0x02, 0x40, 0x10, 0x7f, 0xaa};
    wire_bytes p = {0};
    wire_append(&p, m->payload.data, m->payload.len);
    p.data[place(c, m, k)] ^= patterns[(k + c->salt) % sizeof patterns];
    say(out, m->type, p);
    wire_clear(&p);
}

/* A length or a number that is very large, in the place of one byte (as CompactSize) or over several (as they stand). */
static void large(change *c, const message *m, size_t k, wire_bytes *out)
{
    static const struct {
        size_t over; /* bytes that it takes the place of */
        size_t len;
        uint8_t bytes[9];
    } numbers[] = {
        {1, 1, {0xfc}},
        {1, 3, {0xfd, 0xff, 0xff}},
        {1, 5, {0xfe, 0xff, 0xff, 0xff, 0x7f}},
        {1, 5, {0xfe, 0x00, 0x00, 0x00, 0x80}},
        {1, 5, {0xfe, 0xff, 0xff, 0xff, 0xff}},
        {1, 9, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
        {1, 9, {0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80}},
        {4, 4, {0x00, 0x00, 0x00, 0x80}},
        {4, 4, {0xff, 0xff, 0xff, 0x7f}},
        {4, 4, {0xff, 0xff, 0xff, 0xff}},
        {8, 8, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
        {8, 8, {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80}},
    };
    const size_t which = (k + c->salt) % (sizeof numbers / sizeof numbers[0]);
    const size_t at = place(c, m, k);
    const size_t left = m->payload.len - at;
    const size_t over = numbers[which].over < left ? numbers[which].over : left;
    wire_bytes p = {0};
    wire_append(&p, m->payload.data, at);
    wire_append(&p, numbers[which].bytes, numbers[which].len);
    wire_append(&p, m->payload.data + at + over, left - over);
    say(out, m->type, p);
    wire_clear(&p);
}

static void noise(change *c, const message *m, size_t k, wire_bytes *out)
{
    size_t len = k % 2 == 0 ? m->payload.len : (size_t)test_random_below(&c->r, 2000);
    uint8_t *bytes = malloc(len + 1);
    assert_non_null(bytes);
    test_random_fill(&c->r, bytes, len);
    say_in(out, m->type, bytes, len, FRAME_MAX);
    free(bytes);
}

static void repeated(change *c, const message *m, size_t k, wire_bytes *out)
{
    (void)c;
    for (size_t i = 0; i < 2 + 100 * k; i++)
        wire_append(out, m->frames.data, m->frames.len);
}

static size_t two(const message *m)
{
    (void)m;
    return 2;
}

static void lost(change *c, const message *m, size_t k, wire_bytes *out)
{
    (void)c;
    (void)m;
    (void)k;
    (void)out;
}

/* Behind the next message of its side. */
static void late(change *c, const message *m, size_t k, wire_bytes *out)
{
    (void)k;
    (void)out;
    c->held = (message){.from = m->from};
    wire_append(&c->held.frames, m->frames.data, m->frames.len);
}

/* Other messages of an honest sync before it, of either side: what comes at a wrong time. */
static void wrong_time(change *c, const message *m, size_t k, wire_bytes *out)
{
    (void)k;
    const message *other = &c->all[test_random_below(&c->r, c->n_all)];
    wire_append(out, other->frames.data, other->frames.len);
    wire_append(out, m->frames.data, m->frames.len);
}

static void other_type(change *c, const message *m, size_t k, wire_bytes *out)
{
    (void)c;
    say(out, (uint16_t)(2 * k), m->payload);
}

static size_t types(const message *m)
{
    (void)m;
    return 20;
}

static void even(change *c, const message *m, size_t k, wire_bytes *out)
{
    (void)c;
    (void)k;
    say(out, 4000, m->payload);
    wire_append(out, m->frames.data, m->frames.len);
}

static void three_odd(change *c, const message *m, size_t k, wire_bytes *out)
{
    (void)c;
    (void)k;
    say(out, 4001, m->payload);
    say(out, 65535, (wire_bytes){0});
    say(out, 4003, m->payload);
    wire_append(out, m->frames.data, m->frames.len);
}

static void small_frames(change *c, const message *m, size_t k, wire_bytes *out)
{
    static const size_t sizes[6] = {1, 2, 7, 36, 100, 1023};
    (void)c;
    say_in(out, m->type, m->payload.data, m->payload.len, sizes[k]);
}

static void bad_frame(change *c, const message *m, size_t k, wire_bytes *out)
{
    const uint8_t *p = m->payload.data;
    const uint32_t len = m->payload.len < FRAME_MAX ? (uint32_t)m->payload.len : FRAME_MAX;
    (void)c;
    if (k == 0)
        put_frame(out, len, m->type, 2, p, len);
    else if (k == 1)
        put_frame(out, len, m->type, 0x8000, p, len);
    else if (k == 2)
        put_frame(out, UINT32_C(0x80000000), m->type, 0, p, len);
    else if (k == 3)
        put_frame(out, UINT32_MAX, m->type, MORE, p, len);
    else if (k == 4)
        put_frame(out, 0, m->type, MORE, p, 0);
    else {
        put_frame(out, 1, m->type, MORE, (const uint8_t *)"", 1);
        put_frame(out, len, (uint16_t)(m->type + 2), 0, p, len);
    }
}

static const way ways[] = {
    {"cut", places, cut, ANY, GASP_OK, true},
    {"longer", six, longer, ANY, GASP_OK, true},
    {"flipped", places, flipped, ANY, GASP_OK, true},
    {"a large number", places, large, ANY, GASP_OK, true},
    {"noise", six, noise, ANY, GASP_OK, true},
    {"repeated", two, repeated, ANY, GASP_OK, false},
    {"lost", one, lost, ANY, GASP_OK, false},
    {"late", one, late, ANY, GASP_OK, false},
    {"wrong time", six, wrong_time, ANY, GASP_OK, false},
    {"other type", types, other_type, ANY, GASP_OK, false},
    {"unknown even", one, even, ENDS, GASP_ERR_PEER_MESSAGE, false},
    {"three unknown odd", one, three_odd, COMPLETES, GASP_OK, false},
    {"small frames", six, small_frames, COMPLETES, GASP_OK, false},
    {"bad frame", six, bad_frame, ENDS, GASP_ERR_PEER_FRAME, false},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

/* ---- one case ------------------------------------------------------------------------------------------------------ */

typedef struct meddler {
    stream stream[2];
    bool rounds; /* one connection with several rounds, in which something is refused and something spent */
    int stage;
    gasp_wallet *wallet[2];
    message *list; /* where an honest sync is written down; NULL: none is */
    size_t n_list;
    const way *how; /* NULL: nothing is changed */
    const message *target;
    size_t k;
    change change;
} meddler;

static void meddle(void *ctx, int from, gasp_bytes in, wire_bytes *out)
{
    meddler *d = ctx;
    message m;
    wire_append(&d->stream[from].bytes, in.data, in.len);
    while (take(&d->stream[from], &m, from)) {
        if (d->how != NULL && d->target->from == from && d->target->number == m.number)
            d->how->apply(&d->change, &m, d->k, out);
        else
            wire_append(out, m.frames.data, m.frames.len);
        if (d->change.held.frames.len > 0 && d->change.held.from == from && m.number > d->target->number) {
            wire_append(out, d->change.held.frames.data, d->change.held.frames.len);
            message_clear(&d->change.held);
        }
        m.later = d->stage > 0;
        if (d->list != NULL) {
            assert_true(d->n_list < MESSAGES_MAX);
            d->list[d->n_list++] = m;
        } else {
            message_clear(&m);
        }
    }
}

/* What happens between the rounds: each side gets a label, and side 0 pays an output that both have to somebody else. */
static bool between_rounds(void *ctx, wire *w)
{
    meddler *d = ctx;
    const int side = d->stage++;
    gasp_add_config config;
    if (side > 1 || w->side[side].session == NULL)
        return false;
    assert_err(gasp_wallet_label(d->wallet[side], &world.mine[side], "note", (const uint8_t *)"food", 4, w->now),
               GASP_OK);
    gasp_add_config_init(&config);
    config.take = GASP_TAKE_LIST;
    if (side == 0)
        assert_err(gasp_wallet_add(d->wallet[0], world.spend.data, world.spend.len, &config, w->now, NULL, NULL, NULL),
                   GASP_OK);
    gasp_err err = gasp_session_changed(w->side[side].session, w->now);
    return err == GASP_OK || gasp_session_done(w->side[side].session);
}

typedef struct tally {
    size_t cases;
    size_t ended;     /* a session was ended by what it heard */
    size_t completed; /* the sync completed all the same */
    size_t by_type[64];
    uint64_t *marks;
    size_t n_marks;
} tally;

static bool is_new(tally *t, uint64_t mark)
{
    for (size_t i = 0; i < t->n_marks; i++)
        if (t->marks[i] == mark)
            return false;
    assert_true(t->n_marks < MARKS_MAX);
    t->marks[t->n_marks++] = mark;
    return true;
}

static bool is_peers(gasp_err err)
{
    gasp_class cls = gasp_err_class(err);
    return err == GASP_OK || cls == GASP_CLASS_PEER || cls == GASP_CLASS_DECODE;
}

/* Whether a sync that should not be harmed was not. With rounds something is left: what the host declined. */
static bool is_well(const meddler *d, const wire *w)
{
    return d->rounds ? w->side[0].err == GASP_OK && w->side[1].err == GASP_OK && d->stage > 1 : wire_complete(w);
}

static void judge(const wire *w, const meddler *d, const char *where)
{
    const wire_side *hears = &w->side[!d->target->from];
    for (int i = 0; i < 2; i++) {
        if (!is_peers(w->side[i].err))
            fail_msg("%s: side %d ended with %s", where, i, gasp_err_name(w->side[i].err));
        if (w->side[i].err != GASP_OK && w->side[i].why.err != w->side[i].err)
            fail_msg("%s: side %d ended with %s and says %s", where, i, gasp_err_name(w->side[i].err),
                     gasp_err_name(w->side[i].why.err));
    }
    if (d->how->outcome == COMPLETES && !is_well(d, w))
        fail_msg("%s: %s, %s", where, gasp_err_name(w->side[0].err), gasp_err_name(w->side[1].err));
    if (d->how->outcome == ENDS && hears->err != d->how->err)
        fail_msg("%s: ended with %s", where, gasp_err_name(hears->err));
    bool malformed = gasp_err_class(hears->err) == GASP_CLASS_DECODE || hears->err == GASP_ERR_PEER_MESSAGE;
    if (d->how->names && malformed && hears->why.message != d->target->type)
        fail_msg("%s: ended with %s, and message %u is said to be at fault", where, gasp_err_name(hears->err),
                 hears->why.message);
    if (d->how->names && malformed && hears->why.at > d->target->payload.len + 4000)
        fail_msg("%s: ended with %s at %llu", where, gasp_err_name(hears->err), (unsigned long long)hears->why.at);
}

/* What is left is looked at once for all cases that leave the same rows. */
static void look_after(tally *t, gasp_kv *const kv[2], const char *where)
{
    gasp_wallet *wallet[2];
    if (!is_new(t, scene_mark(kv[0]) * 31 + scene_mark(kv[1])))
        return;
    for (int i = 0; i < 2; i++) {
        wallet[i] = scene_open(kv[i]);
        scene_check(&world, wallet[i], where);
    }
    wire_sync_equal(wallet[0], wallet[1], where);
    for (int i = 0; i < 2; i++) {
        scene_check(&world, wallet[i], where);
        gasp_wallet_free(wallet[i]);
    }
}

static void run(tally *t, meddler *d, const char *where)
{
    gasp_session_config config[2];
    gasp_wallet *wallet[2];
    gasp_kv *kv[2];
    scarce mem[2];
    wire w;
    for (int i = 0; i < 2; i++) {
        scarce_init(&mem[i]);
        kv[i] = scene_store(&world, i, NULL);
        wallet[i] = d->rounds && i == 1 ? scene_open_declining(kv[i], &world.mine[0].txid) : scene_open(kv[i]);
        d->wallet[i] = wallet[i];
    }
    wire_init(&w);
    w.hook = meddle;
    w.quiet = d->rounds ? between_rounds : NULL;
    w.ctx = d;
    d->stage = 0;
    wire_config(config, wallet[0], wallet[1]);
    for (int i = 0; i < 2; i++) {
        config[i].mem = &mem[i].mem;
        config[i].stay = d->rounds;
    }
    wire_start(&w, config);
    wire_run(&w);
    for (int i = 0; i < 2; i++) {
        gasp_wallet_free(wallet[i]);
        wire_clear(&d->stream[i].bytes);
        d->stream[i].n = 0;
        if (mem[i].live != 0)
            fail_msg("%s: %zu blocks are left", where, mem[i].live);
    }
    message_clear(&d->change.held);
    if (d->how == NULL) {
        assert_true(is_well(d, &w));
    } else {
        judge(&w, d, where);
        look_after(t, kv, where);
        const gasp_err err = w.side[!d->target->from].err;
        t->ended += err != GASP_OK && err != GASP_ERR_PEER_CLOSED;
        t->completed += is_well(d, &w);
    }
    for (int i = 0; i < 2; i++)
        gasp_kv_close(kv[i]);
}

/* ---- all of them --------------------------------------------------------------------------------------------------- */

/* Of each type in each direction the first message, the last, and the longest. */
static bool is_chosen(const message *all, size_t n, size_t which)
{
    const message *m = &all[which];
    bool first = true;
    bool last = true;
    bool longest = true;
    for (size_t i = 0; i < n; i++) {
        if (i == which || all[i].type != m->type || all[i].from != m->from)
            continue;
        first = first && i > which;
        last = last && i < which;
        longest =
            longest && (all[i].payload.len < m->payload.len || (all[i].payload.len == m->payload.len && i > which));
    }
    return first || last || longest;
}

static void all_ways(tally *t, meddler *d, test_random *r, size_t *turn)
{
    unsigned one_in = test_one_in();
    for (size_t i = 0; i < WAYS; i++) {
        for (size_t k = 0; k < ways[i].cases(d->target); k++) {
            char where[128];
            if ((*turn)++ % one_in != 0)
                continue;
            const char *name = gasp_message_name(d->target->type);
            snprintf(where, sizeof where, "direction %d, %s of %zu bytes (number %zu), %s, case %zu", d->target->from,
                     name != NULL ? name : "?", d->target->payload.len, d->target->number, ways[i].name, k);
            d->how = &ways[i];
            d->k = k;
            d->change.r = (test_random){test_random_next(r)};
            run(t, d, where);
            t->cases++;
            t->by_type[d->target->type % 64]++;
        }
    }
}

static void every_message(bool rounds, size_t least_kinds, const char *name)
{
    char what[64];
    unsigned one_in = test_one_in();
    tally t = {.marks = calloc(MARKS_MAX, sizeof(uint64_t))};
    meddler d = {.list = calloc(MESSAGES_MAX, sizeof(message)), .rounds = rounds};
    assert_non_null(t.marks);
    assert_non_null(d.list);
    snprintf(what, sizeof what, "hostile/mutate: %s, one in %u", name, one_in);
    test_random r = test_random_start(what);
    run(&t, &d, "an honest sync");
    message *all = d.list;
    const size_t n = d.n_list;
    size_t turn = (size_t)test_random_below(&r, one_in);
    size_t kinds = 0;
    d = (meddler){.rounds = rounds, .change = {.salt = test_random_next(&r), .all = all, .n_all = n}};
    size_t from = 0; /* the first round was for the other test */
    while (rounds && from < n && !all[from].later)
        from++;
    for (size_t i = from; i < n; i++) {
        d.target = &all[i];
        if (is_chosen(all + from, n - from, i - from))
            all_ways(&t, &d, &r, &turn);
    }
    for (size_t i = 0; i < 64; i++)
        kinds += t.by_type[i] > 0;
    assert_true(kinds >= least_kinds);
    assert_true(t.ended > t.cases / 4 && t.completed > t.cases / 50);
    print_message(
        "count: messages of %s changed on their way: %zu cases, one in %u, %zu types, %d ways; %zu ended a session, "
        "%zu did no harm; %zu different stores left\n",
        name, t.cases, one_in, kinds, WAYS, t.ended, t.completed, t.n_marks);
    for (size_t i = 0; i < n; i++)
        message_clear(&all[i]);
    free(all);
    free(t.marks);
}

static void every_message_in_every_way(void **state)
{
    (void)state;
    every_message(false, 7, "one round");
}

static void every_message_of_later_rounds(void **state)
{
    (void)state;
    every_message(true, 9, "later rounds");
}

/* Two wallets of different chains have nothing to say to each other. */
static void other_network(void **state)
{
    static const gasp_time now = {1, 1600000000000};
    (void)state;
    for (int side = 0; side < 2; side++) {
        gasp_session_config config[2];
        gasp_wallet_config made;
        gasp_wallet *wallet[2];
        gasp_kv *kv[2];
        wire w;
        for (int i = 0; i < 2; i++)
            kv[i] = scene_store(&world, i, NULL);
        gasp_kv_close(kv[side]);
        assert_err(gasp_kv_memory_new(&kv[side], NULL), GASP_OK);
        gasp_wallet_config_init(&made);
        made.kv = kv[side];
        assert_err(gasp_wallet_create(&made, GASP_NETWORK_TEST, now), GASP_OK);
        for (int i = 0; i < 2; i++)
            wallet[i] = scene_open(kv[i]);
        wire_init(&w);
        wire_config(config, wallet[0], wallet[1]);
        uint64_t marks[2] = {scene_mark(kv[0]), scene_mark(kv[1])};
        wire_start(&w, config);
        wire_run(&w);
        assert_err(w.side[1].err, GASP_ERR_PEER_NETWORK);
        assert_err(w.side[0].err, GASP_ERR_PEER_ERROR);
        assert_err(w.side[0].why.peer_err, GASP_ERR_PEER_NETWORK);
        for (int i = 0; i < 2; i++) {
            assert_true(scene_mark(kv[i]) == marks[i]);
            gasp_wallet_free(wallet[i]);
            gasp_kv_close(kv[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_network),
        cmocka_unit_test(every_message_in_every_way),
        cmocka_unit_test(every_message_of_later_rounds),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
