/* gasp spend: a transaction that was made elsewhere and spends from this wallet. */
#include <stdlib.h>

#include "cli/verdict.h"
#include "gasp/node.h"

static int spend(gasp_verdicts *run, const gasp_opened *opened, const gasp_input *input, const gasp_add_config *config)
{
    gasp_fault fault = {0};
    gasp_err err = gasp_wallet_spend(opened->wallet, input->bytes.data, input->bytes.len, config, gasp_node_now(),
                                     gasp_verdicts_visit, run, &fault);
    int code = gasp_verdicts_fault(run, opened, input, err, &fault, GASP_COUNTED_BEEF);
    if (err != GASP_OK || code != GASP_EXIT_DONE)
        return code;
    gasp_verdicts_sum_up(run);
    if (run->count[GASP_FATE_UNNEEDED] > 0 && run->count[GASP_FATE_COMMITTED] + run->count[GASP_FATE_KNOWN] == 0)
        gasp_exit_worsen(&run->code, gasp_cli_error(run->cli, GASP_ABSENT, input->name,
                                                    "it spends no output of this wallet and pays none"));
    return code;
}

int gasp_cmd_spend(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_add_config config;
    gasp_input input = {0};
    uint32_t *list = NULL;
    bool paid = gasp_cli_has(cli, GASP_OPT_OUTPUTS);
    gasp_verdicts run = {.cli = cli, .list = json_array()};
    gasp_json_put(cli->answer, "transactions", run.list);
    gasp_add_config_init(&config);
    int code = gasp_cli_outputs(cli, &config, &list);
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_read(cli, &input, cli->operand[1]);
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE) {
        run.file = input.name;
        code = spend(&run, &opened, &input, paid ? &config : NULL);
    }
    gasp_cli_close(&opened);
    gasp_input_clear(&input);
    free(list);
    return code != GASP_EXIT_DONE ? code : run.code;
}
