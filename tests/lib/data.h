/** Test data: the third-party files below GASP_SHARED (default ../shared beside the checkout) and our own vectors.
 *
 *  Third-party files are never committed. Where they are absent the test that needs them is skipped, unless
 *  GASP_REQUIRE_SHARED=1, when it fails. */
#ifndef TESTS_LIB_DATA_H
#define TESTS_LIB_DATA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "gasp/types.h"

/** The file `data/<name>` of the shared folder, whole, in memory of the C heap (the caller frees it). Skips or fails the
 *  running test when it is not there. */
gasp_bytes test_shared_file(const char *name);

/** The same, parsed as JSON (the caller decrefs it). */
json_t *test_shared_json(const char *name);

/** A file of this project, path from its root; fails the running test when it is not there. */
gasp_bytes test_own_file(const char *path);
json_t *test_own_json(const char *path);

/** Frees what one of the above gave. */
void test_release(gasp_bytes bytes);

/** Hex text to bytes in the C heap; fails the running test when it is no hex. */
gasp_bytes test_hex(const char *text);

/** Member `key` of a JSON object; fails the running test when it is not there or of another type. */
const char *test_json_text(const json_t *object, const char *key);
long long test_json_int(const json_t *object, const char *key);

/** Fails the running test unless err is what was expected, and says both names. */
#define assert_err(err, expected) test_assert_err((err), (expected), __FILE__, __LINE__)
void test_assert_err(gasp_err err, gasp_err expected, const char *file, int line);

#endif
