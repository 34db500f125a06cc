/* gasp decode: finds out what a file is and shows it. The order of attempts stands in the command's help. A form is taken
 * only when all of the file is of it, so that no guess hides bytes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/decode.h"

static const struct form {
    const char *name;
    void (*decode)(gasp_cli *cli, gasp_decoded *out, const gasp_input *input);
    gasp_counted counted;
} forms[] = {
    {"tx", gasp_decode_tx, GASP_COUNTED_NOTHING},          {"beef", gasp_decode_beef, GASP_COUNTED_BEEF},
    {"bump", gasp_decode_bump, GASP_COUNTED_LEVEL},        {"bump-json", gasp_decode_bump_json, GASP_COUNTED_LEVEL},
    {"headers", gasp_decode_headers, GASP_COUNTED_HEADER}, {"block", gasp_decode_block, GASP_COUNTED_TX},
};

/* The form of a name that the option table has checked, or that stands in this file. */
static const struct form *form_of(const char *name)
{
    size_t i = 0;
    while (i + 1 < sizeof forms / sizeof forms[0] && strcmp(forms[i].name, name) != 0)
        i++;
    return &forms[i];
}

static bool begins_as_json(gasp_bytes bytes)
{
    size_t at = 0;
    while (at < bytes.len &&
           (bytes.data[at] == ' ' || bytes.data[at] == '\n' || bytes.data[at] == '\r' || bytes.data[at] == '\t'))
        at++;
    return at < bytes.len && bytes.data[at] == '{';
}

static bool begins_as_beef(gasp_bytes bytes)
{
    static const uint8_t heads[3][4] = {{1, 0, 0xbe, 0xef}, {2, 0, 0xbe, 0xef}, {1, 1, 1, 1}};
    for (size_t i = 0; i < 3; i++)
        if (bytes.len >= 4 && memcmp(bytes.data, heads[i], 4) == 0)
            return true;
    return false;
}

static int fail(gasp_cli *cli, const gasp_input *input, const struct form *form, const gasp_decoded *result)
{
    char place[GASP_PLACE_MAX];
    if (result->fault.err != result->err)
        return gasp_cli_error(cli, result->err, input->name, NULL);
    gasp_input_place(place, input, &result->fault, form->counted);
    return gasp_cli_error(cli, result->err, place, NULL);
}

/* Tries the forms that have no mark of their own. */
static int find_out(gasp_cli *cli, const gasp_input *input)
{
    static const char *const order[] = {"tx", "bump", "headers", "block"};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        gasp_decoded result = {0};
        const struct form *form = form_of(order[i]);
        if (form->decode == gasp_decode_headers && !gasp_looks_like_headers(input->bytes))
            continue;
        form->decode(cli, &result, input);
        if (result.err == GASP_OK)
            return result.code;
        if (gasp_err_class(result.err) != GASP_CLASS_DECODE && result.err != GASP_ERR_LIMIT)
            return fail(cli, input, form, &result);
    }
    return gasp_cli_error(cli, GASP_ERR_FORMAT_UNKNOWN, input->name,
                          input->hex ? "hex; --format FORM says where reading it as that form fails"
                                     : "--format FORM says where reading it as that form fails");
}

static int decode(gasp_cli *cli, const gasp_input *input)
{
    const char *name = cli->value[GASP_OPT_FORMAT];
    if (name == NULL && begins_as_json(input->bytes))
        name = "bump-json";
    if (name == NULL && begins_as_beef(input->bytes))
        name = "beef";
    if (name == NULL)
        return find_out(cli, input);
    gasp_decoded result = {0};
    const struct form *form = form_of(name);
    form->decode(cli, &result, input);
    return result.err == GASP_OK ? result.code : fail(cli, input, form, &result);
}

int gasp_cmd_decode(gasp_cli *cli)
{
    gasp_input input;
    int code = gasp_cli_read(cli, &input, cli->operand[0]);
    if (code == GASP_EXIT_DONE)
        code = decode(cli, &input);
    gasp_input_clear(&input);
    return code;
}
