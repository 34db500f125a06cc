/** Vectors of messages: what a case states, compared with what was decoded. Every mismatch fails the running test with the
 *  name of the case. */
#ifndef TESTS_SESSION_VECTORS_H
#define TESTS_SESSION_VECTORS_H

#include "base/buf.h"
#include "base/reader.h"
#include "lib/data.h"

/** Opens vectors/message/<topic>.json; the caller decrefs it. */
json_t *vectors_open(const char *topic);

/** Its cases. The one that was asked for last is named when something fails. */
size_t vectors_count(const json_t *file);
const json_t *vectors_case(const json_t *file, size_t i);

/** Bytes of a member that is hex, until vectors_drop. */
gasp_bytes vectors_hex(const json_t *object, const char *key);
void vectors_drop(void);

/** A number that is one in JSON, or decimal text where JSON's are too small. */
uint64_t vectors_number(const json_t *object, const char *key);

/** A txid, block hash (both in display order) or outpoint of a member. */
gasp_txid vectors_txid(const json_t *object, const char *key);
gasp_outpoint vectors_outpoint(const json_t *object, const char *key);
void vectors_hash(uint8_t out[32], const char *display);

/** Comparisons with members. */
void vectors_same_number(const json_t *object, const char *key, uint64_t got);
void vectors_same_bytes(const json_t *object, const char *key, gasp_bytes got);

/** Any other one: fails with `what` unless it holds. */
void vectors_hold(bool holds, const char *what);

/** Decodes all of r and answers what the decoder does. With fields (NULL: the case is invalid) compares them with what came
 *  out, and encodes them into `encoded`. */
typedef gasp_err (*vectors_checker)(gasp_reader *r, const json_t *fields, gasp_buf *encoded);

/** Runs a file: valid cases by check, invalid ones by check and vectors_session. Prints and asserts the counts. */
void vectors_run(const char *topic, vectors_checker check, size_t valid, size_t invalid);

/** Gives a message to a session that waits for one of its type. With an error: the session ends with it, knows the type
 *  and the place, and its last words say the same. With GASP_OK: the session goes on. */
void vectors_session(uint16_t type, gasp_bytes message, gasp_err expected, uint64_t at);

#endif
