/* gasp replay: finds files, runs their cases, counts. A case that states neither a value nor an error fails, and so does
 * one with a member that this version does not look at: a case must not pass because nobody looked. No case at all is an
 * error. Folders are walked with a list, not by recursion. */
#include "cli/replay.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gasp/session.h"

/* One topic of our own form; a name may end in * for any ending. `values`: members of which a case states one at least, unless it states an error. */
static const struct topic {
    const char *name;
    const char *inputs;
    const char *values;
    void (*run)(gasp_replay *run, const json_t *row);
} topics[] = {
    {"bump", "hex json text at level", "height root leaves txids canonical", gasp_topic_bump},
    {"tx", "hex at", "txid version locktime inputs outputs extended standard check", gasp_topic_tx},
    {"header", "hex at", "hash version prev root time bits nonce", gasp_topic_header},
    {"beef", "hex at item", "version subject bumps txids canonical check", gasp_topic_beef},
    {"state", "outpoint anchor entries", "expect", gasp_topic_state},
    {"entries", "bytes at", "expect", gasp_topic_entries},
    {"join", "txid a b", "expect", gasp_topic_join},
    {"items", "items", "expect", gasp_topic_items},
    {"bloom", "match key outpoints", "expect", gasp_topic_bloom},
    {"account", "key items", "expect", gasp_topic_account},
    {"settled", "a b", "expect", gasp_topic_settled},
    {"message-frame", "hex max_frame max_message messages canonical", "fields", gasp_topic_message_frame},
    {"message-unknown", "hex type at", "skipped", gasp_topic_message_unknown},
    {"message-*", "hex at canonical", "fields", gasp_topic_message}, /* `canonical` is about writing: for tests */
};

/* -- cases ------------------------------------------------------------------------------------------------------------ */

void gasp_replay_begin(gasp_replay *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(run->name, sizeof run->name, format, args);
    va_end(args);
    run->why[0] = '\0';
}

void gasp_replay_wrong(gasp_replay *run, const char *format, ...)
{
    va_list args;
    if (run->why[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(run->why, sizeof run->why, format, args);
    va_end(args);
}

void gasp_replay_end(gasp_replay *run)
{
    gasp_cli_progress(run->cli, "%" PRIu64 " passed, %" PRIu64 " failed", run->passed, run->failed);
    if (run->why[0] == '\0') {
        run->passed++;
        return;
    }
    json_t *row = json_object();
    run->failed++;
    gasp_json_put(row, "file", json_string(run->file));
    gasp_json_put(row, "name", json_string(run->name));
    gasp_json_put(row, "message", json_string(run->why));
    (void)json_array_append_new(run->failures, row);
    gasp_cli_out(run->cli, "%sfailed%s  %s: %s: %s\n", gasp_cli_style(run->cli, GASP_RED),
                 gasp_cli_style(run->cli, GASP_PLAIN), run->file, run->name, run->why);
}

void gasp_replay_unreadable(gasp_replay *run, gasp_err err, const char *detail)
{
    run->code = gasp_cli_error(run->cli, err, run->file, detail);
}

/* -- comparing -------------------------------------------------------------------------------------------------------- */

void gasp_expect_text(gasp_replay *run, const json_t *object, const char *key, const char *got)
{
    const json_t *want = json_object_get(object, key);
    if (want == NULL)
        return;
    if (!json_is_string(want))
        gasp_replay_wrong(run, "%s is no text", key);
    else if (strcmp(json_string_value(want), got) != 0)
        gasp_replay_wrong(run, "%s: %.150s, and not %.150s", key, got, json_string_value(want));
}

void gasp_expect_number(gasp_replay *run, const json_t *object, const char *key, uint64_t got)
{
    const json_t *want = json_object_get(object, key);
    if (want == NULL)
        return;
    if (!json_is_integer(want))
        gasp_replay_wrong(run, "%s is no number", key);
    else if (json_integer_value(want) < 0 || (uint64_t)json_integer_value(want) != got)
        gasp_replay_wrong(run, "%s: %" PRIu64 ", and not %lld", key, got, (long long)json_integer_value(want));
}

void gasp_expect_hex(gasp_replay *run, const json_t *object, const char *key, gasp_bytes got)
{
    char *hex = gasp_text_hex(got);
    gasp_expect_text(run, object, key, hex != NULL ? hex : "");
    free(hex);
}

void gasp_expect_hash(gasp_replay *run, const json_t *object, const char *key, const uint8_t hash[32])
{
    char *text = gasp_text_hash(hash);
    gasp_expect_text(run, object, key, text != NULL ? text : "");
    free(text);
}

bool gasp_expect_error(gasp_replay *run, const json_t *row, gasp_err err, const gasp_fault *fault, const char *item)
{
    const char *want = json_string_value(json_object_get(row, "error"));
    if (want == NULL && err == GASP_OK)
        return true;
    if (want == NULL)
        gasp_replay_wrong(run, "%s at byte %" PRIu64 ", and no error should be", gasp_err_name(err), fault->at);
    else if (strcmp(gasp_err_name(err), want) != 0)
        gasp_replay_wrong(run, "%s, and not %s", gasp_err_name(err), want);
    gasp_expect_number(run, row, "at", fault->at);
    if (item != NULL)
        gasp_expect_number(run, row, item, fault->item);
    return false;
}

bool gasp_replay_hex(gasp_replay *run, gasp_bytes *out, const json_t *text)
{
    const char *hex = json_string_value(text);
    size_t len = hex != NULL ? strlen(hex) / 2 : 0;
    uint8_t *bytes = malloc(len + 1);
    *out = (gasp_bytes){bytes, len};
    if (bytes != NULL && hex != NULL && gasp_hex_decode(bytes, len, hex, strlen(hex)) == GASP_OK)
        return true;
    gasp_replay_wrong(run, "no hex where bytes should be");
    free(bytes);
    *out = (gasp_bytes){NULL, 0};
    return false;
}

bool gasp_replay_encode(gasp_replay *run, gasp_bytes *out, gasp_encode encode, const void *object)
{
    size_t len = 0;
    *out = (gasp_bytes){NULL, 0};
    gasp_err err = encode(object, NULL, 0, &len);
    uint8_t *bytes = err == GASP_OK ? malloc(len + 1) : NULL;
    if (err == GASP_OK)
        err = bytes != NULL ? encode(object, bytes, len, &len) : GASP_ERR_NOMEM;
    *out = (gasp_bytes){bytes, len};
    if (err == GASP_OK)
        return true;
    gasp_replay_wrong(run, "writing it again: %s", gasp_err_name(err));
    free(bytes);
    *out = (gasp_bytes){NULL, 0};
    return false;
}

void gasp_bytes_free(gasp_bytes bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

/* -- files of our own form -------------------------------------------------------------------------------------------- */

static bool names(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = list; *at != '\0';) {
        size_t next = strcspn(at, " ");
        if (next == len && strncmp(at, word, len) == 0)
            return true;
        at += next + (at[next] == ' ');
    }
    return false;
}

/* Whether a case is of the form, and states something. */
static bool is_case(gasp_replay *run, const struct topic *topic, const json_t *row)
{
    const char *key;
    json_t *value;
    bool states = json_is_string(json_object_get(row, "error"));
    if (!json_is_string(json_object_get(row, "why")))
        gasp_replay_wrong(run, "no reason (`why`)");
    json_object_foreach((json_t *)(uintptr_t)row, key, value)
    {
        bool is_value = names(topic->values, key);
        states = states || is_value;
        if (!is_value && !names("name why error", key) && !names(topic->inputs, key))
            gasp_replay_wrong(run, "`%.40s` is not known in this topic", key);
    }
    if (!states)
        gasp_replay_wrong(run, "states neither a value nor an error");
    return run->why[0] == '\0';
}

static const struct topic *topic_of(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof topics / sizeof topics[0]; i++) {
        size_t len = strlen(topics[i].name);
        bool any = topics[i].name[len - 1] == '*';
        if (any ? strncmp(topics[i].name, name, len - 1) == 0 : strcmp(topics[i].name, name) == 0)
            return &topics[i];
    }
    return NULL;
}

static void own_document(gasp_replay *run, const json_t *document)
{
    const char *format = json_string_value(json_object_get(document, "format"));
    const json_t *cases = json_object_get(document, "cases");
    const struct topic *topic = topic_of(json_string_value(json_object_get(document, "topic")));
    run->document = document;
    if (format == NULL || strcmp(format, "gasp-vectors/1") != 0) {
        gasp_replay_unreadable(run, GASP_ERR_FORMAT_UNKNOWN, "its `format` is not gasp-vectors/1");
        return;
    }
    if (topic == NULL || json_array_size(cases) == 0) {
        gasp_replay_unreadable(run, GASP_ERR_JSON, topic == NULL ? "a `topic` that is not known" : "no cases");
        return;
    }
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *row = json_array_get(cases, i);
        const char *its = json_string_value(json_object_get(row, "name"));
        gasp_replay_begin(run, "%.150s", its != NULL ? its : "a case without a name");
        if (its == NULL)
            gasp_replay_wrong(run, "no name");
        else if (is_case(run, topic, row))
            topic->run(run, row);
        gasp_replay_end(run);
    }
}

static void trace_file(gasp_replay *run, const gasp_input *input)
{
    uint64_t events = 0;
    uint64_t bytes = 0;
    gasp_fault fault = {0};
    gasp_replay_begin(run, "trace");
    gasp_err err = gasp_trace_replay(input->bytes.data, input->bytes.len, &events, &bytes, NULL, &fault);
    if (err != GASP_OK)
        gasp_replay_wrong(run, "byte %" PRIu64 ": %s", fault.at, gasp_err_text(err));
    else
        gasp_cli_note(run->cli, "%s: the same %" PRIu64 " bytes and %" PRIu64 " events", run->file, bytes, events);
    gasp_replay_end(run);
}

/* -- paths ------------------------------------------------------------------------------------------------------------ */

static bool ends_in(const char *path, const char *ending)
{
    size_t len = strlen(path);
    size_t its = strlen(ending);
    return len > its && strcmp(path + len - its, ending) == 0;
}

static void json_file(gasp_replay *run, const gasp_input *input)
{
    json_error_t error;
    char detail[JSON_ERROR_TEXT_LENGTH + 32];
    const char *kind = run->cli->value[GASP_OPT_KIND];
    json_t *document = json_loadb((const char *)input->bytes.data, input->bytes.len, JSON_REJECT_DUPLICATES, &error);
    if (document == NULL) {
        snprintf(detail, sizeof detail, "line %d: %s", error.line, error.text);
        gasp_replay_unreadable(run, GASP_ERR_JSON, detail);
    } else if (kind == NULL)
        own_document(run, document);
    else if (strcmp(kind, "bump") == 0)
        gasp_replay_bump_file(run, document);
    else
        gasp_replay_beef_file(run, document);
    json_decref(document);
}

static void file(gasp_replay *run, const char *path)
{
    gasp_input input;
    const char *kind = run->cli->value[GASP_OPT_KIND];
    run->file = path;
    int code = gasp_cli_read_raw(run->cli, &input, path);
    if (code != GASP_EXIT_DONE) {
        run->code = code;
        return;
    }
    if (kind != NULL && strcmp(kind, "headers") == 0)
        gasp_replay_headers_file(run, &input);
    else if (ends_in(path, ".trace"))
        trace_file(run, &input);
    else
        json_file(run, &input);
    gasp_input_clear(&input);
}

/* Paths still to be looked at, the last one first. */
typedef struct paths {
    char **list;
    size_t n;
    size_t cap;
} paths;

static bool push(paths *left, const char *folder, const char *name)
{
    size_t len = strlen(folder) + strlen(name) + 2;
    if (left->n == left->cap) {
        size_t cap = left->cap == 0 ? 16 : 2 * left->cap;
        char **grown = realloc(left->list, cap * sizeof *grown);
        if (grown == NULL)
            return false;
        left->list = grown;
        left->cap = cap;
    }
    char *path = malloc(len);
    if (path == NULL)
        return false;
    if (*folder != '\0')
        snprintf(path, len, "%s/%s", folder, name);
    else
        snprintf(path, len, "%s", name);
    left->list[left->n++] = path;
    return true;
}

static int descending(const void *a, const void *b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

/* Everything in a folder that is a folder, or a file of ours; to be taken in the order of names. */
static void folder(gasp_replay *run, paths *left, const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    size_t from = left->n;
    bool good = true;
    const char *kind = run->cli->value[GASP_OPT_KIND];
    bool headers = kind != NULL && strcmp(kind, "headers") == 0;
    if (dir == NULL) {
        run->file = path;
        gasp_replay_unreadable(run, GASP_ERR_FILE_OPEN, strerror(errno));
        return;
    }
    while (good && (entry = readdir(dir)) != NULL) {
        struct stat info;
        if (entry->d_name[0] == '.')
            continue;
        good = push(left, path, entry->d_name);
        const char *its = good ? left->list[left->n - 1] : "";
        bool wanted =
            headers ? ends_in(its, ".headers") : ends_in(its, ".json") || (kind == NULL && ends_in(its, ".trace"));
        if (good && !wanted && (stat(its, &info) != 0 || !S_ISDIR(info.st_mode)))
            free(left->list[--left->n]);
    }
    (void)closedir(dir);
    if (!good)
        gasp_replay_unreadable(run, GASP_ERR_NOMEM, NULL);
    if (left->n > from)
        qsort(left->list + from, left->n - from, sizeof *left->list, descending);
}

static void walk(gasp_replay *run, const char *path)
{
    paths left = {0};
    struct stat info;
    if (!push(&left, "", path))
        gasp_replay_unreadable(run, GASP_ERR_NOMEM, NULL);
    while (left.n > 0) {
        char *at = left.list[--left.n];
        if (strcmp(at, "-") != 0 && stat(at, &info) == 0 && S_ISDIR(info.st_mode))
            folder(run, &left, at);
        else
            file(run, at);
        run->file = "";
        free(at);
    }
    free(left.list);
}

int gasp_cmd_replay(gasp_cli *cli)
{
    gasp_replay run = {.cli = cli, .file = "", .failures = json_array()};
    char failed[48];
    gasp_json_put(cli->answer, "failures", run.failures);
    for (size_t i = 0; i < cli->n_operands; i++)
        walk(&run, cli->operand[i]);
    gasp_json_put(cli->answer, "passed", json_integer((json_int_t)run.passed));
    gasp_json_put(cli->answer, "failed", json_integer((json_int_t)run.failed));
    gasp_cli_out(cli, "%" PRIu64 " passed, %" PRIu64 " failed\n", run.passed, run.failed);
    if (run.code != GASP_EXIT_DONE)
        return run.code;
    if (run.passed + run.failed == 0)
        return gasp_cli_error(cli, GASP_ERR_FORMAT_UNKNOWN, cli->operand[0], "there is no case in it");
    if (run.failed == 0)
        return GASP_EXIT_DONE;
    snprintf(failed, sizeof failed, "%" PRIu64 " failed", run.failed);
    gasp_cli_put_error(cli, "failed", "verify", "", failed);
    return GASP_EXIT_INVALID;
}
