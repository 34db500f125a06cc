/* gasp prove: a merkle path for transactions that are held, from a file in any of its forms. */
#include <stdlib.h>
#include <string.h>

#include "cli/verdict.h"
#include "gasp/bump.h"
#include "gasp/json.h"
#include "gasp/node.h"

static bool begins_as_json(gasp_bytes bytes)
{
    size_t at = 0;
    while (at < bytes.len && (bytes.data[at] == ' ' || (bytes.data[at] >= '\t' && bytes.data[at] <= '\r')))
        at++;
    return at < bytes.len && bytes.data[at] == '{';
}

static int say_fault(gasp_cli *cli, const gasp_input *input, gasp_err err, const gasp_fault *fault)
{
    char place[GASP_PLACE_MAX];
    if (fault->err != err)
        return gasp_cli_error(cli, err, input->name, NULL);
    gasp_input_place(place, input, fault, GASP_COUNTED_LEVEL);
    return gasp_cli_error(cli, err, place, NULL);
}

/* JSON becomes the binary form, in place of the text. */
static int from_json(gasp_cli *cli, gasp_input *input)
{
    gasp_bump *bump = NULL;
    gasp_fault fault = {0};
    size_t len = 0;
    gasp_err err = gasp_bump_from_json(&bump, (const char *)input->bytes.data, input->bytes.len, NULL, &fault);
    if (err == GASP_OK)
        err = gasp_bump_encode(bump, NULL, 0, &len);
    uint8_t *bytes = err == GASP_OK ? malloc(len) : NULL;
    if (err == GASP_OK)
        err = bytes == NULL ? GASP_ERR_NOMEM : gasp_bump_encode(bump, bytes, len, &len);
    gasp_bump_free(bump);
    if (err != GASP_OK) {
        free(bytes);
        return say_fault(cli, input, err, &fault);
    }
    gasp_input_clear(input);
    input->memory = bytes;
    input->bytes = (gasp_bytes){bytes, len};
    return GASP_EXIT_DONE;
}

static int prove(gasp_verdicts *run, const gasp_opened *opened, const gasp_input *input)
{
    gasp_fault fault = {0};
    gasp_err err = gasp_wallet_prove(opened->wallet, input->bytes.data, input->bytes.len, gasp_node_now(),
                                     gasp_verdicts_visit, run, &fault);
    int code = gasp_verdicts_fault(run, opened, input, err, &fault, GASP_COUNTED_LEVEL);
    if (err != GASP_OK || code != GASP_EXIT_DONE)
        return code;
    gasp_verdicts_sum_up(run);
    if (json_array_size(run->list) == run->count[GASP_FATE_UNNEEDED])
        gasp_exit_worsen(&run->code, gasp_cli_error(run->cli, GASP_ABSENT, input->name,
                                                    "no transaction of this path is in this wallet"));
    return code;
}

int gasp_cmd_prove(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_input input = {0};
    gasp_verdicts run = {.cli = cli, .list = json_array(), .proofs = true};
    gasp_json_put(cli->answer, "transactions", run.list);
    int code = gasp_cli_read(cli, &input, cli->operand[1]);
    if (code == GASP_EXIT_DONE && !input.hex && begins_as_json(input.bytes))
        code = from_json(cli, &input);
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE) {
        run.file = input.name;
        code = prove(&run, &opened, &input);
    }
    gasp_cli_close(&opened);
    gasp_input_clear(&input);
    return code != GASP_EXIT_DONE ? code : run.code;
}
