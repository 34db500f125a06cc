/* Messages field by field: names, unknown types, visitors that stop, streams that end inside a message. The fields of every
 * message are compared by `gasp replay vectors/message`, which tests/cli runs. */
#include <stdio.h>
#include <string.h>

#include "gasp/message.h"
#include "lib/data.h"

static const uint8_t roots_end[25] = {5, 0, 0, 0, 0, 0, 0, 0, 11}; /* no SPENDs, no bits */

typedef struct told {
    char text[256];
    gasp_err answer;
} told;

static gasp_err note(void *ctx, const gasp_field *field)
{
    told *t = ctx;
    size_t len = strlen(t->text);
    snprintf(t->text + len, sizeof t->text - len, "%s %d %d;", field->name != NULL ? field->name : "-",
             (int)field->kind, (int)field->number);
    return t->answer;
}

static void names(void **state)
{
    (void)state;
    size_t n = 0;
    for (uint32_t type = 0; type <= UINT16_MAX; type++)
        n += gasp_message_name((uint16_t)type) != NULL;
    assert_int_equal(n, 16);
    assert_string_equal(gasp_message_name(20), "roots_end");
    assert_string_equal(gasp_message_name(25), "changed");
    assert_string_equal(gasp_message_name(28), "skip");
    assert_null(gasp_message_name(26));
    assert_null(gasp_message_name(27));
}

static void fields_and_unknown_types(void **state)
{
    (void)state;
    told t = {"", GASP_OK};
    gasp_fault fault = {0};
    const gasp_bytes bytes = {roots_end, sizeof roots_end};
    assert_err(gasp_message_read(20, bytes, note, &t, NULL, NULL), GASP_OK);
    assert_string_equal(t.text, "roots 2 5;outputs 2 11;spends 2 0;held 3 0;");
    t = (told){"", GASP_DONE};
    assert_err(gasp_message_read(20, bytes, note, &t, NULL, NULL), GASP_OK);
    assert_string_equal(t.text, "roots 2 5;");
    t = (told){"", GASP_ERR_LIMIT};
    assert_err(gasp_message_read(20, bytes, note, &t, NULL, NULL), GASP_ERR_LIMIT);
    assert_err(gasp_message_read(20, bytes, NULL, NULL, NULL, NULL), GASP_OK);
    t = (told){"", GASP_OK};
    assert_err(gasp_message_read(20, (gasp_bytes){roots_end, 15}, note, &t, NULL, &fault), GASP_ERR_SHORT);
    assert_int_equal(fault.at, 8);
    assert_string_equal(t.text, "");
    assert_err(gasp_message_read(27, bytes, note, &t, NULL, NULL), GASP_ABSENT);
    assert_err(gasp_message_read(26, bytes, note, &t, NULL, &fault), GASP_ERR_PEER_MESSAGE);
    assert_int_equal(fault.err, GASP_ERR_PEER_MESSAGE);
    assert_int_equal(fault.at, 0);
}

typedef struct counted {
    size_t n;
    gasp_err answer;
} counted;

/* Lists, and what a list is refused for before anything of it is told. */
static void lists(void **state)
{
    (void)state;
    uint8_t skip[1 + 2 * 36] = {2, 7};
    const gasp_bytes bytes = {skip, sizeof skip};
    gasp_fault fault = {0};
    told t = {"", GASP_OK};
    assert_err(gasp_message_read(28, bytes, note, &t, NULL, &fault), GASP_ERR_PEER_MESSAGE);
    assert_int_equal(fault.at, 37);
    assert_string_equal(t.text, "");
    skip[37] = 8;
    t = (told){"", GASP_OK};
    assert_err(gasp_message_read(28, bytes, note, &t, NULL, NULL), GASP_OK);
    assert_string_equal(t.text, "refs 8 0;- 10 0;time 1 7;id 3 0;- 11 0;- 10 0;time 1 8;id 3 0;- 11 0;- 9 0;");
}

static gasp_err count(void *ctx, uint16_t type, gasp_bytes message)
{
    counted *c = ctx;
    (void)message;
    assert_int_equal(type, 22);
    c->n++;
    return c->answer;
}

static void streams(void **state)
{
    (void)state;
    static const uint8_t two[16] = {0, 0, 0, 0, 22, 0, 0, 0, 0, 0, 0, 0, 22, 0, 0, 0};
    static const uint8_t flagged[8] = {0, 0, 0, 0, 22, 0, 2, 0};
    static const uint8_t large[8] = {0, 4, 0, 0, 22, 0, 0, 0};
    counted c = {0, GASP_OK};
    assert_err(gasp_frames_read((gasp_bytes){two, 16}, 1024, 4096, count, &c, NULL), GASP_OK);
    assert_int_equal(c.n, 2);
    assert_err(gasp_frames_read((gasp_bytes){two, 15}, 1024, 4096, count, &c, NULL), GASP_AGAIN);
    assert_int_equal(c.n, 3);
    assert_err(gasp_frames_read((gasp_bytes){two, 0}, 1024, 4096, count, &c, NULL), GASP_OK);
    assert_err(gasp_frames_read((gasp_bytes){flagged, 8}, 1024, 4096, count, &c, NULL), GASP_ERR_PEER_FRAME);
    assert_err(gasp_frames_read((gasp_bytes){large, 8}, 1024, 512, count, &c, NULL), GASP_ERR_PEER_LIMIT);
    c = (counted){0, GASP_DONE};
    assert_err(gasp_frames_read((gasp_bytes){two, 16}, 1024, 4096, count, &c, NULL), GASP_OK);
    assert_int_equal(c.n, 1);
    c = (counted){0, GASP_ERR_NOMEM};
    assert_err(gasp_frames_read((gasp_bytes){two, 16}, 1024, 4096, count, &c, NULL), GASP_ERR_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(fields_and_unknown_types),
        cmocka_unit_test(lists),
        cmocka_unit_test(streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
