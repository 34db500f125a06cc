/* Vectors of our own form for messages and frames: what a message says, field by field, as one JSON object that is compared
 * with the one that a case states. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/replay.h"
#include "gasp/message.h"
#include "gasp/set.h"

enum { NESTING_MAX = 8 /* messages nest three deep */ };

/* Fields on their way into JSON: the objects and arrays that are open. */
typedef struct fields {
    json_t *open[NESTING_MAX];
    size_t depth;
} fields;

static gasp_err put(fields *f, const gasp_field *field, json_t *value)
{
    json_t *into = f->open[f->depth - 1];
    int bad = field->name != NULL ? json_object_set_new(into, field->name, value) : json_array_append_new(into, value);
    return bad == 0 ? GASP_OK : GASP_ERR_NOMEM;
}

static gasp_err open_one(fields *f, const gasp_field *field, json_t *value)
{
    if (f->depth == NESTING_MAX) {
        json_decref(value);
        return GASP_ERR_LIMIT;
    }
    gasp_err err = put(f, field, value);
    f->open[f->depth++] = value;
    return err;
}

static gasp_err on_field(void *ctx, const gasp_field *field)
{
    fields *f = ctx;
    switch (field->kind) {
    case GASP_FIELD_NUMBER:
        return put(f, field, json_integer((json_int_t)field->number));
    case GASP_FIELD_NUMBER64:
        return put(f, field, json_sprintf("%" PRIu64, field->number));
    case GASP_FIELD_BYTES:
        return put(f, field, gasp_json_hex(field->bytes));
    case GASP_FIELD_HASH:
        return put(f, field, gasp_json_hash(field->bytes.data));
    case GASP_FIELD_OUTPOINT:
        return put(f, field, gasp_json_outpoint(&field->outpoint));
    case GASP_FIELD_WORD:
        return put(f, field, json_string(field->word));
    case GASP_FIELD_NONE:
        return put(f, field, json_null());
    case GASP_FIELD_LIST:
        return open_one(f, field, json_array());
    case GASP_FIELD_GROUP:
        return open_one(f, field, json_object());
    case GASP_FIELD_LIST_END:
    case GASP_FIELD_GROUP_END:
        f->depth--;
        return GASP_OK;
    }
    return GASP_ERR_MISUSE;
}

/* Says which member differs. */
static void compare(gasp_replay *run, const json_t *want, const json_t *got)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)want, key, value)
    {
        json_t *its = json_object_get(got, key);
        char *text = json_dumps(its, JSON_COMPACT | JSON_ENCODE_ANY);
        if (its == NULL || json_equal(its, value) != 1)
            gasp_replay_wrong(run, "fields: %s: %.200s", key, text != NULL ? text : "is not there");
        free(text);
    }
    json_object_foreach((json_t *)(uintptr_t)got, key, value) if (json_object_get(want, key) == NULL)
        gasp_replay_wrong(run, "fields: %s is there too", key);
}

/* Which outpoints a FILTER holds: stated beside its fields. Its part begins behind the byte `last`. */
static void probe(gasp_replay *run, const json_t *list, gasp_bytes part, gasp_err expected)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        gasp_outpoint outpoint;
        uint8_t bytes[GASP_OUTPOINT_LEN];
        const char *text = json_string_value(json_array_get(list, i));
        if (text == NULL || gasp_outpoint_from_text(&outpoint, text) != GASP_OK) {
            gasp_replay_wrong(run, "no outpoint where one should be");
            return;
        }
        memcpy(bytes, outpoint.txid.b, 32);
        for (size_t j = 0; j < 4; j++)
            bytes[32 + j] = (uint8_t)(outpoint.vout >> (8 * j));
        if (gasp_filter_part_probe(part, (gasp_bytes){bytes, sizeof bytes}) != expected)
            gasp_replay_wrong(run, "%s is%s in the filter", text, expected == GASP_OK ? " not" : "");
    }
}

static void compare_fields(gasp_replay *run, const json_t *row, const json_t *got, gasp_bytes message)
{
    static const char *const beside[] = {"outpoints", "holds", "lacks"};
    json_t *want = json_copy(json_object_get(row, "fields"));
    for (size_t i = 0; i < 3; i++) {
        const json_t *list = json_object_get(want, beside[i]);
        if (list != NULL && message.len > 1)
            probe(run, list, (gasp_bytes){message.data + 1, message.len - 1}, i < 2 ? GASP_OK : GASP_ABSENT);
        if (list != NULL)
            (void)json_object_del(want, beside[i]);
    }
    compare(run, want, got);
    json_decref(want);
}

void gasp_topic_message(gasp_replay *run, const json_t *row)
{
    gasp_bytes message;
    gasp_fault fault = {0};
    fields f = {{json_object()}, 1};
    const char *topic = json_string_value(json_object_get(run->document, "topic"));
    uint16_t type = (uint16_t)json_integer_value(json_object_get(run->document, "type"));
    const char *name = gasp_message_name(type);
    if (name == NULL || strcmp(topic + strlen("message-"), name) != 0)
        gasp_replay_wrong(run, "`type` is not that of the topic");
    else if (gasp_replay_hex(run, &message, json_object_get(row, "hex"))) {
        gasp_err err = gasp_message_read(type, message, on_field, &f, NULL, &fault);
        if (gasp_expect_error(run, row, err, &fault, NULL))
            compare_fields(run, row, f.open[0], message);
        gasp_bytes_free(message);
    }
    json_decref(f.open[0]);
}

void gasp_topic_message_unknown(gasp_replay *run, const json_t *row)
{
    gasp_bytes message;
    gasp_fault fault = {0};
    uint16_t type = (uint16_t)json_integer_value(json_object_get(row, "type"));
    if (!gasp_replay_hex(run, &message, json_object_get(row, "hex")))
        return;
    gasp_err err = gasp_message_read(type, message, NULL, NULL, NULL, &fault);
    bool skipped = json_is_true(json_object_get(row, "skipped"));
    if (skipped != (err == GASP_ABSENT))
        gasp_replay_wrong(run, "it is%s skipped", err == GASP_ABSENT ? "" : " not");
    else if (!skipped)
        (void)gasp_expect_error(run, row, err, &fault, NULL);
    gasp_bytes_free(message);
}

static gasp_err on_message(void *ctx, uint16_t type, gasp_bytes message)
{
    json_t *row = json_object();
    gasp_json_put(row, "type", json_integer(type));
    gasp_json_put(row, "hex", gasp_json_hex(message));
    return json_array_append_new(ctx, row) == 0 ? GASP_OK : GASP_ERR_NOMEM;
}

void gasp_topic_message_frame(gasp_replay *run, const json_t *row)
{
    gasp_bytes stream;
    const gasp_fault fault = {0};
    json_t *list = json_array();
    uint32_t max_frame = (uint32_t)json_integer_value(json_object_get(row, "max_frame"));
    uint32_t max_message = (uint32_t)json_integer_value(json_object_get(row, "max_message"));
    if (gasp_replay_hex(run, &stream, json_object_get(row, "hex"))) {
        gasp_err err = gasp_frames_read(stream, max_frame, max_message, on_message, list, NULL);
        const json_t *want = json_object_get(row, "fields");
        if (gasp_expect_error(run, row, err, &fault, NULL) &&
            (json_object_size(want) != 1 || json_equal(list, json_object_get(want, "messages")) != 1))
            gasp_replay_wrong(run, "fields: other messages");
        gasp_expect_number(run, row, "messages", json_array_size(list));
        gasp_bytes_free(stream);
    }
    json_decref(list);
}
