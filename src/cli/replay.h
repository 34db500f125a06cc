/** Running cases and comparing what they state with what the library gives. */
#ifndef GASP_CLI_REPLAY_H
#define GASP_CLI_REPLAY_H

#include "cli/cli.h"

enum { GASP_REPLAY_NAME_MAX = 200, GASP_REPLAY_WHY_MAX = 500 };

typedef struct gasp_replay {
    gasp_cli *cli;
    const char *file;       /**< that is being read */
    const json_t *document; /**< when it is JSON of our own form */
    uint64_t passed;
    uint64_t failed;
    json_t *failures;
    char name[GASP_REPLAY_NAME_MAX]; /**< of the present case */
    char why[GASP_REPLAY_WHY_MAX];   /**< the first thing that is wrong with it, "" for nothing */
    int code;                        /**< of files that could not be read */
} gasp_replay;

/** A case begins; the one before was ended. */
void gasp_replay_begin(gasp_replay *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The case does not hold. The first reason stays. */
void gasp_replay_wrong(gasp_replay *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Counts the case, and says it when it failed. */
void gasp_replay_end(gasp_replay *run);

/** A file, or a part of it, that is no vectors. */
void gasp_replay_unreadable(gasp_replay *run, gasp_err err, const char *detail);

/* Comparing. Each does nothing when the case does not state the member. */

void gasp_expect_text(gasp_replay *run, const json_t *object, const char *key, const char *got);
void gasp_expect_number(gasp_replay *run, const json_t *object, const char *key, uint64_t got);
void gasp_expect_hex(gasp_replay *run, const json_t *object, const char *key, gasp_bytes got);
void gasp_expect_hash(gasp_replay *run, const json_t *object, const char *key, const uint8_t hash[32]);

/** Whether the case goes on: true when the call succeeded as the case wants. Compares `error`, `at` and the member that
 *  names the fault's item otherwise. */
bool gasp_expect_error(gasp_replay *run, const json_t *row, gasp_err err, const gasp_fault *fault, const char *item);

/** The stated value `expect`, whose members must all be known: names with a space between them. */
const json_t *gasp_replay_expected(gasp_replay *run, const json_t *row, const char *known);

/** Bytes of hex (gasp_bytes of malloc: free data); the case fails when it is none. NULL data then, or for no bytes. */
bool gasp_replay_hex(gasp_replay *run, gasp_bytes *out, const json_t *text);

/** Bytes of a call that measures first: `encode(object, out, cap, &len)`. */
typedef gasp_err (*gasp_encode)(const void *object, uint8_t *out, size_t cap, size_t *len);
bool gasp_replay_encode(gasp_replay *run, gasp_bytes *out, gasp_encode encode, const void *object);
void gasp_bytes_free(gasp_bytes bytes);

/* Topics: each runs one case. */

void gasp_topic_bump(gasp_replay *run, const json_t *row);
void gasp_topic_tx(gasp_replay *run, const json_t *row);
void gasp_topic_header(gasp_replay *run, const json_t *row);
void gasp_topic_beef(gasp_replay *run, const json_t *row);
void gasp_topic_state(gasp_replay *run, const json_t *row);
void gasp_topic_entries(gasp_replay *run, const json_t *row);
void gasp_topic_join(gasp_replay *run, const json_t *row);
void gasp_topic_items(gasp_replay *run, const json_t *row);
void gasp_topic_bloom(gasp_replay *run, const json_t *row);
void gasp_topic_account(gasp_replay *run, const json_t *row);
void gasp_topic_settled(gasp_replay *run, const json_t *row);
void gasp_topic_message(gasp_replay *run, const json_t *row);
void gasp_topic_message_unknown(gasp_replay *run, const json_t *row);
void gasp_topic_message_frame(gasp_replay *run, const json_t *row);

/* Files of other projects. */

void gasp_replay_bump_file(gasp_replay *run, const json_t *document);
void gasp_replay_beef_file(gasp_replay *run, const json_t *document);
void gasp_replay_headers_file(gasp_replay *run, const gasp_input *input);

/** Of a BUMP: compares root, height and bytes with what a row states. */
gasp_err gasp_encode_bump(const void *bump, uint8_t *out, size_t cap, size_t *len);

#endif
