/* demo_data FOLDER VECTORS...: writes what the files of vectors/demo/ hold as files that the command reads. Of a BEEF each
 * case becomes NAME.beef. Headers become one file, whose name is the member `file`, and the member `pin` becomes FILE.pin.
 * Anything unexpected is said and ends it with 1. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool complain(const char *where, const char *what)
{
    fprintf(stderr, "demo_data: %s: %s\n", where, what);
    return false;
}

static int digit(char c)
{
    const char *all = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(all, c) : NULL;
    return at != NULL ? (int)(at - all) : -1;
}

static bool put_hex(FILE *out, const char *hex)
{
    for (size_t i = 0; hex[i] != '\0'; i += 2) {
        int high = digit(hex[i]);
        int low = digit(hex[i + 1]);
        if (high < 0 || low < 0 || fputc(high << 4 | low, out) == EOF)
            return false;
    }
    return true;
}

static FILE *make_file(const char *folder, const char *name, const char *suffix)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
    bool plain = name[0] != '.' && strchr(name, '/') == NULL && len > 0 && (size_t)len < sizeof path;
    FILE *out = plain ? fopen(path, "wb") : NULL;
    if (out == NULL)
        complain(name, "its file cannot be made");
    return out;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* Cases `from` to `end` as the bytes of one file. */
static bool write_bytes(const char *folder, const char *name, const char *suffix, const json_t *cases, size_t from,
                        size_t end)
{
    FILE *out = make_file(folder, name, suffix);
    bool done = out != NULL;
    for (size_t i = from; done && i < end; i++)
        done = put_hex(out, text_of(json_array_get(cases, i), "hex"));
    if (out != NULL && fclose(out) != 0)
        done = false;
    return done || complain(name, "cannot be written, or its source is no hex");
}

static bool write_pin(const char *folder, const char *name, const char *pin)
{
    FILE *out = make_file(folder, name, ".pin");
    bool done = out != NULL && fputs(pin, out) >= 0;
    if (out != NULL && fclose(out) != 0)
        done = false;
    return done || complain(name, "its pin cannot be written");
}

static bool write_document(const char *folder, const json_t *document)
{
    const json_t *cases = json_object_get(document, "cases");
    const char *name = text_of(document, "file");
    const char *pin = text_of(document, "pin");
    size_t n = json_array_size(cases);
    bool done = n > 0;
    if (strcmp(text_of(document, "topic"), "header") == 0)
        return done && write_bytes(folder, name, "", cases, 0, n) && (*pin == '\0' || write_pin(folder, name, pin));
    for (size_t i = 0; done && i < n; i++)
        done = write_bytes(folder, text_of(json_array_get(cases, i), "name"), ".beef", cases, i, i + 1);
    return done;
}

static bool write_file(const char *folder, const char *path)
{
    json_error_t fault;
    json_t *document = json_load_file(path, 0, &fault);
    bool done = document != NULL && write_document(folder, document);
    if (!done)
        complain(path, document == NULL ? fault.text : "not all of it could be written");
    json_decref(document);
    return done;
}

int main(int argc, char **argv)
{
    bool done = argc > 2;
    if (!done)
        fprintf(stderr, "usage: demo_data FOLDER VECTORS...\n");
    for (int i = 2; done && i < argc; i++)
        done = write_file(argv[1], argv[i]);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
