/* Reading a transaction in two passes: the first only measures (every length against what is left), then one block of
 * memory is taken, then the fields are filled from bytes known to be sound. Nothing but the two arrays is copied.
 * Must never allocate for a count that the input cannot hold, and never recurse. */
#include "chain/tx.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/hash.h"

enum {
    VERSION_LEN = 4,
    EF_MARKER_LEN = 6,
    EF_SOURCE_LEN_MIN = 9 /* satoshis and the length of an empty script */
};

/* BRC-30: stands where a standard transaction has its count of inputs. */
static const uint8_t ef_marker[EF_MARKER_LEN] = {0, 0, 0, 0, 0, 0xef};

/* What the first pass finds. */
typedef struct extent {
    size_t start;
    size_t end;
    size_t inputs_at; /* the count of inputs */
    size_t n_in;
    size_t n_out;
    bool extended;
} extent;

static bool marker_follows(const gasp_reader *r)
{
    return gasp_reader_left(r) >= EF_MARKER_LEN && memcmp(r->base + r->at, ef_marker, EF_MARKER_LEN) == 0;
}

static void measure_inputs(gasp_reader *r, extent *e)
{
    e->inputs_at = r->at;
    e->n_in = gasp_read_count(r, GASP_TX_IN_LEN_MIN + (e->extended ? (size_t)EF_SOURCE_LEN_MIN : 0));
    if (e->n_in == 0)
        gasp_reader_fail(r, GASP_ERR_TX_NO_INPUTS, e->inputs_at);
    for (size_t i = 0; i < e->n_in && r->err == GASP_OK; i++) {
        (void)gasp_read_bytes(r, GASP_OUTPOINT_LEN);
        (void)gasp_read_sized(r);
        (void)gasp_read_u32(r);
        if (e->extended) {
            (void)gasp_read_u64(r);
            (void)gasp_read_sized(r);
        }
    }
}

static void measure_outputs(gasp_reader *r, extent *e)
{
    size_t at = r->at;
    e->n_out = gasp_read_count(r, GASP_TX_OUT_LEN_MIN);
    if (e->n_out == 0)
        gasp_reader_fail(r, GASP_ERR_TX_NO_OUTPUTS, at);
    for (size_t i = 0; i < e->n_out && r->err == GASP_OK; i++) {
        (void)gasp_read_u64(r);
        (void)gasp_read_sized(r);
    }
}

/* First pass: fails the cursor, or leaves it behind the transaction. */
static extent measure(gasp_reader *r)
{
    extent e = {.start = r->at};
    (void)gasp_read_u32(r);
    e.extended = marker_follows(r);
    if (e.extended)
        (void)gasp_read_bytes(r, EF_MARKER_LEN);
    measure_inputs(r, &e);
    measure_outputs(r, &e);
    (void)gasp_read_u32(r);
    e.end = r->at;
    if (e.end - e.start > gasp_limit(TX_BYTES))
        gasp_reader_fail(r, GASP_ERR_TX_TOO_LARGE, e.start);
    return e;
}

/* The struct and its arrays in one block; the arrays' elements need no more alignment than the struct has. */
static gasp_tx *allocate(const extent *e, const gasp_mem *mem)
{
    size_t in_at = sizeof(gasp_tx);
    size_t out_at = in_at + e->n_in * sizeof(gasp_txin);
    uint8_t *block = (uint8_t *)gasp_mem_zalloc(mem, out_at + e->n_out * sizeof(gasp_txout));
    if (block == NULL)
        return NULL;
    gasp_tx *tx = (gasp_tx *)(void *)block;
    tx->in = (gasp_txin *)(void *)(block + in_at);
    tx->out = (gasp_txout *)(void *)(block + out_at);
    tx->n_in = e->n_in;
    tx->n_out = e->n_out;
    tx->extended = e->extended;
    tx->mem = mem;
    return tx;
}

/* Second pass, over bytes that the first has walked. */
static void fill(gasp_tx *tx, gasp_reader r, const extent *e)
{
    tx->version = gasp_read_u32(&r);
    r.at = e->inputs_at;
    (void)gasp_read_compact(&r);
    for (size_t i = 0; i < tx->n_in; i++) {
        gasp_txin *in = &tx->in[i];
        gasp_read_outpoint(&r, &in->prev);
        in->script = gasp_read_sized(&r);
        in->sequence = gasp_read_u32(&r);
        in->has_source = e->extended;
        if (e->extended) {
            in->source_sat = gasp_read_u64(&r);
            in->source_script = gasp_read_sized(&r);
        }
    }
    (void)gasp_read_compact(&r);
    for (size_t i = 0; i < tx->n_out; i++) {
        tx->out[i].sat = gasp_read_u64(&r);
        tx->out[i].script = gasp_read_sized(&r);
    }
    tx->locktime = gasp_read_u32(&r);
}

/* Hashes the standard form out of an extended one without building it: each input but its source, then all from the
 * count of outputs on as it stands. */
static void hash_extended(gasp_tx *tx)
{
    gasp_reader r = gasp_reader_of(tx->raw);
    gasp_sha256 ctx;
    gasp_sha256_init(&ctx);
    gasp_sha256_update(&ctx, gasp_read_bytes(&r, VERSION_LEN).data, VERSION_LEN);
    (void)gasp_read_bytes(&r, EF_MARKER_LEN);
    size_t from = r.at;
    (void)gasp_read_compact(&r);
    for (size_t i = 0; i < tx->n_in; i++) {
        (void)gasp_read_bytes(&r, GASP_OUTPOINT_LEN);
        (void)gasp_read_sized(&r);
        (void)gasp_read_u32(&r);
        gasp_sha256_update(&ctx, r.base + from, r.at - from);
        (void)gasp_read_u64(&r);
        (void)gasp_read_sized(&r);
        from = r.at;
    }
    gasp_sha256_update(&ctx, r.base + from, r.len - from);
    gasp_sha256_final_twice(&ctx, tx->txid.b);
}

gasp_err gasp_tx_read(gasp_tx **out, gasp_reader *r, const gasp_mem *mem)
{
    gasp_reader begin = *r;
    extent e = measure(r);
    if (r->err != GASP_OK)
        return r->err;
    gasp_tx *tx = allocate(&e, gasp_mem_or_default(mem));
    if (tx == NULL) {
        gasp_reader_fail(r, GASP_ERR_NOMEM, e.start);
        return r->err;
    }
    fill(tx, begin, &e);
    tx->raw = (gasp_bytes){r->base + e.start, e.end - e.start};
    if (tx->extended)
        hash_extended(tx);
    else
        gasp_sha256d(tx->txid.b, tx->raw.data, tx->raw.len);
    *out = tx;
    return GASP_OK;
}

gasp_err gasp_tx_decode(gasp_tx **out, gasp_bytes raw, const gasp_mem *mem, gasp_fault *fault)
{
    gasp_reader r = gasp_reader_of(raw);
    gasp_tx *tx = NULL;
    if (raw.len > gasp_limit(TX_BYTES))
        gasp_reader_fail(&r, GASP_ERR_TX_TOO_LARGE, 0);
    gasp_err err = gasp_tx_read(&tx, &r, mem);
    err = gasp_reader_finish(&r, fault);
    if (err != GASP_OK) {
        gasp_tx_free(tx);
        return err;
    }
    *out = tx;
    return GASP_OK;
}

gasp_err gasp_tx_decode_extended(gasp_tx **out, gasp_bytes raw, const gasp_mem *mem, gasp_fault *fault)
{
    gasp_reader r = gasp_reader_of(raw);
    (void)gasp_read_u32(&r);
    gasp_bytes marker = gasp_read_bytes(&r, EF_MARKER_LEN);
    if (r.err == GASP_OK && memcmp(marker.data, ef_marker, EF_MARKER_LEN) != 0)
        gasp_reader_fail(&r, GASP_ERR_TX_EF_MARKER, VERSION_LEN);
    gasp_err err = gasp_reader_status(&r, fault);
    return err != GASP_OK ? err : gasp_tx_decode(out, raw, mem, fault);
}

void gasp_tx_free(gasp_tx *tx)
{
    if (tx != NULL)
        gasp_mem_free(tx->mem, tx);
}

bool gasp_tx_is_coinbase(const gasp_tx *tx)
{
    static const gasp_txid zero;
    const gasp_outpoint *prev = &tx->in[0].prev;
    return tx->n_in == 1 && prev->vout == UINT32_MAX && memcmp(&prev->txid, &zero, sizeof zero) == 0;
}

gasp_txid gasp_tx_txid(const gasp_tx *tx)
{
    return tx->txid;
}

gasp_bytes gasp_tx_raw(const gasp_tx *tx)
{
    return tx->raw;
}

bool gasp_tx_extended(const gasp_tx *tx)
{
    return tx->extended;
}

uint32_t gasp_tx_version(const gasp_tx *tx)
{
    return tx->version;
}

uint32_t gasp_tx_locktime(const gasp_tx *tx)
{
    return tx->locktime;
}

size_t gasp_tx_in_count(const gasp_tx *tx)
{
    return tx->n_in;
}

size_t gasp_tx_out_count(const gasp_tx *tx)
{
    return tx->n_out;
}

const gasp_txin *gasp_tx_in(const gasp_tx *tx, size_t i)
{
    return i < tx->n_in ? &tx->in[i] : NULL;
}

const gasp_txout *gasp_tx_out(const gasp_tx *tx, size_t i)
{
    return i < tx->n_out ? &tx->out[i] : NULL;
}

gasp_err gasp_tx_set_source(gasp_tx *tx, size_t i, uint64_t sat, gasp_bytes script)
{
    if (i >= tx->n_in)
        return GASP_ERR_MISUSE;
    tx->in[i].has_source = true;
    tx->in[i].source_sat = sat;
    tx->in[i].source_script = script;
    return GASP_OK;
}

/* Where output i begins in raw: scripts are views into it, so the place is known from the script's own length. */
static size_t output_at(const gasp_tx *tx, size_t i)
{
    size_t at = tx->raw.len - sizeof tx->locktime;
    for (size_t k = tx->n_out; k-- > i;)
        at -= sizeof(uint64_t) + gasp_compact_len(tx->out[k].script.len) + tx->out[k].script.len;
    return at;
}

gasp_err gasp_tx_check(const gasp_tx *tx, gasp_fault *fault)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < tx->n_out; i++) {
        if (tx->out[i].sat > GASP_SAT_MAX - sum) {
            if (fault != NULL)
                *fault = (gasp_fault){GASP_ERR_TX_VALUE, output_at(tx, i), i};
            return GASP_ERR_TX_VALUE;
        }
        sum += tx->out[i].sat;
    }
    return GASP_OK;
}

/* Both forms; they differ in the marker and in what follows each sequence. */
static void write_form(gasp_writer *w, const gasp_tx *tx, bool extended)
{
    gasp_write_u32(w, tx->version);
    if (extended)
        gasp_write_bytes(w, ef_marker, EF_MARKER_LEN);
    gasp_write_compact(w, tx->n_in);
    for (size_t i = 0; i < tx->n_in; i++) {
        const gasp_txin *in = &tx->in[i];
        gasp_write_outpoint(w, &in->prev);
        gasp_write_sized(w, in->script);
        gasp_write_u32(w, in->sequence);
        if (!extended)
            continue;
        if (!in->has_source && w->err == GASP_OK)
            w->err = GASP_ERR_MISUSE;
        gasp_write_u64(w, in->source_sat);
        gasp_write_sized(w, in->source_script);
    }
    gasp_write_compact(w, tx->n_out);
    for (size_t i = 0; i < tx->n_out; i++) {
        gasp_write_u64(w, tx->out[i].sat);
        gasp_write_sized(w, tx->out[i].script);
    }
    gasp_write_u32(w, tx->locktime);
}

void gasp_tx_write(gasp_writer *w, const gasp_tx *tx)
{
    if (tx->extended)
        write_form(w, tx, false);
    else
        gasp_write_bytes(w, tx->raw.data, tx->raw.len);
}

void gasp_tx_write_extended(gasp_writer *w, const gasp_tx *tx)
{
    write_form(w, tx, true);
}

size_t gasp_tx_len(const gasp_tx *tx)
{
    gasp_writer w = gasp_writer_measure();
    gasp_tx_write(&w, tx);
    return w.len;
}

/* Measures, then writes when there is somewhere to write to. */
static gasp_err encode(const gasp_tx *tx, void (*write)(gasp_writer *, const gasp_tx *), uint8_t *out, size_t cap,
                       size_t *len)
{
    gasp_writer measured = gasp_writer_measure();
    write(&measured, tx);
    *len = measured.len;
    if (measured.err != GASP_OK || out == NULL)
        return measured.err;
    gasp_writer w = gasp_writer_fixed(out, cap);
    write(&w, tx);
    return w.err;
}

gasp_err gasp_tx_encode(const gasp_tx *tx, uint8_t *out, size_t cap, size_t *len)
{
    return encode(tx, gasp_tx_write, out, cap, len);
}

gasp_err gasp_tx_encode_extended(const gasp_tx *tx, uint8_t *out, size_t cap, size_t *len)
{
    return encode(tx, gasp_tx_write_extended, out, cap, len);
}
