/* Loading of test data. Heap of the C library on purpose: what tests hold is not the library's memory. */
#include "lib/data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gasp_bytes read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return (gasp_bytes){NULL, 0};
    fseek(file, 0, SEEK_END);
    long len = ftell(file);
    rewind(file);
    uint8_t *data = malloc((size_t)len + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)len, file), len);
    data[len] = 0;
    fclose(file);
    return (gasp_bytes){data, (size_t)len};
}

gasp_bytes test_shared_file(const char *name)
{
    const char *shared = getenv("GASP_SHARED");
    const char *required = getenv("GASP_REQUIRE_SHARED");
    char path[4096];
    if (shared != NULL)
        snprintf(path, sizeof path, "%s/data/%s", shared, name);
    else
        snprintf(path, sizeof path, "%s/../shared/data/%s", GASP_SOURCE_DIR, name);
    gasp_bytes bytes = read_file(path);
    if (bytes.data == NULL) {
        if (required != NULL && strcmp(required, "1") == 0)
            fail_msg("%s: %s", path, strerror(errno));
        print_message("no shared data: %s\n", path);
        skip();
    }
    return bytes;
}

static json_t *parse(gasp_bytes bytes, const char *name)
{
    json_error_t error;
    json_t *json = json_loadb((const char *)bytes.data, bytes.len, 0, &error);
    if (json == NULL)
        fail_msg("%s:%d: %s", name, error.line, error.text);
    test_release(bytes);
    return json;
}

json_t *test_shared_json(const char *name)
{
    return parse(test_shared_file(name), name);
}

gasp_bytes test_own_file(const char *path)
{
    char full[4096];
    snprintf(full, sizeof full, "%s/%s", GASP_SOURCE_DIR, path);
    gasp_bytes bytes = read_file(full);
    if (bytes.data == NULL)
        fail_msg("%s: %s", full, strerror(errno));
    return bytes;
}

json_t *test_own_json(const char *path)
{
    return parse(test_own_file(path), path);
}

void test_release(gasp_bytes bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

static int digit(char c)
{
    const char *all = "0123456789abcdefABCDEF";
    const char *at = c != '\0' ? strchr(all, c) : NULL;
    if (at == NULL)
        fail_msg("not a hex digit: '%c'", c);
    long value = at - all;
    return (int)(value < 16 ? value : value - 6);
}

gasp_bytes test_hex(const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(len % 2, 0);
    uint8_t *data = malloc(len / 2 + 1);
    assert_non_null(data);
    for (size_t i = 0; i < len / 2; i++)
        data[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    return (gasp_bytes){data, len / 2};
}

const char *test_json_text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value))
        fail_msg("member %s: no string", key);
    return json_string_value(value);
}

long long test_json_int(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value))
        fail_msg("member %s: no integer", key);
    return json_integer_value(value);
}

void test_assert_err(gasp_err err, gasp_err expected, const char *file, int line)
{
    if (err == expected)
        return;
    print_error("got %d, expected %d\n", (int)err, (int)expected);
    _assert_int_equal((unsigned)err, (unsigned)expected, file, line);
}
