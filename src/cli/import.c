/* gasp import: files of transactions into the wallet, a verdict for each. A file that cannot be read does not keep the
 * others out; the exit code is that of the worst. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verdict.h"
#include "gasp/node.h"

/* One file; an exit code only for what ends the whole run. */
static int import_file(gasp_verdicts *run, const gasp_opened *opened, const gasp_add_config *config, size_t i)
{
    gasp_input input;
    gasp_fault fault = {0};
    int code = gasp_cli_read(run->cli, &input, run->cli->operand[i]);
    if (code != GASP_EXIT_DONE) {
        gasp_exit_worsen(&run->code, code);
        return GASP_EXIT_DONE;
    }
    run->file = input.name;
    gasp_cli_progress(run->cli, "import: file %zu of %zu, %s", i, run->cli->n_operands - 1, input.name);
    gasp_err err = gasp_wallet_add(opened->wallet, input.bytes.data, input.bytes.len, config, gasp_node_now(),
                                   gasp_verdicts_visit, run, &fault);
    code = gasp_verdicts_fault(run, opened, &input, err, &fault, GASP_COUNTED_BEEF);
    gasp_input_clear(&input);
    return code;
}

int gasp_cmd_import(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_add_config config;
    uint32_t *list = NULL;
    gasp_verdicts run = {.cli = cli, .list = json_array()};
    gasp_json_put(cli->answer, "transactions", run.list);
    gasp_add_config_init(&config);
    config.take = GASP_TAKE_ALL;
    int code = gasp_cli_outputs(cli, &config, &list);
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE) {
        for (size_t i = 1; i < cli->n_operands && code == GASP_EXIT_DONE; i++)
            code = import_file(&run, &opened, &config, i);
        gasp_verdicts_sum_up(&run);
    }
    gasp_cli_close(&opened);
    free(list);
    return code != GASP_EXIT_DONE ? code : run.code;
}
