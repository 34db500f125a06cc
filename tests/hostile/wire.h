/** Two sessions and the wire between them, which may change what goes over it, and may break. Uses the public interface
 *  alone: what the bytes mean is not known here. */
#ifndef TESTS_HOSTILE_WIRE_H
#define TESTS_HOSTILE_WIRE_H

#include "hostile/scene.h"

/** Bytes that grow, in the C heap. */
typedef struct wire_bytes {
    uint8_t *data;
    size_t len;
    size_t room;
} wire_bytes;

void wire_append(wire_bytes *b, const void *data, size_t len);
void wire_clear(wire_bytes *b);

typedef struct wire_side {
    gasp_session *session;
    gasp_err err;           /**< first error that a call answered */
    gasp_session_fault why; /**< read before the session was freed */
    gasp_event closed;      /**< the last one; kind 0 when there was none */
    size_t committed;       /**< events */
    size_t refused;
    gasp_err refused_for; /**< the reason of the last one */
} wire_side;

typedef struct wire wire;

/** Takes bytes on their way from side `from` and appends what is to be delivered in their place. */
typedef void (*wire_hook)(void *ctx, int from, gasp_bytes in, wire_bytes *out);

/** Nothing moves any more. Whether it does now, because of something that was done in here. */
typedef bool (*wire_quiet)(void *ctx, wire *w);

/** An event, as it is taken. */
typedef void (*wire_event)(void *ctx, int side, const gasp_event *event);

struct wire {
    wire_side side[2]; /**< 0 began */
    gasp_time now;
    uint64_t said[2]; /**< bytes that each side gave */
    uint64_t cut[2];  /**< the wire breaks when so many of them are delivered; UINT64_MAX: it does not */
    bool broken;
    bool drain;   /**< both may speak into the broken wire before they learn that it is */
    bool mute[2]; /**< what this side says is lost, from now on */
    wire_hook hook;
    wire_event event;
    wire_quiet quiet;
    void *ctx;
};

/** A wire that does not break, with nothing at its ends. */
void wire_init(wire *w);

/** Configurations of two sessions over these wallets; change them before wire_start. */
void wire_config(gasp_session_config config[2], gasp_wallet *first, gasp_wallet *second);

/** Makes the sessions. An error of gasp_session_new is in side[i].err, and the session NULL. */
void wire_start(wire *w, const gasp_session_config config[2]);

/** Goes on until nothing moves or the wire broke; then both are told that it closed, and freed. */
void wire_run(wire *w);

/** Both ended well, with nothing refused and equal sets. */
bool wire_complete(const wire *w);

/** A sync of two wallets over a sound wire: it completes, and both have what they have when nothing ever went wrong. */
void wire_sync(const scene *s, gasp_wallet *first, gasp_wallet *second, const char *where);

/** The same, but what both have is only said to be equal: one of them was told something untrue that nobody can see. */
void wire_sync_equal(gasp_wallet *first, gasp_wallet *second, const char *where);

#endif
